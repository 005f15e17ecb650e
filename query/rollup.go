package query

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"edgescope/edge"
	"edgescope/store"
)

// rollupsOnly returns a table from the rollups, nil when no family has what it asks for.
func (d *reader) rollupsOnly(ctx context.Context, c cut) (*table, error) {
	f, ok := c.family()
	if !ok {
		return nil, nil //nolint:nilnil // there is none
	}
	return d.rollups(ctx, c, f)
}

func (d *reader) rollups(ctx context.Context, c cut, f family) (*table, error) {
	src, err := d.findSources(ctx, c.tenant, c.win.whole())
	if err != nil {
		return nil, err
	}
	t := newTable(c.win)
	var questions []rollupQuestion
	for _, tile := range c.tiles() {
		r := rollup{cut: c, family: f, sources: src, tile: tile}
		questions = append(questions, r.questions()...)
	}
	a := addition{table: t, by: f.labelsOf(c.by), parts: c.parts, ranges: map[string]int{}}
	g, ctx := errgroup.WithContext(ctx)
	for _, q := range questions {
		g.Go(func() error { return d.totals(ctx, c.tenant, q.selector, q.win, a.add) })
	}
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("ask rollups %s: %w", f.prefix, err)
	}
	return t, nil
}

// tiles answers the pieces to ask for: many buckets come from one width, a single bucket from several.
func (c *cut) tiles() []tile {
	if c.win.buckets() == 1 {
		return c.win.tiles()
	}
	return []tile{{widthOf(c.win.step), c.win.from, c.win.to}}
}

// rollup writes the questions of a cut to one tile.
type rollup struct {
	cut

	family  family
	sources sources
	tile    tile
}

type rollupQuestion struct {
	selector string
	win      window
}

func (r *rollup) questions() []rollupQuestion {
	win := r.win
	if r.win.buckets() == 1 {
		win = window{r.tile.from, r.tile.to, r.tile.to.Sub(r.tile.from)}
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
	if r.parts&withRequests != 0 {
		out = append(out, r.selectors(groupRequests, edge.MetricRequests, edge.MetricEvents)...)
	} else if r.parts&withEvents != 0 {
		out = append(out, r.selectors(groupRequests, edge.MetricEvents)...)
	}
	for _, of := range []struct {
		part   parts
		group  group
		metric string
	}{
		{withMean, groupDuration, edge.MetricDuration + "_sum"},
		{withStarts, groupCold, edge.MetricColdStarts},
		{withInit, groupInit, edge.MetricInit + "_sum"},
		{withOutcomes, groupCache, edge.MetricCache},
		{withResponses, groupRequests, edge.MetricResponses},
	} {
		if r.parts&of.part != 0 {
			out = append(out, r.selectors(of.group, of.metric)...)
		}
	}
	return out
}

func (r *rollup) buckets() []string {
	var out []string
	if r.parts&(withDurations|withCold|withCache) != 0 {
		out = append(out, r.selectors(groupDuration, edge.MetricDuration+"_bucket")...)
	}
	if r.parts&withInit != 0 {
		out = append(out, r.selectors(groupInit, edge.MetricInit+"_bucket")...)
	}
	if r.parts&withCPU != 0 {
		out = append(out, r.selectors(groupCPU, edge.MetricCPU+"_bucket")...)
	}
	return out
}

// selectors selects metrics of one group, with the filters, from each service's source. No source, no selector.
func (r *rollup) selectors(g group, metrics ...string) []string {
	var out []string
	for _, source := range r.alternatives(g) {
		all := append([]string{nameMatcher(r.family.prefix, r.tile.width, metrics), source}, matchers(r.family.labels, r.conditions)...)
		out = append(out, strings.Join(all, ","))
	}
	return out
}

// alternatives are the matchers of a metric's sources, which are or-ed.
func (r *rollup) alternatives(g group) []string {
	if r.spans {
		return []string{fmt.Sprintf("%s!=%q", edge.LabelSignal, edge.SignalDataPoint)}
	}
	return r.sources.alternatives(g)
}

// lookback writes a length of time for MetricsQL.
func lookback(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) + "ms" }

