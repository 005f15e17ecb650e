package websocket_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"edgescope/load/websocket"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }

// dial makes connections that end in serve, each on a goroutine of its own. The far end is closed when serve returns.
func dial(t *testing.T, serve func(conn net.Conn)) func(context.Context, *url.URL) (net.Conn, error) {
	t.Helper()
	var served sync.WaitGroup
	t.Cleanup(served.Wait)
	return func(context.Context, *url.URL) (net.Conn, error) {
		near, far := net.Pipe()
		served.Go(func() {
			defer far.Close()
			serve(far)
		})
		return near, nil
	}
}

// request is a handshake that begins now.
func request(open func(context.Context, *url.URL) (net.Conn, error)) *websocket.Request {
	return &websocket.Request{
		URL: &url.URL{Scheme: "http", Host: "target.test", Path: "/chat"}, Header: http.Header{"X-A": {"b"}},
		Begun: time.Now(), Timeout: 3 * time.Second, Open: open, MaxMessage: 100,
	}
}

// agreement is the answer to a handshake, with further lines.
func agreement(r *http.Request, lines ...string) string {
	sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return strings.Join(append([]string{
		"HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
		"Sec-WebSocket-Accept: " + base64.StdEncoding.EncodeToString(sum[:]),
	}, lines...), "\r\n") + "\r\n\r\n"
}

// agree serves a handshake, and whatever else it is told to say with it.
func agree(conn net.Conn, more ...byte) *bufio.Reader {
	br := bufio.NewReader(conn)
	r, err := http.ReadRequest(br)
	if err != nil {
		return br
	}
	_, _ = conn.Write(append([]byte(agreement(r)), more...))
	return br
}

// frame is one of a server: not masked, its payload shorter than 126 bytes.
func frame(first byte, payload string) []byte {
	return append([]byte{first, byte(len(payload))}, payload...)
}

const (
	text  = 0x81 // a whole message
	ping  = 0x89
	close = 0x88
)

// heard reads a frame of a client, and takes its mask off.
func heard(br *bufio.Reader) (first byte, payload string, err error) {
	var head [6]byte
	if _, err := io.ReadFull(br, head[:]); err != nil {
		return 0, "", err
	}
	body := make([]byte, head[1]&0x7f)
	if _, err := io.ReadFull(br, body); err != nil {
		return 0, "", err
	}
	for i := range body {
		body[i] ^= head[2+i%4]
	}
	return head[0], string(body), nil
}

// drain reads until the client is gone.
func drain(br *bufio.Reader) { _, _ = io.Copy(io.Discard, br) }

// A server that stops in the middle of its answer, wherever that is, makes the user fail when its time is up, and holds
// it no longer.
func TestHandshakeThatStopsAtAnyByteEndsInTime(t *testing.T) {
	whole := agreement(&http.Request{Header: http.Header{}}, "Sec-WebSocket-Extensions: permessage-deflate")
	for n := range len(whole) {
		synctest.Test(t, func(t *testing.T) {
			open := dial(t, func(conn net.Conn) {
				br := bufio.NewReader(conn)
				r, err := http.ReadRequest(br)
				if err != nil {
					return
				}
				_, _ = io.WriteString(conn, agreement(r, "Sec-WebSocket-Extensions: permessage-deflate")[:n])
				drain(br)
			})
			began := time.Now()
			c, o, err := websocket.Open(t.Context(), request(open))
			if c != nil || !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 3*time.Second {
				t.Errorf("%d bytes of %d: %v after %v, want the deadline after 3 s", n, len(whole), err, time.Since(began))
			}
			if o.End != 3*time.Second || o.Status != 0 {
				t.Errorf("%d bytes: the opening is %+v", n, o)
			}
		})
	}
}

