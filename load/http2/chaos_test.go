package http2_test

import (
	"context"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	wire "golang.org/x/net/http2"

	"edgescope/load/http2"
)

// moody is a server that does something else with each request, and notes those that it has looked at.
type moody struct {
	mu     sync.Mutex
	random *rand.Rand
	looked map[string]int
}

func (m *moody) roll(n int) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.random.IntN(n)
}

func (m *moody) look(path string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.looked[path]++
}

func (m *moody) serve(p *peer) {
	p.WriteSettings(wire.Setting{ID: wire.SettingMaxConcurrentStreams, Val: uint32(1 + m.roll(20))})
	for last := uint32(0); ; {
		id, fields, _, err := p.request()
		if err != nil {
			return
		}
		mood := m.roll(40)
		if mood == 0 {
			p.WriteRSTStream(id, wire.ErrCodeRefusedStream)
			continue
		}
		m.look(fields[":path"])
		last = max(last, id) // they end in another order than they begin
		switch mood {
		case 1:
			p.WriteGoAway(last, wire.ErrCodeNo, nil)
			p.ok(id, "the last one")
			p.drain()
			return
		case 2:
			p.Close()
			return
		default:
			m.answer(p, id, mood)
		}
	}
}

// answer writes what a request gets, whole or broken.
func (m *moody) answer(p *peer, id uint32, mood int) {
	switch mood {
	case 3:
		p.WriteRSTStream(id, wire.ErrCodeInternal)
	case 4: // nothing
	case 5:
		p.head(id, false, ":status", "200", "content-length", "10")
		p.WriteData(id, true, []byte("short"))
	case 6:
		p.head(id, false, ":status", "200")
		p.WriteData(id, false, []byte("and no end"))
	case 7:
		p.WriteSettings(wire.Setting{ID: wire.SettingMaxConcurrentStreams, Val: uint32(m.roll(5))},
			wire.Setting{ID: wire.SettingInitialWindowSize, Val: uint32(m.roll(100_000))})
		p.ok(id, "ok")
		p.WriteSettings(wire.Setting{ID: wire.SettingMaxConcurrentStreams, Val: 10})
	case 8:
		p.WriteWindowUpdate(0, 1<<20)
		p.head(id, true, ":status", "500", "x-a", strconv.Itoa(int(id)))
	default:
		p.ok(id, strings.Repeat("x", m.roll(16_000)))
	}
}

// TestMoodyServers: whatever happens to other requests, each ends in its time, and none that a server has looked at is
// sent again.
func TestMoodyServers(t *testing.T) {
	for seed := range uint64(6) {
		synctest.Test(t, func(t *testing.T) {
			m := &moody{random: rand.New(rand.NewPCG(seed, 1)), looked: map[string]int{}}
			h := &host{serve: m.serve}
			client := h.client(t, 3)
			answered, running := 0, sync.WaitGroup{}
			for u := range 30 {
				running.Go(func() {
					for i := range 20 {
						path := "/" + strconv.Itoa(u) + "/" + strconv.Itoa(i)
						ctx, cancel := context.WithTimeout(t.Context(), time.Duration(200+m.roll(3000))*time.Millisecond)
						x := http2.Exchange{Timeout: 2 * time.Second}
						a, err := do(ctx, client, request(t, "PUT", path, strings.Repeat("x", m.roll(3)*m.roll(30_000)), nil), &x)
						cancel()
						m.mu.Lock()
						if err == nil && a.Status != 0 {
							answered++
						}
						if n := m.looked[path]; n > 1 || err == nil && n == 0 {
							t.Errorf("seed %d: the server has looked at %s %d times: %v", seed, path, n, err)
						}
						m.mu.Unlock()
						if x.End > 4*time.Second {
							t.Errorf("seed %d: %s took %v: %v", seed, path, x.End, err)
						}
					}
				})
			}
			running.Wait()
			if answered < 100 {
				t.Errorf("seed %d: %d answers, want most of 600", seed, answered)
			}
		})
	}
}
