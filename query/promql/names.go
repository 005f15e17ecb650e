package promql

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/VictoriaMetrics/metricsql"

	"edgescope/edge"
)

// Names of Prometheus 3 may hold any character, and OpenTelemetry's have dots. Samples are stored under names that
// every tool of Prometheus takes: the door makes one underscore of every run of other characters (docs/otlp.md). So a
// question for "cloud.region" finds cloud_region, and none of the names that are stored is out of its reach.

// isStored tells whether a label can have a name as it is.
func isStored(name string, more string) bool {
	if name == "" || isDigit(name[0]) {
		return false
	}
	return strings.IndexFunc(name, func(r rune) bool {
		return r >= utf8.RuneSelf || !isAlphanumeric(byte(r)) && r != '_' && !strings.ContainsRune(more, r)
	}) < 0
}

func isAlphanumeric(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || isDigit(c) }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// storedLabel returns the name under which the door stores a label.
func storedLabel(name string) string {
	if name == "" || isStored(name, "") {
		return name
	}
	stored := make([]byte, 0, len(name))
	for i := range len(name) {
		switch c := name[i]; {
		case isAlphanumeric(c) || c == '_':
			stored = append(stored, c)
		case len(stored) == 0 || stored[len(stored)-1] != '_':
			stored = append(stored, '_')
		}
	}
	switch c := stored[0]; {
	case c == '_':
		return "key" + string(stored)
	case isDigit(c):
		return "key_" + string(stored)
	}
	return string(stored)
}

// storedMetric returns the name under which the door stores a metric.
func storedMetric(name string) string {
	if name == "" || isStored(name, ":") {
		return name
	}
	stored := strings.Join(strings.FieldsFunc(name, func(r rune) bool {
		return r >= utf8.RuneSelf || !isAlphanumeric(byte(r)) && r != ':'
	}), "_")
	if stored != "" && isDigit(stored[0]) {
		return "_" + stored
	}
	return stored
}

// renameAll puts the names that are stored in place of others, all over an expression, and tells whether there were
// any. told, if it is not nil, gets each pair.
func renameAll(e metricsql.Expr, told func(asked, stored string)) (changed bool) {
	r := renamer{told: told}
	metricsql.VisitAll(e, r.visit)
	return r.changed
}

type renamer struct {
	told    func(asked, stored string)
	changed bool
}

func (r *renamer) put(name *string, stored func(string) string) {
	now := stored(*name)
	if now == *name || now == "" {
		return
	}
	if r.told != nil {
		r.told(*name, now)
	}
	*name, r.changed = now, true
}

// names renames the labels of by, without, on, ignoring and group_left. One that is there twice then stays once.
func (r *renamer) names(list []string) []string {
	before := r.changed
	for i := range list {
		r.put(&list[i], storedLabel)
	}
	if before == r.changed {
		return list
	}
	var once []string
	for _, name := range list {
		if !slices.Contains(once, name) {
			once = append(once, name)
		}
	}
	return once
}

func (r *renamer) visit(e metricsql.Expr) {
	switch t := e.(type) {
	case *metricsql.MetricExpr:
		for _, filters := range t.LabelFilterss {
			r.filters(filters)
		}
	case *metricsql.ModifierExpr:
		t.Args = r.names(t.Args)
	case *metricsql.FuncExpr:
		r.arguments(t.Name, t.Args)
	case *metricsql.AggrFuncExpr:
		r.arguments(t.Name, t.Args)
	}
}

func (r *renamer) filters(filters []metricsql.LabelFilter) {
	for i := range filters {
		f := &filters[i]
		if f.Label != edge.LabelName {
			r.put(&f.Label, storedLabel)
		} else if !f.IsRegexp {
			r.put(&f.Value, storedMetric)
		}
	}
}

// labelArguments tells which arguments of a function are names of labels. Those that it writes count too: what a question
// calls "a.b" in one place it finds by that name in another.
var labelArguments = map[string]func(arg int) bool{
	"count_values": first, "count_values_over_time": first, "quantiles": first, "quantiles_over_time": first,
	"histogram_quantiles": first,
	"label_value":         second, "label_match": second, "label_mismatch": second, "label_transform": second,
	"label_map":  second,
	"label_keep": behind, "label_del": behind, "label_copy": behind, "label_move": behind, "label_lowercase": behind,
	"label_uppercase": behind, "labels_equal": behind, "sort_by_label": behind, "sort_by_label_desc": behind,
	"sort_by_label_numeric": behind, "sort_by_label_numeric_desc": behind,
	"histogram_quantile": third, "histogram_share": third,
	"label_replace": func(arg int) bool { return arg == 1 || arg == 3 },
	"label_join":    func(arg int) bool { return arg == 1 || arg >= 3 },
	"label_set":     func(arg int) bool { return arg%2 == 1 },
}

func first(arg int) bool  { return arg == 0 }
func second(arg int) bool { return arg == 1 }
func third(arg int) bool  { return arg == 2 }
func behind(arg int) bool { return arg > 0 }

func (r *renamer) arguments(name string, args []metricsql.Expr) {
	isLabel := labelArguments[strings.ToLower(name)]
	if isLabel == nil {
		return
	}
	for i, arg := range args {
		if text, ok := arg.(*metricsql.StringExpr); ok && isLabel(i) {
			r.put(&text.S, storedLabel)
		}
	}
}

// escaped begins a name whose other characters are escaped.
const escaped = "U__"

// unescape reads a name as clients escape it where only letters, digits and underscores can stand (Prometheus, "UTF-8 in
// Prometheus", text escaping): U__, then _2e_ for the character U+002E, and two underscores for one. What is not
// escaped so comes back as it is.
func unescape(name string) string {
	rest, ok := strings.CutPrefix(name, escaped)
	if !ok {
		return name
	}
	var plain strings.Builder
	for rest != "" {
		before, behind, found := strings.Cut(rest, "_")
		plain.WriteString(before)
		if !found {
			break
		}
		code, behind, found := strings.Cut(behind, "_")
		if !found {
			return name
		}
		if rest = behind; code == "" {
			plain.WriteByte('_')
			continue
		}
		n, err := strconv.ParseUint(code, 16, 32)
		if err != nil || len(code) > 6 || !utf8.ValidRune(rune(n)) {
			return name
		}
		plain.WriteRune(rune(n))
	}
	return plain.String()
}
