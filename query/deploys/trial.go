package deploys

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/filter"
	"edgescope/query/tables"
	"edgescope/query/tally"
)

const (
	// settles is how old events are when most of them have come, and totals have them.
	settles = 90 * time.Second
	// provisional is for how long late events may change what was judged.
	provisional = 15 * time.Minute
	// warming is for how long the starts of a new version are cold because it is new.
	warming = 10 * time.Minute
	// serving is the part of its service's invocations from which on a version counts as serving.
	serving = 0.01
	// mostLooks is how many looks may be judged: judge.Compare is sure among so many.
	mostLooks = 3

	aBucket = 5 * time.Minute
	anHour  = 12 // buckets
	looked  = 24 * time.Hour
)

// trial is a version on its way to a verdict.
type trial struct {
	read *tables.Reader
	// cut has the tenant and what is demanded of events beside their version.
	cut tables.Cut
	// deploy is the version and its first sight, against the version to compare with, "" when it is to be found.
	deploy  query.Deploy
	against string
	// until is up to when there are events to judge.
	until time.Time

	began time.Time
	over  map[string]query.Num
	judged
	out query.DeployVerdict
	// unprecedented tells that no version and no past is known to compare with.
	unprecedented bool
}

// verdict finds out when the version began to serve and beside which, and compares.
func (t *trial) verdict(ctx context.Context) (*query.DeployVerdict, error) {
	t.out = query.DeployVerdict{
		Deploy: t.deploy, Verdict: query.VerdictEarly, Part: query.None(), Signals: []query.Change{},
		Routes: []query.RouteChange{},
	}
	if err := t.begin(ctx); err != nil {
		return nil, err
	}
	t.out.Began, t.out.Against = t.began, t.against
	alone, err := t.sideBySide(ctx)
	if err == nil && !alone.IsZero() {
		err = t.againstNorm(ctx, alone)
	}
	if err != nil {
		return nil, fmt.Errorf("judge %s %s: %w", t.deploy.Service, t.deploy.Version, err)
	}
	t.settle()
	return &t.out, nil
}

// of is a question about the invocations of a version; of all with "".
func (t *trial) of(version string, w tally.Window, p tables.Parts, by string) tables.Cut {
	c := t.cut
	c.Window, c.Parts, c.By = w, p, []string{by}
	if version != "" {
		c = c.Where(edge.KeyServiceVersion, []string{version})
	}
	return c
}

// begin finds since when the version serves, and which served before it.
func (t *trial) begin(ctx context.Context) error {
	sight := tally.Floor(t.deploy.At, aBucket)
	w := tally.Window{From: sight.Add(-looked), To: tally.Ceil(t.until, aBucket), Step: aBucket}
	if end := sight.Add(looked + aBucket); end.Before(w.To) {
		w.To = end
	}
	if !sight.Before(w.To) {
		w.To = sight.Add(aBucket)
	}
	table, err := t.read.Table(ctx, t.of("", w, tables.WithEvents, edge.KeyServiceVersion))
	if err != nil {
		return fmt.Errorf("find out when it began: %w", err)
	}
	at := w.Index(sight)
	first := begins(table, t.deploy.Version, at)
	t.began = tally.Floor(t.deploy.At, 10*time.Second)
	if first > at {
		t.began, err = t.firstEvent(ctx, w.From.Add(time.Duration(first)*aBucket))
	}
	if t.against == "" {
		t.against = servedBefore(table, t.deploy.Version, first)
	}
	return err
}

// begins returns the bucket in which a version begins to serve: from which on it takes its part for an hour. at is the
// bucket of its first sight, which it is when there is no other.
func begins(t *tally.Table, version string, at int) int {
	mine, all := t.Groups[version], t.All()
	if mine == nil {
		return at
	}
	for i := at; i < len(all); i++ {
		end := min(len(all), i+anHour)
		n, of := tally.Sum(mine[i:end]).Events, tally.Sum(all[i:end]).Events
		if mine[i].Events > 0 && n >= serving*of {
			return i
		}
	}
	return at
}

