package tables

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/tally"
	"edgescope/store"
)

// About says what an answer made of these tables covers, and what to know of its numbers. The first table tells whether
// they are estimates; overflow is the largest of all, since each family of rollups has a cap of its own.
func (a *Asking) About(ctx context.Context, of ...*tally.Table) (query.About, error) {
	about := query.About{From: a.Win.From, To: a.Until, Step: int64(a.Win.Step.Seconds()), Source: "rollups"}
	for i, t := range of {
		if t == nil {
			continue
		}
		if i == 0 {
			total := t.Total()
			about.Estimated = total.Events > 0 && total.Requests > total.Events*1.0000001
		}
		about.Overflow = max(about.Overflow, query.Num(tally.Sum(t.Rest).Requests))
		if t.Events {
			about.Source = "events"
		}
	}
	a.notes(&about)
	if about.Source == "events" {
		about.Note("asked of the events, because rollups do not hold this combination; percentiles count each event once")
	}
	var err error
	if about.Deploys, err = a.Deploys(ctx); err != nil {
		return about, err
	}
	p, err := a.read.present(ctx, a.Tenant)
	about.Empty, about.LastEvent = !p.ever, p.last
	if err != nil || about.Empty {
		return about, err
	}
	return about, a.noteCompared(ctx, &about)
}

// noteCompared says that the version compared with did not serve, so that nothing is compared.
func (a *Asking) noteCompared(ctx context.Context, about *query.About) error {
	version, ok := strings.CutPrefix(a.Q.Compare, query.CompareVersion)
	if !ok {
		return nil
	}
	before, err := a.TableBefore(ctx, a.Whole(WithEvents))
	if err != nil {
		return fmt.Errorf("look whether %s served: %w", version, err)
	}
	if before.Total().Events == 0 {
		about.Note("nothing is compared: version " + version + " did not serve in this range with these filters")
	}
	return nil
}

func (a *Asking) notes(about *query.About) {
	if about.Overflow > 0 {
		about.Note(fmt.Sprintf("%.0f invocations are counted in the totals only: the cap on series was reached",
			float64(about.Overflow)))
	}
	if a.Q.Min > 0 || a.Q.Max > 0 {
		about.Note("min and max apply to traces only")
	}
}

// InCells says that the lines of an answer have the buckets of cells.
func InCells(a *query.About, cells tally.Window) {
	a.From, a.To, a.Step = cells.From, cells.To, int64(cells.Step.Seconds())
}

// Deploys returns the versions first seen in the window, oldest first.
func (a *Asking) Deploys(ctx context.Context) ([]query.Deploy, error) {
	all, err := a.read.FirstSights(ctx, a.Tenant, a.Win.To)
	if err != nil {
		return nil, err
	}
	var out []query.Deploy
	for _, d := range all {
		if a.Win.Index(d.At) >= 0 && a.wants(&d) {
			out = append(out, d)
		}
	}
	return out, nil
}

// FirstSights returns when each version was first seen, oldest first, of those seen before a time. A version's smallest
// marker is the true one, and it may be as old as samples are kept: so all are read.
func (d *Reader) FirstSights(ctx context.Context, tenant edge.Tenant, before time.Time) ([]query.Deploy, error) {
	const longest = 400 * query.Day // as long as samples are kept by default
	text := fmt.Sprintf("min(min_over_time(%s[%s])) by (%s, %s)", edge.MetricDeploy, Lookback(longest),
		edge.LabelService, edge.LabelVersion)
	series, err := d.Series(ctx, tenant, text, tally.Window{From: before.Add(-longest), To: before, Step: longest})
	if err != nil {
		return nil, fmt.Errorf("find deploys: %w", err)
	}
	out := make([]query.Deploy, len(series))
	for i := range series {
		s := &series[i]
		out[i] = query.Deploy{
			Service: s.Label(edge.LabelService), Version: s.Label(edge.LabelVersion),
			At: time.Unix(int64(s.Values[len(s.Values)-1]), 0).UTC(),
		}
	}
	slices.SortFunc(out, func(x, y query.Deploy) int { return x.At.Compare(y.At) })
	return out, nil
}

// wants tells whether the question's filters let a deploy pass.
func (a *Asking) wants(d *query.Deploy) bool {
	for _, c := range a.Conditions {
		if c.Key == edge.KeyServiceName && !c.Holds(d.Service) ||
			c.Key == edge.KeyServiceVersion && !c.Holds(d.Version) {
			return false
		}
	}
	return true
}

// presence is whether a tenant has ever sent an invocation, and when it sent the newest of the last 24 hours.
type presence struct {
	ever bool
	last time.Time
}

// present looks for the newest invocation in windows that grow backwards. Where data flows the first, of five seconds,
// has it: rows wait up to two seconds. A first window of a minute would read a hundred thousand rows of a fast flow.
func (d *Reader) present(ctx context.Context, tenant edge.Tenant) (presence, error) {
	now := d.now()
	return d.presence.Get(strconv.Itoa(int(tenant)), now, time.Second, func() (presence, error) {
		to := now.Add(10 * time.Minute) // clocks of senders may be ahead
		for _, length := range []time.Duration{
			5 * time.Second, 20 * time.Second, 5 * time.Minute, time.Hour, query.Day,
		} {
			from := now.Add(-length)
			last, err := d.newest(ctx, tenant, from, to)
			if err != nil || !last.IsZero() {
				return presence{true, last}, err
			}
			to = from
		}
		ever, err := d.ever(ctx, tenant)
		return presence{ever: ever}, err
	})
}

func (d *Reader) newest(ctx context.Context, tenant edge.Tenant, from, to time.Time) (time.Time, error) {
	var newest time.Time
	for _, kind := range []edge.Kind{edge.KindSpan, edge.KindDataPoint} {
		q := store.RowsQuestion{
			Tenant: tenant, Kind: kind, From: from, To: to,
			LogsQL: edge.KeyInvocation + ":=true | stats max(_time) last",
		}
		err := d.Rows(ctx, q, func(r store.Row) error {
			t, err := r.Time("last")
			if err == nil && t.After(newest) {
				newest = t.UTC()
			}
			return nil // max of no rows is an empty text
		})
		if err != nil {
			return newest, fmt.Errorf("find the newest invocation: %w", err)
		}
	}
	return newest, nil
}

// ever tells whether there is any rollup of requests as old as it may be.
func (d *Reader) ever(ctx context.Context, tenant edge.Tenant) (bool, error) {
	const longest = 400 * query.Day
	hour := edge.Widths[len(edge.Widths)-1]
	text := fmt.Sprintf("count(count_over_time(%s[%s]))", edge.Metric(edge.FamilyService, edge.MetricRequests, hour),
		Lookback(longest))
	now := tally.Ceil(d.now(), time.Hour)
	series, err := d.Series(ctx, tenant, text, tally.Window{From: now.Add(-longest), To: now, Step: longest})
	if err != nil {
		return false, fmt.Errorf("find out whether there are invocations: %w", err)
	}
	return len(series) > 0, nil
}
