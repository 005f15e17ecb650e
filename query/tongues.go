package query

import (
	"strconv"
	"strings"
)

// matcher writes the condition as a MetricsQL matcher of a label.
func (c *condition) matcher(label string) string {
	op := "=~"
	if c.exclude {
		op = "!~"
	}
	alternatives := make([]string, len(c.patterns))
	for i, p := range c.patterns {
		alternatives[i] = p.regexp()
	}
	return label + op + strconv.Quote(strings.Join(alternatives, "|"))
}

// oneOf is a MetricsQL matcher for exact values.
func oneOf(label string, values []string) string {
	c := anyOf("", values)
	return c.matcher(label)
}

// filter writes the pattern as a LogsQL filter of a field.
func (p pattern) filter(field string) string {
	switch {
	case p.exact():
		return exactly(field, p[0])
	case p.present():
		return quote(field) + ":*"
	case len(p) == 2 && p[1] == "":
		return quote(field) + ":=" + quote(p[0]) + "*"
	default:
		return quote(field) + ":~" + quote("(?s)^"+p.regexp()+"$")
	}
}

// exactly is the LogsQL filter field = value; of an empty value it selects rows without the field.
func exactly(field, value string) string { return quote(field) + ":=" + quote(value) }

// isIn is the LogsQL filter that a field has one of the values.
func isIn(field string, values []string) string {
	return quote(field) + ":in(" + strings.Join(quoteAll(values), ",") + ")"
}

// quote writes a LogsQL string. Its reader undoes it with strconv.Unquote, so that no value can end its own quotes.
func quote(s string) string { return strconv.Quote(s) }

// quoteAll writes LogsQL strings.
func quoteAll(fields []string) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = quote(f)
	}
	return out
}
