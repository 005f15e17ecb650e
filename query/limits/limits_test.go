package limits_test

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"edgescope/edge"
	"edgescope/edge/platform"
	"edgescope/policy"
	"edgescope/query"
	"edgescope/query/limits"
	"edgescope/query/money"
	"edgescope/query/querytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }

// room makes a room over a world whose policy is a text.
func room(t testing.TB, w *querytest.World, text string) *limits.Room {
	t.Helper()
	p, problems := policy.Parse("policy.yml", []byte(text))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return limits.New(limits.Options{
		Read: w.Read, Policy: func(edge.Tenant) *policy.Policy { return p.For("") }, Problem: func() string { return "" },
	})
}

func ask(t *testing.T, w *querytest.World, x *limits.Room, text string) *money.Limits {
	t.Helper()
	l, err := x.Limits(t.Context(), querytest.Tenant, w.Ask(text))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// serve writes invocations of the last half hour; facts may change each.
func serve(w *querytest.World, n int, f edge.Facts, change func(i int, f *edge.Facts)) {
	events := make([]edge.Event, n)
	for i := range events {
		facts := f
		if change != nil {
			change(i, &facts)
		}
		events[i] = w.Invocation(w.Now.Add(-time.Duration(n-i)*30*time.Minute/time.Duration(n)), 10*time.Millisecond, facts)
	}
	w.Write(querytest.Tenant, events...)
}

// planted are n values of which 99 % are below p99: its distribution is wide.
func planted(n int, p99 float64) func(i int) int64 {
	return func(i int) int64 {
		p := (float64(i*7919%n) + .5) / float64(n) // in no order
		return int64(p99 * 1e6 * p * p * p / (.99 * .99 * .99))
	}
}

func budget(t *testing.T, l *money.Limits, service, plan, name string) money.Budget {
	t.Helper()
	for _, s := range l.Services {
		for _, p := range s.Plans {
			for _, b := range p.Budgets {
				if s.Service == service && p.Plan == plan && b.Name == name {
					return b
				}
			}
		}
	}
	t.Fatalf("no budget %s of %s on %s in %+v", name, service, plan, l.Services)
	return money.Budget{}
}

// TestBudgetsOfAPlantedHistogram holds that a p99 of 12 ms CPU time is 120 % of the limit of Workers Free, .04 % of that
// of Paid and 24 % of those of Fastly and Netlify, and an init p99 of 412 ms 41 % of a second, within half a bucket of a
// histogram; and that each comes with its bound.
func TestBudgetsOfAPlantedHistogram(t *testing.T) {
	w := querytest.New(t)
	const n = 2000
	cpu, init := planted(n, 12), planted(n, 412)
	for _, of := range []string{platform.CloudflareWorkers, platform.Fastly, platform.Netlify} {
		serve(w, n, edge.Facts{Service: of, Platform: of, HasCPU: true, HasInit: true, ColdStart: edge.True},
			func(i int, f *edge.Facts) { f.CPUTime, f.InitDuration = cpu(i), init(i) })
	}
	l := ask(t, w, room(t, w, ""), "range=1h")
	f := func(service, plan, name string, part float64, state string) {
		t.Helper()
		b := budget(t, l, service, plan, name)
		got := float64(b.Part.Value)
		t.Logf("%s %s %s: %.5f, planted %.5f, %.1f %% off", service, plan, name, got, part, 100*(got/part-1))
		if math.Abs(got/part-1) > .07 || b.State != state || b.Measure != money.MeasureP99 {
			t.Errorf("%s %s %s: %.4f of the limit by %s, %s; want %.4f, %s", service, plan, name, got, b.Measure, b.State, part, state)
		}
		if b.Used.N != n || !(b.Part.High > b.Part.Value && b.Part.High < 1.1*b.Part.Value) {
			t.Errorf("%s %s %s: %+v of %v events, want a bound above it", service, plan, name, b.Part, b.Used.N)
		}
	}
	f(platform.CloudflareWorkers, "Free", money.BudgetCPU, 1.20, money.BudgetOver)
	f(platform.CloudflareWorkers, "Paid", money.BudgetCPU, .0004, money.BudgetOK)
	f(platform.Fastly, "Compute", money.BudgetCPU, .24, money.BudgetOK)
	f(platform.Netlify, "Pro", money.BudgetCPU, .24, money.BudgetOK)
	f(platform.CloudflareWorkers, "Free", money.BudgetStartup, .41, money.BudgetOK)

	above := 1 - .99*math.Cbrt(10./12) // of the planted distribution
	if b := budget(t, l, platform.CloudflareWorkers, "Free", money.BudgetCPU); math.Abs(float64(b.Over)-above) > .01 {
		t.Errorf("%.4f are above 10 ms, want %.4f", float64(b.Over), above)
	}
	for _, s := range l.Services {
		want := map[string]string{
			platform.CloudflareWorkers: "ok startup", platform.Fastly: "ok cpu", platform.Netlify: "ok cpu",
		}[s.Service]
		if got := s.State + " " + s.Nearest; s.Service != "" && got != want {
			t.Errorf("%s is %s, want %s: what the plan that allows most says", s.Service, got, want)
		}
	}
	if found, err := room(t, w, "").Findings(t.Context(), querytest.Tenant, w.Ask("range=1h")); err != nil || len(found) > 0 {
		t.Errorf("without a word on the plan %v is found, %v", found, err)
	}
	found, err := room(t, w, "limits: [{service: cloudflare.workers, plan: Free}]").
		Findings(t.Context(), querytest.Tenant, w.Ask("range=1h"))
	if err != nil || len(found) != 1 || found[0].Severity != "bad" || found[0].Kind != query.KindLimit ||
		!strings.Contains(found[0].Subject, "CPU time at 12") {
		t.Errorf("on Free %+v is found, %v; want CPU time at about 120 %%", found, err)
	}
}

// TestOneExceededOutcomeIsOver holds that it beats any percentile, also where nothing is measured.
func TestOneExceededOutcomeIsOver(t *testing.T) {
	f := func(of, outcome, plan, name string) {
		t.Run(outcome, func(t *testing.T) { exceeded(t, of, outcome, plan, name) })
	}
	f(platform.CloudflareWorkers, edge.OutcomeExceededCPU, "Paid", money.BudgetCPU)
	f(platform.CloudflareWorkers, edge.OutcomeExceededMemory, "Paid", money.BudgetMemory)
	f(platform.AWSLambda, edge.OutcomeTimeout, "arm", money.BudgetWall)
}

func exceeded(t *testing.T, of, outcome, plan, name string) {
	w := querytest.New(t)
	serve(w, 2000, edge.Facts{Service: "shop", Platform: of, HasCPU: true, CPUTime: 1e5}, func(i int, f *edge.Facts) {
		if i == 1000 {
			f.Outcome = outcome
		}
	})
	x := room(t, w, "")
	b := budget(t, ask(t, w, x, "range=1h"), "shop", plan, name)
	if b.State != money.BudgetOver || b.Exceeded != 1 {
		t.Errorf("%s on %s: %s with %v exceeded, want over with 1", outcome, of, b.State, b.Exceeded)
	}
	found, err := x.Findings(t.Context(), querytest.Tenant, w.Ask("range=1h"))
	if err != nil || len(found) != 1 || found[0].Severity != "warn" || found[0].Name != name {
		t.Errorf("%s: found %+v, %v; want a warning of 1 in 2,000", outcome, found, err)
	}
}

// TestFewEventsAreSaid holds that below 100 events nothing is judged, below 1,000 the greatest value is, and that what
// does not come says how to send it.
func TestFewEventsAreSaid(t *testing.T) {
	f := func(n int, state, measure string) {
		t.Run(strconv.Itoa(n), func(t *testing.T) { counted(t, n, state, measure) })
	}
	f(37, money.BudgetFew, money.MeasureMax)
	f(500, money.BudgetTight, money.MeasureMax)
	f(1500, money.BudgetOK, money.MeasureP99)
}

func counted(t *testing.T, n int, state, measure string) {
	w := querytest.New(t)
	serve(w, n, edge.Facts{Service: "shop", Platform: platform.Fastly, HasCPU: true}, func(i int, f *edge.Facts) {
		if f.CPUTime = 1e6; i == 0 {
			f.CPUTime = 45e6
		}
	})
	l := ask(t, w, room(t, w, ""), "range=1h")
	b := budget(t, l, "shop", "Compute", money.BudgetCPU)
	if b.State != state || b.Measure != measure || b.Used.N != query.Num(n) {
		t.Errorf("%d events: %s by %s of n=%v, want %s by %s", n, b.State, b.Measure, b.Used.N, state, measure)
	}
	if b.Measure == money.MeasureMax && math.Abs(float64(b.Used.Value)-45) > .07*45 {
		t.Errorf("%d events: the greatest is %v ms, want 45", n, b.Used.Value)
	}
	if m := budget(t, l, "shop", "Compute", money.BudgetMemory); m.State != money.BudgetMissing || m.Missing == "" ||
		m.Used.Value.OK() {
		t.Errorf("memory that nobody sends: %+v", m)
	}
}

// TestWhatOnlyEventsTell holds the budgets of round facts, and of the mean of Deno.
func TestWhatOnlyEventsTell(t *testing.T) {
	w := querytest.New(t)
	n := 1200
	serve(w, n, edge.Facts{
		Service: "api", Platform: platform.AWSLambda, HasMemory: true, HasSubrequests: true, HasTTFB: true,
	}, func(i int, f *edge.Facts) {
		f.Memory, f.Subrequests, f.TTFB = 89<<20, int64(1+i%30), 5e6
	})
	serve(w, n, edge.Facts{Service: "edge", Platform: platform.Fastly, HasSubrequests: true}, func(i int, f *edge.Facts) {
		f.Subrequests = int64(1 + i%30)
	})
	serve(w, 200, edge.Facts{Service: "deno", Platform: platform.Deno, HasCPU: true}, func(i int, f *edge.Facts) {
		if f.CPUTime = 10e6; i%2 == 0 {
			f.CPUTime = 70e6
		}
	})
	e := w.Invocation(w.Now.Add(-time.Minute), time.Millisecond, edge.Facts{Service: "api", Platform: platform.AWSLambda})
	e.Attrs = []edge.Attr{{Key: "http.request.body.size", Value: strconv.Itoa(3 << 20)}}
	w.Write(querytest.Tenant, e)
	l := ask(t, w, room(t, w, "memory: {api: 128MB}"), "range=1h")
	f := func(service, plan, name string, part float64, state string) {
		t.Helper()
		b := budget(t, l, service, plan, name)
		if got := float64(b.Part.Value); math.Abs(got/part-1) > .07 || b.State != state {
			t.Errorf("%s %s: %.3f, %s; want %.3f, %s", service, name, got, b.State, part, state)
		}
	}
	f("api", "arm", money.BudgetMemory, 89./128, money.BudgetWatch)
	f("api", "arm", money.BudgetBody, .5, money.BudgetFew)
	f("edge", "Compute", money.BudgetSubrequests, 30./32, money.BudgetTight)
	f("deno", "Free", money.BudgetCPU, .8, money.BudgetTight)
	if b := budget(t, l, "deno", "Free", money.BudgetCPU); b.Measure != money.MeasureMean {
		t.Errorf("of Deno the %s is compared", b.Measure)
	}
}

// TestAPlanOnWhichNothingIsMeasuredIsNotTheBest holds that what says nothing of a plan does not speak for the service.
func TestAPlanOnWhichNothingIsMeasuredIsNotTheBest(t *testing.T) {
	w := querytest.New(t)
	serve(w, 1500, edge.Facts{Service: "api", Platform: platform.Vercel}, nil) // the edge runtime bounds the first byte only
	l := ask(t, w, room(t, w, ""), "range=1h")
	if len(l.Services) != 1 || l.Services[0].State != money.BudgetOK || l.Services[0].Nearest != money.BudgetWall {
		t.Errorf("%+v, want ok by its duration", l.Services)
	}
}

// TestServicesOnSeveralPlatformsStayApart holds that each is measured by itself, that a stray one is none, and that
// platforms whose limits are not known are named.
func TestServicesOnSeveralPlatformsStayApart(t *testing.T) {
	w := querytest.New(t)
	for of, p99 := range map[string]float64{platform.CloudflareWorkers: 2, platform.Fastly: 40} {
		cpu := planted(1500, p99)
		serve(w, 1500, edge.Facts{Service: "shop", Platform: of, HasCPU: true},
			func(i int, f *edge.Facts) { f.CPUTime = cpu(i) })
	}
	serve(w, 5, edge.Facts{Service: "shop", Platform: platform.Netlify, HasCPU: true, CPUTime: 1e9}, nil)
	serve(w, 5, edge.Facts{Service: "old", Platform: platform.Fly}, nil)
	l := ask(t, w, room(t, w, "accounts: [{platform: cloudflare.workers, plan: Paid}]"), "range=1h")
	var got []string
	for _, s := range l.Services {
		got = append(got, fmt.Sprintf("%s %s %t %d %s", s.Service, s.Platform, s.Said, len(s.Plans), s.Nearest))
	}
	slices.SortFunc(got, cmp.Compare[string])
	want := []string{"shop cloudflare.workers true 1 cpu", "shop fastly false 1 cpu"}
	if !slices.Equal(got, want) || !slices.Equal(l.Unknown, []string{platform.Fly}) {
		t.Errorf("%q and unknown %q, want %q", got, l.Unknown, want)
	}
	if part := budget(t, l, "shop", "Compute", money.BudgetCPU).Part.Value; math.Abs(float64(part)/.8-1) > .07 {
		t.Errorf("on Fastly %.3f of the CPU limit, want .8", part)
	}
	if part := budget(t, l, "shop", "Paid", money.BudgetCPU).Part.Value; math.Abs(float64(part)*15000-1) > .07 {
		t.Errorf("on Workers %.7f of the CPU limit, want %.7f", part, 1./15000)
	}
}

// TestTrendsReachALimitWhereTheyAreSure holds that growth of a millisecond a day from 20 to 47 of 50 reaches it in three
// days, and that what stays as it is has no date.
func TestTrendsReachALimitWhereTheyAreSure(t *testing.T) {
	w := querytest.New(t)
	midnight := w.Now.Truncate(24 * time.Hour)
	now := w.Now
	for day := range 28 {
		at := midnight.Add(time.Duration(day-28)*24*time.Hour + 12*time.Hour)
		var events []edge.Event
		for i := range 150 {
			for service, ms := range map[string]float64{"grows": 20 + float64(day), "stays": 30 + 3*math.Sin(float64(day*day))} {
				events = append(events, w.Invocation(at.Add(time.Duration(i)*time.Second), time.Millisecond, edge.Facts{
					Service: service, Platform: platform.Fastly, HasCPU: true, CPUTime: planted(150, ms)(i),
				}))
			}
		}
		w.Now = at.Add(time.Hour)
		w.Write(querytest.Tenant, events...)
	}
	w.Now = now
	serve(w, 200, edge.Facts{Service: "grows", Platform: platform.Fastly, HasCPU: true, CPUTime: 45e6}, nil)
	serve(w, 200, edge.Facts{Service: "stays", Platform: platform.Fastly, HasCPU: true, CPUTime: 30e6}, nil)
	x := room(t, w, "")
	l := ask(t, w, x, "range=1h")
	b := budget(t, l, "grows", "Compute", money.BudgetCPU)
	if b.Trend == nil || b.Trend.PerDay.Value < .9 || b.Trend.PerDay.Value > 1.15 || b.Trend.PerDay.N != 28 {
		t.Fatalf("the trend is %+v, want a millisecond a day", b.Trend)
	}
	ahead := b.Trend.Reaches.Sub(midnight)
	if ahead < 0 || ahead > 5*24*time.Hour || b.Trend.Earliest.After(b.Trend.Reaches) ||
		b.Trend.Latest.Before(b.Trend.Reaches) {
		t.Errorf("50 ms are reached at %v (%v to %v), want about 3 days after %v", b.Trend.Reaches, b.Trend.Earliest,
			b.Trend.Latest, midnight)
	}
	if again := budget(t, ask(t, w, room(t, w, ""), "range=1h"), "grows", "Compute", money.BudgetCPU); *again.Trend != *b.Trend {
		t.Errorf("asked again the trend is %+v, was %+v", again.Trend, b.Trend)
	}
	if b := budget(t, l, "stays", "Compute", money.BudgetCPU); b.Trend == nil || !b.Trend.Reaches.IsZero() {
		t.Errorf("what stays reaches its limit: %+v", b.Trend)
	}
	found, err := x.Findings(t.Context(), querytest.Tenant, w.Ask("range=1h"))
	if err != nil || len(found) != 1 || found[0].Service != "grows" {
		t.Errorf("found %+v, %v; want that grows is near its limit", found, err)
	}
}
