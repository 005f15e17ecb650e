package aesql

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"edgescope/internal/near"
	"edgescope/query/aesql/grammar"
	"edgescope/query/aesql/plan"
	"edgescope/query/aesql/value"
)

// format writes an answer, part by part, behind what there is of it.
type format interface {
	contentType() string
	// begin takes the columns and returns what stands before the rows.
	begin(dst []byte, columns []plan.Column) []byte
	row(dst []byte, row []value.Value) []byte
	end(dst []byte) []byte
}

// formats are those that are answered, by name. TSV is ClickHouse's short name.
var formats = []struct {
	name  string
	make  func() format
	whole bool // half an answer is no answer: too many rows are told before the first
	ours  bool // not Cloudflare's
}{
	{"JSON", func() format { return new(document) }, true, false},
	{"JSONEachRow", func() format { return new(lines) }, false, false},
	{"TabSeparated", func() format { return new(tabs) }, false, false},
	{"TSV", func() format { return new(tabs) }, false, true},
}

// formatOf returns the format that a statement asks for, JSON if it does not say, and whether half an answer is none.
func formatOf(s *grammar.Statement, strict bool) (f format, whole bool, err error) {
	if s.Format == nil {
		return new(document), true, nil
	}
	var names []string
	for _, f := range formats {
		if f.ours && strict {
			continue
		}
		if strings.EqualFold(f.name, s.Format.Name) {
			return f.make(), f.whole, nil
		}
		names = append(names, f.name)
	}
	return nil, false, s.Errorf(s.Format.At, "FORMAT %s is not supported: use JSON, JSONEachRow or TabSeparated%s",
		s.Format.Name, near.Hint(s.Format.Name, names...))
}

// document is JSON: the names and types of columns, the rows, and how many there are.
type document struct {
	objects
	rows int
}

func (*document) contentType() string { return "application/json" }

func (d *document) begin(dst []byte, columns []plan.Column) []byte {
	d.objects.begin(columns)
	dst = append(dst, `{"meta":[`...)
	for i, c := range columns {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendString(append(dst, `{"name":`...), c.Name), `,"type":`...)
		dst = append(appendString(dst, c.Type.String()), '}')
	}
	return append(dst, `],"data":[`...)
}

func (d *document) row(dst []byte, row []value.Value) []byte {
	if d.rows++; d.rows > 1 {
		dst = append(dst, ',')
	}
	return d.append(dst, row)
}

func (d *document) end(dst []byte) []byte {
	return append(strconv.AppendInt(append(dst, `],"rows":`...), int64(d.rows), 10), '}')
}

// lines is JSONEachRow: one object a line.
type lines struct{ objects }

func (*lines) contentType() string { return "application/x-ndjson" }

func (l *lines) begin(dst []byte, columns []plan.Column) []byte {
	l.objects.begin(columns)
	return dst
}

func (l *lines) row(dst []byte, row []value.Value) []byte { return append(l.append(dst, row), '\n') }

func (*lines) end(dst []byte) []byte { return dst }

// objects writes rows as JSON objects.
type objects struct {
	types []value.Type
	keys  []string // as they stand before the values, with { or a comma
}

func (o *objects) begin(columns []plan.Column) {
	for i, c := range columns {
		first := byte(',')
		if i == 0 {
			first = '{'
		}
		o.types = append(o.types, c.Type)
		o.keys = append(o.keys, string(append(appendString([]byte{first}, c.Name), ':')))
	}
}

func (o *objects) append(dst []byte, row []value.Value) []byte {
	for i, v := range row {
		dst = appendJSON(append(dst, o.keys[i]...), o.types[i], v)
	}
	return append(dst, '}')
}

