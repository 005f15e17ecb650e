// Package deploys answers what a new version made worse: side by side with the one before where both serve at the same
// time, else by what is usual at the hour.
//
//	deploys.go  which versions are asked for, and the findings
//	trial.go    since when a version serves and beside which, and when it is looked at
//	looks.go    both versions route by route, block by block
//	norm.go     what follows an instant switch
//	mark.go     a share of what follows beside its norm
//	findings.go the versions that are worse
//	words.go    verdicts as sentences
//	shares.go   the shares that are judged, and what makes a difference matter
package deploys

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/filter"
	"edgescope/query/memo"
	"edgescope/query/tables"
)

// Room compares versions. It is safe for concurrent use; its answers belong to the caller, but for the verdicts,
// which askers share and nobody changes.
type Room struct {
	read *tables.Reader
	kept memo.Memo[*query.DeployVerdict]
}

// New makes a room on a reader.
func New(read *tables.Reader) *Room { return &Room{read: read} }

// Answers are the room's answers for the API.
func (r *Room) Answers() query.Answers {
	return query.Answers{
		All: map[string]query.Answer{query.PathDeploys: tables.All(r.Deploys)},
		One: map[string]query.Answer{query.PathDeploys: tables.One(r.Deploy)},
	}
}

const (
	// mostDeploys is how many versions an answer judges, judgedAtOnce how many of them at a time.
	mostDeploys, judgedAtOnce = 12, 3
	// mostRoutes is how many changed routes of each a list names.
	mostRoutes = 5
	// leastPart is how much of a difference a route must make up to be named for it.
	leastPart = 0.2
	// finalLife and openLife are how long verdicts are remembered: those that nothing changes any more, and others.
	finalLife, openLife = time.Hour, 10 * time.Second
)

// Deploys returns the verdicts on the newest versions that took invocations in the range.
func (r *Room) Deploys(ctx context.Context, tenant edge.Tenant, q query.Question) (*query.Deploys, error) {
	a, err := r.read.Begin(tenant, q)
	if err != nil {
		return nil, err
	}
	out := &query.Deploys{}
	served, err := r.served(ctx, a, a.Win)
	if err != nil {
		return nil, err
	}
	if len(served) > mostDeploys {
		out.More = len(served) - mostDeploys
		served = served[:mostDeploys]
	}
	if out.Deploys, err = r.judgeAll(ctx, a, served); err != nil {
		return nil, err
	}
	for i := range out.Deploys {
		out.Deploys[i].Routes = named(out.Deploys[i].Routes)
	}
	if out.Choices, err = a.Choose(ctx); err != nil {
		return nil, err
	}
	out.About, err = a.About(ctx)
	return out, err
}

// judgeAll judges versions, in their order.
func (r *Room) judgeAll(ctx context.Context, a *tables.Asking, served []query.Deploy) ([]query.DeployVerdict, error) {
	out := make([]query.DeployVerdict, len(served))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(judgedAtOnce)
	for i, d := range served {
		g.Go(func() error {
			against, of := strings.CutPrefix(a.Q.Compare, query.CompareVersion)
			if !of || against == d.Version || !has(served, d.Service, against) {
				against = ""
			}
			v, err := r.verdict(ctx, a, d, against)
			if err == nil {
				out[i] = *v
			}
			return err
		})
	}
	return out, g.Wait()
}

func has(all []query.Deploy, service, version string) bool {
	return slices.ContainsFunc(all, func(d query.Deploy) bool { return d.Service == service && d.Version == version })
}

