package report

import (
	"strings"
	"time"

	"edgescope/report/distribution"
	"edgescope/report/text"
)

// tally holds the counters and distributions of one period, under the names of the report.
type tally struct {
	counters   map[string]int64
	histograms map[string]*distribution.Histogram
	counted    span // first and last counter
	recorded   span // first and last value of a distribution

	lanes   map[laneKey]*lane // of results: fold them before the counters are read
	last    *lane             // that a result went into
	lastKey laneKey
}

// span is a stretch of time in Unix milliseconds; the zero value is empty.
type span struct{ first, last int64 }

func (s *span) add(ms int64) {
	if s.first == 0 || ms < s.first {
		s.first = ms
	}
	s.last = max(s.last, ms)
}

func (s *span) merge(o span) {
	if o.first != 0 {
		s.add(o.first)
		s.add(o.last)
	}
}

func newTally() *tally {
	return &tally{counters: map[string]int64{}, histograms: map[string]*distribution.Histogram{}, lanes: map[laneKey]*lane{}}
}

func (t *tally) count(name string, n int64, ms int64) {
	t.counters[name] += n
	t.counted.add(ms)
}

func (t *tally) record(name string, d time.Duration, ms int64) {
	t.histogram(name).Record(d)
	t.recorded.add(ms)
}

func (t *tally) histogram(name string) *distribution.Histogram {
	h := t.histograms[name]
	if h == nil {
		h = new(distribution.Histogram)
		t.histograms[name] = h
	}
	return h
}

// merge adds o, whose lanes it folds.
func (t *tally) merge(o *tally) {
	o.fold()
	for name, n := range o.counters {
		t.counters[name] += n
	}
	for name, h := range o.histograms {
		if t.histograms[name] == nil {
			t.histograms[name] = new(distribution.Histogram)
		}
		t.histograms[name].Merge(h)
	}
	t.counted.merge(o.counted)
	t.recorded.merge(o.recorded)
}

// metrics is the stretch between the first and the last thing of any kind that was seen.
func (t *tally) metrics() span {
	s := t.counted
	s.merge(t.recorded)
	return s
}

// requestRate is requests per second between the first and the last thing seen, of at least one second.
func (t *tally) requestRate() float64 {
	s := t.metrics()
	return float64(t.counters["http.requests"]) / max(float64(s.last-s.first)/1000, 1)
}

// Distribution is how a report shows a distribution: values in milliseconds, Min and Max exact, the rest within 0.4 %.
type Distribution struct {
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
	Count  uint64  `json:"count"`
	Mean   float64 `json:"mean"`
	P50    float64 `json:"p50"`
	Median float64 `json:"median"`
	P75    float64 `json:"p75"`
	P90    float64 `json:"p90"`
	P95    float64 `json:"p95"`
	P99    float64 `json:"p99"`
	P999   float64 `json:"p999"`
}

// shown rounds as Artillery does (one decimal); our own series keep microseconds.
func shown(name string, h *distribution.Histogram) Distribution {
	digits := 1
	if strings.HasPrefix(name, "edgescope.") {
		digits = 3
	}
	ms := func(d time.Duration) float64 { return text.Round(float64(d)/1e6, digits) }
	median := ms(h.Quantile(0.5))
	return Distribution{
		Min: ms(h.Min()), Max: ms(h.Max()), Count: h.Count(), Mean: ms(h.Mean()), P50: median, Median: median,
		P75: ms(h.Quantile(0.75)), P90: ms(h.Quantile(0.9)), P95: ms(h.Quantile(0.95)), P99: ms(h.Quantile(0.99)),
		P999: ms(h.Quantile(0.999)),
	}
}

// value is a figure of a distribution by the name that checks use for it.
func (d *Distribution) value(name string) (float64, bool) {
	switch name {
	case "min":
		return d.Min, true
	case "max":
		return d.Max, true
	case "count":
		return float64(d.Count), true
	case "mean":
		return d.Mean, true
	case "p50", "median":
		return d.P50, true
	case "p75":
		return d.P75, true
	case "p90":
		return d.P90, true
	case "p95":
		return d.P95, true
	case "p99":
		return d.P99, true
	case "p999":
		return d.P999, true
	default:
		return 0, false
	}
}
