package ingest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/store"
)

// readCount reads an answer to what a store has: sequence number, day and number of rows, without kind and stream.
func readCount(row store.Row) (key recordPart, n int, err error) {
	if key.seq, err = strconv.ParseUint(row.Get(store.FieldSeq), 10, 64); err != nil {
		return key, 0, fmt.Errorf("read the number of a record: %w", err)
	}
	if n, err = strconv.Atoi(row.Get("n")); err != nil {
		return key, 0, fmt.Errorf("read the number of rows of record %d: %w", key.seq, err)
	}
	at, err := readTime(row.Get(store.FieldTime))
	key.day = at / nanosPerDay
	return key, n, err
}

// readTime reads Unix nanoseconds, as decimals or as RFC 3339.
func readTime(text string) (int64, error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return 0, fmt.Errorf("read the day of rows: %w", err)
	}
	return t.UnixNano(), nil
}

// rowSet is rows by their content, and how often each is there.
type rowSet map[string]int

func (s rowSet) add(row store.Row) {
	var fields []store.Field
	at := ""
	for _, f := range row {
		switch f.Name {
		case store.FieldTime:
			at = f.Value
		case "_stream", "_stream_id":
		default:
			fields = append(fields, f)
		}
	}
	s[content(at, fields)]++
}

// take removes the row of an event and returns whether it was there.
func (s rowSet) take(e *edge.Event) bool {
	var r store.RowRenderer
	row, _ := r.Render(e)
	key := content(strconv.FormatInt(e.Time, 10), slices.Clone(row))
	if s[key] == 0 {
		return false
	}
	s[key]--
	return true
}

// content is a row as one text, whatever the order of its fields.
func content(at string, fields []store.Field) string {
	slices.SortFunc(fields, func(a, b store.Field) int { return strings.Compare(a.Name, b.Name) })
	var text strings.Builder
	text.WriteString(at)
	for _, f := range fields {
		text.WriteString(strconv.Quote(f.Name) + strconv.Quote(f.Value))
	}
	return text.String()
}
