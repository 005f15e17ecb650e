package http2_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	wire "golang.org/x/net/http2"

	"edgescope/load/http2"
)

// frameCase is what a server sends in answer to a GET of stream 1, and what comes of it: "200 body" or the name of the
// error. alone tells why net/http sees it otherwise.
type frameCase struct {
	name   string
	answer func(p *peer, id uint32)
	want   string
	alone  string
}

const (
	streamError     = "ERR_HTTP2_STREAM_ERROR"
	connectionError = "ERR_HTTP2_ERROR"
	sessionError    = "ERR_HTTP2_SESSION_ERROR"
	goAwayError     = "ERR_HTTP2_GOAWAY_SESSION"
)

// answers are those that a server may give.
func answers() []frameCase {
	return []frameCase{
		{"no body", func(p *peer, id uint32) { p.head(id, true, ":status", "204") }, "204 ", ""},
		{"a body", func(p *peer, id uint32) { p.ok(id, "hello") }, "200 hello", ""},
		{"an odd status", func(p *peer, id uint32) { p.head(id, true, ":status", "799") }, "799 ", ""},
		{"an empty last frame", func(p *peer, id uint32) {
			p.head(id, false, ":status", "200", "content-length", "2")
			p.WriteData(id, false, []byte("ok"))
			p.WriteData(id, true, nil)
		}, "200 ok", ""},
		{"many small frames", func(p *peer, id uint32) {
			p.head(id, false, ":status", "200")
			for range 500 {
				p.WriteData(id, false, []byte("x"))
			}
			p.WriteData(id, true, nil)
		}, "200 " + strings.Repeat("x", 500), ""},
		{"padding", func(p *peer, id uint32) {
			p.WriteHeaders(wire.HeadersFrameParam{
				StreamID: id, BlockFragment: p.fields(":status", "200"), EndHeaders: true, PadLength: 7,
				Priority: wire.PriorityParam{StreamDep: 0, Weight: 3},
			})
			p.WriteDataPadded(id, false, []byte("he"), make([]byte, 200))
			p.WriteDataPadded(id, true, []byte("llo"), nil)
		}, "200 hello", ""},
		{"priority", func(p *peer, id uint32) {
			p.WritePriority(id, wire.PriorityParam{StreamDep: 3, Weight: 1})
			p.ok(id, "hello")
		}, "200 hello", ""},
		{"a header in pieces", func(p *peer, id uint32) {
			block := p.fields(":status", "200", "x-a", strings.Repeat("b", 100))
			p.WriteHeaders(wire.HeadersFrameParam{StreamID: id, BlockFragment: block[:10], EndStream: true})
			p.WriteContinuation(id, false, block[10:11])
			p.WriteContinuation(id, false, nil)
			p.WriteContinuation(id, true, block[11:])
		}, "200 ", ""},
		{"a large header", func(p *peer, id uint32) {
			block := p.fields(":status", "200", "x-a", strings.Repeat("b", 100_000))
			p.WriteHeaders(wire.HeadersFrameParam{StreamID: id, BlockFragment: block[:16000], EndStream: true})
			for block = block[16000:]; len(block) > 16000; block = block[16000:] {
				p.WriteContinuation(id, false, block[:16000])
			}
			p.WriteContinuation(id, true, block)
		}, "200 ", ""},
		{"provisional heads", func(p *peer, id uint32) {
			p.head(id, false, ":status", "100")
			p.head(id, false, ":status", "103", "link", "</a>")
			p.head(id, false, ":status", "103", "link", "</b>")
			p.ok(id, "hello")
		}, "200 hello", ""},
		{"trailers", func(p *peer, id uint32) {
			p.head(id, false, ":status", "200", "trailer", "x-t")
			p.WriteData(id, false, []byte("hello"))
			p.head(id, true, "x-t", "v")
		}, "200 hello", ""},
		{"fields twice", func(p *peer, id uint32) {
			p.head(id, true, ":status", "200", "x-a", "1", "x-b", "", "x-a", "2", "set-cookie", "a=1", "set-cookie", "b=2")
		}, "200 ", ""},
		{"bytes above ASCII", func(p *peer, id uint32) { p.head(id, true, ":status", "200", "x-a", "\xff\xc3\xa9") }, "200 ", ""},
		{"fields of HTTP/1", func(p *peer, id uint32) { p.head(id, true, ":status", "200", "connection", "close") }, "200 ", ""},
		{"frames of unknown kinds", func(p *peer, id uint32) {
			p.WriteRawFrame(0x77, 0xff, id, []byte("what"))
			p.WriteRawFrame(0xbe, 0, 0, nil)
			p.ok(id, "hello")
		}, "200 hello", ""},
		{"settings and pings in between", func(p *peer, id uint32) {
			p.head(id, false, ":status", "200")
			p.WriteSettings(wire.Setting{ID: 0x99, Val: 7}, wire.Setting{ID: wire.SettingHeaderTableSize, Val: 0})
			p.WritePing(false, [8]byte{1})
			p.WriteWindowUpdate(0, 1)
			p.WriteWindowUpdate(id, 1)
			p.WriteData(id, true, []byte("hello"))
		}, "200 hello", ""},
		{"no more than this one", func(p *peer, id uint32) {
			p.WriteGoAway(id, wire.ErrCodeNo, nil)
			p.ok(id, "hello")
		}, "200 hello", ""},
		{"a reset after all", func(p *peer, id uint32) {
			p.ok(id, "hello")
			p.WriteRSTStream(id, wire.ErrCodeNo)
		}, "200 hello", ""},
	}
}

