package query

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/store"
)

// maxSpans bounds the spans of one trace that are shown.
const maxSpans = 10_000

// Trace answers one trace by its id, 32 hex digits. The range of the question does not matter: it looks at the newest time
// first, then further back, as far as events are kept. Without any span it fails with ErrNotFound.
func (e *Engine) Trace(ctx context.Context, tenant edge.Tenant, id string, q Question) (*TraceDetail, error) {
	id, err := parseID(id)
	if err != nil {
		return nil, err
	}
	a := &asking{Engine: e, tenant: tenant, q: q, now: e.o.Now()}
	spans, err := a.spansOf(ctx, id)
	if err != nil {
		return nil, err
	}
	out := waterfall(spans)
	out.ID = id
	out.From, out.To = out.Start, a.now.UTC()
	out.Source = "events"
	if len(spans) >= maxSpans {
		out.note(fmt.Sprintf("the trace has more spans than the %d shown", maxSpans))
	}
	return out, nil
}

// parseID reads an id of a trace or a run: 32 hex digits.
func parseID(id string) (string, error) {
	lower := strings.ToLower(id)
	if len(lower) != 32 || strings.Trim(lower, "0123456789abcdef") != "" {
		return "", &ParamError{Key: keyID, Value: id, Reason: "write 32 hex digits"}
	}
	return lower, nil
}

// spansOf searches for a trace. Where a span is found the others are near, so that one more question about the time around it
// ends the search.
func (a *asking) spansOf(ctx context.Context, id string) ([]Span, error) {
	const near = time.Hour
	to := a.now.Add(10 * time.Minute) // clocks of senders may be ahead
	for length := near; ; length *= windowGrowth {
		oldest := a.now.Add(-a.o.Retention)
		from := a.now.Add(-length)
		if length >= a.o.Retention {
			from = oldest
		}
		spans, err := a.readSpans(ctx, id, from, to)
		if err != nil {
			return nil, err
		}
		if len(spans) > 0 {
			first, last := ends(spans)
			return a.readSpans(ctx, id, first.Add(-near), last.Add(near))
		}
		if from.Equal(oldest) {
			return nil, fmt.Errorf("trace %s: %w between %s and now, which is as long as events are kept",
				id, ErrNotFound, oldest.UTC().Format(time.RFC3339))
		}
		to = from
	}
}

