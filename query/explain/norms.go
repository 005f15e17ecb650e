package explain

import (
	"context"
	"fmt"
	"slices"
	"time"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/tables"
	"edgescope/query/tally"
)

const (
	// normDays is how many days before the range make a norm, normLife how long it is remembered.
	normDays = 7
	normLife = time.Hour
	// leastNormal is how many invocations a route needs for a p95.
	leastNormal = 100
	// slowPart is which part of invocations takes longer than their route's p95 usually.
	slowPart = 0.05
)

// norms are what was usual in the days before.
type norms struct {
	// routes are the p95 of routes by service, services those of services as a whole, in milliseconds.
	routes   map[[2]string]float64
	services map[string]float64
	// errors is the part of invocations that were errors, events how many invocations that tells of.
	errors, events float64
}

// usual returns the norms before the question's range.
func (l *looking) usual(ctx context.Context) (*norms, error) {
	to := tally.Floor(l.from, time.Hour)
	key := fmt.Sprint(l.a.Tenant, to.Unix())
	return l.Room.norms.Get(key, l.a.Now, normLife, func() (*norms, error) {
		from := to.Add(-normDays * query.Day)
		t, err := l.read.Table(ctx, tables.Cut{
			Tenant: l.a.Tenant, By: []string{edge.KeyServiceName, edge.KeyRoute},
			Window: tally.Window{From: from, To: to, Step: to.Sub(from)}, Parts: tables.WithRequests | tables.WithDurations,
		})
		if err != nil {
			return nil, fmt.Errorf("find what is usual: %w", err)
		}
		return normsOf(t), nil
	})
}

// normsOf reads them off a table by service and route.
func normsOf(t *tally.Table) *norms {
	n := &norms{routes: map[[2]string]float64{}, services: map[string]float64{}}
	all, requests := map[string]*tally.Tally{}, 0.0
	for name, row := range t.Groups {
		of, sum := tally.GroupValues(name), tally.Sum(row)
		n.errors, n.events, requests = n.errors+sum.Errors, n.events+sum.Events, requests+sum.Requests
		if sum.Events >= leastNormal {
			n.routes[[2]string{of[0], of[1]}] = float64(sum.Percentile(95))
		}
		if all[of[0]] == nil {
			all[of[0]] = &tally.Tally{}
		}
		all[of[0]].Merge(sum)
	}
	for service, sum := range all {
		if sum.Events >= leastNormal {
			n.services[service] = float64(sum.Percentile(95))
		}
	}
	n.errors /= max(requests, 1)
	return n
}

// counts are how many invocations there are, and how many of them are errors and slow.
type counts struct{ all, errors, slow float64 }

// choose returns what is taken for bad when nobody says it, and why: errors or slow requests, of which there are more
// beyond what is usual.
func (n *norms) choose(c counts) (bad, why string) {
	errors := c.errors - n.errors*c.all
	slow := c.slow - slowPart*c.all
	if errors > slow && errors > 0 || c.errors > 0 && slow <= 0 {
		return query.BadErrors, fmt.Sprintf("of errors and slow requests, errors are further above what is usual: %s, "+
			"of slow requests %s", beyond(errors), beyond(slow))
	}
	return query.BadSlow, fmt.Sprintf("of errors and slow requests, slow requests are further above what is usual: %s, "+
		"of errors %s", beyond(slow), beyond(errors))
}

// beyond writes how many more there are than usual.
func beyond(n float64) string {
	if n < 0.5 {
		return "no more"
	}
	return fmt.Sprintf("%.0f more", n)
}

// slow tells which rows took longer than the p95 of their route: that of the days before or, of a route that had no
// hundred invocations then, that of the sample. Of a route without either it is not known.
func (s *sample) slow(n *norms) (bad, told []bool) {
	service, route := s.column(edge.KeyServiceName), s.column(edge.KeyRoute)
	type key struct{ service, route uint16 }
	mine := map[key][]float64{}
	for i := range s.rows() {
		k := key{service.codes[i], route.codes[i]}
		mine[k] = append(mine[k], s.took[i])
	}
	over := make(map[key]float64, len(mine))
	for k, took := range mine {
		norm, ok := n.routes[[2]string{service.values[k.service], route.values[k.route]}]
		switch {
		case ok:
			over[k] = norm
		case len(took) >= leastNormal:
			slices.Sort(took)
			over[k] = took[len(took)*95/100]
			s.young++
		}
	}
	bad, told = make([]bool, s.rows()), make([]bool, s.rows())
	for i := range s.rows() {
		limit, ok := over[key{service.codes[i], route.codes[i]}]
		told[i] = ok && s.took[i] >= 0
		bad[i] = told[i] && s.took[i] > limit
	}
	return bad, told
}

// counts counts the sample's own rows.
func (s *sample) counts(n *norms) counts {
	c := counts{all: float64(s.rows())}
	for name, to := range map[string]*float64{query.BadErrors: &c.errors, query.BadSlow: &c.slow} {
		bad, _ := s.flags(name, n)
		for _, b := range bad {
			if b {
				*to++
			}
		}
	}
	return c
}
