package http2

import (
	"encoding/binary"
	"runtime"
	"slices"
	"time"

	wire "golang.org/x/net/http2"
)

// The windows that we open (RFC 9113, section 6.9): what a server may send before it is taken out. They are those of
// net/http. A frame of ours is as long as every server takes.
const (
	streamWindow = 4 << 20
	connWindow   = 1 << 30
	maxFrame     = 16 << 10
)

const (
	// batch is up to how many bytes go into one write.
	batch = 64 << 10
	// inline is up to how many bytes the owner of a request writes himself.
	inline = 16 << 10
	// maxReplies bounds what waits to be written in answer to a server that does not read it, in bytes.
	maxReplies = 64 << 10
	// patience is how long a server that takes nothing any more has to say why.
	patience = time.Second
)

const (
	codeNo     = wire.ErrCodeNo
	codeCancel = wire.ErrCodeCancel
)

// output is what waits to be written. The lock of the connection guards it.
type output struct {
	frames   []byte
	spare    []byte      // the memory of the next frames
	writing  bool        // somebody writes, or is about to
	writer   *Exchange   // whose owner writes; nil if a goroutine does
	replies  int         // bytes of frames that answer the server's
	complete []uint32    // streams whose request ends in frames
	uploads  []*Exchange // whose bodies wait for room, in turn
	unsent   uint32      // the first stream of which nothing was handed to the connection
	encoder  encoder
}

// begin begins a connection: the preface, our settings and the window.
func (o *output) begin(maxHeader int) {
	o.encoder = newEncoder()
	o.unsent = 1
	o.frames = append(o.frames, wire.ClientPreface...)
	o.frame(18, wire.FrameSettings, 0, 0)
	o.setting(wire.SettingEnablePush, 0)
	o.setting(wire.SettingInitialWindowSize, streamWindow)
	o.setting(wire.SettingMaxHeaderListSize, uint32(maxHeader))
	o.grant(0, connWindow-initialWindow)
}

func (o *output) setting(id wire.SettingID, value uint32) {
	o.frames = binary.BigEndian.AppendUint16(o.frames, uint16(id))
	o.frames = binary.BigEndian.AppendUint32(o.frames, value)
}

// frame appends the head of a frame (RFC 9113, section 4.1).
func (o *output) frame(length int, kind wire.FrameType, flags wire.Flags, stream uint32) {
	o.frames = append(o.frames, byte(length>>16), byte(length>>8), byte(length), byte(kind), byte(flags))
	o.frames = binary.BigEndian.AppendUint32(o.frames, stream)
}

// headers appends the head of a request.
func (o *output) headers(stream uint32, r *Request) {
	flags := wire.Flags(0)
	if len(r.body) == 0 {
		flags = wire.FlagHeadersEndStream
	}
	block, kind := o.encoder.block(r), wire.FrameHeaders
	for {
		piece := block[:min(len(block), maxFrame)]
		block = block[len(piece):]
		if len(block) == 0 {
			flags |= wire.FlagHeadersEndHeaders
		}
		o.frame(len(piece), kind, flags, stream)
		o.frames = append(o.frames, piece...)
		if len(block) == 0 {
			return
		}
		kind, flags = wire.FrameContinuation, 0
	}
}

func (o *output) reset(stream uint32, code ErrCode) {
	o.frame(4, wire.FrameRSTStream, 0, stream)
	o.frames = binary.BigEndian.AppendUint32(o.frames, uint32(code))
}

func (o *output) grant(stream uint32, n uint32) {
	o.frame(4, wire.FrameWindowUpdate, 0, stream)
	o.frames = binary.BigEndian.AppendUint32(o.frames, n)
}

func (o *output) ping() {
	o.frame(8, wire.FramePing, 0, 0)
	o.frames = append(o.frames, "loadgen?"...)
}

// reply appends the answer to a PING or to SETTINGS.
func (o *output) reply(kind wire.FrameType, payload []byte) error {
	o.frame(len(payload), kind, wire.FlagPingAck, 0)
	o.frames = append(o.frames, payload...)
	if o.replies += frameHead + len(payload); o.replies > maxReplies {
		return &ConnectionError{wire.ErrCodeEnhanceYourCalm, "the server asks for answers and does not read them"}
	}
	return nil
}

// forget takes an exchange that ends out of what is to be sent.
func (o *output) forget(x *Exchange) {
	if len(x.upload) == 0 {
		return
	}
	x.upload = nil
	o.uploads = slices.DeleteFunc(o.uploads, func(other *Exchange) bool { return other == x })
}

// claim tells whether the caller is to write: there is something, and nobody else does. The lock is held.
func (c *conn) claim() bool {
	o := &c.out
	if o.writing || len(o.frames) == 0 && !slices.ContainsFunc(o.uploads, c.mayUpload) {
		return false
	}
	o.writing = true
	return true
}

// mayUpload tells whether the windows allow more of a body.
func (c *conn) mayUpload(x *Exchange) bool { return c.window > 0 && x.window > 0 }

