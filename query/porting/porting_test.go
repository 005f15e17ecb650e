package porting_test

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"edgescope/edge"
	"edgescope/edge/platform"
	"edgescope/policy"
	"edgescope/query"
	"edgescope/query/porting"
	"edgescope/query/querytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }

const retention = 30 * 24 * time.Hour

// measured is a comparison at one size: SIMD and scalar WebAssembly as the reference has them, and two engines that are
// none.
func measured() *edge.Bench {
	row := func(engine string, ratio float64, bytes int64) edge.BenchRow {
		return edge.BenchRow{
			Size: "medium", Engine: engine, Baseline: "js", Ratio: 2 * ratio, CI: [2]float64{ratio, 3 * ratio},
			CPURatio: ratio, CPUCI: [2]float64{ratio * .99, ratio * 1.01}, WASMBytes: bytes,
		}
	}
	return &edge.Bench{
		Name: "wasm-vs-js", Rounds: 30, AA: edge.BenchControl{Ratio: 1, CPURatio: 1, CPUValid: true},
		Results: []edge.BenchRow{row("js", 1, 0), row("js-swar", 1.8, 0), row("wasm", 1.63, 2267), row("wasm-simd", 10.93, 2267)},
	}
}

// compare writes a comparison that ended so long before now.
func compare(w *querytest.World, tenant edge.Tenant, b *edge.Bench, ago time.Duration) {
	w.T.Helper()
	c := *b
	c.Started = w.Now.Add(-ago).Add(-time.Minute)
	body, err := json.Marshal(&c)
	if err != nil {
		w.T.Fatal(err)
	}
	e := w.Invocation(w.Now.Add(-ago), time.Second, edge.Facts{Service: edge.RunService})
	e.Facts.Invocation, e.Name = false, edge.BenchSpan
	e.Attrs = []edge.Attr{{Key: edge.BenchAttr, Value: string(body)}}
	w.Write(tenant, e)
}

func load(w *querytest.World, lines ...string) {
	w.T.Helper()
	for _, line := range lines {
		if err := w.Load(line); err != nil {
			w.T.Fatal(err)
		}
	}
}

func room(w *querytest.World, text string) *porting.Room {
	w.T.Helper()
	p, problems := policy.Parse("policy.yml", []byte(text))
	if len(problems) > 0 {
		w.T.Fatal(problems)
	}
	return porting.New(w.Read, porting.Options{
		Policy: func(edge.Tenant) *policy.Policy { return p.For("") }, Retention: retention,
	})
}

func ask(w *querytest.World, x *porting.Room, text string) *query.WASMAdvice {
	w.T.Helper()
	a, err := x.Advise(w.T.Context(), querytest.Tenant, w.Ask(text))
	if err != nil {
		w.T.Fatal(err)
	}
	return a
}

func near(t *testing.T, what string, got query.Num, want, within float64) {
	t.Helper()
	if !(math.Abs(float64(got)-want) <= within) {
		t.Errorf("%s: %.6g, want %v", what, float64(got), want)
	}
}

// port is what an engine saves a service.
func port(t *testing.T, a *query.WASMAdvice, service, engine string) query.WASMPort {
	t.Helper()
	for _, s := range a.Services {
		for _, p := range s.Ports {
			if s.Service == service && p.Engine == engine {
				return p
			}
		}
	}
	t.Fatalf("nothing of %s with %s: %+v", service, engine, a.Services)
	return query.WASMPort{}
}

const workers = "accounts: [{platform: cloudflare.workers, plan: Paid}]"

// oneHour is the hour before the last whole one, whose ends are fixed.
func oneHour(w *querytest.World) (from time.Time, question string) {
	from = w.Now.Truncate(time.Hour).Add(-2 * time.Hour)
	return from, "from=" + from.Format(time.RFC3339) + "&to=" + from.Add(time.Hour).Format(time.RFC3339)
}

// busy writes 100 invocations of 20 ms of CPU that stand for a hundred million a month, in oneHour.
func busy(w *querytest.World, service, on string, cpu time.Duration) {
	w.T.Helper()
	from, _ := oneHour(w)
	var events []edge.Event
	for i := range 100 {
		events = append(events, w.Invocation(from.Add(time.Duration(i+1)*30*time.Second), time.Second, edge.Facts{
			Service: service, Platform: on, HasCPU: true, CPUTime: int64(cpu), Weight: 1e8 / 720 / 100,
		}))
	}
	w.Write(querytest.Tenant, events...)
}