// servedBefore returns the version with most events in the hour before a bucket, else in all buckets before; "" when
// none served.
func servedBefore(t *tally.Table, version string, first int) string {
	for _, from := range []int{max(0, first-anHour), 0} {
		found, most := "", 0.0
		for name, row := range t.Groups {
			n := tally.Sum(row[from:first]).Events
			if name != version && name != "" && (n > most || n == most && n > 0 && name < found) {
				found, most = name, n
			}
		}
		if found != "" {
			return found
		}
	}
	return ""
}

// firstEvent returns the start of the first 10 seconds of a bucket in which the version served.
func (t *trial) firstEvent(ctx context.Context, bucket time.Time) (time.Time, error) {
	w := tally.Window{From: bucket, To: bucket.Add(aBucket), Step: 10 * time.Second}
	table, err := t.read.Table(ctx, t.of(t.deploy.Version, w, tables.WithEvents, edge.KeyServiceVersion))
	if err != nil {
		return bucket, err
	}
	i := slices.IndexFunc(table.All(), func(one tally.Tally) bool { return one.Events > 0 })
	return bucket.Add(time.Duration(max(0, i)) * w.Step), nil
}

// stretch is a part of the common time of two versions that is read in buckets of one length: looks are at its first
// so many buckets, each a multiple of judge.Blocks; in the first warmUp ones the new version is warming up.
type stretch struct {
	from   time.Time
	step   time.Duration
	ends   []int
	warmUp int
}

// sideBySide compares where both versions serve. It returns since when the version serves without the other where that
// leaves nothing to compare: zero when the verdict stands or is to come.
func (t *trial) sideBySide(ctx context.Context) (alone time.Time, err error) {
	if t.against == "" {
		return t.began, nil
	}
	if err := t.thresholds(ctx); err != nil {
		return alone, err
	}
	minutes := stretch{t.began, time.Minute, []int{10, 30, 60}, int(warming / time.Minute)}
	five := tally.Ceil(t.began.Add(warming), aBucket)
	later := stretch{five, aBucket, []int{70, 280}, 0} // 6 and 24 hours, less the first minutes
	looks := 0
	for _, s := range []stretch{minutes, later} {
		n, stopped, err := t.lookAt(ctx, s, mostLooks-looks)
		if err != nil {
			return alone, err
		}
		looks += n
		if !stopped.IsZero() && looks == 0 {
			alone = stopped
		}
		if !stopped.IsZero() || !t.out.Next.IsZero() || looks == mostLooks {
			break
		}
	}
	if looks == 0 && alone.IsZero() && t.out.Next.IsZero() {
		t.out.Verdict = query.VerdictFew
	}
	return alone, nil
}

// lookAt looks at a stretch, at most so many times with success. It returns how often that was, and when one of the
// versions stopped to serve, zero when both go on.
func (t *trial) lookAt(ctx context.Context, s stretch, most int) (looks int, stopped time.Time, err error) {
	last := s.ends[len(s.ends)-1]
	known := min(last, int(t.until.Sub(s.from)/s.step))
	if known <= 0 {
		t.out.Next = s.from.Add(time.Duration(s.ends[0]) * s.step).Add(settles)
		return 0, stopped, nil
	}
	both, err := t.sides(ctx, tally.Window{From: s.from, To: s.from.Add(time.Duration(known) * s.step), Step: s.step})
	if err != nil {
		return 0, stopped, err
	}
	end := both.both()
	if end < known {
		stopped = s.from.Add(time.Duration(end) * s.step)
	}
	if end < known && end < s.ends[0] && s.step == time.Minute {
		return t.lookShortly(ctx, s.from, stopped)
	}
	for _, at := range s.ends {
		if at > end && stopped.IsZero() {
			t.out.Next = s.from.Add(time.Duration(at) * s.step).Add(settles)
			break
		}
		if looks < most && t.take(newLook(both, min(at, end)/10*10, s.warmUp, t.over)) {
			looks++
		}
		if at >= end || looks == most {
			break
		}
	}
	return looks, stopped, nil
}

// lookShortly looks at the time before the minute in which one of the versions stopped, which is less than the first
// look takes.
func (t *trial) lookShortly(ctx context.Context, from, stopped time.Time) (looks int, end time.Time, err error) {
	const step = 10 * time.Second
	s, err := t.sides(ctx, tally.Window{From: from, To: stopped.Add(2 * time.Minute), Step: step})
	if err != nil {
		return 0, stopped, err
	}
	n := s.both()
	stopped = from.Add(time.Duration(n) * step)
	if n = n / 10 * 10; n > 0 && t.take(newLook(s, n, n, t.over)) {
		looks = 1
	}
	return looks, stopped, nil
}

