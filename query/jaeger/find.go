package jaeger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/filter"
	"edgescope/query/gate"
	"edgescope/query/jaeger/spans"
	"edgescope/query/traces"
	"edgescope/store"
)

const (
	// firstWindow is how far back a search looks first, and it grows by windowGrowth: what is newest is found fastest in
	// a short range.
	firstWindow  = 2 * time.Second
	windowGrowth = 4
	// retention is how far back a trace is looked for: further than any store keeps events.
	retention = 3650 * 24 * time.Hour
)

// finder finds traces in a store.
type finder struct{ reader store.Reader }

// hit is a trace of which a span meets a search.
type hit struct {
	id string
	// start is that of the span, the latest if there are several, and end the latest end; in Unix nanoseconds.
	start, end int64
}

// find returns the traces whose spans met a search last, the newest first. A store knows spans by their end: it looks
// backwards from the end of the search until no span that ended before can have started later than those found. Before
// that it looks for spans that started in the range and ended after it.
func (f *finder) find(ctx context.Context, q *question, s *search) ([]hit, error) {
	n := &newest{limit: s.limit, from: s.from.UnixNano(), to: s.to.UnixNano(), hits: map[string]*hit{}}
	if err := f.findLasting(ctx, q, s, n); err != nil {
		return nil, err
	}
	end, now := s.to.Add(1), q.now
	for width := firstWindow; s.from.Before(end) || s.from.Equal(end); width *= windowGrowth {
		from := end.Add(-width)
		if now.Before(end) {
			from = now.Add(-width)
		}
		if width > query.MaxRange || from.Before(s.from) {
			from = s.from
		}
		if err := f.scan(ctx, q, s.filter, [2]time.Time{from, end}, n); err != nil {
			return nil, err
		}
		if from.Equal(s.from) || n.complete(from.UnixNano()) {
			break
		}
		end = from
	}
	return n.list(), nil
}

// lasting are the parts of the time after a search, by how long a span lasts at least that started before it.
var lasting = [...]time.Duration{0, time.Second, time.Minute, time.Hour, edge.MaxDuration}

// findLasting looks for spans that ended after the range. Most searches end now, and find none.
func (f *finder) findLasting(ctx context.Context, q *question, s *search, n *newest) error {
	for i := range lasting[1:] {
		from, to := s.to.Add(lasting[i]).Add(1), s.to.Add(lasting[i+1]).Add(1)
		if last := q.now.Add(future); to.After(last) {
			to = last
		}
		if !from.Before(to) {
			return nil
		}
		text := fmt.Sprintf("%s %s:>=%d", s.filter, edge.KeyDuration, max(lasting[i], 1))
		if err := f.scan(ctx, q, text, [2]time.Time{from, to}, n); err != nil {
			return err
		}
	}
	return nil
}

// scan asks for the spans that meet a filter and end within a range.
func (f *finder) scan(ctx context.Context, q *question, text string, within [2]time.Time, n *newest) error {
	text += " | fields " + strings.Join(filter.QuoteAll([]string{store.FieldTime, edge.KeyDuration, store.FieldTraceID}),
		", ")
	question := traces.SpansQuestion(q.tenant, text, within[0], within[1])
	return f.reader.Rows(ctx, question, func(r store.Row) error {
		end, err := r.Time(store.FieldTime)
		if err != nil {
			return fmt.Errorf("read the time of a span: %w", err)
		}
		ns := end.UnixNano()
		n.add(r.Get(store.FieldTraceID), ns-int64(r.Number(edge.KeyDuration)), ns)
		return nil
	})
}

// newest are the traces whose matching spans started last.
type newest struct {
	limit    int
	from, to int64
	hits     map[string]*hit
	// floor is the start that a trace must exceed to be among them, once there are enough.
	floor int64
}

// add takes a span that met a search. The id belongs to the caller again on return.
func (n *newest) add(id string, start, end int64) {
	if id == "" || start < n.from || start > n.to || start <= n.floor {
		return
	}
	if h, ok := n.hits[id]; ok {
		// An assignment to the map would keep the caller's id as the key.
		h.start, h.end = max(h.start, start), max(h.end, end)
		return
	}
	id = strings.Clone(id)
	n.hits[id] = &hit{id, start, end}
	if len(n.hits) > 4*n.limit+1000 {
		n.prune()
	}
}

// prune forgets all but the newest.
func (n *newest) prune() {
	list := n.list()
	n.floor = list[len(list)-1].start - 1 // others of the same moment stay welcome
	clear(n.hits)
	for _, h := range list {
		n.hits[h.id] = &h
	}
}

// complete tells whether there are enough that started at a time or later.
func (n *newest) complete(from int64) bool {
	later := 0
	for _, h := range n.hits {
		if h.start >= from {
			later++
		}
	}
	return later >= n.limit
}

// list returns at most as many as are wanted, the newest first.
func (n *newest) list() []hit {
	list := make([]hit, 0, len(n.hits))
	for _, h := range n.hits {
		list = append(list, *h)
	}
	slices.SortFunc(list, func(a, b hit) int { return cmp.Or(cmp.Compare(b.start, a.start), strings.Compare(a.id, b.id)) })
	return list[:min(len(list), n.limit)]
}

