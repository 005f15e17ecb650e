package coldmodel_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"testing"
	"time"

	"go.uber.org/goleak"

	"edgescope/edge"
	"edgescope/edge/platform"
	"edgescope/policy"
	"edgescope/query"
	"edgescope/query/coldmodel"
	"edgescope/query/querytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }

// pool serves requests that come at random, one at a time in an instance; an instance lives for a while after a request.
type pool struct {
	*rand.Rand
	facts   edge.Facts
	every   float64        // seconds between requests, on average
	service float64        // seconds a request takes
	lives   func() float64 // seconds that an instance lives without a request
	known   float64        // the share of requests that tell how they started
	deploys []time.Time    // when all instances are replaced
}

// fill writes what a pool serves up to now, in the order of time: the clock goes with it.
func (p *pool) fill(w *querytest.World, length time.Duration) (cold, n float64) {
	now := w.Now
	defer func() { w.Now = now; w.Store.Flush() }()
	type instance struct{ free, dies time.Time }
	var instances []instance
	var batch []edge.Event
	after := func(t time.Time, seconds float64) time.Time { return t.Add(time.Duration(seconds * 1e9)) }
	deploys := p.deploys
	for at := after(now.Add(-length), p.ExpFloat64()*p.every); at.Before(now); at = after(at, p.ExpFloat64()*p.every) {
		if len(deploys) > 0 && !at.Before(deploys[0]) {
			instances, deploys = nil, deploys[1:]
			p.facts.Version += "+"
		}
		instances = slices.DeleteFunc(instances, func(i instance) bool { return !i.free.After(at) && !i.dies.After(at) })
		warm := -1
		for i := range instances {
			if !instances[i].free.After(at) && (warm < 0 || instances[i].free.After(instances[warm].free)) {
				warm = i // the one that worked last
			}
		}
		f := p.facts
		f.ColdStart, n = edge.False, n+1
		if warm < 0 {
			instances, warm, f.ColdStart = append(instances, instance{}), len(instances), edge.True
			f.InitDuration, f.HasInit, cold = 400e6, true, cold+1
		}
		free := after(at, p.service)
		instances[warm] = instance{free, after(free, p.lives())}
		if p.Float64() >= p.known {
			f.ColdStart, f.HasInit = edge.Unknown, false
		}
		batch = append(batch, w.Invocation(free, time.Duration(p.service*1e9), f))
		if len(batch) == 500 {
			w.Now = at
			w.Add(querytest.Tenant, batch...)
			batch = batch[:0]
		}
	}
	w.Add(querytest.Tenant, batch...)
	return cold, n
}

func fixed(seconds float64) func() float64 { return func() float64 { return seconds } }

