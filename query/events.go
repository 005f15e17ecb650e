package query

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"

	"edgescope/edge"
	"edgescope/store"
)

// Columns of a LogsQL stats answer.
const (
	colCount     = "n"
	colWeighted  = "weighted" // events that carry a weight
	colWeight    = "weight"   // sum of these weights
	colDurations = "durations"
	colInits     = "inits"

	colDurationSum = "duration_sum"
	colInitSum     = "init_sum"
	colCPUs        = "cpus"
)

// kindFilter is a kind of events and the LogsQL filter that selects invocations of it.
type kindFilter struct {
	kind   edge.Kind
	filter string
}

// invocations answers how to select the invocations of every service from its source: the kinds of events to ask, one
// filter each.
func (s *sources) invocations() []kindFilter {
	const invocation = edge.KeyInvocation + `:=true`
	spans := []string{invocation}
	for _, of := range []struct {
		signal  string
		sources []string
	}{
		{edge.SignalTail, []string{edge.SourceTail, edge.SourceTailStream}},
		{edge.SignalLog, []string{edge.SourceLogpush, edge.SourceVercelLogs}},
	} {
		others := "!" + isIn(edge.KeySource, of.sources)
		if services := s.services(groupRequests, of.signal); len(services) > 0 {
			others = "(" + others + " or " + isIn(edge.KeyServiceName, services) + ")"
		}
		spans = append(spans, others)
	}
	out := []kindFilter{{edge.KindSpan, strings.Join(spans, " ")}}
	if services := s.services(groupRequests, edge.SignalDataPoint); len(services) > 0 {
		out = append(out, kindFilter{edge.KindDataPoint, invocation + " " + isIn(edge.KeyServiceName, services)})
	}
	return out
}

// eventTable answers a cut from the events. Counts are weighted as in rollups; percentiles count each event once.
func (d *reader) eventTable(ctx context.Context, c cut) (*table, error) {
	src, err := d.findSources(ctx, c.tenant, c.win.whole())
	if err != nil {
		return nil, err
	}
	kinds := src.invocations()
	tables := make([]*table, len(kinds))
	g, ctx := errgroup.WithContext(ctx)
	for i, k := range kinds {
		g.Go(func() error {
			tables[i] = newTable(c.win)
			return d.rows(ctx, store.RowsQuestion{
				Tenant: c.tenant, Kind: k.kind, From: c.win.from, To: c.win.to, LogsQL: c.statsText(k.filter),
			}, func(r store.Row) error { return addRow(tables[i], r, c.by) })
		})
	}
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("ask events: %w", err)
	}
	out := tables[0]
	out.events = true
	for _, t := range tables[1:] {
		for name, row := range t.groups {
			for i := range row {
				out.at(name, false, i).merge(&row[i])
			}
		}
	}
	return out, nil
}

// statsText asks for everything of a cut in one pass over the events.
func (c *cut) statsText(which string) string {
	by := []string{quote(edge.KeyOutcome), quote(edge.KeyColdStart), quote(edge.KeyCacheStatus)}
	by = append(by, quoteAll(c.by)...)
	if c.win.buckets() > 1 {
		by = append(by, fmt.Sprintf("_time:%ds", int64(c.win.step.Seconds())))
	}
	figures := []string{
		"count() " + colCount, "count() if (" + quote(store.FieldWeight) + ":*) " + colWeighted,
		"sum(" + quote(store.FieldWeight) + ") " + colWeight,
	}
	if c.parts&(withDurations|withCold|withCache) != 0 {
		figures = append(figures, "histogram("+edge.KeyDuration+") "+colDurations)
	}
	if c.parts&withMean != 0 {
		figures = append(figures, "sum("+edge.KeyDuration+") "+colDurationSum)
	}
	if c.parts&withInit != 0 {
		figures = append(figures, "histogram("+quote(edge.KeyInitDuration)+") "+colInits,
			"sum("+quote(edge.KeyInitDuration)+") "+colInitSum)
	}
	if c.parts&withCPU != 0 {
		figures = append(figures, "histogram("+quote(edge.KeyCPUTime)+") "+colCPUs)
	}
	filters := append([]string{which}, logsql(c.conditions)...)
	return strings.Join(filters, " ") + " | stats by (" + strings.Join(by, ", ") + ") " + strings.Join(figures, ", ")
}

// addRow adds up one row of a stats answer.
func addRow(t *table, r store.Row, by []string) error {
	bucket := 0
	if r.Get(store.FieldTime) != "" {
		at, err := r.Time(store.FieldTime)
		if err != nil {
			return fmt.Errorf("read the time of a bucket: %w", err)
		}
		if bucket = t.win.index(at); bucket < 0 {
			return nil
		}
	}
	to := t.at(groupName(by, r.Get), false, bucket)
	n := r.Number(colCount)
	weight := n - r.Number(colWeighted) + r.Number(colWeight)
	to.events += n
	to.requests += weight
	if isError(r.Get(edge.KeyOutcome)) {
		to.errors += weight
	}
	cold, cache := edge.TriOf(r.Get(edge.KeyColdStart)), cacheIndex(r.Get(edge.KeyCacheStatus))
	switch cold {
	case edge.True:
		to.cold += weight
	case edge.False:
		to.warm += weight
	case edge.Unknown:
	}
	if cache >= 0 {
		to.cache[cache] += weight
	}
	to.initSum += r.Number(colInitSum) / 1e9
	to.durationSum += r.Number(colDurationSum) / 1e9
	return addHistograms(to, r, cold, cache)
}

func addHistograms(t *tally, r store.Row, cold edge.Tri, cache int) error {
	for column, add := range map[string]func(int, float64){
		colDurations: func(b int, n float64) { t.addDuration(b, n, cold, cache) },
		colInits:     t.init.add,
		colCPUs:      t.cpu.add,
	} {
		if err := eachBucket(r.Get(column), add); err != nil {
			return fmt.Errorf("read histogram %s: %w", column, err)
		}
	}
	return nil
}
