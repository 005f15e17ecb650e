package report

import (
	"math"
	"strconv"
	"time"

	"edgescope/load"
	"edgescope/scenarios/processor"
)

// names keeps the metric names that are put together from parts, so that a result costs no memory for them. There are
// as many as there are counters.
type names map[[3]string]string

// of is the concatenation of its parts, at most three.
func (n names) of(parts ...string) string {
	var key [3]string
	copy(key[:], parts)
	name, ok := n[key]
	if !ok {
		name = key[0] + key[1] + key[2]
		n[key] = name
	}
	return name
}

// code is the prefix followed by an HTTP status code.
func (n names) code(prefix string, code uint16) string {
	if code < 100 || code > 999 {
		return n.of(prefix, strconv.Itoa(int(code)))
	}
	digits := [3]byte{byte('0' + code/100), byte('0' + code/10%10), byte('0' + code%10)}
	// The conversion in a map index does not allocate; the key that is kept has text of its own.
	if name, ok := n[[3]string{prefix, string(digits[:])}]; ok {
		return name
	}
	return n.of(prefix, string(digits[:]))
}

// How many different names a run may have that its target or a function of its script makes up: errors, metrics,
// endpoints whose every URL is one of its own, regions.
const (
	maxErrors    = 200
	maxMetrics   = 1000
	maxEndpoints = 1000
	maxRegions   = 500
)

// bounded lets through the first names and calls all further ones "other", so that they do not fill our memory.
type bounded struct {
	most int
	seen map[string]bool
}

func newBounded(most int) bounded { return bounded{most, map[string]bool{}} }

func (b bounded) name(name string) string {
	switch {
	case b.seen[name]:
	case len(b.seen) >= b.most:
		return "other"
	default:
		b.seen[name] = true
	}
	return name
}

// metric counts what a function of the script emitted, under the name that it gave. A histogram's value is in the unit
// of the function's choice and stands in the report as it is, as milliseconds do. A rate is counted: per second it is
// the counter by the length of the run.
func (s *Summary) metric(e *load.Metric) {
	w, ms := s.window(e.At), e.At.UnixMilli()
	name := s.metrics.name(e.Name)
	if math.IsNaN(e.Value) {
		return
	}
	switch e.Kind {
	case processor.Counter, processor.Rate:
		w.Count(name, int64(max(min(e.Value, math.MaxInt32), math.MinInt32)), ms)
	case processor.Histogram:
		w.Record(name, time.Duration(max(min(e.Value, 1e9), 0)*float64(time.Millisecond)), ms)
	}
}
