package http1_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"edgescope/load/http1"
)

// server plays one connection: it takes a request and answers it with bytes, whatever they are.
type server struct {
	answer []byte
	conns  sync.WaitGroup
}

func (s *server) open() net.Conn {
	client, end := net.Pipe()
	s.conns.Go(func() {
		defer end.Close()
		if _, err := http.ReadRequest(bufio.NewReader(end)); err == nil {
			end.Write(s.answer)
		}
	})
	return client
}

// told is what a client makes of an answer.
type told struct {
	Status int
	Header http.Header
	Body   string
	Failed bool
}

func (s *server) byNetHTTP(method string) told {
	transport := &http.Transport{
		DialContext:        func(context.Context, string, string) (net.Conn, error) { return s.open(), nil },
		DisableCompression: true, MaxResponseHeaderBytes: 1 << 20,
	}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequest(method, "http://target.test/", nil)
	if err != nil {
		return told{Failed: true}
	}
	res, err := transport.RoundTrip(req)
	if err != nil {
		return told{Failed: true}
	}
	defer res.Body.Close()
	if http1.ValidFields(res.Header) != nil { // in which node's rules count
		return told{Failed: true}
	}
	body, err := io.ReadAll(res.Body)
	return told{res.StatusCode, res.Header, string(body), err != nil}
}

func (s *server) byOurs(method string, memo *http1.Memo) told {
	client := http1.New(&http1.Options{
		Dial:    func(context.Context, string, string) (http1.Link, error) { return http1.Link{Conn: s.open()}, nil },
		MaxIdle: 1, MaxHeader: 1 << 20,
	})
	defer client.Close()
	r, err := http1.NewRequest(request(method, "http://target.test/", nil), nil, memo)
	if err != nil {
		return told{Failed: true}
	}
	x := &http1.Exchange{Begun: time.Now(), Timeout: 10 * time.Second}
	if err := client.Do(context.Background(), r, x); err != nil {
		return told{Failed: true}
	}
	body, err := io.ReadAll(x.Body())
	got := told{x.Head.Status, x.Head.Header, string(body), err != nil}
	x.Done(err == nil)
	return got
}

func request(method, target string, header http.Header) *http.Request {
	u, err := url.Parse(target)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return &http.Request{Method: method, URL: u, Host: u.Host, Header: header}
}

// FuzzAnswer: our own client takes no answer that net/http refuses, and makes the same of those that it takes, also
// when it knows the head already.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nok\r\n0\r\nT: v\r\n\r\n",
		"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
		"HTTP/1.0 200 OK\r\n\r\nuntil the end",
		"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
		"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nraw",
		"HTTP/1.1 200 OK\r\nX-A: a\r\n folded\r\nContent-Length: 10\r\n\r\nshort",
		"HTTP/1.1 20",
	} {
		f.Add(seed, false)
		f.Add(seed, true)
	}
	f.Fuzz(func(t *testing.T, answer string, head bool) {
		method := http.MethodGet
		if head {
			method = http.MethodHead
		}
		s := &server{answer: []byte(answer)}
		defer s.conns.Wait()
		want := s.byNetHTTP(method)
		memo := new(http1.Memo)
		for _, time := range []string{"first", "second"} {
			got := s.byOurs(method, memo)
			if want.Failed && got.Failed && want.Status == 0 && got.Status == 0 {
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%s answer %q, the %s time (-net/http +ours):\n%s", method, answer, time, diff)
			}
		}
	})
}

// FuzzRequest: what we send is what net/http sends.
func FuzzRequest(f *testing.F) {
	f.Add("GET", "/a?b=c", "", "X-A", " b ", "")
	f.Add("POST", "/", "other.test:81", "Content-Type", "text/plain", "body")
	f.Add("DELETE", "/%2f", "", "User-Agent", "me", "")
	f.Add("PUT", "", "", "User-Agent", "", "")
	f.Add("GET", "//x", "", "Content-Length", "7", "x")
	f.Add("CONNECT", "/", "", "Expect", "100-continue", "")
	f.Fuzz(func(t *testing.T, method, path, host, name, value, body string) {
		u, err := url.Parse("http://target.test" + path)
		if err != nil || u.Host != "target.test" {
			return
		}
		r := &http.Request{Method: method, URL: u, Host: host, Header: http.Header{}}
		if host == "" {
			r.Host = u.Host
		}
		r.Header.Set(name, value)
		ours, err := http1.NewRequest(r, []byte(body), nil)
		if err != nil {
			if !errors.Is(err, http1.ErrUnsupported) {
				t.Fatalf("error %v, want one that leaves the request to net/http", err)
			}
			return
		}
		if body != "" {
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader([]byte(body))), int64(len(body))
		}
		var want bytes.Buffer
		if err := r.Write(&want); err != nil {
			t.Fatalf("net/http refuses what we send: %v\n%s", err, ours.Wire())
		}
		if diff := cmp.Diff(want.String(), string(ours.Wire())); diff != "" {
			t.Fatalf("(-net/http +ours):\n%s", diff)
		}
	})
}
