package logsql

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"edgescope/store"
)

const (
	// maxNewest is the number of rows up to which the newest are searched window by window; more are sorted by the
	// engine.
	maxNewest = 50_000
	// firstWindow is how far back the search for the newest rows looks first; each next window is windowGrowth as long.
	firstWindow  = 10 * time.Second
	windowGrowth = 4
	maxWindow    = 100 * 365 * 24 * time.Hour
)

// query answers rows, one JSON object a line, or CSV. With a limit it answers the newest.
func (h *handler) query(ctx context.Context, q *question, a *answer) error {
	offset, err := q.count("offset")
	if err != nil {
		return err
	}
	limit, err := q.count("limit")
	if err != nil {
		return err
	}
	switch format := q.form.Get("format"); format {
	case "", "json":
		a.contentType("application/stream+json")
		return h.limited(ctx, q, offset, limit, q.withMessages(newLines(a, q.parsed.Ordered).write))
	case "csv":
		return h.csv(ctx, q, a,
			func(emit func(store.Row) error) error { return h.limited(ctx, q, offset, limit, emit) })
	default:
		return parameterError{fmt.Errorf("format=%q: it must be json or csv", format)}
	}
}

// limited asks for rows: the newest when there is a limit and the text lets them be found so.
func (h *handler) limited(ctx context.Context, q *question, offset, limit int, emit func(store.Row) error) error {
	switch {
	case limit == 0:
		return h.rows(ctx, q.RowsQuestion, emit)
	case q.parsed.Newest != "" && offset+limit <= maxNewest:
		return h.newest(ctx, q, offset, limit, emit)
	}
	all := q.RowsQuestion
	if q.parsed.Newest != "" {
		all.LogsQL = piped(q.parsed.Newest, "sort by (_time) desc")
	}
	all.LogsQL = piped(all.LogsQL, "offset "+strconv.Itoa(offset)+" | limit "+strconv.Itoa(limit))
	return h.rows(ctx, all, emit)
}

// newest returns the newest rows, newest first. It searches backwards in growing windows: sorting the whole range would
// read all of it.
func (h *handler) newest(ctx context.Context, q *question, offset, limit int, emit func(store.Row) error) error {
	p := &page{offset: offset, limit: limit, emit: emit, keep: kept{ctx: ctx}}
	end, width := q.To, firstWindow
	for p.limit > 0 && q.From.Before(end) {
		window := q.RowsQuestion
		window.To = end
		if start := earlier(end, q.now).Add(-width); start.After(q.From) {
			window.From = start
		}
		found, asked := 0, p.offset+p.limit
		window.LogsQL = piped(q.parsed.Newest, "sort by (_time) desc | limit "+strconv.Itoa(asked))
		err := h.rows(ctx, window, func(r store.Row) error {
			found++
			return p.add(r)
		})
		if err == nil && found == asked {
			err = h.all(ctx, window, q.parsed.Newest, p)
		}
		if err == nil {
			err = p.flush()
		}
		if err != nil {
			return err
		}
		end = window.From
		width = min(width*windowGrowth, maxWindow)
	}
	return nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// lines writes rows as JSON objects, one a line; absent fields are left out.
type lines struct {
	a *answer
	// ordered keeps the order of the fields; else they are sorted by name.
	ordered bool
	buf     []byte
	row     store.Row
}

func newLines(a *answer, ordered bool) *lines { return &lines{a: a, ordered: ordered} }

func (l *lines) write(r store.Row) error {
	if len(r) == 0 {
		return nil // nothing is there that could be shown
	}
	if !l.ordered {
		l.row = append(l.row[:0], r...)
		slices.SortFunc(l.row, func(a, b store.Field) int { return strings.Compare(a.Name, b.Name) })
		r = l.row
	}
	l.buf = appendObject(l.buf[:0], r)
	_, err := l.a.buf.Write(append(l.buf, '\n'))
	return err
}

func appendObject(b []byte, r store.Row) []byte {
	b = append(b, '{')
	for i := range r {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendText(b, r[i].Name)
		b = append(b, ':')
		b = appendText(b, printed(&r[i]))
	}
	return append(b, '}')
}

// printed returns a field as VictoriaLogs prints it: times in RFC 3339.
func printed(f *store.Field) string {
	if f.Name != store.FieldTime {
		return f.Value
	}
	if ns, err := strconv.ParseInt(f.Value, 10, 64); err == nil {
		return formatTime(ns)
	}
	return f.Value
}

func formatTime(ns int64) string { return time.Unix(0, ns).UTC().Format(time.RFC3339Nano) }

// appendText appends a JSON text, which shows < and ' by their numbers as VictoriaLogs does: the text may stand in a
// script of a page.
func appendText(b []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '\'' {
			quoted, _ := marshal(text) // a text has no error
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, text...)
	return append(b, '"')
}

// marshal is json.Marshal with texts as appendText writes them.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	text := bytes.ReplaceAll(bytes.TrimSuffix(b.Bytes(), []byte("\n")), []byte("<"), []byte(`\u003c`))
	return bytes.ReplaceAll(text, []byte("'"), []byte(`\u0027`)), err
}

// csv answers rows as CSV (RFC 4180) with a header. The columns are those that the text names, else all that are there.
func (h *handler) csv(ctx context.Context, q *question, a *answer, ask func(emit func(store.Row) error) error) error {
	columns := q.parsed.Fields
	if columns == nil {
		var err error
		if columns, err = h.columns(ctx, q); err != nil {
			return err
		}
	}
	if q.messages && !slices.Contains(columns, store.FieldMsg) {
		columns = append(columns, store.FieldMsg)
		slices.Sort(columns)
	}
	a.contentType("text/csv; charset=utf-8")
	w := csv.NewWriter(a.buf)
	if len(columns) > 0 {
		_ = w.Write(columns) // its error comes again with the next write
	}
	record := make([]string, len(columns))
	err := ask(q.withMessages(func(r store.Row) error {
		for i, name := range columns {
			record[i] = printed(&store.Field{Name: name, Value: r.Get(name)})
		}
		return w.Write(record)
	}))
	if err != nil {
		return err // before a flush: the error may still get a status
	}
	w.Flush()
	return w.Error()
}

// columns returns the names of all fields that the question finds, sorted.
func (h *handler) columns(ctx context.Context, q *question) ([]string, error) {
	values, err := h.names(ctx, q, "")
	names := make([]string, len(values))
	for i := range values {
		names[i] = values[i].Value
	}
	slices.Sort(names)
	return names, err
}