// appendJSON writes a value: integers of 64 bits as texts, which JavaScript would round, and what is no finite number as
// null (ClickHouse's output_format_json_quote_64bit_integers and _quote_denormals at their defaults of 2026).
func appendJSON(dst []byte, t value.Type, v value.Value) []byte {
	switch {
	case v.Null, t.Floating() && (math.IsNaN(v.Float()) || math.IsInf(v.Float(), 0)):
		return append(dst, "null"...)
	case t.Kind == value.String:
		return appendString(dst, v.Text)
	case t.Kind == value.Array || t.Kind == value.Tuple:
		return appendItems(dst, t, v.Items())
	case quoted(t.Kind):
		return append(t.AppendText(append(dst, '"'), v), '"')
	}
	return t.AppendText(dst, v)
}

// quoted tells whether values of a kind stand in quotes although they need no escapes.
func quoted(k value.Kind) bool {
	switch k {
	case value.UInt64, value.Int64, value.WeightSum, value.Date, value.DateTime, value.DateTime64, value.Interval:
		return true
	}
	return false
}

func appendItems(dst []byte, t value.Type, items []value.Value) []byte {
	dst = append(dst, '[')
	for i, item := range items {
		if i > 0 {
			dst = append(dst, ',')
		}
		of := t.Elems[0]
		if t.Kind == value.Tuple {
			of = t.Elems[i]
		}
		dst = appendJSON(dst, of, item)
	}
	return append(dst, ']')
}

// appendString writes a text as JSON. What is no UTF-8 becomes U+FFFD.
func appendString(dst []byte, text string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(text); {
		c, size := rune(text[i]), 1
		if c >= utf8.RuneSelf {
			c, size = utf8.DecodeRuneInString(text[i:])
		}
		escaped := escape(c, size)
		if escaped != "" {
			dst = append(append(dst, text[from:i]...), escaped...)
			from = i + size
		}
		i += size
	}
	return append(append(dst, text[from:]...), '"')
}

// escape is how a character of so many bytes stands in JSON, "" for itself.
func escape(c rune, size int) string {
	switch {
	case c == '"':
		return `\"`
	case c == '\\':
		return `\\`
	case c == '\n':
		return `\n`
	case c == '\r':
		return `\r`
	case c == '\t':
		return `\t`
	case c < ' ':
		const hex = "0123456789abcdef"
		return `\u00` + string([]byte{hex[c>>4], hex[c&15]})
	case c == utf8.RuneError && size == 1:
		return `\ufffd`
	}
	return ""
}

// tabs is TabSeparated: a row a line, without names of columns.
type tabs struct {
	types   []value.Type
	scratch []byte
}

func (*tabs) contentType() string { return "text/tab-separated-values; charset=utf-8" }

func (t *tabs) begin(dst []byte, columns []plan.Column) []byte {
	for _, c := range columns {
		t.types = append(t.types, c.Type)
	}
	return dst
}

func (t *tabs) row(dst []byte, row []value.Value) []byte {
	for i, v := range row {
		if i > 0 {
			dst = append(dst, '\t')
		}
		switch kind := t.types[i].Kind; {
		case v.Null:
			dst = append(dst, `\N`...)
		case kind == value.String:
			dst = appendEscaped(dst, v.Text)
		case kind == value.Array || kind == value.Tuple:
			t.scratch = t.types[i].AppendText(t.scratch[:0], v)
			dst = appendLine(dst, t.scratch)
		default:
			dst = t.types[i].AppendText(dst, v)
		}
	}
	return append(dst, '\n')
}

func (*tabs) end(dst []byte) []byte { return dst }

// appendEscaped writes a text so that it has no tab and no newline.
func appendEscaped(dst []byte, text string) []byte {
	for i := range len(text) {
		switch c := text[i]; c {
		case '\t':
			dst = append(dst, `\t`...)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case 0:
			dst = append(dst, `\0`...)
		case '\\':
			dst = append(dst, `\\`...)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// appendLine writes a text whose backslashes are escapes already, so that it has no tab and no newline.
func appendLine(dst, text []byte) []byte {
	for _, c := range text {
		switch c {
		case '\t':
			dst = append(dst, `\t`...)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}