// take keeps what a look says, if it says anything: of each share the newest look that could judge it.
func (t *trial) take(l *look) bool {
	j := l.judge()
	t.out.Method = query.MethodSideBySide
	if !j.enough() && t.enough() {
		return false
	}
	t.out.From, t.out.To = l.from, l.to
	if t.enough() {
		keep(j.signals, t.signals)
	}
	t.judged = j
	t.out.Part = partOf(l)
	return j.enough()
}

// keep puts the verdicts of an earlier look in place of those that a later one could not give.
func keep(now, earlier []query.Change) {
	for i := range now {
		if !isJudged(now[i].Verdict) && isJudged(earlier[i].Verdict) {
			now[i] = earlier[i]
		}
	}
}

// partOf is which part of the invocations of both versions the new one took.
func partOf(l *look) query.Num {
	var a, b float64
	for _, route := range l.routes {
		a, b = a+tally.Sum(l.a[route]).Requests, b+tally.Sum(l.b[route]).Requests
	}
	return tally.Ratio(b, a+b)
}

// sides reads both versions.
func (t *trial) sides(ctx context.Context, w tally.Window) (s sides, err error) {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		s.a, err = t.read.Table(ctx, t.of(t.against, w, tables.RowParts, edge.KeyRoute))
		return err
	})
	g.Go(func() (err error) {
		s.b, err = t.read.Table(ctx, t.of(t.deploy.Version, w, tables.RowParts, edge.KeyRoute))
		return err
	})
	return s, g.Wait()
}

// leastOver is how many events a route needs to say which of its invocations are slow.
const leastOver = 100

// thresholds finds what is slow on each route: the p95 under the version compared with, in the day before and in the
// first hour beside the new one. It is the end of a bucket, so that it is known how many are above it.
func (t *trial) thresholds(ctx context.Context) error {
	to := t.began.Add(time.Hour)
	if t.until.Before(to) {
		to = tally.Ceil(t.until, 10*time.Second)
	}
	w := tally.Window{From: tally.Floor(t.began.Add(-looked), time.Hour), To: to}
	w.Step = w.To.Sub(w.From)
	table, err := t.read.Table(ctx, t.of(t.against, w, tables.RowParts, edge.KeyRoute))
	if err != nil {
		return fmt.Errorf("find what is slow: %w", err)
	}
	t.over = overOf(table)
	return nil
}

// overOf is what makes an invocation of each route slow, absent of those with too few events to tell.
func overOf(table *tally.Table) map[string]query.Num {
	over := make(map[string]query.Num, len(table.Groups))
	for route, row := range table.Groups {
		over[route] = query.None()
		if all := tally.Sum(row); all.Events >= leastOver {
			over[route] = all.All().Edge(slowest)
		}
	}
	return over
}

// settle makes the verdict of what was judged, and says how long it holds.
func (t *trial) settle() {
	o := &t.out
	o.Provisional = !o.To.IsZero() && o.To.After(t.until.Add(settles-provisional))
	if o.Next.IsZero() && o.Provisional {
		o.Next = o.To.Add(provisional)
	}
	o.Final = o.Next.IsZero()
	if t.signals != nil {
		o.Signals, o.Routes, o.RouteCount = t.signals, t.routes, len(t.routes)
		slices.SortStableFunc(o.Routes, byWeight)
		o.Verdict = worst(o.Signals)
		if slices.ContainsFunc(o.Routes, func(r query.RouteChange) bool { return r.Verdict == query.VerdictWorse }) {
			o.Verdict = query.VerdictWorse
		}
	}
	if o.Verdict == query.VerdictFew && t.unprecedented {
		o.Verdict = query.VerdictAlone
	}
	describe(o)
}

// conditionsOf are what a service's events meet, beside what is demanded of them but their service and version.
func conditionsOf(service string, demanded []filter.Condition) []filter.Condition {
	out := []filter.Condition{filter.AnyOf(edge.KeyServiceName, []string{service})}
	for _, c := range demanded {
		if c.Key != edge.KeyServiceName && c.Key != edge.KeyServiceVersion {
			out = append(out, c)
		}
	}
	return out
}
