package http2_test

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	wire "golang.org/x/net/http2"

	"edgescope/load/http2"
)

// TestUploadsObeyTheWindows: never more is sent than the stream's and the connection's window allow, and all of it
// comes, a large body beside small ones.
func TestUploadsObeyTheWindows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const streamWindow, connWindow, uploads = 1000, 65535, 4
		want := strings.Repeat("0123456789", 20_000)
		h := &host{serve: func(p *peer) { metered(t, p, streamWindow, connWindow, want) }}
		client := h.client(t, 1)
		var running sync.WaitGroup
		for i := range uploads {
			running.Go(func() {
				body := want
				if i > 0 {
					body = want[:i*100]
				}
				a, err := do(t.Context(), client, request(t, "PUT", "/", body, nil), &http2.Exchange{Timeout: time.Minute})
				if err != nil || a.Body != strconv.Itoa(len(body)) {
					t.Errorf("upload of %d bytes: %v %v", len(body), a, err)
				}
			})
		}
		running.Wait()
	})
}

// metered is a server with small windows that it opens little by little.
func metered(t *testing.T, p *peer, streamWindow, connWindow int, want string) {
	p.WriteSettings(wire.Setting{ID: wire.SettingInitialWindowSize, Val: uint32(streamWindow)})
	applied := false // until then the client may take the stream's window for the connection's
	left, got := map[uint32]int{}, map[uint32]string{}
	for {
		f, err := p.ReadFrame()
		if err != nil {
			return
		}
		switch f := f.(type) {
		case *wire.SettingsFrame:
			if !f.IsAck() {
				continue
			}
			applied = true
			for id := range left {
				left[id] += streamWindow - 65535
			}
		case *wire.MetaHeadersFrame:
			left[f.StreamID] = streamWindow
			if !applied {
				left[f.StreamID] = 65535
			}
		case *wire.DataFrame:
			n := len(f.Data())
			left[f.StreamID] -= n
			connWindow -= n
			if connWindow < 0 || left[f.StreamID] < 0 && n > 0 {
				t.Errorf("%d bytes too many on the stream, %d on the connection", -left[f.StreamID], -connWindow)
			}
			got[f.StreamID] += string(f.Data())
			if f.StreamEnded() {
				if !strings.HasPrefix(want, got[f.StreamID]) {
					t.Error("the body has come in another order")
				}
				p.ok(f.StreamID, strconv.Itoa(len(got[f.StreamID])))
				delete(left, f.StreamID)
			}
		}
		for id := range left {
			if left[id] <= 0 {
				p.WriteWindowUpdate(id, uint32(777-left[id]))
				left[id] = 777
			}
		}
		if connWindow < 1000 {
			connWindow += 5000
			p.WriteWindowUpdate(0, 5000)
		}
	}
}

// TestWindowsAreOpenedAgain: an answer that is longer than any window comes whole, be it kept or not.
func TestWindowsAreOpenedAgain(t *testing.T) {
	const size = 20 << 20
	serve := func(p *peer) {
		p.WriteSettings()
		id, _, _, _ := p.request()
		p.head(id, false, ":status", "200")
		go sendWithin(p, id, size)
		p.grants()
	}
	f := func(keep bool) {
		client := (&host{serve: serve}).client(t, 1)
		x := http2.Exchange{Begun: time.Now(), Timeout: time.Minute, Keep: keep}
		err := client.Do(t.Context(), request(t, "GET", "/", "", nil), &x)
		if err == nil && keep {
			_, err = io.Copy(io.Discard, x.Body(t.Context()))
		}
		x.Done()
		if err != nil || x.Received != size {
			t.Errorf("kept %v: %d bytes, %v; want %d", keep, x.Received, err, size)
		}
	}
	f(true)
	f(false)
}

// grants notes what a client grants, until the connection ends.
func (p *peer) grants() {
	for {
		f, err := p.ReadFrame()
		if err != nil {
			return
		}
		if f, ok := f.(*wire.WindowUpdateFrame); ok && f.StreamID != 0 {
			p.granted <- int(f.Increment)
		}
	}
}

// sendWithin sends a body as the window of the stream allows.
func sendWithin(p *peer, id uint32, size int) {
	window := 4 << 20
	piece := make([]byte, 16<<10)
	for size > 0 {
		for window < len(piece) {
			window += <-p.granted
		}
		n := min(size, len(piece))
		size, window = size-n, window-n
		p.WriteData(id, size == 0, piece[:n])
	}
}

// TestWhatExceedsAWindowIsRefused: a stream's ends the request, the connection's the connection.
func TestWhatExceedsAWindowIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := answering(func(p *peer, id uint32) {
			p.head(id, false, ":status", "200")
			for range 4<<20/16384 + 1 {
				p.WriteData(id, false, make([]byte, 16384))
			}
		})
		client := h.client(t, 1)
		x := http2.Exchange{Begun: time.Now(), Timeout: 10 * time.Second, Keep: true}
		err := client.Do(t.Context(), request(t, "GET", "/", "", nil), &x)
		synctest.Wait() // nobody takes anything out
		if err == nil {
			_, err = io.Copy(io.Discard, x.Body(t.Context()))
		}
		x.Done()
		if name(err) != streamError {
			t.Errorf("%v, want %s", err, streamError)
		}
	})
}

