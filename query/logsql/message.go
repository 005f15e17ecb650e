package logsql

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/store"
)

// readMessages reads raw_msg. Clients such as Grafana show the message of a row and fold the rest, and spans and data
// points have none: they get one in the answers of query and tail, while the text leaves rows whole.
func (q *question) readMessages() error {
	raw, err := q.boolean("raw_msg")
	q.messages = !raw && q.parsed.Whole && !q.hides(store.FieldMsg)
	return err
}

// withMessages returns emit for rows that get a message where they have none.
func (q *question) withMessages(emit func(store.Row) error) func(store.Row) error {
	if !q.messages {
		return emit
	}
	var row store.Row
	return func(r store.Row) error {
		if r.Get(store.FieldMsg) != "" {
			return emit(r)
		}
		text := messageOf(r)
		if text == "" {
			return emit(r)
		}
		row = append(append(row[:0], r...), store.Field{Name: store.FieldMsg, Value: text})
		return emit(row)
	}
}

// messageOf returns what a row is about: the name of a span and how long it took, the blobs of a data point or, when it
// has none, its indexes or the name of its data set.
func messageOf(r store.Row) string {
	if r.Get(store.FieldKind) != "" {
		return strings.TrimSpace(r.Get(store.FieldName) + " " + spanTook(r))
	}
	dataset := r.Get(store.FieldDataset)
	if dataset == "" {
		return "" // a log record without a body
	}
	return cmp.Or(columnsOf(r, "blob"), columnsOf(r, "index"), dataset)
}

// spanTook returns the duration of a span to three digits or so, "" when the row does not tell.
func spanTook(r store.Row) string {
	ns, err := strconv.ParseInt(r.Get(edge.KeyDuration), 10, 64)
	if err != nil {
		return ""
	}
	took := time.Duration(ns)
	for unit := time.Second; unit > time.Nanosecond; unit /= 1000 {
		if took >= unit {
			return took.Round(unit / 100).String()
		}
	}
	return took.String()
}

// columnsOf returns the texts of a data point in the order of their numbers: those of blob1, blob2 and so on.
func columnsOf(r store.Row, column string) string {
	const most = 20 // of a data point, as Cloudflare's documentation of Workers Analytics Engine says
	var texts [most + 1]string
	for i := range r {
		number, ok := strings.CutPrefix(r[i].Name, column)
		if n, err := strconv.Atoi(number); ok && err == nil && n > 0 && n <= most {
			texts[n] = r[i].Value
		}
	}
	var all []string
	for _, text := range texts {
		if text != "" {
			all = append(all, text)
		}
	}
	return strings.Join(all, " ")
}
