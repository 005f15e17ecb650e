package deploys

import (
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
	"edgescope/query/tables"
	"edgescope/query/tally"
)

const (
	// followed is how many buckets of a season are judged of what follows an instant switch: 1, 3 or 12 hours, as there
	// are many events or few.
	followed = 12
	// fullBucket is the number of events that a bucket should have; leastBuckets are needed to judge.
	fullBucket, leastBuckets = 100, 3
	// readAtOnce is how many days of the past are read at a time.
	readAtOnce = 2
	// errorsAt is where signals has the share that all invocations have.
	errorsAt = 1
	// mostPassing is how many changes are told that held for a part of the time only.
	mostPassing = 3
	// ownPart is the part of all events from which on a route's own number of them says how long is looked.
	ownPart = 0.05
)

// buckets are the shares of a route by signal, in buckets of 5 minutes.
type buckets [][]judge.Share

func bucketsOf(row []tally.Tally, over query.Num) buckets {
	b := make(buckets, len(signals))
	for s, signal := range signals {
		b[s] = make([]judge.Share, len(row))
		for i := range row {
			b[s][i] = shareOf(signal, &row[i], over)
		}
	}
	return b
}

// past is what the same time of day was like on the days before, of all versions together: from an hour before what
// follows to an hour after.
type past struct {
	days [judge.SeasonDays]map[string]buckets // by route, oldest first
	all  map[string]*tally.Tally
}

// againstNorm judges what follows an instant switch by the same hours of the days before.
func (t *trial) againstNorm(ctx context.Context, alone time.Time) error {
	if c := t.of("", tally.Window{}, tables.RowParts, edge.KeyRoute); !c.InRollups() {
		t.out.Verdict = query.VerdictFew
		t.out.Notes = append(t.out.Notes,
			"nothing served beside it, and the past is known by service and route only: take the other filters away")
		return nil
	}
	w := tally.Window{From: tally.Ceil(alone, aBucket), To: tally.Floor(t.until, aBucket), Step: aBucket}
	old := settles
	if whole := t.until.Add(settles - provisional); whole.Sub(w.From) >= time.Hour { // an hour without late events is enough
		w.To, old = tally.Floor(whole, aBucket), provisional
	}
	if end := w.From.Add(followed * time.Hour); end.Before(w.To) {
		w.To = end
	}
	if w.To.Sub(w.From) < leastBuckets*aBucket {
		t.wait(w.From.Add(leastBuckets * aBucket))
		return nil
	}
	now, err := t.read.Table(ctx, t.of(t.deploy.Version, w, tables.RowParts, edge.KeyRoute))
	if err != nil {
		return fmt.Errorf("read what follows: %w", err)
	}
	for _, row := range now.Groups {
		for i := range row {
			if w.From.Add(time.Duration(i) * aBucket).Before(t.began.Add(warming)) {
				row[i] = warm(row[i])
			}
		}
	}
	if needed := leastBuckets * foldOf(eventsOf(now)); now.Window.Buckets() < needed {
		t.wait(w.From.Add(time.Duration(needed) * aBucket))
		return nil
	}
	if most := spanOf(now); w.Buckets() > most {
		now = now.Before(w.From.Add(time.Duration(most) * aBucket))
	} else if w.Buckets() < most {
		t.out.Next = w.To.Add(aBucket + old)
	}
	return t.compareWithPast(ctx, now)
}

// spanOf returns how many buckets of what follows are looked at: as many as the rarest route needs that matters.
func spanOf(now *tally.Table) int {
	all := eventsOf(now)
	fold, least := foldOf(all), 0.0
	for _, n := range all {
		least += ownPart * n
	}
	for _, row := range now.Groups {
		if tally.Sum(row).Events >= least {
			fold = max(fold, foldOf(rowEvents(row)))
		}
	}
	return followed * fold
}

func rowEvents(row []tally.Tally) []float64 {
	out := make([]float64, len(row))
	for i := range row {
		out[i] = row[i].Events
	}
	return out
}