// Deploy returns the verdict on one version, whenever it served. Of a version of several services the question names
// one.
func (r *Room) Deploy(ctx context.Context, tenant edge.Tenant, version string, q query.Question,
) (*query.DeployDetail, error) {
	a, err := r.read.Begin(tenant, q)
	if err != nil {
		return nil, err
	}
	sights, err := r.read.FirstSights(ctx, tenant, a.Now.Add(time.Hour)) // clocks of senders may be ahead
	if err != nil {
		return nil, err
	}
	d, err := oneOf(sights, version, a.Conditions)
	if err != nil {
		return nil, err
	}
	against, of := strings.CutPrefix(a.Q.Compare, query.CompareVersion)
	switch {
	case !of:
		against = ""
	case against == version || !has(sights, d.Service, against):
		return nil, &query.ParamError{
			Key: query.KeyCompare, Value: a.Q.Compare, Reason: "write v: and another version that " + d.Service + " has had",
		}
	}
	out := &query.DeployDetail{}
	v, err := r.verdict(ctx, a, *d, against)
	if err != nil {
		return nil, err
	}
	out.Deploy = *v
	if out.Choices, err = a.Choose(ctx); err != nil {
		return nil, err
	}
	out.About, err = a.About(ctx)
	return out, err
}

// oneOf finds the version among all that were seen, of the services that the question asks for.
func oneOf(sights []query.Deploy, version string, conditions []filter.Condition) (*query.Deploy, error) {
	var found []query.Deploy
	for _, d := range sights {
		wanted := !slices.ContainsFunc(conditions, func(c filter.Condition) bool {
			return c.Key == edge.KeyServiceName && !c.Holds(d.Service)
		})
		if d.Version == version && wanted {
			found = append(found, d)
		}
	}
	switch len(found) {
	case 0:
		return nil, fmt.Errorf("version %s of that service was never seen: %w", version, query.ErrNotFound)
	case 1:
		return &found[0], nil
	}
	names := make([]string, len(found))
	for i, d := range found {
		names[i] = d.Service
	}
	return nil, &query.ParamError{
		Key: query.KeyService, Reason: "write which: version " + version + " is one of " + strings.Join(names, ", "),
	}
}

// verdict judges a version, or remembers what was judged.
func (r *Room) verdict(ctx context.Context, a *tables.Asking, d query.Deploy, against string,
) (*query.DeployVerdict, error) {
	conditions := conditionsOf(d.Service, a.Conditions)
	key := fmt.Sprintf("%d %q %q %q %#v", a.Tenant, d.Service, d.Version, against, conditions)
	return r.kept.GetFor(key, a.Now, func() (*query.DeployVerdict, time.Duration, error) {
		t := trial{
			read: r.read, cut: tables.Cut{Tenant: a.Tenant, Conditions: conditions}, deploy: d, against: against,
			until: a.Now.Add(-settles),
		}
		v, err := t.verdict(ctx)
		if err != nil {
			return nil, 0, err
		}
		if v.Final {
			return v, finalLife, nil
		}
		return v, openLife, nil
	})
}

// byWeight sorts routes: the worse ones first, and of equal verdicts the ones that changed most.
func byWeight(x, y query.RouteChange) int {
	order := []string{query.VerdictWorse, query.VerdictBetter, query.VerdictSame, query.VerdictFew}
	rank := func(r *query.RouteChange) int { return (slices.Index(order, r.Verdict) + len(order)) % len(order) }
	return cmp.Or(cmp.Compare(rank(&x), rank(&y)), cmp.Compare(weight(&y), weight(&x)), cmp.Compare(x.Route, y.Route))
}

// weight is the greatest part of a difference that a route makes up, or else how many events it has, far below.
func weight(r *query.RouteChange) float64 {
	const few = 1e-12
	most := 0.0
	for i := range r.Signals {
		c := &r.Signals[i]
		most = max(most, few*float64(c.Share.N))
		if c.Part.OK() {
			most = max(most, float64(c.Part))
		}
	}
	return most
}

// named are the routes, sorted, that a list names: those that changed, and those that make up much of a change.
func named(routes []query.RouteChange) []query.RouteChange {
	out := []query.RouteChange{}
	for i := range routes {
		r := &routes[i]
		changed := r.Verdict == query.VerdictWorse || r.Verdict == query.VerdictBetter
		if len(out) < mostRoutes && (changed || weight(r) >= leastPart) {
			out = append(out, *r)
		}
	}
	return out
}
