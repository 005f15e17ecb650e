package deploys

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"edgescope/judge"
	"edgescope/query"
	"edgescope/query/tally"
)

// switched draws what follows an instant switch, and days of the past: medians follow the hour of the day, noise that
// lasts and a level of each day; requests come at a rate that follows the hour too.
type switched struct {
	*rand.Rand
	rate         float64 // events in 5 minutes
	noise, level float64 // of the median in 5 minutes, and of a day, as shares
	days, hours  int     // of the past, and of what follows
	slower       float64 // what the version does to durations
	burst        bool    // only in half an hour
	failing      float64 // the share of errors that the version has on top
}

func (g *switched) draw() following {
	n := g.hours * anHour
	f := following{routes: []string{"/"}, past: &past{}}
	start := 2 * math.Pi * g.Float64()
	for d := range f.past.days {
		if d >= judge.SeasonDays-g.days {
			f.past.days[d] = map[string]buckets{"/": g.course(start, n+2*anHour, nil)}
		}
	}
	after := g.course(start, n+2*anHour, func(i int) bool { return !g.burst || i < anHour+6 })
	for s := range after {
		after[s] = after[s][anHour : anHour+n]
	}
	f.after = map[string]buckets{"/": after}
	f.now = &tally.Table{Window: tally.Window{Step: aBucket}}
	f.now.Window.To = f.now.Window.From.Add(time.Duration(n) * aBucket)
	return f
}

// course draws buckets of the four shares from a place in the day on; new tells which have the version.
func (g *switched) course(start float64, n int, isNew func(i int) bool) buckets {
	out := make(buckets, len(signals))
	for s := range out {
		out[s] = make([]judge.Share, n)
	}
	level, drift := g.level*g.NormFloat64(), 0.0
	for i := range n {
		drift = .8*drift + .6*g.noise*g.NormFloat64()
		cycle := math.Sin(start + 2*math.Pi*float64(i)/288)
		median, errors := .05*cycle+drift+level, .002
		if isNew != nil && isNew(i) {
			median, errors = median+math.Log(g.slower), errors+g.failing
		}
		events := math.Max(0, math.Round(g.rate*(1+.3*cycle)+math.Sqrt(g.rate)*g.NormFloat64()))
		slow := math.Erfc((1.6449-median/.6)/math.Sqrt2) / 2 // log-normal, sigma .6
		for s, share := range []float64{slow, errors, .01, .06} {
			for range int(events) {
				if g.Float64() < share {
					out[s][i].K++
				}
			}
			out[s][i].N = events
		}
	}
	return out
}

// TestFalseAlarmsOfTheNorm holds how often a version that changes nothing is sure to differ, in any of the four shares,
// at several numbers of events and of days of the past: at most 8 of 2,400.
func TestFalseAlarmsOfTheNorm(t *testing.T) {
	const draws, most = 150, 8
	sure := 0
	for i, g := range []switched{
		{rate: 4, noise: .05, level: .03, days: 7, hours: 12},
		{rate: 60, noise: .05, level: .03, days: 3, hours: 3},
		{rate: 120, noise: .05, level: .03, days: 14, hours: 1},
		{rate: 120, noise: .1, level: .1, days: 7, hours: 1},
	} {
		g.Rand, g.slower = rand.New(rand.NewPCG(uint64(i), 14)), 1
		for range draws {
			f := g.draw()
			for s := range signals {
				if m := f.mark(s, f.routes); m.surely() {
					sure++
				} else if !m.known {
					t.Fatalf("%d: no norm of %s", i, signals[s])
				}
			}
		}
	}
	t.Logf("%d of %d", sure, 4*4*draws)
	if sure > most {
		t.Errorf("%d of %d are sure to differ, at most %d are expected", sure, 4*4*draws, most)
	}
}

// TestWhatTheNormFinds holds how often what a version does is found, and that what lasts half an hour is not blamed on it.
func TestWhatTheNormFinds(t *testing.T) {
	const draws = 30
	f := func(name string, signal int, g switched, least, most float64) {
		t.Helper()
		g.Rand, g.noise, g.level = rand.New(rand.NewPCG(7, 14)), .05, .03
		found := 0
		for range draws {
			w := g.draw()
			if m := w.mark(signal, w.routes); m.surely() && m.z > 0 {
				found++
			}
		}
		t.Logf("%s: %d of %d", name, found, draws)
		if part := float64(found) / draws; part < least || part > most {
			t.Errorf("%s: found in %.2f, want %.2f to %.2f", name, part, least, most)
		}
	}
	f("p95 +50 %, 30 events in 5 minutes", 0, switched{rate: 30, days: 7, hours: 4, slower: 1.5}, .9, 1)
	f("p95 +50 %, 120 events", 0, switched{rate: 120, days: 7, hours: 1, slower: 1.5}, .95, 1)
	f("p95 +30 %, 120 events", 0, switched{rate: 120, days: 7, hours: 1, slower: 1.3}, .2, .8)
	f("5 % more errors, 8 events", errorsAt, switched{rate: 8, days: 7, hours: 12, slower: 1, failing: .05}, .95, 1)
	f("half an hour of errors in 12", errorsAt, switched{rate: 8, days: 7, hours: 12, slower: 1, failing: .5, burst: true}, 0, .05)
}

// TestWhatPassesIsTold holds that errors of half an hour are told of, though not as the version's.
func TestWhatPassesIsTold(t *testing.T) {
	g := switched{Rand: rand.New(rand.NewPCG(3, 14)), rate: 8, days: 7, hours: 12, slower: 1, failing: .5, burst: true}
	f := g.draw()
	c := f.change(errorsAt, f.routes)
	if c.Verdict != query.VerdictSame || len(f.passing) != 1 || !strings.HasSuffix(f.passing[0], " on /") {
		t.Errorf("%s, passing %q", c.Verdict, f.passing)
	}
	g.burst = false
	f = g.draw()
	if c := f.change(errorsAt, f.routes); c.Verdict != query.VerdictWorse || f.passing != nil {
		t.Errorf("%s, passing %q", c.Verdict, f.passing)
	}
}
