package query

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"edgescope/edge"
	"edgescope/store"
)

// condition is what one attribute must be: one of the patterns, or, with exclude, none of them.
type condition struct {
	key      string // the attribute's name, "" for a bare word
	exclude  bool
	patterns []pattern
}

// pattern is literal pieces with any text between them; one piece is an exact value.
type pattern []string

func (p pattern) exact() bool { return len(p) == 1 }

// present tells whether a pattern is any value, as * is: there must be one.
func (p pattern) present() bool {
	return len(p) > 1 && strings.Join(p, "") == ""
}

// conditions returns everything that the question's filters and text demand, and-ed. Words of the text with one key are
// or-ed, as the values of a filter are, and so are those that exclude: none of them may be.
func (q *Question) conditions() ([]condition, error) {
	var out []condition
	for _, f := range q.filters() {
		out = append(out, filterConditions(textKeys[f.key], *f.values)...)
	}
	terms, err := parseText(q.Text)
	if err != nil {
		return nil, err
	}
	return append(out, textConditions(terms)...), nil
}

func textConditions(terms []term) []condition {
	var out []condition
	for _, t := range terms {
		key, ok := textKeys[t.key]
		if !ok {
			key = t.key
		}
		patterns := unknownToo(t.parts)
		same := func(c condition) bool { return key != "" && c.key == key && c.exclude == t.exclude }
		if i := slices.IndexFunc(out, same); i >= 0 {
			out[i].patterns = append(out[i].patterns, patterns...)
			continue
		}
		out = append(out, condition{key, t.exclude, patterns})
	}
	return out
}

func filterConditions(key string, values []string) []condition {
	wanted, unwanted := condition{key: key}, condition{key: key, exclude: true}
	for _, v := range values {
		c := &wanted
		if rest, ok := strings.CutPrefix(v, "-"); ok {
			c, v = &unwanted, rest
		}
		parts := pattern{v}
		if key == edge.KeyStatus {
			parts = statusParts(parts)
		}
		c.patterns = append(c.patterns, unknownToo(parts)...)
	}
	return slices.DeleteFunc([]condition{wanted, unwanted}, func(c condition) bool { return len(c.patterns) == 0 })
}

// unknownToo adds absence to the value "unknown".
func unknownToo(p pattern) []pattern {
	if p.exact() && p[0] == Unknown {
		return []pattern{p, {""}}
	}
	return []pattern{p}
}

// family is a family of rollups: its prefix, and the attributes that it can be filtered and grouped by with their label names.
type family struct {
	prefix string
	labels map[string]string
}

// families are all that there are, the one with the fewest series first.
var families = []family{
	{edge.FamilyService, map[string]string{edge.KeyServiceName: edge.LabelService}},
	{edge.FamilyCountry, map[string]string{edge.KeyServiceName: edge.LabelService, edge.KeyCountry: edge.LabelCountry}},
	{edge.FamilyRoute, map[string]string{
		edge.KeyServiceName: edge.LabelService, edge.KeyRoute: edge.LabelRoute, edge.KeyServiceVersion: edge.LabelVersion,
	}},
	{edge.FamilyColo, map[string]string{
		edge.KeyServiceName: edge.LabelService, edge.KeyRegion: edge.LabelRegion,
		edge.KeyCloudPlatform: edge.LabelPlatform, edge.KeyColo: edge.LabelColo,
	}},
}

// family answers the rollups that hold all attributes of a cut, false when none do.
func (c *cut) family() (family, bool) {
	for _, f := range families {
		if f.answers(c) {
			return f, true
		}
	}
	return family{}, false
}

// labelsOf answers the label names of attributes that the family has.
func (f *family) labelsOf(keys []string) []string {
	out := make([]string, len(keys))
	for i, key := range keys {
		out[i] = f.labels[key]
	}
	return out
}

// answers tells whether the family can group by the cut's attributes, apply each of its conditions, and keeps durations apart
// as the cut wants them (edge.MetricDuration says which does).
func (f *family) answers(c *cut) bool {
	if c.parts&(withCache|withResponses) != 0 && f.prefix != edge.FamilyService || c.parts&withCold != 0 && f.prefix == edge.FamilyCountry {
		return false
	}
	for _, key := range c.by {
		if _, ok := f.labels[key]; !ok {
			return false
		}
	}
	for _, condition := range c.conditions {
		if _, ok := f.labels[condition.key]; !ok {
			return false
		}
	}
	return true
}

// matchers writes the conditions as MetricsQL label matchers, without braces.
func matchers(labels map[string]string, conditions []condition) []string {
	out := make([]string, 0, len(conditions))
	for _, c := range conditions {
		out = append(out, matcher(labels[c.key], c.exclude, c.patterns))
	}
	return out
}

func matcher(label string, exclude bool, patterns []pattern) string {
	op := map[bool]string{false: "=~", true: "!~"}[exclude]
	alternatives := make([]string, len(patterns))
	for i, p := range patterns {
		alternatives[i] = p.regexp()
	}
	return label + op + strconv.Quote(strings.Join(alternatives, "|"))
}

// oneOf is a matcher for exact values.
func oneOf(label string, values []string) string {
	patterns := make([]pattern, len(values))
	for i, v := range values {
		patterns[i] = pattern{v}
	}
	return matcher(label, false, patterns)
}

func (p pattern) regexp() string {
	if p.present() {
		return ".+"
	}
	quoted := make([]string, len(p))
	for i, part := range p {
		quoted[i] = regexp.QuoteMeta(part)
	}
	return strings.Join(quoted, ".*")
}

// bareFields are where a word without a key is looked for.
var bareFields = []string{store.FieldName, edge.KeyRoute, "url.path"}

// logsql writes the conditions as LogsQL filters, each and-ed to what stands before by the space between them.
func logsql(conditions []condition) []string {
	out := make([]string, 0, len(conditions))
	for _, c := range conditions {
		var any []string
		for _, p := range c.patterns {
			any = append(any, p.logsql(c.key)...)
		}
		text := "(" + strings.Join(any, " or ") + ")"
		if c.exclude {
			text = "!" + text
		}
		out = append(out, text)
	}
	return out
}

func (p pattern) logsql(key string) []string {
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
		return p.operation()
	}
	return []string{p.filter(key)}
}

// operation is the filter of an event's operation, which its row has as route, or without one as name, unless it has a name of its
// own (store.RowRenderer).
func (p pattern) operation() []string {
	none, noRoute := exactly(edge.KeyOperation, ""), exactly(edge.KeyRoute, "")
	name := fmt.Sprintf("(%s %s %s)", none, noRoute, p.filter(store.FieldName))
	if p.exact() && p[0] == "" {
		return []string{name}
	}
	return []string{p.filter(edge.KeyOperation), fmt.Sprintf("(%s %s)", none, p.filter(edge.KeyRoute)), name}
}

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
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = quote(v)
	}
	return quote(field) + ":in(" + strings.Join(quoted, ",") + ")"
}

// quote writes a LogsQL string. Its reader undoes it with strconv.Unquote, so that no value can end its own quotes.
func quote(s string) string { return strconv.Quote(s) }
