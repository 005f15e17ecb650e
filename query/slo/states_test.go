package slo_test

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"edgescope/edge"
	"edgescope/policy"
	"edgescope/query"
	"edgescope/query/querytest"
	"edgescope/query/slo"
)

// load writes invocations (querytest.World.Load).
func load(t testing.TB, w *querytest.World, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if err := w.Load(line); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
}

// one returns the promise of an objective that has one.
func one(t *testing.T, a *query.SLO, name string) query.Promise {
	t.Helper()
	for i := range a.Objectives {
		if o := &a.Objectives[i]; o.Name == name && len(o.Promises) == 1 {
			return o.Promises[0]
		}
	}
	t.Fatalf("there is no one promise of %s: %+v", name, a.Objectives)
	return query.Promise{}
}

// TestStates holds the state of a promise of 99 % in each way that it can stand.
func TestStates(t *testing.T) {
	w := querytest.New(t)
	load(t, w,
		"2000 -50h..-1m service=ok", "4 -50h..-49h service=ok outcome=error",
		"2000 -20m..-1m service=page", "400 -20m..-1m service=page outcome=error",
		"3000 -70h..-1m service=ticket", "120 -70h..-1m service=ticket outcome=error",
		"2000 -280h..-1m service=overspent", "100 -200h..-190h service=overspent outcome=error",
		"60 -5h..-1m service=few",
		"500 -100h..-7h service=gone",
		"60 -5h..-1m service=quiet", "1 -30m..-29m service=quiet outcome=error",
	)
	var text strings.Builder
	text.WriteString("slos:\n")
	states := map[string]string{
		"ok": query.PromiseOK, "page": query.PromisePage, "ticket": query.PromiseTicket, "few": query.PromiseFew,
		"overspent": query.PromiseOverspent, "gone": query.PromiseNoData, "never": query.PromiseNoData,
		"quiet": query.PromiseFew,
	}
	for service := range states {
		fmt.Fprintf(&text, "  - {name: %[1]s, service: %[1]s, sli: availability, target: 99}\n", service)
	}
	x := room(t, w, text.String())
	a := ask(t, w, x, "")
	for service, want := range states {
		if p := one(t, a, service); p.State != want {
			t.Errorf("%s is %s, want %s: %+v", service, p.State, want, p)
		}
	}
	if p := one(t, a, "never"); p.Remaining.Value.OK() || p.Good.Value.OK() || p.Burn.OK() || p.Course != nil {
		t.Errorf("of nothing it knows %+v", p)
	}
	p := one(t, a, "page")
	if ago := w.Now.Sub(p.Since); ago < 15*time.Minute || ago > 27*time.Minute {
		t.Errorf("the burn began %s ago, want 20 minutes", ago)
	}
	findings, err := x.Findings(t.Context(), querytest.Tenant, w.Ask("range=1h"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range findings {
		got = append(got, fmt.Sprint(f.Kind, " ", f.Severity, " ", f.Name, " ", f.Service))
	}
	if diff := cmp.Diff([]string{"slo bad page page", "slo warn ticket ticket"}, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	if past, err := x.Findings(t.Context(), querytest.Tenant, w.Ask("from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z")); err != nil ||
		past != nil {
		t.Errorf("of a range that is over: %v, %v", past, err)
	}
}

// TestFigures holds the numbers of a promise: weighted shares with intervals of the events received, the budget that is
// left of them, its course, and when it is gone.
func TestFigures(t *testing.T) {
	w := querytest.New(t)
	load(t, w, "1900 -15h..-2m weight=10", "20 -15h..-2m weight=10 outcome=error", "80 -15h..-2m weight=10 outcome=canceled")
	a := ask(t, w, room(t, w, "slos: [{name: up, service: shop, sli: availability, target: 98}]\n"), "")
	p := one(t, a, "up")
	near := func(what string, got query.Num, want float64) {
		t.Helper()
		if !(math.Abs(float64(got)-want) <= 1e-9) {
			t.Errorf("%s is %v, want %v", what, float64(got), want)
		}
	}
	near("total", p.Total, 20_000)
	near("bad", p.Bad, 200)
	near("good", p.Good.Value, .99)
	near("n", p.Good.N, 2000)
	near("left", p.Remaining.Value, .5)
	if !p.Estimated || p.Good.Origin != query.OriginMeasured || p.Source != edge.SignalSpan {
		t.Errorf("it says %+v", p)
	}
	// 20 of 2,000 events: Wilson's interval is .0065 to .0154.
	if p.Good.Low < .984 || p.Good.Low > .985 || p.Good.High < .9934 || p.Good.High > .9936 {
		t.Errorf("good is between %v and %v", p.Good.Low, p.Good.High)
	}
	if n := len(p.Course); n != 121 || p.Course[0] != 1 || math.Abs(float64(p.Course[n-1])-.5) > 1e-9 {
		t.Errorf("the course has %d values, from %v to %v, want 121 from 1 to .5", n, p.Course[0], p.Course[n-1])
	}
	for i := range p.Course[1:] {
		if p.Course[i+1] > p.Course[i] {
			t.Errorf("the budget grows from %v to %v", p.Course[i], p.Course[i+1])
		}
	}
	// At a burn of about a half the rest lasts the whole period.
	if p.BurnOver != 3600 || p.Burn < .1 || p.Burn > 1.2 {
		t.Errorf("it burns at %v in %d s", p.Burn, p.BurnOver)
	}
	if b := p.Burns[0]; b.Severity != "page" || b.At != 14.4 || b.Long != 3600 || b.Short != 300 || b.N < 100 || b.N > 150 {
		t.Errorf("the first rule: %+v", b)
	}
}

// TestExhaustion holds that a full budget lasts as long as the reference says: 36 hours at a burn of 20.
func TestExhaustion(t *testing.T) {
	w := querytest.New(t)
	load(t, w, "2000 -400h..-2h weight=5000", "980 -55m..-2m weight=1", "20 -55m..-2m weight=1 outcome=error")
	p := one(t, ask(t, w, room(t, w, "slos: [{name: up, sli: availability, target: 99.9}]\n"), ""), "up")
	if left := p.Exhausted.Sub(w.Now); left < 35*time.Hour || left > 36*time.Hour {
		t.Errorf("it is gone in %s, want 36h: %+v", left, p)
	}
}

// TestEachServiceHasItsOwnBudget holds what an objective without a service is of, by which source, and what filters
// choose.
func TestEachServiceHasItsOwnBudget(t *testing.T) {
	w := querytest.New(t)
	load(t, w,
		"500 -5h..-2m service=shop route=/a", "500 -5h..-2m service=shop route=/a signal=tail outcome=error",
		"500 -5h..-2m service=tails route=/a signal=tail", "50 -5h..-2m service=tails route=/b signal=tail outcome=error",
	)
	x := room(t, w, `slos:
  - {name: up, sli: availability, target: 90, by: [route]}
  - {name: tail, service: shop, sli: availability, target: 90, source: tail}
`)
	f := func(question string, want ...string) {
		t.Helper()
		a := ask(t, w, x, question)
		got := []string{}
		for _, o := range a.Objectives {
			for _, p := range o.Promises {
				got = append(got, strings.Join([]string{o.Name, p.Service, p.Route, p.Source, p.State}, " "))
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", question, diff)
		}
	}
	f("", "up tails /b tail page", "up shop /a span ok", "up tails /a tail ok", "tail shop  tail page")
	f("service=tails", "up tails /b tail page", "up tails /a tail ok")
	f("route=/b", "up tails /b tail page", "tail shop  tail page")
	f("service=-shop&route=-/b", "up tails /a tail ok")
	if a := ask(t, w, x, "service=none"); len(a.Objectives) != 0 {
		t.Errorf("of no service: %+v", a.Objectives)
	}
}

// TestManyPromisesAreCutToTheWorst holds that an answer is bounded, and says what it leaves out.
func TestManyPromisesAreCutToTheWorst(t *testing.T) {
	w := querytest.New(t)
	for i := range 30 {
		load(t, w, fmt.Sprintf("200 -5h..-2m region=R%02d", i), fmt.Sprintf("%d -5h..-2m region=R%02d outcome=error", i, i))
	}
	o := ask(t, w, room(t, w, "slos: [{name: up, sli: availability, target: 50, by: [region]}]\n"), "").Objectives[0]
	if len(o.Promises) != 20 || o.More != 10 || o.Promises[0].Region != "R29" || o.Promises[19].Region != "R10" {
		t.Errorf("%d promises and %d more, from %s to %s, want the 20 worst", len(o.Promises), o.More,
			o.Promises[0].Region, o.Promises[len(o.Promises)-1].Region)
	}
}

// TestThresholdsAreJudgedAtEdges holds that the nearest edge of a bucket is taken and said, and that counting there is
// exact.
func TestThresholdsAreJudgedAtEdges(t *testing.T) {
	w := querytest.New(t)
	load(t, w, "600 -5h..-2m ms=180", "400 -5h..-2m ms=195")
	a := ask(t, w, room(t, w, "slos: [{name: fast, sli: latency, target: 50, threshold: 200ms}]\n"), "")
	o := a.Objectives[0]
	if o.Threshold != 200 || math.Abs(float64(o.JudgedAt)-189.57) > .01 || o.Promises[0].Bad != 400 {
		t.Errorf("judged at %v of %v ms: %v are slow, want 400 at 189.57", o.JudgedAt, o.Threshold, o.Promises[0].Bad)
	}
}

// TestRulesOutliveTheStore holds that rules stay as they were while the store does not answer, with an error.
func TestRulesOutliveTheStore(t *testing.T) {
	w := querytest.New(t)
	load(t, w, "500 -5h..-2m service=tails signal=tail")
	x := room(t, w, "slos: [{name: up, service: tails, sli: availability, target: 99}]\n")
	before, err := x.Rules(t.Context(), querytest.Tenant, "acme")
	if err != nil || len(before) != 1 || before[0].Tenant != "acme" || before[0].Name != "slo up of acme" ||
		!strings.Contains(before[0].Rules[0].Expr, `edge_signal="tail"`) {
		t.Fatalf("%+v, %v", before, err)
	}
	w.Now = w.Now.Add(time.Hour)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	after, err := x.Rules(cancelled, querytest.Tenant, "acme")
	if diff := cmp.Diff(before[0].Rules, after[0].Rules); err == nil || diff != "" {
		t.Errorf("%v (-before +after):\n%s", err, diff)
	}
}

// TestTheExampleHolds asks the example of docs/api.md.
func TestTheExampleHolds(t *testing.T) {
	w := querytest.New(t)
	load(t, w, "2000 -20h..-1m region=FRA", "100 -20m..-1m region=FRA outcome=error")
	x := room(t, w, "slos: [{name: shop works, service: shop, sli: availability, target: 99.9}]\n")
	w.Examples(t, "../../docs/api.md", x.Answers(), query.PathSLO)
}

func TestBadQuestionsAreRefused(t *testing.T) {
	w := querytest.New(t)
	server, _ := w.Serve(room(t, w, everyKind).Answers())
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+query.APIPrefix+"slo?q=nokey:x", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusBadRequest {
		t.Errorf("status %d, want 400", res.StatusCode)
	}
}

// twenty is a world of a service with 330 regions and 40 routes, and a policy of twenty objectives, five of them route by
// route or region by region.
func twenty(b *testing.B, healthy bool) (*querytest.World, *policy.Policy) {
	b.Helper()
	w := querytest.New(b)
	for i := range 330 {
		for _, ago := range []string{"60h", "5h", "50m"} {
			where := fmt.Sprintf("-%s..-1m region=R%03d route=/r%d", ago, i, i%40)
			if healthy {
				load(b, w, "22 "+where+" outcome=ok ms=10,20,40,80,100,160 cold=false cache=hit")
				continue
			}
			load(b, w, "20 "+where+" outcome=ok ms=10,20,40,80,160,320 cold=false cache=hit",
				"2 "+where+" outcome=error ms=100 cold=true cache=miss")
		}
	}
	var text strings.Builder
	text.WriteString("slos:\n")
	for i := range 20 {
		sli := []string{"availability", "latency, threshold: 200ms", "warm", "hit"}[i%4]
		by := map[int]string{
			4: ", by: [route]", 8: ", by: [region]", 9: ", by: [region]", 11: ", by: [route]", 16: ", by: [region]",
		}[i]
		fmt.Fprintf(&text, "  - {name: n%d, sli: %s, target: 99%s}\n", i, sli, by)
	}
	p, problems := policy.Parse("policy.yml", []byte(text.String()))
	if len(problems) > 0 {
		b.Fatal(problems)
	}
	return w, p
}

// BenchmarkSLO asks how twenty objectives stand; the goal is well below 100 ms of a core.
func BenchmarkSLO(b *testing.B) {
	w, p := twenty(b, false)
	for b.Loop() {
		x := slo.New(slo.Options{Read: w.Read, Policy: func(edge.Tenant) *policy.Policy { return p }})
		if a := ask(b, w, x, ""); len(a.Objectives) != 20 || len(a.Objectives[8].Promises) != 20 {
			b.Fatalf("%+v", a)
		}
	}
}

// BenchmarkRules evaluates the forty rules of the same objectives, of a service that is well and of one of which each
// rule tells; the goal is 200 rules in 2 s of a core. Run one at a time: a second store in a process is slow at first.
func BenchmarkRules(b *testing.B) {
	for name, healthy := range map[string]bool{"healthy": true, "burning": false} {
		b.Run(name, func(b *testing.B) {
			w, p := twenty(b, healthy)
			x := slo.New(slo.Options{Read: w.Read, Policy: func(edge.Tenant) *policy.Policy { return p }})
			for b.Loop() {
				if got := fired(b, w, x); (len(got) == 0) != healthy {
					b.Fatalf("%d alerts", len(got))
				}
			}
		})
	}
}
