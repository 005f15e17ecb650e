package tables

import (
	"fmt"
	"strings"

	"edgescope/edge"
	"edgescope/query/filter"
	"edgescope/store"
)

// bareFields are where a word without a key is looked for.
var bareFields = []string{store.FieldName, edge.KeyRoute, "url.path"}

// LogsQL writes the conditions as LogsQL filters, each and-ed to what stands before by the space between them.
func LogsQL(conditions []filter.Condition) []string {
	out := make([]string, 0, len(conditions))
	for _, c := range conditions {
		var any []string
		for _, p := range c.Patterns {
			any = append(any, alternatives(c.Key, p)...)
		}
		text := "(" + strings.Join(any, " or ") + ")"
		if c.Exclude {
			text = "!" + text
		}
		out = append(out, text)
	}
	return out
}

// alternatives are the LogsQL filters of which a pattern's attribute meets one.
func alternatives(key string, p filter.Pattern) []string {
	if key == "" {
		if p.Present() {
			return []string{"*"}
		}
		out := make([]string, len(bareFields))
		word := append(append(filter.Pattern{""}, p...), "")
		for i, f := range bareFields {
			out[i] = word.LogsQL(f)
		}
		return out
	}
	if key == edge.KeyOperation {
		return operation(p)
	}
	return []string{p.LogsQL(key)}
}

// operation is the filter of an event's operation. A row has it as an attribute of its own only where it is neither the
// route nor the name (store.RowRenderer): so it is looked for there, else in the route, else in the name.
func operation(p filter.Pattern) []string {
	none, noRoute := filter.Exactly(edge.KeyOperation, ""), filter.Exactly(edge.KeyRoute, "")
	name := fmt.Sprintf("(%s %s %s)", none, noRoute, p.LogsQL(store.FieldName))
	if p.Exact() && p[0] == "" {
		return []string{name}
	}
	return []string{p.LogsQL(edge.KeyOperation), fmt.Sprintf("(%s %s)", none, p.LogsQL(edge.KeyRoute)), name}
}
