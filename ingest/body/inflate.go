package body

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"edgescope/edge"
)

// zstdWindow bounds the memory in bytes that a zstd frame may claim for its window; RFC 8878 section 3.1.1.1.2 recommends to
// support at least 8 MiB.
const zstdWindow = 8 << 20

// inflaters are the decompressors, as many as the machine can run at a time: a body is whole before it is decompressed, so none
// of them waits for a sender, and what they need of memory (a zstd window is up to 8 MiB) is bounded whatever comes.
type inflaters chan *inflater

// inflater is made of what it has needed so far.
type inflater struct {
	src  bytes.Reader
	gzip *gzip.Reader
	zstd *zstd.Decoder
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
	var large *TooLargeError
	var busy *edge.UnavailableError
	switch {
	case err == nil, errors.As(err, &large), errors.As(err, &busy):
		return err
	case errors.Is(err, zstd.ErrWindowSizeExceeded):
		return &TooLargeError{Reason: fmt.Sprintf("the zstd window has more than %d bytes: compress at a lower level", zstdWindow)}
	}
	return &BrokenError{Encoding: encoding, Err: err}
}

// open answers a reader of what the source decompresses to.
func (z *inflater) open(encoding string) (io.Reader, error) {
	if encoding == "zstd" {
		return z.openZstd()
	}
	if z.gzip == nil {
		z.gzip = new(gzip.Reader)
	}
	return z.gzip, z.gzip.Reset(&z.src)
}

// openZstd uses a decoder that works in the goroutine of its caller.
func (z *inflater) openZstd() (io.Reader, error) {
	if z.zstd == nil {
		var err error
		if z.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(zstdWindow)); err != nil {
			return nil, fmt.Errorf("make a zstd decoder: %w", err)
		}
	}
	return z.zstd, z.zstd.Reset(&z.src)
}
