package logsql

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"edgescope/store"
)

const (
	// tailOverlap is how much of the window before is asked again: rows may arrive that much late.
	tailOverlap = 5 * time.Second
	// maxTail bounds the rows of one window, which are held in memory to be sorted and compared.
	maxTail = 10_000
)

// tail follows rows as they come, until the client leaves.
func (h *handler) tail(ctx context.Context, q *question, a *answer) error {
	if !q.parsed.Tail {
		return parameterError{errors.New("the query can't follow new rows: use filters, and pipes that work on single rows")}
	}
	t := &tailer{h: h, q: q, a: a, seen: map[string]int{}}
	var start, refresh time.Duration
	var err error
	for _, p := range []struct {
		key, preset string
		value       *time.Duration
	}{{"start_offset", "5s", &start}, {"offset", "5s", &t.offset}, {"refresh_interval", "1s", &refresh}} {
		if *p.value, err = q.duration(p.key, p.preset); err != nil {
			return err
		}
	}
	if refresh < 100*time.Millisecond || start < 0 || t.offset < 0 {
		return parameterError{errors.New("refresh_interval must be at least 100ms, start_offset and offset must not be negative")}
	}
	t.first = q.now.Add(-start - t.offset)
	t.sent = t.first
	a.contentType("application/x-ndjson")
	return t.run(ctx, refresh)
}

// tailer sends every row once. Windows overlap, so it remembers which rows of the overlap were sent, and how often: equal
// rows are legitimate.
type tailer struct {
	h      *handler
	q      *question
	a      *answer
	offset time.Duration
	// first is where the tail begins, sent the end of the last window.
	first, sent time.Time
	seen        map[string]int
}

type tailRow struct {
	ns   int64
	line string
}

func (t *tailer) run(ctx context.Context, refresh time.Duration) error {
	tick := time.NewTicker(refresh)
	defer tick.Stop()
	for {
		err := t.window(ctx)
		if ctx.Err() != nil {
			return nil // the client left
		}
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (t *tailer) window(ctx context.Context) error {
	q := t.q.RowsQuestion
	q.From = t.sent.Add(-tailOverlap)
	if q.From.Before(t.first) {
		q.From = t.first
	}
	q.To = t.h.opts.Now().Add(-t.offset)
	rows, err := t.rows(ctx, q)
	if err != nil {
		return err
	}
	slices.SortStableFunc(rows, func(a, b tailRow) int { return cmp.Compare(a.ns, b.ns) })
	now := make(map[string]int, len(rows))
	for _, r := range rows {
		now[r.line]++
		if now[r.line] <= t.seen[r.line] {
			continue
		}
		if _, err := t.a.buf.WriteString(r.line); err != nil {
			return err
		}
	}
	t.seen, t.sent = now, q.To
	return t.a.flush()
}

func (t *tailer) rows(ctx context.Context, q store.RowsQuestion) ([]tailRow, error) {
	var rows []tailRow
	var sorted store.Row
	err := t.h.reader.Rows(ctx, q, func(r store.Row) error {
		if len(rows) == maxTail {
			return fmt.Errorf("%w: more than %d rows at a time: narrow the query", store.ErrTooMuch, maxTail)
		}
		ns, _ := strconv.ParseInt(r.Get(store.FieldTime), 10, 64) // a row without its time comes first
		sorted = append(sorted[:0], r...)
		slices.SortFunc(sorted, func(a, b store.Field) int { return cmp.Compare(a.Name, b.Name) })
		rows = append(rows, tailRow{ns, string(append(appendObject(nil, sorted), '\n'))})
		return nil
	})
	return rows, err
}
