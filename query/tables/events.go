package tables

import (
	"context"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"edgescope/edge"
	"edgescope/query/filter"
	"edgescope/query/tally"
	"edgescope/store"
)

// Columns of a LogsQL stats answer.
const (
	ColCount     = "n"
	ColWeighted  = "weighted" // events that carry a weight
	ColWeight    = "weight"   // sum of these weights
	ColDurations = "durations"
	colInits     = "inits"

	colDurationSum = "duration_sum"
	colInitSum     = "init_sum"
	colCPUSum      = "cpu_sum"
	colCPUs        = "cpus"
)

// kindFilter is a kind of events and the LogsQL filter that selects invocations of it.
type kindFilter struct {
	kind   edge.Kind
	filter string
}

// invocations returns how to select the invocations of every service from its source: the kinds of events to ask, one
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
		others := "!" + filter.In(edge.KeySource, of.sources)
		if services := s.services(groupRequests, of.signal); len(services) > 0 {
			others = "(" + others + " or " + filter.In(edge.KeyServiceName, services) + ")"
		}
		spans = append(spans, others)
	}
	out := []kindFilter{{edge.KindSpan, strings.Join(spans, " ")}}
	if services := s.services(groupRequests, edge.SignalDataPoint); len(services) > 0 {
		out = append(out, kindFilter{edge.KindDataPoint, invocation + " " + filter.In(edge.KeyServiceName, services)})
	}
	return out
}

// Events are the invocations of a cut, of every service from its source.
type Events struct {
	read  *Reader
	cut   Cut
	kinds []kindFilter
}

// Events returns the invocations of a cut, whose parts and groups are of no account.
func (d *Reader) Events(ctx context.Context, c Cut) (*Events, error) {
	src, err := d.findSources(ctx, c.Tenant, c.Window.Whole())
	if err != nil {
		return nil, err
	}
	return &Events{d, c, src.invocations()}, nil
}

// Rows asks for those of a piece of the cut's time; pipes is what LogsQL does with them, such as "| fields name". Where
// services have several kinds of sources, pipes are applied to each kind apart. emit's row is valid during the call
// only; emit is called from one goroutine at a time.
func (e *Events) Rows(ctx context.Context, from, to time.Time, pipes string, emit func(store.Row) error) error {
	for _, k := range e.kinds {
		filters := append([]string{k.filter}, LogsQL(e.cut.Conditions)...)
		err := e.read.Rows(ctx, store.RowsQuestion{
			Tenant: e.cut.Tenant, Kind: k.kind, From: from, To: to, LogsQL: strings.Join(filters, " ") + " " + pipes,
		}, emit)
		if err != nil {
			return fmt.Errorf("ask invocations: %w", err)
		}
	}
	return nil
}

// eventTable returns what a cut asks for from the events. Counts are weighted as in rollups; percentiles count each
// event once.
func (d *Reader) eventTable(ctx context.Context, c Cut) (*tally.Table, error) {
	src, err := d.findSources(ctx, c.Tenant, c.Window.Whole())
	if err != nil {
		return nil, err
	}
	kinds := src.invocations()
	tables := make([]*tally.Table, len(kinds))
	g, ctx := errgroup.WithContext(ctx)
	for i, k := range kinds {
		g.Go(func() error {
			tables[i] = tally.NewTable(c.Window)
			return d.Rows(ctx, store.RowsQuestion{
				Tenant: c.Tenant, Kind: k.kind, From: c.Window.From, To: c.Window.To, LogsQL: c.statsText(k.filter),
			}, func(r store.Row) error { return addRow(tables[i], r, c.By) })
		})
	}
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("ask events: %w", err)
	}
	out := tables[0]
	out.Events = true
	for _, t := range tables[1:] {
		for name, row := range t.Groups {
			for i := range row {
				out.At(name, false, i).Merge(&row[i])
			}
		}
	}
	return out, nil
}

// statsText asks for everything of a cut in one pass over the events.
func (c *Cut) statsText(which string) string {
	by := []string{filter.Quote(edge.KeyOutcome), filter.Quote(edge.KeyColdStart), filter.Quote(edge.KeyCacheStatus)}
	by = append(by, filter.QuoteAll(c.By)...)
	if c.Window.Buckets() > 1 {
		by = append(by, fmt.Sprintf("_time:%ds", int64(c.Window.Step.Seconds())))
	}
	figures := []string{
		"count() " + ColCount, "count() if (" + filter.Quote(store.FieldWeight) + ":*) " + ColWeighted,
		"sum(" + filter.Quote(store.FieldWeight) + ") " + ColWeight,
	}
	if c.Parts&(WithDurations|withCold|WithCache) != 0 {
		figures = append(figures, "histogram("+edge.KeyDuration+") "+ColDurations)
	}
	if c.Parts&WithMean != 0 {
		figures = append(figures, "sum("+edge.KeyDuration+") "+colDurationSum)
	}
	if c.Parts&WithInit != 0 {
		figures = append(figures, "histogram("+filter.Quote(edge.KeyInitDuration)+") "+colInits,
			"sum("+filter.Quote(edge.KeyInitDuration)+") "+colInitSum)
	}
	if c.Parts&WithCPU != 0 {
		figures = append(figures, "histogram("+filter.Quote(edge.KeyCPUTime)+") "+colCPUs,
			"sum("+filter.Quote(edge.KeyCPUTime)+") "+colCPUSum)
	}
	filters := append([]string{which}, LogsQL(c.Conditions)...)
	return strings.Join(filters, " ") + " | stats by (" + strings.Join(by, ", ") + ") " + strings.Join(figures, ", ")
}

// addRow adds up one row of a stats answer.
func addRow(t *tally.Table, r store.Row, by []string) error {
	bucket := 0
	if r.Get(store.FieldTime) != "" {
		at, err := r.Time(store.FieldTime)
		if err != nil {
			return fmt.Errorf("read the time of a bucket: %w", err)
		}
		if bucket = t.Window.Index(at); bucket < 0 {
			return nil
		}
	}
	to := t.At(tally.GroupName(by, r.Get), false, bucket)
	n := r.Number(ColCount)
	weight := n - r.Number(ColWeighted) + r.Number(ColWeight)
	to.Events += n
	to.Ended(r.Get(edge.KeyOutcome), weight)
	cold, cache := edge.TriOf(r.Get(edge.KeyColdStart)), tally.CacheIndex(r.Get(edge.KeyCacheStatus))
	switch cold {
	case edge.True:
		to.Cold += weight
	case edge.False:
		to.Warm += weight
	case edge.Unknown:
	}
	if cache >= 0 {
		to.Cache[cache] += weight
	}
	to.InitSum += r.Number(colInitSum) / 1e9
	to.CPUSum += r.Number(colCPUSum) / 1e9
	to.DurationSum += r.Number(colDurationSum) / 1e9
	return addHistograms(to, r, cold, cache)
}

func addHistograms(t *tally.Tally, r store.Row, cold edge.Tri, cache int) error {
	for column, add := range map[string]func(int, float64){
		ColDurations: func(b int, n float64) { t.AddDuration(b, n, cold, cache) },
		colInits:     t.Init.Add,
		colCPUs:      t.CPU.Add,
	} {
		if err := tally.EachBucket(r.Get(column), add); err != nil {
			return fmt.Errorf("read histogram %s: %w", column, err)
		}
	}
	return nil
}