// foldOf returns how many buckets of 5 minutes are to count as one, 1, 3 or 12, as there are many events or few.
func foldOf(events []float64) int {
	sorted := slices.Sorted(slices.Values(events))
	middle := sorted[len(sorted)/2]
	switch {
	case middle >= fullBucket:
		return 1
	case 3*middle >= fullBucket:
		return 3
	default:
		return anHour
	}
}

// wait says that nothing can be said before a time.
func (t *trial) wait(until time.Time) {
	if t.signals == nil {
		t.out.Verdict = query.VerdictEarly
	}
	t.out.Next = until.Add(settles)
}

// compareWithPast judges what follows by the same time of the days before.
func (t *trial) compareWithPast(ctx context.Context, now *tally.Table) error {
	if err := t.usuallySlow(ctx, now.Window.From); err != nil {
		return err
	}
	before, err := t.readPast(ctx, now.Window)
	if err != nil {
		return err
	}
	f := following{now: now, after: map[string]buckets{}, past: before, over: t.over}
	for route, row := range now.Groups {
		f.after[route] = bucketsOf(row, t.over[route])
		if before.all[route] != nil && tally.Sum(row).Events > 0 {
			f.routes = append(f.routes, route)
		}
	}
	slices.Sort(f.routes)
	if !f.mark(errorsAt, f.routes).known {
		t.unprecedented = t.against == ""
		t.out.Notes = append(t.out.Notes,
			"nothing serves beside it, and the days before do not say yet what is usual at this hour: that takes three of them")
	}
	j := f.judge()
	if !j.enough() && t.signals != nil { // the events of both versions say as much
		return nil
	}
	t.judged = j
	if n := len(f.passing); n > 0 {
		t.out.Notes = append(t.out.Notes, "for a part of the time only, which is not taken for the version: "+
			strings.Join(f.passing[:min(n, mostPassing)], "; "))
	}
	t.out.Method, t.out.From, t.out.To = query.MethodNorm, now.Window.From, now.Window.To
	all, err := t.read.Table(ctx, t.of("", now.Window.Whole(), tables.WithRequests, edge.KeyServiceVersion))
	if err != nil {
		return fmt.Errorf("read all versions: %w", err)
	}
	mine := now.Total()
	t.out.Part = tally.Ratio(mine.Requests, all.Total().Requests)
	return nil
}

// usuallySlow finds what is slow on each route: the p95 of the days before, all versions together.
func (t *trial) usuallySlow(ctx context.Context, from time.Time) error {
	w := tally.Window{To: tally.Floor(from, time.Hour)}
	w.From = w.To.Add(-judge.SeasonDays * query.Day)
	w.Step = w.To.Sub(w.From)
	table, err := t.read.Table(ctx, t.of("", w, tables.RowParts, edge.KeyRoute))
	if err != nil {
		return fmt.Errorf("find what is slow: %w", err)
	}
	t.over = overOf(table)
	return nil
}

