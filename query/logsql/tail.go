package logsql

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"strconv"
	"time"

	"edgescope/query/gate"
	"edgescope/store"
)

const (
	// maxTail and maxTailBytes bound the rows that are held in memory at a time, to be sorted. What is there when a tail
	// begins starts from the newest that can be held. A later window with more is asked in parts, down to shortestTail.
	maxTail      = 10_000
	maxTailBytes = 4 << 20
	shortestTail = time.Millisecond
	// tailOverlap is how much of the window before is asked again: rows may arrive that much late.
	tailOverlap = 5 * time.Second
	// maxSeen bounds the rows that are remembered, of 40 bytes each: those of tailOverlap and one window.
	maxSeen = 500_000
)

var errTail = fmt.Errorf("%w: more than %d rows or %d MiB within %s: narrow the query", store.ErrTooMuch, maxTail,
	maxTailBytes>>20, shortestTail)

// tail follows rows as they come, until the client leaves.
func (h *handler) tail(ctx context.Context, q *question, a *answer) error {
	if !q.parsed.Tail {
		return parameterError{
			errors.New("the query can't follow new rows: use filters, and pipes that work on single rows"),
		}
	}
	t := &tailer{h: h, q: q, a: a, follower: gate.FollowerOf(ctx), seed: maphash.MakeSeed()}
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
		return parameterError{
			errors.New("refresh_interval must be at least 100ms, start_offset and offset must not be negative"),
		}
	}
	t.first = q.now.Add(-start - t.offset)
	a.contentType("application/x-ndjson")
	return t.run(ctx, refresh)
}

// tailer sends every row once. Windows overlap, so it remembers which rows of the overlap were sent, and how often:
// equal rows are legitimate.
type tailer struct {
	h *handler
	q *question
	a *answer
	// follower is nil without a gate.
	follower *gate.Follower
	offset   time.Duration
	// first is where the tail begins, sent the end of the last window, zero before it.
	first, sent time.Time
	seen        map[uint64]int // how often a row was sent, by its hash
	seed        maphash.Seed
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
		var later *gate.RefusedError
		if err != nil && (!errors.As(err, &later) || later.RetryAfter == 0) {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// window sends the rows of the next window.
func (t *tailer) window(ctx context.Context) error {
	from := t.first
	if overlap := t.sent.Add(-tailOverlap); overlap.After(from) {
		from = overlap
	}
	to := t.h.opts.Now().Add(-t.offset)
	now := map[uint64]int{}
	ask := t.between
	if t.sent.IsZero() && t.q.parsed.Newest != "" {
		ask = t.newest
	}
	if err := ask(ctx, from, to, now); err != nil {
		return err
	}
	t.seen, t.sent = now, to
	return t.a.flush()
}

// newest sends the newest rows of the first window, as many as can be held, and has the tail begin with the oldest of
// them.
func (t *tailer) newest(ctx context.Context, from, to time.Time, now map[uint64]int) error {
	q := *t.q
	q.From, q.To = from, to
	held := &tailRows{}
	err := t.follower.Ask(ctx, func(ctx context.Context) error {
		return t.h.newest(ctx, &q, 0, maxTail, t.q.withMessages(held.add))
	})
	if err != nil && !errors.Is(err, errTail) {
		return err
	}
	if n := len(held.rows); n > 0 && (err != nil || n == maxTail) {
		t.first = time.Unix(0, held.rows[n-1].ns)
	}
	return t.send(held.rows, now)
}

// between sends the rows of a part of a window, in two parts when there are too many to hold at once.
func (t *tailer) between(ctx context.Context, from, to time.Time, now map[uint64]int) error {
	q := t.q.RowsQuestion
	q.From, q.To = from, to
	var rows []tailRow
	err := t.follower.Ask(ctx, func(ctx context.Context) (err error) {
		rows, err = t.rows(ctx, q)
		return err
	})
	if half := to.Sub(from) / 2; errors.Is(err, errTail) && half >= shortestTail {
		if err := t.between(ctx, from, from.Add(half), now); err != nil {
			return err
		}
		return t.between(ctx, from.Add(half), to, now)
	}
	if err != nil {
		return err
	}
	return t.send(rows, now)
}

// send sends those rows that were not sent before, and notes all of them.
func (t *tailer) send(rows []tailRow, now map[uint64]int) error {
	slices.SortStableFunc(rows, func(a, b tailRow) int { return cmp.Compare(a.ns, b.ns) })
	t.follower.Writes()
	for _, r := range rows {
		id := maphash.String(t.seed, r.line)
		now[id]++
		if now[id] <= t.seen[id] {
			continue
		}
		if _, err := t.a.buf.WriteString(r.line); err != nil {
			return err
		}
	}
	if len(now) > maxSeen {
		return fmt.Errorf("%w: more than %d rows within %s: narrow the query", store.ErrTooMuch, maxSeen, tailOverlap)
	}
	return nil
}

func (t *tailer) rows(ctx context.Context, q store.RowsQuestion) ([]tailRow, error) {
	held := &tailRows{}
	err := t.h.rows(ctx, q, t.q.withMessages(held.add))
	return held.rows, err
}

// tailRows are rows that are held to be sorted.
type tailRows struct {
	rows   []tailRow
	bytes  int
	sorted store.Row
}

// add holds a row, and fails with errTail when there are too many.
func (h *tailRows) add(r store.Row) error {
	if h.bytes += rowBytes(r); len(h.rows) == maxTail || h.bytes > maxTailBytes {
		return errTail
	}
	ns, _ := strconv.ParseInt(r.Get(store.FieldTime), 10, 64) // a row without its time comes first
	h.sorted = append(h.sorted[:0], r...)
	slices.SortFunc(h.sorted, func(a, b store.Field) int { return cmp.Compare(a.Name, b.Name) })
	h.rows = append(h.rows, tailRow{ns, string(append(appendObject(nil, h.sorted), '\n'))})
	return nil
}
