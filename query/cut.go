package query

import (
	"context"
	"slices"

	"edgescope/edge"
)

// parts says which figures a cut needs beside what every answer has: fewer parts, fewer series read.
type parts uint

const (
	// withEvents are the raw numbers of events.
	withEvents parts = 1 << iota
	// withRequests are events, and requests and errors.
	withRequests
	// withMean is the sum of durations.
	withMean
	// withStarts are cold and warm starts.
	withStarts
	// withOutcomes are cache outcomes.
	withOutcomes
	// withDurations are the durations of all invocations.
	withDurations
	// withCold keeps durations of cold and warm starts apart.
	withCold
	// withCache keeps durations of cache hits and misses apart.
	withCache
	// withInit are init durations and their sum.
	withInit
	// withCPU are CPU times.
	withCPU
	// withResponses are the status codes; in family service only.
	withResponses

	// withCounts are what all tables show beside durations.
	withCounts = withRequests | withStarts | withOutcomes
	// rowParts are what a table of regions, routes or versions shows, allParts what the tiles show.
	rowParts = withCounts | withCold
	allParts = rowParts | withInit | withCPU
)

// cut is a question for tallies: by which attributes, in which window, of what.
type cut struct {
	tenant     edge.Tenant
	by         []string
	win        window
	parts      parts
	conditions []condition
	// spans counts every span, whatever the source of its service's numbers is: as many as there are rows.
	spans bool
}

// where is the cut with further values demanded of an attribute.
func (c cut) where(key string, values []string) cut {
	return c.and(anyOf(key, values))
}

// regions limits a cut to regions by name.
func (c cut) regions(names []string) cut { return c.where(edge.KeyRegion, names) }

// and is the cut with one condition more.
func (c cut) and(also condition) cut {
	c.conditions = append(slices.Clip(c.conditions), also)
	return c
}

// table answers a cut from the rollups if a family has the attributes that it needs, else from the events.
func (d *reader) table(ctx context.Context, c cut) (*table, error) {
	if slices.ContainsFunc(c.conditions, func(c condition) bool { return len(c.patterns) == 0 }) {
		return newTable(c.win), nil // one of no values: nothing can match
	}
	if f, ok := c.family(); ok {
		return d.rollups(ctx, c, f)
	}
	return d.eventTable(ctx, c)
}
