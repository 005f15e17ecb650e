package http2_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	wire "golang.org/x/net/http2"

	"edgescope/load/http2"
)

func timedOut(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded)
}

// TestNothingHangs: a server that stops at any byte of its answer ends the request by the timeout, and no other way.
func TestNothingHangs(t *testing.T) {
	recorded := answerBytes()
	for stop := range len(recorded) {
		synctest.Test(t, func(t *testing.T) {
			h := &host{serve: func(p *peer) {
				p.Write(recorded[:stop])
				p.drain()
			}}
			client := h.client(t, 1)
			began := time.Now()
			x := http2.Exchange{Timeout: 2 * time.Second}
			a, err := do(t.Context(), client, request(t, "POST", "/", strings.Repeat("x", 200_000), nil), &x)
			if took := time.Since(began); !timedOut(err) || took != 2*time.Second || x.End != took {
				t.Errorf("after %d of %d bytes: %v %v after %v, End %v; want a timeout after 2s", stop, len(recorded), a, err,
					took, x.End)
			}
		})
	}
}

// answerBytes are the bytes of a server from its first to the end of an answer with all kinds of frames.
func answerBytes() []byte {
	var b []byte
	b = append(b, raw(wire.FrameSettings, 0, 0, []byte{0, 3, 0, 0, 0, 9})...)
	b = append(b, raw(wire.FrameSettings, wire.FlagSettingsAck, 0, nil)...)
	b = append(b, raw(wire.FrameHeaders, wire.FlagHeadersEndHeaders, 1, []byte{0x08, 3, '1', '0', '3'})...)
	b = append(b, raw(wire.FrameHeaders, 0, 1, []byte{0x88, 0, 3})...)
	b = append(b, raw(wire.FrameContinuation, wire.FlagContinuationEndHeaders, 1, []byte("x-a\x01b"))...)
	b = append(b, raw(wire.FrameData, wire.FlagDataPadded, 1, []byte("\x02hello\x00\x00"))...)
	b = append(b, raw(wire.FramePing, 0, 0, make([]byte, 8))...)
	b = append(b, raw(wire.FrameData, 0, 1, []byte("more"))...)
	return append(b, raw(wire.FrameHeaders, wire.FlagHeadersEndHeaders|wire.FlagHeadersEndStream, 1,
		[]byte("\x00\x03x-t\x01v"))...)
}

// TestABodyMayTakeItsTime: each piece has the timeout anew, but nothing is waited for without end.
func TestABodyMayTakeItsTime(t *testing.T) {
	f := func(pieces int, every time.Duration, piece, want string) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			h := answering(func(p *peer, id uint32) {
				p.head(id, false, ":status", "200")
				for range pieces {
					time.Sleep(every)
					p.WriteData(id, false, []byte(piece))
				}
				p.WriteData(id, true, nil)
			})
			x := http2.Exchange{Timeout: time.Second}
			a, err := do(t.Context(), h.client(t, 1), request(t, "GET", "/", "", nil), &x)
			if got := outcome(told{Status: a.Status}, err); got != want {
				t.Errorf("%d pieces of %q every %v: %s after %v, want %s", pieces, piece, every, got, x.End, want)
			}
		})
	}
	f(30, 900*time.Millisecond, "x", "200 ")
	f(3, 1100*time.Millisecond, "x", "200 "+os.ErrDeadlineExceeded.Error())
	f(30, 900*time.Millisecond, "", "200 "+os.ErrDeadlineExceeded.Error()) // frames without a byte are no progress
	f(100, 900*time.Millisecond, "x", "200 "+os.ErrDeadlineExceeded.Error())
}

// TestAServerThatReadsNothing ends the request all the same, be it small or large, and its connection is not used for
// ever.
func TestAServerThatReadsNothing(t *testing.T) {
	for _, body := range []string{"", strings.Repeat("x", 1_000_000)} {
		synctest.Test(t, func(t *testing.T) {
			h := &host{serve: func(p *peer) { time.Sleep(time.Minute) }}
			client := h.client(t, 1)
			for range 3 {
				began := time.Now()
				x := http2.Exchange{Timeout: time.Second}
				_, err := do(t.Context(), client, request(t, "PUT", "/", body, nil), &x)
				if took := time.Since(began); !timedOut(err) || took > 2*time.Second {
					t.Errorf("a body of %d bytes: %v after %v, want a timeout after 1s", len(body), err, took)
				}
			}
			if h.connections() < 2 {
				t.Errorf("a body of %d bytes: the dead connection is still in use", len(body))
			}
		})
	}
}

