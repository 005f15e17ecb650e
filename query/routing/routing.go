// Package routing answers who should be served where, and what is served where it must not be.
package routing

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"edgescope/edge"
	"edgescope/policy"
	"edgescope/query"
	"edgescope/query/memo"
	"edgescope/query/served"
	"edgescope/query/tables"
	"edgescope/query/tally"
)

const (
	// days is on how many of them in a row advice must be the same.
	days = 3
	// settling is how long late events are waited for; every so often days are read anew.
	settling, every = 90 * time.Second, 10 * time.Minute
	// slowest is the quantile of what users wait.
	slowest = 0.95
	// mostCountries is how many countries of services an answer has, mostRegions how many regions each of them.
	mostCountries, mostRegions = 100, 12
)

// Options say what cannot be measured.
type Options struct {
	// Policy is the one of a tenant, never nil.
	Policy func(edge.Tenant) *policy.Policy
}

// Room knows who is served where, from a store. It is safe for concurrent use; its answers are shared, and read only.
type Room struct {
	read  *tables.Reader
	o     Options
	known memo.Memo[*served.Answer]
}

// New makes a Room that asks that reader.
func New(read *tables.Reader, o Options) *Room { return &Room{read: read, o: o} }

// Answers are the room's answers for the API.
func (x *Room) Answers() query.Answers {
	return query.Answers{All: map[string]query.Answer{query.PathRouting: tables.All(x.Advise)}}
}

// Advise returns who should be served where, by the three days before the end of the question's range.
func (x *Room) Advise(ctx context.Context, tenant edge.Tenant, q query.Question) (*served.Answer, error) {
	a, err := x.read.Begin(tenant, q)
	if err != nil {
		return nil, err
	}
	end := a.Q.To
	if last := a.Now.Add(-settling); last.Before(end) {
		end = last
	}
	end = tally.Floor(end, every)
	of := query.Stretch{From: end.Add(-days * query.Day), To: end}
	zones := x.o.Policy(tenant).Residency
	var out served.Answer
	var about query.About
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		key := fmt.Sprintf("%d %v %v %v", tenant, end, a.Conditions, zones)
		known, err := x.known.Get(key, a.Now, every, func() (*served.Answer, error) { return x.advise(gctx, a, of, zones) })
		if err == nil {
			out = *known
		}
		return err
	})
	var choices query.Choices
	g.Go(func() (err error) { choices, err = a.Choose(gctx); return err })
	g.Go(func() (err error) { about, err = a.About(gctx); return err })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	about.Source, about.From, about.To, about.Step = "events", of.From, of.To, 0
	out.About, out.Choices = about, choices
	return &out, nil
}

func (x *Room) advise(
	ctx context.Context, a *tables.Asking, of query.Stretch, zones []policy.Zone,
) (*served.Answer, error) {
	each, err := x.readDays(ctx, a, of)
	if err != nil {
		return nil, err
	}
	all := together(each)
	w := &weighing{each: each, all: all, zones: zones, factor: fit(all), end: of.To}
	out := &served.Answer{Read: of, Factor: w.factor, Audit: audit(zones, all)}
	places := w.countries()
	out.Left = max(0, len(places)-mostCountries)
	out.Countries = make([]served.Country, 0, len(places)-out.Left)
	for _, p := range places[:len(places)-out.Left] {
		out.Countries = append(out.Countries, w.weigh(p))
	}
	slices.SortStableFunc(out.Countries, func(a, b served.Country) int {
		switch {
		case (a.To != "") == (b.To != ""):
			return 0
		case a.To != "":
			return -1
		default:
			return 1
		}
	})
	return out, nil
}
