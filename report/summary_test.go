package report_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	vegeta "github.com/tsenart/vegeta/v12/lib"
	"go.uber.org/goleak"

	"edgescope/load"
	"edgescope/load/network"
	"edgescope/report"
	"edgescope/scenarios"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name string, got []byte) {
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

func planOf(t *testing.T, script string) *scenarios.Plan {
	t.Helper()
	p, err := scenarios.Load(scenarios.Options{
		Files: []string{"shop.yml"}, Target: "https://shop.test",
		ReadFile: func(string) ([]byte, error) { return []byte(script), nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const shop = `
config:
  phases: [{name: steady, duration: 12, arrivalRate: 2}]
  ensure:
    thresholds: [{http.response_time.p95: 50}, {errors.ETIMEDOUT: 1}]
    conditions: [{expression: vusers.completed == 24, strict: false}, {expression: http.respnse_time.p99 < 9}]
scenarios:
  - name: buy
    flow: [{get: {url: /cart}}, {post: {url: /order, name: order}}]
`

// a run that is made by hand: 24 users from a fixed moment on, every step of known length.
type script struct {
	start   time.Time
	summary *report.Summary
	plan    *scenarios.Plan
	events  []load.Event
}

func newScript(t *testing.T, text string) *script {
	p := planOf(t, text)
	start := time.Date(2026, 11, 20, 12, 0, 5, 0, time.UTC)
	return &script{start: start, plan: p, summary: report.NewSummary(report.Options{
		Plan: p, Schedule: load.NewSchedule(p.Phases, 1), Started: start,
	})}
}

func (s *script) add(e load.Event) {
	s.summary.Add(e)
	s.events = append(s.events, e)
}

func ms(n float64) time.Duration { return time.Duration(n * float64(time.Millisecond)) }

func (s *script) request(at time.Time, attack, endpoint string, code uint16, took float64) *load.Result {
	r := &load.Result{
		Result: vegeta.Result{
			Attack: attack, Code: code, Timestamp: at, Latency: ms(took + 1.5), Method: "GET", URL: "https://shop.test" + endpoint,
		},
		Scenario: "buy", Endpoint: endpoint, Final: true, Decoded: 100,
		Timing: network.Timing{Lag: ms(0.25), ConnWait: ms(0.25), TTFB: ms(took), Download: ms(1), Waited: ms(took), Sent: at.Add(ms(0.5))},
	}
	return r
}

// shopRun is 24 users: every fourth gets a cold start, one times out, one order answers 500.
func shopRun(t *testing.T) *script {
	s := newScript(t, shop)
	s.add(&load.PhaseStart{At: s.start, Phase: s.plan.Phases[0]})
	for k := range 24 {
		at := s.start.Add(time.Duration(k+1) * 500 * time.Millisecond)
		s.add(&load.UserStart{At: at.Add(ms(0.25)), Scenario: "buy", Lag: ms(0.25)})
		cart := s.request(at, "buy/GET /cart", "/cart", 200, float64(5+k%4))
		cold := k%4 == 0
		cart.EdgeRegion, cart.CacheStatus, cart.ColdStart = []string{"FRA", "IAD"}[k%2], "hit", &cold
		cart.TCP, cart.ConnWait = ms(0.25), 0
		cart.Outcomes = []scenarios.Outcome{{OK: true, Type: "statusCode"}, {OK: k != 3, Type: "header x-cache-status values equals", Want: "hit", Got: "miss"}}
		s.add(cart)
		order := s.request(at.Add(ms(20)), "buy/order", "/order (order)", 201, 12)
		order.Name, order.Reused = "order", true
		end := &load.UserEnd{At: at.Add(ms(40)), Scenario: "buy", Length: ms(40)}
		switch k {
		case 5:
			order.Code = 500
		case 7:
			order.Code, order.Failure, order.Decoded = 0, "ETIMEDOUT", 0
			end.Err = "ETIMEDOUT"
		}
		s.add(order)
		s.add(end)
		s.summary.Advance(at)
	}
	s.summary.Close()
	return s
}

func (s *script) ended() time.Time { return s.start.Add(12*time.Second + 40*time.Millisecond) }

func TestJSONReportIsArtillerys(t *testing.T) {
	s := shopRun(t)
	v := s.summary.Judge(report.Outcome{})
	var buf bytes.Buffer
	info := report.RunInfo{ID: "0123456789abcdef0123456789abcdef", Name: "shop", Commit: "abc", Seed: 7}
	r := s.summary.Report(info, s.ended(), &v)
	r.Edgescope.ScriptHash = "(hash)" // belongs to package scenarios
	r.Edgescope.Environment = report.Environment{OS: "linux", Arch: "amd64", CPUs: 2, Processor: "(model)"}
	if err := r.WriteJSON(&buf); err != nil {
		t.Fatal(err)
	}
	golden(t, "report.golden.json", buf.Bytes())
}

func TestConsoleFitsEightyColumns(t *testing.T) {
	s := shopRun(t)
	v := s.summary.Judge(report.Outcome{Warnings: []string{"this is a warning"}})
	var buf bytes.Buffer
	c := &report.Console{Out: &buf}
	c.Event(s.events[0])
	c.Event(&load.Line{Text: "a log line"})
	c.Tick(s.summary, s.ended())
	c.End(s.summary, &v, s.ended())
	golden(t, "console.golden.txt", buf.Bytes())
	for line := range bytes.Lines(buf.Bytes()) {
		if len(bytes.TrimRight(line, "\n")) > 80 {
			t.Errorf("longer than 80 columns: %q", line)
		}
	}
	if bytes.ContainsRune(buf.Bytes(), '\x1b') {
		t.Error("the console has escape sequences although it is no terminal")
	}
}

func TestQuietConsoleKeepsLogLinesAndTheEnd(t *testing.T) {
	s := shopRun(t)
	v := s.summary.Judge(report.Outcome{})
	var buf bytes.Buffer
	c := &report.Console{Out: &buf, Quiet: true, Live: true}
	c.Event(s.events[0])
	c.Tick(s.summary, s.ended())
	if buf.Len() != 0 {
		t.Errorf("a quiet console printed %q", buf.String())
	}
	c.Event(&load.Line{Text: "a log line"})
	if got := buf.String(); got != "a log line\n" {
		t.Errorf("a quiet console printed %q, want the log line", got)
	}
	c.End(s.summary, &v, s.ended())
	if !bytes.Contains(buf.Bytes(), []byte("\nFAILED: ")) {
		t.Errorf("a quiet console lacks the verdict:\n%s", buf.String())
	}
}

func TestLiveLineIsRedrawnInOnePlace(t *testing.T) {
	s := newScript(t, shop)
	s.add(&load.PhaseStart{At: s.start, Phase: s.plan.Phases[0]})
	at := s.start.Add(time.Second)
	s.add(&load.UserStart{At: at, Scenario: "buy"})
	s.add(s.request(at, "buy/GET /cart", "/cart", 502, 8))
	var buf bytes.Buffer
	c := &report.Console{Out: &buf, Live: true, Width: 200}
	c.Tick(s.summary, s.start.Add(2*time.Second))
	want := "\r\x1b[K1 req/s  1 user  p95 9.500 ms  1 error  10s left  steady"
	if got := buf.String(); got != want {
		t.Errorf("live line %q, want %q", got, want)
	}
	buf.Reset()
	c.Tick(s.summary, s.start.Add(20*time.Second))
	if got := buf.String(); !strings.HasSuffix(got, "1 error  waiting for the last users") {
		t.Errorf("live line after the last arrival: %q", got)
	}
	buf.Reset()
	c.Event(&load.Line{Text: "hello"})
	if got := buf.String(); got != "\r\x1b[Khello\n" {
		t.Errorf("a log line over a live line is %q, want the line cleared first", got)
	}
	buf.Reset()
	c.Width = 20
	c.Tick(s.summary, s.start.Add(2*time.Second))
	if got := buf.String(); got != "\r\x1b[K1 req/s  1 user  p9" {
		t.Errorf("live line in 20 columns: %q", got)
	}
}

func TestVegetaReadsOurResults(t *testing.T) {
	s := shopRun(t)
	var buf bytes.Buffer
	w := report.NewVegetaWriter(&buf)
	for _, e := range s.events {
		w.Event(e)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var m vegeta.Metrics
	decode := vegeta.NewDecoder(&buf)
	for {
		var r vegeta.Result
		if decode(&r) != nil {
			break
		}
		m.Add(&r)
	}
	m.Close()
	want := map[string]int{"200": 24, "201": 22, "500": 1, "0": 1}
	if diff := cmp.Diff(want, m.StatusCodes); diff != "" || m.Requests != 48 {
		t.Errorf("vegeta reads %d requests, codes (-want +got):\n%s", m.Requests, diff)
	}
}

func TestRunSummaryForACollector(t *testing.T) {
	s := shopRun(t)
	info := report.RunInfo{ID: "0123456789abcdef0123456789abcdef", Name: "shop"}
	v := s.summary.Judge(report.Outcome{})
	text, err := json.MarshalIndent(s.summary.Run(info, s.ended(), &v), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "run.golden.json", append(text, '\n'))
	if r := s.summary.Run(info, s.ended(), nil); r.Verdict != "running" || !r.Ended.IsZero() {
		t.Errorf("without a verdict the run is %q, ended %v; want running and no end", r.Verdict, r.Ended)
	}
}

func TestPointsStayBelowTheirLimit(t *testing.T) {
	f := func(phase string, seconds int, wantWidth float64) {
		t.Helper()
		s := newScript(t, "config: {phases: ["+phase+"]}\nscenarios: [{name: buy, flow: [{get: {url: /cart}}]}]")
		for i := range seconds {
			at := s.start.Add(time.Duration(i) * time.Second)
			s.summary.Advance(at)
			s.summary.Add(s.request(at, "a", "/cart", 200, 1))
		}
		s.summary.Close()
		r := s.summary.Run(report.RunInfo{}, s.ended(), nil)
		var requests int64
		for _, p := range r.Points {
			requests += p.Requests
		}
		if len(r.Points) > 600 || requests != int64(seconds) || r.Points[0].Width != wantWidth {
			t.Errorf("%s: %d points of %v s with %d requests; want at most 600 of %v s with %d", phase, len(r.Points), r.Points[0].Width, requests, wantWidth, seconds)
		}
	}
	f("{duration: 60, arrivalRate: 1}", 62, 1)
	f("{duration: 960, arrivalRate: 1}", 970, 3)
	f("{duration: 60, arrivalRate: 1}", 2000, 1) // users that do not end
}

func TestErrorNamesAreBounded(t *testing.T) {
	s := newScript(t, shop)
	for i := range 1000 {
		s.summary.Add(&load.UserEnd{At: s.start, Err: "made up " + time.Duration(i).String()})
	}
	s.summary.Close()
	p := s.summary.Aggregate()
	if n := len(p.Counters); n > 210 || p.Counters["errors.other"] != 800 {
		t.Errorf("%d counters, errors.other %d; want about 200 names and 800 others", n, p.Counters["errors.other"])
	}
}

// A window is closed once; what comes later still is counted, in the next one.
func TestLateEventsAreNotLost(t *testing.T) {
	s := newScript(t, shop)
	s.summary.Add(s.request(s.start, "a", "/cart", 200, 1))
	s.summary.Advance(s.start.Add(20 * time.Second))
	s.summary.Add(s.request(s.start.Add(time.Second), "a", "/cart", 200, 1))
	s.summary.Close()
	if n := s.summary.Aggregate().Counters["http.requests"]; n != 2 {
		t.Errorf("%d requests, want 2", n)
	}
	if n := len(s.summary.Periods()); n != 2 {
		t.Errorf("%d windows, want 2", n)
	}
}

// The hot path: one goroutine adds every result of a run.
func TestAddingAResultTakesNoMemory(t *testing.T) {
	s := newScript(t, shop)
	r := s.request(s.start, "buy/GET /cart", "/cart", 200, 5)
	r.EdgeRegion, r.CacheStatus = "FRA", "hit"
	r.Outcomes = []scenarios.Outcome{{OK: true, Type: "statusCode"}}
	s.summary.Add(r)
	if n := testing.AllocsPerRun(100, func() { s.summary.Add(r) }); n != 0 {
		t.Errorf("%v allocations for a result of a kind that was seen before, want none", n)
	}
}

func BenchmarkSummaryAdd(b *testing.B) {
	p, err := scenarios.Load(scenarios.Options{
		Files: []string{"shop.yml"}, Target: "https://shop.test",
		ReadFile: func(string) ([]byte, error) { return []byte(shop), nil },
	})
	if err != nil {
		b.Fatal(err)
	}
	s := &script{start: time.Now(), plan: p}
	s.summary = report.NewSummary(report.Options{Plan: p, Schedule: load.NewSchedule(p.Phases, 1), Started: s.start})
	r := s.request(s.start, "buy/GET /cart", "/cart", 200, 5)
	r.EdgeRegion, r.CacheStatus = "FRA", "hit"
	r.Outcomes = []scenarios.Outcome{{OK: true, Type: "statusCode"}}
	b.ReportAllocs()
	for b.Loop() {
		s.summary.Add(r)
	}
}
