package http2_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	wire "golang.org/x/net/http2"

	"edgescope/load/http2"
)

// TestRealServers: many requests of all sizes at a time, over few connections, to a server of net/http. What it counts
// is what was sent, and what comes back is what went.
func TestRealServers(t *testing.T) {
	var counted atomic.Int64
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		counted.Add(1)
		if r.URL.Path == "/hints" {
			w.WriteHeader(http.StatusEarlyHints)
		}
		w.Header().Set("Trailer", "X-Sum")
		n, err := io.Copy(w, r.Body)
		w.Header().Set("X-Sum", fmt.Sprint(n, err))
	})
	f := func(name string, config *http.HTTP2Config) {
		t.Helper()
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		var protocols http.Protocols
		protocols.SetUnencryptedHTTP2(true)
		s := &http.Server{Handler: echo, Protocols: &protocols, HTTP2: config, ReadHeaderTimeout: time.Minute}
		var serving sync.WaitGroup
		serving.Go(func() { s.Serve(l) })
		defer serving.Wait()
		defer s.Close()
		counted.Store(0)
		client := http2.New(&http2.Options{
			MaxConns: 3, MaxHeader: maxHeader,
			Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
				var d net.Dialer
				return d.DialContext(ctx, "tcp", l.Addr().String())
			},
		})
		defer client.Close()
		const users, each = 30, 10
		var running sync.WaitGroup
		for u := range users {
			running.Go(func() {
				var x http2.Exchange
				for i := range each {
					body := strings.Repeat(fmt.Sprintf("%04d", u), []int{0, 1, 250, 8000, 50_000}[(u+i)%5])
					path := []string{"/", "/hints"}[i%2]
					a, err := do(t.Context(), client, request(t, "POST", path, body, nil), &x)
					if err != nil || a.Body != body || a.Status != 200 || a.Trailer.Get("X-Sum") != fmt.Sprint(len(body), nil) {
						t.Errorf("%s: %d bytes of %d, %v %v", name, len(a.Body), len(body), a.Trailer, err)
						return
					}
				}
			})
		}
		running.Wait()
		if n := counted.Load(); n != users*each {
			t.Errorf("%s has counted %d requests, want %d", name, n, users*each)
		}
	}
	f("net/http", &http.HTTP2Config{})
	f("net/http with few streams", &http.HTTP2Config{MaxConcurrentStreams: 7, MaxReceiveBufferPerStream: 70_000})
}

// answerPlain sends a status and a body for each request, without an allocation.
func answerPlain(c net.Conn) {
	defer c.Close()
	if _, err := io.ReadFull(c, make([]byte, len(wire.ClientPreface))); err != nil {
		return
	}
	answer := append(raw(wire.FrameHeaders, wire.FlagHeadersEndHeaders, 0, []byte{0x88, 0, 3, 'x', '-', 'a', 1, 'b'}),
		raw(wire.FrameData, wire.FlagDataEndStream, 0, make([]byte, 200))...)
	c.Write(raw(wire.FrameSettings, 0, 0, nil))
	frame := make([]byte, 1<<14)
	for {
		if _, err := io.ReadFull(c, frame[:9]); err != nil {
			return
		}
		n := int(frame[0])<<16 | int(frame[1])<<8 | int(frame[2])
		kind, id := wire.FrameType(frame[3]), binary.BigEndian.Uint32(frame[5:])
		if _, err := io.ReadFull(c, frame[:n]); err != nil {
			return
		}
		if kind == wire.FrameHeaders {
			binary.BigEndian.PutUint32(answer[5:], id)
			binary.BigEndian.PutUint32(answer[9+8+5:], id)
			if _, err := c.Write(answer); err != nil {
				return
			}
		}
	}
}

