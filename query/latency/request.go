package latency

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/edge/platform"
	"edgescope/judge"
	"edgescope/query"
	"edgescope/query/filter"
	"edgescope/store"
)

// request is one, with the times that are known of it.
type request struct {
	judge.Times

	trace, span, parent string
	name                string // of an invocation of a trace
}

// fieldsPipe is what is read of an invocation.
var fieldsPipe = "| fields " + strings.Join(filter.QuoteAll([]string{
	store.FieldTraceID, store.FieldSpanID, store.FieldParentID, store.FieldWeight, edge.KeyDuration, edge.KeyColdStart,
	edge.KeyInitDuration, edge.KeyOriginDuration, edge.KeyCPUTime, edge.KeyClientRTT, edge.KeyCacheStatus,
	edge.KeyCloudPlatform,
}), ", ")

// read reads an invocation from its fields; false without a duration.
func read(get func(field string) string) (request, bool) {
	on := get(edge.KeyCloudPlatform)
	r := request{
		Times: judge.Times{
			Client: math.NaN(), RTT: length(get(edge.KeyClientRTT)), Edge: length(get(edge.KeyDuration)),
			Init: length(get(edge.KeyInitDuration)), Origin: length(get(edge.KeyOriginDuration)),
			CPU: length(get(edge.KeyCPUTime)), Apart: on == platform.AWSLambda, Weight: 1,
		},
		trace: strings.Clone(get(store.FieldTraceID)), span: strings.Clone(get(store.FieldSpanID)),
		parent: strings.Clone(get(store.FieldParentID)),
	}
	if w, err := strconv.ParseFloat(get(store.FieldWeight), 64); err == nil && w > 0 {
		r.Weight = w
	}
	if get(edge.KeyColdStart) == "false" {
		r.Init = 0
	}
	if r.Init > r.Edge { // it cannot be a part of it
		r.Apart = true
	}
	switch cached := get(edge.KeyCacheStatus) == edge.CacheHit; {
	case on == platform.CloudflareWorkers && r.Origin == 0:
		r.Origin = math.NaN() // its clock stands still while it computes, and may not have gone on
	case math.IsNaN(r.Origin) && cached:
		r.Origin = 0 // nobody was asked
	}
	return r, !math.IsNaN(r.Edge)
}

// length reads nanoseconds as milliseconds, NaN from nothing.
func length(text string) float64 {
	ns, err := strconv.ParseFloat(text, 64)
	if err != nil || ns < 0 {
		return math.NaN()
	}
	return ns / 1e6
}

// whole is the time at the edge, as far as it is known.
func (r *request) whole() float64 {
	if r.Apart && r.Init > 0 {
		return r.Edge + r.Init
	}
	return r.Edge
}

// inTrace returns the invocations of a trace, those that began first first. What the edge did not say of waiting for
// others, the spans below an invocation tell.
func inTrace(spans []query.Span) []request {
	byID := map[string]*query.Span{}
	for i := range spans {
		byID[spans[i].ID] = &spans[i]
	}
	var out []request
	for i := range spans {
		s := &spans[i]
		if s.Attrs[edge.KeyInvocation] != "true" {
			continue
		}
		r, ok := read(func(field string) string { return fieldOf(s, field) })
		if !ok {
			continue
		}
		if parent := byID[s.ParentID]; parent != nil && parent.Kind == edge.SpanClient.String() {
			r.Client = float64(parent.Duration)
		}
		if math.IsNaN(r.Origin) {
			r.Origin = waited(spans, s)
		}
		r.name = cmp.Or(s.Service, "?") + " " + cmp.Or(s.Attrs[edge.KeyRoute], s.Name)
		out = append(out, r)
	}
	return out
}

// fieldOf returns a field of a span's row, of those that an invocation is read from.
func fieldOf(s *query.Span, field string) string {
	switch field {
	case edge.KeyDuration:
		return strconv.FormatFloat(float64(s.Duration)*1e6, 'f', -1, 64)
	case store.FieldSpanID:
		return s.ID
	case store.FieldParentID:
		return s.ParentID
	default:
		return s.Attrs[field]
	}
}

// waited is how long at least one of the requests of an invocation was under way, in milliseconds; NaN without any.
func waited(spans []query.Span, of *query.Span) float64 {
	var calls []*query.Span
	for i := range spans {
		if s := &spans[i]; s.ParentID == of.ID && s.Kind == edge.SpanClient.String() && s.Duration > 0 {
			calls = append(calls, s)
		}
	}
	if len(calls) == 0 {
		return math.NaN()
	}
	slices.SortFunc(calls, func(x, y *query.Span) int { return x.Start.Compare(y.Start) })
	sum, end := time.Duration(0), calls[0].Start
	for _, c := range calls {
		to := c.Start.Add(time.Duration(float64(c.Duration) * 1e6))
		if c.Start.After(end) {
			end = c.Start
		}
		if to.After(end) {
			sum, end = sum+to.Sub(end), to
		}
	}
	return float64(sum) / 1e6
}
