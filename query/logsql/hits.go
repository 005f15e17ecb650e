package logsql

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"edgescope/store"
)

const (
	// maxBuckets bounds the buckets of one line of hits, maxCells those of all lines, and maxLines the lines before a
	// limit.
	maxBuckets = 50_000
	maxCells   = 500_000
	maxLines   = 50_000
	// cellBytes is about what a bucket takes that has rows, as a number and as it is written.
	cellBytes = 120
)

type hitsAnswer struct {
	Hits []*hitsLine `json:"hits"`
}

// hitsLine counts rows over time for one combination of fields: an object with all of them, in the order of the
// question, empty where the rows do not have them; without any for what is beyond a limit.
type hitsLine struct {
	Fields     json.RawMessage `json:"fields"`
	Timestamps []string        `json:"timestamps"`
	Values     []int64         `json:"values"`
	Total      int64           `json:"total"`

	counts map[int64]int64 // by start of the bucket, Unix ns
}

// hits answers how many rows there are in each bucket of time, by fields. Buckets without rows count 0.
func (h *handler) hits(ctx context.Context, q *question, a *answer) error {
	step, offset, err := q.step()
	if err != nil {
		return err
	}
	limit, err := q.count("fields_limit")
	if err != nil {
		return err
	}
	fields := q.form["field"]
	count := q.RowsQuestion
	if count.LogsQL, err = h.reader.HitsLogsQL(q.LogsQL, q.At, step, offset, fields); err != nil {
		return err
	}
	all := map[string]*hitsLine{}
	keep := kept{ctx: ctx}
	err = h.rows(ctx, count, func(r store.Row) error {
		if err := addHits(all, r, fields); err != nil {
			return err
		}
		return keep.add(rowBytes(r) + cellBytes)
	})
	if err != nil {
		return err
	}
	found := top(all, limit)
	from, to := q.bucketRange(found, step)
	if to.Sub(from)/step >= maxBuckets {
		return parameterError{
			fmt.Errorf("step=%s divides the range into more than %d buckets: give a longer one", step, maxBuckets),
		}
	}
	cells := int(to.Sub(from)/step+1) * len(found)
	if cells > maxCells {
		return fmt.Errorf("%w: %d lines of %d buckets: at most %d in all; give fewer fields, fields_limit or a longer step",
			store.ErrTooMuch, len(found), cells/len(found), maxCells)
	}
	if err := keep.add(cells * cellBytes); err != nil {
		return err
	}
	for _, line := range found {
		line.fill(from.UnixNano(), to.UnixNano(), int64(step))
	}
	return a.json(hitsAnswer{found})
}

// addHits adds a row of a HitsLogsQL question.
func addHits(all map[string]*hitsLine, r store.Row, fields []string) error {
	values := make(store.Row, len(fields))
	for i, name := range fields {
		values[i] = store.Field{Name: name, Value: r.Get(name)}
	}
	var at, n int64
	var err error
	for i := range r {
		f := &r[i]
		switch {
		case f.Name == store.FieldTime:
			at, err = strconv.ParseInt(f.Value, 10, 64)
		case !slices.Contains(fields, f.Name):
			n, err = strconv.ParseInt(f.Value, 10, 64)
		}
		if err != nil {
			return fmt.Errorf("count of rows: %w", err)
		}
	}
	key := appendObject(nil, values)
	line := all[string(key)]
	if line == nil {
		if len(all) >= maxLines {
			return fmt.Errorf("%w: the fields have more than %d values: give fewer or others", store.ErrTooMuch,
				maxLines)
		}
		line = &hitsLine{Fields: key, counts: map[int64]int64{}}
		all[string(key)] = line
	}
	line.counts[at] += n
	line.Total += n
	return nil
}

// top returns the lines, by their fields: those with most rows, and beyond a limit the others as one line without
// fields.
func top(all map[string]*hitsLine, limit int) []*hitsLine {
	byFields := func(a, b *hitsLine) int { return bytes.Compare(a.Fields, b.Fields) }
	lines := slices.AppendSeq([]*hitsLine{}, maps.Values(all))
	if limit == 0 || limit >= len(lines) {
		slices.SortFunc(lines, byFields)
		return lines
	}
	slices.SortFunc(lines, func(a, b *hitsLine) int { return cmp.Or(cmp.Compare(b.Total, a.Total), byFields(a, b)) })
	others := &hitsLine{Fields: json.RawMessage("{}"), counts: map[int64]int64{}}
	for _, line := range lines[limit:] {
		for at, n := range line.counts {
			others.counts[at] += n
			others.Total += n
		}
	}
	lines = append(lines[:limit:limit], others)
	slices.SortFunc(lines, byFields)
	return lines
}

// bucketRange returns the range of buckets to show: what was asked for, else what was found.
func (q *question) bucketRange(found []*hitsLine, step time.Duration) (from, to time.Time) {
	first, last := int64(0), int64(-1)
	for _, line := range found {
		for at := range line.counts {
			if last < first {
				first, last = at, at
			}
			first, last = min(first, at), max(last, at)
		}
	}
	from, to = time.Unix(0, first), time.Unix(0, last).Add(step)
	if last < first {
		to = from
	}
	if q.hasFrom {
		from = q.From
	}
	if q.hasTo {
		to = q.To
	}
	return from, to
}

func (l *hitsLine) fill(from, to, step int64) {
	for at := from; at < to; at += step {
		if _, ok := l.counts[at]; !ok {
			l.counts[at] = 0
		}
	}
	l.Timestamps, l.Values = []string{}, []int64{}
	for _, at := range slices.Sorted(maps.Keys(l.counts)) {
		l.Timestamps = append(l.Timestamps, formatTime(at))
		l.Values = append(l.Values, l.counts[at])
	}
}