// The same for a server that ends there.
func TestHandshakeThatBreaksOffAtAnyByteFailsAtOnce(t *testing.T) {
	whole := agreement(&http.Request{Header: http.Header{}})
	for n := range len(whole) {
		open := dial(t, func(conn net.Conn) {
			if r, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
				_, _ = io.WriteString(conn, agreement(r)[:n])
			}
		})
		if _, _, err := websocket.Open(t.Context(), request(open)); !errors.Is(err, io.EOF) {
			t.Errorf("%d bytes of %d: %v, want the end of the connection", n, len(whole), err)
		}
	}
}

func TestAnswersToHandshakes(t *testing.T) {
	f := func(subprotocols []string, deflate bool, answer func(r *http.Request) string, want string) {
		t.Helper()
		open := dial(t, func(conn net.Conn) {
			br := bufio.NewReader(conn)
			if r, err := http.ReadRequest(br); err == nil {
				_, _ = io.WriteString(conn, answer(r))
			}
			drain(br)
		})
		r := request(open)
		r.Subprotocols, r.Deflate = subprotocols, deflate
		c, _, err := websocket.Open(t.Context(), r)
		if c != nil {
			c.Close(0)
		}
		if got := fmt.Sprint(err); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	says := func(answer string) func(*http.Request) string { return func(*http.Request) string { return answer } }
	agrees := func(lines ...string) func(*http.Request) string {
		return func(r *http.Request) string { return agreement(r, lines...) }
	}
	const fine = "<nil>"
	f(nil, false, agrees(), fine)
	f([]string{"a", "b"}, false, agrees("Sec-WebSocket-Protocol: b"), fine)
	f(nil, true, agrees("Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=12"), fine)
	f(nil, true, agrees(), fine)
	f(nil, false, func(r *http.Request) string { return "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + agreement(r) }, fine)
	for _, status := range []string{"200 OK", "302 Found", "403 Forbidden", "503 Busy", "999 What"} {
		f(nil, false, says("HTTP/1.1 "+status+"\r\nContent-Length: 5\r\n\r\nhello"), "Unexpected server response: "+status[:3])
	}
	f(nil, false, func(r *http.Request) string {
		return strings.Replace(agreement(r), "Accept: ", "Accept: x", 1)
	}, "Invalid Sec-WebSocket-Accept header")
	f(nil, false, func(r *http.Request) string {
		return strings.Replace(agreement(r), "Upgrade: websocket\r\n", "", 1)
	}, "Invalid Upgrade header")
	f(nil, false, agrees("Sec-WebSocket-Protocol: a"), "Server sent a subprotocol but none was requested")
	f([]string{"a"}, false, agrees("Sec-WebSocket-Protocol: b"), "Server sent an invalid subprotocol")
	f([]string{"a"}, false, agrees(), "Server sent no subprotocol")
	f(nil, false, agrees("Sec-WebSocket-Extensions: permessage-deflate"), "Invalid Sec-WebSocket-Extensions header")
	f(nil, true, agrees("Sec-WebSocket-Extensions: x-mine"), "Invalid Sec-WebSocket-Extensions header")
	f(nil, false, says("hello world\r\n\r\n"), "HPE_INVALID_CONSTANT")
	f(nil, false, says("HTTP/1.1 101\r\nno colon\r\n\r\n"), "HPE_INVALID_CONSTANT")
	f(nil, false, says(strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 20)), "Unexpected server response: 100")
	f(nil, false, says("HTTP/1.1 101 S\r\nX: "+strings.Repeat("x", 70_000)), "HPE_HEADER_OVERFLOW")
}

func TestHandshakesAreSentAsAsked(t *testing.T) {
	var got *http.Request
	open := dial(t, func(conn net.Conn) {
		br := bufio.NewReader(conn)
		r, err := http.ReadRequest(br)
		if err != nil {
			return
		}
		got = r
		_, _ = io.WriteString(conn, agreement(r, "Sec-WebSocket-Protocol: a"))
		drain(br)
	})
	r := request(open)
	r.Subprotocols, r.Deflate = []string{"a", "b"}, true
	c, o, err := websocket.Open(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	c.Close(0)
	h := got.Header
	if got.URL.Path != "/chat" || got.Host != "target.test" || h.Get("X-A") != "b" || h.Get("Upgrade") != "websocket" ||
		h.Get("Connection") != "Upgrade" || h.Get("Sec-WebSocket-Version") != "13" ||
		h.Get("Sec-WebSocket-Protocol") != "a,b" ||
		!strings.HasPrefix(h.Get("Sec-WebSocket-Extensions"), "permessage-deflate") {
		t.Errorf("sent %v", got)
	}
	if o.Status != http.StatusSwitchingProtocols || o.Sent <= 0 || o.Wrote < o.Sent || o.First < o.Wrote || o.End < o.First ||
		o.Header.Get("Sec-WebSocket-Protocol") != "a" {
		t.Errorf("the opening is %+v", o)
	}
}

// connected is a WebSocket whose server goes on with talk. It runs on a fake clock.
func connected(t *testing.T, keep bool, talk func(conn net.Conn, br *bufio.Reader), f func(ctx context.Context, c *websocket.Conn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := request(dial(t, func(conn net.Conn) { talk(conn, agree(conn)) }))
		r.Keep = keep
		c, _, err := websocket.Open(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		f(t.Context(), c)
		c.Close(0)
	})
}

// What a server sends together with its answer is not lost.
func TestGreetingBehindTheHandshakeIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := request(dial(t, func(conn net.Conn) { drain(agree(conn, frame(text, "welcome")...)) }))
		r.Keep = true
		c, _, err := websocket.Open(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close(0)
		synctest.Wait()
		if m, err := c.Receive(t.Context(), time.Second); err != nil || string(m.Body) != "welcome" {
			t.Errorf("got %q, %v", m.Body, err)
		}
	})
}

func TestAnswersAreThoseThatComeAfterTheMessage(t *testing.T) {
	connected(t, false, func(conn net.Conn, br *bufio.Reader) {
		_, _ = conn.Write(append(frame(text, "too early"), frame(text, "still too early")...))
		for {
			_, said, err := heard(br)
			if err != nil {
				return
			}
			time.Sleep(time.Second / 4)
			_, _ = conn.Write(append(frame(text, "re: "+said), frame(text, "and more")...))
		}
	}, func(ctx context.Context, c *websocket.Conn) {
		synctest.Wait()
		for range 2 {
			sent := time.Now()
			if err := c.Send([]byte("hello"), true, time.Second); err != nil { //nolint:contextcheck // it is the connection that ends with the context
				t.Fatal(err)
			}
			m, err := c.Receive(ctx, time.Second)
			if err != nil || string(m.Body) != "re: hello" || m.Last.Sub(sent) != time.Second/4 {
				t.Errorf("got %q after %v, %v", m.Body, m.Last.Sub(sent), err)
			}
			synctest.Wait()
		}
		if n := c.Ignored(); n != 4 {
			t.Errorf("%d messages were ignored, want 4", n)
		}
	})
}

func TestWaitsEndInTime(t *testing.T) {
	connected(t, false, func(_ net.Conn, br *bufio.Reader) { drain(br) }, func(ctx context.Context, c *websocket.Conn) {
		began := time.Now()
		if err := c.Send([]byte("x"), true, time.Second); err != nil { //nolint:contextcheck // it is the connection that ends with the context
			t.Fatal(err)
		}
		if _, err := c.Receive(ctx, time.Second); !errors.Is(err, websocket.ErrTimeout) || time.Since(began) != time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		ended, cancel := context.WithCancelCause(ctx)
		why := errors.New("enough")
		time.AfterFunc(time.Second, func() { cancel(why) })
		if _, err := c.Receive(ended, time.Hour); !errors.Is(err, why) {
			t.Errorf("a wait that was cut off: %v", err)
		}
	})
}

// A server that does not read makes a large message fail in time.
func TestSendingEndsInTime(t *testing.T) {
	connected(t, false, func(conn net.Conn, _ *bufio.Reader) { time.Sleep(time.Minute) }, func(ctx context.Context, c *websocket.Conn) {
		began := time.Now()
		err := c.Send(make([]byte, 1<<20), false, 2*time.Second) //nolint:contextcheck // it is the connection that ends with the context
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() || time.Since(began) != 2*time.Second {
			t.Errorf("%v after %v, want a timeout after 2 s", err, time.Since(began))
		}
	})
}

func TestEndsHaveNames(t *testing.T) {
	f := func(name string, talk func(conn net.Conn), want string) {
		t.Helper()
		connected(t, false, func(conn net.Conn, br *bufio.Reader) {
			if _, _, err := heard(br); err == nil {
				talk(conn)
			}
		}, func(ctx context.Context, c *websocket.Conn) {
			if err := c.Send([]byte("x"), true, time.Second); err != nil { //nolint:contextcheck // it is the connection that ends with the context
				t.Fatal(err)
			}
			_, err := c.Receive(ctx, time.Second)
			if fmt.Sprint(err) != want {
				t.Errorf("%s: got %v, want %s", name, err, want)
			}
			synctest.Wait()
			err = c.Send([]byte("y"), false, time.Second) //nolint:contextcheck // it is the connection that ends with the context
			if fmt.Sprint(err) != "WebSocket is not open: readyState 3 (CLOSED)" {
				t.Errorf("%s: a message after the end: %v", name, err)
			}
		})
	}
	says := func(frames ...[]byte) func(net.Conn) {
		return func(conn net.Conn) {
			go io.Copy(io.Discard, conn)
			_, _ = conn.Write(bytes.Join(frames, nil))
			time.Sleep(time.Second)
		}
	}
	f("an end without a word", func(net.Conn) {}, "WebSocket closed with 1006")
	f("an end in a frame", func(conn net.Conn) { _, _ = conn.Write([]byte{text, 5, 'a'}) }, "WebSocket closed with 1006")
	f("a code", says(frame(close, "\x03\xe8bye")), "WebSocket closed with 1000")
	f("a code of its own", says(frame(close, "\x0f\xa1")), "WebSocket closed with 4001")
	f("no code", says(frame(close, "")), "WebSocket closed with 1005")
	const broken = "Invalid WebSocket frame"
	f("half a code", says(frame(close, "\x03")), broken)
	f("reserved bits", says(frame(0xf1, "x")), broken)
	f("an unknown opcode", says(frame(0x83, "x")), broken)
	f("a continuation of nothing", says(frame(0x80, "x")), broken)
	f("a message in a message", says(frame(0x01, "x"), frame(text, "y")), broken)
	f("a long ping", says([]byte{ping, 126, 0, 200}), broken)
	f("no UTF-8", says(frame(text, "\xff\xfe")), broken+": invalid UTF-8 sequence")
	f("a message that is too long", says(frame(text, strings.Repeat("x", 101))), "Max payload size exceeded")
	f("a message in parts that is too long", says(frame(0x01, strings.Repeat("x", 60)), frame(0x80, strings.Repeat("x", 60))),
		"Max payload size exceeded")
}

// Messages in parts, binary ones, and pings between them are read.
func TestMessagesInAllForms(t *testing.T) {
	pongs := make(chan string, 1)
	connected(t, true, func(conn net.Conn, br *bufio.Reader) {
		go func() {
			if first, said, err := heard(br); err == nil {
				pongs <- fmt.Sprintf("%#x %s", first, said)
			}
			drain(br)
		}()
		_, _ = conn.Write(bytes.Join([][]byte{
			frame(0x01, "one "), frame(ping, "are you there"), frame(0x80, "message"), frame(0x82, "\xff\x00"), frame(text, ""),
		}, nil))
		time.Sleep(time.Second)
	}, func(ctx context.Context, c *websocket.Conn) {
		for _, want := range []string{"one message", "\xff\x00", ""} {
			if m, err := c.Receive(ctx, time.Second); err != nil || string(m.Body) != want {
				t.Errorf("got %q, %v, want %q", m.Body, err, want)
			}
		}
		if pong := <-pongs; pong != "0x8a are you there" {
			t.Errorf("the ping was answered with %s", pong)
		}
	})
}

// A server that floods a user which does not listen costs bounded memory: the oldest messages are forgotten.
func TestFloodIsBounded(t *testing.T) {
	const size, messages = 64 << 10, 100
	body := strings.Repeat("x", size-1)
	synctest.Test(t, func(t *testing.T) {
		r := request(dial(t, func(conn net.Conn) {
			br := agree(conn)
			for i := range messages {
				_, _ = conn.Write([]byte{text, 127, 0, 0, 0, 0, 0, 1, 0, 0})
				_, _ = io.WriteString(conn, body+string(rune('!'+i%90)))
			}
			drain(br)
		}))
		r.Keep, r.MaxMessage = true, size
		c, _, err := websocket.Open(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close(0)
		synctest.Wait()
		m, err := c.Receive(t.Context(), time.Second)
		const kept = 16 // of 64 KiB in 1 MiB
		if first := messages - kept; err != nil || m.Body[size-1] != byte('!'+first%90) || c.Ignored() != messages-1 {
			t.Errorf("the oldest that is kept ends in %q, %d more were not read, %v", m.Body[size-1:], c.Ignored(), err)
		}
	})
}

// Both sides part in good order; a server that does not is left behind in time.
func TestPartingIsBounded(t *testing.T) {
	f := func(name string, talk func(conn net.Conn, br *bufio.Reader), want time.Duration) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			said := make(chan string, 1)
			c, _, err := websocket.Open(t.Context(), request(dial(t, func(conn net.Conn) {
				br := agree(conn)
				first, payload, err := heard(br)
				said <- fmt.Sprintf("%#x %q %v", first, payload, err)
				talk(conn, br)
			})))
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			c.Close(5 * time.Second)
			if took := time.Since(began); took != want {
				t.Errorf("%s: parting took %v, want %v", name, took, want)
			}
			if got := <-said; got != `0x88 "" <nil>` {
				t.Errorf("%s: the last words were %s", name, got)
			}
		})
	}
	f("in good order", func(conn net.Conn, _ *bufio.Reader) {
		_, _ = conn.Write(frame(close, ""))
		time.Sleep(time.Second)
	}, time.Second)
	f("with other words", func(conn net.Conn, _ *bufio.Reader) { _, _ = conn.Write(frame(close, "\x03\xe8")) }, 0)
	f("with more to say", func(conn net.Conn, _ *bufio.Reader) {
		_, _ = conn.Write(append(frame(text, "wait"), frame(close, "")...))
	}, 0)
	f("a server that says nothing", func(_ net.Conn, br *bufio.Reader) { drain(br) }, 5*time.Second)
	f("a server that stops in a message", func(conn net.Conn, br *bufio.Reader) {
		_, _ = conn.Write([]byte{text, 100, 'x'})
		drain(br)
	}, 5*time.Second)
	f("a server that keeps the connection", func(conn net.Conn, br *bufio.Reader) {
		_, _ = conn.Write(frame(close, ""))
		drain(br)
	}, time.Second)
	f("a server that is gone", func(net.Conn, *bufio.Reader) {}, 0)
}

// The end of the context ends the connection, whatever it is doing.
func TestContextEndsTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		c, _, err := websocket.Open(ctx, request(dial(t, func(conn net.Conn) { drain(agree(conn)) })))
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Second, cancel)
		if _, err := c.Receive(context.Background(), time.Hour); err == nil {
			t.Error("a wait went on after the end")
		}
		c.Close(0)
	})
}
