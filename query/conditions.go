package query

import (
	"errors"
	"slices"
	"strings"

	"edgescope/edge"
	"edgescope/query/filter"
)

// attributes are the words before the colon of a filter text, and the attribute that each means; the keys of filters
// are among them. Every other word must be an attribute's own name.
var attributes = map[string]string{
	KeyService: edge.KeyServiceName, KeyVersion: edge.KeyServiceVersion, KeyRegion: edge.KeyRegion,
	KeyRoute:  edge.KeyRoute,
	KeyStatus: edge.KeyStatus, KeyCold: edge.KeyColdStart, KeyCache: edge.KeyCacheStatus,
	"method": edge.KeyMethod, "outcome": edge.KeyOutcome, "country": edge.KeyCountry, "platform": edge.KeyCloudPlatform,
	"colo": edge.KeyColo, "name": "name", "operation": edge.KeyOperation, "error": edge.KeyErrorType,
}

// Attribute returns the attribute that a filter's key means: KeyRegion means cloud.region.
func Attribute(key string) string { return attributes[key] }

// words are what texts of filters may say.
var words = filter.Vocabulary{
	Known: func(key string) bool {
		_, ok := attributes[key]
		return ok || strings.ContainsAny(key, "._") && len(key) <= 128
	},
	UnknownKey: "use service, version, region, route, status, cold, cache, method, outcome, " +
		`or an attribute's full name such as url.path; text with a colon goes in quotes`,
	Bad: func(key, value string) string {
		if key == KeyStatus {
			return ""
		}
		return badFilter(key, value)
	},
}

// terms reads the filter text; its error is a *ParamError.
func (q *Question) terms() ([]filter.Term, error) {
	terms, err := filter.Parse(q.Text, words)
	var wrong *filter.SyntaxError
	if errors.As(err, &wrong) {
		return nil, &ParamError{Key: KeyText, Value: q.Text, Column: wrong.Column, Reason: wrong.Reason}
	}
	return terms, err
}

// Conditions returns everything that the question's filters and text demand of an event, and-ed. Words of the text with
// one key are or-ed, as the values of a filter are, and so are those that exclude: none of them may be. The error is a
// *ParamError.
func (q *Question) Conditions() ([]filter.Condition, error) {
	var out []filter.Condition
	for _, f := range q.filters() {
		out = append(out, filterConditions(f.key, *f.values)...)
	}
	terms, err := q.terms()
	if err != nil {
		return nil, err
	}
	return append(out, textConditions(terms)...), nil
}

func textConditions(terms []filter.Term) []filter.Condition {
	var out []filter.Condition
	for _, t := range terms {
		key, ok := attributes[t.Key]
		if !ok {
			key = t.Key
		}
		patterns := patternsOf(t.Key, t.Pattern)
		same := func(c filter.Condition) bool { return key != "" && c.Key == key && c.Exclude == t.Exclude }
		if i := slices.IndexFunc(out, same); i >= 0 {
			out[i].Patterns = append(out[i].Patterns, patterns...)
			continue
		}
		out = append(out, filter.Condition{Key: key, Exclude: t.Exclude, Patterns: patterns})
	}
	return out
}

func filterConditions(key string, values []string) []filter.Condition {
	wanted, unwanted := filter.Condition{Key: attributes[key]}, filter.Condition{Key: attributes[key], Exclude: true}
	for _, v := range values {
		c := &wanted
		if rest, ok := strings.CutPrefix(v, "-"); ok {
			c, v = &unwanted, rest
		}
		c.Patterns = append(c.Patterns, patternsOf(key, filter.Pattern{v})...)
	}
	return slices.DeleteFunc([]filter.Condition{wanted, unwanted},
		func(c filter.Condition) bool { return len(c.Patterns) == 0 })
}

// RegionCondition is what events of one region meet, as the path of a question names it. The error is a *ParamError.
func RegionCondition(code string) (filter.Condition, error) {
	if reason := badFilter(KeyRegion, code); code != "" && reason != "" {
		return filter.Condition{}, &ParamError{Key: KeyID, Value: code, Reason: reason}
	}
	return filter.Condition{Key: edge.KeyRegion, Patterns: patternsOf(KeyRegion, filter.Pattern{code})}, nil
}

// patternsOf returns what a value means beside itself: the value "unknown" is absence too, the status 5xx is 5*.
func patternsOf(key string, p filter.Pattern) []filter.Pattern {
	switch {
	case p.Exact() && p[0] == Unknown:
		return []filter.Pattern{p, {""}}
	case p.Exact() && key == KeyStatus && strings.HasSuffix(p[0], "xx"):
		return []filter.Pattern{{strings.TrimSuffix(p[0], "xx"), ""}}
	default:
		return []filter.Pattern{p}
	}
}
