package filter

import (
	"strconv"
	"strings"
)

// Matcher writes the condition as a MetricsQL matcher of a label.
func (c *Condition) Matcher(label string) string {
	op := "=~"
	if c.Exclude {
		op = "!~"
	}
	alternatives := make([]string, len(c.Patterns))
	for i, p := range c.Patterns {
		alternatives[i] = p.regexp()
	}
	return label + op + strconv.Quote(strings.Join(alternatives, "|"))
}

// OneOf is a MetricsQL matcher for exact values.
func OneOf(label string, values []string) string {
	c := AnyOf("", values)
	return c.Matcher(label)
}

// LogsQL writes the pattern as a LogsQL filter of a field.
func (p Pattern) LogsQL(field string) string {
	switch {
	case p.Exact():
		return Exactly(field, p[0])
	case p.Present():
		return Quote(field) + ":*"
	case len(p) == 2 && p[1] == "":
		return Quote(field) + ":=" + Quote(p[0]) + "*"
	default:
		return Quote(field) + ":~" + Quote("(?s)^"+p.regexp()+"$")
	}
}

// Exactly is the LogsQL filter field = value; of an empty value it selects rows without the field.
func Exactly(field, value string) string { return Quote(field) + ":=" + Quote(value) }

// In is the LogsQL filter that a field has one of the values.
func In(field string, values []string) string {
	return Quote(field) + ":in(" + strings.Join(QuoteAll(values), ",") + ")"
}

// Quote writes a LogsQL string. Its reader undoes it with strconv.Unquote, so that no value can end its own quotes.
func Quote(s string) string { return strconv.Quote(s) }

// QuoteAll writes LogsQL strings.
func QuoteAll(fields []string) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = Quote(f)
	}
	return out
}
