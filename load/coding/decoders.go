package coding

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// Error is that of a body that cannot be decoded.
type Error struct {
	Coding string
	name   string
	Err    error
}

func (e *Error) Error() string { return "decode a " + e.Coding + " body: " + e.Err.Error() }

func (e *Error) Unwrap() error { return e.Err }

// ErrorName is what node's zlib calls the error.
func (e *Error) ErrorName() string { return e.name }

// failure is the error of a coding under node's name; nil for nil. An end inside of a stream is Z_BUF_ERROR in all of
// them.
func failure(coding string, err error) error {
	var own *Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &own): // of a coding below
		return err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &Error{coding, "Z_BUF_ERROR", errors.New("it ends too early")}
	case coding == "br":
		return &Error{coding, brotliName(err), err}
	case coding == "zstd":
		return &Error{coding, zstdName(err), err}
	default:
		return &Error{coding, "Z_DATA_ERROR", err}
	}
}

// open undoes one coding.
func open(r io.Reader, coding string) (io.Reader, func(), error) {
	none := func() {}
	switch coding {
	case "gzip", "x-gzip":
		z, err := openGzip(r)
		return &reader{z, coding}, none, failure(coding, err)
	case "deflate":
		z, err := openDeflate(r)
		return &reader{z, coding}, none, failure(coding, err)
	case "br":
		return &reader{openBrotli(r), coding}, none, nil
	case "zstd":
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(8<<20))
		if err != nil {
			return nil, none, failure(coding, err)
		}
		return &reader{z, coding}, z.Close, nil
	default:
		return r, none, nil // identity, and codings nobody asked for: the body as it is
	}
}

// reader names the errors of a coding.
type reader struct {
	r      io.Reader
	coding string
}

func (c *reader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if err == nil || errors.Is(err, io.EOF) {
		return n, err
	}
	return n, failure(c.coding, err)
}

// gzipMagic begins each gzip (RFC 1952, section 2.3.1).
const gzipMagic = "\x1f\x8b"

// openGzip tells what is no gzip from gzip that ends inside its header.
func openGzip(r io.Reader) (io.Reader, error) {
	peeked := bufio.NewReader(r)
	if head, _ := peeked.Peek(2); !strings.HasPrefix(gzipMagic, string(head)) {
		return nil, gzip.ErrHeader
	}
	z, err := gzip.NewReader(peeked)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return z, err
}

// openDeflate: deflate is zlib by its specification (RFC 9110, section 8.4.1.2), but some servers send it without zlib's
// header.
func openDeflate(r io.Reader) (io.Reader, error) {
	peeked := bufio.NewReader(r)
	head, err := peeked.Peek(2)
	if err == nil && head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
		return zlib.NewReader(peeked)
	}
	return &rawDeflate{r: flate.NewReader(peeked)}, nil
}

// rawDeflate takes what ends before anything was decoded for something else.
type rawDeflate struct {
	r       io.Reader
	decoded bool
}

func (d *rawDeflate) Read(p []byte) (int, error) {
	n, err := d.r.Read(p)
	d.decoded = d.decoded || n > 0
	if !d.decoded && errors.Is(err, io.ErrUnexpectedEOF) {
		err = flate.CorruptInputError(0)
	}
	return n, err
}

// brotliReader tells the end of a stream from a stream that was cut off: the decoder takes both for the end. Behind the
// last byte it gets one more, which it refuses if the stream is complete.
type brotliReader struct {
	z    *brotli.Reader
	wire io.Reader
	over bool // the byte behind the last one was given
}

func openBrotli(r io.Reader) io.Reader {
	b := &brotliReader{wire: r}
	b.z = brotli.NewReader(readFunc(b.feed))
	return b
}

type readFunc func(p []byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

// feed is what the decoder reads.
func (b *brotliReader) feed(p []byte) (int, error) {
	if b.over {
		return 0, io.EOF
	}
	for {
		n, err := b.wire.Read(p)
		switch {
		case n > 0:
			return n, nil
		case errors.Is(err, io.EOF):
			b.over = true
			p[0] = 0
			return 1, nil
		case err != nil:
			return 0, err
		}
	}
}

func (b *brotliReader) Read(p []byte) (int, error) {
	n, err := b.z.Read(p)
	switch {
	case err == nil:
		return n, nil
	case strings.HasSuffix(err.Error(), "excessive input"): // whatever follows is no part of the body
		return n, io.EOF
	case b.over:
		return n, io.ErrUnexpectedEOF
	default:
		return n, err
	}
}

// brotliName is node's name: ERR_ and brotli's own, which has FORMAT in it.
func brotliName(err error) string {
	what, ok := strings.CutPrefix(err.Error(), "brotli: ")
	if !ok || strings.ContainsFunc(what, func(r rune) bool { return r != '_' && (r < '0' || r > 'Z') }) {
		return "Z_DATA_ERROR"
	}
	return "ERR__ERROR_FORMAT_" + what
}

// zstdName is zstd's own name, as node has it.
func zstdName(err error) string {
	switch {
	case errors.Is(err, zstd.ErrMagicMismatch):
		return "ZSTD_error_prefix_unknown"
	case errors.Is(err, zstd.ErrCRCMismatch):
		return "ZSTD_error_checksum_wrong"
	case errors.Is(err, zstd.ErrWindowSizeExceeded):
		return "ZSTD_error_frameParameter_windowTooLarge"
	case errors.Is(err, zstd.ErrUnknownDictionary):
		return "ZSTD_error_dictionary_wrong"
	default:
		return "ZSTD_error_corruption_detected"
	}
}
