package judge

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestTimeIsCutIntoParts(t *testing.T) {
	nan := math.NaN()
	band := Times{Client: 420, RTT: nan, Edge: 310, Init: 120, Origin: 140, CPU: 25, Weight: 1}
	f := func(name string, band []Times, want Parts) {
		t.Helper()
		got := Decompose(band)
		for i, p := range [6][2]float64{
			{got.Network, want.Network},
			{got.Init, want.Init},
			{got.Origin, want.Origin},
			{got.CPU, want.CPU},
			{got.Wait, want.Wait},
			{got.Total, want.Total},
		} {
			if !near(p[0], p[1], 1e-9) {
				t.Errorf("%s: part %d is %v, want %v", name, i, p[0], p[1])
			}
		}
		if got.AddsUp != want.AddsUp {
			t.Errorf("%s: adds up: %v", name, got.AddsUp)
		}
	}
	f("one", []Times{band}, Parts{Network: 110, Init: 120, Origin: 140, CPU: 25, Wait: 25, Total: 420, AddsUp: true})
	apart := band
	apart.Edge, apart.Apart = 190, true
	f("the start is apart", []Times{apart}, Parts{
		Network: 110, Init: 120, Origin: 140, CPU: 25, Wait: 25, Total: 420, AddsUp: true,
	})
	edge := band
	edge.Client = nan
	f("no client", []Times{edge}, Parts{
		Network: nan, Init: 120, Origin: 140, CPU: 25, Wait: 25, Total: 310, AddsUp: true,
	})
	edge.RTT = 30
	f("a round trip", []Times{edge}, Parts{Network: 30, Init: 120, Origin: 140, CPU: 25, Wait: 25, Total: 340, AddsUp: true})
	over := band
	over.CPU = 62 // 12 ms more than the whole: 4 %
	got := Decompose([]Times{over})
	if sum := got.Network + got.Init + got.Origin + got.CPU + got.Wait; !near(sum, 420, 1e-9) || !got.AddsUp || got.Wait != 0 {
		t.Errorf("a small overlap: %+v, sum %v", got, sum)
	}
	over.CPU = 70
	if got := Decompose([]Times{over}); got.AddsUp {
		t.Errorf("an overlap of 6 %%: %+v", got)
	}
	some := band
	some.CPU = nan
	if got := Decompose([]Times{band, some, band}); !math.IsNaN(got.CPU) || !near(got.Unknown[3], 1.0/3, 1e-9) {
		t.Errorf("CPU time of two thirds: %+v", got)
	}
	heavy := band
	heavy.CPU, heavy.Weight = 35, 3
	if got := Decompose([]Times{band, heavy}); !near(got.CPU, 32.5, 1e-9) {
		t.Errorf("weights: CPU %v, want 32.5", got.CPU)
	}
}