// TestADeadConnectionIsLeft: a server that answers neither a request nor, during all of the next one, a PING.
func TestADeadConnectionIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &host{serve: func(p *peer) {
			p.WriteSettings()
			if p.n == 0 {
				p.drain()
				return
			}
			id, _, _, _ := p.request()
			p.ok(id, "alive")
			p.drain()
		}}
		client := h.client(t, 1)
		var got []string
		for range 3 {
			x := http2.Exchange{Timeout: time.Second}
			_, err := do(t.Context(), client, request(t, "GET", "/", "", nil), &x)
			got = append(got, strconv.FormatBool(timedOut(err)))
		}
		if want := "true true false"; strings.Join(got, " ") != want {
			t.Errorf("timed out: %v, want %s", got, want)
		}
	})
}

// TestATimeoutEndsOneRequest and tells the server; others on the connection go on.
func TestATimeoutEndsOneRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var code wire.ErrCode
		h := &host{serve: func(p *peer) {
			p.WriteSettings()
			first, _, _, _ := p.request()
			second, _, _, _ := p.request()
			f, err := p.await(wire.FrameRSTStream)
			if err != nil || f.Header().StreamID != first {
				t.Errorf("%v %v, want a reset of %d", f, err, first)
				return
			}
			code = f.(*wire.RSTStreamFrame).ErrCode
			p.ok(second, "second")
			p.drain()
		}}
		client := h.client(t, 1)
		var running sync.WaitGroup
		running.Go(func() {
			x := http2.Exchange{Timeout: time.Second}
			if _, err := do(t.Context(), client, request(t, "GET", "/1", "", nil), &x); !timedOut(err) {
				t.Errorf("the first: %v, want a timeout", err)
			}
		})
		synctest.Wait()
		a, err := do(t.Context(), client, request(t, "GET", "/2", "", nil), &http2.Exchange{})
		running.Wait()
		if err != nil || a.Body != "second" || code != wire.ErrCodeCancel || h.connections() != 1 {
			t.Errorf("%v %v, reset with %v over %d connections; want the second answer, CANCEL, 1", a, err, code, h.connections())
		}
	})
}

// TestTheEndOfARunEndsWhatIsUnderWay, with its reason, whatever it waits for.
func TestTheEndOfARunEndsWhatIsUnderWay(t *testing.T) {
	reason := errors.New("enough")
	f := func(name string, body string, serve func(p *peer)) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			client := (&host{serve: serve}).client(t, 1)
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Second, func() { cancel(reason) })
			if _, err := do(ctx, client, request(t, "PUT", "/", body, nil), &http2.Exchange{}); !errors.Is(err, reason) {
				t.Errorf("%s: %v, want %v", name, err, reason)
			}
		})
	}
	silent := func(p *peer) { p.WriteSettings(); p.drain() }
	f("an answer", "", silent)
	f("the window", strings.Repeat("x", 1_000_000), silent)
	f("the rest of a body", "", func(p *peer) {
		p.WriteSettings()
		id, _, _, _ := p.request()
		p.head(id, false, ":status", "200")
		p.WriteData(id, false, make([]byte, 300_000)[:16000])
		p.drain()
	})
	f("a stream", "", func(p *peer) {
		p.WriteSettings(wire.Setting{ID: wire.SettingMaxConcurrentStreams, Val: 0})
		p.drain()
	})
}

