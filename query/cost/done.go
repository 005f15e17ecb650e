package cost

import (
	"math"

	"edgescope/edge/platform"
	"edgescope/edge/price"
	"edgescope/query"
	"edgescope/query/tally"
)

// done is what a set of invocations did. Times are sums in milliseconds.
type done struct {
	// requests is weighted, events is how many were received.
	requests, events float64
	duration, init   float64
	// cpu is the CPU time of those that say theirs: known counts them, weighted.
	cpu, known float64
}

// doneBy is what a tally counted on a platform. What an instance takes to start counts where the platform starts it
// before the invocation, and charges for it.
func doneBy(t *tally.Tally, on string) done {
	d := done{
		requests: t.Requests, events: t.Events, duration: 1000 * t.DurationSum, cpu: 1000 * t.CPUSum, known: t.CPU.Total(),
	}
	if on == platform.AWSLambda {
		d.init = 1000 * t.InitSum
	}
	return d
}

// plus adds a part of what others did.
func (d done) plus(o done, part float64) done {
	d.requests += part * o.requests
	d.events += part * o.events
	d.duration += part * o.duration
	d.init += part * o.init
	d.cpu += part * o.cpu
	d.known += part * o.known
	return d
}

// without is what is left of it beside others, which are some of it.
func (d done) without(o done) done {
	d = d.plus(o, -1)
	return done{
		max(0, d.requests), max(0, d.events), max(0, d.duration), max(0, d.init), max(0, d.cpu), max(0, d.known),
	}
}

// meanCPU is the mean of those that say their CPU time, in milliseconds.
func (d done) meanCPU() query.Num { return tally.Ratio(d.cpu, d.known) }

// use is how much was used of each meter of a plan: between low and high, which differ where no invocation says its CPU
// time. It is then from nothing to all of the duration.
type use struct{ low, high price.Use }

func newUse() use { return use{price.Use{}, price.Use{}} }

// useOf is what a plan counts of it. Those that do not say their CPU time are taken to be like those that do.
func (d done) useOf(plan *price.Plan, memoryGB float64) (use, error) {
	w := price.Work{Invocations: d.requests, DurationMS: d.duration, MemoryGB: memoryGB}
	if plan.Platform == platform.AWSLambda {
		w.InitMS = d.init
	}
	if d.known > 0 {
		w.CPUMS = d.cpu * max(1, d.requests/d.known)
		u, err := plan.UseOf(w)
		return use{u, u}, err
	}
	low, err := plan.UseOf(w)
	if err != nil {
		return use{}, err
	}
	w.CPUMS = d.duration
	high, err := plan.UseOf(w)
	return use{low, high}, err
}

func (u use) add(o use, part float64) {
	u.low.Add(times(o.low, part))
	u.high.Add(times(o.high, part))
}

func times(u price.Use, factor float64) price.Use {
	out := make(price.Use, len(u))
	for of, amount := range u {
		out[of] = factor * amount
	}
	return out
}

// exact tells that nothing of it is a range.
func (u use) exact() bool {
	for of, amount := range u.high {
		if u.low[of] != amount {
			return false
		}
	}
	return true
}

// unsure is by which part an estimate from sampled events may be off, with 95 %: each of the requests was taken with the
// same chance, so that their number has the variance of a binomial one. It is 0 where every event was received.
func (d done) unsure() float64 {
	if d.events <= 0 || d.requests <= d.events*1.0000001 {
		return 0
	}
	return min(1, 1.96*math.Sqrt((1-d.events/d.requests)/d.events))
}

// figure prices a use, of which d says how sure it is. The value is absent where the use is a range.
func (d done) figure(u use, f func(price.Use) float64) query.Figure {
	off := d.unsure()
	out := query.Figure{
		Value: query.None(), Low: query.Num(f(times(u.low, 1-off))), High: query.Num(f(times(u.high, 1+off))),
		N: query.Num(math.Round(d.events)), Origin: query.OriginPriceList,
	}
	if u.exact() {
		out.Value = query.Num(f(u.low))
	}
	return out
}

// noFigure is a figure of nothing that is known.
func noFigure(origin string) query.Figure {
	return query.Figure{Value: query.None(), Low: query.None(), High: query.None(), Origin: origin}
}

// plus adds up two figures.
func plus(a, b query.Figure) query.Figure {
	return query.Figure{Value: a.Value + b.Value, Low: a.Low + b.Low, High: a.High + b.High, N: a.N + b.N, Origin: a.Origin}
}

// scaled multiplies a figure.
func scaled(f query.Figure, by float64) query.Figure {
	n := query.Num(by)
	f.Value, f.Low, f.High = f.Value*n, f.Low*n, f.High*n
	return f
}