// search finds traces and reads them. An operation that no span is named by is looked for among the routes, to which the
// tab Monitor of Jaeger UI leads.
func (f *finder) search(ctx context.Context, q *question, s *search, fields []string) ([]*spans.Trace, error) {
	hits, err := f.find(ctx, q, s)
	if err == nil && len(hits) == 0 && s.byRoute != "" {
		routed := *s
		routed.filter = s.byRoute
		hits, err = f.find(ctx, q, &routed)
	}
	if err != nil || len(hits) == 0 {
		return nil, err
	}
	ids := make([]string, len(hits))
	first, last := hits[len(hits)-1].start, int64(0)
	for i := range hits {
		ids[i] = hits[i].id
		last = max(last, hits[i].end)
	}
	return f.read(ctx, q, ids, [2]time.Time{time.Unix(0, first), time.Unix(0, last)}, fields)
}

// lookUp finds traces by their ids, and returns the ids that are not there. A hint is where they are looked for first;
// both ends zero are none.
func (f *finder) lookUp(ctx context.Context, q *question, ids []string, hint [2]time.Time) (
	found []*spans.Trace, missing []string, err error,
) {
	var there []string
	var within [2]time.Time
	for _, id := range ids {
		first, last, err := f.where(ctx, q, id, hint)
		if err != nil {
			return nil, nil, err
		}
		if first.IsZero() {
			missing = append(missing, id)
			continue
		}
		there = append(there, id)
		if within[0].IsZero() || first.Before(within[0]) {
			within[0] = first
		}
		if last.After(within[1]) {
			within[1] = last
		}
	}
	if len(there) == 0 {
		return nil, missing, nil
	}
	found, err = f.read(ctx, q, there, within, nil)
	return found, missing, err
}

// where returns when spans of a trace ended, zero when there are none: in the range of the hint, else anywhere.
func (f *finder) where(ctx context.Context, q *question, id string, hint [2]time.Time) (first, last time.Time, err error) {
	s := traces.Search{Rows: f.reader.Rows, Tenant: q.tenant, Now: q.now, Retention: retention}
	if hint[0].Before(hint[1]) {
		if first, last, err = s.Within(ctx, id, hint[0], hint[1]); err != nil || !first.IsZero() {
			return first, last, err
		}
	}
	first, last, err = s.Where(ctx, id)
	if errors.Is(err, query.ErrNotFound) {
		err = nil
	}
	return first, last, err
}

const (
	// parentsAhead is how much later than the spans that were found their parents are looked for, of maxParents at most.
	parentsAhead = 24 * time.Hour
	maxParents   = 1000
)

// read reads the spans of traces of which some ended within a range, and those near, of those fields or of all; and those
// that ended later where a parent did. Traces without a span are left out.
func (f *finder) read(ctx context.Context, q *question, ids []string, within [2]time.Time, fields []string) (
	found []*spans.Trace, err error,
) {
	for {
		err = traces.Around(within[0], within[1], func(from, to time.Time) (started time.Time, err error) {
			found, err = f.ended(ctx, q, ids, [2]time.Time{from, to}, fields)
			return spans.Started(found), err
		})
		if err != nil {
			return nil, err
		}
		missing := spans.Missing(found, maxParents)
		if len(missing) == 0 {
			return found, nil
		}
		text := filter.In(store.FieldTraceID, ids) + " " + filter.In(store.FieldSpanID, missing)
		last, err := f.last(ctx, q, text, within[1].Add(traces.Near))
		if err != nil || last.IsZero() {
			return found, err
		}
		within[1] = last
	}
}

// last returns when the last of the spans that meet a filter ended after a time, zero when none did.
func (f *finder) last(ctx context.Context, q *question, text string, after time.Time) (last time.Time, err error) {
	if after.After(q.now) {
		return last, nil
	}
	text += fmt.Sprintf(" | stats max(%s) last", store.FieldTime)
	question := traces.SpansQuestion(q.tenant, text, after, after.Add(parentsAhead))
	err = f.reader.Rows(ctx, question, func(r store.Row) (err error) {
		if r.Get("last") != "" {
			last, err = r.Time("last")
		}
		return err
	})
	return last, err
}

// ended reads the spans of traces that ended within a range.
func (f *finder) ended(ctx context.Context, q *question, ids []string, within [2]time.Time, fields []string) (
	[]*spans.Trace, error,
) {
	text := filter.In(store.FieldTraceID, ids)
	perTrace := spans.MaxSpans
	if len(fields) > 0 {
		text += " | fields " + strings.Join(filter.QuoteAll(fields), ", ")
		perTrace = spans.MaxAllSpans
	}
	g := spans.NewGathering(ids, perTrace)
	question := traces.SpansQuestion(q.tenant, text, within[0], within[1])
	err := f.reader.Rows(ctx, question, func(r store.Row) error {
		bytes, err := g.Add(r)
		if err != nil || bytes == 0 {
			return err
		}
		return gate.Hold(ctx, bytes)
	})
	if err != nil {
		return nil, err
	}
	return g.Done(), nil
}
