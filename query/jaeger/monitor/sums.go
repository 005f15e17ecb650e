package monitor

import (
	"context"
	"maps"
	"slices"
	"strings"

	"edgescope/edge"
	"edgescope/query/gate"
	"edgescope/query/tally"
	"edgescope/store"
)

const (
	// rowBytes is about what a row of buckets takes beside them, and valueBytes what one of them does.
	rowBytes, valueBytes = 128, 8
	// unknown is the operation of invocations without a route, others that of those that were counted without a series
	// of their own, since there were too many.
	unknown = "unknown"
	others  = "others"
	// The rows of calls and errors.
	fine, failed = 0, 1
)

// name is what a series is of; the operation is "" when the answer is not grouped by it.
type name struct{ service, operation string }

// counted are rows of buckets: of a range of durations, by its number, or fine and failed.
type counted map[int][]float64

// sums are what was counted in the buckets of some of the points.
type sums struct {
	*answer

	window tally.Window
	by     map[name]counted
	ranges map[string]int // ranges of durations by their vmrange
}

// begin empties the buckets for other points.
func (s *sums) begin(w tally.Window) {
	s.window = w
	for _, rows := range s.by {
		for _, row := range rows {
			clear(row)
		}
	}
}

// add takes a series of totals, whose texts are borrowed.
func (s *sums) add(ctx context.Context, metric string, of *store.Series) error {
	at, ok := s.rowOf(metric, of)
	name := s.nameOf(of)
	if !ok || name.service == "" && of.Label(edge.LabelOverflow) != "" { // of too many services: nobody's
		return nil
	}
	row, err := s.row(ctx, name, at)
	if err != nil {
		return err
	}
	for i := range min(len(of.Values), s.window.Buckets()) {
		if v := of.Values[i]; v > 0 {
			row[i] += v
		}
	}
	return nil
}

// rowOf returns which row a series belongs to, false for one that is not asked for.
func (s *sums) rowOf(metric string, of *store.Series) (int, bool) {
	switch {
	case metric == edge.MetricRequests && tally.IsError(of.Label(edge.LabelOutcome)):
		return failed, true
	case metric == edge.MetricRequests:
		return fine, true
	case metric != edge.MetricDuration+"_bucket":
		return 0, false
	}
	text := of.Label(edge.LabelVMRange)
	i, ok := s.ranges[text]
	if !ok {
		if i, ok = tally.ParseRange(text); ok {
			s.ranges[strings.Clone(text)] = i
		}
	}
	return i, ok
}

// nameOf returns what a series is of, in borrowed texts.
func (s *sums) nameOf(of *store.Series) name {
	n := name{service: of.Label(edge.LabelService)}
	if !s.byOperation {
		return n
	}
	n.operation = of.Label(edge.LabelRoute)
	switch {
	case of.Label(edge.LabelOverflow) != "":
		n.operation = others
	case n.operation == "":
		n.operation = unknown
	}
	return n
}

// row returns a row, and keeps its texts if it is new.
func (s *sums) row(ctx context.Context, of name, at int) ([]float64, error) {
	if row := s.by[of][at]; row != nil {
		return row, nil
	}
	size := s.grid.window(0, s.grid.atOnce).Buckets() + 1 // where points begin within a bucket there may be one more
	if err := gate.Hold(ctx, int64(rowBytes+len(of.service)+len(of.operation)+valueBytes*size)); err != nil {
		return nil, err
	}
	if s.by[of] == nil {
		of = name{strings.Clone(of.service), strings.Clone(of.operation)}
		s.by[of] = counted{}
	}
	row := make([]float64, size)
	s.by[of][at] = row
	return row, nil
}

// end makes the values of the points from the first until before the last.
func (s *sums) end(ctx context.Context, first, last int) error {
	for of, rows := range s.by {
		values, err := s.values(ctx, of)
		if err != nil {
			return err
		}
		for _, row := range rows {
			accumulate(row)
		}
		in := slices.Sorted(maps.Keys(rows))
		for point := first; point < last; point++ {
			to := int(s.grid.end(point).Sub(s.window.From)/s.grid.bucket) - 1
			from := to - int(s.grid.ratePer/s.grid.bucket)
			values[point] = s.figure.value(&s.question, func(yield func(int, float64) bool) {
				for _, at := range in {
					if !yield(at, between(rows[at], from, to)) {
						return
					}
				}
			})
		}
	}
	return nil
}

// accumulate turns counts into counts up to there.
func accumulate(row []float64) {
	for i := 1; i < len(row); i++ {
		row[i] += row[i-1]
	}
}

// between returns the count of the buckets after from up to to, from counts up to there: one that is nothing beside
// these is what rounding left of it.
func between(row []float64, from, to int) float64 {
	n := row[to]
	if from >= 0 {
		n -= row[from]
	}
	if n < row[to]*1e-12 {
		return 0
	}
	return n
}
