package judge

import (
	"cmp"
	"maps"
	"math/rand/v2"
	"slices"
)

const (
	// window is the length in seconds of the windows in which gaps are seen.
	window = 10
	// leastGaps, and of these leastEach cold and warm ones, make a curve.
	leastGaps, leastEach = 30, 5
	// resamples is how often the gaps are drawn again for the interval.
	resamples = 200
)

// Window is what one place served in ten seconds.
type Window struct {
	// At is its start in Unix seconds.
	At int64
	// Requests are its events, Known those of which it is known whether they were cold starts, Cold those that were.
	Requests, Known, Cold float64
	// NewVersion tells that a version was seen first in it.
	NewVersion bool
}

// Gap is a time without requests.
type Gap struct {
	Seconds float64
	// Certain tells that the first request after it is known to have been a cold start, or not to have been one: Cold.
	Certain, Cold bool
}

// Gaps returns the gaps between windows with requests, which are in order of time. What ended a gap is not certain of
// several requests, of which a cold one may have come beside the first, of one of which nothing is known, and with a new
// version.
func Gaps(windows []Window) []Gap {
	var gaps []Gap
	for i := 1; i < len(windows); i++ {
		w, seconds := &windows[i], windows[i].At-windows[i-1].At
		if seconds > window {
			certain := w.Requests == 1 && w.Known == 1 && !w.NewVersion
			gaps = append(gaps, Gap{float64(seconds), certain, certain && w.Cold > 0})
		}
	}
	return gaps
}

// Estimate is a value with its 95 % interval.
type Estimate struct{ Value, Low, High float64 }

// Lifetime says how long an instance that gets no request lives.
type Lifetime struct {
	gaps  []float64 // sorted
	share []float64 // of cold starts after such a gap
	// Tau10, Tau50 and Tau90 are after how many seconds of idleness a tenth, half and nine tenths of instances are gone.
	Tau10, Tau50, Tau90 Estimate

	drawn []*Lifetime // resampled
}

// LifetimeOf estimates lifetimes from gaps. Each gap tells only whether the instance was gone by then: of such data the
// isotonic fit is the most likely curve (Groeneboom and Wellner, Information bounds and nonparametric maximum likelihood
// estimation, 1992). It fails with fewer than 30 certain gaps, or fewer than 5 that ended cold or warm. The interval is of 200
// resamples, drawn by seed, and ten seconds wider at each end, since that is how exactly gaps are known.
func LifetimeOf(gaps []Gap, seed uint64) (*Lifetime, bool) {
	cold, sorted := 0, make([]Gap, 0, len(gaps))
	for _, g := range gaps {
		if g.Certain {
			sorted = append(sorted, g)
		}
		if g.Cold {
			cold++
		}
	}
	if len(sorted) < leastGaps || min(cold, len(sorted)-cold) < leastEach {
		return nil, false
	}
	slices.SortStableFunc(sorted, func(a, b Gap) int { return cmp.Compare(a.Seconds, b.Seconds) })
	l := curve(sorted)
	l.resample(sorted, seed)
	for part, e := range map[float64]*Estimate{.1: &l.Tau10, .5: &l.Tau50, .9: &l.Tau90} {
		*e = l.estimate(func(c *Lifetime) float64 { return c.after(part) })
		e.Low, e.High = max(0, e.Low-window), e.High+window
	}
	return l, true
}

// resample draws as many of the sorted gaps as there are, again and again.
func (l *Lifetime) resample(sorted []Gap, seed uint64) {
	r, times := rand.New(rand.NewPCG(seed, 0)), make([]int, len(sorted))
	again := make([]Gap, 0, len(sorted))
	for range resamples {
		clear(times)
		for range sorted {
			times[r.IntN(len(sorted))]++
		}
		again = again[:0]
		for i, n := range times {
			for range n {
				again = append(again, sorted[i])
			}
		}
		l.drawn = append(l.drawn, curve(again))
	}
}

// estimate returns what a function makes of the curve, and the 95 % interval of what it makes of the resampled ones.
func (l *Lifetime) estimate(of func(*Lifetime) float64) Estimate {
	values := make([]float64, len(l.drawn))
	for i, c := range l.drawn {
		values[i] = of(c)
	}
	slices.Sort(values)
	return Estimate{of(l), quantile(values, .025), quantile(values, .975)}
}

// At returns Gone with its interval.
func (l *Lifetime) At(seconds float64) Estimate {
	return l.estimate(func(c *Lifetime) float64 { return c.Gone(seconds) })
}

