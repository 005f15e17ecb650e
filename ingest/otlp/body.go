package otlp

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"edgescope/edge"
)

// budget bounds the bytes of all bodies that are in memory at a time.
type budget struct {
	limit int64
	used  atomic.Int64
}

// take reserves n bytes or answers false.
func (b *budget) take(n int64) bool {
	if b.used.Add(n) <= b.limit {
		return true
	}
	b.used.Add(-n)
	return false
}

func (b *budget) give(n int64) { b.used.Add(-n) }

// errTooLarge: a body, or what it decompresses to, is over the limit.
var errTooLarge = errors.New("body is too large")

// errBusy: the bodies in memory leave no room for this one.
var errBusy = &edge.UnavailableError{Busy: true, Reason: "too many bytes are being received", RetryAfter: time.Second}

const (
	// firstBuffer is the size in bytes of a new buffer. It grows as bytes come, not as a header promises them.
	firstBuffer = 64 << 10
	// maxBuffer bounds the memory in bytes that a buffer may keep for the next request.
	maxBuffer = 4 << 20
)

// buffer is memory for a body. Its bytes count against the budget from fill to empty.
type buffer struct {
	b        []byte
	reserved int64
	// hash is that of the body as it was received, before decompression.
	hash edge.BodyHash
}

func hashOf(received []byte) edge.BodyHash {
	sum := sha256.Sum256(received)
	return edge.BodyHash(sum[:])
}

// fill reads all of src. It fails with errTooLarge beyond limit bytes, with errBusy when the budget is used up, and with the
// error of src.
func (b *buffer) fill(src io.Reader, limit int64, room *budget) error {
	if !b.reserve(max(cap(b.b), firstBuffer), room) {
		return errBusy
	}
	if cap(b.b) == 0 {
		b.b = make([]byte, 0, firstBuffer)
	}
	for {
		if len(b.b) == cap(b.b) && !b.grow(limit, room) {
			return errBusy
		}
		n, err := src.Read(b.b[len(b.b):cap(b.b)])
		b.b = b.b[:len(b.b)+n]
		if int64(len(b.b)) > limit {
			return errTooLarge
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (b *buffer) reserve(size int, room *budget) bool {
	more := int64(size) - b.reserved
	if more > 0 && !room.take(more) {
		return false
	}
	b.reserved += max(more, 0)
	return true
}

// grow doubles the buffer, but makes it no larger than the byte beyond the limit that tells that there is one.
func (b *buffer) grow(limit int64, room *budget) bool {
	size := int(min(2*int64(cap(b.b)), max(limit, int64(cap(b.b)))+1))
	if !b.reserve(size, room) {
		return false
	}
	grown := make([]byte, len(b.b), size)
	copy(grown, b.b)
	b.b = grown
	return true
}

// empty gives the bytes back to the budget. It answers false when the buffer has grown too large to be kept.
func (b *buffer) empty(room *budget) bool {
	room.give(b.reserved)
	b.b, b.reserved, b.hash = b.b[:0], 0, edge.BodyHash{}
	return cap(b.b) <= maxBuffer
}

// inflaters are pools of decompressors.
type inflaters struct{ gzip, zstd sync.Pool }

// errEncoding: a content encoding that we don't know.
var errEncoding = errors.New("unknown content encoding")

// acceptEncoding is what we can undo.
const acceptEncoding = "gzip, zstd"

// known tells whether inflate can undo a content encoding.
func known(encoding string) bool {
	switch encoding {
	case "", "identity", "gzip", "x-gzip", "zstd":
		return true
	}
	return false
}

// inflate undoes a content encoding of src into dst, up to limit bytes.
func (p *inflaters) inflate(dst *buffer, src []byte, encoding string, limit int64, room *budget) error {
	var err error
	switch encoding {
	case "gzip", "x-gzip":
		err = p.gunzip(dst, src, limit, room)
	case "zstd":
		err = p.unzstd(dst, src, limit, room)
	default:
		return errEncoding
	}
	if err == nil || errors.Is(err, errTooLarge) || errors.Is(err, errBusy) {
		return err
	}
	return &MalformedError{Encoding: encoding, Offset: -1, Reason: strings.TrimPrefix(err.Error(), encoding+": ")}
}

func (p *inflaters) gunzip(dst *buffer, src []byte, limit int64, room *budget) error {
	z, _ := p.gzip.Get().(*gzip.Reader)
	if z == nil {
		z = new(gzip.Reader)
	}
	defer p.gzip.Put(z)
	if err := z.Reset(bytes.NewReader(src)); err != nil {
		return err
	}
	return dst.fill(z, limit, room)
}

// zstdWindow bounds the memory in bytes that a zstd frame may claim for its window; RFC 8878 section 3.1.1.1.2 recommends to
// support at least 8 MiB.
const zstdWindow = 8 << 20

func (p *inflaters) unzstd(dst *buffer, src []byte, limit int64, room *budget) error {
	z, _ := p.zstd.Get().(*zstd.Decoder)
	if z == nil {
		var err error
		if z, err = newZstdReader(); err != nil {
			return err
		}
	}
	defer p.zstd.Put(z)
	if err := z.Reset(bytes.NewReader(src)); err != nil {
		return err
	}
	return dst.fill(z, limit, room)
}

// newZstdReader makes a decoder that works in the goroutine of its caller.
func newZstdReader() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(zstdWindow))
}
