package deploys

import (
	"math"
	"slices"
	"time"

	"edgescope/judge"
	"edgescope/query"
	"edgescope/query/tally"
)

// sides are what two versions did in the same time, by route and bucket: a is the one compared with.
type sides struct{ a, b *tally.Table }

// both returns how many buckets there are from the first until one of the versions stops to serve; all when both go on.
func (s sides) both() int {
	a, b := eventsOf(s.a), eventsOf(s.b)
	for i := range a {
		if stopped(a[i:], b[i:]) || stopped(b[i:], a[i:]) {
			return i
		}
	}
	return len(a)
}

// stopped tells whether one of two has hardly any of the events that are left, of which there must be enough to tell.
func stopped(one, other []float64) bool {
	const hardly, toTell = 0.01, 30
	var n, m float64
	for i := range one {
		n, m = n+one[i], m+other[i]
	}
	return n+m >= toTell && n < hardly*(n+m)
}

// eventsOf returns the events of each bucket.
func eventsOf(t *tally.Table) []float64 {
	out := make([]float64, t.Window.Buckets())
	for _, row := range t.Groups {
		for i := range row {
			out[i] += row[i].Events
		}
	}
	return out
}

// look is a comparison of two versions over a stretch of their common time, in blocks of it.
type look struct {
	from, to time.Time
	// warmUp tells that all of it is within the first minutes of the new version.
	warmUp bool
	// routes are those that both serve, sorted; the tallies are of them.
	routes []string
	a, b   map[string][]tally.Tally
	// coldA and coldB are the blocks of the time after the first minutes.
	coldA, coldB map[string][]tally.Tally
	// over is what makes an invocation of a route slow.
	over map[string]query.Num
}

// newLook takes the first buckets of both sides, a multiple of judge.Blocks; in the first warmUp ones only what is no
// cold start counts.
func newLook(s sides, buckets, warmUp int, over map[string]query.Num) *look {
	w := s.b.Window
	l := &look{
		from: w.From, to: w.From.Add(time.Duration(buckets) * w.Step), warmUp: buckets <= warmUp,
		a: map[string][]tally.Tally{}, b: map[string][]tally.Tally{}, over: over,
		coldA: map[string][]tally.Tally{}, coldB: map[string][]tally.Tally{},
	}
	for route, row := range s.b.Groups {
		before, ok := s.a.Groups[route]
		if !ok {
			continue
		}
		a, b := blocksOf(before[:buckets], warmUp), blocksOf(row[:buckets], warmUp)
		if tally.Sum(a).Events <= 0 || tally.Sum(b).Events <= 0 {
			continue
		}
		l.routes = append(l.routes, route)
		l.a[route], l.b[route] = a, b
		if !l.warmUp {
			l.coldA[route], l.coldB[route] = blocksOf(before[warmUp:buckets], 0), blocksOf(row[warmUp:buckets], 0)
		}
	}
	slices.Sort(l.routes)
	return l
}

// blocksOf cuts buckets into blocks of equal length; of the first warmUp ones only what is no cold start counts.
func blocksOf(row []tally.Tally, warmUp int) []tally.Tally {
	blocks := make([]tally.Tally, judge.Blocks)
	per := len(row) / judge.Blocks
	for i := range per * judge.Blocks {
		t := row[i]
		if i < warmUp {
			t = warm(t)
		}
		blocks[i/per].Merge(&t)
	}
	return blocks
}

// of returns the blocks in which a signal is compared.
func (l *look) of(signal string) (a, b map[string][]tally.Tally) {
	if signal == query.SignalCold {
		return l.coldA, l.coldB
	}
	return l.a, l.b
}

// compared is a share under both versions: what judge says, and what the difference is made of.
type compared struct {
	judge.Comparison

	before float64 // the share under a, with the weights of the difference
	a, b   float64 // events
	// parts are what each route adds to the difference.
	parts map[string]float64
}

// compare compares a share over these routes together, each weighed as judge does.
func (l *look) compare(signal string, routes []string) compared {
	var blocks [judge.Blocks][]judge.Pair
	c := compared{parts: map[string]float64{}}
	allA, allB := l.of(signal)
	for i := range blocks {
		var before, weights float64
		parts := make([]float64, len(routes))
		for j, route := range routes {
			p := judge.Pair{
				A: shareOf(signal, &allA[route][i], l.over[route]), B: shareOf(signal, &allB[route][i], l.over[route]),
			}
			blocks[i] = append(blocks[i], p)
			c.a, c.b = c.a+p.A.N, c.b+p.B.N
			if p.A.N > 0 && p.B.N > 0 {
				w := p.A.N * p.B.N / (p.A.N + p.B.N)
				before, weights = before+w*p.A.Ratio(), weights+w
				parts[j] = w * (p.B.Ratio() - p.A.Ratio())
			}
		}
		if weights > 0 {
			c.before += before / weights / judge.Blocks
			for j, route := range routes {
				c.parts[route] += parts[j] / weights / judge.Blocks
			}
		}
	}
	c.Comparison = judge.Compare(blocks)
	return c
}

