// Package reporttest makes runs by hand, for the tests of what becomes of them.
package reporttest

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	vegeta "github.com/tsenart/vegeta/v12/lib"

	"edgescope/load"
	"edgescope/load/network"
	"edgescope/report"
	"edgescope/scenarios"
	"edgescope/scenarios/plan"
)

var update = flag.Bool("update", false, "write the golden files anew") //nolint:forbidigo // a flag of test binaries

// Golden compares with a file in testdata.
func Golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// Shop is a script of a shop with thresholds and conditions that hold and fail.
const Shop = `
config:
  phases: [{name: steady, duration: 12, arrivalRate: 2}]
  ensure:
    thresholds: [{http.response_time.p95: 50}, {errors.ETIMEDOUT: 1}]
    conditions: [{expression: vusers.completed == 24, strict: false}, {expression: http.respnse_time.p99 < 9}]
scenarios:
  - name: buy
    flow: [{get: {url: /cart}}, {post: {url: /order, name: order}}]
`

// Script is a run that is made by hand, from a fixed moment on.
type Script struct {
	Start   time.Time
	Summary *report.Summary
	Plan    *plan.Plan
	Events  []load.Event
}

// New begins a run of a script.
func New(t testing.TB, script string) *Script {
	t.Helper()
	p, err := scenarios.Load(scenarios.Options{
		Files: []string{"shop.yml"}, Target: "https://shop.test",
		ReadFile: func(string) ([]byte, error) { return []byte(script), nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 11, 20, 12, 0, 5, 0, time.UTC)
	return &Script{Start: start, Plan: p, Summary: report.NewSummary(report.Options{
		Plan: p, Schedule: load.NewSchedule(p.Phases, 1), Started: start,
	})}
}

// Add adds an event.
func (s *Script) Add(e load.Event) {
	s.Summary.Add(e)
	s.Events = append(s.Events, e)
}

// MS is so many milliseconds.
func MS(n float64) time.Duration { return time.Duration(n * float64(time.Millisecond)) }

// Request is a complete answer that took so many milliseconds to its first byte and one more to its last.
func (s *Script) Request(at time.Time, attack, endpoint string, code uint16, took float64) *load.Result {
	return &load.Result{
		Result: vegeta.Result{
			Attack: attack, Code: code, Timestamp: at, Latency: MS(took +
				1.5), Method: "GET", URL: "https://shop.test" + endpoint,
		},
		Scenario: "buy", Endpoint: endpoint, Final: true, Decoded: 100,
		Timing: network.Timing{
			Lag: MS(0.25), ConnWait: MS(0.25), TTFB: MS(took), Download: MS(1), Waited: MS(took),
			Sent: at.Add(MS(0.5)),
		},
	}
}

// Ended is when the run of ShopRun ended.
func (s *Script) Ended() time.Time { return s.Start.Add(12*time.Second + 40*time.Millisecond) }

// ShopRun is 24 users of Shop: every fourth gets a cold start, one times out, one order answers 500.
func ShopRun(t testing.TB) *Script {
	s := New(t, Shop)
	s.Add(&load.PhaseStart{At: s.Start, Phase: s.Plan.Phases[0]})
	for k := range 24 {
		at := s.Start.Add(time.Duration(k+1) * 500 * time.Millisecond)
		s.Add(&load.UserStart{At: at.Add(MS(0.25)), Scenario: "buy", Lag: MS(0.25)})
		cart := s.Request(at, "buy/GET /cart", "/cart", 200, float64(5+k%4))
		cold := k%4 == 0
		cart.EdgeRegion, cart.CacheStatus, cart.ColdStart = []string{"FRA", "IAD"}[k%2], "hit", &cold
		cart.TCP, cart.ConnWait = MS(0.25), 0
		cart.Outcomes = []plan.Outcome{
			{OK: true, Type: "statusCode"},
			{OK: k != 3, Type: "header x-cache-status values equals", Want: "hit", Got: "miss"},
		}
		s.Add(cart)
		order := s.Request(at.Add(MS(20)), "buy/order", "/order (order)", 201, 12)
		order.Name, order.Reused = "order", true
		end := &load.UserEnd{At: at.Add(MS(40)), Scenario: "buy", Length: MS(40)}
		switch k {
		case 5:
			order.Code = 500
		case 7:
			order.Code, order.Failure, order.Decoded = 0, "ETIMEDOUT", 0
			end.Err = "ETIMEDOUT"
		}
		s.Add(order)
		s.Add(end)
		s.Summary.Advance(at)
	}
	s.Summary.Close()
	return s
}

// ShopReport is ShopRun as a report that came back from its file, with names that every format must escape.
func ShopReport(t testing.TB) *report.Report {
	t.Helper()
	s := ShopRun(t)
	v := s.Summary.Judge(report.Outcome{Warnings: []string{"few ports | <b>100%</b>, say"}})
	info := report.RunInfo{
		ID: "0123456789abcdef0123456789abcdef", Name: "shop <nightly> & more", Commit: "abc",
		Seed: 7,
	}
	return ThroughFile(t, s.Summary.Report(info, s.Ended(), &v))
}

// ThroughFile is a report that was written and read again.
func ThroughFile(t testing.TB, r *report.Report) *report.Report {
	t.Helper()
	var buf bytes.Buffer
	if err := r.WriteJSON(&buf); err != nil {
		t.Fatal(err)
	}
	got, err := report.Read(&buf)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// Counted is a summary of n users with one request each, that says what f makes of them; ensure is YAML that follows
// the phases.
func Counted(t testing.TB, ensure string, n int, f func(*load.Result, *load.UserStart, *load.UserEnd)) *report.Summary {
	t.Helper()
	s := New(t, fmt.Sprintf("config: {phases: [{duration: 5, arrivalCount: %d}]%s}\nscenarios: [{name: buy, flow: "+
		"[{get: {url: /cart}}]}]", n, ensure))
	for k := range n {
		at := s.Start.Add(time.Duration(k) * 5 * time.Second / time.Duration(n))
		start := &load.UserStart{At: at, Scenario: "buy", Lag: MS(0.1)}
		r := s.Request(at, "buy/GET /cart", "/cart", 200, 5)
		end := &load.UserEnd{At: at, Scenario: "buy"}
		if f != nil {
			f(r, start, end)
		}
		s.Summary.Add(start)
		s.Summary.Add(r)
		s.Summary.Add(end)
	}
	s.Summary.Close()
	return s.Summary
}