// nonsense is what no server may send.
func nonsense() []frameCase {
	head := func(pairs ...string) func(p *peer, id uint32) {
		return func(p *peer, id uint32) { p.head(id, true, pairs...) }
	}
	frame := func(kind wire.FrameType, flags wire.Flags, ofStream bool, payload string) func(p *peer, id uint32) {
		return func(p *peer, id uint32) {
			if !ofStream {
				id = 0
			}
			p.WriteRawFrame(kind, flags, id, []byte(payload))
		}
	}
	return []frameCase{
		{"no status", head("x-a", "b"), streamError, ""},
		{"no fields", head(), streamError, ""},
		{"two statuses", head(":status", "200", ":status", "200"), streamError, ""},
		{"a status behind a field", head("x-a", "b", ":status", "200"), streamError, ""},
		{"a status of a word", head(":status", "abc"), streamError, ""},
		{"a status of two digits", head(":status", "20"), streamError, "net/http reads it as 20"},
		{"a path", head(":status", "200", ":path", "/"), streamError, ""},
		{"capitals", head(":status", "200", "X-A", "b"), streamError, ""},
		{"a blank in a name", head(":status", "200", "x a", "b"), streamError, ""},
		{"a line end in a value", head(":status", "200", "x-a", "b\r\nc"), streamError, ""},
		{"switching protocols", head(":status", "101"), streamError, ""},
		{"a provisional end", head(":status", "103"), streamError, ""},
		{"a body before its head", func(p *peer, id uint32) { p.WriteData(id, true, []byte("x")) }, streamError, ""},
		{"a body that is too short", func(p *peer, id uint32) {
			p.head(id, false, ":status", "200", "content-length", "10")
			p.WriteData(id, true, []byte("x"))
		}, "200 " + streamError, ""},
		{"a body that is too long", func(p *peer, id uint32) {
			p.head(id, false, ":status", "200", "content-length", "1")
			p.WriteData(id, true, []byte("xy"))
		}, "200 " + streamError, ""},
		{"trailers and more", func(p *peer, id uint32) {
			p.head(id, false, ":status", "200")
			p.head(id, false, "x-t", "v")
		}, "200 " + streamError, ""},
		{"a status as trailer", func(p *peer, id uint32) {
			p.head(id, false, ":status", "200")
			p.head(id, true, ":status", "200")
		}, "200 " + streamError, ""},
		{
			"a window of nothing",
			frame(wire.FrameWindowUpdate, 0, true, "\x00\x00\x00\x00"),
			streamError, "net/http takes a lock twice and hangs",
		},
		{
			"a window that is too large",
			func(p *peer, id uint32) { p.WriteWindowUpdate(id, 1<<31-1) },
			streamError, "net/http takes a lock twice and hangs",
		},
		{"a reset", func(p *peer, id uint32) { p.WriteRSTStream(id, wire.ErrCodeInternal) }, streamError, ""},
		{"a reset for no reason", func(p *peer, id uint32) { p.WriteRSTStream(id, wire.ErrCodeNo) }, streamError, ""},
		{"a reset inside a body", func(p *peer, id uint32) {
			p.head(id, false, ":status", "200")
			p.WriteRSTStream(id, wire.ErrCodeCancel)
		}, "200 " + streamError, ""},

		{"a block that is none", frame(wire.FrameHeaders, wire.FlagHeadersEndHeaders, true, "\xff\xff\xff\xff\xff"), connectionError, ""},
		{"half a block", frame(wire.FrameHeaders, wire.FlagHeadersEndHeaders, true, "\x40"), connectionError, ""},
		{"a block torn apart", func(p *peer, id uint32) {
			p.WriteHeaders(wire.HeadersFrameParam{StreamID: id, BlockFragment: p.fields(":status", "200")})
			p.WritePing(false, [8]byte{})
		}, connectionError, ""},
		{"a block that goes on elsewhere", func(p *peer, id uint32) {
			p.WriteHeaders(wire.HeadersFrameParam{StreamID: id, BlockFragment: p.fields(":status", "200")})
			p.WriteContinuation(id+2, true, nil)
		}, connectionError, ""},
		{"a continuation of nothing", frame(wire.FrameContinuation, wire.FlagHeadersEndHeaders, true, ""), connectionError, ""},
		{"a head of the connection", frame(wire.FrameHeaders, wire.FlagHeadersEndHeaders, false, "\x88"), connectionError, ""},
		{
			"a head that nobody asked for", func(p *peer, id uint32) { p.head(id+2, true, ":status", "200") }, connectionError,
			"net/http ignores it",
		},
		{
			"a head of the server's stream", func(p *peer, _ uint32) { p.head(2, true, ":status", "200") }, connectionError,
			"net/http ignores it",
		},
		{"a body that nobody asked for", func(p *peer, id uint32) { p.WriteData(id+2, true, nil) }, connectionError, ""},
		{"a push", frame(wire.FramePushPromise, wire.FlagHeadersEndHeaders, true, "\x00\x00\x00\x02\x88"), connectionError, ""},
		{"padding only", frame(wire.FrameData, wire.FlagDataPadded, true, "\x05abc"), connectionError, ""},
		{"padding of nothing", frame(wire.FrameData, wire.FlagDataPadded, true, ""), connectionError, ""},
		{"padding of a head", frame(wire.FrameHeaders, wire.FlagHeadersPadded, true, "\x09\x88"), connectionError, ""},
		{"a priority cut off", frame(wire.FrameHeaders, wire.FlagHeadersPriority, true, "\x88"), connectionError, ""},
		{"a priority of 4 bytes", frame(wire.FramePriority, 0, true, "1234"), connectionError, ""},
		{"a reset of 5 bytes", frame(wire.FrameRSTStream, 0, true, "12345"), connectionError, ""},
		{"a reset of the connection", frame(wire.FrameRSTStream, 0, false, "1234"), connectionError, ""},
		{
			"a reset of the future", func(p *peer, id uint32) { p.WriteRSTStream(id+2, wire.ErrCodeNo) }, connectionError,
			"net/http ignores it",
		},
		{"a ping of 7 bytes", frame(wire.FramePing, 0, false, "1234567"), connectionError, ""},
		{"a ping of a stream", frame(wire.FramePing, 0, true, "12345678"), connectionError, ""},
		{"settings of 5 bytes", frame(wire.FrameSettings, 0, false, "12345"), connectionError, ""},
		{"settings of a stream", frame(wire.FrameSettings, 0, true, ""), connectionError, ""},
		{"an answer to settings with some", frame(wire.FrameSettings, wire.FlagSettingsAck, false, "123456"), connectionError, ""},
		{"settings that allow pushes", func(p *peer, _ uint32) {
			p.WriteSettings(wire.Setting{ID: wire.SettingEnablePush, Val: 1})
		}, connectionError, ""},
		{"settings of a huge window", func(p *peer, _ uint32) {
			p.WriteSettings(wire.Setting{ID: wire.SettingInitialWindowSize, Val: 1 << 31})
		}, connectionError, ""},
		{"settings of tiny frames", func(p *peer, _ uint32) {
			p.WriteSettings(wire.Setting{ID: wire.SettingMaxFrameSize, Val: 100})
		}, connectionError, ""},
		{"settings that overflow a window", func(p *peer, id uint32) {
			p.WriteWindowUpdate(id, 1<<31-1-65535)
			p.WriteSettings(wire.Setting{ID: wire.SettingInitialWindowSize, Val: 65536})
		}, connectionError, "net/http lets it overflow"},
		{"the connection's window of nothing", frame(wire.FrameWindowUpdate, 0, false, "\x00\x00\x00\x00"), connectionError, ""},
		{"the connection's window too large", func(p *peer, _ uint32) { p.WriteWindowUpdate(0, 1<<31-1) }, connectionError, ""},
		{"a window of 3 bytes", frame(wire.FrameWindowUpdate, 0, true, "123"), connectionError, ""},
		{
			"a window of the future", func(p *peer, id uint32) { p.WriteWindowUpdate(id+2, 1) }, connectionError,
			"net/http ignores it",
		},
		{"a goodbye of 7 bytes", frame(wire.FrameGoAway, 0, false, "1234567"), connectionError, ""},
		{"a goodbye of a stream", frame(wire.FrameGoAway, 0, true, "12345678"), connectionError, ""},
		{"a frame of 16385 bytes", frame(wire.FrameData, 0, true, strings.Repeat("x", 16385)), connectionError, ""},

		{"an end", func(p *peer, _ uint32) { p.Close() }, io.ErrUnexpectedEOF.Error(), ""},
		{"an end inside a body", func(p *peer, id uint32) {
			p.head(id, false, ":status", "200")
			p.WriteData(id, false, []byte("x"))
			p.Close()
		}, "200 " + io.ErrUnexpectedEOF.Error(), ""},
		{"an end inside a frame", func(p *peer, id uint32) {
			p.Write(raw(wire.FrameHeaders, wire.FlagHeadersEndHeaders, id, []byte{0x88, 0x88})[:10])
			p.Close()
		}, io.ErrUnexpectedEOF.Error(), ""},
		{"an angry goodbye", func(p *peer, id uint32) {
			p.WriteGoAway(id, wire.ErrCodeEnhanceYourCalm, []byte("some text"))
			p.Close()
		}, sessionError, ""},
		{"a goodbye without the answer", func(p *peer, id uint32) {
			p.WriteGoAway(id, wire.ErrCodeNo, nil)
			p.Close()
		}, goAwayError, ""},
		{
			"a goodbye before the request", func(p *peer, _ uint32) { p.WriteGoAway(0, wire.ErrCodeNo, nil) }, goAwayError,
			"net/http sends it again",
		},
	}
}

