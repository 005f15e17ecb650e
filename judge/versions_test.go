package judge

import (
	"math"
	"testing"
)

// versions draws ten blocks of two routes; the second route is slow by nature, and B has a part of it that may differ.
// slower is by what the durations of B are multiplied.
func (g *generator) versions(n float64, mixA, mixB, slower float64) (blocks [Blocks][]Pair) {
	for i := range blocks {
		const persistence = 0.8
		g.drift = persistence*g.drift + g.noise*math.Sqrt(1-persistence*persistence)*g.NormFloat64()
		draw := func(n, median float64) Share {
			n = g.binomial(n, 1)
			return Share{g.binomial(n, slowShare(g.drift+median)), n}
		}
		slow := math.Log(slower)
		blocks[i] = []Pair{
			{draw(math.Round(n*(1-mixA)), 0), draw(math.Round(n*(1-mixB)), slow)},
			{draw(math.Round(n*mixA), .3), draw(math.Round(n*mixB), .3+slow)},
		}
	}
	return blocks
}

// pooled puts the routes of each block together, which is what must not be done.
func pooled(blocks [Blocks][]Pair) (together [Blocks][]Pair) {
	for i, routes := range blocks {
		var p Pair
		for _, r := range routes {
			p.A.K, p.A.N, p.B.K, p.B.N = p.A.K+r.A.K, p.A.N+r.A.N, p.B.K+r.B.K, p.B.N+r.B.N
		}
		together[i] = []Pair{p}
	}
	return together
}

func TestVersionsAreComparedRouteByRoute(t *testing.T) {
	cases := 6000
	f := func(name string, n, mixB, slower float64, compared func([Blocks][]Pair) [Blocks][]Pair) float64 {
		t.Helper()
		sure := 0
		for seed := range cases {
			g := newGenerator(uint64(seed), 0, .05)
			if c := Compare(compared(g.versions(n, .3, mixB, slower))); !c.Enough {
				t.Fatalf("%s: too few", name)
			} else if c.Sure && c.Difference > 0 {
				sure++
			}
		}
		got := float64(sure) / float64(cases)
		t.Logf("%s: %.4f", name, got)
		return got
	}
	apart := func(b [Blocks][]Pair) [Blocks][]Pair { return b }
	if got := f("the same, another mix of routes", 300, .6, 1, apart); got > .0025 {
		t.Errorf("%.4f are told to be worse, want .0011 (.01/9), in one look at one share", got)
	}
	cases = 400
	if got := f("the same, pooled", 300, .6, 1, pooled); got < .1 {
		t.Errorf("%.4f of pooled ones: the test shows nothing if they are not wrong", got)
	}
	if got := f("30 % slower, 100 a block", 100, .3, 1.3, apart); got < .7 {
		t.Errorf("%.3f found, want .7", got)
	}
	if got := f("half as slow again, 100 a block", 100, .3, 1.5, apart); got < .95 {
		t.Errorf("%.3f found, want .95", got)
	}
	if got := f("20 % slower, 300 a block", 300, .3, 1.2, apart); got < .85 {
		t.Errorf("%.3f found, want .85", got)
	}
}

// TestSureAmongMany holds quantiles of Student's t of nine degrees of freedom, as tables print them.
func TestSureAmongMany(t *testing.T) {
	f := func(tests int, want float64) {
		t.Helper()
		if got := SureAmong(tests); !near(got, want, 5e-4) {
			t.Errorf("one of %d: %.4f, want %.4f", tests, got, want)
		}
	}
	f(0, 2.8214)
	f(1, 2.8214)
	f(9, 4.2252)
	f(12, 4.4219)
	f(90, 5.9245)
	f(360, 7.1182)
	if p := aboveT9(t95); !near(p, .025, 1e-12) {
		t.Errorf("%v is above the 97.5 %% quantile", p)
	}
	if p := aboveT9(2.821438); !near(p, .01, 1e-7) {
		t.Errorf("%v is above the 99 %% quantile", p)
	}
}

// TestIntervalsOfTheDifferenceHold draws versions of which the second has as much more as is known.
func TestIntervalsOfTheDifferenceHold(t *testing.T) {
	const cases, more = 1000, .02
	within := 0
	for seed := range cases {
		g := newGenerator(uint64(seed), 0, .05)
		var blocks [Blocks][]Pair
		for i := range blocks {
			for range 2 {
				blocks[i] = append(blocks[i], Pair{Share{g.binomial(200, .05), 200}, Share{g.binomial(200, .05+more), 200}})
			}
		}
		if c := Compare(blocks); c.Low <= more && more <= c.High {
			within++
		}
	}
	if part := float64(within) / cases; part < .93 || part > .97 {
		t.Errorf("%.3f of the intervals hold the difference, want .95", part)
	}
}

func TestTooFewAreNotCompared(t *testing.T) {
	var blocks [Blocks][]Pair
	for i := range blocks {
		blocks[i] = []Pair{{Share{1, 100}, Share{5, 100}}}
	}
	if c := Compare(blocks); !c.Enough || !c.Sure || !math.IsInf(c.T, 1) || !near(c.Difference, .04, 1e-12) {
		t.Errorf("the same difference in each block: %+v", c)
	}
	blocks[3] = []Pair{{Share{1, 100}, Share{5, 99}}}
	if c := Compare(blocks); c != (Comparison{}) {
		t.Errorf("99 in one block: %+v", c)
	}
	blocks[3] = []Pair{{Share{1, 200}, Share{}}, {Share{}, Share{1, 200}}} // no route has both
	if c := Compare(blocks); c != (Comparison{}) {
		t.Errorf("no common route: %+v", c)
	}
}
