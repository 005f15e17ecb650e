// Package query has the questions that people ask of edge telemetry and their answers: as types, as URLs, as an HTTP
// API and its client. What answers them is query/engine.
package query

import (
	"cmp"
	"net/url"
	"strconv"
	"time"
)

// Question is a range and filters, as the keys of a page's URL have them. Parse reads it, Values writes it.
type Question struct {
	// From and To bound the question, From <= time < To; Live is true when To follows the clock.
	From, To time.Time
	Live     bool
	// Range is the length as it was asked ("1h"), empty when From and To were given.
	Range string

	// The filters: values of one key are or-ed, keys are and-ed, a leading "-" excludes. Values are exact; "unknown"
	// also means that the attribute is absent. Status is a code ("404") or a class ("5xx").
	Service, Version, Region, Route, Status, Cold, Cache []string
	// Text is the filter text q: words key:value with * for any text, such as "route:/img/* region:GRU -status:5*".
	Text string

	// Percentile is 50, 95 or 99.
	Percentile int
	// Sort is a column, "-" first for descending.
	Sort string
	// Compare is "prev", "none" or "v:<version>".
	Compare string
	// Min and Max bound the duration of traces; Max 0 means none.
	Min, Max time.Duration
	// After is the cursor of a list, Limit its length (0: the default).
	After string
	Limit int
	// Base is the id of the run to compare with.
	Base string
	// Target is the share of cache hits that is aimed at, in percent, 0 for the default.
	Target float64
	// Movable is the share of CPU time that could be done in WebAssembly, above 0 up to 1; 0 for the default.
	Movable float64
	// Bad is what makes an invocation bad where it is asked what bad ones share: BadErrors and so on, "" to choose.
	Bad string
}

// The keys of a question, as URLs spell them.
const (
	KeyRange      = "range"
	KeyFrom       = "from"
	KeyTo         = "to"
	KeyLive       = "live"
	KeyService    = "service"
	KeyVersion    = "version"
	KeyRegion     = "region"
	KeyRoute      = "route"
	KeyStatus     = "status"
	KeyCold       = "cold"
	KeyCache      = "cache"
	KeyText       = "q"
	KeyPercentile = "p"
	KeySort       = "sort"
	KeyCompare    = "cmp"
	KeyMin        = "min"
	KeyMax        = "max"
	KeyAfter      = "after"
	KeyLimit      = "limit"
	KeyBase       = "base"
	KeyBad        = "bad"
	KeyTarget     = "target"
	KeyMovable    = "movable"

	// KeyID names one region, trace or run where it is not in the path.
	KeyID = "id"
)

// Values of Compare; a version is compared with as CompareVersion + its text.
const (
	ComparePrevious = "prev"
	CompareNone     = "none"
	CompareVersion  = "v:"
)

// Unknown is the filter value that selects what does not have the attribute.
const Unknown = "unknown"

// filters returns the seven filters with their keys, in the order of the URL table.
func (q *Question) filters() []filterField {
	return []filterField{
		{KeyService, &q.Service},
		{KeyVersion, &q.Version},
		{KeyRegion, &q.Region},
		{KeyRoute, &q.Route},
		{KeyStatus, &q.Status},
		{KeyCold, &q.Cold},
		{KeyCache, &q.Cache},
	}
}

type filterField struct {
	key    string
	values *[]string
}

// standard is the question of a URL without keys, but for when it is asked.
func standard() Question {
	return Question{Range: "1h", Live: true, Percentile: 95, Sort: "-p95", Compare: ComparePrevious}
}

// WithDefaults is the question with what a URL without keys would ask in place of what is not set; the range stays.
func (q Question) WithDefaults() Question {
	d := standard()
	q.Percentile, q.Sort, q.Compare = cmp.Or(q.Percentile, d.Percentile), cmp.Or(q.Sort, d.Sort),
		cmp.Or(q.Compare, d.Compare)
	return q
}

// Values returns the keys of the question's URL: defaults are left out, filters are sorted, lengths of time have one
// spelling. Questions that are equal have equal Values, and Encode of them has a fixed order.
func (q Question) Values() url.Values { return Canonical(q.values()) }

// defaults are the keys that say what a URL without them says too.
var defaults = standard().values()

// Canonical returns the keys without those that are empty or say what is asked without them.
func Canonical(v url.Values) url.Values {
	out := url.Values{}
	for key, values := range v {
		for _, value := range values {
			if value != "" && value != defaults.Get(key) {
				out.Add(key, value)
			}
		}
	}
	return out
}

// OfOnePage returns the keys that mean something on one page only: links to other pages leave them behind.
func OfOnePage() []string {
	return []string{KeySort, KeyMin, KeyMax, KeyAfter, KeyBase, KeyLimit, KeyBad, KeyTarget, KeyMovable}
}

// values are all keys.
func (q Question) values() url.Values {
	v := url.Values{}
	for _, f := range q.filters() {
		v[f.key] = canonicalFilter(*f.values)
	}
	live := map[bool]string{true: "1", false: "0"}
	switch {
	case q.Range != "":
		v.Set(KeyRange, q.Range)
		v.Set(KeyLive, live[q.Live])
	case !q.From.IsZero():
		v.Set(KeyFrom, q.From.UTC().Format(time.RFC3339Nano))
		v.Set(KeyTo, q.To.UTC().Format(time.RFC3339Nano))
	}
	if q.Percentile != 0 {
		v.Set(KeyPercentile, strconv.Itoa(q.Percentile))
	}
	v.Set(KeyMin, q.Min.String())
	v.Set(KeyMax, q.Max.String())
	v.Set(KeyLimit, strconv.Itoa(q.Limit))
	v.Set(KeyTarget, strconv.FormatFloat(q.Target, 'f', -1, 64))
	v.Set(KeyMovable, strconv.FormatFloat(q.Movable, 'f', -1, 64))
	for key, text := range map[string]string{
		KeyText: q.Text, KeySort: q.Sort, KeyCompare: q.Compare, KeyAfter: q.After, KeyBase: q.Base,
		KeyBad: q.Bad,
	} {
		v.Set(key, text)
	}
	return v
}
