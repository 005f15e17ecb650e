package graph

import (
	"context"
	"fmt"
	"hash/maphash"
	"time"

	"edgescope/edge"
	"edgescope/store"
)

// reading reads the spans that ended between two times, from included and to not, and those around whose ids their
// parents may have.
type reading struct {
	reader   store.Reader
	tenant   edge.Tenant
	from, to time.Time
}

// question asks the spans of the range, and of as long a time before and after it, at most overlap.
func (r *reading) question(pipes string) store.RowsQuestion {
	around := min(overlap, r.to.Sub(r.from))
	return store.RowsQuestion{
		Tenant: r.tenant, Kind: edge.KindSpan, LogsQL: "* | " + pipes,
		From: later(r.from.Add(-around), time.Unix(0, 0)), To: r.to.Add(around),
	}
}

// cut makes the range shorter, from its beginning, until it has no more than that many spans, and returns how many it
// has. To count spans takes a hundredth of what it takes to read them.
func (r *reading) cut(ctx context.Context, most int) (int, error) {
	for {
		n := 0
		err := r.reader.Rows(ctx, r.question("stats count() n"), func(row store.Row) error {
			n = int(row.Number("n"))
			return nil
		})
		length := r.to.Sub(r.from)
		switch {
		case err != nil:
			return 0, fmt.Errorf("count spans: %w", err)
		case n <= most:
			return n, nil
		case length < time.Millisecond:
			return most, nil
		}
		r.from = r.to.Add(-time.Duration(float64(length) * 0.9 * float64(most) / float64(n)))
	}
}

// fill reads the spans into a table.
func (r *reading) fill(ctx context.Context, t *table) error {
	const fields = "fields " + store.FieldTime + ", " + store.FieldTraceID + ", " + store.FieldSpanID + ", " +
		store.FieldParentID + ", " + edge.KeyServiceName + ", " + store.FieldLinks
	seed := maphash.MakeSeed()
	err := r.reader.Rows(ctx, r.question(fields), func(row store.Row) error {
		p := readSpan(row)
		if p.trace == "" {
			return nil
		}
		service, err := t.service(ctx, p.service)
		if err != nil {
			return err
		}
		at, err := row.Time(store.FieldTime)
		if err != nil {
			return fmt.Errorf("read the time of a span: %w", err)
		}
		s := span{service: service, at: uint32(at.UnixNano()>>32) ^ uint32(at.UnixNano())} // as an identity only
		s.counts = !at.Before(r.from) && at.Before(r.to)
		trace := maphash.String(seed, p.trace)
		s.self, s.parent = key(seed, trace, p.id), key(seed, trace, p.above())
		t.add(s)
		return nil
	})
	if err != nil {
		return fmt.Errorf("read spans: %w", err)
	}
	return nil
}

// key is what a span's id in its trace is known by, 0 without an id. Two of a million spans have the same with a chance
// of one in 30 million.
func key(seed maphash.Seed, trace uint64, id string) uint64 {
	if id == "" {
		return 0
	}
	return max(1, maphash.String(seed, id)*0x9e3779b97f4a7c15^trace)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
