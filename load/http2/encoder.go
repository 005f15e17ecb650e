package http2

import (
	"bytes"
	"slices"

	"golang.org/x/net/http2/hpack"
)

// tableSize is how large the dynamic tables of HPACK are at most, in bytes: what RFC 9113 begins with.
const tableSize = 4096

// Places of the static table (RFC 7541, appendix A) whose values change from request to request. They are not added to
// the dynamic table, as nghttp2 and curl do: that would only push out what stays the same.
const (
	indexPath   = 4
	indexLength = 28
)

// encoder writes the header blocks of a connection.
type encoder struct {
	hpack *hpack.Encoder
	buf   *bytes.Buffer
	raw   []byte

	// changes counts the changes of the dynamic table. A block that changes nothing means the same as long as it
	// stands: requests that many send are not encoded again.
	changes uint64
	known   [remembered]knownBlock
	turn    int
}

type knownBlock struct {
	request *Request
	changes uint64
	bytes   []byte
}

func newEncoder() encoder {
	e := encoder{buf: &bytes.Buffer{}}
	e.hpack = hpack.NewEncoder(e.buf)
	return e
}

// limit obeys the server's bound for its dynamic table.
func (e *encoder) limit(size uint32) {
	e.hpack.SetMaxDynamicTableSizeLimit(min(size, tableSize))
	e.hpack.SetMaxDynamicTableSize(min(size, tableSize))
	e.changes++
}

// block encodes the head of a request. It is valid until the next call.
func (e *encoder) block(r *Request) []byte {
	if r.shared {
		i := slices.IndexFunc(e.known[:], func(k knownBlock) bool { return k.request == r && k.changes == e.changes })
		if i >= 0 {
			return e.known[i].bytes
		}
	}
	before := e.changes
	e.buf.Reset()
	e.add(r.pseudo)
	e.literal(indexPath, r.path)
	e.add(r.fields)
	e.literal(indexLength, r.length)
	if r.shared && e.changes == before {
		k := &e.known[e.turn]
		e.turn = (e.turn + 1) % remembered
		k.request, k.changes, k.bytes = r, e.changes, append(k.bytes[:0], e.buf.Bytes()...)
	}
	return e.buf.Bytes()
}

// add writes fields, which the dynamic table takes in.
func (e *encoder) add(fields []hpack.HeaderField) {
	for _, f := range fields {
		at := e.buf.Len()
		_ = e.hpack.WriteField(f) // into memory
		if b := e.buf.Bytes()[at]; b&0xc0 == 0x40 || b&0xe0 == 0x20 {
			e.changes++
		}
	}
}

// literal writes a field that is not added to the dynamic table (RFC 7541, section 6.2.2).
func (e *encoder) literal(index uint64, value string) {
	if value == "" {
		return
	}
	e.raw = appendInt(e.raw[:0], 0, 4, index)
	if n := hpack.HuffmanEncodeLength(value); n < uint64(len(value)) {
		e.raw = appendInt(e.raw, 0x80, 7, n)
		e.raw = hpack.AppendHuffmanString(e.raw, value)
	} else {
		e.raw = appendInt(e.raw, 0, 7, uint64(len(value)))
		e.raw = append(e.raw, value...)
	}
	e.buf.Write(e.raw)
}

// appendInt writes an integer behind the upper bits of its first byte (RFC 7541, section 5.1).
func appendInt(b []byte, upper byte, bits uint, n uint64) []byte {
	full := uint64(1)<<bits - 1
	if n < full {
		return append(b, upper|byte(n))
	}
	b = append(b, upper|byte(full))
	for n -= full; n >= 0x80; n >>= 7 {
		b = append(b, byte(n)|0x80)
	}
	return append(b, byte(n))
}
