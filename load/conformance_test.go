package load

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"edgescope/scenarios"
)

// A reply is what the scripted server does with one request: it sends text, byte by byte if drip is set, and then goes on,
// ends the connection or resets it, or leaves it open and silent.
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
const serverPatience = 3 * time.Second

type scriptedServer struct {
	t        *testing.T
	listener net.Listener
	script   script
	handlers sync.WaitGroup

	mu       sync.Mutex
	conns    []net.Conn
	received []string
}

func serveScript(t *testing.T, s script, config *tls.Config) *scriptedServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &scriptedServer{t: t, listener: listener, script: s}
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

func (a *asked) call(t *testing.T, base string) *call {
	t.Helper()
	target, err := url.Parse(base + "/path?q=1")
	if err != nil {
		t.Fatal(err)
	}
	c := &call{method: a.method, url: target.String(), ours: ours{target: target}, header: http.Header{"User-Agent": {"test"}}, keep: true, timeout: a.timeout, begun: time.Now()}
	if c.timeout == 0 {
		c.timeout = 20 * time.Second
	}
	for line := range strings.Lines(a.header) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		c.header.Add(name, value)
	}
	if a.body != "" {
		c.body = []byte(a.body)
	}
	return c
}

// play runs the requests of a case through an engine, one after another.
func play(t *testing.T, e engine, scheme string, s script, config *tls.Config, requests []asked) outcome {
	t.Helper()
	server := serveScript(t, s, config)
	var all []told
	for i := range requests {
		c := requests[i].call(t, scheme+"://"+server.listener.Addr().String())
		a, err := e.do(t.Context(), c)
		one := told{Status: a.status, Header: a.header, Body: string(a.body), Wire: a.wire, Reused: a.timing.Reused}
		if err != nil {
			one.Failure = ErrorName(err)
		}
		one.Times = times(a)
		if len(c.body) > 1<<16 { // whether it was written before the answer came is chance
			one.Times = strings.ReplaceAll(one.Times, " waited", "")
		}
		all = append(all, one)
	}
	e.close()
	got := server.stop()
	got.Told = all
	return got
}

func times(a *answer) string {
	tm := &a.timing
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
	f("connection", a.conn != nil)
	return strings.Join(present, " ")
}

// engines are ours and net/http's, over dialers of the same kind.
func engines(t *testing.T) (ours *plain, theirs engine) {
	t.Helper()
	dialer := func() *opener {
		d, err := newDialer(&scenarios.Plan{TLS: scenarios.TLS{Insecure: true}}, Network{})
		if err != nil {
			t.Fatal(err)
		}
		return d.opener()
	}
	transport := dialer().transport(0)
	own := dialer()
	return newPlain(own, own.link, 0), &netHTTP{rt: transport, idle: transport.CloseIdleConnections}
}

const (
	ok    = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
	chunk = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
)

type conformanceCase struct {
	name     string
	requests []asked
	script   script
}

func get(n int) []asked {
	requests := make([]asked, n)
	for i := range requests {
		requests[i].method = "GET"
	}
	return requests
}

// answered is a case of two GETs to a server that answers both with text on one connection, and on further ones.
func answered(name, text string) conformanceCase {
	return conformanceCase{name, get(2), script{{{text: text}, {text: text, then: "hang"}}}}
}

func ended(name, text, then string) conformanceCase {
	return conformanceCase{name, get(1), script{{{text: text, then: then}}}}
}

