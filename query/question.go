// Package query answers the questions that people ask of edge telemetry: an Engine answers from a store, a Client asks a
// collector over HTTP, and both give the same answers. One file per question.
package query

import (
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

	// The filters: values of one key are or-ed, keys are and-ed, a leading "-" excludes. Values are exact; "unknown" also
	// means that the attribute is absent. Status is a code ("404") or a class ("5xx").
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

	// keyID names one region, trace or run where it is not in the path.
	keyID = "id"
)

// The defaults, which Values leaves out.
const (
	DefaultRange      = "1h"
	DefaultPercentile = 95
	DefaultSort       = "-p95"
	DefaultCompare    = "prev"
)

// Values of Compare; a version is compared with as CompareVersion + its text.
const (
	ComparePrevious = "prev"
	CompareNone     = "none"
	CompareVersion  = "v:"
)

// Unknown is the filter value that selects what does not have the attribute.
const Unknown = "unknown"

// filters answers the seven filters with their keys, in the order of the URL table.
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

// Values answers the keys of the question's URL: defaults are left out, filters are sorted, lengths of time have one
// spelling. Questions that are equal have equal Values, and Encode of them has a fixed order.
func (q Question) Values() url.Values {
	v := url.Values{}
	q.rangeValues(v)
	for _, f := range q.filters() {
		for _, s := range canonicalFilter(*f.values) {
			v.Add(f.key, s)
		}
	}
	set := func(key, value, standard string) {
		if value != "" && value != standard {
			v.Set(key, value)
		}
	}
	set(KeyText, q.Text, "")
	set(KeyPercentile, strconv.Itoa(q.Percentile), strconv.Itoa(DefaultPercentile))
	if q.Percentile == 0 {
		v.Del(KeyPercentile)
	}
	set(KeySort, q.Sort, DefaultSort)
	set(KeyCompare, q.Compare, DefaultCompare)
	set(KeyMin, q.Min.String(), time.Duration(0).String())
	set(KeyMax, q.Max.String(), time.Duration(0).String())
	set(KeyAfter, q.After, "")
	set(KeyLimit, strconv.Itoa(q.Limit), "0")
	set(KeyBase, q.Base, "")
	return v
}

func (q *Question) rangeValues(v url.Values) {
	if q.Range == "" && !q.From.IsZero() {
		v.Set(KeyFrom, q.From.UTC().Format(time.RFC3339Nano))
		v.Set(KeyTo, q.To.UTC().Format(time.RFC3339Nano))
		return
	}
	if q.Range != "" && q.Range != DefaultRange {
		v.Set(KeyRange, q.Range)
	}
	if !q.Live && q.Range != "" {
		v.Set(KeyLive, "0")
	}
}