// TestAnEarlyAnswerEndsTheUpload: what is left of the request is not sent, and the connection goes on.
func TestAnEarlyAnswerEndsTheUpload(t *testing.T) {
	f := func(name string, after func(p *peer, id uint32)) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			h := &host{serve: func(p *peer) {
				p.WriteSettings()
				f, _ := p.await(wire.FrameHeaders)
				p.head(f.Header().StreamID, false, ":status", "413")
				p.WriteData(f.Header().StreamID, true, []byte("no"))
				after(p, f.Header().StreamID)
				for {
					id, _, _, err := p.request()
					if err != nil {
						return
					}
					p.ok(id, "ok")
				}
			}}
			client := h.client(t, 1)
			var x http2.Exchange
			a, err := do(t.Context(), client, request(t, "PUT", "/", strings.Repeat("x", 1_000_000), nil), &x)
			if err != nil || a.String() != "413 no" || x.Written {
				t.Errorf("%s: %v %v, written %v; want 413", name, a, err, x.Written)
			}
			a, err = do(t.Context(), client, request(t, "GET", "/", "", nil), &x)
			if err != nil || a.String() != "200 ok" || h.connections() != 1 {
				t.Errorf("%s, and another one: %v %v over %d connections; want 200 over 1", name, a, err, h.connections())
			}
		})
	}
	f("an answer", func(*peer, uint32) {})
	f("an answer and a reset", func(p *peer, id uint32) { p.WriteRSTStream(id, wire.ErrCodeNo) })
}

// TestHostileServers: memory has bounds, whatever a server sends.
func TestHostileServers(t *testing.T) {
	f := func(name, want string, attack func(p *peer, id uint32)) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			h := &host{serve: func(p *peer) {
				p.WriteSettings()
				id, _, _, _ := p.request()
				attack(p, id)
				p.drain()
			}}
			client := h.client(t, 1)
			x := http2.Exchange{Timeout: 5 * time.Second}
			got := outcome(do(t.Context(), client, request(t, "GET", "/", "", nil), &x))
			if got != want || x.End >= 5*time.Second {
				t.Errorf("%s: %s after %v, want %s at once", name, got, x.End, want)
			}
		})
	}
	f("a header without end", connectionError, func(p *peer, id uint32) {
		p.WriteHeaders(wire.HeadersFrameParam{StreamID: id, BlockFragment: []byte{0x88}})
		for range 100 {
			p.WriteContinuation(id, false, make([]byte, 16000))
		}
	})
	f("continuations of nothing", connectionError, func(p *peer, id uint32) {
		p.WriteHeaders(wire.HeadersFrameParam{StreamID: id, BlockFragment: []byte{0x88}})
		for range 5000 {
			p.WriteContinuation(id, false, nil)
		}
	})
	f("a header that grows", streamError, func(p *peer, id uint32) {
		block := p.fields(":status", "200", "x-a", strings.Repeat("x", 3000))
		p.WriteHeaders(wire.HeadersFrameParam{
			StreamID: id, EndHeaders: true, BlockFragment: append(block, bytes.Repeat([]byte{0x80 | 62}, 10_000)...),
		})
	})
	f("one provisional head after another", streamError, func(p *peer, id uint32) {
		for range 400 {
			p.head(id, false, ":status", "103", "x-a", strings.Repeat("x", 5000))
		}
	})
	f("a table of gigabytes", connectionError, func(p *peer, id uint32) {
		p.WriteRawFrame(wire.FrameHeaders, wire.FlagHeadersEndHeaders, id, []byte{0x3f, 0xff, 0xff, 0xff, 0x7f, 0x88})
	})
	// A server that asks for answers and reads none: its pipe is full.
	f("pings without a reader", connectionError, func(p *peer, _ uint32) {
		for range 16_000 {
			p.WritePing(false, [8]byte{})
		}
		time.Sleep(time.Second)
	})
	f("settings without a reader", connectionError, func(p *peer, _ uint32) {
		for range 16_000 {
			p.WriteSettings()
		}
		time.Sleep(time.Second)
	})
}

// TestAConnectionOutlivesAHeaderThatIsTooLong: the state of HPACK is that of the server all the same.
func TestAConnectionOutlivesAHeaderThatIsTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		h := answering(func(p *peer, id uint32) {
			n++
			if n == 1 {
				block := p.fields(":status", "200", "x-a", strings.Repeat("x", 3000), "x-b", "b")
				p.WriteHeaders(wire.HeadersFrameParam{
					StreamID: id, EndHeaders: true, BlockFragment: append(block, bytes.Repeat([]byte{0x80 | 63}, 10_000)...),
				})
				return
			}
			p.head(id, true, ":status", "200", "x-b", "b")
		})
		client := h.client(t, 1)
		do(t.Context(), client, request(t, "GET", "/", "", nil), &http2.Exchange{})
		a, err := do(t.Context(), client, request(t, "GET", "/", "", nil), &http2.Exchange{})
		if err != nil || a.Header.Get("X-B") != "b" || h.connections() != 1 {
			t.Errorf("%v %v over %d connections, want X-B: b over one", a, err, h.connections())
		}
	})
}

// TestSmallTablesAreObeyed: a server may forbid the table of HPACK.
func TestSmallTablesAreObeyed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &host{}
		h.serve = func(p *peer) {
			p.WriteSettings(wire.Setting{ID: wire.SettingHeaderTableSize, Val: 0})
			for n := 0; ; n++ {
				id, fields, _, err := p.request()
				if err != nil {
					if n < 3 {
						t.Errorf("request %d: %v", n, err)
					}
					return
				}
				if fields["x-a"] != "value" {
					t.Errorf("request %d has %v", n, fields)
				}
				p.ReadMetaHeaders.SetAllowedMaxDynamicTableSize(0)
				p.ok(id, "ok")
			}
		}
		client := h.client(t, 1)
		for range 3 {
			_, err := do(t.Context(), client, request(t, "GET", "/", "", http.Header{"X-A": {"value"}}), &http2.Exchange{})
			if err != nil {
				t.Error(err)
			}
		}
	})
}
