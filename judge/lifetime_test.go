package judge

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// pool serves requests that come at random, each with an instance of its own that lives for a while after it. It returns
// the windows of ten seconds, how many requests were cold, and how many there were.
type pool struct {
	*rand.Rand
	every   float64        // seconds between requests, on average
	service float64        // seconds a request takes
	lives   func() float64 // how long an instance lives without a request
	known   float64        // the share of requests of which it is known whether they were cold
}

type instance struct{ free, dies float64 }

func (p *pool) serve(seconds float64) (windows []Window, cold, n float64) {
	var instances []instance
	for at := p.ExpFloat64() * p.every; at < seconds; at += p.ExpFloat64() * p.every {
		instances = slices.DeleteFunc(instances, func(i instance) bool { return i.free <= at && i.dies <= at })
		warm := -1
		for i := range instances {
			if instances[i].free <= at && (warm < 0 || instances[i].free > instances[warm].free) {
				warm = i // the one that worked last
			}
		}
		isCold := warm < 0
		if isCold {
			instances, warm = append(instances, instance{}), len(instances)
			cold++
		}
		free := at + p.service
		instances[warm] = instance{free, free + p.lives()}
		n++
		start := int64(at) / window * window
		if len(windows) == 0 || windows[len(windows)-1].At != start {
			windows = append(windows, Window{At: start})
		}
		w := &windows[len(windows)-1]
		w.Requests++
		if p.Float64() < p.known {
			if w.Known++; isCold {
				w.Cold++
			}
		}
	}
	return windows, cold, n
}

// TestLifetimesAreFound compares the time by which half of the instances are gone with the truth of a simulation.
func TestLifetimesAreFound(t *testing.T) {
	const day = 86400
	always := func(seconds float64) func(*rand.Rand) func() float64 {
		return func(*rand.Rand) func() float64 { return func() float64 { return seconds } }
	}
	f := func(name string, p pool, lives func(*rand.Rand) func() float64, days, truth, most float64) {
		t.Helper()
		runs := 25
		if p.every <= 100 { // of many gaps
			runs = 6
		}
		var errors []float64
		covered := 0
		for seed := range uint64(runs) {
			p.Rand = rand.New(rand.NewPCG(seed, 2))
			p.lives = lives(p.Rand)
			windows, _, _ := p.serve(days * day)
			l, ok := LifetimeOf(Gaps(windows), seed)
			if !ok {
				t.Fatalf("%s: too few of %d gaps", name, len(Gaps(windows)))
			}
			errors = append(errors, math.Abs(l.Tau50.Value-truth)/truth)
			if l.Tau50.Low <= truth && truth <= l.Tau50.High {
				covered++
			}
		}
		slices.Sort(errors)
		p95, cover := quantile(errors, .95), float64(covered)/float64(runs)
		t.Logf("%s: error %.3f, at p95 %.3f; the interval holds it in %.2f", name, quantile(errors, .5), p95, cover)
		if p95 > most || cover < .9 {
			t.Errorf("%s: error at p95 %.3f, want %.2f; the interval holds it in %.2f, want .9", name, p95, most, cover)
		}
	}
	f("600 s, a day", pool{every: 400, known: 1}, always(600), 1, 600, .05)
	f("600 s, a week, 40 % known", pool{every: 400, known: .4}, always(600), 7, 600, .05)
	f("605 s, two weeks, requests that overlap", pool{every: 100, service: 5, known: 1}, always(605), 14, 605, .05)
	f("25 to 60 minutes, two weeks", pool{every: 1800, known: 1}, func(r *rand.Rand) func() float64 {
		return func() float64 { return 1500 + 2100*r.Float64() }
	}, 14, 2550, .2)
}