func (a *told) String() string { return fmt.Sprint(a.Status, " ", a.Body) }

// outcome is what came of a request: an answer, or its status and what it has broken off with.
func outcome(a told, err error) string {
	switch {
	case err == nil:
		return a.String()
	case a.Status != 0:
		return fmt.Sprint(a.Status, " ", name(err))
	default:
		return name(err)
	}
}

// TestEveryFrameHasItsMeaning plays a server by hand.
func TestEveryFrameHasItsMeaning(t *testing.T) {
	for _, c := range append(answers(), nonsense()...) {
		synctest.Test(t, func(t *testing.T) {
			h := answering(func(p *peer, id uint32) { go p.drain(); c.answer(p, id); p.drain() })
			client := h.client(t, 1)
			got := outcome(do(t.Context(), client, request(t, "GET", "/", "", nil), &http2.Exchange{}))
			if got != c.want {
				t.Errorf("%s: %s, want %s", c.name, got, c.want)
			}
		})
	}
}

// TestFramesMeanWhatTheyMeanToNetHTTP: status, header, body, trailer, and whether it is an answer at all.
func TestFramesMeanWhatTheyMeanToNetHTTP(t *testing.T) {
	for _, c := range append(answers(), nonsense()...) {
		if c.alone != "" {
			continue
		}
		synctest.Test(t, func(t *testing.T) {
			serve := func(p *peer, id uint32) { go p.drain(); c.answer(p, id); p.drain() }
			ours, failed := do(t.Context(), answering(serve).client(t, 1), request(t, "GET", "/", "", nil), &http2.Exchange{})
			theirs, theirsFailed := byNetHTTP(t, answering(serve))
			if (failed != nil) != (theirsFailed != nil) {
				t.Errorf("%s: ours fails with %v, net/http's with %v", c.name, failed, theirsFailed)
			}
			if failed != nil {
				ours, theirs = told{}, told{}
			}
			delete(ours.Header, "Trailer") // net/http takes it out
			if diff := cmp.Diff(theirs, ours); diff != "" {
				t.Errorf("%s: net/http and ours (-net/http +ours):\n%s", c.name, diff)
			}
		})
	}
}

// byNetHTTP sends a GET by net/http's client.
func byNetHTTP(t *testing.T, h *host) (told, error) {
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{
		Protocols: &protocols, DisableCompression: true, MaxResponseHeaderBytes: maxHeader,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) { return h.dial(ctx, network, addr) },
	}
	defer h.serving.Wait()
	defer transport.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	client, err := transport.NewClientConn(ctx, "http", "target.test:80")
	if err != nil {
		return told{}, err
	}
	defer client.Close()
	req, err := http.NewRequestWithContext(ctx, "GET", "http://target.test/", http.NoBody)
	if err != nil {
		return told{}, err
	}
	res, err := client.RoundTrip(req)
	if err != nil {
		return told{}, err
	}
	defer res.Body.Close()
	var body bytes.Buffer
	n, err := body.ReadFrom(res.Body)
	for name, values := range res.Trailer {
		if values == nil { // announced, and not sent
			delete(res.Trailer, name)
		}
	}
	return told{res.StatusCode, res.Header, body.String(), res.Trailer, n}, err
}
