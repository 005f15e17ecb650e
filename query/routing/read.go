package routing

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"edgescope/edge"
	"edgescope/judge"
	"edgescope/query"
	"edgescope/query/filter"
	"edgescope/query/tables"
	"edgescope/query/tally"
	"edgescope/store"
)

// Columns of LogsQL answers.
const (
	colWait  = "wait"
	colWaits = "waits"
	colTrips = "trips"
	colLast  = "last"
)

// pair is a country that a region serves. Without a country it is the region of a service, whoever asks.
type pair struct{ service, country, region string }

// counted is what was counted of a pair.
type counted struct {
	// n is the number of events, weight that of requests, errors the weighted ones of them.
	n, weight, errors float64
	// took is the time at the edge, trips the round trips of those that say it, waits the sum of both.
	took, trips, waits tally.Distribution
	last               time.Time
	edge               *query.Figure // p95 of took, once it was asked for
}

// period is what was counted of a piece of time: every pair, and every region of a service.
type period struct {
	pairs, regions map[pair]*counted
}

func newPeriod() *period { return &period{pairs: map[pair]*counted{}, regions: map[pair]*counted{}} }

func at(all map[pair]*counted, p pair) *counted {
	c := all[p]
	if c == nil {
		c = &counted{}
		all[pair{strings.Clone(p.service), strings.Clone(p.country), strings.Clone(p.region)}] = c
	}
	return c
}

// readDays counts the days before an end, the oldest first, each in one pass.
func (x *Room) readDays(ctx context.Context, a *tables.Asking, of query.Stretch) ([]*period, error) {
	c := a.Whole(tables.WithEvents)
	c.Window.From, c.Window.To = of.From, of.To
	events, err := x.read.Events(ctx, c)
	if err != nil {
		return nil, err
	}
	out := make([]*period, days)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(2)
	for i := range out {
		out[i] = newPeriod()
		from := of.From.Add(time.Duration(i) * query.Day)
		g.Go(func() error {
			return events.Rows(ctx, from, from.Add(query.Day), pipes(), out[i].add)
		})
	}
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("count countries and regions: %w", err)
	}
	return out, nil
}

func pipes() string {
	trip, weight := filter.Quote(edge.KeyClientRTT), filter.Quote(store.FieldWeight)
	by := filter.QuoteAll([]string{edge.KeyServiceName, edge.KeyCountry, edge.KeyRegion, edge.KeyOutcome})
	return fmt.Sprintf("| math (%s + %s) as %s | stats by (%s) count() %s, count() if (%s:*) %s, sum(%s) %s, "+
		"histogram(%s) %s, histogram(%s) if (%s:*) %s, histogram(%s) %s, max(%s) %s",
		edge.KeyDuration, trip, colWait, strings.Join(by, ", "), tables.ColCount, weight, tables.ColWeighted, weight,
		tables.ColWeight, edge.KeyDuration, tables.ColDurations, colWait, trip, colWaits, trip, colTrips, store.FieldTime,
		colLast)
}

func (p *period) add(r store.Row) error {
	of := pair{r.Get(edge.KeyServiceName), r.Get(edge.KeyCountry), r.Get(edge.KeyRegion)}
	to, region := at(p.pairs, of), at(p.regions, pair{service: of.service, region: of.region})
	if err := to.add(r); err != nil {
		return err
	}
	return region.add(r)
}

func (c *counted) add(r store.Row) error {
	n := r.Number(tables.ColCount)
	weight := n - r.Number(tables.ColWeighted) + r.Number(tables.ColWeight)
	c.n, c.weight = c.n+n, c.weight+weight
	if tally.IsError(r.Get(edge.KeyOutcome)) {
		c.errors += weight
	}
	last, err := r.Time(colLast)
	if err != nil {
		return fmt.Errorf("read when the last one ended: %w", err)
	}
	if last.After(c.last) {
		c.last = last
	}
	for column, to := range map[string]*tally.Distribution{
		tables.ColDurations: &c.took, colWaits: &c.waits, colTrips: &c.trips,
	} {
		if err := tally.EachBucket(r.Get(column), to.Add); err != nil {
			return fmt.Errorf("read histogram %s: %w", column, err)
		}
	}
	return nil
}

func (c *counted) merge(o *counted) {
	c.n, c.weight, c.errors = c.n+o.n, c.weight+o.weight, c.errors+o.errors
	c.took.Merge(&o.took)
	c.trips.Merge(&o.trips)
	c.waits.Merge(&o.waits)
	if o.last.After(c.last) {
		c.last = o.last
	}
}

// together adds days up.
func together(all []*period) *period {
	out := newPeriod()
	for _, p := range all {
		for of, c := range p.pairs {
			at(out.pairs, of).merge(c)
		}
		for of, c := range p.regions {
			at(out.regions, of).merge(c)
		}
	}
	return out
}

// halfBucket is how far a value may be from the middle of its bucket: buckets are 13.6 % wide.
const halfBucket = 0.068

// quantile is a quantile in milliseconds with the interval of its rank, half a bucket wider on both sides: where in a
// bucket its values lie is not known.
func quantile(d *tally.Distribution, q float64, origin string) query.Figure {
	n := d.Total()
	low, high := judge.QuantileRanks(int(n), q)
	return query.Figure{
		Value: d.Quantile(q), Low: d.Quantile(low/n) * (1 - halfBucket), High: d.Quantile(high/n) * (1 + halfBucket),
		N: query.Num(n), Origin: origin,
	}
}

// atEdge is the p95 of the time at the edge.
func (c *counted) atEdge() query.Figure {
	if c.edge == nil {
		f := quantile(&c.took, slowest, query.OriginMeasured)
		c.edge = &f
	}
	return *c.edge
}

// failed is the share of errors: its ratio is weighted, its n the events.
func (c *counted) failed() query.Figure { return share(c.errors, c.weight, c.n) }

// share is a weighted share with the interval of n events.
func share(of, all, n float64) query.Figure {
	if !(all > 0) || !(n > 0) {
		none := query.None()
		return query.Figure{Value: none, Low: none, High: none, N: query.Num(n), Origin: query.OriginMeasured}
	}
	s := judge.Share{K: math.Min(1, of/all) * n, N: n}
	low, high := s.Wilson()
	return query.Figure{
		Value: query.Num(s.Ratio()), Low: query.Num(low), High: query.Num(high), N: query.Num(n),
		Origin: query.OriginMeasured,
	}
}