func TestGapsCountWhereTheirEndIsCertain(t *testing.T) {
	got := Gaps([]Window{
		{At: 0, Requests: 1, Known: 1},
		{At: 10, Requests: 1, Known: 1},                             // no gap
		{At: 100, Requests: 1, Known: 1, Cold: 1},                   // one
		{At: 200, Requests: 2, Known: 2, Cold: 1},                   // too many
		{At: 300, Requests: 1},                                      // one of which nothing is known
		{At: 400, Requests: 1, Known: 1, Cold: 1, NewVersion: true}, // a deploy
		{At: 420, Requests: 1, Known: 1},                            // one
	})
	want := []Gap{{90, true, true}, {100, false, false}, {100, false, false}, {100, false, false}, {20, true, false}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if _, ok := LifetimeOf(slices.Repeat(got, 14), 0); ok {
		t.Error("28 certain gaps are enough")
	}
	if _, ok := LifetimeOf(append(slices.Repeat(got[:1], 50), got[4], got[4], got[4], got[4]), 0); ok {
		t.Error("four warm gaps are enough")
	}
}

// TestCausesAddUp holds the causes of a simulation: .01 requests a second that take 5 s, instances that live 300 s.
func TestCausesAddUp(t *testing.T) {
	p := pool{Rand: rand.New(rand.NewPCG(1, 2)), every: 100, service: 5, known: 1, lives: func() float64 { return 300 }}
	windows, cold, n := p.serve(40 * 86400)
	gaps := Gaps(windows)
	l, ok := LifetimeOf(gaps, 1)
	if !ok {
		t.Fatal("too few gaps")
	}
	c := l.CausesOf(cold/n, 0, n, gaps)
	if !near(cold/n, .0898, .004) || !near(c.Idle, .0505, .004) || !near(c.Deploy+c.Idle+c.Burst, cold/n, 1e-12) {
		t.Errorf("measured %.4f, %+v; want .0898, of which .0505 idle", cold/n, c)
	}
	if idle := l.IdleAt(2, n, gaps); !near(idle.Value, math.Exp(-6), .002) || idle.Low > idle.Value || idle.High < idle.Value {
		t.Errorf("twice as many requests: %+v idle, want %.4f", idle, math.Exp(-6))
	}
	for _, seconds := range []float64{10, 290, 310, 1e6} {
		if e := l.At(seconds); e.Low > e.Value || e.High < e.Value || e.Value != l.Gone(seconds) {
			t.Errorf("after %v s: %+v", seconds, e)
		}
	}
	c = l.CausesOf(.01, .02, n, gaps)
	if c != (Causes{Deploy: .01}) {
		t.Errorf("more in deploys than measured: %+v", c)
	}
}

func TestKeptInstances(t *testing.T) {
	prices := Reserve{Memory: 1, Period: 30 * 86400, Reserved: .0000041667, Run: .0000097222, OnDemand: .0000166667}
	r := prices
	r.Rate, r.Seconds, r.Init, r.Cold = 20, .1, .4, .01
	if now, kept := r.Cost(0), r.Cost(8); !near(now, 89.86, .005) || !near(kept, 137.1, .05) {
		t.Errorf("now %.2f, with eight %.2f; want 89.86 and 137.1", now, kept)
	}
	if avoided := (r.Cold - r.Residual(8)) * r.Rate * r.Period; !near(avoided, 474_000, 500) {
		t.Errorf("%.0f cold starts avoided, want 474,000", avoided)
	}
	if best := r.Cheapest(); best != 1 { // which works 67 % of the time: it pays from 60 % on
		t.Errorf("%d instances are cheapest, want one", best)
	}
	if c := r.For(.001); c != 8 || r.For(.01) != 0 {
		t.Errorf("for .1 %% %d instances, want 8; for 1 %%, which it is, %d", c, r.For(.01))
	}
	r = prices
	r.Rate, r.Seconds, r.Init, r.Cold, r.Value = 2000, .1, .2, .05, .0001
	if now, best := r.Cost(0), r.Cheapest(); !near(now, 35_424, 1) || best != 249 || !near(r.Cost(best), 7_781, 1) {
		t.Errorf("now %.0f, with %d %.0f; want 35,424, with 249 7,781", now, best, r.Cost(best))
	}
}
