package network

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"edgescope/load/errname"
)

// patience is the timeout of the requests here. The clock is a fake one.
const patience = 8 * time.Second

// stalled is a target over pipes. speak says what it does with a connection, which is closed at the end of the test.
type stalled struct {
	options Options
	speak   func(conn net.Conn)
	scheme  string
	body    string // of the request
}

// ask sends one request and returns its error's name, "" for none, and how long it took.
func (s *stalled) ask(t *testing.T) (name string, took time.Duration) {
	t.Helper()
	var theirs []net.Conn
	done := make(chan struct{}, 100)
	s.options.Dial = func(context.Context, string, string) (net.Conn, error) {
		mine, other := net.Pipe()
		theirs = append(theirs, other)
		go func() { s.speak(other); done <- struct{}{} }()
		return mine, nil
	}
	d, err := New(s.options, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	client := d.Client(0)
	call := &Call{
		Method: http.MethodGet, URL: &url.URL{Scheme: s.scheme, Host: "target.test", Path: "/"}, Header: http.Header{},
		Timeout: patience, Begun: time.Now(), Keep: true,
	}
	if s.body != "" {
		call.Method, call.Body = http.MethodPost, []byte(s.body)
	}
	_, err = client.Do(t.Context(), call)
	took = time.Since(call.Begun)
	client.Close()
	for _, conn := range theirs {
		conn.Close()
	}
	for range theirs {
		<-done
	}
	if err != nil {
		name = errname.Of(err)
	}
	return name, took
}

// bubble runs a test on a fake clock. The memory of exchanges holds channels, which stay inside or outside.
func bubble(t *testing.T, f func(*testing.T)) {
	t.Helper()
	exchanges = sync.Pool{New: exchanges.New}
	synctest.Test(t, f)
	exchanges = sync.Pool{New: exchanges.New}
}

// silent sends the beginning of an answer, and nothing more.
func silent(answer []byte) func(net.Conn) {
	return func(conn net.Conn) {
		r := bufio.NewReader(conn)
		if _, err := http.ReadRequest(r); err != nil {
			return
		}
		conn.Write(answer)
		io.Copy(io.Discard, r)
	}
}

// silentBytes is silent without having looked at what it was asked.
func silentBytes(answer []byte) func(net.Conn) {
	return func(conn net.Conn) {
		read := make(chan struct{})
		go func() { io.Copy(io.Discard, conn); close(read) }()
		conn.Write(answer)
		<-read
	}
}

// silentFrames is silent in HTTP/2.
func silentFrames(answer []byte) func(net.Conn) {
	return func(conn net.Conn) {
		asked, read := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(read)
			io.ReadFull(conn, make([]byte, len(http2.ClientPreface)))
			for f := http2.NewFramer(io.Discard, conn); ; {
				frame, err := f.ReadFrame()
				if err != nil {
					return
				}
				if frame.Header().Type == http2.FrameHeaders {
					close(asked)
				}
			}
		}()
		<-asked
		conn.Write(answer)
		<-read
	}
}

