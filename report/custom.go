package report

import (
	"math"
	"time"

	"edgescope/load"
	"edgescope/scenarios/processor"
)

// maxCustom bounds the names that functions of a script may make up; what comes beyond them is counted as "other".
const maxCustom = 1_000

// custom counts what a function of the script emitted, under the name that it gave. A histogram's value is in the unit of
// the function's choice and stands in the report as it is, as milliseconds do. A rate is counted: per second it is the
// counter by the length of the run.
func (s *Summary) custom(e *load.Metric) {
	w, ms := s.window(e.At), e.At.UnixMilli()
	name := s.customName(e.Name)
	switch e.Kind {
	case processor.Counter, processor.Rate:
		if !math.IsNaN(e.Value) {
			w.count(name, int64(max(min(e.Value, math.MaxInt32), math.MinInt32)), ms)
		}
	case processor.Histogram:
		if !math.IsNaN(e.Value) {
			w.record(name, time.Duration(max(min(e.Value, 1e9), 0)*float64(time.Millisecond)), ms)
		}
	}
}

func (s *Summary) customName(name string) string {
	if s.emitted[name] {
		return name
	}
	if len(s.emitted) >= maxCustom {
		return "other"
	}
	s.emitted[name] = true
	return name
}
