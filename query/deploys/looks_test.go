package deploys

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/tally"
)

// maker draws what two versions do side by side. Durations are log-normal with a sigma of .6 around medians of the
// routes that differ by a third each; the medians of all wander together by noise, as an AR(1) of minutes.
type maker struct {
	*rand.Rand
	noise, drift float64
}

// side says what a version does.
type side struct {
	n      float64                      // events a minute
	mix    func(minute, of int) float64 // the share of the later half of the routes
	slower float64                      // by what durations are multiplied, on all routes or, with only, on one
	only   string
	errors float64
	cold   float64
	misses float64
}

const routesMade = 4

func routeNames() []string {
	out := make([]string, routesMade)
	for i := range out {
		out[i] = fmt.Sprintf("/r%d", i)
	}
	return out
}

// sides draws so many minutes.
func (g *maker) sides(minutes int, a, b side) sides {
	from := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	w := tally.Window{From: from, To: from.Add(time.Duration(minutes) * time.Minute), Step: time.Minute}
	s := sides{tally.NewTable(w), tally.NewTable(w)}
	const persistence = .8
	for i := range minutes {
		g.drift = persistence*g.drift + g.noise*math.Sqrt(1-persistence*persistence)*g.NormFloat64()
		g.minute(s.a, i, minutes, &a)
		g.minute(s.b, i, minutes, &b)
	}
	return s
}

func (g *maker) minute(t *tally.Table, i, of int, s *side) {
	names := routeNames()
	for range int(s.n + g.NormFloat64()*math.Sqrt(s.n) + .5) {
		half := 0
		if g.Float64() < s.mix(i, of) {
			half = 1
		}
		at := half*routesMade/2 + g.IntN(routesMade/2)
		median := .05 * math.Pow(1.33, float64(at)) * math.Exp(g.drift)
		if s.only == "" || s.only == names[at] {
			median *= s.slower
		}
		one := t.At(names[at], false, i)
		one.Requests++
		one.Events++
		cold := edge.False
		if g.Float64() < s.cold {
			cold, median = edge.True, median*5
		}
		one.AddDuration(int(math.Floor(math.Log10(median*math.Exp(.6*g.NormFloat64()))*18)), 1, cold, -1)
		one.Cold, one.Warm = one.Cold+float64(cold/edge.True), one.Warm+1-float64(cold/edge.True)
		if g.Float64() < s.errors {
			one.Errors++
		}
		if g.Float64() < s.misses {
			one.Cache[3]++
		} else {
			one.Cache[0]++
		}
	}
}

// verdicts looks three times, as a trial does, and returns what was judged at each look.
func verdicts(s sides) (all []judged) {
	over := overOf(s.a)
	for _, end := range []int{10, 30, 60} {
		all = append(all, newLook(s, end, 10, over).judge())
	}
	return all
}

// says tells whether a share, or with "" any share of all routes or of one, has the verdict at any look.
func says(all []judged, signal, verdict string) bool {
	for i := range all {
		for _, c := range all[i].signals {
			if (signal == "" || c.Signal == signal) && c.Verdict == verdict {
				return true
			}
		}
		for _, r := range all[i].routes {
			if signal == "" && r.Verdict == verdict {
				return true
			}
		}
	}
	return false
}

func constant(share float64) func(int, int) float64 { return func(int, int) float64 { return share } }

// shifting goes from one share to another.
func shifting(from, to float64) func(int, int) float64 {
	return func(i, of int) float64 { return from + (to-from)*float64(i)/float64(of) }
}

// TestFalseAlarmsOfAllLooksTogether draws versions that are equal but for what they serve: the mix of routes differs,
// and shifts. Of all looks at all shares, of all routes together and of each alone, 1 % may say worse.
func TestFalseAlarmsOfAllLooksTogether(t *testing.T) {
	const cases = 200
	f := func(name string, n float64, mixA, mixB func(int, int) float64) {
		t.Helper()
		false1, sure := 0, 0
		for seed := range cases {
			g := &maker{Rand: rand.New(rand.NewPCG(uint64(seed), 1)), noise: .05}
			s := side{n: n, slower: 1, errors: .01, cold: .01, misses: .2}
			a, b := s, s
			a.mix, b.mix = mixA, mixB
			all := verdicts(g.sides(60, a, b))
			if says(all, "", query.VerdictWorse) {
				false1++
			}
			for i := range all {
				for _, c := range all[i].signals {
					if c.Score >= c.Sure {
						sure++
					}
				}
			}
		}
		got := float64(false1) / cases
		t.Logf("%s: %.4f worse; %.4f of the tests are sure, whatever the size", name, got, float64(sure)/cases/12)
		if got > .015 { // 3 of 200; 1,000 cases were .006 to .008
			t.Errorf("%s: %.4f are told to be worse, want .01", name, got)
		}
	}
	f("100 a minute", 130, constant(.3), constant(.3))
	f("another mix that shifts", 200, shifting(.2, .4), shifting(.7, .3))
}

