package query

import (
	"fmt"
	"strings"

	"edgescope/edge"
	"edgescope/store"
)

// bareFields are where a word without a key is looked for.
var bareFields = []string{store.FieldName, edge.KeyRoute, "url.path"}

// logsql writes the conditions as LogsQL filters, each and-ed to what stands before by the space between them.
func logsql(conditions []condition) []string {
	out := make([]string, 0, len(conditions))
	for _, c := range conditions {
		var any []string
		for _, p := range c.patterns {
			any = append(any, alternatives(c.key, p)...)
		}
		text := "(" + strings.Join(any, " or ") + ")"
		if c.exclude {
			text = "!" + text
		}
		out = append(out, text)
	}
	return out
}

// alternatives are the LogsQL filters of which a pattern's attribute meets one.
func alternatives(key string, p pattern) []string {
	if key == "" {
		if p.present() {
			return []string{"*"}
		}
		out := make([]string, len(bareFields))
		word := append(append(pattern{""}, p...), "")
		for i, f := range bareFields {
			out[i] = word.filter(f)
		}
		return out
	}
	if key == edge.KeyOperation {
		return operation(p)
	}
	return []string{p.filter(key)}
}

// operation is the filter of an event's operation, which its row has as route, or without one as name, unless it has a name of
// its own (store.RowRenderer).
func operation(p pattern) []string {
	none, noRoute := exactly(edge.KeyOperation, ""), exactly(edge.KeyRoute, "")
	name := fmt.Sprintf("(%s %s %s)", none, noRoute, p.filter(store.FieldName))
	if p.exact() && p[0] == "" {
		return []string{name}
	}
	return []string{p.filter(edge.KeyOperation), fmt.Sprintf("(%s %s)", none, p.filter(edge.KeyRoute)), name}
}
