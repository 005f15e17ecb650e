package cost

import (
	"context"
	"strings"

	"golang.org/x/sync/errgroup"

	"edgescope/edge"
	"edgescope/query/tables"
	"edgescope/query/tally"
)

// ofRoute is a route of a service.
type ofRoute struct{ service, route string }

// counted is what was counted in a window.
type counted struct {
	// services are by name, platforms say which part of a service's invocations ran where.
	services  *tally.Table
	platforms map[string]map[string]float64
	// routes are what each did; nil where they were not asked for.
	routes map[ofRoute]*tally.Tally
}

// parts are what a bill is made of.
const parts = tables.WithRequests | tables.WithMean | tables.WithInit | tables.WithCPU

// count asks what was done in a window of whole days, in buckets of its step; also by route, and with durations, where
// they are wanted.
func (x *Room) count(ctx context.Context, tenant edge.Tenant, w tally.Window, wants tables.Parts, byRoute bool,
) (*counted, error) {
	c := &counted{}
	var platforms, routes *tally.Table
	g, ctx := errgroup.WithContext(ctx)
	ask := func(to **tally.Table, w tally.Window, wants tables.Parts, by ...string) {
		g.Go(func() (err error) {
			*to, err = x.read.Table(ctx, tables.Cut{Tenant: tenant, By: by, Window: w, Parts: wants})
			return err
		})
	}
	ask(&c.services, w, parts|wants, edge.KeyServiceName)
	ask(&platforms, w.Whole(), tables.WithRequests, edge.KeyServiceName, edge.KeyCloudPlatform)
	if byRoute {
		ask(&routes, w.Whole(), parts, edge.KeyServiceName, edge.KeyRoute)
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	c.platforms = partsBy(platforms)
	if byRoute {
		c.routes = make(map[ofRoute]*tally.Tally, len(routes.Groups))
		for name, row := range routes.Groups {
			service, route := pair(name)
			c.routes[ofRoute{service, route}] = tally.Sum(row)
		}
	}
	return c, nil
}

// pair takes the name of a group by two attributes apart.
func pair(name string) (first, second string) {
	values := tally.GroupValues(name)
	return values[0], values[len(values)-1]
}

// partsBy returns which part of each service's invocations has which platform.
func partsBy(t *tally.Table) map[string]map[string]float64 {
	all, sums := map[string]map[string]float64{}, map[string]float64{}
	for name, row := range t.Groups {
		service, on := pair(name)
		if all[service] == nil {
			all[service] = map[string]float64{}
		}
		n := tally.Sum(row).Requests
		all[service][on] += n
		sums[service] += n
	}
	for service, of := range all {
		for on := range of {
			of[on] /= max(sums[service], 1e-9)
		}
	}
	return all
}

// of returns what a service did on a platform that takes a part of it.
func (c *counted) of(service, on string) done {
	row := c.services.Groups[service]
	if row == nil {
		return done{}
	}
	return doneBy(tally.Sum(row), on)
}

// routesOf returns what each route of a service did, by name. What is left beside them, because the cap on series was
// reached, is the second.
func (c *counted) routesOf(service, on string) (routes map[string]done, rest done) {
	routes, rest = map[string]done{}, c.of(service, on)
	for of, t := range c.routes {
		if of.service == service {
			d := doneBy(t, on)
			routes[of.route], rest = d, rest.without(d)
		}
	}
	return routes, rest
}

// names lists services for a sentence.
func names(services []string) string {
	for i, s := range services {
		if s == "" {
			services[i] = "(no name)"
		}
	}
	return strings.Join(services, ", ")
}
