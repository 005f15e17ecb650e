// Package norms judges services and their regions against their own past: whether the shares of slow, failed and cold
// invocations and of lost cache hits are unusual for the hour.
//
//	norms.go     the room: who asks, what is kept
//	learn.go     what the last 14 days were like, renewed in the background
//	counts.go    what is read of the rollups
//	standing.go  the newest buckets against that
//	silence.go   who sends nothing any more
//	find.go      what of it is a finding
package norms

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/filter"
	"edgescope/query/tables"
	"edgescope/query/tally"
)

// Options are what a Room needs beside its store. The zero value works.
type Options struct {
	// Logger is told what could not be learned; nil means none.
	Logger *slog.Logger
}

// Room judges. It is safe for concurrent use; its answers belong to the caller. Stop ends what it does in the
// background.
type Room struct {
	read *tables.Reader
	o    Options

	// life is the room's: what is learned is no one question's.
	life   context.Context //nolint:containedctx // it bounds the room's own goroutines
	end    context.CancelFunc
	wg     sync.WaitGroup
	single chan struct{} // one past is read at a time

	mu    sync.Mutex
	pasts map[edge.Tenant]*past
}

// New makes a room that asks by that reader.
func New(read *tables.Reader, o Options) *Room {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	r := &Room{read: read, o: o, single: make(chan struct{}, 1), pasts: map[edge.Tenant]*past{}}
	r.life, r.end = context.WithCancel(context.Background())
	return r
}

// Stop ends what is being learned and waits for it.
func (r *Room) Stop(context.Context) error {
	r.mu.Lock()
	r.end() // nothing begins any more
	r.mu.Unlock()
	r.wg.Wait()
	return nil
}

// Answers are the room's answers for the API.
func (r *Room) Answers() query.Answers {
	return query.Answers{All: map[string]query.Answer{
		query.PathNorms: func(ctx context.Context, q query.Request) (any, error) {
			return r.Norms(ctx, q.Tenant, q.Question)
		},
	}}
}

// Norms returns how services and regions stand against their norms. Filters by service and region choose what is shown; norms know no other
// attribute. A range that has ended is judged at its end, by what is usual now.
func (r *Room) Norms(ctx context.Context, tenant edge.Tenant, q query.Question) (*query.Norms, error) {
	a, err := r.read.Begin(tenant, q)
	if err != nil {
		return nil, err
	}
	out := &query.Norms{Services: []query.Standing{}, Regions: []query.Standing{}}
	if out.About, err = a.About(ctx); err != nil {
		return nil, err
	}
	j, err := r.judged(ctx, a)
	if err != nil {
		return nil, err
	}
	out.Learning, out.JudgedTo = j.learning, j.to
	out.Provisional = !j.to.IsZero() && a.Now.Sub(j.to) < settled
	for _, s := range j.of(a.Conditions) {
		if s.Region == "" {
			out.Services = append(out.Services, s)
		} else {
			out.Regions = append(out.Regions, s)
		}
	}
	if others(a.Conditions) {
		out.Note("norms are of services and regions: other filters do not apply to them")
	}
	return out, nil
}

// Standings returns how the services and regions that a question's filters let pass stand, those furthest out of their
// norm first; nothing while the past is being read, and when the question filters by what norms do not know.
func (r *Room) Standings(ctx context.Context, tenant edge.Tenant, q query.Question) ([]query.Standing, error) {
	_, of, err := r.chosen(ctx, tenant, q)
	return of, err
}

// chosen returns the verdict on a question's range and the standings in it that its filters let pass.
func (r *Room) chosen(ctx context.Context, tenant edge.Tenant, q query.Question) (*judgement, []query.Standing, error) {
	a, err := r.read.Begin(tenant, q)
	if err != nil {
		return nil, nil, err
	}
	if others(a.Conditions) {
		return &judgement{}, nil, nil
	}
	j, err := r.judged(ctx, a)
	if err != nil {
		return nil, nil, err
	}
	return j, j.of(a.Conditions), nil
}

// judged returns the verdict at the end of a question's range: up to now, less what may still be on its way.
func (r *Room) judged(ctx context.Context, a *tables.Asking) (*judgement, error) {
	to := a.Now
	if a.Q.Range == "" && a.Q.To.Before(to) {
		to = a.Q.To
	}
	return r.judgedAt(ctx, a.Tenant, to)
}

// of returns the standings that the conditions let pass.
func (j *judgement) of(conditions []filter.Condition) []query.Standing {
	out := make([]query.Standing, 0, len(j.standings))
	for _, s := range j.standings {
		if passes(conditions, &s) {
			s.Signals = slices.Clone(s.Signals)
			out = append(out, s)
		}
	}
	return out
}

// passes tells whether conditions on service and region hold; a condition on the region leaves out services as a whole.
func passes(conditions []filter.Condition, s *query.Standing) bool {
	for _, c := range conditions {
		if c.Key == edge.KeyServiceName && !c.Holds(s.Service) || c.Key == edge.KeyRegion && !c.Holds(s.Region) {
			return false
		}
	}
	return true
}

// others tells whether there are conditions that norms do not know.
func others(conditions []filter.Condition) bool {
	return slices.ContainsFunc(conditions, func(c filter.Condition) bool {
		return c.Key != edge.KeyServiceName && c.Key != edge.KeyRegion
	})
}

// judgedAt returns the verdict up to a time. Where the newest buckets are being judged, whoever asks meanwhile gets the
// verdict before it.
func (r *Room) judgedAt(ctx context.Context, tenant edge.Tenant, to time.Time) (*judgement, error) {
	now := r.read.Now()
	if late := now.Add(-lateness); to.After(late) {
		to = late
	}
	slot := tally.Floor(to, bucket)
	p := r.past(tenant, now)
	p.mu.Lock()
	j, newest, members := p.judged[slot.Unix()], p.newest, p.members
	p.mu.Unlock()
	switch {
	case members == nil:
		return &judgement{learning: true}, nil
	case j != nil:
		return j, nil
	case newest != nil && slot.Sub(newest.to) > 0 && slot.Sub(newest.to) <= stale:
		r.refresh(tenant, p, slot)
		return newest, nil
	default:
		return r.judge(ctx, tenant, p, slot)
	}
}

// worst orders standings: those furthest out of their norm first.
func worst(x, y query.Standing) int {
	return cmp.Or(cmp.Compare(rank(y.State), rank(x.State)), cmp.Compare(furthest(&y), furthest(&x)),
		cmp.Compare(x.Service, y.Service), cmp.Compare(x.Region, y.Region))
}

// rank orders states, from the one that says least.
func rank(state string) int {
	return slices.Index([]string{
		query.StandingLearning, query.StandingFew, query.StandingNormal, query.StandingMarked, query.StandingAlert,
		query.StandingSilent,
	}, state)
}

// furthest is the greatest z of a standing's signals.
func furthest(s *query.Standing) float64 {
	most := 0.0
	for i := range s.Signals {
		if z := s.Signals[i].Z; z.OK() && s.Signals[i].State == s.State {
			most = max(most, float64(z))
		}
	}
	return most
}