// TestWhatIsRefusedIsSentAgain, as long as nobody can have looked at it.
func TestWhatIsRefusedIsSentAgain(t *testing.T) {
	f := func(name, want string, wantConnections, wantRequests int, second func(p *peer, id uint32)) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			requests := 0
			h := &host{}
			h.serve = func(p *peer) {
				p.WriteSettings()
				for n := 0; ; n++ {
					id, _, _, err := p.request()
					if err != nil {
						return
					}
					requests++
					if n == 1 && p.n == 0 {
						second(p, id)
					} else {
						p.ok(id, "ok")
					}
				}
			}
			client := h.client(t, 1)
			if _, err := do(t.Context(), client, request(t, "GET", "/", "", nil), &http2.Exchange{}); err != nil {
				t.Fatal(err)
			}
			got := outcome(do(t.Context(), client, request(t, "POST", "/", "body", nil), &http2.Exchange{}))
			if got != want || h.connections() != wantConnections || requests != wantRequests {
				t.Errorf("%s: %s, %d requests over %d connections; want %s, %d over %d", name, got, requests,
					h.connections(), want, wantRequests, wantConnections)
			}
		})
	}
	goAway := func(code wire.ErrCode) func(*peer, uint32) {
		return func(p *peer, id uint32) { p.WriteGoAway(id-2, code, nil) }
	}
	f("a graceful end", "200 ok", 2, 3, goAway(wire.ErrCodeNo))
	f("an angry end", "200 ok", 2, 3, goAway(wire.ErrCodeEnhanceYourCalm))
	f("a refused stream", "200 ok", 1, 3, func(p *peer, id uint32) { p.WriteRSTStream(id, wire.ErrCodeRefusedStream) })
	f("a reset stream", streamError, 1, 2, func(p *peer, id uint32) { p.WriteRSTStream(id, wire.ErrCodeCancel) })
	f("an end that may have come after it was read", io.ErrUnexpectedEOF.Error(), 1, 2, func(p *peer, _ uint32) { p.Close() })
	f("an end that tells that it was read", goAwayError, 1, 2, func(p *peer, id uint32) {
		p.WriteGoAway(id, wire.ErrCodeNo, nil)
		p.Close()
	})
}

// TestAServerThatRefusesAlways is not asked without end.
func TestAServerThatRefusesAlways(t *testing.T) {
	f := func(name, want string, most int, answer func(p *peer, id uint32)) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			asked := 0
			h := answering(func(p *peer, id uint32) { asked++; answer(p, id) })
			client := h.client(t, 1)
			got := outcome(do(t.Context(), client, request(t, "GET", "/", "", nil), &http2.Exchange{}))
			if got != want || asked > most {
				t.Errorf("%s: %s after %d requests, want %s after %d at most", name, got, asked, want, most)
			}
		})
	}
	f("streams", streamError, 2, func(p *peer, id uint32) { p.WriteRSTStream(id, wire.ErrCodeRefusedStream) })
	f("connections", goAwayError, 1, func(p *peer, _ uint32) { p.WriteGoAway(0, wire.ErrCodeNo, nil) })
}

// TestManyGoodbyes: a server that takes five requests on each connection, and gets a hundred at a time.
func TestManyGoodbyes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		processed := 0
		h := &host{serve: func(p *peer) {
			p.WriteSettings()
			for n := 1; ; n++ {
				id, _, _, err := p.request()
				if err != nil {
					return
				}
				if n > 20 {
					continue
				}
				mu.Lock()
				processed++
				mu.Unlock()
				p.ok(id, "ok")
				if n == 20 {
					p.WriteGoAway(id, wire.ErrCodeNo, nil)
				}
			}
		}}
		client := h.client(t, 1)
		var running sync.WaitGroup
		for range 100 {
			running.Go(func() {
				if a, err := do(t.Context(), client, request(t, "POST", "/", "x", nil), &http2.Exchange{}); err != nil {
					t.Errorf("%v %v", a, err)
				}
			})
		}
		running.Wait()
		if processed != 100 {
			t.Errorf("the server has processed %d requests, want 100", processed)
		}
	})
}