// readPast reads the same time of day on the days before, with the hours around it.
func (t *trial) readPast(ctx context.Context, now tally.Window) (*past, error) {
	p := &past{all: map[string]*tally.Tally{}}
	read := make(chan map[string][]tally.Tally, judge.SeasonDays)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(readAtOnce)
	for d := range p.days {
		ago := time.Duration(judge.SeasonDays-d) * query.Day
		g.Go(func() error {
			w := tally.Window{From: now.From.Add(-ago - time.Hour), To: now.To.Add(-ago + time.Hour), Step: aBucket}
			table, err := t.read.Table(ctx, t.of("", w, tables.RowParts, edge.KeyRoute))
			if err != nil {
				return fmt.Errorf("read the past: %w", err)
			}
			p.days[d] = make(map[string]buckets, len(table.Groups))
			sums := make(map[string][]tally.Tally, len(table.Groups))
			for route, row := range table.Groups {
				p.days[d][route] = bucketsOf(row, t.over[route])
				sums[route] = []tally.Tally{*tally.Sum(row)}
			}
			read <- sums
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	close(read)
	for sums := range read {
		for route, sum := range sums {
			if p.all[route] == nil {
				p.all[route] = &tally.Tally{}
			}
			p.all[route].Merge(&sum[0])
		}
	}
	return p, nil
}

// following is what follows a switch, beside what was usual before.
type following struct {
	now    *tally.Table
	after  map[string]buckets
	past   *past
	over   map[string]query.Num
	routes []string // that were there before, sorted
	// passing are changes of routes, in words, that held for a part of the time only.
	passing []string
}

// judge judges all routes together, and each of its own.
func (f *following) judge() judged {
	var out judged
	excess := make([]map[string]float64, len(signals))
	for s := range signals {
		out.signals = append(out.signals, f.change(s, f.routes))
		excess[s] = f.excess(s)
	}
	for _, route := range f.routes {
		r := query.RouteChange{Route: route}
		for s := range signals {
			c := f.change(s, []string{route})
			if whole := &out.signals[s]; whole.Verdict == query.VerdictWorse || whole.Verdict == query.VerdictBetter {
				c.Part = query.Num(excess[s][route])
			}
			r.Signals = append(r.Signals, c)
		}
		r.Verdict = worst(r.Signals)
		out.routes = append(out.routes, r)
	}
	return out
}

// excess returns which part of the events beyond those that were usual each route has.
func (f *following) excess(s int) map[string]float64 {
	out, all := map[string]float64{}, 0.0
	for _, route := range f.routes {
		is, was := total(f.after[route][s]), judge.Share{}
		for _, day := range f.past.days {
			if b := day[route]; b != nil {
				one := total(b[s])
				was.K, was.N = was.K+one.K, was.N+one.N
			}
		}
		if was.N > 0 {
			out[route] = is.K - is.N*was.Ratio()
			all += out[route]
		}
	}
	for route := range out {
		out[route] /= all
	}
	return out
}

func total(shares []judge.Share) (all judge.Share) {
	for _, s := range shares {
		all.K, all.N = all.K+s.K, all.N+s.N
	}
	return all
}

// change judges a share over routes together.
func (f *following) change(s int, routes []string) query.Change {
	m := f.mark(s, routes)
	is := m.share
	c := query.Change{
		Signal: signals[s], Verdict: query.VerdictFew, Sure: query.Num(m.sure), Score: query.None(),
		Over: query.None(), Part: query.None(), Share: unknown(is.N), Before: unknown(0), Difference: unknown(is.N),
	}
	if c.Signal == query.SignalSlow && len(routes) == 1 {
		c.Over = f.over[routes[0]]
	}
	if m.known { // else none of the past can be compared with
		c.Before.N = query.Num(math.Round(m.before))
	}
	if !m.known || math.IsNaN(m.z) {
		return c
	}
	c.Score = query.Num(m.z)
	c.Share = shareFigure(is.Ratio(), is.N)
	norm := m.norm.Share()
	low, high := swing(m.norm.Middle, m.norm.Restless+1/(m.before+.5))
	c.Before = measured(norm, low, high, m.before)
	low, high = swing(is.Angle(), is.Noise()+m.norm.Restless)
	c.Difference = measured(is.Ratio()-norm, low-norm, high-norm, is.N)
	if c.Signal == query.SignalSlow {
		f.addPercentiles(&c, routes)
	}
	c.Verdict = verdictOf(&c, m.surely())
	if len(routes) == 1 && m.away() && m.z > 0 && !m.agree && matters(&c) {
		f.passing = append(f.passing, textOf(&c)+" on "+orUnknown(routes[0]))
	}
	return c
}

// addPercentiles adds the p95 of what follows and of the past with the mix of routes of now.
func (f *following) addPercentiles(c *query.Change, routes []string) {
	var before, now mixture
	for _, route := range routes {
		row := f.now.Groups[route]
		is := tally.Sum(row)
		if f.over[route].OK() {
			before.add(f.past.all[route], is.Events)
			now.add(is, is.Events)
		}
	}
	p95, p95Before := now.p95(), before.p95()
	change := changeOf(p95Before, p95)
	c.P95, c.P95Before, c.P95Change = &p95, &p95Before, &change
}