// addition adds up what rollup questions answer. Series exist once per collector and part, and are added up here.
type addition struct {
	by    []string // labels
	parts parts

	mu     sync.Mutex
	table  *table
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
	group := groupName(a.by, s.Label)
	overflow := s.Label(edge.LabelOverflow) != ""
	for i, v := range s.Values {
		if v > 0 && i < a.table.win.buckets() {
			add(a.table.at(group, overflow, i), v)
		}
	}
	return nil
}

// adder answers where the values of a series go in a tally, nil for a metric that is none of ours.
func (a *addition) adder(s *store.Series) func(*tally, float64) {
	metric := metricOf(s.Label(edge.LabelName))
	if h, ok := strings.CutSuffix(metric, "_bucket"); ok {
		return a.bucketAdder(h, s)
	}
	switch metric {
	case edge.MetricRequests:
		if isError(s.Label(edge.LabelOutcome)) {
			return func(t *tally, v float64) { t.requests += v; t.errors += v }
		}
		return func(t *tally, v float64) { t.requests += v }
	case edge.MetricEvents:
		return func(t *tally, v float64) { t.events += v }
	case edge.MetricColdStarts:
		if s.Label(edge.LabelColdStart) == "true" {
			return func(t *tally, v float64) { t.cold += v }
		}
		return func(t *tally, v float64) { t.warm += v }
	case edge.MetricDuration + "_sum":
		return func(t *tally, v float64) { t.durationSum += v }
	case edge.MetricInit + "_sum":
		return func(t *tally, v float64) { t.initSum += v }
	case edge.MetricResponses:
		code := strings.Clone(s.Label(edge.LabelStatus))
		return func(t *tally, v float64) { t.respond(code, v) }
	case edge.MetricCache:
		if i := cacheIndex(s.Label(edge.LabelCache)); i >= 0 {
			return func(t *tally, v float64) { t.cache[i] += v }
		}
	}
	return nil
}

func (a *addition) bucketAdder(metric string, s *store.Series) func(*tally, float64) {
	text := s.Label(edge.LabelVMRange)
	b, ok := a.ranges[text]
	if !ok {
		if b, ok = parseRange(text); !ok {
			return nil
		}
		a.ranges[strings.Clone(text)] = b
	}
	switch metric {
	case edge.MetricInit:
		return func(t *tally, v float64) { t.init.add(b, v) }
	case edge.MetricCPU:
		return func(t *tally, v float64) { t.cpu.add(b, v) }
	case edge.MetricDuration:
		cold, cache := edge.Unknown, -1
		if a.parts&withCold != 0 {
			cold = edge.TriOf(s.Label(edge.LabelColdStart))
		}
		if a.parts&withCache != 0 {
			cache = cacheIndex(s.Label(edge.LabelCache))
		}
		return func(t *tally, v float64) { t.addDuration(b, v, cold, cache) }
	}
	return nil
}

// newestWindows returns for each group of a cut, which a family must have, the end of the newest window between two times in which
// it has invocations. The sources of services are those of another window.
func (d *reader) newestWindows(ctx context.Context, c cut, ofSources window, from, to time.Time) (map[string]time.Time, error) {
	src, err := d.findSources(ctx, c.tenant, ofSources)
	if err != nil {
		return nil, err
	}
	width := edge.Widths[0]
	step := time.Duration(width.Seconds) * time.Second
	c.win = window{floor(from, step), ceil(to, step), step}
	f, _ := c.family()
	newest := map[string]time.Time{}
	r := rollup{cut: c, family: f, sources: src, tile: tile{width, c.win.from, c.win.to}}
	by := f.labelsOf(c.by)
	for _, q := range r.questions() {
		err := d.totals(ctx, c.tenant, q.selector, q.win, func(s *store.Series) error {
			group := groupName(by, s.Label)
			for i := len(s.Values) - 1; i >= 0; i-- {
				if end := c.win.from.Add(time.Duration(i+1) * step); s.Values[i] > 0 && end.After(newest[group]) {
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
