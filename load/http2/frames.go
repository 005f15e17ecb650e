package http2

import (
	"encoding/binary"
	"math"
	"time"

	wire "golang.org/x/net/http2"
)

// onHeaders begins a header block.
func (c *conn) onHeaders(f *frame) error {
	if _, err := c.ofStream(f); err != nil {
		return err
	}
	fragment, err := unpadded(f)
	if err != nil {
		return err
	}
	if f.flags.Has(wire.FlagHeadersPriority) {
		if len(fragment) < 5 {
			return &ConnectionError{wire.ErrCodeFrameSize, "HEADERS without their priority"}
		}
		fragment = fragment[5:]
	}
	if f.flags.Has(wire.FlagHeadersEndHeaders) {
		return c.headed(f.stream, f.flags, fragment, f.at)
	}
	c.in.block = block{stream: f.stream, flags: f.flags, at: f.at, bytes: append([]byte(nil), fragment...)}
	return nil
}

// maxContinuations bounds the frames of a header block beyond those that its length calls for.
const maxContinuations = 64

// onContinuation goes on with a header block. What is too long for us ends the connection: without it no later block
// can be read.
func (c *conn) onContinuation(f *frame) error {
	b := &c.in.block
	b.frames++
	if len(b.bytes)+len(f.payload) > c.in.header.limit || b.frames > maxContinuations+len(b.bytes)/1024 {
		return &ConnectionError{wire.ErrCodeEnhanceYourCalm, "a header block is too long"}
	}
	b.bytes = append(b.bytes, f.payload...)
	if !f.flags.Has(wire.FlagContinuationEndHeaders) {
		return nil
	}
	whole := *b
	*b = block{}
	return c.headed(whole.stream, whole.flags, whole.bytes, whole.at)
}

// headed takes a whole header block. One of an exchange that is over changes the state of HPACK all the same.
func (c *conn) headed(id uint32, flags wire.Flags, fragment []byte, at time.Time) error {
	x := c.streams[id]
	end := flags.Has(wire.FlagHeadersEndStream)
	switch {
	case x == nil:
		_, err := c.in.header.fields(fragment)
		return err
	case x.Head != nil:
		fields, err := c.in.header.fields(fragment)
		if err == nil {
			err = x.trailed(fields, end)
		}
		if err == nil {
			return c.finish(x)
		}
		return c.malformed(x, err)
	}
	head, err := c.in.header.head(fragment)
	if err == nil {
		err = x.headed(head, end, len(fragment), c.in.header.limit)
	}
	if err != nil {
		return c.malformed(x, err)
	}
	x.moved(c.in.at)
	if x.Head == nil {
		return nil
	}
	x.First = at.Sub(x.Begun)
	if end {
		return c.finish(x)
	}
	return nil
}

// onData takes a piece of a body.
func (c *conn) onData(f *frame) error {
	x, err := c.ofStream(f)
	if err != nil {
		return err
	}
	size := int64(len(f.payload))
	piece, err := unpadded(f)
	if err != nil {
		return err
	}
	if c.credit -= size; c.credit < 0 {
		return &ConnectionError{wire.ErrCodeFlowControl, "more data than the window of the connection allows"}
	}
	if c.credit < connWindow/2 {
		c.out.grant(0, uint32(connWindow-c.credit))
		c.credit = connWindow
	}
	if x == nil {
		return nil
	}
	if err := x.take(piece, size); err != nil {
		return c.malformed(x, err)
	}
	if len(piece) > 0 {
		x.moved(c.in.at)
	}
	if f.flags.Has(wire.FlagDataEndStream) {
		return c.finish(x)
	}
	if x.kept {
		if len(x.buf)-x.read >= enough {
			c.notify(x)
		}
		x.granted += size - int64(len(piece)) // the padding
		return nil
	}
	x.granted += size
	c.grantMore(x)
	return nil
}

// grantMore lets the server send again as much as was taken, when it is much.
func (c *conn) grantMore(x *Exchange) {
	if x.granted < streamWindow/2 {
		return
	}
	c.out.grant(x.id, uint32(x.granted))
	x.credit += x.granted
	x.granted = 0
}

// finish ends an exchange whose answer is whole, or is not as long as its head has told.
func (c *conn) finish(x *Exchange) error {
	if x.left > 0 {
		return c.malformed(x, &StreamError{Code: wire.ErrCodeProtocol, Reason: "the body is shorter than its head says"})
	}
	if len(x.upload) > 0 { // nobody reads it any more
		c.out.reset(x.id, codeCancel)
	}
	x.End = c.in.at.Sub(x.Begun)
	c.end(x, nil)
	return nil
}

