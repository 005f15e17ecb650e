package network_test

import (
	"bytes"
	"io"
	"net"
	"sync"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"edgescope/load"
	"edgescope/load/loadtest"
	"edgescope/load/network"
)

// framed is a server of HTTP/2 by hand. The first request of a connection is answered; what happens to a second one is
// up to the test.
type framed struct {
	net.Listener
	second func(f *http2.Framer, stream uint32) (hangUp bool)

	serving     sync.WaitGroup
	mu          sync.Mutex
	connections int
	requests    int // answered or not
}

func newFramed(t *testing.T, second func(*http2.Framer, uint32) bool) *framed {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &framed{Listener: l, second: second}
	s.serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.serving.Go(func() { s.serve(c) })
		}
	})
	t.Cleanup(func() { l.Close(); s.serving.Wait() })
	return s
}

func (s *framed) count(counter *int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	*counter++
	return *counter
}

func (s *framed) serve(c net.Conn) {
	defer c.Close()
	connection := s.count(&s.connections)
	if _, err := io.ReadFull(c, make([]byte, len(http2.ClientPreface))); err != nil {
		return
	}
	f := http2.NewFramer(c, c)
	f.WriteSettings()
	for n := 0; ; {
		frame, err := f.ReadFrame()
		if err != nil {
			return
		}
		headers, ok := frame.(*http2.HeadersFrame)
		if !ok {
			continue
		}
		s.count(&s.requests)
		if n++; n == 2 && connection == 1 {
			if s.second(f, headers.StreamID) {
				return
			}
			continue
		}
		var block bytes.Buffer
		hpack.NewEncoder(&block).WriteField(hpack.HeaderField{Name: ":status", Value: "200"})
		f.WriteHeaders(http2.HeadersFrameParam{
			StreamID: headers.StreamID, BlockFragment: block.Bytes(),
			EndHeaders: true, EndStream: true,
		})
	}
}

// TestWhatAServerHasNotProcessedIsSentAgain, on a new connection, and counts once (RFC 9113, section 8.7).
func TestWhatAServerHasNotProcessedIsSentAgain(t *testing.T) {
	f := func(name string, second func(*http2.Framer, uint32) bool, step, want string, wantConnections int) {
		t.Helper()
		s := newFramed(t, second)
		script := loadtest.OneUser + "scenarios: [{flow: [{get: {url: /}}, " + step + "]}]"
		events := loadtest.Run(t, "http://"+s.Addr().String(), script,
			load.Options{Network: network.Options{Protocol: network.H2C}})
		if n := loadtest.Tell(events); n[want] == 0 || n["requests"] != 2 {
			t.Errorf("%s: %v, want %s and 2 requests", name, n, want)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.connections != wantConnections {
			t.Errorf("%s: %d connections, want %d", name, s.connections, wantConnections)
		}
	}
	goAway := func(code http2.ErrCode) func(*http2.Framer, uint32) bool {
		return func(f *http2.Framer, stream uint32) bool { f.WriteGoAway(stream-2, code, nil); return false }
	}
	refuse := func(code http2.ErrCode) func(*http2.Framer, uint32) bool {
		return func(f *http2.Framer, stream uint32) bool { f.WriteRSTStream(stream, code); return false }
	}
	hangUp := func(f *http2.Framer, stream uint32) bool {
		f.WriteGoAway(stream, http2.ErrCodeEnhanceYourCalm, []byte("some text"))
		return true
	}
	const post = "{post: {url: /, body: x}}"
	f("a graceful end", goAway(http2.ErrCodeNo), "{get: {url: /}}", "code 200", 2)
	f("a graceful end before a POST", goAway(http2.ErrCodeNo), post, "code 200", 2)
	f("a refused stream", refuse(http2.ErrCodeRefusedStream), post, "code 200", 1)
	f("a broken stream", refuse(http2.ErrCodeInternal), post, "failed: ERR_HTTP2_STREAM_ERROR", 1)
	f("an angry end before the request was looked at", goAway(http2.ErrCodeEnhanceYourCalm), post, "code 200", 2)
	f("an angry end", hangUp, post, "failed: ERR_HTTP2_SESSION_ERROR", 1)
}
