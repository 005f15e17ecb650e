package deploys

import (
	"math"

	"edgescope/edge"
	"edgescope/judge"
	"edgescope/query"
	"edgescope/query/tally"
)

// signals are the shares of invocations that are judged.
var signals = []string{query.SignalSlow, query.SignalErrors, query.SignalCold, query.SignalHitLoss}

// When a change is large enough to matter: p95 by a fifth and by 5 ms, other shares by a point.
const (
	leastRise   = 0.20
	leastRiseMS = 5.0
	leastPoints = 0.01
)

// slowest is the quantile of durations that makes an invocation slow.
const slowest = 0.95

// shareOf returns the share of a signal: its ratio is weighted, its N the events that were seen and are known. An
// invocation is slow that takes longer than over, in milliseconds.
func shareOf(signal string, t *tally.Tally, over query.Num) judge.Share {
	var bad, of float64
	switch signal {
	case query.SignalSlow:
		if all := t.All(); over.OK() {
			bad, of = all.Above(float64(over)), all.Total()
		}
	case query.SignalErrors:
		bad, of = t.Errors, t.Requests
	case query.SignalCold:
		bad, of = t.Cold, t.Cold+t.Warm
	case query.SignalHitLoss:
		served, asked := t.Asked()
		bad, of = asked-served, asked
	}
	if of <= 0 || t.Requests <= 0 {
		return judge.Share{}
	}
	n := t.Events * min(1, of/t.Requests)
	return judge.Share{K: min(1, bad/of) * n, N: n}
}

// warm leaves out what only the first minutes of a version have: its cold starts, and durations with one.
func warm(t tally.Tally) tally.Tally {
	t.Duration[edge.True] = tally.Distribution{}
	t.Cold, t.Warm = 0, 0
	return t
}

// measured is a figure counted from n events.
func measured(value, low, high, n float64) query.Figure {
	return query.Figure{
		Value: query.Num(value), Low: query.Num(low), High: query.Num(high), N: query.Num(math.Round(n)),
		Origin: query.OriginMeasured,
	}
}

// unknown is the figure of nothing.
func unknown(n float64) query.Figure { return measured(math.NaN(), math.NaN(), math.NaN(), n) }

// shareFigure is a share with its interval.
func shareFigure(ratio, n float64) query.Figure {
	if n <= 0 {
		return unknown(n)
	}
	low, high := judge.Share{K: ratio * n, N: n}.Wilson()
	return measured(ratio, low, high, n)
}

// mixture is durations of several routes, each counted by a weight of its own.
type mixture struct {
	durations tally.Distribution
	n         float64 // events
	weight    float64 // sum of the routes' weights
	noise     float64 // sum of weight^2/n
}

// add adds the durations of a route, which are of n events.
func (m *mixture) add(t *tally.Tally, weight float64) {
	all := t.All()
	total := all.Total()
	if total <= 0 || weight <= 0 || t.Requests <= 0 {
		return
	}
	n := t.Events * min(1, total/t.Requests)
	m.durations.MergeTimes(all, weight/total)
	m.n += n
	m.weight += weight
	m.noise += weight * weight / n
}

// p95 is the 95th percentile with its interval, by the ranks of as many events as carry the same information
// (Kish's effective size).
func (m *mixture) p95() query.Figure {
	if m.noise <= 0 {
		return unknown(0)
	}
	effective := m.weight * m.weight / m.noise
	low, high := judge.QuantileRanks(int(effective), slowest)
	at := func(rank float64) float64 { return float64(m.durations.Quantile(rank / effective)) }
	return measured(float64(m.durations.Quantile(slowest)), at(low), at(high), m.n)
}

// changeOf is b/a-1, with the interval that both of theirs leave: their logarithms are taken as normal.
func changeOf(a, b query.Figure) query.Figure {
	n := float64(min(a.N, b.N))
	if !(a.Value > 0 && b.Value > 0 && a.Low > 0 && b.Low > 0) {
		return unknown(n)
	}
	half := func(f query.Figure) float64 { return math.Log(float64(f.High/f.Low)) / 2 }
	ratio, spread := float64(b.Value/a.Value), math.Hypot(half(a), half(b))
	return measured(ratio-1, ratio*math.Exp(-spread)-1, ratio*math.Exp(spread)-1, n)
}

// matters tells whether a difference is large enough, in its own direction.
func matters(c *query.Change) bool {
	if c.Signal != query.SignalSlow {
		return math.Abs(float64(c.Difference.Value)) >= leastPoints
	}
	if c.P95 == nil || !c.P95.Value.OK() || !c.P95Before.Value.OK() {
		return false
	}
	slower, faster := float64(c.P95.Value), float64(c.P95Before.Value)
	if c.Difference.Value < 0 {
		slower, faster = faster, slower
	}
	return slower >= (1+leastRise)*faster && slower-faster >= leastRiseMS
}

// verdictOf is what a sure or unsure difference means.
func verdictOf(c *query.Change, sure bool) string {
	switch {
	case !sure || !matters(c):
		return query.VerdictSame
	case c.Difference.Value > 0:
		return query.VerdictWorse
	default:
		return query.VerdictBetter
	}
}