// TestStreamsAreBounded: as many requests at a time as the server allows, and the others in the order of their coming.
func TestStreamsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const allowed = 3
		var order []string
		h := &host{serve: func(p *peer) {
			p.WriteSettings(wire.Setting{ID: wire.SettingMaxConcurrentStreams, Val: allowed})
			var open []uint32
			for {
				id, fields, _, err := p.request()
				if err != nil {
					return
				}
				order = append(order, fields[":path"])
				if open = append(open, id); len(open) == allowed || len(order) > 9 {
					time.Sleep(time.Second)
					if len(open) > allowed {
						t.Errorf("%d requests at a time, want %d", len(open), allowed)
					}
					p.ok(open[0], "ok")
					open = open[1:]
				}
			}
		}}
		client := h.client(t, 1)
		var running sync.WaitGroup
		for i := range 10 {
			running.Go(func() {
				x := http2.Exchange{Timeout: time.Minute}
				_, err := do(t.Context(), client, request(t, "GET", fmt.Sprint("/", i), "", nil), &x)
				if i < 8 && err != nil {
					t.Errorf("request %d: %v", i, err)
				}
				if i > allowed && i < 8 && x.Sent == 0 {
					t.Errorf("request %d has not waited", i)
				}
			})
			synctest.Wait()
		}
		running.Wait()
		if got, want := strings.Join(order, ""), "/0/1/2/3/4/5/6/7/8/9"; got != want {
			t.Errorf("the server got %s, want %s", got, want)
		}
	})
}

// TestConnections: idle ones are taken, then new ones are opened up to the limit, then they are shared.
func TestConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := answering(func(p *peer, id uint32) {
			time.AfterFunc(time.Second, func() {
				p.mu.Lock()
				defer p.mu.Unlock()
				p.ok(id, "ok")
			})
		})
		client := h.client(t, 3)
		var running sync.WaitGroup
		for range 9 {
			running.Go(func() {
				if _, err := do(t.Context(), client, request(t, "GET", "/", "", nil), &http2.Exchange{}); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		running.Wait()
		if _, err := do(t.Context(), client, request(t, "GET", "/", "", nil), &http2.Exchange{}); err != nil {
			t.Error(err)
		}
		if n := h.connections(); n != 3 {
			t.Errorf("%d connections, want 3", n)
		}
	})
}

// TestNoConnection: the error is that of opening it, and who waits for it opens another one.
func TestNoConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refused := errors.New("refused")
		h := &host{refuse: refused}
		client := h.client(t, 1)
		var running sync.WaitGroup
		for range 5 {
			running.Go(func() {
				x := http2.Exchange{}
				if _, err := do(t.Context(), client, request(t, "GET", "/", "", nil), &x); !errors.Is(err, refused) || x.Conn != nil {
					t.Errorf("%v over %v, want %v over none", err, x.Conn, refused)
				}
			})
		}
		running.Wait()
	})
}

// TestHTTP1IsNotSpoken: a server that answers in HTTP/1 is named, in whatever pieces it speaks.
func TestHTTP1IsNotSpoken(t *testing.T) {
	for _, pieces := range [][]string{
		{"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"},
		{"HT", "TP/1.", "1 400 Bad Request\r\n\r\n"},
	} {
		synctest.Test(t, func(t *testing.T) {
			h := &host{serve: func(p *peer) {
				for _, piece := range pieces {
					io.WriteString(p, piece)
				}
			}}
			_, err := do(t.Context(), h.client(t, 1), request(t, "GET", "/", "", nil), &http2.Exchange{})
			if !errors.Is(err, http2.ErrNotSpoken) {
				t.Errorf("%q: %v, want %v", pieces, err, http2.ErrNotSpoken)
			}
		})
	}
}

// TestTheFirstByteIsStamped when it comes, not when the answer is whole or its owner gets to it.
func TestTheFirstByteIsStamped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := answering(func(p *peer, id uint32) {
			time.Sleep(time.Second)
			p.head(id, false, ":status", "103")
			time.Sleep(time.Second)
			frame := raw(wire.FrameHeaders, wire.FlagHeadersEndHeaders, id, []byte{0x88})
			p.Write(frame[:5])
			time.Sleep(time.Second)
			p.Write(frame[5:])
			time.Sleep(time.Second)
			p.WriteData(id, true, []byte("x"))
		})
		var x http2.Exchange
		_, err := do(t.Context(), h.client(t, 1), request(t, "GET", "/", "", http.Header{}), &x)
		if err != nil || x.Sent != 0 || x.Wrote != 0 || x.First != 2*time.Second || x.End != 4*time.Second || !x.Written {
			t.Errorf("%v: sent %v, wrote %v, first byte %v, end %v; want 0, 0, 2s, 4s", err, x.Sent, x.Wrote, x.First, x.End)
		}
	})
}
