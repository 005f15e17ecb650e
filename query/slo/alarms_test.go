package slo

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/policy"
	"edgescope/query"
)

// minutes are requests and bad ones minute by minute, added up: all[i] is the number before minute i.
type minutes struct{ bad, all []float64 }

// draw makes n minutes of requests at a rate a second, of which a share is bad.
func draw(r *rand.Rand, n int, rate float64, share func(minute int) float64) minutes {
	m := minutes{make([]float64, n+1), make([]float64, n+1)}
	for i := range n {
		all, bad := poisson(r, rate*60), 0.0
		for range int(all) {
			if r.Float64() < share(i) {
				bad++
			}
		}
		m.bad[i+1], m.all[i+1] = m.bad[i]+bad, m.all[i]+all
	}
	return m
}

func poisson(r *rand.Rand, mean float64) float64 {
	n, p := 0.0, math.Exp(-mean)
	for left := r.Float64(); left > p; left *= r.Float64() {
		n++
	}
	return n
}

// upTo is the history that a store has at the end of a minute. Each event that was received stands for one of weight
// requests.
func (m minutes) upTo(minute int, weight float64) *history {
	h := &history{}
	counted := func(from, to int) counts {
		from, to = max(0, from), max(0, to)
		all := m.all[to] - m.all[from]
		return counts{bad: m.bad[to] - m.bad[from], total: all, requests: all, events: all / weight}
	}
	for i := range reaches {
		step := int(reaches[i].bucket.Minutes())
		for b := range reachBuckets {
			end := minute + 1 - (reachBuckets-1-b)*step
			h.reaches[i][b] = counted(end-step, end)
		}
	}
	h.period = []counts{counted(0, minute+1)}
	return h
}

// pages returns in which minutes a page of 99.9 % begins.
func (m minutes) pages(weight float64) []int {
	s := &policy.SLO{SLI: policy.SLIAvailability, Target: 99.9, Period: 30 * day}
	measure, told := measureOf(s, edge.SignalSpan, nil), false
	var out []int
	for i := range len(m.all) - 1 {
		p := measure.stands(m.upTo(i, weight), time.Unix(int64(i)*60, 0))
		if p.State == query.PromisePage && !told {
			out = append(out, i)
		}
		told = p.State == query.PromisePage
	}
	return out
}

// anyEvents is a weight with which as many bad events are received as nobody has to wait for: the rule without its least
// number.
const anyEvents = 1e-6

// TestFalsePages holds how often somebody is woken in thirty days by a service whose errors are exactly at its budget,
// with the least number of bad events and without (the reference has .05 and 28.5 at .02 requests a second, 0 and 8.8 at
// .003).
func TestFalsePages(t *testing.T) {
	t.Parallel()
	const month, runs = 30 * 24 * 60, 4
	f := func(rate, most, least float64) {
		t.Helper()
		gated, without := 0, 0
		for seed := range uint64(runs) {
			m := draw(rand.New(rand.NewPCG(seed, 5)), month, rate, func(int) float64 { return .001 })
			gated += len(m.pages(1))
			without += len(m.pages(anyEvents))
		}
		t.Logf("%v requests/s: %.2f false pages a month, %.1f without a least number of bad events", rate,
			float64(gated)/runs, float64(without)/runs)
		if float64(gated)/runs > most || float64(without)/runs < least {
			t.Errorf("%v requests/s: %d false pages in %d months, %d without, want at most %v and at least %v a month", rate,
				gated, runs, without, most, least)
		}
	}
	f(.02, .5, 20)
	f(.003, 0, 5)
}

// TestHowSoonSomebodyIsTold holds the minutes from the first errors to the page, in the middle of many runs (the
// reference has 18 at 5 % errors and .1 requests a second, 1-2 in an outage, and 5 in one at .02).
func TestHowSoonSomebodyIsTold(t *testing.T) {
	t.Parallel()
	const good, runs = 24 * 60, 40
	f := func(rate, share float64, least, most int) {
		t.Helper()
		var delays []int
		for seed := range uint64(runs) {
			m := draw(rand.New(rand.NewPCG(seed, 6)), good+120, rate, func(minute int) float64 {
				if minute < good {
					return 0
				}
				return share
			})
			begun := m.pages(1)
			if len(begun) == 0 {
				t.Fatalf("%v of %v requests/s are never told of", share, rate)
			}
			delays = append(delays, begun[0]-good+1)
		}
		slices.Sort(delays)
		t.Logf("%.0f %% of %v requests/s are bad: told after %d minutes, %d in 9 of 10 runs", 100*share, rate,
			delays[runs/2], delays[runs*9/10])
		if m := delays[runs/2]; m < least || m > most {
			t.Errorf("%v of %v requests/s: told after %d minutes, want %d to %d", share, rate, m, least, most)
		}
	}
	f(.1, .05, 14, 24)
	f(.1, 1, 1, 2)
	f(.02, 1, 3, 6)
}
