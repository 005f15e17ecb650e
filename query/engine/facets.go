package engine

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/filter"
	"edgescope/query/tables"
	"edgescope/query/tally"
	"edgescope/store"
)

// facetKeys are the attributes that traces are told apart by, in the order shown.
var facetKeys = []string{
	query.KeyRegion, query.KeyRoute, query.KeyStatus, query.KeyCold, query.KeyCache, query.KeyVersion,
}

// facetValues is the greatest number of values of a facet.
const facetValues = 20

// counted is how many invocations there are, how long they took, and how many have each value of each facet.
type counted struct {
	n         int64
	durations tally.Distribution
	facets    map[string]map[string]int64
}

// counts returns what a list of traces shows beside the traces.
//
// Rows are counted by reading them, once for each facet: of a range of an hour that costs seconds. What the question
// filters by nothing, or by what a family of rollups has, the rollups have counted already for whole windows of ten
// seconds; then only the ends of the range, which are no whole windows or may not be added up yet, are counted by their
// rows.
func (a *asking) counts(ctx context.Context) (int64, query.Histogram, []query.Facet, error) {
	c := counted{facets: map[string]map[string]int64{}}
	for _, key := range facetKeys {
		c.facets[key] = map[string]int64{}
	}
	inner := a.settled()
	known, err := a.countRollups(ctx, inner, &c)
	if err != nil {
		return 0, query.Histogram{}, nil, err
	}
	ends := []tally.Window{{From: a.Q.From, To: inner.From}, {From: inner.To, To: a.Q.To}}
	g, ctx := errgroup.WithContext(ctx)
	ask := func(known bool, count func(from, to time.Time) error) {
		g.Go(func() error {
			if !known {
				return count(a.Q.From, a.Q.To)
			}
			for _, end := range ends {
				if !end.From.Before(end.To) {
					continue
				}
				if err := count(end.From, end.To); err != nil {
					return err
				}
			}
			return nil
		})
	}
	ask(known[facetAll], func(from, to time.Time) error { return a.countRows(ctx, from, to, &c) })
	for _, key := range facetKeys {
		ask(known[key], func(from, to time.Time) error { return a.countFacet(ctx, key, from, to, c.facets[key]) })
	}
	if err := g.Wait(); err != nil {
		return 0, query.Histogram{}, nil, err
	}
	return c.n, c.durations.Histogram(&tally.Distribution{}), c.sorted(), nil
}

const (
	// facetAll stands for the number of invocations and their durations among the facets that are known.
	facetAll = ""
	// settling is how old a window is when totals have it: they are written every 1.5 seconds, and later when the store
	// is behind.
	settling = 15 * time.Second
	// leastSettled is the shortest range that is worth asking of the rollups.
	leastSettled = 5 * time.Minute
)

// settled is the part of the range that consists of whole windows that are old enough to be in the rollups. It is
// empty, at the start of the range, when there is no such part, when the question goes by what no rollup has, and when
// it reaches back to where events are deleted.
func (a *asking) settled() tally.Window {
	none := tally.Window{From: a.Q.From, To: a.Q.From}
	width := time.Duration(edge.Widths[0].Seconds) * time.Second
	to := a.Q.To
	if last := a.Now.Add(-settling); last.Before(to) {
		to = last
	}
	w := tally.Window{From: tally.Ceil(a.Q.From, width), To: tally.Floor(to, width)}
	if w.Step = w.To.Sub(w.From); w.Step < leastSettled || a.Q.Min > 0 || a.Q.Max > 0 ||
		a.Q.From.Before(a.Now.Add(-a.o.Retention)) {
		return none
	}
	return w
}

