package logsql

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"edgescope/store"
)

type facetsAnswer struct {
	Facets []*facet `json:"facets"`
}

// facet is the most frequent values of a field.
type facet struct {
	Field  string       `json:"field_name"`
	Values []facetValue `json:"values"`
}

type facetValue struct {
	Value string `json:"field_value"`
	Hits  int64  `json:"hits"`
}

// facets answers the most frequent values of every field.
func (h *handler) facets(ctx context.Context, q *question, a *answer) error {
	var pipe strings.Builder
	pipe.WriteString("facets")
	for _, p := range []struct{ parameter, option string }{
		{"limit", ""}, {"max_values_per_field", " max_values_per_field"}, {"max_value_len", " max_value_len"},
	} {
		n, err := q.count(p.parameter)
		if err != nil {
			return err
		}
		if n > 0 {
			fmt.Fprintf(&pipe, "%s %d", p.option, n)
		}
	}
	constant, err := q.boolean("keep_const_fields")
	if err != nil {
		return err
	}
	if constant {
		pipe.WriteString(" keep_const_fields")
	}
	all := q.RowsQuestion
	all.LogsQL = q.pipe(pipe.String())
	found := map[string]*facet{}
	keep := kept{ctx: ctx}
	err = h.rows(ctx, all, func(r store.Row) error {
		hits, _ := strconv.ParseInt(r.Get("hits"), 10, 64) // the engine's own number
		name := strings.Clone(r.Get("field_name"))
		if found[name] == nil {
			found[name] = &facet{Field: name}
		}
		found[name].Values = append(found[name].Values, facetValue{strings.Clone(r.Get("field_value")), hits})
		return keep.add(rowBytes(r))
	})
	if err != nil {
		return err
	}
	answer := facetsAnswer{Facets: []*facet{}}
	for _, f := range found {
		slices.SortFunc(f.Values,
			func(a, b facetValue) int { return cmp.Or(cmp.Compare(b.Hits, a.Hits), cmp.Compare(a.Value, b.Value)) })
		answer.Facets = append(answer.Facets, f)
	}
	slices.SortFunc(answer.Facets, func(a, b *facet) int { return cmp.Compare(a.Field, b.Field) })
	return a.json(answer)
}