// TestNothingHangs: a target that stops at any byte of its answer costs a request its timeout, and at most a quarter of
// it more.
func TestNothingHangs(t *testing.T) {
	via := func(scheme string) Options {
		return Options{Proxy: func(*url.URL) (*url.URL, error) { return url.Parse(scheme + "://proxy.test:1") }}
	}
	f := func(name string, s stalled, speak func([]byte) func(net.Conn), answer []byte, complete int) {
		t.Helper()
		for n := 0; n <= len(answer); n++ {
			bubble(t, func(t *testing.T) {
				s.speak = speak(answer[:n])
				got, took := s.ask(t)
				switch {
				case n >= complete:
					if got != "" || took != 0 {
						t.Errorf("%s: a whole answer is %q after %v", name, got, took)
					}
				case got != "ETIMEDOUT" || took < patience || took > patience*5/4:
					t.Errorf("%s: it stops after %d of %d bytes, %q: %s after %v, want ETIMEDOUT after %v", name, n,
						len(answer), answer[max(n-20, 0):n], got, took, patience)
				}
			})
		}
	}
	plain := []byte("HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 5\r\n\r\nhello")
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	io.WriteString(z, strings.Repeat("hello ", 10))
	z.Close()
	coded := fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s", zipped.Len(),
		zipped.Bytes())
	chunks := []byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nX-T: u\r\n\r\n")
	codedChunks := fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"+
		"%x\r\n%s\r\n0\r\n\r\n", zipped.Len(), zipped.Bytes())
	provisional := append([]byte("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"), plain...)
	endless := []byte("HTTP/1.1 200 OK\r\n\r\nuntil the end")
	for name, way := range map[string]stalled{
		"straight": {scheme: "http"}, "a proxy": {scheme: "http", options: via("http")},
	} {
		f(name+", plain", way, silent, plain, len(plain))
		f(name+", gzip", way, silent, coded, len(coded))
		f(name+", chunks and trailers", way, silent, chunks, len(chunks))
		f(name+", gzip in chunks", way, silent, codedChunks, len(codedChunks))
		f(name+", provisional answers", way, silent, provisional, len(provisional))
		f(name+", until the end", way, silent, endless, len(endless)+1)
	}
	connect := []byte("HTTP/1.1 200 OK\r\nVia: proxy\r\n\r\n") // and then TLS, which nobody speaks
	f("CONNECT", stalled{scheme: "https", options: via("http")}, silent, connect, len(connect)+1)
	socks := []byte("\x05\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00") // RFC 1928, sections 3 and 6
	f("SOCKS", stalled{scheme: "http", options: via("socks5")}, silentBytes, socks, len(socks)+1)
	frames := http2Answer(t)
	f("HTTP/2", stalled{scheme: "http", options: Options{Protocol: H2C}}, silentFrames, frames, len(frames))
}

// http2Answer is a whole answer of HTTP/2: settings, a provisional head, a head, a body of two pieces and trailers.
func http2Answer(t *testing.T) []byte {
	t.Helper()
	var out, block bytes.Buffer
	f := http2.NewFramer(&out, nil)
	encoder := hpack.NewEncoder(&block)
	head := func(end bool, fields ...hpack.HeaderField) {
		block.Reset()
		for _, field := range fields {
			encoder.WriteField(field)
		}
		f.WriteHeaders(http2.HeadersFrameParam{
			StreamID: 1, BlockFragment: bytes.Clone(block.Bytes()), EndHeaders: true, EndStream: end,
		})
	}
	f.WriteSettings()
	head(false, hpack.HeaderField{Name: ":status", Value: "103"})
	head(false, hpack.HeaderField{Name: ":status", Value: "200"}, hpack.HeaderField{Name: "x-a", Value: "b"})
	f.WriteData(1, false, []byte("hello "))
	f.WriteData(1, false, []byte("world"))
	head(true, hpack.HeaderField{Name: "x-t", Value: "u"})
	return out.Bytes()
}

// cutConn lets so many bytes through and says nothing more.
type cutConn struct {
	net.Conn
	left int
}

