package norms

import (
	"context"
	"slices"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/judge"
	"edgescope/query"
	"edgescope/query/tables"
	"edgescope/query/tally"
	"edgescope/store"
)

// bucket is the length of what is read: rollups of 5 minutes.
const bucket = 5 * time.Minute

// member is what has a norm: a service in a region, or, without one, a service as a whole.
type member struct{ service, region string }

// The signals, in the order in which they are kept.
const (
	slow = iota
	errored
	cold
	lost
	signalCount
)

var signalNames = [signalCount]string{query.SignalSlow, query.SignalErrors, query.SignalCold, query.SignalHitLoss}

// counts are what a member did in buckets of 5 minutes. Numbers of events are raw, all others weighted.
type counts struct {
	events, requests []float32
	bad              [signalCount][]float32 // what each signal counts
	known            [signalCount][]float32 // of how many; nil: of all requests
	has              [signalCount]bool      // whether there is anything of a signal
}

func newCounts(n int) *counts {
	all := make([]float32, n*(2+signalCount+2))
	next := func() []float32 {
		part := all[:n:n]
		all = all[n:]
		return part
	}
	c := &counts{events: next(), requests: next()}
	for s := range c.bad {
		c.bad[s] = next()
	}
	c.known[cold], c.known[lost] = next(), next()
	return c
}

// share returns what a signal counts in a bucket: so many of the raw events as the weighted totals say.
func (c *counts) share(signal, i int) judge.Share {
	requests, events := float64(c.requests[i]), float64(c.events[i])
	of := requests
	if known := c.known[signal]; known != nil {
		of = float64(known[i])
	}
	if requests <= 0 || of <= 0 || events <= 0 {
		return judge.Share{}
	}
	n := events * min(1, of/requests)
	return judge.Share{K: n * min(1, float64(c.bad[signal][i])/of), N: n}
}

// shares returns a signal's buckets from one to another; those outside are empty.
func (c *counts) shares(signal, from, to int) []judge.Share {
	out := make([]judge.Share, to-from)
	for i := max(from, 0); i < min(to, len(c.events)); i++ {
		out[i-from] = c.share(signal, i)
	}
	return out
}

// add takes a series of the rollups.
func (c *counts) add(metric string, s *store.Series) {
	switch metric {
	case edge.MetricEvents:
		addUp(c.events, s.Values)
		c.has[errored] = true
	case edge.MetricRequests:
		addUp(c.requests, s.Values)
		if tally.IsError(s.Label(edge.LabelOutcome)) {
			addUp(c.bad[errored], s.Values)
		}
	case edge.MetricColdStarts:
		c.has[cold] = true
		addUp(c.known[cold], s.Values)
		if s.Label(edge.LabelColdStart) == "true" {
			addUp(c.bad[cold], s.Values)
		}
	case edge.MetricCache:
		served, asked := tally.Answered(s.Label(edge.LabelCache))
		if !asked {
			return
		}
		c.has[lost] = true
		addUp(c.known[lost], s.Values)
		if !served {
			addUp(c.bad[lost], s.Values)
		}
	case edge.MetricDuration + "_bucket":
		c.has[slow] = true
		addUp(c.bad[slow], s.Values)
	}
}

func addUp(to []float32, values []float64) {
	for i, v := range values[:min(len(to), len(values))] {
		if v > 0 {
			to[i] += float32(v)
		}
	}
}

// chunk is how many regions are read at once: 14 days of one are 130 kB for each service.
const chunk = 32

// reading is a question for counts.
type reading struct {
	tenant edge.Tenant
	window tally.Window
	edges  map[member]int // what is slow: above this bucket of durations
}

// count reads what members did, chunk by chunk, and hands each chunk over. Regions without a name, and what has no
// series of its own because of the cap on series, belong to services as a whole only.
func (r *Room) count(ctx context.Context, q reading, take func(map[member]*counts)) error {
	var services []string
	regions := map[string]bool{}
	for m := range q.edges {
		if m.region == "" {
			services = append(services, m.service)
		} else {
			regions[m.region] = true
		}
	}
	slices.Sort(services)
	for part := range slices.Chunk(services, chunk) {
		if err := r.countPart(ctx, q, "", part, take); err != nil {
			return err
		}
	}
	names := make([]string, 0, len(regions))
	for name := range regions {
		names = append(names, name)
	}
	slices.Sort(names)
	for part := range slices.Chunk(names, chunk) {
		if err := r.countPart(ctx, q, edge.KeyRegion, part, take); err != nil {
			return err
		}
	}
	return nil
}

// countPart reads some regions, or, with no key of regions, some services as a whole.
func (r *Room) countPart(ctx context.Context, q reading, key string, names []string,
	take func(map[member]*counts),
) error {
	cut := tables.Cut{Tenant: q.tenant, By: []string{edge.KeyServiceName}, Window: q.window}
	if key == "" {
		cut = cut.Where(edge.KeyServiceName, names)
	} else {
		cut.By = append(cut.By, key)
		cut = cut.Where(key, names)
	}
	cut.Parts = tables.WithRequests | tables.WithStarts | tables.WithOutcomes
	found := map[member]*counts{}
	err := r.each(ctx, cut, func(m member, metric string, s *store.Series) {
		if _, known := q.edges[m]; !known {
			return
		}
		c := found[m]
		if c == nil {
			c = newCounts(q.window.Buckets())
			found[member{strings.Clone(m.service), strings.Clone(m.region)}] = c
		}
		c.add(metric, s)
	})
	if err != nil {
		return err
	}
	cut.Parts = tables.WithDurations
	for edgeAt, of := range byEdge(found, q.edges) {
		cut.Ranges, _ = tally.RangesAbove(edgeAt)
		slowest := cut
		if key != "" {
			slowest = slowest.Where(key, of)
		} else {
			slowest = slowest.Where(edge.KeyServiceName, of)
		}
		err := r.each(ctx, slowest, func(m member, metric string, s *store.Series) {
			if c := found[m]; c != nil && q.edges[m] == edgeAt {
				c.add(metric, s)
			}
		})
		if err != nil {
			return err
		}
	}
	take(found)
	return nil
}

// byEdge groups the names of members that were found by where they begin to be slow.
func byEdge(found map[member]*counts, edges map[member]int) map[int][]string {
	out := map[int][]string{}
	for m := range found {
		name := m.region
		if name == "" {
			name = m.service
		}
		if at := edges[m]; at != neverSlow && !slices.Contains(out[at], name) {
			out[at] = append(out[at], name)
		}
	}
	for _, names := range out {
		slices.Sort(names)
	}
	return out
}

// each hands over the series of a cut with the member that each is of.
func (r *Room) each(ctx context.Context, cut tables.Cut, emit func(member, string, *store.Series)) error {
	return r.read.EachSeries(ctx, cut, cut.Window.Whole(), func(metric string, s *store.Series) error {
		m := member{s.Label(edge.LabelService), ""}
		if len(cut.By) > 1 {
			m.region = s.Label(edge.LabelRegion)
			if m.region == "" || s.Label(edge.LabelOverflow) != "" {
				return nil
			}
		}
		emit(m, metric, s)
		return nil
	})
}
