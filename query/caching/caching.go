// Package caching answers what would save misses of a cache: other times to live, fetching before expiry, fetching once
// for all who ask at the same time. It counts invocations by region and route, and replays those of the routes whose
// misses let users wait longest, path by path.
package caching

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
	"edgescope/judge"
	"edgescope/query"
	"edgescope/query/filter"
	"edgescope/query/tables"
	"edgescope/store"
)

// Room knows what caches would save, from a store. It is safe for concurrent use; its answers belong to the caller.
type Room struct{ read *tables.Reader }

// New makes a Room that asks that reader.
func New(read *tables.Reader) *Room { return &Room{read} }

// Answers are the room's answers for the API.
func (x *Room) Answers() query.Answers {
	return query.Answers{All: map[string]query.Answer{query.PathAdvice: tables.All(x.Advise)}}
}

const (
	// defaultTarget is the share of hits that is aimed at, in percent.
	defaultTarget = 85
	// mostListed is how many routes of regions an answer has, mostReplayed how many of them are replayed.
	mostListed, mostReplayed = 200, 20
	// leastMisses is how many misses it takes to be listed.
	leastMisses = 5
	// settling is how long late events are waited for.
	settling = 90 * time.Second
)

// Columns of LogsQL answers.
const (
	colDuration = "took"
	colOrigin   = "origin"
	colOrigins  = "origins"
	colBytes    = "bytes"
	colSizes    = "sizes"
)

// keySize is the attribute that has the size of an answer in bytes.
const keySize = "http.response.body.size"

// place is a route in a region.
type place struct{ service, region, route string }

// counted is what was counted of a place.
type counted struct {
	place
	hits, misses           float64
	hitTime, missTime      float64 // sums, in ms
	origin, origins        float64 // sum in ms, and of how many misses
	bytes, sizes, requests float64
}

// Advise returns what would save misses in the question's range.
func (x *Room) Advise(ctx context.Context, tenant edge.Tenant, q query.Question) (*query.CacheAdvice, error) {
	a, err := x.read.Begin(tenant, q)
	if err != nil {
		return nil, err
	}
	out := &query.CacheAdvice{
		Target: query.Num(cmp.Or(a.Q.Target, defaultTarget) / 100), Advice: []query.CacheKeyAdvice{},
	}
	from, to := a.Q.From, a.Q.To
	if last := a.Now.Add(-settling); last.Before(to) && from.Before(last) {
		to = last
	}
	var about query.About
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return x.advise(gctx, a, query.Stretch{From: from, To: to}, out) })
	g.Go(func() (err error) { out.Choices, err = a.Choose(gctx); return err })
	g.Go(func() (err error) { about, err = a.About(gctx); return err })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	about.Source, about.From, about.To, about.Step = "events", from, to, 0
	out.About = about
	return out, nil
}

func (x *Room) advise(ctx context.Context, a *tables.Asking, of query.Stretch, out *query.CacheAdvice) error {
	c := a.Whole(tables.WithEvents)
	c.Window.From, c.Window.To = of.From, of.To
	for _, condition := range cacheable() {
		c = c.And(condition)
	}
	events, err := x.read.Events(ctx, c)
	if err != nil {
		return err
	}
	places, err := count(ctx, events, of)
	if err != nil {
		return err
	}
	places = slices.DeleteFunc(places, func(c counted) bool { return c.misses < leastMisses })
	slices.SortFunc(places, func(a, b counted) int {
		return cmp.Or(cmp.Compare(b.lost(), a.lost()), cmp.Compare(b.misses, a.misses), strings.Compare(a.name(), b.name()))
	})
	out.Left = max(0, len(places)-mostListed)
	places = places[:min(len(places), mostListed)]
	replayed := places[:min(len(places), mostReplayed)]
	r, err := replay(ctx, events, of, replayed)
	if err != nil {
		return err
	}
	if len(replayed) > 0 {
		out.Replayed = &r.stretch
	}
	for i := range places {
		out.Advice = append(out.Advice, places[i].advice(r, float64(out.Target), of.To.Sub(of.From)))
	}
	return nil
}

// cacheable are the conditions on what a shared cache may answer and was asked for: GET, 200, and no credentials, as far
// as the headers were captured (OpenTelemetry's http.request.header.*).
func cacheable() []filter.Condition {
	present := []filter.Pattern{{"", ""}}
	return []filter.Condition{
		filter.AnyOf(edge.KeyMethod, []string{"GET"}),
		filter.AnyOf(edge.KeyStatus, []string{"200"}),
		filter.AnyOf(edge.KeyCacheStatus, asked),
		{Key: "http.request.header.authorization", Exclude: true, Patterns: present},
		{Key: "http.request.header.cookie", Exclude: true, Patterns: present},
	}
}

