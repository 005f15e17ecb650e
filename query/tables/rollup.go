package tables

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"edgescope/edge"
	"edgescope/query/filter"
	"edgescope/query/tally"
	"edgescope/store"
)

// RollupsOnly returns a table from the rollups, nil when no family has what it asks for.
func (d *Reader) RollupsOnly(ctx context.Context, c Cut) (*tally.Table, error) {
	f, ok := c.family()
	if !ok {
		return nil, nil //nolint:nilnil // there is none
	}
	return d.rollups(ctx, c, f)
}

func (d *Reader) rollups(ctx context.Context, c Cut, f family) (*tally.Table, error) {
	t := tally.NewTable(c.Window)
	a := addition{table: t, by: f.labelsOf(c.By), parts: c.Parts, ranges: map[string]int{}}
	if err := d.eachSeries(ctx, c, f, c.Window.Whole(), a.add); err != nil {
		return nil, err
	}
	return t, nil
}

// EachSeries hands over each series of the rollups that has something of what a cut asks for, with its metric without
// family and width (edge.MetricRequests, ...). It is called from one goroutine at a time; the series, its texts and the
// metric are valid during the call only. Each service counts by the source that it has in ofSources. A family must have
// the cut.
func (d *Reader) EachSeries(ctx context.Context, c Cut, ofSources tally.Window,
	emit func(metric string, s *store.Series) error,
) error {
	f, ok := c.family()
	if !ok {
		panic("BUG: no family of rollups has the cut")
	}
	var mu sync.Mutex
	return d.eachSeries(ctx, c, f, ofSources, func(s *store.Series) error {
		mu.Lock()
		defer mu.Unlock()
		return emit(metricOf(s.Label(edge.LabelName)), s)
	})
}

// eachSeries asks the rollups of a family. emit may be called from several goroutines at once.
func (d *Reader) eachSeries(ctx context.Context, c Cut, f family, ofSources tally.Window,
	emit func(*store.Series) error,
) error {
	src, err := d.findSources(ctx, c.Tenant, ofSources)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	for _, tile := range c.tiles() {
		r := rollup{Cut: c, family: f, sources: src, tile: tile}
		for _, q := range r.questions() {
			g.Go(func() error { return d.Totals(ctx, c.Tenant, q.selector, q.win, emit) })
		}
	}
	if err := g.Wait(); err != nil {
		return fmt.Errorf("ask rollups %s: %w", f.prefix, err)
	}
	return nil
}

// tiles returns the pieces to ask for: many buckets come from one width, a single bucket from several.
func (c *Cut) tiles() []tally.Tile {
	if c.Window.Buckets() == 1 {
		return c.Window.Tiles()
	}
	return []tally.Tile{{Width: tally.WidthOf(c.Window.Step), From: c.Window.From, To: c.Window.To}}
}

// rollup writes the questions of a cut to one tile.
type rollup struct {
	Cut

	family  family
	sources sources
	tile    tally.Tile
}

type rollupQuestion struct {
	selector string
	win      tally.Window
}

func (r *rollup) questions() []rollupQuestion {
	win := r.Window
	if r.Window.Buckets() == 1 {
		win = tally.Window{From: r.tile.From, To: r.tile.To, Step: r.tile.To.Sub(r.tile.From)}
	}
	var out []rollupQuestion
	for _, selectors := range [][]string{r.counters(), r.buckets()} {
		if len(selectors) > 0 {
			out = append(out, rollupQuestion{"{" + strings.Join(selectors, " or ") + "}", win})
		}
	}
	return out
}

func (r *rollup) counters() []string {
	var out []string
	if r.Parts&WithRequests != 0 {
		out = append(out, r.selectors(groupRequests, edge.MetricRequests, edge.MetricEvents)...)
	} else if r.Parts&WithEvents != 0 {
		out = append(out, r.selectors(groupRequests, edge.MetricEvents)...)
	}
	for _, of := range []struct {
		part   Parts
		group  group
		metric string
	}{
		{WithMean, groupDuration, edge.MetricDuration + "_sum"},
		{WithStarts, groupCold, edge.MetricColdStarts},
		{WithInit, groupInit, edge.MetricInit + "_sum"},
		{WithCPU, groupCPU, edge.MetricCPU + "_sum"},
		{WithOutcomes, groupCache, edge.MetricCache},
		{WithResponses, groupRequests, edge.MetricResponses},
	} {
		if r.Parts&of.part != 0 {
			out = append(out, r.selectors(of.group, of.metric)...)
		}
	}
	return out
}

func (r *rollup) buckets() []string {
	var out []string
	if r.Parts&(WithDurations|withCold|WithCache) != 0 {
		out = append(out, r.selectors(groupDuration, edge.MetricDuration+"_bucket")...)
	}
	if r.Parts&WithInit != 0 {
		out = append(out, r.selectors(groupInit, edge.MetricInit+"_bucket")...)
	}
	if r.Parts&WithCPU != 0 {
		out = append(out, r.selectors(groupCPU, edge.MetricCPU+"_bucket")...)
	}
	return out
}

// selectors selects metrics of one group, with the filters, from the source of each service; without a source there is
// no selector.
func (r *rollup) selectors(g group, metrics ...string) []string {
	var out []string
	for _, source := range r.alternatives(g) {
		all := append([]string{nameMatcher(r.family.prefix, r.tile.Width, metrics), source},
			matchers(r.family.labels, r.Conditions)...)
		if strings.HasSuffix(metrics[0], "_bucket") && r.Ranges != nil {
			all = append(all, filter.OneOf(edge.LabelVMRange, r.Ranges))
		}
		out = append(out, strings.Join(all, ","))
	}
	return out
}

