package http2

import (
	"encoding/binary"
	"errors"
	"strings"
	"time"

	wire "golang.org/x/net/http2"
)

// frameHead is the length of a frame's head (RFC 9113, section 4.1).
const frameHead = 9

const (
	// smallBuffer is what an idle connection costs; it grows when it is filled, to two of the longest frames.
	smallBuffer = 1 << 10
	largeBuffer = 2 * (frameHead + maxFrame)
)

// input is what the reader knows. Nobody else touches it.
type input struct {
	buf        []byte
	start, end int       // of what was read and not looked at
	at         time.Time // when what is looked at was there
	began      time.Time // when the first byte was there of the frame that is not there yet; zero: none is
	settled    bool      // the server's first frame was there
	greeted    bool      // and it was good
	said       []byte    // the first bytes of the server, until it has settled
	header     *decoder
	block      block
	spare      []wakening
}

// block is a header block that comes in several frames; stream is 0 if there is none.
type block struct {
	stream uint32
	flags  wire.Flags
	bytes  []byte
	frames int
	at     time.Time
}

// frame is one frame of the server. It is valid until the next read.
type frame struct {
	kind    wire.FrameType
	flags   wire.Flags
	stream  uint32
	payload []byte
	at      time.Time // when its first byte was there
}

// receive reads frames until the connection ends, and tells why.
func (c *conn) receive() error {
	for {
		if err := c.fetch(); err != nil {
			return err
		}
		c.mu.Lock()
		limit := c.limit.Load()
		err := c.handleAll()
		leaving := c.goAway != nil
		c.aside()
		c.in.spare = c.unlock(c.in.spare)
		switch {
		case err != nil:
			return err
		case leaving:
			c.pool.retire(c)
		case c.limit.Load() > limit:
			c.pool.more()
		}
	}
}

// fetch reads once.
func (c *conn) fetch() error {
	in := &c.in
	full := in.end == len(in.buf)
	rest := in.buf[in.start:in.end]
	if full && len(in.buf) < largeBuffer {
		in.buf = make([]byte, min(max(2*len(in.buf), smallBuffer), largeBuffer))
	}
	if full || len(rest) == 0 {
		in.start, in.end = 0, copy(in.buf, rest)
	}
	n, err := c.link.Read(in.buf[in.end:])
	if !in.settled {
		in.said = append(in.said, in.buf[in.end:in.end+min(n, len(http1Prefix))]...)
		if strings.HasPrefix(string(in.said), http1Prefix) {
			return ErrNotSpoken
		}
	}
	in.end += n
	if n > 0 {
		in.at = time.Now()
		err = nil // it comes again
	}
	return err
}

// http1Prefix begins each answer of HTTP/1 (RFC 9112, section 2.3). No frame that a server may send first begins so.
const http1Prefix = "HTTP/1."

// handleAll handles the frames that are there. The lock is held.
func (c *conn) handleAll() error {
	for {
		f, whole, err := c.in.next()
		if err != nil || !whole {
			return err
		}
		if err := c.handle(&f); err != nil {
			return err
		}
	}
}

// next takes a frame that is there whole.
func (in *input) next() (f frame, whole bool, err error) {
	b := in.buf[in.start:in.end]
	if len(b) == 0 {
		in.began = time.Time{}
		return f, false, nil
	}
	f.at = in.began
	if f.at.IsZero() {
		f.at = in.at
	}
	in.began = f.at
	if len(b) < frameHead {
		return f, false, nil
	}
	length := int(b[0])<<16 | int(b[1])<<8 | int(b[2])
	if length > maxFrame {
		return f, false, &ConnectionError{wire.ErrCodeFrameSize, "a frame is longer than 16384 bytes"}
	}
	if len(b) < frameHead+length {
		return f, false, nil
	}
	f.kind, f.flags = wire.FrameType(b[3]), wire.Flags(b[4])
	f.stream = binary.BigEndian.Uint32(b[5:]) & lastStream
	f.payload = b[frameHead : frameHead+length]
	in.start += frameHead + length
	in.began = time.Time{}
	return f, true, in.expect(&f)
}

// expect refuses a frame where another has to stand.
func (in *input) expect(f *frame) error {
	if !in.settled {
		if f.kind != wire.FrameSettings || f.flags.Has(wire.FlagSettingsAck) {
			return &ConnectionError{wire.ErrCodeProtocol, "the server does not begin with SETTINGS"}
		}
		in.settled, in.said = true, nil
	}
	continued := f.kind == wire.FrameContinuation
	if (in.block.stream != 0) != continued || continued && in.block.stream != f.stream {
		return &ConnectionError{wire.ErrCodeProtocol, "a header block is torn apart"}
	}
	return nil
}

// handle does what a frame asks for. The lock is held.
func (c *conn) handle(f *frame) error {
	switch f.kind {
	case wire.FrameHeaders:
		return c.onHeaders(f)
	case wire.FrameContinuation:
		return c.onContinuation(f)
	case wire.FrameData:
		return c.onData(f)
	case wire.FrameRSTStream:
		return c.onReset(f)
	case wire.FrameSettings:
		return c.onSettings(f)
	case wire.FrameWindowUpdate:
		return c.onWindowUpdate(f)
	case wire.FramePing:
		return c.onPing(f)
	case wire.FrameGoAway:
		return c.onGoAway(f)
	case wire.FramePushPromise:
		return &ConnectionError{wire.ErrCodeProtocol, "the server pushes what we have forbidden"}
	case wire.FramePriority:
		return sized(f, 5)
	default: // RFC 9113, section 5.5
		return nil
	}
}

// sized refuses a frame of another length than its kind has.
func sized(f *frame, want int) error {
	if len(f.payload) != want {
		return &ConnectionError{wire.ErrCodeFrameSize, f.kind.String() + " of a wrong length"}
	}
	return nil
}

// ofStream finds the exchange that a frame is about; nil if it is over already.
func (c *conn) ofStream(f *frame) (*Exchange, error) {
	if f.stream == 0 || f.stream%2 == 0 || f.stream >= c.next {
		return nil, &ConnectionError{wire.ErrCodeProtocol, f.kind.String() + " of a stream that nobody has opened"}
	}
	return c.streams[f.stream], nil
}

// ofConnection refuses a frame of a stream that is about the connection.
func ofConnection(f *frame) error {
	if f.stream != 0 {
		return &ConnectionError{wire.ErrCodeProtocol, f.kind.String() + " of a stream"}
	}
	return nil
}

// unpadded is the payload without its padding (RFC 9113, section 6.1).
func unpadded(f *frame) ([]byte, error) {
	if !f.flags.Has(wire.FlagDataPadded) {
		return f.payload, nil
	}
	if len(f.payload) == 0 || int(f.payload[0]) >= len(f.payload) {
		return nil, &ConnectionError{wire.ErrCodeProtocol, f.kind.String() + " is all padding"}
	}
	return f.payload[1 : len(f.payload)-int(f.payload[0])], nil
}

// malformed ends an exchange whose answer makes no sense, or error if it is none.
func (c *conn) malformed(x *Exchange, err error) error {
	var stream *StreamError
	if !errors.As(err, &stream) {
		return err
	}
	c.out.reset(x.id, stream.Code)
	c.end(x, err)
	return nil
}
