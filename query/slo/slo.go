// Package slo answers whether promises to users hold: how much of the error budget of each SLO of the policy is left,
// and how fast it goes. The rules that tell somebody of it are texts (expr.go), for vmalert and Prometheus and for the
// collector's own alerts alike; the answer counts the same windows of the same samples, so that it agrees with them.
//
//	measure.go  what an SLI counts, and which of it is bad
//	expr.go     a promise as the expression of a rule
//	rules.go    the rules of a policy
//	counts.go   what a store has of promises
//	answer.go   how they stand
package slo

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"edgescope/alert/rules"
	"edgescope/edge"
	"edgescope/policy"
	"edgescope/query"
	"edgescope/query/memo"
	"edgescope/query/tables"
	"edgescope/query/tally"
)

// Options are what a Room needs.
type Options struct {
	Read *tables.Reader
	// Policy returns what holds for a tenant now.
	Policy func(edge.Tenant) *policy.Policy
}

// Room knows how promises stand. It is safe for concurrent use; its answers belong to the caller.
type Room struct {
	o        Options
	standing memo.Memo[[]query.Objective]
	rules    memo.Memo[[]rules.Group]

	mu     sync.Mutex
	newest map[edge.Tenant][]rules.Group
}

// New makes a Room.
func New(o Options) *Room { return &Room{o: o, newest: map[edge.Tenant][]rules.Group{}} }

// Answers are the room's answers for the API.
func (x *Room) Answers() query.Answers {
	return query.Answers{All: map[string]query.Answer{query.PathSLO: tables.All(x.SLO)}}
}

// SLO tells how the promises of a tenant stand, each over its own period whatever the question's range. The filters by
// service, route, region and version choose among them.
func (x *Room) SLO(ctx context.Context, tenant edge.Tenant, q query.Question) (*query.SLO, error) {
	a, err := x.o.Read.Begin(tenant, q)
	if err != nil {
		return nil, err
	}
	answer := &query.SLO{JudgedTo: judgedTo(a.Now)}
	all, err := x.stand(ctx, tenant, answer.JudgedTo)
	if err != nil {
		return nil, err
	}
	answer.Objectives, answer.Promised = chosen(all, a.Conditions), len(all)
	for i := range answer.Objectives {
		worst(&answer.Objectives[i])
	}
	if answer.About, err = a.About(ctx); err != nil {
		return nil, err
	}
	answer.Choices, err = a.Choose(ctx)
	return answer, err
}

// judgedTo is the time up to which promises are judged: Delay ago, in whole windows of the shortest rollups, so that all
// who ask within one get one answer.
func judgedTo(now time.Time) time.Time {
	return tally.Floor(now.Add(-Delay), time.Duration(edge.Widths[0].Seconds)*time.Second)
}

// remembered is how long standing promises are remembered: as long as their newest window is the newest.
const remembered = 10 * time.Second

// stand tells how all promises of a tenant stand. The answer is shared, and only read.
func (x *Room) stand(ctx context.Context, tenant edge.Tenant, at time.Time) ([]query.Objective, error) {
	p := x.o.Policy(tenant)
	key := fmt.Sprintf("%d %d %v", tenant, at.Unix(), p.SLOs)
	return x.standing.Get(key, x.o.Read.Now(), remembered, func() ([]query.Objective, error) {
		measures, err := x.measures(ctx, tenant, p, at)
		if err != nil {
			return nil, err
		}
		all, err := x.read(ctx, tenant, slices.Concat(measures...), at)
		if err != nil {
			return nil, fmt.Errorf("count what was promised: %w", err)
		}
		out := make([]query.Objective, len(p.SLOs))
		for i := range p.SLOs {
			out[i] = objective(&p.SLOs[i], measures[i], all, at)
		}
		return out, nil
	})
}

// rulesLife is how long the rules of a tenant are remembered: they change with the policy, and where a service begins
// to send from another source.
const rulesLife = time.Minute

// Rules returns the rules of a tenant's promises, each with the source that its service has now, for the tenant of that
// name: "" where nobody signs in. With an error they are those of the last time that the store answered.
func (x *Room) Rules(ctx context.Context, tenant edge.Tenant, name string) ([]rules.Group, error) {
	p := x.o.Policy(tenant)
	if len(p.SLOs) == 0 {
		return nil, nil
	}
	key, now := fmt.Sprintf("%d %q %v", tenant, name, p.SLOs), x.o.Read.Now()
	groups, err := x.rules.Get(key, now, rulesLife, func() ([]rules.Group, error) {
		measures, err := x.measures(ctx, tenant, p, judgedTo(now))
		if err != nil {
			return nil, fmt.Errorf("find the sources of what was promised: %w", err)
		}
		out := make([]rules.Group, len(p.SLOs))
		for i := range p.SLOs {
			out[i] = groupOf(&p.SLOs[i], name, measures[i])
		}
		return out, nil
	})
	x.mu.Lock()
	defer x.mu.Unlock()
	if err == nil {
		x.newest[tenant] = groups
	}
	return slices.Clone(x.newest[tenant]), err
}

// measures returns the measures of each SLO: one for each source that the services have that it is of.
func (x *Room) measures(ctx context.Context, tenant edge.Tenant, p *policy.Policy, at time.Time) ([][]*measure, error) {
	out := make([][]*measure, len(p.SLOs))
	for i := range p.SLOs {
		s := &p.SLOs[i]
		bySource, err := x.sources(ctx, tenant, s, at)
		if err != nil {
			return nil, err
		}
		for _, source := range tables.SignalOrder() {
			if services := bySource[source]; len(services) > 0 {
				out[i] = append(out[i], measureOf(s, source, services))
			}
		}
	}
	return out, nil
}

// sources returns the services that an SLO is of by their sources. A service counts by the source that it has in the
// newest windows; one that is silent by that of the period.
func (x *Room) sources(ctx context.Context, tenant edge.Tenant, s *policy.SLO, at time.Time) (map[string][]string, error) {
	if s.Source != "" && s.Service != "" {
		return map[string][]string{s.Source: {s.Service}}, nil
	}
	of := map[string]string{}
	newest := reaches[1]
	for _, w := range []tally.Window{newest.window(at), periodWindow(s.Period, at)} {
		found, err := x.o.Read.Sources(ctx, tenant, w.Whole(), indicatorOf(s.SLI, 0).probe)
		if err != nil {
			return nil, err
		}
		for service, source := range found {
			if _, known := of[service]; !known && (s.Service == "" || s.Service == service) {
				of[service] = cmp.Or(s.Source, source)
			}
		}
	}
	if len(of) == 0 && s.Service != "" {
		of[s.Service] = edge.SignalSpan // nothing has come of it yet
	}
	by := map[string][]string{}
	for service, source := range of {
		by[source] = append(by[source], service)
	}
	for _, services := range by {
		slices.Sort(services)
	}
	return by, nil
}
