package query

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"edgescope/edge"
)

// normDays is how far a norm looks back: a week, so that every day of it is in.
const normDays = 7

// normOf answers the P95 of each group in the 7 days before the window, in milliseconds, from hourly rollups. Groups with
// fewer than 100 events have none. Filters that rollups can't apply leave all without one: a scan of 7 days of events would
// cost more than it tells.
func (a *asking) normOf(ctx context.Context, by string) (map[string]Num, error) {
	end := floor(a.win.from, time.Hour)
	start := end.Add(-normDays * day)
	c := cut{
		tenant: a.tenant, by: []string{by}, win: window{start, end, end.Sub(start)},
		parts: withEvents | withDurations, conditions: a.conditions,
	}
	if _, ok := c.family(); !ok {
		return nil, nil
	}
	key := fmt.Sprintf("%d %d %s %#v", a.tenant, end.Unix(), by, a.conditions)
	return a.norms.get(key, a.now, normLife, func() (map[string]Num, error) {
		t, err := a.table(ctx, c)
		if err != nil {
			return nil, fmt.Errorf("find the norm of 7 days: %w", err)
		}
		norms := map[string]Num{}
		for name, row := range t.groups {
			if total := sum(row); total.events >= fewEvents {
				norms[name] = total.percentile(95)
			}
		}
		return norms, nil
	})
}

// normals are what regions are measured by: their norms, and when each was last heard of.
type normals struct {
	norms  map[string]Num
	newest map[string]time.Time
}

// askNormals asks for the normals of regions in goroutines of the group.
func (a *asking) askNormals(ctx context.Context, g *errgroup.Group, to *normals) {
	g.Go(func() (err error) { to.norms, err = a.normOf(ctx, edge.KeyRegion); return err })
	g.Go(func() (err error) { to.newest, err = a.newestOf(ctx); return err })
}

// normalRows makes rows of regions with their places, norms and silences, sorted as asked.
func (a *asking) normalRows(now, before *table, n normals) []Row {
	rows := a.makeRows(now, before)
	a.locate(rows)
	addNorms(rows, n.norms)
	a.addSilences(rows, n.newest)
	sortRows(rows, a.q.Sort)
	return rows
}

// trends adds the P95 over time and answers the heatmap of the asked percentile, a row for each of the rows.
func (a *asking) trends(rows []Row, t *table) Heatmap {
	h := Heatmap{Rows: names(rows), Cells: make([][]Num, len(rows))}
	for i := range rows {
		buckets := t.groups[rows[i].Name]
		if buckets == nil {
			buckets = make([]tally, t.win.buckets())
		}
		rows[i].Trend = line("", buckets, durations(95)).Values
		h.Cells[i] = line("", buckets, durations(a.q.Percentile)).Values
	}
	return h
}

// regionLines draws a line for each of the names and, when there are more groups, one for all others together.
func regionLines(all []tally, t *table, regions []string, others bool, value func(*tally) Num) []Line {
	lines := make([]Line, 0, len(regions)+1)
	rest := make([]tally, len(all))
	for i := range all {
		rest[i].merge(&all[i])
	}
	for _, name := range regions {
		row := t.groups[name]
		if row == nil {
			row = make([]tally, len(all))
		}
		lines = append(lines, line(name, row, value))
		for i := range row {
			rest[i].take(&row[i])
		}
	}
	if others {
		lines = append(lines, line(othersName, rest, value))
	}
	return lines
}

// othersName is the name of the line of all regions that have none of their own.
const othersName = "others"

// take removes what o counted from t: the figures that lines by region show.
func (t *tally) take(o *tally) {
	t.requests -= o.requests
	t.cold -= o.cold
	t.warm -= o.warm
	mine, theirs := t.all(), o.all()
	t.duration = [3]hist{edge.Unknown: mine.minus(theirs)}
}

// regions limits a cut to regions by name.
func (c cut) regions(names []string) cut { return c.where(edge.KeyRegion, names) }