// TestTheReferenceHolds has its figures: 20 ms, of which .8 moves, at 100 M invocations a month on Workers.
func TestTheReferenceHolds(t *testing.T) {
	w := querytest.New(t)
	compare(w, querytest.Tenant, measured(), 8*24*time.Hour) // long before the range: comparisons are rare
	busy(w, "img", "cloudflare.workers", 20*time.Millisecond)
	_, hour := oneHour(w)
	a := ask(w, room(w, workers), hour)
	if len(a.Services) != 1 || a.Movable != .8 || a.Bench == nil || a.Bench.By != "cpu" || !a.Bench.Valid {
		t.Fatalf("%+v, %+v", a, a.Bench)
	}
	s := a.Services[0]
	near(t, "a month has", s.PerMonth, 1e8, 1e5)
	near(t, "CPU", s.CPU.Value, 20, 1e-3)
	if s.CPU.N != 100 || s.CPU.Origin != query.OriginMeasured || s.Plan != "Paid" || s.Assumed || len(s.Missing) > 0 {
		t.Errorf("%+v", s)
	}
	simd, scalar := port(t, a, "img", "wasm-simd"), port(t, a, "img", "wasm")
	near(t, "SIMD", simd.CPU.Value, 5.46, .005)
	near(t, "scalar", scalar.CPU.Value, 13.8, .05)
	near(t, "SIMD saves", simd.Saved.Value, 20-5.46, .005)
	near(t, "a month saves", simd.Month.Value, 29.07, .04)
	near(t, "a million saves", simd.PerMillion.Value, .2907, .0005)
	for name, f := range map[string]query.Figure{
		"then": simd.CPU, "saved": simd.Saved, "million": simd.PerMillion, "month": simd.Month,
	} {
		if !(f.Low < f.Value && f.Value < f.High) || f.Origin != query.OriginModel || f.N != 100 {
			t.Errorf("%s: %+v", name, f)
		}
	}
	// By Amdahl's law no engine saves more than what moves.
	near(t, "all of it", port(t, ask(w, room(w, workers), hour+"&movable=1"), "img", "wasm-simd").CPU.Value, 20/10.93, 1e-3)
	near(t, "a tenth", port(t, ask(w, room(w, workers), hour+"&movable=0.1"), "img", "wasm-simd").Saved.Value, 2*(1-1/10.93), 1e-3)
}

// TestPlansChargeDifferently holds what 139.8 ms less cost on Workers and on Lambda with 1 GB, what a factor of the policy
// does, and that nothing is charged for CPU time where only requests are.
func TestPlansChargeDifferently(t *testing.T) {
	w := querytest.New(t)
	b := measured()
	b.Results = b.Results[3:]
	b.Results[0].CPURatio, b.Results[0].CPUCI = 2, [2]float64{2, 2}
	compare(w, querytest.Tenant, b, time.Hour)
	for service, on := range map[string]string{
		"w": "cloudflare.workers", "l": "aws_lambda", "f": platform.CloudFront, "none": "", "other": "my_own",
	} {
		busy(w, service, on, 2*1398*time.Millisecond/10)
	}
	_, hour := oneHour(w)
	hour += "&movable=1"
	a := ask(w, room(w, "memory: {l: 1GB}"), hour)
	near(t, "saved", port(t, a, "w", "wasm-simd").Saved.Value, 139.8, .01)
	near(t, "Workers", port(t, a, "w", "wasm-simd").PerMillion.Value, 2.796, .001)
	near(t, "Lambda", port(t, a, "l", "wasm-simd").PerMillion.Value, 2.33, .001)
	for _, s := range a.Services {
		known := s.Plan != ""
		if s.Assumed != known || known == (s.Service == "none" || s.Service == "other") || known == (len(s.Missing) > 0) {
			t.Errorf("%s is on %q, assumed %v, missing %q", s.Service, s.Plan, s.Assumed, s.Missing)
		}
		if p := s.Ports[0]; p.PerMillion.Value.OK() != known || p.Month.Low.OK() != known || !p.Saved.Value.OK() {
			t.Errorf("%s without a price: %+v", s.Service, p)
		}
		if s.Service == "f" && s.Ports[0].PerMillion.Value != 0 {
			t.Errorf("where only requests are charged for, CPU time saves %v", s.Ports[0].PerMillion.Value)
		}
	}
	a = ask(w, room(w, "accounts: [{platform: cloudflare.workers, plan: Paid, factor: 1.19, services: [w, none]}]"), hour)
	near(t, "with tax", port(t, a, "w", "wasm-simd").PerMillion.Value, 1.19*2.796, .001)
	near(t, "named by the policy", port(t, a, "none", "wasm-simd").PerMillion.Value, 1.19*2.796, .001)
	if p := port(t, a, "l", "wasm-simd"); p.PerMillion.Value.OK() || !p.Saved.Value.OK() {
		t.Errorf("memory that is not known has a price: %+v", p)
	}
}

