package explain

import (
	"context"
	"fmt"
	"time"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/tables"
	"edgescope/query/tally"
	"edgescope/store"
)

const (
	// mostRows is how many invocations are read: of more, whole stretches of the range.
	mostRows = 40_000
	// mostStretches is how many: each costs the store as much as tens of thousands of rows.
	mostStretches = 2
)

// cells are how many invocations there are over time, and how many of them are bad, as far as that is cheap to tell.
type cells struct {
	from, to time.Time
	win      tally.Window
	n        []float64
	bad      map[string][]float64
	// told says that bad has errors and slow ones.
	told bool
}

// count counts the invocations of the question's range: by rollups where a family of them has the question's filters.
func (l *looking) count(ctx context.Context) (*cells, error) {
	win := tally.WindowOf(l.from, l.to, tally.LineBuckets)
	c := &cells{from: l.from, to: l.to, win: win, n: make([]float64, win.Buckets()), bad: map[string][]float64{}}
	cut := l.a.Cut(tables.WithRequests | tables.WithDurations)
	cut.Window = win
	if bad := l.a.Q.Bad; bad == query.BadCold || bad == query.BadMiss {
		cut.Parts = tables.WithCounts
	}
	// A range that is no whole number of windows has less than they count: short ones are counted by their rows.
	if byService := cut.GroupedBy(edge.KeyServiceName); byService.InRollups() && l.to.Sub(l.from) >= 5*time.Minute {
		return c, c.ofRollups(ctx, l, byService)
	}
	return c, c.ofEvents(ctx, l)
}

func (c *cells) ofRollups(ctx context.Context, l *looking, cut tables.Cut) error {
	t, err := l.read.Table(ctx, cut)
	if err != nil {
		return fmt.Errorf("count invocations: %w", err)
	}
	for _, name := range query.Bads() {
		c.bad[name] = make([]float64, len(c.n))
	}
	for service, row := range t.Groups {
		for i := range row {
			c.add(i, &row[i], l.norms.services[service])
		}
	}
	for i := range t.Rest {
		c.add(i, &t.Rest[i], 0)
	}
	c.told = true
	return nil
}

// add counts a tally of a cell; norm is the p95 that is usual, 0 when that is not known.
func (c *cells) add(cell int, t *tally.Tally, norm float64) {
	c.n[cell] += t.Events
	c.bad[query.BadErrors][cell] += t.Errors
	c.bad[query.BadCold][cell] += t.Cold
	for i, n := range t.Cache {
		if bad, _ := isBad(query.BadMiss, edge.CacheStatuses[i]); bad {
			c.bad[query.BadMiss][cell] += n
		}
	}
	if norm > 0 {
		c.bad[query.BadSlow][cell] += t.All().Above(norm)
	}
}

func (c *cells) ofEvents(ctx context.Context, l *looking) error {
	step := int64(c.win.Step.Seconds())
	pipes := fmt.Sprintf("| stats by (_time:%ds) count() %s", step, tables.ColCount)
	k := kinds[l.a.Q.Bad]
	if k.bad != "" {
		pipes += fmt.Sprintf(", count() if (%s) bad", k.bad)
		c.bad[l.a.Q.Bad] = make([]float64, len(c.n))
	}
	return l.events.Rows(ctx, l.from, l.to, pipes, func(r store.Row) error {
		at, err := r.Time(store.FieldTime)
		if err != nil {
			return fmt.Errorf("read the time of a bucket: %w", err)
		}
		if i := c.win.Index(at); i >= 0 {
			c.n[i] += r.Number(tables.ColCount)
			if k.bad != "" {
				c.bad[l.a.Q.Bad][i] += r.Number("bad")
			}
		}
		return nil
	})
}

func (c *cells) total() float64 { return sum(c.n) }

func (c *cells) counts() counts {
	return counts{c.total(), sum(c.bad[query.BadErrors]), sum(c.bad[query.BadSlow])}
}

func sum(values []float64) (s float64) {
	for _, v := range values {
		s += v
	}
	return s
}

// stretches returns what to read: the whole range or, where it has too many invocations, pieces of it where the bad
// ones are, each around an equal part of them.
func (c *cells) stretches(bad string) []query.Stretch {
	if c.total() <= mostRows {
		return []query.Stretch{{From: c.from, To: c.to}}
	}
	where := c.bad[bad]
	if sum(where) <= 0 {
		where = c.n
	}
	var out []query.Stretch
	for i := range mostStretches {
		cell, part := c.quantile(where, (float64(i)+0.5)/mostStretches)
		start := c.win.From.Add(time.Duration(cell) * c.win.Step)
		middle := start.Add(time.Duration(part * float64(c.win.Step)))
		length := time.Duration(float64(c.win.Step) * mostRows / mostStretches / max(c.n[cell], 1))
		s := query.Stretch{From: middle.Add(-length / 2), To: middle.Add(length - length/2)}
		if i > 0 && s.From.Before(out[i-1].To) { // it follows the one before
			s = query.Stretch{From: out[i-1].To, To: out[i-1].To.Add(length)}
		}
		out = append(out, s)
	}
	return c.within(out)
}

// within keeps stretches inside the range.
func (c *cells) within(list []query.Stretch) []query.Stretch {
	var out []query.Stretch
	for _, s := range list {
		if late := s.To.Sub(c.to); late > 0 {
			s.From, s.To = s.From.Add(-late), c.to
		}
		if s.From.Before(c.from) {
			s.From = c.from
		}
		if n := len(out); n > 0 && s.From.Before(out[n-1].To) {
			s.From = out[n-1].To
		}
		if s.From.Before(s.To) {
			out = append(out, s)
		}
	}
	return out
}

// quantile returns in which cell a part of all values lies, and where in it, from 0 to 1.
func (c *cells) quantile(values []float64, phi float64) (cell int, part float64) {
	want, seen := phi*sum(values), 0.0
	for i, v := range values {
		if v > 0 && seen+v >= want {
			return i, (want - seen) / v
		}
		seen += v
	}
	return len(values) - 1, 1
}