func conformanceCases(t *testing.T) []conformanceCase {
	t.Helper()
	var all []conformanceCase
	add := func(c ...conformanceCase) { all = append(all, c...) }

	add(
		answered("length", ok),
		answered("no body", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
		answered("no reason phrase", "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok"),
		answered("odd status", "HTTP/1.1 799 What\r\nContent-Length: 2\r\n\r\nok"),
		answered("204", "HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n"),
		answered("204 with length", "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n"),
		answered("304 with length", "HTTP/1.1 304 Not Modified\r\nContent-Length: 200\r\nETag: \"x\"\r\n\r\n"),
		answered("100 first", "HTTP/1.1 100 Continue\r\n\r\n"+ok),
		answered("103 twice", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n"+ok),
		answered("102 to 204", "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"),
		answered("keep-alive of 1.0", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok"),
		answered("1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"),
		answered("keep-alive limits", "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5, max=1\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok"),
		answered("connection close", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"),
		answered("connection close in a list", "HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 2\r\n\r\nok"),
		answered("bytes after the answer", ok+"x"),
		answered("two answers", ok+ok),
		answered("lines end in LF", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok"),
		answered("spaces in values", "HTTP/1.1 200 OK\r\nContent-Length:  2 \r\nX-A: \t b\t \r\n\r\nok"),
		answered("folded", "HTTP/1.1 200 OK\r\nX-A: a\r\n b\r\n\tc\r\nContent-Length: 2\r\n\r\nok"),
		answered("header twice", "HTTP/1.1 200 OK\r\nX-A: a\r\nx-a: b\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 2\r\n\r\nok"),
		answered("empty value", "HTTP/1.1 200 OK\r\nX-A:\r\nContent-Length: 2\r\n\r\nok"),
		answered("bytes above ASCII in a value", "HTTP/1.1 200 OK\r\nX-A: \xff\xc3\xa9\r\nContent-Length: 2\r\n\r\nok"),
		answered("500 headers", "HTTP/1.1 200 OK\r\n"+strings.Repeat("X-Many: value\r\n", 500)+"Content-Length: 2\r\n\r\nok"),
		answered("a header of 100 KB", "HTTP/1.1 200 OK\r\nX-Long: "+strings.Repeat("x", 100_000)+"\r\nContent-Length: 2\r\n\r\nok"),
		answered("a body of 1 MB", "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"+strings.Repeat("x", 1_000_000)),
		answered("same length twice", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok"),
		answered("length 2, 2", "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok"),
		answered("two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok"),
		answered("length and chunks", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
		answered("negative length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nok"),
		answered("length with a sign", "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok"),
		answered("length of a word", "HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok"),
		answered("endless length", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nok"),
	)
	add(
		answered("chunks", chunk+"1\r\no\r\n1\r\nk\r\n0\r\n\r\n"),
		answered("chunk extensions", chunk+"2;a=b;c=\"d\"\r\nok\r\n0;e\r\n\r\n"),
		answered("trailers", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n2\r\nok\r\n0\r\nX-T: v\r\n\r\n"),
		answered("trailers not announced", chunk+"2\r\nok\r\n0\r\nX-T: v\r\n\r\n"),
		answered("chunk sizes with zeros and capitals", chunk+"00A\r\n0123456789\r\n0\r\n\r\n"),
		answered("no chunk at all", chunk+"0\r\n\r\n"),
		answered("bytes after the chunks", chunk+"2\r\nok\r\n0\r\n\r\nx"),
		answered("chunk size of a word", chunk+"zz\r\nok\r\n0\r\n\r\n"),
		answered("chunk longer than it says", chunk+"1\r\nok\r\n0\r\n\r\n"),
		answered("endless chunk size", chunk+"fffffffffffffffff\r\nok\r\n0\r\n\r\n"),
		answered("chunk size in a line of its own", chunk+"\r\n2\r\nok\r\n0\r\n\r\n"),
		answered("gzip as transfer encoding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nok"),
		answered("two transfer encodings", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
		ended("chunks of 1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "close"),
		ended("chunks break off", chunk+"5\r\nok", "close"),
		ended("no last chunk", chunk+"2\r\nok\r\n", "close"),
		ended("trailers break off", chunk+"2\r\nok\r\n0\r\nX-T: v", "close"),
		ended("body until the end", "HTTP/1.1 200 OK\r\n\r\nall of it", "close"),
		ended("body of 1.0 until the end", "HTTP/1.0 200 OK\r\n\r\nall of it", "close"),
		ended("body until a reset", "HTTP/1.1 200 OK\r\n\r\nall of it", "reset"),
		ended("body shorter than its length", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok", "close"),
		ended("body cut by a reset", "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nok", "reset"),
		ended("end in the status line", "HTTP/1.1 2", "close"),
		ended("end after the status line", "HTTP/1.1 200 OK\r\n", "close"),
		ended("end in the header", "HTTP/1.1 200 OK\r\nContent-Len", "close"),
		ended("end without an answer", "", "close"),
		ended("reset without an answer", "", "reset"),
		ended("end after 100", "HTTP/1.1 100 Continue\r\n\r\n", "close"),
		ended("no HTTP", "SSH-2.0-OpenSSH_9.6\r\n", "close"),
		ended("HTTP/2", "HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok", "close"),
		ended("HTTP/1.2", "HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\nok", "close"),
		ended("HTTP/9.9", "HTTP/9.9 200 OK\r\nContent-Length: 2\r\n\r\nok", "close"),
		ended("HTTP in small letters", "http/1.1 200 OK\r\n\r\n", "close"),
		ended("no status", "HTTP/1.1\r\n\r\n", "close"),
		ended("status of a word", "HTTP/1.1 abc OK\r\n\r\n", "close"),
		ended("status of two digits", "HTTP/1.1 20 OK\r\n\r\n", "close"),
		ended("status of four digits", "HTTP/1.1 2000 OK\r\n\r\n", "close"),
		ended("status with a sign", "HTTP/1.1 +20 OK\r\n\r\n", "close"),
		ended("status 000", "HTTP/1.1 000 None\r\nContent-Length: 0\r\n\r\n", "close"),
		ended("an empty line first", "\r\nHTTP/1.1 200 OK\r\n\r\n", "close"),
		ended("header without a colon", "HTTP/1.1 200 OK\r\nnothing\r\n\r\n", "close"),
		ended("header without a name", "HTTP/1.1 200 OK\r\n: x\r\n\r\n", "close"),
		ended("space before the colon", "HTTP/1.1 200 OK\r\nX-A : x\r\n\r\n", "close"),
		ended("space in a name", "HTTP/1.1 200 OK\r\nX A: x\r\n\r\n", "close"),
		ended("first header folded", "HTTP/1.1 200 OK\r\n X-A: x\r\n\r\n", "close"),
		ended("NUL in a value", "HTTP/1.1 200 OK\r\nX-A: a\x00b\r\nContent-Length: 0\r\n\r\n", "close"),
		ended("CR in a value", "HTTP/1.1 200 OK\r\nX-A: a\rb\r\nContent-Length: 0\r\n\r\n", "close"),
		ended("a name above ASCII", "HTTP/1.1 200 OK\r\nX-\xc3\xa9: a\r\nContent-Length: 0\r\n\r\n", "close"),
		ended("header of more than 1 MB", "HTTP/1.1 200 OK\r\nX-Long: "+strings.Repeat("x", 1<<20)+"\r\n\r\n", "hang"),
		ended("101 that nobody asked for", "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nraw", "close"),
		ended("101 without a protocol", "HTTP/1.1 101 Switching Protocols\r\n\r\nraw", "close"),
	)
	for _, coding := range []string{"gzip", "deflate", "raw deflate", "br", "zstd"} {
		body := coded(t, coding, strings.Repeat("edge ", 500))
		header := strings.TrimPrefix(coding, "raw ")
		add(
			answered(coding, fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n%s", header, len(body), body)),
			answered(coding+" in chunks", fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", header, len(body), body)),
			ended(coding+" breaks off", fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n%s", header, len(body), body[:len(body)/2]), "close"),
		)
	}
	add(
		ended("no gzip at all", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok", "close"),
		ended("too many codings", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip, gzip, gzip, gzip\r\nContent-Length: 2\r\n\r\nok", "close"),
	)
	head := []asked{{method: "HEAD"}, {method: "GET"}}
	add(
		conformanceCase{"HEAD and GET", head, script{{{text: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"}, {text: ok, then: "hang"}}}},
		conformanceCase{"HEAD of chunks", head, script{{{text: chunk}, {text: ok, then: "hang"}}}},
		conformanceCase{"HEAD with a body", head, script{{{text: ok}, {text: ok, then: "hang"}}, {{text: ok, then: "hang"}}}},
		conformanceCase{"HEAD of gzip", head, script{{{text: "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 20\r\n\r\n"}, {text: ok, then: "hang"}}}},
		conformanceCase{"the server closes without a word", get(3), script{{{text: ok, then: "close"}}}},
		conformanceCase{"the server closes a reused connection", get(2), script{{{text: ok}, {then: "close"}}, {{text: ok, then: "hang"}}}},
		conformanceCase{"the server resets a reused connection", get(2), script{{{text: ok}, {then: "reset"}}, {{text: ok, then: "hang"}}}},
		conformanceCase{"and the next one", get(2), script{{{text: ok}, {then: "close"}}, {{then: "close"}}}},
		conformanceCase{"a reused connection ends in the status line", get(2), script{{{text: ok}, {text: "HTT", then: "close"}}, {{text: ok}}}},
		conformanceCase{"a POST is not sent again", []asked{{method: "POST", body: "a"}, {method: "POST", body: "b"}}, script{{{text: ok}, {then: "close"}}, {{text: ok}}}},
		conformanceCase{"a POST with a key is", []asked{{method: "POST", body: "a"}, {method: "POST", body: "b", header: "Idempotency-Key: 7"}}, script{{{text: ok}, {then: "close"}}, {{text: ok}}}},
		conformanceCase{"PUT and DELETE are not", []asked{{method: "PUT", body: "a"}, {method: "DELETE"}}, script{{{text: ok}, {then: "close"}}, {{text: ok}}}},
		conformanceCase{"a request asks to close", []asked{{method: "GET", header: "Connection: close"}, {method: "GET"}}, script{
			{{text: "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"}}, {{text: ok}},
		}},
		conformanceCase{"many requests", get(20), script{repeat(20, reply{text: ok})}},
		conformanceCase{"answers that differ", get(4), script{{{text: ok}, {text: chunk + "2\r\nok\r\n0\r\n\r\n"}, {text: "HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno"}, {text: ok}}}},
		conformanceCase{"byte by byte", get(2), script{{{text: ok, drip: true}, {text: chunk + "2\r\nok\r\n0\r\n\r\n", drip: true}}}},
		conformanceCase{"no headers in time", []asked{{method: "GET", timeout: 50 * time.Millisecond}}, script{{{then: "hang"}}}},
		conformanceCase{"half a header in time", []asked{{method: "GET", timeout: 50 * time.Millisecond}}, script{{{text: "HTTP/1.1 200 OK\r\nX", then: "hang"}}}},
		conformanceCase{"no headers in time after an answer", []asked{{method: "GET"}, {method: "GET", timeout: 50 * time.Millisecond}}, script{{{text: ok}, {then: "hang"}}}},
	)
	add(
		conformanceCase{"methods and bodies", []asked{
			{method: "POST"}, {method: "POST", body: "text", header: "Content-Type: text/plain"}, {method: "PUT", body: "x"}, {method: "PATCH"},
			{method: "DELETE"}, {method: "OPTIONS"}, {method: "REPORT", body: "own method"}, {method: "GET", body: "a GET with a body"},
		}, script{repeat(8, reply{text: ok})}},
		conformanceCase{"headers", []asked{
			{method: "GET", header: "Host: other.test:81\nX-A: a\nX-A: b\nx-b:  spaces \nAccept: */*"},
			{method: "GET", header: "User-Agent: \nContent-Length: 99\nTransfer-Encoding: x\nTrailer: y"},
		}, script{repeat(2, reply{text: ok})}},
		conformanceCase{"left to net/http", []asked{
			{method: "POST", header: "Expect: 100-continue", body: "text"}, {method: "GET", header: "Upgrade: x\nConnection: Upgrade"},
		}, script{{{text: ok}, {text: ok}}}},
		conformanceCase{"refused by net/http", []asked{
			{method: "GET", header: "X-\x01: a"}, {method: "GET", header: "X-A: a\x00b"}, {method: "G T"}, {method: "GET", header: "B\xc3\xa4d: x"},
		}, script{{{text: ok}}}},
		conformanceCase{"a body of 1 MB is sent", []asked{{method: "POST", body: strings.Repeat("x", 1<<20)}, {method: "GET"}}, script{{{text: ok}, {text: ok}}}},
		conformanceCase{"an early answer", []asked{{method: "POST", body: strings.Repeat("x", 64<<20)}, {method: "GET"}}, script{
			{{text: "HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", unread: true}, {text: ok, then: "hang"}}, {{text: ok}},
		}},
	)
	return all
}

// coded is a text in a content coding.
func coded(t *testing.T, coding, text string) []byte {
	t.Helper()
	var buf bytes.Buffer
	var w io.WriteCloser
	switch coding {
	case "gzip":
		w = gzip.NewWriter(&buf)
	case "deflate":
		w = zlib.NewWriter(&buf)
	case "raw deflate":
		w, _ = flate.NewWriter(&buf, flate.BestSpeed)
	case "br":
		w = brotli.NewWriter(&buf)
	case "zstd":
		w, _ = zstd.NewWriter(&buf, zstd.WithEncoderConcurrency(1))
	}
	io.WriteString(w, text)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func serverTLS(t *testing.T) *tls.Config {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	return &tls.Config{Certificates: server.TLS.Certificates}
}

func repeat(n int, r reply) []reply {
	turns := make([]reply, n)
	for i := range turns {
		turns[i] = r
	}
	return turns
}

// TestBothEnginesAgree plays raw servers to our own client and to net/http: what a user sees and what a server gets must be
// the same.
func TestBothEnginesAgree(t *testing.T) {
	for _, c := range conformanceCases(t) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			mine, theirs := engines(t)
			want := play(t, theirs, "http", c.script, nil, c.requests)
			got := play(t, mine, "http", c.script, nil, c.requests)
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
		want := play(t, theirs, "https", c.script, config, c.requests)
		got := play(t, mine, "https", c.script, config, c.requests)
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
	f(conformanceCase{"closed without a word", get(2), script{{{text: ok, then: "close"}}}})
	f(conformanceCase{"no headers in time", []asked{{method: "GET", timeout: time.Second}}, script{{{then: "hang"}}}})
	f(conformanceCase{"a large body", []asked{{method: "POST", body: strings.Repeat("x", 1<<20)}, {method: "GET"}}, script{{{text: ok}, {text: ok}}}})
}

// TestARequestThatAsksToCloseIsTheLast: net/http goes on using the connection when the server does not say close as well,
// against RFC 9112, section 9.6.
func TestARequestThatAsksToCloseIsTheLast(t *testing.T) {
	mine, _ := engines(t)
	got := play(t, mine, "http", script{{{text: ok}, {text: ok}}}, nil, []asked{{method: "GET", header: "Connection: close"}, {method: "GET"}})
	if got.Connections != 2 {
		t.Errorf("%d connections, want 2", got.Connections)
	}
}

// TestTheEndOfARunEndsWhatIsUnderWay: an interrupted request tells the reason, whatever it waits for.
func TestTheEndOfARunEndsWhatIsUnderWay(t *testing.T) {
	reason := errors.New("enough")
	f := func(name, text string) {
		t.Helper()
		for _, e := range func() []engine { a, b := engines(t); return []engine{a, b} }() {
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
			if _, err := e.do(ctx, get(1)[0].call(t, "http://"+server.listener.Addr().String())); !errors.Is(err, reason) {
				t.Errorf("%s, %T: error %v, want %v", name, e, err, reason)
			}
			waiting.Wait()
			e.close()
			server.stop()
		}
	}
	f("no answer", "")
	f("half a header", "HTTP/1.1 200 OK\r\nX-A")
	f("half a body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok")
	f("half a chunked body", chunk+"5\r\nok")
}