func TestCaching(t *testing.T) {
	f := func(name string, got, want, d float64) {
		t.Helper()
		if !near(got, want, d) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	f("hits", HitRatio(.01, 300), .75, 1e-12)
	f("hits of twice the time", HitRatio(.01, 600), .857, 5e-4)
	f("time for what is hit", TTLFor(.01, .60), 150, 1e-9)
	f("time for .85", TTLFor(.01, .85), 567, .5)
	f("hits of keys", HitRatioOf([]float64{.01, .01, .03}, 100), (.02*.5+.03*.75)/.05, 1e-12)
	f("time of one key", TTLOf([]float64{.01}, .60), 150, 1e-6)
	f("time of keys", HitRatioOf([]float64{.1, .001, 7}, TTLOf([]float64{.1, .001, 7}, .9)), .9, 1e-9)
	f("time for no hits", TTLOf([]float64{.01}, 0), 0, 0)
	if !math.IsInf(TTLOf([]float64{.01}, 1), 1) {
		t.Error("something is always hit")
	}
	p := PrefetchOf(.01, 300, 86400, .180, .012)
	f("misses", p.Misses, 216, 1e-9)
	f("saved", p.Saved, 36.3, .05)
	f("fetches", p.Fetches, 288, 1e-9)
	if !p.Worth || PrefetchOf(.01, 199, 86400, 1, 0).Worth {
		t.Error("it is worth it from two requests in the time to live on")
	}
	f("coalesced", Coalesced(5, .15, 0), .429, 5e-4)
	f("held", Coalesced(5, .15, .1), .556, 5e-4)
	f("in WebAssembly", Ported(20, .8, 10.93), 5.46, .005)
	f("scalar", Ported(20, .8, 1.63), 13.8, .05)
}

// TestHitsAreThoseOfArrivals compares with requests that come at random.
func TestHitsAreThoseOfArrivals(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	const rate, ttl, n = .01, 300, 400_000
	hits, at, until := 0, 0.0, 0.0
	for range n {
		if at += r.ExpFloat64() / rate; at < until {
			hits++
		} else {
			until = at + ttl
		}
	}
	if got := float64(hits) / n; !near(got, HitRatio(rate, ttl), .0075) {
		t.Errorf("%v hits, want %v", got, HitRatio(rate, ttl))
	}
}

func TestRouting(t *testing.T) {
	east := Candidate{Region: "us-east", P95: 38, Errors: .02, N: 1000, Low: 36, High: 40, Cost: math.NaN()}
	west := Candidate{Region: "eu-west", P95: 95, Errors: .001, N: 1000, Low: 90, High: 100, Cost: math.NaN()}
	ranked := DefaultRouting.Rank([]Candidate{west, east})
	if len(ranked) != 2 || ranked[0].Region != "us-east" || ranked[0].Score != 58 || ranked[1].Score != 96 {
		t.Errorf("got %+v", ranked)
	}
	if to, ok := Better([][]Ranked{ranked, ranked, ranked}, "eu-west"); !ok || to != "us-east" {
		t.Errorf("got %s %v, want us-east", to, ok)
	}
	barred := east
	barred.Barred, barred.P95 = true, 1
	for name, c := range map[string]Candidate{
		"barred": barred, "silent": {Region: "x", Silent: true, N: 1000}, "errors": {Region: "x", Errors: .05, N: 1000},
		"few": {Region: "x", N: 99},
	} {
		if ranked := DefaultRouting.Rank([]Candidate{west, c}); len(ranked) != 1 || ranked[0].Region != "eu-west" {
			t.Errorf("%s: %+v", name, ranked)
		}
	}
	near := west
	near.Region, near.P95, near.Low, near.High = "eu-north", 87, 80, 94 // 8 ms
	if to, ok := Better([][]Ranked{DefaultRouting.Rank([]Candidate{west, near})}, "eu-west"); ok {
		t.Errorf("%s is advised for 8 ms", to)
	}
	near.P95, near.High = 60, 91 // the intervals overlap
	unsure := DefaultRouting.Rank([]Candidate{west, near})
	if to, ok := Better([][]Ranked{unsure}, "eu-west"); ok {
		t.Errorf("%s is advised though it may be no better", to)
	}
	if to, ok := Better([][]Ranked{ranked, unsure}, "eu-west"); ok {
		t.Errorf("%s is advised after one day of two", to)
	}
	if to, ok := Better([][]Ranked{ranked}, "gone"); !ok || to != "us-east" {
		t.Errorf("for a region that may not serve: %s %v", to, ok)
	}
	cost := Routing{PerDollar: 10}
	east.Cost, west.Cost = 10, 2
	if ranked := cost.Rank([]Candidate{east, west}); ranked[0].Region != "eu-west" || ranked[1].Score != 118 {
		t.Errorf("with cost: %+v", ranked)
	}
	if rtt := RTT(6000, 1); !(math.Abs(rtt-58.8) < .05) {
		t.Errorf("6,000 km: %v ms, want 58.8", rtt)
	}
}
