// Package coldmodel models the cold starts of services: how long idle instances live, why cold starts happen, and what
// would change them. Lifetimes are learnt from rollups of ten seconds, without reading events.
//
//	coldmodel.go  the answer
//	read.go       what is read of the rollups, and how much of it
//	model.go      the model of a service
//	reserve.go    what instances that are kept warm cost
package coldmodel

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"edgescope/edge"
	"edgescope/policy"
	"edgescope/query"
	"edgescope/query/filter"
	"edgescope/query/memo"
	"edgescope/query/tables"
)

const (
	// late is how long invocations may still come of a window that is over.
	late = 90 * time.Second
	// shortest and longest bound how far back gaps are looked for: lifetimes of an hour need days of them.
	shortest, longest = 7 * query.Day, 14 * query.Day
	// maxServices bounds the services of an answer, maxRegions the regions of a service.
	maxServices, maxRegions = 12, 12
	// life is how long a model is remembered: it is made of a week, which a minute hardly changes.
	life = time.Minute
)

// Options are what a Room needs beside what it asks.
type Options struct {
	// Policy returns what holds for a tenant: memory and plans; nil means that nothing is said.
	Policy func(edge.Tenant) *policy.Policy
}

// Room makes models of cold starts. It is safe for concurrent use.
type Room struct {
	read   *tables.Reader
	o      Options
	models memo.Memo[*made]
}

// made is an answer's part that is remembered. It is read only.
type made struct {
	read     query.ColdRead
	services []query.ColdModel
	others   int // services that are left out
}

// New makes a Room over a reader.
func New(read *tables.Reader, o Options) *Room {
	if o.Policy == nil {
		o.Policy = func(edge.Tenant) *policy.Policy { return &policy.Policy{} }
	}
	return &Room{read: read, o: o}
}

// Answers are the room's answers for the API.
func (x *Room) Answers() query.Answers {
	return query.Answers{All: map[string]query.Answer{query.PathColdModel: tables.All(x.ColdModels)}}
}

// ColdModels answers: how often do functions start cold, why, and what would help? It looks back from the end of the
// range for its length, at least 7 and at most 14 days, and shorter where there are more windows than it reads.
func (x *Room) ColdModels(ctx context.Context, tenant edge.Tenant, q query.Question) (*query.ColdModels, error) {
	a, err := x.read.Begin(tenant, q)
	if err != nil {
		return nil, err
	}
	conditions, dropped := placed(a.Conditions)
	to := q.To
	if newest := a.Now.Add(-late); newest.Before(to) {
		to = newest
	}
	r := &reading{
		read: x.read, tenant: tenant, conditions: conditions, policy: x.o.Policy(tenant),
		to: to, length: min(max(q.To.Sub(q.From), shortest), longest),
	}
	out := &query.ColdModels{}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) { out.Choices, err = a.Choose(gctx); return err })
	g.Go(func() (err error) { out.About, err = a.About(gctx); return err })
	var m *made
	g.Go(func() (err error) {
		key := fmt.Sprintf("%d %d %d %#v %v %v %v", tenant, to.Truncate(life).Unix(), r.length, conditions,
			r.policy.Memory, r.policy.Accounts, r.policy.Prices)
		m, err = x.models.Get(key, a.Now, life, func() (*made, error) { return r.models(gctx) })
		return err
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	out.Read, out.Services = m.read, slices.Clone(m.services)
	if len(dropped) > 0 {
		out.Note("models are of whole services in regions: filters by " + strings.Join(dropped, " and ") + " do not apply")
	}
	if m.others > 0 {
		out.Note(fmt.Sprintf("%d services with fewer cold starts are left out: filter by service", m.others))
	}
	return out, nil
}

// placed are the conditions that totals by point of presence can meet, and the keys of the others.
func placed(conditions []filter.Condition) (of []filter.Condition, dropped []string) {
	for _, c := range conditions {
		one := tables.Cut{Conditions: []filter.Condition{c}, By: placeKeys}
		if one.InRollups() {
			of = append(of, c)
			continue
		}
		dropped = append(dropped, cmp.Or(c.Key, "text"))
	}
	slices.Sort(dropped)
	return of, slices.Compact(dropped)
}