func ends(spans []Span) (first, last time.Time) {
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

func (a *asking) readSpans(ctx context.Context, id string, from, to time.Time) ([]Span, error) {
	var spans []Span
	text := fmt.Sprintf("%s | limit %d", exactly(store.FieldTraceID, id), maxSpans)
	err := a.rows(ctx, a.spans(text, from, to), func(r store.Row) error {
		s, err := readSpan(r)
		spans = append(spans, s)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read trace %s: %w", id, err)
	}
	return spans, nil
}

// spanFields are the fields of a row that a Span has its own places for.
var spanFields = map[string]bool{
	store.FieldTime: true, store.FieldMsg: true, "_stream": true, "_stream_id": true, store.FieldTraceID: true, store.FieldSpanID: true,
	store.FieldParentID: true, store.FieldName: true, store.FieldKind: true, edge.KeyDuration: true, store.FieldEvents: true,
	store.FieldStatusCode: true, store.FieldSeq: true, store.FieldLog: true, edge.RunAttr: true,
}

func readSpan(r store.Row) (Span, error) {
	end, err := readTime(r.Get(store.FieldTime))
	if err != nil {
		return Span{}, fmt.Errorf("read the time of a span: %w", err)
	}
	ns := number(r, edge.KeyDuration)
	get := func(field string) string { return strings.Clone(r.Get(field)) }
	s := Span{
		ID: get(store.FieldSpanID), ParentID: get(store.FieldParentID), Service: get(edge.KeyServiceName), Name: get(store.FieldName),
		Kind: get(store.FieldKind), Start: end.Add(-time.Duration(ns)).UTC(), Duration: Num(ns / 1e6), Status: get(store.FieldStatusCode),
		Region: get(edge.KeyRegion), Cold: get(edge.KeyColdStart), Cache: get(edge.KeyCacheStatus), Attrs: map[string]string{},
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
func readSpanEvents(text string) []SpanEvent {
	var stored []struct {
		Name  string                     `json:"name"`
		Time  json.Number                `json:"time"`
		Attrs map[string]json.RawMessage `json:"attrs"`
	}
	if text == "" || json.Unmarshal([]byte(text), &stored) != nil {
		return nil
	}
	events := make([]SpanEvent, len(stored))
	for i, s := range stored {
		ns, _ := s.Time.Int64()
		events[i] = SpanEvent{Name: s.Name, At: time.Unix(0, ns).UTC(), Attrs: map[string]string{}}
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

// waterfall orders the spans, parents before children and siblings by start, and says how deep each is.
func waterfall(spans []Span) *TraceDetail {
	d := &TraceDetail{Services: []string{}, Spans: make([]Span, 0, len(spans))}
	slices.SortFunc(spans, func(x, y Span) int { return cmp.Or(x.Start.Compare(y.Start), strings.Compare(x.ID, y.ID)) })
	spans = slices.CompactFunc(spans, func(x, y Span) bool { return x.ID != "" && x.ID == y.ID && x.Start.Equal(y.Start) })
	byID := map[string]bool{}
	children := map[string][]*Span{}
	missing := map[string]bool{}
	for i := range spans {
		byID[spans[i].ID] = true
	}
	var roots []*Span
	for i := range spans {
		s := &spans[i]
		switch {
		case s.ParentID == "" || s.ParentID == s.ID:
			roots = append(roots, s)
		case !byID[s.ParentID]:
			s.MissingParent = true
			missing[s.ParentID] = true
			roots = append(roots, s)
		default:
			children[s.ParentID] = append(children[s.ParentID], s)
		}
	}
	d.Missing = len(missing)
	w := walk{children: children, seen: map[*Span]bool{}, out: d}
	for _, s := range roots {
		w.visit(s, 0)
	}
	for i := range spans { // what is left are cycles: their spans are each other's parents
		w.visit(&spans[i], 0)
	}
	d.summarise(spans)
	return d
}

type walk struct {
	children map[string][]*Span
	seen     map[*Span]bool
	out      *TraceDetail
}

// visit appends the span and what is below it; a stack of its own because a trace may be deeper than is good for recursion.
func (w *walk) visit(root *Span, depth int) {
	type item struct {
		span  *Span
		depth int
	}
	for stack := []item{{root, depth}}; len(stack) > 0; {
		at := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if w.seen[at.span] {
			continue
		}
		w.seen[at.span] = true
		at.span.Depth = at.depth
		w.out.Spans = append(w.out.Spans, *at.span)
		for _, child := range slices.Backward(w.children[at.span.ID]) {
			stack = append(stack, item{child, at.depth + 1})
		}
	}
}

// summarise fills what concerns the whole trace, and the offsets from its first start.
func (d *TraceDetail) summarise(spans []Span) {
	if len(spans) == 0 {
		return
	}
	d.Start = spans[0].Start
	_, end := ends(spans)
	d.Duration = Num(float64(end.Sub(d.Start)) / 1e6)
	for i := range d.Spans {
		s := &d.Spans[i]
		s.Offset = Num(float64(s.Start.Sub(d.Start)) / 1e6)
		for j := range s.Events {
			s.Events[j].Offset = Num(float64(s.Events[j].At.Sub(d.Start)) / 1e6)
		}
		if s.Service != "" && !slices.Contains(d.Services, s.Service) {
			d.Services = append(d.Services, s.Service)
		}
		if run := s.Attrs[edge.RunIDAttr]; run != "" {
			d.Run = run
		}
	}
}