// change judges a share over routes together. It is sure from that t on.
func (l *look) change(signal string, routes []string, sure float64) (query.Change, map[string]float64) {
	out := query.Change{
		Signal: signal, Verdict: query.VerdictEarly, Sure: query.Num(sure), Score: query.None(), Over: query.None(),
		Part: query.None(), Share: unknown(0), Before: unknown(0), Difference: unknown(0),
	}
	if signal == query.SignalCold && l.warmUp {
		return out, nil
	}
	if signal == query.SignalSlow && len(routes) == 1 {
		out.Over = l.over[routes[0]]
	}
	c := l.compare(signal, routes)
	out.Share, out.Before, out.Difference = unknown(c.b), unknown(c.a), unknown(min(c.a, c.b))
	out.Verdict = query.VerdictFew
	if !c.Enough {
		return out, nil
	}
	out.Before, out.Share = shareFigure(c.before, c.a), shareFigure(clamp(c.before+c.Difference), c.b)
	out.Difference = measured(c.Difference, c.Low, c.High, min(c.a, c.b))
	out.Score = query.Num(max(-mostScore, min(mostScore, c.T)))
	if signal == query.SignalSlow {
		l.addPercentiles(&out, routes)
	}
	out.Verdict = verdictOf(&out, math.Abs(c.T) >= sure)
	return out, c.parts
}

// mostScore bounds a score: that of a difference without any noise is infinite.
const mostScore = 999

func clamp(ratio float64) float64 { return max(0, min(1, ratio)) }

// addPercentiles adds the p95 of both versions with the same mix of routes: each route weighs as in the difference.
func (l *look) addPercentiles(c *query.Change, routes []string) {
	var before, now mixture
	for _, route := range routes {
		a, b := tally.Sum(l.a[route]), tally.Sum(l.b[route])
		if !l.over[route].OK() || a.Events <= 0 || b.Events <= 0 {
			continue
		}
		w := a.Events * b.Events / (a.Events + b.Events)
		before.add(a, w)
		now.add(b, w)
	}
	p95, p95Before := now.p95(), before.p95()
	change := changeOf(p95Before, p95)
	c.P95, c.P95Before, c.P95Change = &p95, &p95Before, &change
}

// tests is how many of all routes together are made of a version: of which one says worse by chance in 1 % of all
// versions. The reference counts three shares and finds 4.23; the fourth makes it 4.42.
var tests = mostLooks * len(signals)

// judged are the verdicts of a look.
type judged struct {
	signals []query.Change
	routes  []query.RouteChange
}

// judge judges all routes together, and each of its own.
func (l *look) judge() judged {
	var out judged
	parts := map[string]map[string]float64{}
	for _, signal := range signals {
		c, of := l.change(signal, l.routes, judge.SureAmong(tests))
		out.signals = append(out.signals, c)
		parts[signal] = of
	}
	sure := judge.SureAmong(tests * l.judgeable())
	for _, route := range l.routes {
		r := query.RouteChange{Route: route}
		for i, signal := range signals {
			c, _ := l.change(signal, []string{route}, sure)
			if whole := &out.signals[i]; whole.Verdict == query.VerdictWorse || whole.Verdict == query.VerdictBetter {
				c.Part = query.Num(parts[signal][route] / float64(whole.Difference.Value))
			}
			r.Signals = append(r.Signals, c)
		}
		r.Verdict = worst(r.Signals)
		out.routes = append(out.routes, r)
	}
	return out
}

// judgeable returns how many routes have enough events to be judged of their own.
func (l *look) judgeable() int {
	n := 0
	for _, route := range l.routes {
		if l.compare(query.SignalErrors, []string{route}).Enough {
			n++
		}
	}
	return n
}

// enough tells whether anything could be judged.
func (j *judged) enough() bool {
	return slices.ContainsFunc(j.signals, func(c query.Change) bool { return isJudged(c.Verdict) })
}

// isJudged tells whether a verdict says something of a version.
func isJudged(verdict string) bool {
	return verdict == query.VerdictWorse || verdict == query.VerdictBetter || verdict == query.VerdictSame
}

// worst is the verdict of several shares together.
func worst(changes []query.Change) string {
	has := func(verdict string) bool {
		return slices.ContainsFunc(changes, func(c query.Change) bool { return c.Verdict == verdict })
	}
	for _, verdict := range []string{query.VerdictWorse, query.VerdictBetter, query.VerdictSame, query.VerdictFew} {
		if has(verdict) {
			return verdict
		}
	}
	return query.VerdictEarly
}
