package body

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"

	"edgescope/edge"
)

// zstdWindow bounds the memory in bytes that a zstd frame may claim for its window; RFC 8878 section 3.1.1.1.2
// recommends to support at least 8 MiB.
const zstdWindow = 8 << 20

// inflaters are the decompressors, as many as the machine can run at a time: a body is whole before it is decompressed,
// so none of them waits for a sender, and what they need of memory (a zstd window is up to 8 MiB) is bounded whatever
// comes.
type inflaters chan *inflater

// inflater is made of what it has needed so far.
type inflater struct {
	src  bytes.Reader
	gzip *gzip.Reader
	zstd *zstd.Decoder
	// zlib and flate are the two forms of deflate. Both can be reset.
	zlib, flate io.ReadCloser
}

func newInflaters() inflaters {
	p := make(inflaters, runtime.GOMAXPROCS(0))
	for range cap(p) {
		p <- new(inflater)
	}
	return p
}

// inflate undoes the encoding of wire into dst, within the bound.
func (p inflaters) inflate(ctx context.Context, dst *buffer, wire []byte, encoding string, in bound) error {
	var z *inflater
	select {
	case z = <-p:
	case <-ctx.Done():
		return fmt.Errorf("wait to decompress a body: %w", ctx.Err())
	}
	defer func() { p <- z }()
	z.src.Reset(wire)
	defer z.src.Reset(nil)
	plain, err := z.open(encoding)
	if err == nil {
		err = dst.fill(plain, int64(len(wire)), in)
	}
	if err == nil && z.src.Len() > 0 {
		err = fmt.Errorf("%d bytes follow its end", z.src.Len())
	}
	var large *TooLargeError
	var busy *edge.UnavailableError
	switch {
	case err == nil, errors.As(err, &large), errors.As(err, &busy):
		return err
	case errors.Is(err, zstd.ErrWindowSizeExceeded):
		return &TooLargeError{Reason: fmt.Sprintf("the zstd window has more than %d bytes: compress at a lower level",
			zstdWindow)}
	}
	return &BrokenError{Encoding: encoding, Err: err}
}

// open returns a reader of what the source decompresses to.
func (z *inflater) open(encoding string) (io.Reader, error) {
	switch encoding {
	case "zstd":
		return z.openZstd()
	case "deflate":
		return z.openDeflate()
	}
	if z.gzip == nil {
		z.gzip = new(gzip.Reader)
	}
	return z.gzip, z.gzip.Reset(&z.src)
}

// openDeflate reads the zlib format, which is what deflate means (RFC 9110 section 8.4.1.2), and the bare format that
// some clients send under that name. A bare body never begins as a zlib one does: its first block would be a stored one
// with a bit set that is zero there.
func (z *inflater) openDeflate() (_ io.Reader, err error) {
	if !z.looksLikeZlib() {
		if z.flate == nil {
			z.flate = flate.NewReader(&z.src)
			return z.flate, nil
		}
		return z.flate, z.flate.(flate.Resetter).Reset(&z.src, nil)
	}
	if z.zlib == nil {
		z.zlib, err = zlib.NewReader(&z.src)
		return z.zlib, err
	}
	return z.zlib, z.zlib.(zlib.Resetter).Reset(&z.src, nil)
}

// looksLikeZlib tells whether the source begins with a header of zlib: method 8, a window of at most 32 KiB, and a
// check (RFC 1950 section 2.2).
func (z *inflater) looksLikeZlib() bool {
	var header [2]byte
	if n, _ := z.src.ReadAt(header[:], 0); n < len(header) {
		return false
	}
	return header[0]&15 == 8 && header[0]>>4 <= 7 && (int(header[0])<<8|int(header[1]))%31 == 0
}

// openZstd uses a decoder that works in the goroutine of its caller.
func (z *inflater) openZstd() (io.Reader, error) {
	if z.zstd == nil {
		var err error
		if z.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1),
			zstd.WithDecoderMaxWindow(zstdWindow)); err != nil {
			return nil, fmt.Errorf("make a zstd decoder: %w", err)
		}
	}
	return z.zstd, z.zstd.Reset(&z.src)
}
