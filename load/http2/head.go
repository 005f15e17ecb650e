package http2

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"
	wire "golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// Head is the head of an answer. It may be that of several answers, of all whose heads were the same bytes on one
// connection: neither it nor its header may be changed.
type Head struct {
	Status int
	Header http.Header
	length int64 // of the body; -1: not told
}

// coded tells a body that is to be decoded.
func (h *Head) coded() bool { return len(h.Header["Content-Encoding"]) > 0 }

// decoder reads the header blocks of a connection.
type decoder struct {
	hpack *hpack.Decoder
	limit int // of a header, in bytes
	list  []hpack.HeaderField
	size  int // of list

	// changes counts the changes of the dynamic table. Blocks that change nothing mean the same as long as it stands.
	changes uint64
	seen    [remembered]seenBlock
	turn    int
}

// seenBlock is a header block that changed nothing, and the head that it is.
type seenBlock struct {
	bytes   []byte
	changes uint64
	head    *Head
}

const (
	// remembered is how many blocks a connection remembers: a few kinds of answers.
	remembered = 8
	// rememberable is up to how many bytes a block is remembered.
	rememberable = 1 << 10
)

func newDecoder(limit int) *decoder {
	d := &decoder{limit: limit}
	d.hpack = hpack.NewDecoder(tableSize, d.emit)
	d.hpack.SetMaxStringLength(limit)
	return d
}

// fields decodes a block. They are valid until the next call. A header that is too long is a *StreamError, one that
// cannot be read a *ConnectionError.
func (d *decoder) fields(block []byte) ([]hpack.HeaderField, error) {
	d.list, d.size = d.list[:0], 0
	if changes(block) {
		d.changes++
	}
	d.hpack.SetEmitEnabled(true)
	_, err := d.hpack.Write(block)
	if err == nil {
		err = d.hpack.Close()
	}
	switch {
	case err != nil:
		return nil, &ConnectionError{wire.ErrCodeCompression, "a header block cannot be decoded: " + err.Error()}
	case d.size > d.limit:
		return nil, malformedHead("the header is longer than " + strconv.Itoa(d.limit) + " bytes")
	}
	return d.list, nil
}

func (d *decoder) emit(f hpack.HeaderField) {
	if d.size += int(f.Size()); d.size > d.limit {
		d.hpack.SetEmitEnabled(false)
		return
	}
	d.list = append(d.list, f)
}

// head decodes the head of an answer.
func (d *decoder) head(block []byte) (*Head, error) {
	for i := range d.seen {
		if s := &d.seen[i]; s.changes == d.changes && s.head != nil && bytes.Equal(s.bytes, block) {
			return s.head, nil
		}
	}
	before := d.changes
	fields, err := d.fields(block)
	if err != nil {
		return nil, err
	}
	h, err := newHead(fields)
	if err == nil && d.changes == before && len(block) <= rememberable {
		s := &d.seen[d.turn]
		d.turn = (d.turn + 1) % remembered
		s.bytes, s.changes, s.head = append(s.bytes[:0], block...), d.changes, h
	}
	return h, err
}

func malformedHead(reason string) *StreamError {
	return &StreamError{Code: wire.ErrCodeProtocol, Reason: reason}
}

// newHead makes a head of fields (RFC 9113, section 8.3.2).
func newHead(fields []hpack.HeaderField) (*Head, error) {
	if len(fields) == 0 || fields[0].Name != ":status" || len(fields[0].Value) != 3 {
		return nil, malformedHead("it does not begin with a status")
	}
	status, err := strconv.ParseUint(fields[0].Value, 10, 16)
	if err != nil || status < 100 || status == http.StatusSwitchingProtocols {
		return nil, malformedHead("its status is impossible")
	}
	header, err := newHeader(fields[1:])
	if err != nil {
		return nil, err
	}
	h := &Head{Status: int(status), Header: header, length: -1}
	if lengths := header["Content-Length"]; len(lengths) == 1 {
		if n, err := strconv.ParseUint(lengths[0], 10, 63); err == nil {
			h.length = int64(n)
		}
	}
	return h, nil
}

func newHeader(fields []hpack.HeaderField) (http.Header, error) {
	header := make(http.Header, len(fields))
	values := make([]string, len(fields)) // the values of all, in one piece of memory
	for i, f := range fields {
		lower := !strings.ContainsFunc(f.Name, func(r rune) bool { return 'A' <= r && r <= 'Z' })
		if !lower || !httpguts.ValidHeaderFieldName(f.Name) {
			return nil, malformedHead("the name of a field is impossible")
		}
		if !httpguts.ValidHeaderFieldValue(f.Value) {
			return nil, malformedHead("the value of a field is impossible")
		}
		name := http.CanonicalHeaderKey(f.Name)
		if before := header[name]; before != nil {
			header[name] = append(before, f.Value)
			continue
		}
		values[i] = f.Value
		header[name] = values[i : i+1 : i+1]
	}
	return header, nil
}

// changes tells whether a block may change the dynamic table: it has a field that is added to it, or changes its size
// (RFC 7541, section 6), or cannot be read.
func changes(block []byte) bool {
	for len(block) > 0 {
		switch b := block[0]; {
		case b&0x80 != 0: // indexed
			_, block = skipInt(block, 7)
		case b&0xe0 != 0: // added, or another size
			return true
		default: // a literal
			var index uint64
			index, block = skipInt(block, 4)
			if index == 0 {
				block = skipString(block)
			}
			block = skipString(block)
		}
		if block == nil {
			return true
		}
	}
	return false
}

// skipInt reads an integer (RFC 7541, section 5.1). The rest is nil if it is cut off or beyond reason.
func skipInt(b []byte, bits uint) (n uint64, rest []byte) {
	full := uint64(1)<<bits - 1
	if len(b) == 0 {
		return 0, nil
	}
	if n = uint64(b[0]) & full; n < full {
		return n, b[1:]
	}
	for i := 1; i < len(b) && i < 5; i++ {
		n += uint64(b[i]&0x7f) << (7 * (i - 1))
		if b[i]&0x80 == 0 {
			return n, b[i+1:]
		}
	}
	return 0, nil
}

func skipString(b []byte) []byte {
	n, rest := skipInt(b, 7)
	if rest == nil || n > uint64(len(rest)) {
		return nil
	}
	return rest[n:]
}
