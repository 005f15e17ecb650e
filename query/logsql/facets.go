package logsql

import (
	"cmp"
	"context"
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
	pipe, constant, err := facetsPipe(q)
	if err != nil {
		return err
	}
	// Of several kinds a field may be constant in each and not in all.
	rows := int64(-1)
	if !constant && len(q.Also) > 0 {
		if rows, err = h.total(ctx, q); err != nil {
			return err
		}
	}
	if constant || rows >= 0 {
		pipe += " keep_const_fields"
	}
	found, err := h.facetsOf(ctx, q, pipe)
	if err != nil {
		return err
	}
	answer := facetsAnswer{Facets: []*facet{}}
	for _, f := range found {
		slices.SortFunc(f.Values,
			func(a, b facetValue) int { return cmp.Or(cmp.Compare(b.Hits, a.Hits), cmp.Compare(a.Value, b.Value)) })
		if len(f.Values) > 1 || f.Values[0].Hits != rows {
			answer.Facets = append(answer.Facets, f)
		}
	}
	slices.SortFunc(answer.Facets, func(a, b *facet) int { return cmp.Compare(a.Field, b.Field) })
	return a.json(answer)
}

// facetsPipe returns the pipe with its parameters, and whether fields are wanted that have one value in all rows.
func facetsPipe(q *question) (pipe string, constant bool, err error) {
	words := []string{"facets"}
	for _, p := range []struct{ parameter, option string }{
		{"limit", ""}, {"max_values_per_field", "max_values_per_field"}, {"max_value_len", "max_value_len"},
	} {
		n, err := q.count(p.parameter)
		if err != nil {
			return "", false, err
		}
		if n > 0 {
			words = append(words, p.option, strconv.Itoa(n))
		}
	}
	constant, err = q.boolean("keep_const_fields")
	return strings.Join(words, " "), constant, err
}

// facetsOf returns the fields that a facets pipe finds.
func (h *handler) facetsOf(ctx context.Context, q *question, pipe string) (map[string]*facet, error) {
	all := q.RowsQuestion
	all.LogsQL = q.pipe(pipe)
	found := map[string]*facet{}
	keep := kept{ctx: ctx}
	err := h.rows(ctx, all, func(r store.Row) error {
		hits, _ := strconv.ParseInt(r.Get("hits"), 10, 64) // the engine's own number
		name := strings.Clone(r.Get("field_name"))
		if found[name] == nil {
			found[name] = &facet{Field: name}
		}
		found[name].Values = append(found[name].Values, facetValue{strings.Clone(r.Get("field_value")), hits})
		return keep.add(rowBytes(r))
	})
	return found, err
}

// total returns how many rows the question finds.
func (h *handler) total(ctx context.Context, q *question) (n int64, err error) {
	all := q.RowsQuestion
	all.LogsQL = q.pipe("stats count() n")
	err = h.rows(ctx, all, func(r store.Row) error {
		n = int64(r.Number("n"))
		return nil
	})
	return n, err
}
