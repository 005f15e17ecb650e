package query

import (
	"errors"
	"slices"
	"strings"

	"edgescope/edge"
)

// attributes are the words before the colon of a filter text, and the attribute that each means; the keys of filters are among
// them. Every other word must be an attribute's own name.
var attributes = map[string]string{
	KeyService: edge.KeyServiceName, KeyVersion: edge.KeyServiceVersion, KeyRegion: edge.KeyRegion, KeyRoute: edge.KeyRoute,
	KeyStatus: edge.KeyStatus, KeyCold: edge.KeyColdStart, KeyCache: edge.KeyCacheStatus,
	"method": edge.KeyMethod, "outcome": edge.KeyOutcome, "country": edge.KeyCountry, "platform": edge.KeyCloudPlatform,
	"colo": edge.KeyColo, "name": "name", "operation": edge.KeyOperation, "error": edge.KeyErrorType,
}

// Attribute returns the attribute that a filter's key means: KeyRegion means cloud.region.
func Attribute(key string) string { return attributes[key] }

// words are what texts of filters may say.
var words = vocabulary{
	known: func(key string) bool {
		_, ok := attributes[key]
		return ok || strings.ContainsAny(key, "._") && len(key) <= 128
	},
	unknownKey: "use service, version, region, route, status, cold, cache, method, outcome, " +
		`or an attribute's full name such as url.path; text with a colon goes in quotes`,
	bad: func(key, value string) string {
		if key == KeyStatus {
			return ""
		}
		return badFilter(key, value)
	},
}

// terms reads the filter text; its error is a *ParamError.
func (q *Question) terms() ([]term, error) {
	terms, err := parseText(q.Text, words)
	var wrong *syntaxError
	if errors.As(err, &wrong) {
		return nil, &ParamError{Key: KeyText, Value: q.Text, Column: wrong.Column, Reason: wrong.Reason}
	}
	return terms, err
}

// Conditions returns everything that the question's filters and text demand of an event, and-ed. Words of the text with one key
// are or-ed, as the values of a filter are, and so are those that exclude: none of them may be. The error is a *ParamError.
func (q *Question) Conditions() ([]condition, error) {
	var out []condition
	for _, f := range q.filters() {
		out = append(out, filterConditions(f.key, *f.values)...)
	}
	terms, err := q.terms()
	if err != nil {
		return nil, err
	}
	return append(out, textConditions(terms)...), nil
}

func textConditions(terms []term) []condition {
	var out []condition
	for _, t := range terms {
		key, ok := attributes[t.key]
		if !ok {
			key = t.key
		}
		patterns := patternsOf(t.key, t.pattern)
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
	wanted, unwanted := condition{key: attributes[key]}, condition{key: attributes[key], exclude: true}
	for _, v := range values {
		c := &wanted
		if rest, ok := strings.CutPrefix(v, "-"); ok {
			c, v = &unwanted, rest
		}
		c.patterns = append(c.patterns, patternsOf(key, pattern{v})...)
	}
	return slices.DeleteFunc([]condition{wanted, unwanted}, func(c condition) bool { return len(c.patterns) == 0 })
}

// RegionCondition is what events of one region meet, as the path of a question names it. The error is a *ParamError.
func RegionCondition(code string) (condition, error) {
	if reason := badFilter(KeyRegion, code); code != "" && reason != "" {
		return condition{}, &ParamError{Key: keyID, Value: code, Reason: reason}
	}
	return condition{key: edge.KeyRegion, patterns: patternsOf(KeyRegion, pattern{code})}, nil
}

// patternsOf returns what a value means beside itself: the value "unknown" is absence too, the status 5xx is 5*.
func patternsOf(key string, p pattern) []pattern {
	switch {
	case p.exact() && p[0] == Unknown:
		return []pattern{p, {""}}
	case p.exact() && key == KeyStatus && strings.HasSuffix(p[0], "xx"):
		return []pattern{{strings.TrimSuffix(p[0], "xx"), ""}}
	default:
		return []pattern{p}
	}
}
