package network

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// maxBody is how much of a decoded body is kept for captures and expectations: 64 MiB.
const maxBody = 64 << 20

// AcceptEncoding is what decodeBody understands, in Artillery's order.
const AcceptEncoding = "gzip, deflate, br, zstd"

// maxCodings bounds a chain of decoders, which would otherwise be as long as a server's header.
const maxCodings = 4

// errEncoding is counted under node's name for a compressed body that cannot be read.
var errEncoding = errors.New("Z_DATA_ERROR")

var errBodyTooLarge = errors.New("body is longer than 64 MiB and a capture or expectation needs it")

// decodeBody reads a body to its end and undoes the content encodings. It returns the decoded length, and the body
// itself only if it is to be kept.
func decodeBody(wire io.Reader, encodings string, keep bool) (body []byte, n int64, err error) {
	r, stop, err := decoder(wire, encodings)
	if err != nil {
		return nil, 0, err
	}
	defer stop()
	if !keep {
		n, err = io.Copy(io.Discard, r)
		return nil, n, err
	}
	var buf bytes.Buffer
	n, err = buf.ReadFrom(io.LimitReader(r, maxBody+1))
	if err == nil && n > maxBody {
		err = errBodyTooLarge
	}
	return buf.Bytes(), n, err
}

// decoder stacks the decoders of a Content-Encoding header, whose last coding was applied last. An empty body needs
// none, whatever the header says: the answer to HEAD has the header only.
func decoder(wire io.Reader, encodings string) (r io.Reader, stop func(), err error) {
	stop = func() {}
	if encodings == "" || strings.EqualFold(encodings, "identity") {
		return wire, stop, nil
	}
	peeked := bufio.NewReader(wire)
	if _, err := peeked.Peek(1); err != nil {
		return peeked, stop, nil //nolint:nilerr // an empty or broken body: the reader tells it again
	}
	r = peeked
	codings := strings.Split(encodings, ",")
	if len(codings) > maxCodings {
		return nil, nil, fmt.Errorf("%d content codings on top of each other, at most %d are undone: %w",
			len(codings), maxCodings, errEncoding)
	}
	for i := len(codings) - 1; i >= 0; i-- {
		var release func()
		r, release, err = decodeOne(r, strings.ToLower(strings.TrimSpace(codings[i])))
		if err != nil {
			stop()
			return nil, nil, err
		}
		before := stop
		stop = func() { release(); before() }
	}
	return r, stop, nil
}

func decodeOne(r io.Reader, coding string) (io.Reader, func(), error) {
	none := func() {}
	switch coding {
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(r)
		return &codingReader{z, coding}, none, codingError(err, coding)
	case "deflate":
		return deflate(r)
	case "br":
		return &codingReader{brotli.NewReader(r), coding}, none, nil
	case "zstd":
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(8<<20))
		if err != nil {
			return nil, none, codingError(err, coding)
		}
		return &codingReader{z, coding}, z.Close, nil
	default:
		return r, none, nil // identity, and codings nobody asked for: the body as it is
	}
}

// deflate is zlib by its specification (RFC 9110, 8.4.1.2), but some servers send it without zlib's header.
func deflate(r io.Reader) (io.Reader, func(), error) {
	peeked := bufio.NewReader(r)
	head, err := peeked.Peek(2)
	if err == nil && head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
		z, err := zlib.NewReader(peeked)
		return &codingReader{z, "deflate"}, func() {}, codingError(err, "deflate")
	}
	return &codingReader{flate.NewReader(peeked), "deflate"}, func() {}, nil
}

// codingReader tells a body that cannot be decoded from one that the network broke off.
type codingReader struct {
	r      io.Reader
	coding string
}

func (c *codingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if err == nil || errors.Is(err, io.EOF) {
		return n, err
	}
	return n, codingError(err, c.coding)
}

func codingError(err error, coding string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("read a %s body: %w", coding, io.ErrUnexpectedEOF)
	default:
		return fmt.Errorf("decode a %s body (%w): %w", coding, err, errEncoding)
	}
}
