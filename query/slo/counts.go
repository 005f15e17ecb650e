package slo

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"edgescope/edge"
	"edgescope/judge"
	"edgescope/query/filter"
	"edgescope/query/tables"
	"edgescope/query/tally"
	"edgescope/store"
)

// counts are weighted numbers of what an indicator counts, and events and requests of the same time: raw numbers are
// the share events/requests of weighted ones.
type counts struct{ bad, total, events, requests float64 }

func (c *counts) add(o *counts) {
	c.bad += o.bad
	c.total += o.total
	c.events += o.events
	c.requests += o.requests
}

func (c *counts) share() judge.Share { return judge.Share{K: c.bad, N: c.total} }

// raw turns a weighted number of what was counted into one of events that were received.
func (c *counts) raw(weighted float64) float64 {
	if c.requests <= 0 {
		return 0
	}
	return weighted * (c.events / c.requests)
}

// history is what was counted of one group of a measure.
type history struct {
	// values are those of the labels by which the measure holds one by one.
	values  []string
	reaches [len(reaches)][reachBuckets]counts
	period  []counts
}

// last adds up the newest buckets that make a window.
func (h *history) last(window time.Duration) *counts {
	sum, i := &counts{}, reachOf(window)
	n := int(window / reaches[i].bucket)
	for b := reachBuckets - n; b < reachBuckets; b++ {
		sum.add(&h.reaches[i][b])
	}
	return sum
}

// window returns the buckets of a reach that ends with the samples that are there at a time.
func (r *reach) window(at time.Time) tally.Window {
	to := endOf(r.width, at)
	return tally.Window{From: to.Add(-r.length()), To: to, Step: r.bucket}
}

// endOf returns where the newest window of rollups ends whose sample a rule finds that is evaluated at a time: samples
// are stamped a little after the start of their window (edge.MetricRequests).
func endOf(w edge.Width, at time.Time) time.Time {
	return tally.Ceil(at, time.Duration(w.Seconds)*time.Second)
}

// periodWindow returns the buckets of a period's course: whole hours, at most as many as a line has.
func periodWindow(period time.Duration, at time.Time) tally.Window {
	to := endOf(reaches[len(reaches)-1].width, at)
	step := hour
	for period%step != 0 || period/step > tally.LineBuckets {
		step += hour
	}
	return tally.Window{From: to.Add(-period), To: to, Step: step}
}

// counted is what was counted of a measure, by the values of its labels.
type counted map[string]*history

// batch is measures that one question to the store serves: their series differ in the service alone.
type batch struct {
	family, metric, source string
	measures               []*measure
}

// read counts what measures are of up to a time.
func (x *Room) read(ctx context.Context, tenant edge.Tenant, measures []*measure, at time.Time) (map[*measure]counted, error) {
	r := &counting{x.o.Read, tenant, sync.Mutex{}, map[*measure]counted{}}
	for _, m := range measures {
		r.all[m] = counted{}
	}
	g, ctx := errgroup.WithContext(ctx)
	for _, b := range batches(measures) {
		for i := range reaches {
			g.Go(func() error {
				return r.ask(ctx, b, reaches[i].width, reaches[i].window(at), func(h *history) []counts { return h.reaches[i][:] })
			})
		}
		for _, p := range b.byPeriod() {
			win := periodWindow(p.measures[0].promise.Period, at)
			g.Go(func() error {
				return r.ask(ctx, p, reaches[len(reaches)-1].width, win, func(h *history) []counts {
					if h.period == nil {
						h.period = make([]counts, win.Buckets())
					}
					return h.period
				})
			})
		}
	}
	return r.all, g.Wait()
}

func batches(measures []*measure) []*batch {
	var out []*batch
	for _, m := range measures {
		i := slices.IndexFunc(out, func(b *batch) bool {
			return b.family == m.family && b.metric == m.metric && b.source == m.source
		})
		if i < 0 {
			i, out = len(out), append(out, &batch{family: m.family, metric: m.metric, source: m.source})
		}
		out[i].measures = append(out[i].measures, m)
	}
	return out
}

// byPeriod splits a batch by the periods of its promises.
func (b *batch) byPeriod() []*batch {
	var out []*batch
	for _, m := range b.measures {
		i := slices.IndexFunc(out, func(o *batch) bool { return o.measures[0].promise.Period == m.promise.Period })
		if i < 0 {
			i, out = len(out), append(out, &batch{b.family, b.metric, b.source, nil})
		}
		out[i].measures = append(out[i].measures, m)
	}
	return out
}

// selector finds all series of a batch in one width.
func (b *batch) selector(w edge.Width) string {
	metrics := []string{edge.MetricEvents, edge.MetricRequests}
	if b.metric != edge.MetricRequests {
		metrics = append(metrics, b.metric)
	}
	matchers := []string{
		fmt.Sprintf("%s=~%q", edge.LabelName, edge.Metric(b.family, "("+strings.Join(metrics, "|")+")", w)),
		fmt.Sprintf("%s=%q", edge.LabelSignal, b.source),
	}
	var services []string
	for _, m := range b.measures {
		if m.services == nil {
			return "{" + strings.Join(matchers, ",") + "}"
		}
		services = append(services, m.services...)
	}
	slices.Sort(services)
	return "{" + strings.Join(append(matchers, filter.OneOf(edge.LabelService, slices.Compact(services))), ",") + "}"
}

// counting adds up the answers of questions that are asked at once.
type counting struct {
	tables *tables.Reader
	tenant edge.Tenant

	mu  sync.Mutex
	all map[*measure]counted
}

func (r *counting) ask(ctx context.Context, b *batch, width edge.Width, win tally.Window,
	part func(*history) []counts,
) error {
	prefix, suffix := b.family, width.Suffix
	return r.tables.Totals(ctx, r.tenant, b.selector(width), win, func(s *store.Series) error {
		metric := strings.TrimSuffix(strings.TrimPrefix(s.Label(edge.LabelName), prefix), suffix)
		service := s.Label(edge.LabelService)
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, m := range b.measures {
			if m.isOf(service) {
				m.addTo(part(r.all[m].of(m, s)), metric, s)
			}
		}
		return nil
	})
}

// of returns the history of the group that a series belongs to. It copies a name that is new.
func (c counted) of(m *measure, s *store.Series) *history {
	name := tally.GroupName(m.by, s.Label)
	h := c[name]
	if h == nil {
		h = &history{values: make([]string, len(m.by))}
		for i, label := range m.by {
			h.values[i] = strings.Clone(s.Label(label))
		}
		c[strings.Clone(name)] = h
	}
	return h
}

// addTo adds the values of a series to buckets.
func (m *measure) addTo(buckets []counts, metric string, s *store.Series) {
	for i, v := range s.Values[:min(len(buckets), len(s.Values))] {
		if v > 0 {
			m.count(metric, s, v, &buckets[i])
		}
	}
}
