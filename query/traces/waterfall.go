package traces

import (
	"slices"

	"edgescope/edge"
	"edgescope/query"
)

// Waterfall orders the spans, parents before children and siblings by start, and says how deep each is.
func Waterfall(spans []query.Span) *query.TraceDetail {
	d := &query.TraceDetail{Services: []string{}, Spans: make([]query.Span, 0, len(spans))}
	spans = earliest(spans, len(spans))
	byID := map[string]bool{}
	children := map[string][]*query.Span{}
	missing := map[string]bool{}
	for i := range spans {
		byID[spans[i].ID] = true
	}
	var roots []*query.Span
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
	w := walk{children: children, seen: map[*query.Span]bool{}, out: d}
	for _, s := range roots {
		w.visit(s, 0)
	}
	for i := range spans { // what is left are cycles: their spans are each other's parents
		w.visit(&spans[i], 0)
	}
	summarise(d, spans)
	return d
}

type walk struct {
	children map[string][]*query.Span
	seen     map[*query.Span]bool
	out      *query.TraceDetail
}

// visit appends the span and what is below it; a stack of its own because a trace may be deeper than is good for
// recursion.
func (w *walk) visit(root *query.Span, depth int) {
	type item struct {
		span  *query.Span
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
func summarise(d *query.TraceDetail, spans []query.Span) {
	if len(spans) == 0 {
		return
	}
	d.Start = spans[0].Start
	_, end := ends(spans)
	d.Duration = query.Num(float64(end.Sub(d.Start)) / 1e6)
	for i := range d.Spans {
		s := &d.Spans[i]
		s.Offset = query.Num(float64(s.Start.Sub(d.Start)) / 1e6)
		for j := range s.Events {
			s.Events[j].Offset = query.Num(float64(s.Events[j].At.Sub(d.Start)) / 1e6)
		}
		if s.Service != "" && !slices.Contains(d.Services, s.Service) {
			d.Services = append(d.Services, s.Service)
		}
		if run := s.Attrs[edge.RunIDAttr]; run != "" {
			d.Run = run
		}
	}
}
