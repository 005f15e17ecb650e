package query

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/store"
)

// When the silence of a region is worth a word: at its own rate ten invocations would have come since, which chance leaves out
// once in 20,000 times (a Poisson process: e^-10), and a minute has passed, more than batches of senders take.
const (
	missedEvents = 10
	leastSilence = time.Minute
	// silenceLooked is how far back the newest invocation is looked for; who is silent for longer is silent for that long.
	silenceLooked = 30 * time.Minute
)

// newestOf answers the end of the newest window in which each region has invocations, looking back from now. It is nil when the
// question ends before now or goes by what the rollups of regions do not have.
func (a *asking) newestOf(ctx context.Context) (map[string]time.Time, error) {
	width := edge.Widths[0]
	step := time.Duration(width.Seconds) * time.Second
	win := window{floor(a.now.Add(-silenceLooked), step), ceil(a.now, step), step}
	c := cut{tenant: a.tenant, by: []string{edge.KeyRegion}, win: win, parts: withEvents, conditions: a.conditions}
	f, ok := c.family()
	if a.q.Range == "" || !ok {
		return nil, nil //nolint:nilnil // nobody can be called silent
	}
	sources, err := a.findSources(ctx, a.tenant, a.win.whole())
	if err != nil {
		return nil, err
	}
	newest := map[string]time.Time{}
	r := rollup{cut: c, family: f, sources: sources, tile: tile{width, win.from, win.to}}
	for _, q := range r.questions() {
		err := a.totals(ctx, a.tenant, q.selector, q.win, func(s *store.Series) error {
			region := s.Label(edge.LabelRegion)
			for i := len(s.Values) - 1; i >= 0; i-- {
				if end := win.from.Add(time.Duration(i+1) * step); s.Values[i] > 0 && end.After(newest[region]) {
					newest[strings.Clone(region)] = end
					break
				}
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("find the newest invocation of each region: %w", err)
		}
	}
	return newest, nil
}

// addSilences marks the rows of regions from which nothing comes any more while something comes from others: when all are
// silent, the page as a whole says so.
func (a *asking) addSilences(rows []Row, newest map[string]time.Time) {
	if newest == nil {
		return
	}
	silent := 0
	for i := range rows {
		r := &rows[i]
		silence := silenceLooked
		if end, ok := newest[r.Name]; ok {
			silence = max(0, a.now.Sub(end))
		}
		spoken := a.now.Sub(a.win.from) - silence
		if spoken <= 0 || silence < leastSilence || float64(r.Samples)*silence.Seconds()/spoken.Seconds() < missedEvents {
			continue
		}
		r.Silent = Num(math.Floor(silence.Seconds()))
		silent++
	}
	if silent == len(rows) {
		for i := range rows {
			rows[i].Silent = None()
		}
	}
}
