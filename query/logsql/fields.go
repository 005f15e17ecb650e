package logsql

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"edgescope/store"
)

// value is a value of a field and how many rows have it, 0 when a limit kept it from being counted; or the name of a
// field and how many rows are in the stored blocks that have it, which is at least the number of rows that have it.
type value struct {
	Value string `json:"value"`
	Hits  int64  `json:"hits"`
}

type valuesAnswer struct {
	Values []value `json:"values"`
}

// fieldNames answers the names of the fields that the question finds.
func (h *handler) fieldNames(ctx context.Context, q *question, a *answer) error {
	values, err := h.names(ctx, q, containing(q))
	if err != nil {
		return err
	}
	return a.json(valuesAnswer{values})
}

// names returns the names of fields. The engine takes them from the headers of blocks, hidden ones too.
func (h *handler) names(ctx context.Context, q *question, options string) ([]value, error) {
	values, err := h.values(ctx, q, "field_names"+options, "name")
	return slices.DeleteFunc(values, func(v value) bool { return q.hides(v.Value) }), err
}

// hides tells whether a field is hidden.
func (q *question) hides(name string) bool {
	for _, hidden := range q.HiddenFields {
		prefix, isPrefix := strings.CutSuffix(hidden, "*")
		if name == hidden || isPrefix && strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// fieldValues answers the values of a field.
func (h *handler) fieldValues(ctx context.Context, q *question, a *answer) error {
	field := q.form.Get("field")
	if field == "" {
		return parameterError{errors.New("the parameter field is missing")}
	}
	return h.valuesOf(ctx, q, a, field)
}

// valuesOf answers the values of that field.
func (h *handler) valuesOf(ctx context.Context, q *question, a *answer, field string) error {
	limit, err := q.count("limit")
	if err != nil {
		return err
	}
	pipe := "field_values " + strconv.Quote(field) + containing(q)
	if limit > 0 {
		pipe += " limit " + strconv.Itoa(limit)
	}
	values, err := h.values(ctx, q, pipe, field)
	if err != nil {
		return err
	}
	return a.json(valuesAnswer{values})
}

// containing returns the part of a pipe that keeps what contains the parameter filter.
func containing(q *question) string {
	if text := q.form.Get("filter"); text != "" {
		return " filter " + strconv.Quote(text)
	}
	return ""
}

// values runs a pipe whose rows have a field of that name and a number of rows, and returns the most frequent first.
func (h *handler) values(ctx context.Context, q *question, pipe, name string) ([]value, error) {
	all := q.RowsQuestion
	all.LogsQL = q.pipe(pipe)
	values := []value{}
	keep := kept{ctx: ctx}
	err := h.rows(ctx, all, func(r store.Row) error {
		var v value
		for i := range r {
			if r[i].Name == name {
				v.Value = strings.Clone(printed(&r[i]))
			} else {
				v.Hits, _ = strconv.ParseInt(r[i].Value, 10, 64) // an absent number is 0
			}
		}
		values = append(values, v)
		return keep.add(rowBytes(r))
	})
	slices.SortFunc(values,
		func(a, b value) int { return cmp.Or(cmp.Compare(b.Hits, a.Hits), cmp.Compare(a.Value, b.Value)) })
	return values, err
}