// alternatives are the matchers of a metric's sources, which are or-ed.
func (r *rollup) alternatives(g group) []string {
	if r.Spans {
		return []string{fmt.Sprintf("%s!=%q", edge.LabelSignal, edge.SignalDataPoint)}
	}
	return r.sources.alternatives(g)
}

// Lookback writes a length of time for MetricsQL.
func Lookback(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) + "ms" }

// addition adds up the series that answer rollup questions: of each figure there is one for every collector and part.
type addition struct {
	by    []string // labels
	parts Parts

	mu     sync.Mutex
	table  *tally.Table
	ranges map[string]int // buckets by their vmrange
}

// add takes a series, whose texts are borrowed.
func (a *addition) add(s *store.Series) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	add := a.adder(s)
	if add == nil {
		return nil
	}
	group := tally.GroupName(a.by, s.Label)
	overflow := s.Label(edge.LabelOverflow) != ""
	for i, v := range s.Values {
		if v > 0 && i < a.table.Window.Buckets() {
			add(a.table.At(group, overflow, i), v)
		}
	}
	return nil
}

// adder returns where the values of a series go in a tally, nil for a metric that is none of ours.
func (a *addition) adder(s *store.Series) func(*tally.Tally, float64) {
	metric := metricOf(s.Label(edge.LabelName))
	if h, ok := strings.CutSuffix(metric, "_bucket"); ok {
		return a.bucketAdder(h, s)
	}
	switch metric {
	case edge.MetricRequests:
		outcome := strings.Clone(s.Label(edge.LabelOutcome))
		return func(t *tally.Tally, v float64) { t.Ended(outcome, v) }
	case edge.MetricEvents:
		return func(t *tally.Tally, v float64) { t.Events += v }
	case edge.MetricColdStarts:
		if s.Label(edge.LabelColdStart) == "true" {
			return func(t *tally.Tally, v float64) { t.Cold += v }
		}
		return func(t *tally.Tally, v float64) { t.Warm += v }
	case edge.MetricDuration + "_sum":
		return func(t *tally.Tally, v float64) { t.DurationSum += v }
	case edge.MetricInit + "_sum":
		return func(t *tally.Tally, v float64) { t.InitSum += v }
	case edge.MetricCPU + "_sum":
		return func(t *tally.Tally, v float64) { t.CPUSum += v }
	case edge.MetricResponses:
		code := strings.Clone(s.Label(edge.LabelStatus))
		return func(t *tally.Tally, v float64) { t.Respond(code, v) }
	case edge.MetricCache:
		if i := tally.CacheIndex(s.Label(edge.LabelCache)); i >= 0 {
			return func(t *tally.Tally, v float64) { t.Cache[i] += v }
		}
	}
	return nil
}

func (a *addition) bucketAdder(metric string, s *store.Series) func(*tally.Tally, float64) {
	text := s.Label(edge.LabelVMRange)
	b, ok := a.ranges[text]
	if !ok {
		if b, ok = tally.ParseRange(text); !ok {
			return nil
		}
		a.ranges[strings.Clone(text)] = b
	}
	switch metric {
	case edge.MetricInit:
		return func(t *tally.Tally, v float64) { t.Init.Add(b, v) }
	case edge.MetricCPU:
		return func(t *tally.Tally, v float64) { t.CPU.Add(b, v) }
	case edge.MetricDuration:
		cold, cache := edge.Unknown, -1
		if a.parts&withCold != 0 {
			cold = edge.TriOf(s.Label(edge.LabelColdStart))
		}
		if a.parts&WithCache != 0 {
			cache = tally.CacheIndex(s.Label(edge.LabelCache))
		}
		return func(t *tally.Tally, v float64) { t.AddDuration(b, v, cold, cache) }
	}
	return nil
}

// NewestWindows returns when each group of a cut was last heard of between two times: the end of the newest of the
// shortest windows in which it has an invocation. A family must have the cut. Each service counts by the source that it
// has in ofSources, the window of the answer.
func (d *Reader) NewestWindows(ctx context.Context, c Cut, ofSources tally.Window,
	from, to time.Time,
) (map[string]time.Time, error) {
	src, err := d.findSources(ctx, c.Tenant, ofSources)
	if err != nil {
		return nil, err
	}
	width := edge.Widths[0]
	step := time.Duration(width.Seconds) * time.Second
	c.Window = tally.Window{From: tally.Floor(from, step), To: tally.Ceil(to, step), Step: step}
	f, _ := c.family()
	newest := map[string]time.Time{}
	r := rollup{Cut: c, family: f, sources: src, tile: tally.Tile{Width: width, From: c.Window.From, To: c.Window.To}}
	by := f.labelsOf(c.By)
	for _, q := range r.questions() {
		err := d.Totals(ctx, c.Tenant, q.selector, q.win, func(s *store.Series) error {
			group := tally.GroupName(by, s.Label)
			for i := len(s.Values) - 1; i >= 0; i-- {
				if end := c.Window.From.Add(time.Duration(i+1) * step); s.Values[i] > 0 && end.After(newest[group]) {
					newest[strings.Clone(group)] = end
					break
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return newest, nil
}
