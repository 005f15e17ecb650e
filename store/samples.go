package store

import (
	"time"

	"edgescope/edge"
)

// SamplesQuestion is a question for samples as they are stored.
type SamplesQuestion struct {
	Tenant edge.Tenant
	// Selectors are MetricsQL series selectors, at least one: a series that any of them finds is in the answer.
	Selectors []string
	// Narrow are lists of further selectors: of each list a series must meet one.
	Narrow [][]string
	// From and To bound the samples: From <= time <= To, in whole milliseconds. Both are required.
	From, To time.Time
}

// Samples are samples of one series, rising in time.
type Samples struct {
	// Labels are sorted by key and hold no edge_tenant.
	Labels []edge.Attr
	// Times are Unix milliseconds. Values[i] is that of Times[i].
	Times  []int64
	Values []float64
}
