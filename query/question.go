// Package query answers the questions that people ask of edge telemetry: an Engine answers from a store, a Client asks a
// collector over HTTP, and both give the same answers. One file per question.
package query

import "time"

// Question is a range and filters, as the keys of a page's URL have them. Parse reads it, Values writes it.
type Question struct {
	// From and To bound the question, From <= time < To; Live is true when To follows the clock.
	From, To time.Time
	Live     bool
	// Range is the length as it was asked ("1h"), empty when From and To were given.
	Range string

	// The filters: values of one key are or-ed, keys are and-ed, a leading "-" excludes.
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