// countRollups counts by the rollups what they can answer, and says which facets that is. Rollups weigh what was
// sampled, rows of traces are counted one by one: where the two differ, nothing is known.
func (a *asking) countRollups(ctx context.Context, w tally.Window, c *counted) (map[string]bool, error) {
	known := map[string]bool{}
	if !w.From.Before(w.To) {
		return known, nil
	}
	cutBy := func(p tables.Parts, by ...string) tables.Cut {
		return tables.Cut{Tenant: a.Tenant, By: by, Window: w, Parts: p, Conditions: a.Conditions, Spans: true}
	}
	all, err := a.read.RollupsOnly(ctx,
		cutBy(tables.WithRequests|tables.WithStarts|tables.WithOutcomes|tables.WithDurations|tables.WithResponses))
	if err != nil {
		return known, fmt.Errorf("count traces: %w", err)
	}
	if all == nil {
		return known, nil
	}
	total := all.Total()
	if math.Abs(total.Requests-total.Events) > 1e-6*total.Events {
		return known, nil
	}
	c.total(total)
	for _, key := range []string{facetAll, query.KeyStatus, query.KeyCold, query.KeyCache} {
		known[key] = true
	}
	for key, by := range map[string]string{
		query.KeyRegion: edge.KeyRegion, query.KeyRoute: edge.KeyRoute, query.KeyVersion: edge.KeyServiceVersion,
	} {
		t, err := a.read.RollupsOnly(ctx, cutBy(tables.WithEvents, by))
		if err != nil {
			return nil, fmt.Errorf("count traces: %w", err)
		}
		if t == nil || tally.Sum(t.Rest).Events > 0 {
			continue
		}
		known[key] = true
		for value, row := range t.Groups {
			c.add(key, value, tally.Sum(row).Events)
		}
	}
	return known, nil
}

// total takes what one tally counts: everything but the facets of dimensions.
func (c *counted) total(t *tally.Tally) {
	c.n += int64(t.Events)
	c.durations.Merge(t.All())
	rest := func(key string, known float64) { c.add(key, "", t.Events-known) }
	c.add(query.KeyCold, edge.True.String(), t.Cold)
	c.add(query.KeyCold, edge.False.String(), t.Warm)
	rest(query.KeyCold, t.Cold+t.Warm)
	var some float64
	for i, n := range t.Cache {
		c.add(query.KeyCache, edge.CacheStatuses[i], n)
		some += n
	}
	rest(query.KeyCache, some)
	some = 0
	for code, n := range t.Responses {
		c.add(query.KeyStatus, code, n)
		some += n
	}
	rest(query.KeyStatus, some)
}

func (c *counted) add(key, value string, n float64) {
	if n <= 0 {
		return
	}
	c.facets[key][cmp.Or(value, query.Unknown)] += int64(math.Round(n))
}

// sorted returns the facets, the most frequent values first.
func (c *counted) sorted() []query.Facet {
	out := make([]query.Facet, len(facetKeys))
	for i, key := range facetKeys {
		values := make([]query.FacetValue, 0, len(c.facets[key]))
		for value, n := range c.facets[key] {
			values = append(values, query.FacetValue{Value: value, Count: n})
		}
		slices.SortFunc(values, func(x, y query.FacetValue) int {
			return cmp.Or(cmp.Compare(y.Count, x.Count), cmp.Compare(x.Value, y.Value))
		})
		out[i] = query.Facet{Key: key, Values: values[:min(len(values), facetValues)]}
	}
	return out
}

// countRows counts the rows that match and their durations.
func (a *asking) countRows(ctx context.Context, from, to time.Time, c *counted) error {
	text := fmt.Sprintf("%s | stats count() %s, histogram(%s) %s", a.filter(a.Conditions), tables.ColCount,
		edge.KeyDuration, tables.ColDurations)
	err := a.read.Rows(ctx, a.spans(text, from, to), func(r store.Row) error {
		c.n += int64(r.Number(tables.ColCount))
		return tally.EachBucket(r.Get(tables.ColDurations), c.durations.Add)
	})
	if err != nil {
		return fmt.Errorf("count traces: %w", err)
	}
	return nil
}

// countFacet counts the values of one attribute among the rows that match.
func (a *asking) countFacet(ctx context.Context, key string, from, to time.Time, values map[string]int64) error {
	field := query.Attribute(key)
	text := fmt.Sprintf("%s | stats by (%s) count() %s", a.filter(a.Conditions), filter.Quote(field), tables.ColCount)
	err := a.read.Rows(ctx, a.spans(text, from, to), func(r store.Row) error {
		values[cmp.Or(strings.Clone(r.Get(field)), query.Unknown)] += int64(r.Number(tables.ColCount))
		return nil
	})
	if err != nil {
		return fmt.Errorf("count the values of %s: %w", key, err)
	}
	return nil
}