func (c *conn) onReset(f *frame) error {
	x, err := c.ofStream(f)
	if err == nil {
		err = sized(f, 4)
	}
	if err != nil || x == nil {
		return err
	}
	code := ErrCode(binary.BigEndian.Uint32(f.payload))
	var reset error = &StreamError{Code: code, Remote: true}
	if code == wire.ErrCodeRefusedStream {
		reset = unprocessed{error: reset, refused: true}
	}
	c.end(x, reset)
	return nil
}

func (c *conn) onSettings(f *frame) error {
	if err := ofConnection(f); err != nil {
		return err
	}
	if f.flags.Has(wire.FlagSettingsAck) {
		return sized(f, 0)
	}
	if len(f.payload)%6 != 0 {
		return &ConnectionError{wire.ErrCodeFrameSize, "SETTINGS of a wrong length"}
	}
	if !c.in.greeted {
		c.in.greeted = true
		c.limit.Store(manyStreams)
	}
	for p := f.payload; len(p) > 0; p = p[6:] {
		if err := c.set(wire.SettingID(binary.BigEndian.Uint16(p)), binary.BigEndian.Uint32(p[2:])); err != nil {
			return err
		}
	}
	return c.out.reply(wire.FrameSettings, nil)
}

// set takes one setting of the server (RFC 9113, section 6.5.2). What it says of the length of our frames and headers
// needs no attention: our frames are as short as it may ask for, and a header that it does not take is its to refuse.
func (c *conn) set(id wire.SettingID, value uint32) error {
	switch id {
	case wire.SettingHeaderTableSize:
		c.out.encoder.limit(value)
	case wire.SettingEnablePush:
		if value != 0 {
			return &ConnectionError{wire.ErrCodeProtocol, "a server cannot be pushed to"}
		}
	case wire.SettingMaxConcurrentStreams:
		c.limit.Store(int32(min(value, math.MaxInt32)))
	case wire.SettingInitialWindowSize:
		return c.resize(value)
	case wire.SettingMaxFrameSize:
		if value < maxFrame || value >= 1<<24 {
			return &ConnectionError{wire.ErrCodeProtocol, "an impossible SETTINGS_MAX_FRAME_SIZE"}
		}
	}
	return nil
}

// resize changes the windows of all streams (RFC 9113, section 6.9.2).
func (c *conn) resize(value uint32) error {
	if value > math.MaxInt32 {
		return &ConnectionError{wire.ErrCodeFlowControl, "an impossible SETTINGS_INITIAL_WINDOW_SIZE"}
	}
	more := int64(value) - c.initial
	c.initial = int64(value)
	for _, x := range c.streams {
		if x.window += more; x.window > math.MaxInt32 {
			return &ConnectionError{wire.ErrCodeFlowControl, "a window is larger than 2147483647 bytes"}
		}
	}
	return nil
}

func (c *conn) onWindowUpdate(f *frame) error {
	if err := sized(f, 4); err != nil {
		return err
	}
	n := int64(binary.BigEndian.Uint32(f.payload) & math.MaxInt32)
	if f.stream == 0 {
		if c.window += n; n == 0 || c.window > math.MaxInt32 {
			return &ConnectionError{wire.ErrCodeFlowControl, "an impossible WINDOW_UPDATE"}
		}
		return nil
	}
	x, err := c.ofStream(f)
	if err != nil || x == nil {
		return err
	}
	if x.window += n; n == 0 || x.window > math.MaxInt32 {
		return c.malformed(x, &StreamError{Code: wire.ErrCodeFlowControl, Reason: "an impossible WINDOW_UPDATE"})
	}
	return nil
}

func (c *conn) onPing(f *frame) error {
	err := ofConnection(f)
	if err == nil {
		err = sized(f, 8)
	}
	switch {
	case err != nil:
		return err
	case f.flags.Has(wire.FlagPingAck):
		c.pinged = time.Time{}
		return nil
	default:
		return c.out.reply(wire.FramePing, f.payload)
	}
}

// onGoAway ends the exchanges that the server has not looked at; the others go on (RFC 9113, section 6.8).
func (c *conn) onGoAway(f *frame) error {
	if err := ofConnection(f); err != nil {
		return err
	}
	if len(f.payload) < 8 {
		return &ConnectionError{wire.ErrCodeFrameSize, "GOAWAY of a wrong length"}
	}
	last := binary.BigEndian.Uint32(f.payload) & lastStream
	c.goAway = &GoAwayError{ErrCode(binary.BigEndian.Uint32(f.payload[4:]))}
	for id, x := range c.streams {
		if id > last {
			c.end(x, unprocessed{error: c.goAway})
		}
	}
	return nil
}
