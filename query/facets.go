package query

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
	"edgescope/store"
)

// facetKeys are the attributes that traces are told apart by, in the order shown.
var facetKeys = []string{KeyRegion, KeyRoute, KeyStatus, KeyCold, KeyCache, KeyVersion}

// facetValues is the greatest number of values of a facet.
const facetValues = 20

// counted is how many invocations there are, how long they took, and how many have each value of each facet.
type counted struct {
	n         int64
	durations hist
	facets    map[string]map[string]int64
}

// counts answers what a list of traces shows beside the traces.
//
// Rows are counted by reading them, once for each facet: of a range of an hour that costs seconds. What the question filters by
// nothing, or by what a family of rollups has, the rollups have counted already for whole windows of ten seconds; then only
// the ends of the range, which are no whole windows or may not be added up yet, are counted by their rows.
func (a *asking) counts(ctx context.Context) (int64, Histogram, []Facet, error) {
	c := counted{facets: map[string]map[string]int64{}}
	for _, key := range facetKeys {
		c.facets[key] = map[string]int64{}
	}
	inner := a.settled()
	known, err := a.countRollups(ctx, inner, &c)
	if err != nil {
		return 0, Histogram{}, nil, err
	}
	ends := []window{{from: a.q.From, to: inner.from}, {from: inner.to, to: a.q.To}}
	g, ctx := errgroup.WithContext(ctx)
	ask := func(known bool, count func(from, to time.Time) error) {
		g.Go(func() error {
			if !known {
				return count(a.q.From, a.q.To)
			}
			for _, end := range ends {
				if !end.from.Before(end.to) {
					continue
				}
				if err := count(end.from, end.to); err != nil {
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
		return 0, Histogram{}, nil, err
	}
	return c.n, c.durations.histogram(&hist{}), c.sorted(), nil
}

const (
	// facetAll stands for the number of invocations and their durations among the facets that are known.
	facetAll = ""
	// settling is how old a window is when totals have it: they are written every 1.5 seconds, and later when the store is
	// behind.
	settling = 15 * time.Second
	// leastSettled is the shortest range that is worth asking of the rollups.
	leastSettled = 5 * time.Minute
)

// settled is the part of the range that whole windows of rollups hold. It is empty, at the range's start, when there is none, or
// when the question goes by what no rollup has or back to where events are deleted.
func (a *asking) settled() window {
	none := window{from: a.q.From, to: a.q.From}
	width := time.Duration(edge.Widths[0].Seconds) * time.Second
	to := a.q.To
	if last := a.now.Add(-settling); last.Before(to) {
		to = last
	}
	w := window{from: ceil(a.q.From, width), to: floor(to, width)}
	if w.step = w.to.Sub(w.from); w.step < leastSettled || a.q.Min > 0 || a.q.Max > 0 || a.q.From.Before(a.now.Add(-a.o.Retention)) {
		return none
	}
	return w
}

// countRollups counts by the rollups what they can answer, and says which facets that is. Rollups weigh what was sampled, rows
// of traces are counted one by one: where the two differ, it answers nothing.
func (a *asking) countRollups(ctx context.Context, w window, c *counted) (map[string]bool, error) {
	known := map[string]bool{}
	if !w.from.Before(w.to) {
		return known, nil
	}
	cutBy := func(p parts, by ...string) cut {
		return cut{tenant: a.tenant, by: by, win: w, parts: p, conditions: a.conditions, spans: true}
	}
	all, err := a.read.rollupsOnly(ctx, cutBy(withRequests|withStarts|withOutcomes|withDurations|withResponses))
	if err != nil {
		return known, fmt.Errorf("count traces: %w", err)
	}
	if all == nil {
		return known, nil
	}
	total := all.total()
	if math.Abs(total.requests-total.events) > 1e-6*total.events {
		return known, nil
	}
	c.total(total)
	for _, key := range []string{facetAll, KeyStatus, KeyCold, KeyCache} {
		known[key] = true
	}
	for key, by := range map[string]string{KeyRegion: edge.KeyRegion, KeyRoute: edge.KeyRoute, KeyVersion: edge.KeyServiceVersion} {
		t, err := a.read.rollupsOnly(ctx, cutBy(withEvents, by))
		if err != nil {
			return nil, fmt.Errorf("count traces: %w", err)
		}
		if t == nil || sum(t.rest).events > 0 {
			continue
		}
		known[key] = true
		for value, row := range t.groups {
			c.add(key, value, sum(row).events)
		}
	}
	return known, nil
}

// total takes what one tally counts: everything but the facets of dimensions.
func (c *counted) total(t *tally) {
	c.n += int64(t.events)
	c.durations.merge(t.all())
	rest := func(key string, known float64) { c.add(key, "", t.events-known) }
	c.add(KeyCold, edge.True.String(), t.cold)
	c.add(KeyCold, edge.False.String(), t.warm)
	rest(KeyCold, t.cold+t.warm)
	var some float64
	for i, n := range t.cache {
		c.add(KeyCache, cacheOrder[i], n)
		some += n
	}
	rest(KeyCache, some)
	some = 0
	for code, n := range t.responses {
		c.add(KeyStatus, code, n)
		some += n
	}
	rest(KeyStatus, some)
}

func (c *counted) add(key, value string, n float64) {
	if n <= 0 {
		return
	}
	if value == "" {
		value = Unknown
	}
	c.facets[key][value] += int64(math.Round(n))
}

// sorted answers the facets, the most frequent values first.
func (c *counted) sorted() []Facet {
	out := make([]Facet, len(facetKeys))
	for i, key := range facetKeys {
		values := make([]FacetValue, 0, len(c.facets[key]))
		for value, n := range c.facets[key] {
			values = append(values, FacetValue{value, n})
		}
		slices.SortFunc(values, func(x, y FacetValue) int {
			return cmp.Or(cmp.Compare(y.Count, x.Count), cmp.Compare(x.Value, y.Value))
		})
		out[i] = Facet{Key: key, Values: values[:min(len(values), facetValues)]}
	}
	return out
}

// countRows counts the rows that match and their durations.
func (a *asking) countRows(ctx context.Context, from, to time.Time, c *counted) error {
	text := fmt.Sprintf("%s | stats count() %s, histogram(%s) %s", a.filter(a.conditions), colCount, edge.KeyDuration, colDurations)
	err := a.read.rows(ctx, a.spans(text, from, to), func(r store.Row) error {
		c.n += int64(r.Number(colCount))
		return eachBucket(r.Get(colDurations), c.durations.add)
	})
	if err != nil {
		return fmt.Errorf("count traces: %w", err)
	}
	return nil
}

// countFacet counts the values of one attribute among the rows that match.
func (a *asking) countFacet(ctx context.Context, key string, from, to time.Time, values map[string]int64) error {
	field := Attribute(key)
	text := fmt.Sprintf("%s | stats by (%s) count() %s", a.filter(a.conditions), quote(field), colCount)
	err := a.read.rows(ctx, a.spans(text, from, to), func(r store.Row) error {
		values[cmp.Or(strings.Clone(r.Get(field)), Unknown)] += int64(r.Number(colCount))
		return nil
	})
	if err != nil {
		return fmt.Errorf("count the values of %s: %w", key, err)
	}
	return nil
}
