// Package tally adds up invocations in windows of time, and makes figures of the sums.
package tally

import (
	"math"

	"edgescope/edge"
	"edgescope/query"
)

// Tally is what was counted of a set of invocations, from rollups or from events.
type Tally struct {
	Requests, Errors, Events float64
	Cold, Warm               float64
	InitSum, DurationSum     float64 // seconds
	CPUSum                   float64 // seconds, of those that say their CPU time: CPU counts them
	// Exceeded are those that went over a limit, by edge.Exceeded.
	Exceeded [len(edge.Exceeded)]float64
	Cache    [len(edge.CacheStatuses)]float64

	// Duration is by cold start: Unknown, False, True. An answer that does not need them apart has all in Unknown.
	Duration  [3]Distribution
	Hit, Miss Distribution // durations by cache outcome
	Init, CPU Distribution

	Responses map[string]float64 // by status code
}

const (
	cacheServed = 3 // the first three of edge.CacheStatuses were answered from the cache,
	cacheAsked  = 5 // the two after them were not; the rest stays outside the ratio
)

// CacheIndex returns the place of a cache status in edge.CacheStatuses, -1 of another.
func CacheIndex(status string) int {
	for i, s := range edge.CacheStatuses {
		if s == status {
			return i
		}
	}
	return -1
}

// Answered tells of a cache status whether the cache could have answered, and whether it did.
func Answered(status string) (served, asked bool) {
	i := CacheIndex(status)
	return i >= 0 && i < cacheServed, i >= 0 && i < cacheAsked
}

// IsError tells which outcomes are the function's fault. A client that went away (canceled) is none; what is no known
// outcome is one, as in rollups.
func IsError(outcome string) bool {
	return outcome != edge.OutcomeOK && outcome != edge.OutcomeCanceled
}

// Ended counts n invocations of an outcome.
func (t *Tally) Ended(outcome string, n float64) {
	t.Requests += n
	if IsError(outcome) {
		t.Errors += n
	}
	for i, exceeded := range edge.Exceeded {
		if outcome == exceeded {
			t.Exceeded[i] += n
		}
	}
}

// Merge adds what another tally counted.
func (t *Tally) Merge(o *Tally) {
	t.Requests += o.Requests
	t.Errors += o.Errors
	t.Events += o.Events
	t.Cold += o.Cold
	t.Warm += o.Warm
	t.InitSum += o.InitSum
	t.DurationSum += o.DurationSum
	t.CPUSum += o.CPUSum
	for i, n := range o.Exceeded {
		t.Exceeded[i] += n
	}
	for i, n := range o.Cache {
		t.Cache[i] += n
	}
	for i := range o.Duration {
		t.Duration[i].Merge(&o.Duration[i])
	}
	t.Hit.Merge(&o.Hit)
	t.Miss.Merge(&o.Miss)
	t.Init.Merge(&o.Init)
	t.CPU.Merge(&o.CPU)
	for code, n := range o.Responses {
		t.Respond(code, n)
	}
}

// Respond counts n responses of a status code.
func (t *Tally) Respond(code string, n float64) {
	if t.Responses == nil {
		t.Responses = map[string]float64{}
	}
	t.Responses[code] += n
}

// All returns the durations of all invocations.
func (t *Tally) All() *Distribution {
	h := &Distribution{}
	for i := range t.Duration {
		h.Merge(&t.Duration[i])
	}
	return h
}

// Stats makes the figures of what was counted in that many seconds.
func (t *Tally) Stats(seconds float64) query.Stats {
	all, cold, warm := t.All(), &t.Duration[edge.True], &t.Duration[edge.False]
	s := query.Stats{
		Requests: query.Num(t.Requests), Samples: query.Num(t.Events), Rate: query.Num(t.Requests / seconds),
		Errors: query.Num(t.Errors), ErrorRatio: Ratio(t.Errors, t.Requests),
		P50: all.Quantile(0.50), P95: all.Quantile(0.95), P99: all.Quantile(0.99),
		Cold: query.Num(t.Cold), Warm: query.Num(t.Warm),
		Known: Ratio(min(t.Cold+t.Warm, t.Requests), t.Requests), ColdRatio: t.ColdRatio(),
		ColdP95: cold.Quantile(0.95), WarmP95: warm.Quantile(0.95),
		InitP50: t.Init.Quantile(0.50), InitP95: t.Init.Quantile(0.95), InitP99: t.Init.Quantile(0.99),
		InitTotal: query.None(), CPUP99: t.CPU.Quantile(0.99), Cache: t.cacheStats(), ColdAdds: query.None(),
	}
	if t.Init.Total() > 0 {
		s.InitTotal = query.Num(1000 * t.InitSum)
	}
	if s.WarmP95.OK() {
		s.ColdAdds = noticeable(s.P95-s.WarmP95, s.P95)
	}
	return s
}

// noticeable is a difference between two percentiles of about that size, 0 when their buckets can't tell them apart.
func noticeable(difference, size query.Num) query.Num {
	const resolution = 0.02 // how exact a percentile of a histogram is
	if math.Abs(float64(difference)) < resolution*float64(size) {
		return 0
	}
	return difference
}

// Ratio is a of b, absent without b.
func Ratio(a, b float64) query.Num {
	if b <= 0 {
		return query.None()
	}
	return query.Num(a / b)
}

// ColdRatio returns the cold starts of those that are known, absent when none is.
func (t *Tally) ColdRatio() query.Num { return Ratio(t.Cold, t.Cold+t.Warm) }

// HitRatio returns how many of those that could come from the cache did, absent when none could.
func (t *Tally) HitRatio() query.Num {
	served, asked := t.Asked()
	return Ratio(served, asked)
}

// Asked returns how many could come from the cache, and how many of them did.
func (t *Tally) Asked() (served, asked float64) {
	for i, n := range t.Cache[:cacheAsked] {
		asked += n
		if i < cacheServed {
			served += n
		}
	}
	return served, asked
}

func (t *Tally) cacheStats() query.Cache {
	n := func(i int) query.Num { return query.Num(t.Cache[i]) }
	return query.Cache{
		Hit: n(0), Stale: n(1), Revalidated: n(2), Miss: n(3), Expired: n(4), Bypass: n(5), Dynamic: n(6),
		HitRatio: t.HitRatio(),
	}
}

// Percentile returns the asked percentile of all durations in milliseconds.
func (t *Tally) Percentile(p int) query.Num { return t.All().Quantile(float64(p) / 100) }

// AddDuration adds n invocations of a bucket of durations: by cold start, and, when cache is the index of an outcome,
// by that.
func (t *Tally) AddDuration(bucket int, n float64, cold edge.Tri, cache int) {
	t.Duration[cold].Add(bucket, n)
	switch {
	case cache < 0 || cache >= cacheAsked:
	case cache < cacheServed:
		t.Hit.Add(bucket, n)
	default:
		t.Miss.Add(bucket, n)
	}
}

// Take removes what o counted, of the figures that lines by region show and of no others.
func (t *Tally) Take(o *Tally) {
	t.Requests -= o.Requests
	t.Cold -= o.Cold
	t.Warm -= o.Warm
	mine, theirs := t.All(), o.All()
	t.Duration = [3]Distribution{edge.Unknown: mine.minus(theirs)}
}