// TestAPlainRequestAllocatesNothing.
func TestAPlainRequestAllocatesNothing(t *testing.T) {
	var serving sync.WaitGroup
	client := http2.New(&http2.Options{MaxConns: 1, MaxHeader: maxHeader, Dial: func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		serving.Go(func() { answerPlain(far) })
		return near, nil
	}})
	defer serving.Wait()
	defer client.Close()
	u := &url.URL{Scheme: "http", Host: "target.test", Path: "/"}
	r, err := http2.NewRequest(&http.Request{Method: "GET", URL: u, Header: http.Header{"User-Agent": {"test"}}}, nil, true)
	if err != nil {
		t.Fatal(err)
	}
	var x http2.Exchange
	send := func() {
		x.Begun, x.Timeout = time.Now(), time.Minute
		if err := client.Do(t.Context(), r, &x); err != nil || x.Head.Status != 200 || x.Received != 200 {
			t.Fatal(err, x.Received)
		}
		x.Done()
	}
	send()
	if allocs := testing.AllocsPerRun(1000, send); allocs != 0 {
		t.Errorf("%.2f allocations, want none", allocs)
	}
}

// FuzzServer: whatever a server says, requests and connections come to their end.
func FuzzServer(f *testing.F) {
	f.Add(answerBytes())
	settings := raw(wire.FrameSettings, 0, 0, nil)
	for _, b := range [][]byte{
		raw(wire.FrameHeaders, wire.FlagHeadersEndHeaders|wire.FlagHeadersEndStream, 1, []byte{0x88}),
		raw(wire.FrameGoAway, 0, 0, make([]byte, 8)),
		raw(wire.FrameRSTStream, 0, 1, []byte{0, 0, 0, 7}),
		raw(wire.FrameWindowUpdate, 0, 1, []byte{0x7f, 0, 0, 0}),
		raw(wire.FrameSettings, 0, 0, []byte{0, 4, 0, 0, 0, 0}),
		raw(wire.FrameSettings, 0, 0, []byte{0, 3, 0, 0, 0, 0}),
		raw(wire.FramePing, wire.FlagPingAck, 0, make([]byte, 8)),
		raw(wire.FrameContinuation, 4, 1, []byte{0x88}),
	} {
		f.Add(append(bytes.Clone(settings), b...))
	}
	f.Fuzz(func(t *testing.T, said []byte) {
		synctest.Test(t, func(t *testing.T) {
			h := &host{serve: func(p *peer) {
				p.Write(said)
				if len(said)%2 == 0 {
					p.drain()
				}
			}}
			client := h.client(t, 2)
			var running sync.WaitGroup
			for i, body := range []string{"", strings.Repeat("x", 100_000), ""} {
				running.Go(func() {
					x := http2.Exchange{Timeout: time.Second, Keep: i < 2}
					_, err := do(t.Context(), client, request(t, "POST", "/", body, nil), &x)
					if x.End > time.Minute || err != nil && x.Head == nil && x.Received > 0 {
						t.Errorf("%v after %v", err, x.End)
					}
				})
			}
			running.Wait()
		})
	})
}

// BenchmarkRequest tells what a request costs the client, and a server in memory that does next to nothing, of a hundred
// users on one connection.
func BenchmarkRequest(b *testing.B) {
	var serving sync.WaitGroup
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	serving.Go(func() {
		if c, err := l.Accept(); err == nil {
			answerPlain(c)
		}
	})
	client := http2.New(&http2.Options{MaxConns: 1, MaxHeader: maxHeader, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", l.Addr().String())
	}})
	defer serving.Wait()
	defer l.Close()
	defer client.Close()
	u := &url.URL{Scheme: "http", Host: "target.test", Path: "/"}
	r, err := http2.NewRequest(&http.Request{Method: "GET", URL: u, Header: http.Header{"User-Agent": {"test"}}}, nil, true)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetParallelism(100)
	b.RunParallel(func(pb *testing.PB) {
		var x http2.Exchange
		for pb.Next() {
			x.Begun, x.Timeout = time.Now(), time.Minute
			if err := client.Do(b.Context(), r, &x); err != nil {
				b.Error(err)
				return
			}
			x.Done()
		}
	})
}
