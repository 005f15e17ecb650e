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

// learn makes a season of whole days, oldest first.
func learn(days [][]Share) *Season {
	s := &Season{}
	for hour := range 24 {
		var around [][]Share
		for _, day := range days {
			buckets := make([]Share, 36)
			for i := range buckets {
				if at := (hour-1)*12 + i; at >= 0 && at < len(day) {
					buckets[i] = day[at]
				}
			}
			around = append(around, buckets)
		}
		s.Learn(hour, around)
	}
	return s
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
			s, day := learn(days), g.day(0, 1)
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

// TestFalseAlarmsOfAWhole holds the same of a service, whose regions differ in what is slow there and in their day.
func TestFalseAlarmsOfAWhole(t *testing.T) {
	const services, judged = 10, 15
	alerts := 0
	for service := range uint64(services) {
		var regions []*generator
		for i, rate := range []float64{5, 9, 9, .5, 5, .02} {
			regions = append(regions, newGenerator(100*service+uint64(i), rate, .05))
		}
		draw := rand.New(rand.NewPCG(service, 15))
		slower, later := make([]float64, len(regions)), make([]int, len(regions))
		for i := range regions {
			slower[i], later[i] = .5*draw.NormFloat64(), draw.IntN(perDay)
		}
		whole := func() []Share {
			sum := make([]Share, perDay)
			for i, g := range regions {
				for at, b := range g.day(0, 1) {
					at = (at + later[i]) % perDay
					p := min(1, b.Ratio()*math.Exp(slower[i]))
					sum[at].K, sum[at].N = sum[at].K+g.binomial(b.N, p), sum[at].N+b.N
				}
			}
			return sum
		}
		var days [][]Share
		for range 14 {
			days = append(days, whole())
		}
		for range judged {
			day := whole()
			_, a := run(learn(days), day, 0)
			alerts, days = alerts+a, append(days[1:], day)
		}
	}
	if alerts > 0 {
		t.Errorf("%d false alerts in %d days of services, want none", alerts, services*judged)
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
			s := learn(days)
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

// TestWhenItBegan holds how near to the first bucket of a shift the answer is, 50 minutes after it.
func TestWhenItBegan(t *testing.T) {
	f := func(rate, shift float64, within int, least float64) {
		t.Helper()
		const cases = 60
		var near float64
		for seed := range uint64(cases) {
			g := newGenerator(2000+seed, rate, .05)
			var days [][]Share
			for range 14 {
				days = append(days, g.day(0, 1))
			}
			first := 60 + g.IntN(perDay-120)
			day := g.day(first, shift)
			end := first + 10
			if began := learn(days).Began(day[:end], end-1); max(began-first, first-began) <= within {
				near += 1. / cases
			}
		}
		t.Logf("rate %v, shift %v: %.3f within %d buckets", rate, shift, near, within)
		if near < least {
			t.Errorf("rate %v, shift %v: %.3f within %d buckets, want %.2f", rate, shift, near, within, least)
		}
	}
	f(5, 1.5, 0, .5)
	f(5, 1.5, 1, .9)
	f(5, 2, 1, .95)
	g := newGenerator(3, 5, .05)
	var days [][]Share
	for range 14 {
		days = append(days, g.day(0, 1))
	}
	always := []Share{}
	for range perDay {
		always = append(always, Share{100, 1000})
	}
	if began := learn(days).Began(always, perDay-1); began != -1 {
		t.Errorf("what has always been so began at %d", began)
	}
}

// TestFewEventsMakeLongBuckets holds which buckets are judged: those with a hundred events at the median.
func TestFewEventsMakeLongBuckets(t *testing.T) {
	f := func(n float64, days, want int, known bool) {
		t.Helper()
		var past [][]Share
		for range days {
			day := make([]Share, 36)
			for i := range day {
				day[i] = Share{math.Round(n / 20), n}
			}
			past = append(past, day)
		}
		past = append(past, make([]Share, 36)) // a day without any says nothing
		var s Season
		s.Learn(5, past)
		newest := make([]Share, LooksBack)
		for i := range newest {
			newest[i] = Share{n / 5, n}
		}
		m := s.Judge(newest, 5)
		if m.Fold != want || m.Known != known || m.Marked != (known && n >= 5) || m.Share.N != n*4*float64(want) {
			t.Errorf("%v events in 5 minutes of %d days: buckets of %d, known %v, marked %v (z %.1f), n %v", n, days,
				m.Fold, m.Known, m.Marked, m.Z, m.Share.N)
		}
	}
	f(100, 10, 1, true)
	f(99, 10, 3, true)
	f(34, 10, 3, true)
	f(33, 10, 12, true)
	f(100, 2, 1, false)
	f(100, 3, 1, true)
	f(1, 13, 12, false) // 12 an hour are too few
}

// TestRestlessSeriesNeedMore holds that what happens on two days of the past is not told.
func TestRestlessSeriesNeedMore(t *testing.T) {
	judged := func(restless int) Mark {
		var past [][]Share
		for d := range 14 {
			day := make([]Share, 36)
			for i := range day {
				day[i] = Share{27 + 3*float64((i+d)%3), 600}
				if d < restless && i > 12 && i < 20 {
					day[i].K = 80
				}
			}
			past = append(past, day)
		}
		var s Season
		s.Learn(5, past)
		newest := []Share{{80, 600}, {80, 600}, {80, 600}, {80, 600}}
		return s.Judge(newest, 5)
	}
	once, twice := judged(1), judged(2)
	if !once.Alert || once.MarkedFrom != marked || once.AlertFrom != alerted {
		t.Errorf("after one bad day: %+v", once)
	}
	if twice.Marked || twice.MarkedFrom <= marked || twice.MarkedFrom != twice.AlertFrom {
		t.Errorf("after two bad days: %+v", twice)
	}
	if s := (Norm{Middle: .4510, Restless: .03 * .03}).Swing(); math.Abs(s-.135) > .001 {
		t.Errorf("a share of 5 %% whose angle swings by .03 swings by %.3f, want .135", s)
	}
}