// bulky tells that more is to be sent than a socket takes at once: who waits for an answer does not wait for that.
func (o *output) bulky() bool {
	n := len(o.frames)
	for _, x := range o.uploads {
		n += len(x.upload)
	}
	return n > inline
}

// fill appends pieces of bodies, in turn, as far as the windows allow and the batch has room. The lock is held.
func (c *conn) fill() {
	for moved := true; moved && len(c.out.frames) < batch; {
		moved = false
		for i := 0; i < len(c.out.uploads) && len(c.out.frames) < batch; {
			x := c.out.uploads[i]
			if c.piece(x) {
				moved = true
			}
			if len(x.upload) > 0 {
				i++
				continue
			}
			c.out.uploads = slices.Delete(c.out.uploads, i, i+1)
			c.out.complete = append(c.out.complete, x.id)
		}
	}
}

// piece appends one frame of a body, if the windows allow it.
func (c *conn) piece(x *Exchange) bool {
	n := int(min(int64(len(x.upload)), maxFrame, c.window, x.window))
	if n <= 0 {
		return false
	}
	flags := wire.Flags(0)
	if n == len(x.upload) {
		flags = wire.FlagDataEndStream
	}
	c.out.frame(n, wire.FrameData, flags, x.id)
	c.out.frames = append(c.out.frames, x.upload[:n]...)
	x.upload = x.upload[n:]
	c.window -= int64(n)
	x.window -= int64(n)
	return true
}

// take takes what is to be written now; nil if there is nothing: then nobody writes any more. by is whose owner writes.
func (c *conn) take(by *Exchange) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	o := &c.out
	if by != nil && by.ended && c.err == nil { // who would end a write that hangs?
		c.pool.client.running.Go(c.flushAll)
		return nil
	}
	if c.err == nil {
		c.fill()
	}
	if len(o.frames) == 0 || c.err != nil {
		o.writing = false
		return nil
	}
	if len(o.complete) > 0 {
		c.wrote(time.Now())
	}
	o.replies, o.unsent, o.writer = 0, c.next, by
	frames := o.frames
	o.frames, o.spare = o.spare[:0], nil
	return frames
}

// wrote notes when the requests go out that end in what is written now. The lock is held.
func (c *conn) wrote(now time.Time) {
	for _, id := range c.out.complete {
		if x := c.streams[id]; x != nil {
			x.Wrote, x.Written = now.Sub(x.Begun), true
		}
	}
	c.out.complete = c.out.complete[:0]
}

// flush writes what is there once, by the owner of x, and leaves to a goroutine what comes meanwhile. The caller has
// claimed it.
func (c *conn) flush(x *Exchange) {
	wrote := c.write(x)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out.writer = nil
	if wrote {
		c.out.writing = false
		c.aside()
	}
}

// flushAll writes until nothing is left. The caller has claimed it.
func (c *conn) flushAll() {
	for c.write(nil) {
		runtime.Gosched()
	}
}

// flushAside has what is there written by a goroutine.
func (c *conn) flushAside() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.aside()
}

// aside is flushAside with the lock held. As long as err is nil the reader has not ended, nor have those who wait for it.
func (c *conn) aside() {
	if c.err == nil && c.claim() {
		c.pool.client.running.Go(c.flushAll)
	}
}

// write writes what is there, once; false if there was nothing or writing has failed: then nobody writes any more.
func (c *conn) write(by *Exchange) bool {
	frames := c.take(by)
	if frames == nil {
		return false
	}
	_, err := c.link.Write(frames)
	if err != nil {
		c.broken(err)
		return false
	}
	if cap(frames) <= 2*batch {
		c.mu.Lock()
		c.out.spare = frames
		c.mu.Unlock()
	}
	return true
}

// broken ends a connection on which writing has failed. The reader ends the exchanges, soon: what it finds tells more
// than a broken pipe.
func (c *conn) broken(err error) {
	c.mu.Lock()
	if c.err == nil {
		c.err = err
	}
	c.out.writing = false
	c.mu.Unlock()
	_ = c.link.SetReadDeadline(time.Now().Add(patience))
	c.pool.retire(c)
}

// tellOff tells a server what it has done wrong, if somebody can still be told.
func (c *conn) tellOff(e *ConnectionError) {
	c.mu.Lock()
	busy := c.out.writing
	c.out.writing = true
	c.mu.Unlock()
	if busy {
		return
	}
	o := output{}
	o.frame(8+len(e.Reason), wire.FrameGoAway, 0, 0)
	o.frames = binary.BigEndian.AppendUint32(o.frames, 0)
	o.frames = binary.BigEndian.AppendUint32(o.frames, uint32(e.Code))
	o.frames = append(o.frames, e.Reason...)
	_ = c.link.SetWriteDeadline(time.Now().Add(patience))
	_, _ = c.link.Write(o.frames) // the connection ends in any case
}
