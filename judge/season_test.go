package judge

import (
	"math"
	"math/rand/v2"
	"testing"
)

// generator draws the shares of slow requests of a region: durations are log-normal, sigma .6, their median follows a
// daily cycle and noise that lasts (autoregressive), and requests come at a rate that follows the day too.
type generator struct {
	*rand.Rand
	rate  float64 // requests a second, on average
	noise float64 // of the median, as a share
	drift float64
}

const (
	perDay = 288 // buckets of 5 minutes
	sigma  = 0.6
)

// day draws a day; shift multiplies the durations of the buckets from first on, for an hour.
func (g *generator) day(first int, shift float64) []Share {
	day := make([]Share, perDay)
	for i := range day {
		const persistence = 0.8
		g.drift = persistence*g.drift + g.noise*math.Sqrt(1-persistence*persistence)*g.NormFloat64()
		cycle := math.Sin(2 * math.Pi * float64(i) / perDay)
		median := 0.05*cycle + g.drift
		if i >= first && i < first+12 {
			median += math.Log(shift)
		}
		n := math.Round(g.rate * 300 * (1 + 0.5*cycle))
		day[i] = Share{g.binomial(n, slowShare(median)), n}
	}
	return day
}

// slowShare is the share of requests above what 5 % of them are above when the median is its usual one.
func slowShare(median float64) float64 {
	const z = 1.6448536269514722
	return math.Erfc((z-median/sigma)/math.Sqrt2) / 2
}

// binomial draws how many of n events happen: by the normal distribution, where there are enough of them, else one by
// one.
func (g *generator) binomial(n, p float64) float64 {
	if n*p > 30 {
		return math.Round(min(n, max(0, n*p+math.Sqrt(n*p*(1-p))*g.NormFloat64())))
	}
	k := 0.0
	for range int(n) {
		if g.Float64() < p {
			k++
		}
	}
	return k
}

func newGenerator(seed uint64, rate, noise float64) *generator {
	return &generator{Rand: rand.New(rand.NewPCG(seed, 14)), rate: rate, noise: noise}
}

// TestFalseAlarms holds how often a calm region is told to be out of its norm: at most .005 times a day.
func TestFalseAlarms(t *testing.T) {
	const regions, judged = 20, 15
	marks, alerts := 0, 0
	for region := range uint64(regions) {
		g := newGenerator(region, 5, .05)
		var days [][]Share
		for range 14 {
			days = append(days, g.day(0, 1))
		}
		for range judged {
			s, day := Learn(days), g.day(0, 1)
			m, a := run(s, day, 0)
			marks, alerts = marks+m, alerts+a
			days = append(days[1:], day)
		}
	}
	perDay := float64(alerts) / (regions * judged)
	t.Logf("a region and day: %.4f marks, %.4f alerts", float64(marks)/(regions*judged), perDay)
	if perDay > .005 {
		t.Errorf("%.4f false alerts a region and day, want at most .005", perDay)
	}
}

// run returns how many times marks and alerts begin in the buckets of a day from first on.
func run(s *Season, buckets []Share, first int) (marks, alerts int) {
	var before Mark
	for end := looks; end <= len(buckets); end++ {
		m := s.Judge(buckets[end-looks:end], (first+end-1)*24/perDay)
		if m.Marked && !before.Marked {
			marks++
		}
		if m.Alert && !before.Alert {
			alerts++
		}
		before = m
	}
	return marks, alerts
}

// TestShiftsAreFound holds that durations that are half as long again are marked within 20 minutes, at 300 requests a
// bucket and more, in at least 95 of 100 cases. To tell somebody takes more requests, or a larger shift.
func TestShiftsAreFound(t *testing.T) {
	f := func(rate, noise, shift, leastMarked, leastAlerted float64) {
		t.Helper()
		const cases = 40
		var marks, alerts float64
		for seed := range uint64(cases) {
			g := newGenerator(1000+seed, rate, noise)
			var days [][]Share
			for range 14 {
				days = append(days, g.day(0, 1))
			}
			s := Learn(days)
			first := 12 + g.IntN(perDay-48)
			day := g.day(first, shift)
			m, a := run(s, day[first+1-looks:first+4], first+1-looks)
			marks, alerts = marks+float64(min(m, 1))/cases, alerts+float64(min(a, 1))/cases
		}
		t.Logf("rate %v, noise %v, shift %v: %.3f marked, %.3f alerted", rate, noise, shift, marks, alerts)
		if marks < leastMarked || alerts < leastAlerted {
			t.Errorf("rate %v, noise %v, shift %v: %.3f marked, want %.2f; %.3f alerted, want %.2f", rate, noise, shift,
				marks, leastMarked, alerts, leastAlerted)
		}
	}
	f(5, .05, 1.5, .95, .95)
	f(2, .05, 1.5, .95, .5) // 300 a bucket at night
	f(1, .05, 2, .95, .95)
	f(5, .15, 2, .8, .5)
}
