package network

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"edgescope/load/errname"
)

// A reply is what the scripted server does with one request: it sends text, byte by byte if drip is set, and then goes
// on, ends the connection or resets it, or leaves it open and silent.
type reply struct {
	text string
	then string // "", "close", "reset" or "hang"
	drip bool
	// unread answers before the request's body was read, of which it reads nothing.
	unread bool
}

// A script is what the server does: one list of turns for each connection, the last list for all further ones.
type script [][]reply

// asked is a request of a case.
type asked struct {
	method, header, body string
	timeout              time.Duration
	// late waits until the server has closed the connection of the request before.
	late bool
}

// told is what an engine makes of one request, in the words that both engines must share.
type told struct {
	Status  int
	Header  http.Header
	Body    string
	Wire    int64
	Failure string
	Reused  bool
	Times   string // which of the times are there
}

// outcome is what an engine makes of a case.
type outcome struct {
	Told        []told
	Connections int
	Received    []string // by the server, in order
}

// serverPatience is how long a connection lives at most: a case that waits for the end of one does not wait for ever.
const serverPatience = 15 * time.Second

type scriptedServer struct {
	t        *testing.T
	listener net.Listener
	script   script
	handlers sync.WaitGroup

	mu       sync.Mutex
	conns    []net.Conn
	received []string
	closed   chan struct{} // one for each connection that was closed as the script says
}

func serveScript(t *testing.T, s script, config *tls.Config) *scriptedServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &scriptedServer{t: t, listener: listener, script: s, closed: make(chan struct{}, 100)}
	server.handlers.Go(func() {
		for n := 0; ; n++ {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			server.mu.Lock()
			server.conns = append(server.conns, conn)
			server.mu.Unlock()
			conn.SetDeadline(time.Now().Add(serverPatience))
			played := conn
			if config != nil {
				played = tls.Server(conn, config)
			}
			turns := s[min(n, len(s)-1)]
			server.handlers.Go(func() { server.play(conn, played, turns) })
		}
	})
	return server
}

func (s *scriptedServer) stop() outcome {
	s.listener.Close()
	s.mu.Lock()
	for _, c := range s.conns {
		c.Close()
	}
	s.mu.Unlock()
	s.handlers.Wait()
	return outcome{Connections: len(s.conns), Received: s.received}
}

func (s *scriptedServer) play(raw, conn net.Conn, turns []reply) {
	br := bufio.NewReader(conn)
	for _, turn := range turns {
		if !s.request(br, turn.unread) {
			return
		}
		for i := 0; turn.drip && i < len(turn.text); i++ {
			io.WriteString(conn, turn.text[i:i+1])
		}
		if !turn.drip {
			io.WriteString(conn, turn.text)
		}
		switch turn.then {
		case "close":
			conn.Close()
			s.closed <- struct{}{}
			return
		case "reset":
			raw.(*net.TCPConn).SetLinger(0)
			raw.Close()
			return
		case "hang":
			io.Copy(io.Discard, br)
			return
		}
	}
	conn.Close()
}

// request reads one request and notes it as it came.
func (s *scriptedServer) request(br *bufio.Reader, unread bool) bool {
	var text bytes.Buffer
	req, err := http.ReadRequest(bufio.NewReaderSize(io.TeeReader(&byByte{br}, &text), 16))
	if err != nil {
		return false
	}
	if !unread {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return false
		}
		head, _, _ := strings.Cut(text.String(), "\r\n\r\n")
		s.mu.Lock()
		s.received = append(s.received, strings.ReplaceAll(head, s.listener.Addr().String(), "HOST")+"\n"+string(body))
		s.mu.Unlock()
	}
	return true
}

// byByte keeps a reader in front of it from taking more than it asks for.
type byByte struct{ r io.Reader }

func (b *byByte) Read(p []byte) (int, error) { return b.r.Read(p[:1]) }

func (a *asked) call(t *testing.T, base string) *Call {
	t.Helper()
	target, err := url.Parse(base + "/path?q=1")
	if err != nil {
		t.Fatal(err)
	}
	c := &Call{
		Method: a.method, URL: target, Header: http.Header{"User-Agent": {"test"}}, Keep: true,
		Timeout: a.timeout, Begun: time.Now(),
	}
	if c.Timeout == 0 {
		c.Timeout = 20 * time.Second
	}
	for line := range strings.Lines(a.header) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		c.Header.Add(name, value)
	}
	if a.body != "" {
		c.Body = []byte(a.body)
	}
	return c
}

