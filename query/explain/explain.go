// Package explain answers what bad invocations share. It reads invocations as rows, all of a range or whole stretches
// of it, and counts in memory: by every attribute that they have, alone and in pairs, again without those that a cause
// explains. A pass of the store for each attribute would cost ten times as much (docs/judgement.md has the figures).
package explain

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/memo"
	"edgescope/query/tables"
)

// Room finds what bad invocations share, in a store. It is safe for concurrent use; its answers belong to the caller.
type Room struct {
	read  *tables.Reader
	norms memo.Memo[*norms]
	raw   memo.Memo[*candidates]
}

// New makes a Room that asks that reader.
func New(read *tables.Reader) *Room { return &Room{read: read} }

// Answers are the room's answers for the API.
func (x *Room) Answers() query.Answers {
	return query.Answers{All: map[string]query.Answer{query.PathExplain: tables.All(x.Explain)}}
}

// settling is how long late events are waited for: what is younger is not judged.
const settling = 90 * time.Second

// Explain returns what the bad invocations of a question's range share.
func (x *Room) Explain(ctx context.Context, tenant edge.Tenant, q query.Question) (*query.Explanation, error) {
	a, err := x.read.Begin(tenant, q)
	if err != nil {
		return nil, err
	}
	var out *query.Explanation
	var about query.About
	var choices query.Choices
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) { out, err = x.look(gctx, a); return err })
	g.Go(func() (err error) { choices, err = a.Choose(gctx); return err })
	g.Go(func() (err error) { about, err = a.About(gctx); return err })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	about.Source = "events"
	about.Notes = append(about.Notes, out.Notes...)
	about.Estimated, about.From, about.To, about.Step = out.Estimated, out.From, out.To, 0
	out.About, out.Choices = about, choices
	return out, nil
}

// Shares returns what the bad invocations of a question share, as a sentence; "" when nothing stands out.
func (x *Room) Shares(ctx context.Context, tenant edge.Tenant, q query.Question) (string, error) {
	a, err := x.read.Begin(tenant, q)
	if err != nil {
		return "", err
	}
	out, err := x.look(ctx, a)
	if err != nil || len(out.Causes) == 0 {
		return "", err
	}
	return out.Causes[0].Text, nil
}

// looking is one question on its way.
type looking struct {
	*Room
	a        *tables.Asking
	from, to time.Time
	norms    *norms
	events   *tables.Events
}

func (x *Room) look(ctx context.Context, a *tables.Asking) (*query.Explanation, error) {
	out := &query.Explanation{Bad: a.Q.Bad, Causes: []query.Cause{}, Attributes: []query.Looked{}}
	l := &looking{Room: x, a: a, from: a.Q.From, to: a.Q.To}
	if last := a.Now.Add(-settling); last.Before(l.to) && l.from.Before(last) {
		l.to = last
	}
	out.From, out.To = l.from, l.to
	err := l.prepare(ctx)
	if err != nil {
		return nil, err
	}
	cells, err := l.count(ctx)
	if err != nil {
		return nil, err
	}
	if out.Bad == "" && cells.told {
		out.Bad, out.Why = l.norms.choose(cells.counts())
	}
	stretches := cells.stretches(out.Bad)
	s, err := l.sample(ctx, stretches, min(cells.total(), mostRows))
	if err != nil {
		return nil, err
	}
	if out.Bad == "" {
		out.Bad, out.Why = l.norms.choose(s.counts(l.norms))
	}
	out.Of = query.Num(cells.total())
	if len(stretches) > 1 || stretches[0].From.After(l.from) {
		out.Stretches = stretches
	}
	s.explain(out, l.norms)
	return out, nil
}

// prepare finds what the question is asked of, and what is usual.
func (l *looking) prepare(ctx context.Context) (err error) {
	c := l.a.Whole(tables.WithEvents)
	c.Window.From, c.Window.To = l.from, l.to
	if l.events, err = l.read.Events(ctx, c); err != nil {
		return err
	}
	l.norms = &norms{}
	if l.a.Q.Bad == "" || l.a.Q.Bad == query.BadSlow {
		l.norms, err = l.usual(ctx)
	}
	return err
}
