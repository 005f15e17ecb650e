package http2

import (
	"context"
	"io"
	"net/http"
	"time"

	wire "golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

const (
	// enough is how much of a body is there when its reader is woken before the end.
	enough = 256 << 10
	// wholeBody is how long a body may be to get all of its memory before it comes.
	wholeBody = 1 << 20
)

// headed takes a head; one that is provisional only counts.
func (x *Exchange) headed(h *Head, end bool, size, limit int) error {
	if x.headerSize += size + frameHead; x.headerSize > limit {
		return malformedHead("the headers are too long")
	}
	if h.Status < http.StatusOK {
		if end {
			return malformedHead("it ends with a provisional head")
		}
		return nil
	}
	x.Head = h
	if !x.request.head && h.Status != http.StatusNotModified && h.Status != http.StatusNoContent {
		x.left = h.length
	}
	x.kept = x.Keep || h.coded()
	if end || !x.kept {
		return nil
	}
	if x.left > 0 && x.left <= wholeBody {
		x.buf = make([]byte, 0, x.left)
	}
	return nil
}

// longest is how many timeouts of its request an answer may take as a whole.
const longest = 60

// moved gives a server more time, which has done something.
func (x *Exchange) moved(now time.Time) {
	x.deadline = now.Add(x.Timeout)
	if end := x.Begun.Add(longest * x.Timeout); end.After(x.Begun) && end.Before(x.deadline) {
		x.deadline = end
	}
}

// trailed takes what comes behind the body.
func (x *Exchange) trailed(fields []hpack.HeaderField, end bool) (err error) {
	if !end {
		return malformedHead("something comes behind its trailers")
	}
	x.Trailer, err = newHeader(fields)
	return err
}

// take takes a piece of the body, which was size bytes long with its padding.
func (x *Exchange) take(piece []byte, size int64) error {
	n := int64(len(piece))
	if x.credit -= size; x.credit < 0 {
		return &StreamError{Code: wire.ErrCodeFlowControl, Reason: "more data than the window allows"}
	}
	switch {
	case x.Head == nil:
		return malformedHead("its body comes before its head")
	case x.request.head && n > 0:
		return malformedHead("it answers HEAD with a body")
	case x.left >= 0 && n > x.left:
		return malformedHead("its body is longer than its head says")
	}
	if x.left >= 0 {
		x.left -= n
	}
	x.Received += n
	if x.kept {
		x.buf = append(x.buf, piece...)
	}
	return nil
}

// Whole returns the body if all of it is there. The bytes are the caller's.
func (x *Exchange) Whole() (body []byte, ok bool) {
	if !x.whole || x.read > 0 {
		return nil, false
	}
	body = x.buf
	x.buf = nil
	return body, true
}

// Body reads the body as it comes. It ends with the context, and is valid until Done. A connection that breaks off
// inside is an error of the network, a *GoAwayError or a *StreamError.
func (x *Exchange) Body(ctx context.Context) io.Reader { return &bodyReader{ctx, x} }

type bodyReader struct {
	ctx context.Context //nolint:containedctx // a reader has no other way to get one
	x   *Exchange
}

func (b *bodyReader) Read(p []byte) (int, error) {
	x := b.x
	if x.whole {
		return x.taken(p)
	}
	c := x.conn
	c.mu.Lock()
	for x.read == len(x.buf) && !x.ended {
		x.waiting = true
		c.mu.Unlock()
		if err := c.waitMore(b.ctx, x); err != nil {
			return 0, err
		}
		c.mu.Lock()
	}
	n, err := x.taken(p)
	if !x.ended {
		x.granted += int64(n)
		if x.granted >= streamWindow/2 {
			x.moved(time.Now()) // the server may have waited for us
			c.grantMore(x)
			c.aside()
		}
	}
	c.mu.Unlock()
	return n, err
}

// waitMore waits for more of a body.
func (c *conn) waitMore(ctx context.Context, x *Exchange) error {
	select {
	case <-x.wake:
		return nil
	case <-ctx.Done():
		c.interrupt(x, context.Cause(ctx))
		return context.Cause(ctx)
	}
}

// taken reads what is there. The exchange has ended, or the lock of the connection is held.
func (x *Exchange) taken(p []byte) (int, error) {
	n := copy(p, x.buf[x.read:])
	x.read += n
	if x.read < len(x.buf) {
		return n, nil
	}
	x.buf, x.read = x.buf[:0], 0
	switch {
	case !x.ended:
		return n, nil
	case x.err != nil:
		return n, x.err
	default:
		return n, io.EOF
	}
}