// play runs the requests of a case through an engine, one after another, over TLS if there is a config for it.
func play(t *testing.T, e Client, c *conformanceCase, config *tls.Config) outcome {
	t.Helper()
	scheme := "http"
	if config != nil {
		scheme = "https"
	}
	server := serveScript(t, c.script, config)
	var all []told
	for i := range c.requests {
		if c.requests[i].late {
			<-server.closed
			time.Sleep(time.Millisecond) // a connection that has just carried an answer is not looked at
		}
		out := c.requests[i].call(t, scheme+"://"+server.listener.Addr().String())
		a, err := e.Do(t.Context(), out)
		one := told{Status: a.Status, Header: a.Header, Body: string(a.Body), Wire: a.Received, Reused: a.Timing.Reused}
		if err != nil {
			one.Failure = errname.Of(err)
		}
		one.Times = times(a)
		if len(out.Body) > 1<<16 { // whether it was written before the answer came is chance
			one.Times = strings.ReplaceAll(one.Times, " waited", "")
		}
		all = append(all, one)
	}
	e.Close()
	got := server.stop()
	got.Told = all
	return got
}

func times(a *Answer) string {
	tm := &a.Timing
	var present []string
	f := func(name string, has bool) {
		if has {
			present = append(present, name)
		}
	}
	f("sent", !tm.Sent.IsZero())
	f("tcp", tm.TCP > 0)
	f("tls", tm.TLS > 0)
	f("ttfb", tm.TTFB > 0)
	f("waited", tm.Waited > 0)
	f("connection", a.Conn != nil)
	return strings.Join(present, " ")
}

// engines are ours and net/http's, over dialers of the same kind.
func engines(t *testing.T) (ours *plain, theirs Client) {
	t.Helper()
	dialer := func() *opener {
		d, err := New(Options{}, &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		return d.opener()
	}
	return newPlain(dialer(), 0), dialer().netHTTP(0)
}

// TestBothEnginesAgree plays raw servers to our own client and to net/http: what a user sees and what a server gets
// must be the same.
func TestBothEnginesAgree(t *testing.T) {
	for _, c := range conformanceCases(t) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			mine, theirs := engines(t)
			want := play(t, theirs, &c, nil)
			got := play(t, mine, &c, nil)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("net/http and ours (-net/http +ours):\n%s", diff)
			}
		})
	}
}

// TestBothEnginesAgreeOverTLS plays a part of the corpus over TLS.
func TestBothEnginesAgreeOverTLS(t *testing.T) {
	config := serverTLS(t)
	f := func(c conformanceCase) {
		t.Helper()
		mine, theirs := engines(t)
		want := play(t, theirs, &c, config)
		got := play(t, mine, &c, config)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: net/http and ours (-net/http +ours):\n%s", c.name, diff)
		}
	}
	f(answered("length", ok))
	f(answered("chunks", chunk+"2\r\nok\r\n0\r\n\r\n"))
	f(answered("connection close", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"))
	f(ended("body until the end", "HTTP/1.1 200 OK\r\n\r\nall of it", "close"))
	f(ended("body shorter than its length", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok", "close"))
	f(ended("reset without an answer", "", "reset"))
	f(conformanceCase{"closed without a word", lateGets, script{{{text: ok, then: "close"}}}})
	f(conformanceCase{"no headers in time", []asked{{method: "GET", timeout: time.Second}}, script{{{then: "hang"}}}})
	f(conformanceCase{
		"a large body",
		[]asked{{method: "POST", body: strings.Repeat("x", 100_000)}, {method: "GET"}},
		script{{{text: ok}, {text: ok}}},
	})
}

// TestARequestThatAsksToCloseIsTheLast: net/http goes on using the connection when the server does not say close as
// well, against RFC 9112, section 9.6.
func TestARequestThatAsksToCloseIsTheLast(t *testing.T) {
	mine, _ := engines(t)
	got := play(t, mine, &conformanceCase{
		requests: []asked{{method: "GET", header: "Connection: close"}, {method: "GET"}},
		script:   script{{{text: ok}, {text: ok}}},
	}, nil)
	if got.Connections != 2 {
		t.Errorf("%d connections, want 2", got.Connections)
	}
}

// TestTheEndOfARunEndsWhatIsUnderWay: an interrupted request tells the reason, whatever it waits for.
func TestTheEndOfARunEndsWhatIsUnderWay(t *testing.T) {
	reason := errors.New("enough")
	f := func(name, text string) {
		t.Helper()
		for _, e := range func() []Client { a, b := engines(t); return []Client{a, b} }() {
			server := serveScript(t, script{{{text: text, then: "hang"}}}, nil)
			ctx, cancel := context.WithCancelCause(t.Context())
			var waiting sync.WaitGroup
			waiting.Go(func() {
				for {
					server.mu.Lock()
					n := len(server.received)
					server.mu.Unlock()
					if n > 0 {
						cancel(reason)
						return
					}
				}
			})
			call := get(1)[0].call(t, "http://"+server.listener.Addr().String())
			if _, err := e.Do(ctx, call); !errors.Is(err, reason) {
				t.Errorf("%s, %T: error %v, want %v", name, e, err, reason)
			}
			waiting.Wait()
			e.Close()
			server.stop()
		}
	}
	f("no answer", "")
	f("half a header", "HTTP/1.1 200 OK\r\nX-A")
	f("half a body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok")
	f("half a chunked body", chunk+"5\r\nok")
}