func ask(t *testing.T, w *querytest.World, p *policy.Policy, text string) *query.ColdModels {
	t.Helper()
	room := coldmodel.New(w.Read, coldmodel.Options{
		Policy: func(edge.Tenant) *policy.Policy { return p },
	})
	a, err := room.ColdModels(t.Context(), querytest.Tenant, w.Ask(text))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestLifetimesAreFoundInTheStore compares the time by which half of the instances are gone with the truth of two
// simulations whose invocations went through the store.
func TestLifetimesAreFoundInTheStore(t *testing.T) {
	w := querytest.New(t)
	f := func(name, ranged string, p pool, lives func(*rand.Rand) func() float64, length time.Duration, truth, most float64) {
		t.Helper()
		const runs = 3
		covered := 0
		for seed := range uint64(runs) {
			service := fmt.Sprint(ranged, " ", seed)
			p.Rand = rand.New(rand.NewPCG(seed, 3))
			p.lives = lives(p.Rand)
			p.facts = edge.Facts{Service: service, Region: "FRA", Colo: "FRA", Version: "v1"}
			p.fill(w, length)
			m := ask(t, w, &policy.Policy{}, "range="+ranged+"&service="+url.QueryEscape(service)).Services[0]
			if m.State != query.ColdLearned {
				t.Fatalf("%s: %s: %s", name, m.State, m.Reason)
			}
			wrong := math.Abs(float64(m.Tau50.Value)-truth) / truth
			t.Logf("%s: %d of %d gaps are certain, half are gone after %.0f s (%.0f to %.0f): error %.3f", name, m.Certain,
				m.Gaps, m.Tau50.Value, m.Tau50.Low, m.Tau50.High, wrong)
			if wrong > most {
				t.Errorf("%s: error %.3f, want at most %.2f", name, wrong, most)
			}
			if float64(m.Tau50.Low) <= truth && truth <= float64(m.Tau50.High) {
				covered++
			}
		}
		if covered < runs { // of the pure ones in judge at least 9 of 10 are
			t.Errorf("%s: %d of %d intervals hold it", name, covered, runs)
		}
	}
	always := func(*rand.Rand) func() float64 { return fixed(600) }
	f("600 s, a day", "24h", pool{every: 400, known: 1}, always, 24*time.Hour, 600, .05)
	f("25 to 60 minutes, two weeks", "14d", pool{every: 1800, known: 1}, func(r *rand.Rand) func() float64 {
		return func() float64 { return 1500 + 2100*r.Float64() }
	}, 14*24*time.Hour, 2550, .2)
}

// TestCausesAddUpInTheStore holds the causes of a simulation: .01 requests a second that take 5 s, instances that live
// 300 s, and a version that replaces all of them every day.
func TestCausesAddUpInTheStore(t *testing.T) {
	w := querytest.New(t)
	p := pool{
		Rand: rand.New(rand.NewPCG(1, 2)), every: 100, service: 5, known: 1, lives: fixed(300),
		facts: edge.Facts{Service: "shop", Region: "FRA", Colo: "FRA", Version: "v"},
	}
	for day := 6; day > 0; day-- {
		p.deploys = append(p.deploys, w.Now.Add(-time.Duration(day)*24*time.Hour))
	}
	cold, n := p.fill(w, 7*24*time.Hour)
	m := ask(t, w, &policy.Policy{}, "range=7d").Services[0]
	c := &m.Causes
	sum := float64(c.Deploy.Value + c.Idle.Value + c.Burst.Value)
	if math.Abs(sum-float64(m.Share.Value)) > 1e-9 || math.Abs(float64(m.Share.Value)-cold/n) > .002 {
		t.Errorf("deploy %v, idle %v and burst %v are %v; measured %v, want %v", c.Deploy.Value, c.Idle.Value, c.Burst.Value,
			sum, m.Share.Value, cold/n)
	}
	if c.Deploy.Value <= 0 || c.Deploy.Value > .01 {
		t.Errorf("%v are of new versions: of 6,000 requests about 36 were cold in their first minutes", c.Deploy.Value)
	}
	if math.Abs(float64(c.Idle.Value)-.0505) > .01 || c.Idle.Low > c.Idle.Value || c.Idle.High < c.Idle.Value {
		t.Errorf("idle %+v, want .0505", c.Idle)
	}
	for _, x := range m.WhatIf {
		want := math.Exp(-.01 * 300 * x.Faster)
		if math.Abs(float64(x.Idle.Value)-want) > .15*want+.003 {
			t.Errorf("%v times as many requests: %v idle, want %.4f", x.Faster, x.Idle.Value, want)
		}
	}
	if k := m.KeepWarm; k.Every != m.Tau10.Value || k.Places != 1 || math.Abs(float64(k.Extra)-30*86400/float64(k.Every)) > 1 {
		t.Errorf("a ping: %+v", k)
	}
}

// TestMergedPlacesStayWarm unites two places that each have a request in 400 s, of instances that live 600 s.
func TestMergedPlacesStayWarm(t *testing.T) {
	w := querytest.New(t)
	for i, colo := range []string{"FRA", "IAD"} {
		p := pool{
			Rand: rand.New(rand.NewPCG(uint64(i), 5)), every: 400, known: 1, lives: fixed(600),
			facts: edge.Facts{Service: "shop", Region: colo, Colo: colo, Version: "v"},
		}
		now := w.Now
		p.fill(w, 3*24*time.Hour)
		w.Now = now
	}
	a := ask(t, w, &policy.Policy{}, "range=7d")
	m := a.Services[0]
	one := m.WhatIf[len(m.WhatIf)-1]
	if want := math.Exp(-2 * 600 / 400.0); one.Places != 1 || math.Abs(float64(one.Idle.Value)-want) > .015 {
		t.Errorf("together: %+v, want %.3f", one, want)
	}
	if idle, want := float64(m.Causes.Idle.Value), math.Exp(-600/400.0); math.Abs(idle-want) > .02 {
		t.Errorf("apart: %v idle, want %.3f", idle, want)
	}
	if len(m.Regions) != 2 || a.Read.Places != 2 || a.Read.Busy != 0 || a.Read.LeftOut != 0 {
		t.Errorf("regions %+v, read %+v", m.Regions, a.Read)
	}
}

// TestUnknownStaysUnknown holds why a service has no lifetimes.
func TestUnknownStaysUnknown(t *testing.T) {
	w := querytest.New(t)
	f := func(line string) {
		t.Helper()
		if err := w.Load(line); err != nil {
			t.Fatal(err)
		}
	}
	f("200 -6h..0m service=untold region=FRA ms=5")
	f("40 -6h..0m service=few region=FRA ms=5 cold=true")
	f("150 -6h..0m service=always region=FRA ms=5 cold=true")
	f("200 -6h..0m service=fresh region=FRA platform=" + platform.Fastly + " ms=5 cold=false")
	f("200 -6h..0m service=sampled region=FRA ms=5 cold=false weight=4")
	f("9 -6h..0m service=sampled region=FRA ms=5 cold=true")
	f("200 -6h..0m service=lambda region=us-east-1 platform=" + platform.AWSLambda + " ms=5 cold=false")
	f("3 -6h..-1h service=lambda region=us-east-1 platform=" + platform.AWSLambda + " ms=5 cold=true")
	f("200 -6h..0m service=warm region=FRA ms=5 cold=false")
	got := map[string]query.ColdModel{}
	for _, m := range ask(t, w, &policy.Policy{}, "range=24h").Services {
		got[m.Service] = m
	}
	for name, state := range map[string]string{
		"untold": query.ColdUntold, "few": query.ColdFew, "always": query.ColdAlways, "fresh": query.ColdAlways,
		"sampled": query.ColdSampled, "lambda": query.ColdPrior, "warm": query.ColdFew,
	} {
		m := got[name]
		if m.State != state || m.Reason == "" {
			t.Errorf("%s is %q (%s), want %q", name, m.State, m.Reason, state)
		}
		if m.Tau50.Value.OK() || m.Causes.Idle.Value.OK() || m.Causes.Burst.Value.OK() || m.KeepWarm != nil {
			t.Errorf("%s has figures: %+v", name, m)
		}
	}
	if m := got["lambda"]; m.Prior == nil || m.Prior.Low != 600 || !m.Causes.Idle.High.OK() {
		t.Errorf("the prior of lambda: %+v, idle %+v", m.Prior, m.Causes.Idle)
	}
	if m := got["untold"]; m.Share.Value.OK() || m.Known != 0 {
		t.Errorf("untold has a share: %+v, known %v", m.Share, m.Known)
	}
}

// TestReservedInstancesHaveAPrice asks for a service of 20 requests a second of 100 ms, 1 % of them cold starts of 400 ms,
// through totals of hours alone: the example of the reference.
func TestReservedInstancesHaveAPrice(t *testing.T) {
	w := querytest.New(t)
	f := func(line string) {
		t.Helper()
		if err := w.Load(line); err != nil {
			t.Fatal(err)
		}
	}
	on := " region=us-east-1 platform=" + platform.AWSLambda + " ms=100"
	f("19800 -1017s..-17s" + on + " cold=false") // 1,000 s of the hour, which began 17 minutes and 30 seconds ago
	f("190 -1017s..-17s" + on + " cold=true init=400")
	m := ask(t, w, &policy.Policy{Memory: []policy.Memory{{Service: "shop", GB: 1}}}, "range=1h").Services[0]
	r := m.Reserved
	if r == nil {
		t.Fatal("Lambda keeps no instances")
	}
	scale := 1050.0 / 1000 // the hour had 1,050 s, less what is late
	if math.Abs(float64(r.Load)*scale-2) > .25 || math.Abs(float64(r.Pays)-.6) > .0005 {
		t.Errorf("load %v, want about 2; pays from %v, want .6", r.Load, r.Pays)
	}
	if len(r.Options) < 3 || r.Options[0].Instances != 0 || r.Options[1].Residual != .001 {
		t.Fatalf("options %+v", r.Options)
	}
	if o := r.Options[1]; o.Instances < 7 || o.Instances > 8 || o.Cold.Value > .001 || o.Avoided <= 0 || !o.Each.OK() {
		t.Errorf("for .1 %%: %+v", o)
	}
	worth := ask(t, w, &policy.Policy{
		Memory:   []policy.Memory{{Service: "shop", GB: 1}},
		Accounts: []policy.Account{{Platform: platform.AWSLambda, Plan: "x86", ColdStart: .01}},
	}, "range=1h").Services[0].Reserved
	if left := worth.Now.Value - r.Now.Value; math.Abs(float64(left/(r.Options[1].Avoided*.01))-1) > .15 {
		t.Errorf("cold starts that are worth .01 each cost %v, want about %v", left, r.Options[1].Avoided*.01)
	}
	if o := worth.Options[1]; o.Change >= 0 {
		t.Errorf("avoiding them costs %v", o.Change)
	}
	bare := ask(t, w, &policy.Policy{}, "range=1h").Services[0].Reserved
	if bare.Now.Value.OK() || bare.Options[1].Cost.Value.OK() || bare.Options[1].Instances == 0 || bare.Reason == "" {
		t.Errorf("without memory there is money: %+v", bare)
	}
}

// TestBusyPlacesAreNotRead holds that windows of places without gaps are not read, and that what was read is told.
func TestBusyPlacesAreNotRead(t *testing.T) {
	w := querytest.New(t)
	f := func(line string) {
		t.Helper()
		if err := w.Load(line); err != nil {
			t.Fatal(err)
		}
	}
	f("10000 -4h..0m region=FRA ms=5 cold=false")
	f("100 -4h..0m region=SIN ms=5 cold=false")
	a := ask(t, w, &policy.Policy{}, "range=1h&route=/a")
	if a.Read.Places != 2 || a.Read.Busy != 1 || a.Read.LeftOut != 0 || a.Read.Windows < 95 || a.Read.Windows > 100 {
		t.Errorf("read %+v", a.Read)
	}
	if len(a.Notes) != 1 {
		t.Errorf("notes %q: want that a filter by route does not apply", a.Notes)
	}
	if m := a.Services[0]; m.Requests != 10100 && m.Requests < 10000 {
		t.Errorf("%v requests", m.Requests)
	}
	if one := ask(t, w, &policy.Policy{}, "range=1h&region=SIN"); one.Read.Places != 1 || one.Services[0].Requests > 100 {
		t.Errorf("in SIN alone: %+v", one.Read)
	}
}

// TestColdStartsThatDoNotDependOnIdleness holds that no lifetime is made up where gaps do not tell one.
func TestColdStartsThatDoNotDependOnIdleness(t *testing.T) {
	w := querytest.New(t)
	r := rand.New(rand.NewPCG(6, 6))
	var events []edge.Event
	for at := w.Now.Add(-24 * time.Hour); at.Before(w.Now); at = at.Add(time.Duration(r.ExpFloat64() * 100e9)) {
		f := edge.Facts{Service: "shop", Region: "FRA", Colo: "FRA", ColdStart: edge.TriOf(strconv.FormatBool(r.IntN(40) == 0))}
		events = append(events, w.Invocation(at, time.Millisecond, f))
	}
	w.Write(querytest.Tenant, events...)
	m := ask(t, w, &policy.Policy{}, "range=24h").Services[0]
	if m.State != query.ColdLearned || m.Tau50.Value.OK() || !(m.Tau50.Low > 100) || m.Tau50.High.OK() {
		t.Errorf("%s %s: half are gone after %+v; want a lower bound alone", m.State, m.Reason, m.Tau50)
	}
	if sum := m.Causes.Deploy.Value + m.Causes.Idle.Value + m.Causes.Burst.Value; math.Abs(float64(sum-m.Share.Value)) > 1e-9 {
		t.Errorf("causes add up to %v of %v", sum, m.Share.Value)
	}
}
