package traces

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/filter"
	"edgescope/store"
)

// ahead is how far ahead of the clock spans may end: clocks of senders differ.
const ahead = 48 * time.Hour

// MaxSpans bounds the spans of one trace that are shown.
const MaxSpans = 10_000

// Search looks for one trace.
type Search struct {
	Rows   Rows
	Tenant edge.Tenant
	Now    time.Time
	// Retention is how far back it looks.
	Retention time.Duration
}

// Near is how far from a span that was found the others of its trace may be.
const Near = time.Hour

// Find searches for a trace and reads its spans, by start and each once. Of more than MaxSpans it returns those that
// started first, and one more that tells so.
func (s *Search) Find(ctx context.Context, id string) ([]query.Span, error) {
	first, last, err := s.Where(ctx, id)
	if err != nil {
		return nil, err
	}
	var spans []query.Span
	err = Around(first, last, func(from, to time.Time) (started time.Time, err error) {
		if spans, err = s.readSpans(ctx, id, from, to); len(spans) > 0 {
			started = spans[0].Start
		}
		return started, err
	})
	return spans, err
}

// Around reads the spans of traces of which some ended between first and last. Where a span is found the others are
// near: read is asked for those that ended within a range, and returns when the first of them started, zero without
// any. When that is before the range, more may have ended there: it is asked again for a longer one.
func Around(first, last time.Time, read func(from, to time.Time) (started time.Time, err error)) error {
	for near := Near; ; near *= windowGrowth {
		from := first.Add(-near)
		started, err := read(from, last.Add(Near))
		if err != nil || started.IsZero() || !started.Before(from) {
			return err
		}
		first = started
	}
}

// Where returns when the first and the last span ended of those that a search for a trace found.
func (s *Search) Where(ctx context.Context, id string) (first, last time.Time, err error) {
	to := s.Now.Add(ahead)
	for length := Near; ; length *= windowGrowth {
		oldest := s.Now.Add(-s.Retention)
		from := s.Now.Add(-length)
		if length >= s.Retention {
			from = oldest
		}
		if first, last, err = s.Within(ctx, id, from, to); err != nil || !first.IsZero() {
			return first, last, err
		}
		if from.Equal(oldest) {
			return first, last, fmt.Errorf("trace %s: %w between %s and now, which is as long as events are kept",
				id, query.ErrNotFound, oldest.UTC().Format(time.RFC3339))
		}
		to = from
	}
}

// Within returns when the first and the last span of a trace ended within a range; both are zero when none did.
func (s *Search) Within(ctx context.Context, id string, from, to time.Time) (first, last time.Time, err error) {
	text := fmt.Sprintf("%s | stats min(%s) first, max(%s) last", filter.Exactly(store.FieldTraceID, id),
		store.FieldTime, store.FieldTime)
	err = s.Rows(ctx, SpansQuestion(s.Tenant, text, from, to), func(r store.Row) error {
		if r.Get("first") == "" {
			return nil
		}
		var err1, err2 error
		first, err1 = r.Time("first")
		last, err2 = r.Time("last")
		return errors.Join(err1, err2)
	})
	if err != nil {
		err = fmt.Errorf("look for trace %s: %w", id, err)
	}
	return first, last, err
}

func ends(spans []query.Span) (first, last time.Time) {
	for i := range spans {
		end := spans[i].Start.Add(time.Duration(float64(spans[i].Duration) * 1e6))
		if first.IsZero() || end.Before(first) {
			first = end
		}
		if end.After(last) {
			last = end
		}
	}
	return first, last
}

func (s *Search) readSpans(ctx context.Context, id string, from, to time.Time) ([]query.Span, error) {
	const most = MaxSpans + 1
	var spans []query.Span
	text := filter.Exactly(store.FieldTraceID, id)
	err := s.Rows(ctx, SpansQuestion(s.Tenant, text, from, to), func(r store.Row) error {
		span, err := readSpan(r)
		if spans = append(spans, span); len(spans) == 2*most {
			spans = earliest(spans, most)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read trace %s: %w", id, err)
	}
	return earliest(spans, most), nil
}

// earliest returns the spans that started first, each once and at most so many.
func earliest(spans []query.Span, most int) []query.Span {
	slices.SortFunc(spans,
		func(x, y query.Span) int { return cmp.Or(x.Start.Compare(y.Start), strings.Compare(x.ID, y.ID)) })
	spans = slices.CompactFunc(spans,
		func(x, y query.Span) bool { return x.ID != "" && x.ID == y.ID && x.Start.Equal(y.Start) })
	most = min(most, len(spans))
	clear(spans[most:])
	return spans[:most]
}

// spanFields are the fields of a row that a Span has its own places for.
var spanFields = map[string]bool{
	store.FieldTime: true, store.FieldMsg: true, "_stream": true, "_stream_id": true, store.FieldTraceID: true,
	store.FieldSpanID:   true,
	store.FieldParentID: true, store.FieldName: true, store.FieldKind: true, edge.KeyDuration: true,
	store.FieldEvents:     true,
	store.FieldStatusCode: true, store.FieldSeq: true, store.FieldLog: true, edge.RunAttr: true,
}

func readSpan(r store.Row) (query.Span, error) {
	end, err := r.Time(store.FieldTime)
	if err != nil {
		return query.Span{}, fmt.Errorf("read the time of a span: %w", err)
	}
	ns := r.Number(edge.KeyDuration)
	get := func(field string) string { return strings.Clone(r.Get(field)) }
	s := query.Span{
		ID: get(store.FieldSpanID), ParentID: get(store.FieldParentID), Service: get(edge.KeyServiceName),
		Name: get(store.FieldName),
		Kind: get(store.FieldKind), Start: end.Add(-time.Duration(ns)).UTC(), Duration: query.Num(ns / 1e6),
		Status: get(store.FieldStatusCode),
		Region: get(edge.KeyRegion), Cold: get(edge.KeyColdStart), Cache: get(edge.KeyCacheStatus),
		Attrs: map[string]string{},
	}
	for _, f := range r {
		if !spanFields[f.Name] && f.Value != "" {
			s.Attrs[strings.Clone(f.Name)] = strings.Clone(f.Value)
		}
	}
	s.Events = readSpanEvents(r.Get(store.FieldEvents))
	return s, nil
}

// readSpanEvents reads the stored JSON array; what is no such array shows no events, and the attributes stay readable.
func readSpanEvents(text string) []query.SpanEvent {
	var stored []struct {
		Name  string                     `json:"name"`
		Time  json.Number                `json:"time"`
		Attrs map[string]json.RawMessage `json:"attrs"`
	}
	if text == "" || json.Unmarshal([]byte(text), &stored) != nil {
		return nil
	}
	events := make([]query.SpanEvent, len(stored))
	for i, s := range stored {
		ns, _ := s.Time.Int64()
		events[i] = query.SpanEvent{Name: s.Name, At: time.Unix(0, ns).UTC(), Attrs: map[string]string{}}
		for k, raw := range s.Attrs {
			var text string
			if json.Unmarshal(raw, &text) != nil {
				text = string(raw)
			}
			events[i].Attrs[k] = text
		}
	}
	return events
}