// TestWhatIsNotKnownHasNoFigure holds it of CPU time that nobody says, that too few say, and of comparisons.
func TestWhatIsNotKnownHasNoFigure(t *testing.T) {
	w := querytest.New(t)
	load(w,
		"29 -30m..-20m service=few platform=cloudflare.workers region=AMS route=/a cpu=7 weight=1000",
		"30 -30m..-20m service=enough platform=cloudflare.workers region=AMS route=/a cpu=7",
		"40 -30m..-20m service=silent platform=cloudflare.workers region=AMS route=/a",
	)
	x := room(w, workers)
	lacks := func(a *query.WASMAdvice, service, want string) {
		t.Helper()
		i := slices.IndexFunc(a.Services, func(s query.WASMService) bool { return s.Service == service })
		if i < 0 {
			t.Fatalf("no %s in %+v", service, a.Services)
		}
		if s := a.Services[i]; len(s.Ports) > 0 || len(s.Missing) != 1 || !strings.Contains(s.Missing[0], want) {
			t.Errorf("%s: %d figures, missing %q, want %q", service, len(s.Ports), s.Missing, want)
		}
	}
	a := ask(w, x, "range=1h")
	if a.Bench != nil {
		t.Errorf("%+v", a.Bench)
	}
	lacks(a, "enough", "no comparison")
	compare(w, querytest.Tenant+1, measured(), time.Hour)
	lacks(ask(w, x, "range=1h"), "enough", "no comparison") // that is another tenant's

	native := measured()
	native.Results = native.Results[:2]
	compare(w, querytest.Tenant, native, 2*time.Hour)
	lacks(ask(w, x, "range=1h"), "enough", "no comparison of engines with WebAssembly")
	compare(w, querytest.Tenant, measured(), time.Hour)
	a = ask(w, x, "range=1h")
	lacks(a, "few", "n=29")
	lacks(a, "silent", "do not say their CPU time")
	port(t, a, "enough", "wasm")
	for _, s := range a.Services {
		if (s.Service == "silent") == s.CPU.Value.OK() {
			t.Errorf("CPU time of %s is %v", s.Service, s.CPU.Value)
		}
	}
	if only := ask(w, x, "range=1h&service=enough"); len(only.Services) != 1 || only.Services[0].Service != "enough" {
		t.Errorf("of one service: %+v", only.Services)
	}
}

// TestTheNewestComparisonCounts holds that, what is taken where CPU time was not measured, and that an engine may cost
// more.
func TestTheNewestComparisonCounts(t *testing.T) {
	w := querytest.New(t)
	old, wall := measured(), measured()
	old.Name = "old"
	wall.AA = edge.BenchControl{Ratio: 1.2, CI: [2]float64{1.1, 1.3}}
	wall.Results = append(wall.Results, edge.BenchRow{
		Size: "small", Engine: "go-wasm", Baseline: "js", Ratio: .5, CI: [2]float64{.4, .6}, WASMBytes: 1e6,
	}, edge.BenchRow{Size: "small", Engine: "broken", Baseline: "js", WASMBytes: 9})
	compare(w, querytest.Tenant, wall, time.Hour)
	compare(w, querytest.Tenant, old, 2*time.Hour) // that arrived later
	load(w, "90 -30m..-20m service=img platform=cloudflare.workers region=AMS route=/a cpu=10")
	a := ask(w, room(w, workers), "range=1h")
	if a.Bench.Name == "old" || a.Bench.By != "wall" || a.Bench.Valid || len(a.Bench.Ratios) != 3 {
		t.Fatalf("%+v", a.Bench)
	}
	near(t, "by wall time", a.Bench.Ratios[0].Ratio.Value, 2*1.63, 1e-9)
	slow := port(t, a, "img", "go-wasm")
	near(t, "slower", slow.CPU.Value, 10*(.2+.8/.5), .01)
	if !(slow.Saved.Low < slow.Saved.Value && slow.Saved.High < 0 && slow.PerMillion.Value < 0) {
		t.Errorf("half as fast saves %+v, %+v", slow.Saved, slow.PerMillion)
	}
}

// TestTheMostComputingComeFirst holds the order, and that a long list says what it leaves out.
func TestTheMostComputingComeFirst(t *testing.T) {
	w := querytest.New(t)
	var lines []string
	for i := range 52 {
		name := string(rune('a'+i/26)) + string(rune('a'+i%26))
		lines = append(lines, "2 -30m..-20m service="+name+" platform=cloudflare.workers region=AMS route=/a")
	}
	lines = append(lines,
		"40 -30m..-20m service=zz platform=cloudflare.workers region=AMS route=/a cpu=1",
		"30 -30m..-20m service=zy platform=cloudflare.workers region=AMS route=/a cpu=9",
	)
	load(w, lines...)
	a := ask(w, room(w, ""), "range=1h")
	if len(a.Services) != 50 || a.Left != 4 || a.Services[0].Service != "zy" || a.Services[1].Service != "zz" {
		t.Errorf("%d services and %d more, first %+v", len(a.Services), a.Left, a.Services[:2])
	}
}

func TestNothingWasReceived(t *testing.T) {
	w := querytest.New(t)
	a := ask(w, porting.New(w.Read, porting.Options{Retention: retention}), "range=1h")
	if a.Services == nil || len(a.Services) != 0 || a.Bench != nil || !a.Empty {
		t.Errorf("%+v", a)
	}
}

func TestExamplesOfTheDocumentHold(t *testing.T) {
	w := querytest.New(t)
	compare(w, querytest.Tenant, measured(), time.Hour)
	load(w, "100 -30m..-20m service=shop platform=cloudflare.workers region=FRA route=/img/:id cpu=20")
	w.Examples(t, "../../docs/api.md", room(w, workers).Answers(), query.PathPorting)
}
