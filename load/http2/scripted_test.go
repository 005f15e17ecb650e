package http2_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	wire "golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"edgescope/load/http2"
)

// peer is the server's end of one connection, by hand.
type peer struct {
	*wire.Framer
	net.Conn
	n       int // of the connection, from 0
	encoder *hpack.Encoder
	block   bytes.Buffer

	mu      sync.Mutex        // of writes, where several goroutines answer
	open    map[uint32]*begun // of the reader
	granted chan int          // of a stream
}

// begun is a request that has begun.
type begun struct {
	fields map[string]string
	body   []byte
}

// request waits for the next request that is there whole.
func (p *peer) request() (id uint32, fields map[string]string, body []byte, err error) {
	for {
		f, err := p.ReadFrame()
		if err != nil {
			return 0, nil, nil, err
		}
		id := f.Header().StreamID
		switch f := f.(type) {
		case *wire.MetaHeadersFrame:
			r := &begun{fields: map[string]string{}}
			for _, field := range f.Fields {
				r.fields[field.Name] = field.Value
			}
			p.open[id] = r
		case *wire.DataFrame:
			if p.open[id] == nil { // it is answered already
				continue
			}
			p.open[id].body = append(p.open[id].body, f.Data()...)
		case *wire.RSTStreamFrame:
			delete(p.open, id)
			continue
		default:
			continue
		}
		if r := p.open[id]; f.Header().Flags.Has(wire.FlagDataEndStream) {
			delete(p.open, id)
			return id, r.fields, r.body, nil
		}
	}
}

// await waits for a frame of one kind.
func (p *peer) await(kind wire.FrameType) (wire.Frame, error) {
	for {
		f, err := p.ReadFrame()
		if err != nil || f.Header().Type == kind && !f.Header().Flags.Has(wire.FlagSettingsAck) {
			return f, err
		}
	}
}

// fields encodes a header block: names and values in turn.
func (p *peer) fields(pairs ...string) []byte {
	p.block.Reset()
	for i := 0; i < len(pairs); i += 2 {
		p.encoder.WriteField(hpack.HeaderField{Name: pairs[i], Value: pairs[i+1]})
	}
	return bytes.Clone(p.block.Bytes())
}

// head sends a head.
func (p *peer) head(id uint32, end bool, pairs ...string) {
	p.WriteHeaders(wire.HeadersFrameParam{
		StreamID: id, BlockFragment: p.fields(pairs...), EndHeaders: true, EndStream: end,
	})
}

// ok writes an answer of 200 with a body.
func (p *peer) ok(id uint32, body string) {
	p.head(id, false, ":status", "200")
	p.WriteData(id, true, []byte(body))
}

// drain reads until the client ends the connection.
func (p *peer) drain() { io.Copy(io.Discard, p.Conn) }

// queued is a connection in memory whose writes do not wait for who reads, as those of a socket do not.
type queued struct {
	net.Conn
	queue chan []byte // nil in it: the end
}

func newQueued(c net.Conn, running *sync.WaitGroup) *queued {
	q := &queued{c, make(chan []byte, 10_000)}
	running.Go(func() {
		for b := range q.queue {
			if b == nil {
				c.Close()
				return
			}
			c.Write(b) // after the end of the other side nothing is read any more
		}
	})
	return q
}

func (q *queued) Write(p []byte) (int, error) {
	q.queue <- bytes.Clone(p)
	return len(p), nil
}

func (q *queued) Close() error {
	q.queue <- nil
	return nil
}

// host is a server of HTTP/2 by hand, in memory.
type host struct {
	serve   func(*peer)
	refuse  error // of new connections
	serving sync.WaitGroup

	mu    sync.Mutex
	peers []*peer
}

func (h *host) dial(context.Context, string, string) (net.Conn, error) {
	if h.refuse != nil {
		return nil, h.refuse
	}
	near, end := net.Pipe()
	far := newQueued(end, &h.serving)
	p := &peer{Conn: far, Framer: wire.NewFramer(far, far), open: map[uint32]*begun{}, granted: make(chan int, 100)}
	p.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	p.AllowIllegalWrites = true
	p.encoder = hpack.NewEncoder(&p.block)
	h.mu.Lock()
	p.n = len(h.peers)
	h.peers = append(h.peers, p)
	h.mu.Unlock()
	h.serving.Go(func() {
		defer far.Close()
		if _, err := io.ReadFull(far, make([]byte, len(wire.ClientPreface))); err == nil {
			h.serve(p)
		}
	})
	return near, nil
}

func (h *host) connections() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.peers)
}

const maxHeader = 1 << 20

// client makes a client of a server, which ends with the test.
func (h *host) client(t testing.TB, conns int) *http2.Client {
	c := http2.New(&http2.Options{Dial: h.dial, MaxConns: conns, MaxHeader: maxHeader})
	t.Cleanup(func() {
		c.Close()
		h.serving.Wait()
	})
	return c
}

// answering is a server that reads requests and does with them what a test says.
func answering(answer func(p *peer, id uint32)) *host {
	return &host{serve: func(p *peer) {
		p.WriteSettings()
		for {
			id, _, _, err := p.request()
			if err != nil {
				return
			}
			answer(p, id)
		}
	}}
}

func request(t testing.TB, method, path, body string, header http.Header) *http2.Request {
	t.Helper()
	u, err := url.Parse("http://target.test" + path)
	if err != nil {
		t.Fatal(err)
	}
	var bytes []byte
	if body != "" {
		bytes = []byte(body)
	}
	r, err := http2.NewRequest(&http.Request{Method: method, URL: u, Header: header}, bytes, false)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// told is what came of a request.
type told struct {
	Status   int
	Header   http.Header
	Body     string
	Trailer  http.Header
	Received int64
}

// do sends a request and reads its answer.
func do(ctx context.Context, c *http2.Client, r *http2.Request, x *http2.Exchange) (told, error) {
	x.Begun, x.Keep = time.Now(), true
	if x.Timeout == 0 {
		x.Timeout = 10 * time.Second
	}
	var a told
	err := c.Do(ctx, r, x)
	if x.Head != nil {
		a.Status, a.Header = x.Head.Status, x.Head.Header
	}
	if err == nil {
		var body []byte
		body, err = io.ReadAll(x.Body(ctx))
		a.Body = string(body)
	}
	x.Done()
	a.Trailer, a.Received = x.Trailer, x.Received
	return a, err
}

// name is the name of an error in the words of a counter; "" for none.
func name(err error) string {
	var named interface{ ErrorName() string }
	if errors.As(err, &named) {
		return named.ErrorName()
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// raw is a frame as bytes.
func raw(kind wire.FrameType, flags wire.Flags, id uint32, payload []byte) []byte {
	b := []byte{byte(len(payload) >> 16), byte(len(payload) >> 8), byte(len(payload)), byte(kind), byte(flags)}
	return append(binary.BigEndian.AppendUint32(b, id), payload...)
}
