package promql

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"time"

	"github.com/VictoriaMetrics/metricsql"

	"edgescope/edge"
)

// reach says which series a selector can find.
type reach uint8

const (
	onlyOthers reach = iota // none of our totals
	onlyTotals
	both
)

var families = [...]string{edge.FamilyService, edge.FamilyColo, edge.FamilyRoute, edge.FamilyCountry}

// isTotal tells whether a metric of that name is a total: the prefixes belong to us, and no client can send such a
// name.
func isTotal(name string) bool {
	return slices.ContainsFunc(families[:], func(family string) bool { return strings.HasPrefix(name, family) })
}

// mayBecomeTotal tells whether some name that begins so is a total.
func mayBecomeTotal(begin string) bool {
	return isTotal(begin) ||
		slices.ContainsFunc(families[:], func(family string) bool { return strings.HasPrefix(family, begin) })
}

// reachOf returns which series a selector can find. Its alternatives (or) must agree, else it is both.
func reachOf(selector *metricsql.MetricExpr) reach {
	if len(selector.LabelFilterss) == 0 {
		return both
	}
	first := reachOfGroup(selector.LabelFilterss[0])
	for _, group := range selector.LabelFilterss[1:] {
		if reachOfGroup(group) != first {
			return both
		}
	}
	return first
}

func reachOfGroup(filters []metricsql.LabelFilter) reach {
	found := both
	for i := range filters {
		f := &filters[i]
		switch {
		case f.IsNegative:
		case f.Label != edge.LabelName && foreign(f):
			return onlyOthers
		case f.Label != edge.LabelName:
		case !f.IsRegexp:
			return reachOfNames([]beginning{{f.Value, true}})
		default:
			if r := reachOfNames(beginningsOf(f.Value)); r != both {
				found = r
			}
		}
	}
	return found
}

// totalLabels are the labels that totals can have.
var totalLabels = map[string]bool{
	edge.LabelTenant: true, edge.LabelCollector: true, edge.LabelPart: true, edge.LabelSignal: true,
	edge.LabelVMRange: true,
	edge.LabelService: true, edge.LabelVersion: true, edge.LabelPlatform: true, edge.LabelRegion: true,
	edge.LabelColo:    true,
	edge.LabelCountry: true, edge.LabelRoute: true, edge.LabelOutcome: true, edge.LabelColdStart: true,
	edge.LabelCache:  true,
	edge.LabelStatus: true,
}

// foreign tells whether a filter asks for a label that no total has.
func foreign(f *metricsql.LabelFilter) bool {
	if totalLabels[f.Label] {
		return false
	}
	if !f.IsRegexp {
		return f.Value != ""
	}
	re, err := regexp.Compile("^(?:" + f.Value + ")$")
	return err == nil && !re.MatchString("")
}

func reachOfNames(names []beginning) reach {
	totals, others := false, false
	for _, b := range names {
		switch {
		case isTotal(b.text):
			totals = true
		case b.whole || !mayBecomeTotal(b.text):
			others = true
		default:
			return both
		}
	}
	switch {
	case totals && others || len(names) == 0:
		return both
	case totals:
		return onlyTotals
	default:
		return onlyOthers
	}
}

// widthOf returns how long the windows of a selector's totals are: those of the name's suffix, 10 s if several names
// are possible.
func widthOf(selector *metricsql.MetricExpr) time.Duration {
	for _, group := range selector.LabelFilterss {
		for i := range group {
			f := &group[i]
			if f.Label != edge.LabelName || f.IsNegative {
				continue
			}
			for _, w := range slices.Backward(edge.Widths[:]) {
				if w.Suffix == "" || strings.HasSuffix(f.Value, w.Suffix) {
					return time.Duration(w.Seconds) * time.Second
				}
			}
		}
	}
	return time.Duration(edge.Widths[0].Seconds) * time.Second
}