// TestPooledVersionsAreTaken for worse when their routes are put together: what the comparison by route is for.
func TestPooledVersionsAreTakenForWorse(t *testing.T) {
	const cases = 60
	worse := 0
	for seed := range cases {
		g := &maker{Rand: rand.New(rand.NewPCG(uint64(seed), 2)), noise: .05}
		s := side{n: 300, slower: 1}
		a, b := s, s
		a.mix, b.mix = constant(.3), constant(.6)
		made := g.sides(60, a, b)
		for _, table := range []*tally.Table{made.a, made.b} {
			table.Groups = map[string][]tally.Tally{"": table.All()}
		}
		for _, j := range verdicts(made) {
			if j.signals[0].Score >= j.signals[0].Sure {
				worse++
				break
			}
		}
	}
	if part := float64(worse) / cases; part < .1 {
		t.Errorf("%.3f of pooled ones are sure to be slower: the test by route shows nothing", part)
	}
}

func TestDetection(t *testing.T) {
	f := func(name string, want float64, n float64, change func(*side)) {
		t.Helper()
		const cases = 60
		found := 0
		for seed := range cases {
			g := &maker{Rand: rand.New(rand.NewPCG(uint64(seed), 3)), noise: .05}
			a := side{n: n, slower: 1, mix: constant(.5), errors: .005, cold: .01, misses: .2}
			b := a
			change(&b)
			made := g.sides(10, a, b)
			if j := newLook(made, 10, 10, overOf(made.a)).judge(); says([]judged{j}, "", query.VerdictWorse) {
				found++
			}
		}
		got := float64(found) / cases
		t.Logf("%s: %.3f", name, got)
		if got < want {
			t.Errorf("%s: %.3f found in ten minutes, want %.2f", name, got, want)
		}
	}
	f("p95 +50 %, 150 a minute", .98, 150, func(s *side) { s.slower = 1.5 })
	f("p95 +35 %, 150 a minute", .8, 150, func(s *side) { s.slower = 1.35 })
	f("p95 +30 %, 300 a minute", .9, 300, func(s *side) { s.slower = 1.3 })
	f("p95 +60 % on one route of four", .9, 500, func(s *side) { s.slower, s.only = 1.6, "/r3" })
	f("errors .5 % -> 4 %", .95, 300, func(s *side) { s.errors = .04 })
	f("misses 20 % -> 35 %", .95, 300, func(s *side) { s.misses = .35 })
}

// TestAHeadlineSaysOfWhichRouteItIs: a route's change is greater than that of all routes together, which the text has.
func TestAHeadlineSaysOfWhichRouteItIs(t *testing.T) {
	f := func(all, route float64, want string) {
		t.Helper()
		change := func(by, part float64) []query.Change {
			return []query.Change{{
				Signal: query.SignalHitLoss, Verdict: query.VerdictWorse, Difference: query.Figure{Value: query.Num(by)},
				Part: query.Num(part),
			}}
		}
		v := query.DeployVerdict{
			Deploy: query.Deploy{Service: "img", Version: "v2"}, Signals: change(all, math.NaN()),
			Routes: []query.RouteChange{{Route: "/img/:id", Signals: change(route, 1)}},
		}
		if got, _ := findingOf(&v); got.Subject != want || got.Route != "/img/:id" {
			t.Errorf("%q of %q, want %q", got.Subject, got.Route, want)
		}
	}
	f(.10, .225, "v2 cache misses +22.5 pt on /img/:id")
	f(.10, .08, "v2 cache misses +10.0 pt")
}