// Longest returns the longest gap that the curve was learnt from, in seconds.
func (l *Lifetime) Longest() float64 { return l.gaps[len(l.gaps)-1] }

// curve fits sorted gaps. Gaps of one length are one point.
func curve(sorted []Gap) *Lifetime {
	l := &Lifetime{}
	var weights []float64
	for i := 0; i < len(sorted); {
		n, cold, at := 0.0, 0.0, sorted[i].Seconds
		for ; i < len(sorted) && sorted[i].Seconds == at; i++ {
			if n++; sorted[i].Cold {
				cold++
			}
		}
		l.gaps, l.share, weights = append(l.gaps, at), append(l.share, cold/n), append(weights, n)
	}
	l.share = Monotone(l.share, weights)
	return l
}

// Gone returns the share of instances that are gone after so many seconds without a request, 0 to 1. Beyond the longest
// gap that was seen it is what was seen there.
func (l *Lifetime) Gone(seconds float64) float64 {
	i, _ := slices.BinarySearch(l.gaps, seconds)
	return l.gone(seconds, i)
}

// gone is Gone where it is known which is the first gap that is not shorter.
func (l *Lifetime) gone(seconds float64, i int) float64 {
	switch {
	case i == len(l.gaps):
		return l.share[i-1]
	case l.gaps[i] == seconds:
		return l.share[i]
	case i == 0:
		return 0
	}
	part := (seconds - l.gaps[i-1]) / (l.gaps[i] - l.gaps[i-1])
	return l.share[i-1] + part*(l.share[i]-l.share[i-1])
}

// after returns when so large a part is gone: half way between the last gap before and the first one by which it is; the
// longest gap where that was not seen.
func (l *Lifetime) after(part float64) float64 {
	for i, share := range l.share {
		if share >= part {
			if i == 0 {
				return l.gaps[0] / 2
			}
			return (l.gaps[i-1] + l.gaps[i]) / 2
		}
	}
	return l.gaps[len(l.gaps)-1]
}

// Causes are why cold starts happened, as shares of all requests; they add up to what was measured.
type Causes struct{ Deploy, Idle, Burst float64 }

// CausesOf tells the causes of the measured share of cold starts among n requests: deploy is what was measured in the
// first ten minutes of versions, idle what all gaps explain by the curve, and burst, requests beside others, the rest.
func (l *Lifetime) CausesOf(measured, deploy, n float64, gaps []Gap) Causes {
	c := Causes{Deploy: min(deploy, measured)}
	c.Idle = min(l.IdleAt(1, n, gaps).Value, measured-c.Deploy)
	c.Burst = measured - c.Deploy - c.Idle
	return c
}

// IdleAt returns the share of cold starts by idleness if requests came faster times as often: each gap is as many times
// shorter. n is the number of requests among which the gaps are.
func (l *Lifetime) IdleAt(faster, n float64, gaps []Gap) Estimate {
	times := map[float64]float64{}
	for _, g := range gaps {
		times[g.Seconds/faster]++
	}
	lengths := slices.Sorted(maps.Keys(times))
	return l.estimate(func(c *Lifetime) float64 {
		cold, from := 0.0, 0
		for _, seconds := range lengths {
			for from < len(c.gaps) && c.gaps[from] < seconds {
				from++
			}
			cold += times[seconds] * c.gone(seconds, from)
		}
		return cold / n
	})
}

// Monotone returns the non-decreasing values that are nearest to ys by the sum of squares, each weighted: isotonic
// regression by pooling adjacent violators (Ayer et al., An empirical distribution function for sampling with incomplete
// information, 1955). ys and weights have one length; weights are above 0.
func Monotone(ys, weights []float64) []float64 {
	type block struct {
		sum, weight float64
		n           int
	}
	var blocks []block
	for i, y := range ys {
		blocks = append(blocks, block{y * weights[i], weights[i], 1})
		for len(blocks) > 1 {
			last, before := blocks[len(blocks)-1], &blocks[len(blocks)-2]
			if before.sum/before.weight <= last.sum/last.weight {
				break
			}
			*before = block{before.sum + last.sum, before.weight + last.weight, before.n + last.n}
			blocks = blocks[:len(blocks)-1]
		}
	}
	fit := make([]float64, 0, len(ys))
	for _, b := range blocks {
		for range b.n {
			fit = append(fit, b.sum/b.weight)
		}
	}
	return fit
}