// isBuckets tells whether a selector finds buckets of our histograms and nothing else.
func isBuckets(selector *metricsql.MetricExpr) bool {
	if reachOf(selector) != onlyTotals {
		return false
	}
	for _, group := range selector.LabelFilterss {
		if !slices.ContainsFunc(group, func(f metricsql.LabelFilter) bool {
			name, _, _ := strings.Cut(f.Value, ":")
			return f.Label == edge.LabelName && !f.IsNegative && strings.HasSuffix(name, "_bucket")
		}) {
			return false
		}
	}
	return true
}

// countsBuckets tells whether a selector names the counts of our histograms (..._count), which are not stored, and has it
// find the buckets that they are the sums of.
func countsBuckets(selector *metricsql.MetricExpr) bool {
	var names []*string
	for _, group := range selector.LabelFilterss {
		at := slices.IndexFunc(group, func(f metricsql.LabelFilter) bool {
			return f.Label == edge.LabelName && !f.IsNegative && !f.IsRegexp && bucketsOf(f.Value) != ""
		})
		if at < 0 {
			return false
		}
		names = append(names, &group[at].Value)
	}
	for _, name := range names {
		*name = bucketsOf(*name)
	}
	return len(names) > 0
}

// bucketsOf returns the name of the buckets that a count is of, empty where there are none.
func bucketsOf(count string) string {
	name, width, _ := strings.Cut(count, ":")
	base, ok := strings.CutSuffix(name, "_count")
	if width != "" {
		width = ":" + width
	}
	if buckets := base + "_bucket" + width; ok && totals[buckets].Type != "" {
		return buckets
	}
	return ""
}

// beginning is how a text that a regular expression matches can begin; whole tells that it is all of it.
type beginning struct {
	text  string
	whole bool
}

// maxBeginnings bounds them; of an expression with more nothing is known.
const maxBeginnings = 64

// beginningsOf returns how the matches of an anchored regular expression can begin: each match begins in one of these
// ways. None are returned for an expression that is wrong.
func beginningsOf(expr string) []beginning {
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil
	}
	return beginnings(re.Simplify())
}

var unknown = []beginning{{}}

func beginnings(re *syntax.Regexp) []beginning {
	switch re.Op {
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase == 0 {
			return []beginning{{string(re.Rune), true}}
		}
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText:
		return []beginning{{"", true}}
	case syntax.OpCapture:
		return beginnings(re.Sub[0])
	case syntax.OpQuest:
		return bounded(append(beginnings(re.Sub[0]), beginning{"", true}))
	case syntax.OpPlus:
		list := slices.Clone(beginnings(re.Sub[0]))
		for i := range list {
			list[i].whole = false
		}
		return list
	case syntax.OpCharClass:
		return ofClass(re.Rune)
	case syntax.OpAlternate:
		var list []beginning
		for _, sub := range re.Sub {
			list = append(list, beginnings(sub)...)
		}
		return bounded(list)
	case syntax.OpConcat:
		return ofConcat(re.Sub)
	}
	return unknown
}

func ofConcat(parts []*syntax.Regexp) []beginning {
	list := []beginning{{"", true}}
	for _, part := range parts {
		var longer []beginning
		next := beginnings(part)
		for _, b := range list {
			if !b.whole {
				longer = append(longer, b)
				continue
			}
			for _, n := range next {
				longer = append(longer, beginning{b.text + n.text, n.whole})
			}
		}
		if len(longer) > maxBeginnings {
			for i := range list {
				list[i].whole = false
			}
			return list
		}
		list = longer
	}
	return list
}

// ofClass takes the pairs of first and last characters of a class.
func ofClass(pairs []rune) (list []beginning) {
	for i := 0; i+1 < len(pairs); i += 2 {
		for c := pairs[i]; c <= pairs[i+1]; c++ {
			if list = append(list, beginning{string(c), true}); len(list) > maxBeginnings {
				return unknown
			}
		}
	}
	return list
}

func bounded(list []beginning) []beginning {
	if len(list) > maxBeginnings {
		return unknown
	}
	return list
}
