// Package body reads what senders post: a body of bounded size, decompressed, in memory that all requests share under
// one budget. Room is looked for before a body is read and taken as its bytes come, so that neither a promise of many
// bytes nor a thousand half-sent bodies hold memory that others need.
package body

import (
	"bytes"
	"context"
	"crypto/cipher"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"

	"edgescope/edge"
)

// TooLargeError is the error of a body that can never be taken: sent again, it is refused again.
type TooLargeError struct{ Reason string }

// Error says what is too large.
func (t *TooLargeError) Error() string { return t.Reason }

// BrokenError is the error of a body that can't be read: its transfer broke off, or it is not compressed as it says.
type BrokenError struct {
	// Encoding is gzip, deflate or zstd, empty when the transfer broke off.
	Encoding string
	// Unsaid tells that the body is compressed so although its headers do not say it; Err is nil then.
	Unsaid bool
	Err    error
}

// Error says what broke.
func (b *BrokenError) Error() string {
	if b.Unsaid {
		return "the body is compressed with " + b.Encoding + " and no header says so: send Content-Encoding: " +
			b.Encoding + ", over gRPC grpc-encoding and the flag of the message"
	}
	if b.Encoding == "" {
		return "the body did not come whole: " + b.Err.Error()
	}
	return "the body is no valid " + b.Encoding + ": " + strings.TrimPrefix(b.Err.Error(), b.Encoding+": ")
}

// Unwrap returns the error of the transfer or of the decompressor.
func (b *BrokenError) Unwrap() error { return b.Err }

// Encodings are the content encodings that a Reader undoes, as the header Accept-Encoding lists them.
const Encodings = "gzip, deflate, zstd"

// ErrEncoding is the error of a body in another encoding than Encodings, or in more than mostEncodings at a time.
var ErrEncoding = errors.New("content encoding must be one of " + Encodings + ", or two of them one after the other")

// Options describe a Reader. Budget and MaxBody are required.
type Options struct {
	Budget *Budget
	// MaxBody bounds a body in bytes, as sent and again as decompressed.
	MaxBody int64
	// Key is part of every hash. With the same key a body has the same hash in the next process.
	Key string
}

// Reader reads bodies. It is safe for concurrent use and owns no goroutine.
type Reader struct {
	o         Options
	memory    memory
	inflaters inflaters
	bodies    sync.Pool
	bench     *bench
	mac       cipher.AEAD
}

// NewReader makes a Reader.
func NewReader(o Options) *Reader {
	r := &Reader{o: o, inflaters: newInflaters(), bench: newBench(), mac: newMAC(o.Key)}
	r.bodies.New = func() any { return new(Body) }
	return r
}

// MaxBody returns the bound of a body in bytes.
func (r *Reader) MaxBody() int64 { return r.o.MaxBody }

// Source is a body that is to be read.
type Source struct {
	Tenant edge.Tenant
	From   io.Reader
	// Length is how many bytes come, as far as the sender says it; -1 when it does not.
	Length int64
	// Encoding is the content encoding in any case, or a list of those that were applied, in that order (RFC 9110
	// section 8.4); empty is identity.
	Encoding string
}

// Of returns the body of an HTTP request.
func Of(req *http.Request, tenant edge.Tenant) Source {
	return Source{
		Tenant: tenant, From: req.Body, Length: req.ContentLength,
		Encoding: strings.Join(req.Header.Values("Content-Encoding"), ","),
	}
}

// Body is a body in memory, with its share of the budget. It belongs to one goroutine.
type Body struct {
	// Share is what the request has of the budget. Who decodes the body adds what that takes.
	Share Share
	// Hash is that of the decompressed body: a sender that compresses the same anew, at another time or level, sends
	// the same.
	Hash edge.BodyHash
	// Sent is the length in bytes before decompression.
	Sent int

	reader *Reader
	plain  buffer
	atWork bool
}

// Bytes returns the decompressed body. It is valid until Release.
func (b *Body) Bytes() []byte { return b.plain.b }

// Release gives memory and share back.
func (b *Body) Release() {
	if b.atWork {
		b.reader.bench.leave()
	}
	b.plain.free(&b.Share)
	b.Share.Release()
	r := b.reader
	*b = Body{}
	r.bodies.Put(b)
}

