package load

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"edgescope/load/network"
	"edgescope/load/timer"
	"edgescope/scenarios"
)

// stalling is a target that answers after 5 ms, and every 2 s stands still for 200 ms. Its connections are pipes, so
// that the whole run can happen on a fake clock, where nothing but the target takes time.
type stalling struct {
	started time.Time
	conns   sync.WaitGroup
}

func (s *stalling) dial(context.Context, string, string) (net.Conn, error) {
	mine, theirs := net.Pipe()
	s.conns.Go(func() {
		defer theirs.Close()
		for br := bufio.NewReader(theirs); ; {
			if _, err := http.ReadRequest(br); err != nil {
				return
			}
			time.Sleep(5 * time.Millisecond)
			if into := time.Since(s.started) % (2 * time.Second); into < 200*time.Millisecond {
				time.Sleep(200*time.Millisecond - into)
			}
			io.WriteString(theirs, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		}
	})
	return mine, nil
}

// times are the response and service times of a run against a stalling target, sorted.
func (s *stalling) times(t *testing.T, rate, cap int) (response, service []time.Duration) {
	t.Helper()
	script := fmt.Sprintf("config: {target: 'http://target.test', http: {pool: %d}, phases: [{duration: 10, "+
		"arrivalRate: %d}]}\nscenarios: [{flow: [{get: {url: /}}]}]", cap, rate)
	p, err := scenarios.Load(scenarios.Options{
		Files: []string{"stall.yml"}, ReadFile: func(string) ([]byte, error) { return []byte(script), nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	runner, err := New(p, Options{Wait: timer.Sleep, Network: network.Options{Dial: s.dial}})
	if err != nil {
		t.Fatal(err)
	}
	s.started = time.Now()
	err = runner.Run(t.Context(), func(e Event) {
		if r, ok := e.(*Result); ok {
			response, service = append(response, r.Response()), append(service, r.Service())
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	s.conns.Wait()
	if len(response) != 10*rate {
		t.Fatalf("%d requests, want %d", len(response), 10*rate)
	}
	slices.Sort(response)
	slices.Sort(service)
	return response, service
}

// TestStallsAreSeenUnderAnyCap: one arrival in ten meets a stall of 200 ms, so p95 of the response time is 105 ms, and
// more where a cap of connections makes a queue: the figures are those of a simulation of the queue alone. Service time
// under a cap cannot show it, which is why it is not the headline.
func TestStallsAreSeenUnderAnyCap(t *testing.T) {
	f := func(rate, cap int, wantMS, serviceMS float64) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			var s stalling
			response, service := s.times(t, rate, cap)
			p95 := func(sorted []time.Duration) float64 { return float64(sorted[len(sorted)*95/100]) / 1e6 }
			if got := p95(response); math.Abs(got-wantMS) > wantMS*0.05 {
				t.Errorf("%d/s over %d connections: p95 of the response time is %.1f ms, want %.0f within 5 %%", rate,
					cap, got, wantMS)
			}
			if got := p95(service); math.Abs(got-serviceMS) > serviceMS*0.05 {
				t.Errorf("%d/s over %d connections: p95 of the service time is %.1f ms, want %.0f", rate, cap, got,
					serviceMS)
			}
		})
	}
	f(1000, 10_000, 105, 105)
	f(2000, 10_000, 105, 105)
	f(1000, 64, 110, 5)
	f(1000, 32, 120, 5)
	f(1000, 16, 135, 5)
	f(2000, 64, 120, 5)
}