// asked are the statuses of what a cache was asked for.
var asked = []string{edge.CacheHit, edge.CacheStale, edge.CacheRevalidated, edge.CacheMiss, edge.CacheExpired}

// missed tells whether a cache was asked for it in vain.
func missed(status string) bool { return status == edge.CacheMiss || status == edge.CacheExpired }

// count counts the invocations of a range by place.
func count(ctx context.Context, events *tables.Events, of query.Stretch) ([]counted, error) {
	size, origin := filter.Quote(keySize), filter.Quote(edge.KeyOriginDuration)
	pipes := fmt.Sprintf("| stats by (%s) count() %s, sum(%s) %s, sum(%s) %s, count() if (%s:*) %s, sum(%s) %s, "+
		"count() if (%s:*) %s", strings.Join(filter.QuoteAll([]string{
		edge.KeyServiceName, edge.KeyRegion, edge.KeyRoute, edge.KeyCacheStatus,
	}), ", "), tables.ColCount, edge.KeyDuration, colDuration, origin, colOrigin, origin, colOrigins, size, colBytes, size,
		colSizes)
	all := map[place]*counted{}
	err := events.Rows(ctx, of.From, of.To, pipes, func(r store.Row) error {
		p := place{r.Get(edge.KeyServiceName), r.Get(edge.KeyRegion), r.Get(edge.KeyRoute)}
		c := all[p]
		if c == nil {
			c = &counted{place: place{strings.Clone(p.service), strings.Clone(p.region), strings.Clone(p.route)}}
			all[c.place] = c
		}
		c.add(r)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("count hits and misses: %w", err)
	}
	out := make([]counted, 0, len(all))
	for _, c := range all {
		out = append(out, *c)
	}
	return out, nil
}

func (c *counted) add(r store.Row) {
	n, took := r.Number(tables.ColCount), r.Number(colDuration)/1e6
	c.requests += n
	c.bytes += r.Number(colBytes)
	c.sizes += r.Number(colSizes)
	if !missed(r.Get(edge.KeyCacheStatus)) {
		c.hits, c.hitTime = c.hits+n, c.hitTime+took
		return
	}
	c.misses, c.missTime = c.misses+n, c.missTime+took
	c.origin, c.origins = c.origin+r.Number(colOrigin)/1e6, c.origins+r.Number(colOrigins)
}

// miss and hit are mean durations in ms; a place without hits has none, and what it could save is its whole miss.
func (c *counted) miss() float64 { return c.missTime / c.misses }
func (c *counted) hit() float64  { return c.hitTime / c.hits }

// lost is how much longer misses took than hits, all together, in ms: what the origin took where there are no hits.
func (c *counted) lost() float64 {
	switch {
	case c.hits > 0:
		return max(0, c.missTime-c.misses*c.hit())
	case c.origins > 0:
		return c.misses * c.origin / c.origins
	default:
		return c.missTime
	}
}

func (p *place) name() string { return p.service + "\x00" + p.region + "\x00" + p.route }

// advice is what would save misses of a place.
func (c *counted) advice(r *replayed, target float64, length time.Duration) query.CacheKeyAdvice {
	hits := judge.Share{K: c.hits, N: c.requests}
	low, high := hits.Wilson()
	none := query.Figure{Value: query.None(), Low: query.None(), High: query.None(), N: 0, Origin: query.OriginModel}
	out := query.CacheKeyAdvice{
		Service: c.service, Region: c.region, Route: c.route, Requests: query.Num(c.requests), Misses: query.Num(c.misses),
		Hits: query.Figure{
			Value: query.Num(hits.Ratio()), Low: query.Num(low), High: query.Num(high), N: query.Num(c.requests),
			Origin: query.OriginMeasured,
		},
		MissTime: query.Num(c.miss()), HitTime: query.Num(c.hit()), Lost: query.Num(c.lost()),
		Bytes: query.Num(c.bytes / c.sizes), Keys: query.None(), Configured: query.None(), Kept: none, ForTarget: none,
		Doubled: none, Together: none, Held: none,
	}
	if k := r.places[c.place]; k != nil && k.n >= leastReplayed {
		m := model{c, k, &out, target, length.Seconds(), r.stretch.To.Sub(r.stretch.From)}
		m.fill()
	}
	return out
}

// finite returns a number, absent where it is none.
func finite(v float64) query.Num {
	if math.IsInf(v, 0) {
		return query.None()
	}
	return query.Num(v)
}