func (c *cutConn) Write(p []byte) (int, error) {
	n := min(len(p), c.left)
	c.left -= n
	if n > 0 {
		if _, err := c.Conn.Write(p[:n]); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// TestNoHandshakeHangs: a server that stops anywhere in its handshake or its answer over TLS.
func TestNoHandshakeHangs(t *testing.T) {
	config := serverTLS(t)
	answer := "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
	for n, ended := 0, false; !ended && n < 5000; n += 13 {
		synctest.Test(t, func(t *testing.T) {
			s := stalled{scheme: "https"}
			s.speak = func(conn net.Conn) {
				secure := tls.Server(&cutConn{conn, n}, config)
				if _, err := http.ReadRequest(bufio.NewReader(secure)); err == nil {
					io.WriteString(secure, answer)
				}
				io.Copy(io.Discard, conn)
			}
			name, took := s.ask(t)
			if ended = name == ""; !ended && (name != "ETIMEDOUT" || took < patience || took > patience*5/4) {
				t.Errorf("it stops after %d bytes: %s after %v, want ETIMEDOUT after %v", n, name, took, patience)
			}
		})
	}
}

// TestEveryPhaseHasABound: what stalls before there is an answer.
func TestEveryPhaseHasABound(t *testing.T) {
	f := func(name string, s stalled) {
		t.Helper()
		bubble(t, func(t *testing.T) {
			if got, took := s.ask(t); got != "ETIMEDOUT" || took < patience || took > patience*5/4 {
				t.Errorf("%s: %s after %v, want ETIMEDOUT after %v", name, got, took, patience)
			}
		})
	}
	deaf := func(conn net.Conn) { time.Sleep(10 * patience) }
	drip := func(text string) func(net.Conn) {
		return func(conn net.Conn) {
			silent([]byte(text))(&dripConn{Conn: conn})
		}
	}
	f("a request that nobody reads", stalled{scheme: "http", speak: deaf})
	f("a large request that nobody reads", stalled{scheme: "http", speak: deaf, body: strings.Repeat("x", 100_000)})
	f("a large request that a proxy does not read", stalled{
		scheme: "http", speak: deaf, body: strings.Repeat("x", 100_000),
		options: Options{Proxy: func(*url.URL) (*url.URL, error) { return url.Parse("http://proxy.test:1") }},
	})
	f("a large request of HTTP/2 that nobody reads", stalled{
		scheme: "http", speak: deaf, body: strings.Repeat("x", 100_000), options: Options{Protocol: H2C},
	})
	f("a large request that is read and not answered", stalled{
		scheme: "http", speak: func(conn net.Conn) { io.Copy(io.Discard, conn) }, body: strings.Repeat("x", 100_000),
	})
	f("a header that drips", stalled{scheme: "http", speak: drip("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 100))})
	f("provisional answers for ever", stalled{
		scheme: "http", speak: drip(strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 10)),
	})
}

// dripConn writes a byte a second.
type dripConn struct{ net.Conn }

func (c *dripConn) Write(p []byte) (int, error) {
	for i := range p {
		time.Sleep(time.Second)
		if _, err := c.Conn.Write(p[i : i+1]); err != nil {
			return i, err
		}
	}
	return len(p), nil
}

// TestADialIsBounded by the timeout of the request: DNS and TCP.
func TestADialIsBounded(t *testing.T) {
	for _, protocol := range []Protocol{HTTP1, H2C} {
		bubble(t, func(t *testing.T) {
			d, err := New(Options{Protocol: protocol, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}}, nil)
			if err != nil {
				t.Fatal(err)
			}
			client := d.Client(0)
			defer client.Close()
			call := &Call{
				Method: http.MethodGet, URL: &url.URL{Scheme: "http", Host: "a.test", Path: "/"}, Timeout: patience,
				Begun: time.Now(),
			}
			_, err = client.Do(t.Context(), call)
			if took := time.Since(call.Begun); err == nil || errname.Of(err) != "ETIMEDOUT" || took != patience {
				t.Errorf("%s: %v after %v, want ETIMEDOUT after %v", protocol, err, took, patience)
			}
		})
	}
}

// TestWhoseFaultItIs: a proxy that cannot be reached, refuses or says nothing is named, with its port.
func TestWhoseFaultItIs(t *testing.T) {
	f := func(name, proxy, scheme string, dial func(context.Context) (net.Conn, error), want, wantProxy string) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			d, err := New(Options{
				Proxy: func(*url.URL) (*url.URL, error) { return url.Parse(proxy) },
				Dial:  func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
			}, nil)
			if err != nil {
				t.Fatal(err)
			}
			client := d.Client(0)
			target := &url.URL{Scheme: scheme, Host: "target.test", Path: "/"}
			_, err = client.Do(t.Context(), &Call{
				Method: http.MethodGet, URL: target,
				Timeout: patience, Begun: time.Now(), Header: http.Header{},
			})
			client.Close()
			from, wantFrom := From(err, target), "the proxy "+wantProxy
			if wantProxy == "" {
				wantFrom = scheme + "://target.test behind the proxy proxy.test:1"
			}
			if err == nil || errname.Of(err) != want || from != wantFrom {
				t.Errorf("%s: %v is %s of %q, want %s of %q", name, err, errname.Of(err), from, want, wantFrom)
			}
		})
	}
	refused := func(context.Context) (net.Conn, error) { return nil, syscall.ECONNREFUSED }
	silence := func(ctx context.Context) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() }
	says := func(text string) func(context.Context) (net.Conn, error) {
		return func(context.Context) (net.Conn, error) {
			mine, theirs := net.Pipe()
			go func() {
				defer theirs.Close()
				for piece := range strings.SplitSeq(text, "|") {
					theirs.Read(make([]byte, 1000))
					io.WriteString(theirs, piece)
				}
			}()
			return mine, nil
		}
	}
	for _, scheme := range []string{"http", "https"} {
		f("http refused", "http://proxy.test:3128", scheme, refused, "ECONNREFUSED", "proxy.test:3128")
		f("http without port", "http://proxy.test", scheme, refused, "ECONNREFUSED", "proxy.test:80")
		f("http silent", "http://proxy.test:3128", scheme, silence, "ETIMEDOUT", "proxy.test:3128")
		f("socks refused", "socks5://proxy.test:1", scheme, refused, "ECONNREFUSED", "proxy.test:1")
		f("socks silent", "socks5://proxy.test:1", scheme, silence, "ETIMEDOUT", "proxy.test:1")
		f("no socks", "socks5://proxy.test:1", scheme, says("HTTP/1.1 400 Bad Request\r\n\r\n"),
			"proxy refused: it does not speak SOCKS5", "proxy.test:1")
		f("socks closes", "socks5://proxy.test:1", scheme, says(""), "ECONNRESET", "proxy.test:1")
		f("socks wants a password", "socks5://proxy.test:1", scheme, says("\x05\xff"),
			"proxy refused: authentication failed", "proxy.test:1")
		const address = "\x00\x01\x00\x00\x00\x00\x00\x00"
		f("socks does not reach it", "socks5://proxy.test:1", scheme, says("\x05\x00|\x05\x04"+address),
			"proxy refused: host unreachable", "proxy.test:1")
		f("socks says something else", "socks5://proxy.test:1", scheme, says("\x05\x00|\x05\x77"+address),
			"proxy refused: unknown code", "proxy.test:1")
	}
	f("a proxy that forwards", "http://proxy.test:1", "http", says("HTTP/1.1 20"), "ECONNRESET", "")
	f("a proxy that forwards nothing", "http://proxy.test:1", "http", says("|"), "ETIMEDOUT", "")
	f("CONNECT 407", "http://proxy.test:1", "https", says("HTTP/1.1 407 x\r\nContent-Length: 0\r\n\r\n"),
		"proxy answered CONNECT with 407", "proxy.test:1")
	f("CONNECT 502", "http://proxy.test:1", "https", says("HTTP/1.1 502 x\r\nContent-Length: 0\r\n\r\n"),
		"proxy answered CONNECT with 502", "proxy.test:1")
	f("CONNECT garbage", "http://proxy.test:1", "https", says("SSH-2.0-x\r\n"), "HPE_INVALID_CONSTANT", "proxy.test:1")
	f("CONNECT closes", "http://proxy.test:1", "https", says(""), "ECONNRESET", "proxy.test:1")
	f("CONNECT breaks off", "http://proxy.test:1", "https", says("HTTP/1.1 20"), "ECONNRESET", "proxy.test:1")
	f("the target behind it", "http://proxy.test:1", "https", says("HTTP/1.1 200 OK\r\n\r\n|hello, this is no TLS"),
		"EPROTO", "")
}
