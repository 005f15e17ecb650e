package query

import (
	"math"
	"strings"
	"time"

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

// table is tallies by group and bucket of time.
type table struct {
	win window
	// events is true when the events were asked, not the rollups.
	events bool
	// groups are the tallies of each group, one for each bucket of win.
	groups map[string][]tally
	// rest is what was counted without a series of its own, by bucket; it belongs to no group.
	rest []tally
}

func newTable(win window) *table {
	return &table{win: win, groups: map[string][]tally{}, rest: make([]tally, win.buckets())}
}

// at answers the tally of a group and bucket, to add to. It copies the name if it is new.
func (t *table) at(group string, overflow bool, bucket int) *tally {
	if overflow {
		return &t.rest[bucket]
	}
	row := t.groups[group]
	if row == nil {
		row = make([]tally, t.win.buckets())
		t.groups[strings.Clone(group)] = row
	}
	return &row[bucket]
}

// groupSeparator joins the values of a group by several attributes.
const groupSeparator = "\x00"

// groupName answers the group that has these values of its attributes.
func groupName(keys []string, value func(key string) string) string {
	if len(keys) == 1 {
		return value(keys[0])
	}
	values := make([]string, len(keys))
	for i, key := range keys {
		values[i] = value(key)
	}
	return strings.Join(values, groupSeparator)
}

// by adds up groups by several attributes to groups by the i-th alone.
func (t *table) by(i int) *table {
	out := newTable(t.win)
	out.events, out.rest = t.events, t.rest
	for name, row := range t.groups {
		one := strings.Split(name, groupSeparator)[i]
		for j := range row {
			out.at(one, false, j).merge(&row[j])
		}
	}
	return out
}

// before answers the buckets that begin before a time: what is drawn of a table that totals need whole.
func (t *table) before(end time.Time) *table {
	n := min(t.win.buckets(), window{t.win.from, end, t.win.step}.buckets())
	out := &table{win: t.win, events: t.events, groups: make(map[string][]tally, len(t.groups)), rest: t.rest[:n]}
	out.win.to = t.win.from.Add(time.Duration(n) * t.win.step)
	for name, row := range t.groups {
		out.groups[name] = row[:n]
	}
	return out
}

// sum adds up a row of buckets.
func sum(row []tally) *tally {
	out := &tally{}
	for i := range row {
		out.merge(&row[i])
	}
	return out
}

// total adds up everything, what overflowed included.
func (t *table) total() *tally {
	out := sum(t.rest)
	for _, row := range t.groups {
		out.merge(sum(row))
	}
	return out
}

// all answers one row of buckets for all groups, what overflowed included.
func (t *table) all() []tally {
	out := make([]tally, t.win.buckets())
	add := func(row []tally) {
		for i := range row {
			out[i].merge(&row[i])
		}
	}
	add(t.rest)
	for _, row := range t.groups {
		add(row)
	}
	return out
}

// line draws one value per bucket.
func line(name string, row []tally, value func(*tally) Num) Line {
	l := Line{Name: name, Values: make([]Num, len(row)), Latest: None()}
	for i := range row {
		l.Values[i] = value(&row[i])
		if l.Values[i].OK() {
			l.Latest = l.Values[i]
		}
	}
	return l
}

// rateOf answers requests per second, absent in a bucket without any: a gap, not a zero.
func rateOf(step time.Duration) func(*tally) Num {
	return func(t *tally) Num {
		if t.requests == 0 {
			return None()
		}
		return Num(t.requests / step.Seconds())
	}
}

func errorRatio(t *tally) Num { return ratio(t.errors, t.requests) }

func durations(p int) func(*tally) Num { return func(t *tally) Num { return t.percentile(p) } }

func cpuP99(t *tally) Num { return t.cpu.quantile(0.99) }

// standardLines are the lines of the tiles: rate, p50, p95, p99, errors, cold, cache and cpu.
func standardLines(row []tally, step time.Duration) []Line {
	return []Line{
		line("rate", row, rateOf(step)), line("p50", row, durations(50)), line("p95", row, durations(95)),
		line("p99", row, durations(99)), line("errors", row, errorRatio), line("cold", row, (*tally).coldRatio),
		line("cache", row, (*tally).hitRatio), line("cpu", row, cpuP99),
	}
}
