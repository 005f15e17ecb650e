package tables

import (
	"context"
	"slices"

	"edgescope/edge"
	"edgescope/query/filter"
	"edgescope/query/tally"
)

// Parts says which figures a cut needs beside what every answer has: fewer parts, fewer series read.
type Parts uint

const (
	// WithEvents are the raw numbers of events.
	WithEvents Parts = 1 << iota
	// WithRequests are events, and requests and errors.
	WithRequests
	// WithMean is the sum of durations.
	WithMean
	// WithStarts are cold and warm starts.
	WithStarts
	// WithOutcomes are cache outcomes.
	WithOutcomes
	// WithDurations are the durations of all invocations.
	WithDurations
	// withCold keeps durations of cold and warm starts apart.
	withCold
	// WithCache keeps durations of cache hits and misses apart.
	WithCache
	// WithInit are init durations and their sum.
	WithInit
	// WithCPU are CPU times.
	WithCPU
	// WithResponses are the status codes; in family service only.
	WithResponses

	// WithCounts are what all tables show beside durations.
	WithCounts = WithRequests | WithStarts | WithOutcomes
	// RowParts are what a table of regions, routes or versions shows.
	RowParts = WithCounts | withCold
	// AllParts are what the tiles show.
	AllParts = RowParts | WithInit | WithCPU
)

// Cut is a question for tallies: by which attributes, in which window, of what.
type Cut struct {
	Tenant     edge.Tenant
	By         []string
	Window     tally.Window
	Parts      Parts
	Conditions []filter.Condition
	// Ranges are the vmranges of histograms to read, as tally.RangesAbove writes them; nil reads all.
	Ranges []string
	// Spans counts every span, whatever the source of its service's numbers is: as many as there are rows.
	Spans bool
}

// GroupedBy is the cut by these attributes.
func (c Cut) GroupedBy(keys ...string) Cut {
	c.By = keys
	return c
}

// Where is the cut with further values demanded of an attribute.
func (c Cut) Where(key string, values []string) Cut {
	return c.And(filter.AnyOf(key, values))
}

// Regions limits a cut to regions by name.
func (c Cut) Regions(names []string) Cut { return c.Where(edge.KeyRegion, names) }

// And is the cut with one condition more.
func (c Cut) And(also filter.Condition) Cut {
	c.Conditions = append(slices.Clip(c.Conditions), also)
	return c
}

// Table returns what a cut asks for: from the rollups where a family has it, else from the events.
func (d *Reader) Table(ctx context.Context, c Cut) (*tally.Table, error) {
	if slices.ContainsFunc(c.Conditions, func(c filter.Condition) bool { return len(c.Patterns) == 0 }) {
		return tally.NewTable(c.Window), nil // one of no values: nothing can match
	}
	if f, ok := c.family(); ok {
		return d.rollups(ctx, c, f)
	}
	return d.eventTable(ctx, c)
}
