package query

import (
	"math"

	"edgescope/edge"
)

// tally is what was counted of a set of invocations, from rollups or from events.
type tally struct {
	requests, errors, events float64
	cold, warm               float64
	initSum, durationSum     float64 // seconds
	cache                    [len(cacheOrder)]float64

	// duration is by cold start: Unknown, False, True. An answer that does not need them apart has all in Unknown.
	duration  [3]hist
	hit, miss hist // durations by cache outcome
	init, cpu hist

	responses map[string]float64 // by status code
}

// cacheOrder is the order of tally.cache and of the cache page's lines.
var cacheOrder = [...]string{
	edge.CacheHit, edge.CacheStale, edge.CacheRevalidated, edge.CacheMiss, edge.CacheExpired, edge.CacheBypass, edge.CacheDynamic,
}

const (
	cacheServed = 3 // the first three of cacheOrder were answered from the cache,
	cacheAsked  = 5 // the two after them were not; the rest stays outside the ratio
)

func cacheIndex(status string) int {
	for i, s := range cacheOrder {
		if s == status {
			return i
		}
	}
	return -1
}

// isError tells which outcomes are the function's fault. A client that went away (canceled) is none; what is no known outcome
// is one, as in rollups.
func isError(outcome string) bool {
	return outcome != edge.OutcomeOK && outcome != edge.OutcomeCanceled
}

func (t *tally) merge(o *tally) {
	t.requests += o.requests
	t.errors += o.errors
	t.events += o.events
	t.cold += o.cold
	t.warm += o.warm
	t.initSum += o.initSum
	t.durationSum += o.durationSum
	for i, n := range o.cache {
		t.cache[i] += n
	}
	for i := range o.duration {
		t.duration[i].merge(&o.duration[i])
	}
	t.hit.merge(&o.hit)
	t.miss.merge(&o.miss)
	t.init.merge(&o.init)
	t.cpu.merge(&o.cpu)
	for code, n := range o.responses {
		t.respond(code, n)
	}
}

func (t *tally) respond(code string, n float64) {
	if t.responses == nil {
		t.responses = map[string]float64{}
	}
	t.responses[code] += n
}

// all answers the durations of all invocations.
func (t *tally) all() *hist {
	h := &hist{}
	for i := range t.duration {
		h.merge(&t.duration[i])
	}
	return h
}

// stats makes the figures of what was counted in that many seconds.
func (t *tally) stats(seconds float64) Stats {
	all, cold, warm := t.all(), &t.duration[edge.True], &t.duration[edge.False]
	s := Stats{
		Requests: Num(t.requests), Samples: Num(t.events), Rate: Num(t.requests / seconds),
		Errors: Num(t.errors), ErrorRatio: ratio(t.errors, t.requests),
		P50: all.quantile(0.50), P95: all.quantile(0.95), P99: all.quantile(0.99),
		Cold: Num(t.cold), Warm: Num(t.warm),
		Known: ratio(min(t.cold+t.warm, t.requests), t.requests), ColdRatio: t.coldRatio(),
		ColdP95: cold.quantile(0.95), WarmP95: warm.quantile(0.95),
		InitP50: t.init.quantile(0.50), InitP95: t.init.quantile(0.95), InitP99: t.init.quantile(0.99),
		InitTotal: None(), CPUP99: t.cpu.quantile(0.99), Cache: t.cacheStats(), ColdAdds: None(),
	}
	if t.init.total() > 0 {
		s.InitTotal = Num(1000 * t.initSum)
	}
	if s.WarmP95.OK() {
		s.ColdAdds = noticeable(s.P95-s.WarmP95, s.P95)
	}
	return s
}

// noticeable is a difference between two percentiles of about that size, 0 when their buckets can't tell them apart.
func noticeable(difference, size Num) Num {
	const resolution = 0.02 // how exact a percentile of a histogram is
	if math.Abs(float64(difference)) < resolution*float64(size) {
		return 0
	}
	return difference
}

// ratio is a of b, absent without b.
func ratio(a, b float64) Num {
	if b <= 0 {
		return None()
	}
	return Num(a / b)
}

func (t *tally) coldRatio() Num { return ratio(t.cold, t.cold+t.warm) }

func (t *tally) hitRatio() Num {
	var served, asked float64
	for i, n := range t.cache[:cacheAsked] {
		asked += n
		if i < cacheServed {
			served += n
		}
	}
	return ratio(served, asked)
}

func (t *tally) cacheStats() Cache {
	n := func(i int) Num { return Num(t.cache[i]) }
	return Cache{
		Hit: n(0), Stale: n(1), Revalidated: n(2), Miss: n(3), Expired: n(4), Bypass: n(5), Dynamic: n(6), HitRatio: t.hitRatio(),
	}
}

// percentile answers the asked percentile of all durations in milliseconds.
func (t *tally) percentile(p int) Num { return t.all().quantile(float64(p) / 100) }

// addDuration adds n invocations of a bucket of durations: by cold start, and, when cache is the index of an outcome, by that.
func (t *tally) addDuration(bucket int, n float64, cold edge.Tri, cache int) {
	t.duration[cold].add(bucket, n)
	switch {
	case cache < 0 || cache >= cacheAsked:
	case cache < cacheServed:
		t.hit.add(bucket, n)
	default:
		t.miss.add(bucket, n)
	}
}

// take removes what o counted from t: the figures that lines by region show.
func (t *tally) take(o *tally) {
	t.requests -= o.requests
	t.cold -= o.cold
	t.warm -= o.warm
	mine, theirs := t.all(), o.all()
	t.duration = [3]hist{edge.Unknown: mine.minus(theirs)}
}