// Read reads and decompresses a body; the caller releases it. It fails with *TooLargeError, *BrokenError, ErrEncoding,
// or *edge.UnavailableError when there is no room now or the body does not come in time.
func (r *Reader) Read(ctx context.Context, src Source) (*Body, error) {
	applied, err := parseEncodings(src.Encoding)
	if err != nil {
		return nil, err
	}
	if src.Length > r.o.MaxBody {
		return nil, tooLarge(r.o.MaxBody)
	}
	b := r.bodies.Get().(*Body)
	b.reader, b.Share, b.plain.from = r, r.o.Budget.Share(src.Tenant), &r.memory
	if err := b.read(ctx, src, applied); err != nil {
		b.Release()
		return nil, err
	}
	return b, nil
}

// requestBytes is what a request costs beside its body: a goroutine, buffers of its connection, headers, the answer.
const requestBytes = 16 << 10

// read reads the body as it is sent and undoes its encodings, the last one first. What it reads and what it makes of it
// is taken from the share as it comes.
func (b *Body) read(ctx context.Context, src Source, applied encodings) error {
	in := bound{limit: b.reader.o.MaxBody, share: &b.Share}
	if err := b.Share.Fits(src.Length + requestBytes); err != nil {
		return err
	}
	if err := b.Share.Take(requestBytes); err != nil {
		return err
	}
	if err := b.plain.fill(src.From, src.Length, in); err != nil {
		return Transfer(err)
	}
	b.Sent = len(b.plain.b)
	if b.Sent > 0 { // an empty body is empty, compressed or not
		for i := len(applied) - 1; i >= 0; i-- {
			if err := b.inflate(ctx, applied[i], in); err != nil {
				return err
			}
		}
	}
	if unsaid := compression(b.plain.b); unsaid != "" {
		return &BrokenError{Encoding: unsaid, Unsaid: true}
	}
	b.reader.hash(&b.Hash, b.plain.b)
	return nil
}

// compression returns the encoding in which a body still is after all that its headers tell was undone, by the magic
// number that it begins with (RFC 1952 section 2.3.1, RFC 8878 section 3.1.1); "" for none. No text begins so, and no
// message of OTLP.
func compression(b []byte) string {
	switch {
	case bytes.HasPrefix(b, []byte("\x1f\x8b\x08")):
		return "gzip"
	case bytes.HasPrefix(b, []byte("\x28\xb5\x2f\xfd")):
		return "zstd"
	}
	return ""
}

// inflate undoes one encoding.
func (b *Body) inflate(ctx context.Context, encoding string, in bound) error {
	if encoding == "" {
		return nil
	}
	wire := b.plain
	b.plain = buffer{from: wire.from}
	defer wire.free(&b.Share)
	return b.reader.inflaters.inflate(ctx, &b.plain, wire.b, encoding, in)
}

// mostEncodings is how many encodings a body may have on top of each other: a client that compresses and a proxy that
// does so again.
const mostEncodings = 2

// encodings are the content encodings of a body in the order in which they were applied, "" for those that change
// nothing.
type encodings [mostEncodings]string

// parseEncodings reads the header Content-Encoding.
func parseEncodings(header string) (applied encodings, err error) {
	n := 0
	for name := range strings.SplitSeq(header, ",") {
		switch name = strings.ToLower(strings.TrimSpace(name)); name {
		case "", "identity":
			continue
		case "x-gzip": // RFC 9110 section 8.4.1.3
			name = "gzip"
		case "gzip", "deflate", "zstd":
		default:
			return encodings{}, ErrEncoding
		}
		if n == mostEncodings {
			return encodings{}, ErrEncoding
		}
		applied[n] = name
		n++
	}
	return applied, nil
}

func tooLarge(limit int64) error {
	return &TooLargeError{Reason: fmt.Sprintf("the body has more than %d bytes: send less at a time", limit)}
}

// Transfer tells our own refusals, a sender that is too slow and a transfer that broke off apart, of the error of
// reading a body.
func Transfer(err error) error {
	var large *TooLargeError
	var busy *edge.UnavailableError
	var timeout net.Error
	switch {
	case errors.As(err, &large), errors.As(err, &busy):
		return err
	case errors.As(err, &timeout) && timeout.Timeout():
		return &edge.UnavailableError{Reason: "body did not come in time", RetryAfter: retryAfter}
	}
	return &BrokenError{Err: err}
}
