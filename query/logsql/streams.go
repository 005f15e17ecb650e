package logsql

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// streams answers the streams of the rows that the question finds, and how many rows each has.
func (h *handler) streams(ctx context.Context, q *question, a *answer) error {
	return h.valuesOf(ctx, q, a, "_stream")
}

// streamIDs answers the ids of those streams.
func (h *handler) streamIDs(ctx context.Context, q *question, a *answer) error {
	return h.valuesOf(ctx, q, a, "_stream_id")
}

// streamFieldNames answers the names of the fields of those streams.
func (h *handler) streamFieldNames(ctx context.Context, q *question, a *answer) error {
	return h.streamFields(ctx, q, a, func(name, _ string) (string, bool) { return name, true })
}

// streamFieldValues answers the values of one of them.
func (h *handler) streamFieldValues(ctx context.Context, q *question, a *answer) error {
	field := q.form.Get("field")
	if field == "" {
		return parameterError{errors.New("the parameter field is missing")}
	}
	return h.streamFields(ctx, q, a, func(name, value string) (string, bool) { return value, name == field })
}

// streamFields answers a part of the fields of streams, with the rows of all streams that have it. The parameter filter
// keeps what contains it, limit what most rows have.
func (h *handler) streamFields(ctx context.Context, q *question, a *answer,
	part func(name, value string) (string, bool),
) error {
	limit, err := q.count("limit")
	if err != nil {
		return err
	}
	streams, err := h.values(ctx, q, "field_values _stream", "_stream")
	if err != nil {
		return err
	}
	hits := map[string]int64{}
	for _, s := range streams {
		for name, value := range streamFieldsOf(s.Value) {
			if text, ok := part(name, value); ok && strings.Contains(text, q.form.Get("filter")) {
				hits[text] += s.Hits
			}
		}
	}
	values := make([]value, 0, len(hits))
	for _, text := range slices.Sorted(maps.Keys(hits)) {
		values = append(values, value{text, hits[text]})
	}
	slices.SortStableFunc(values, func(a, b value) int { return cmp.Compare(b.Hits, a.Hits) })
	if limit > 0 && limit < len(values) {
		values = values[:limit]
	}
	return a.json(valuesAnswer{values})
}

// streamFieldsOf goes through the fields of a stream such as {kind="server",service.name="shop"}. What is not of that
// form ends it.
func streamFieldsOf(stream string) func(yield func(name, value string) bool) {
	return func(yield func(name, value string) bool) {
		rest := strings.TrimPrefix(stream, "{")
		for rest != "" && rest != "}" {
			name, after, ok := strings.Cut(rest, "=")
			quoted, err := strconv.QuotedPrefix(after)
			value, err2 := strconv.Unquote(quoted)
			if !ok || err != nil || err2 != nil {
				return
			}
			if plain, err := strconv.Unquote(name); err == nil {
				name = plain
			}
			if !yield(name, value) {
				return
			}
			rest = strings.TrimPrefix(after[len(quoted):], ",")
		}
	}
}

// timeRange is the range of time that a question goes over.
type timeRange struct {
	Start         string `json:"start"`
	End           string `json:"end"`
	HasTimeFilter bool   `json:"hasTimeFilter"`
}

// queryTimeRange answers the range that the text gives, and where it gives none that of start and end.
func (h *handler) queryTimeRange(_ context.Context, q *question, a *answer) error {
	from, to := q.From, q.To
	if !q.parsed.From.IsZero() {
		from = q.parsed.From
	}
	if !q.parsed.To.IsZero() {
		to = q.parsed.To
	}
	return a.json(timeRange{
		Start: formatTime(from.UnixNano()), End: formatTime(to.UnixNano()),
		HasTimeFilter: !q.parsed.From.IsZero() || !q.parsed.To.IsZero(),
	})
}
