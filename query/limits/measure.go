package limits

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/filter"
	"edgescope/query/tables"
	"edgescope/query/tally"
	"edgescope/store"
)

// use is what the invocations of a service on a platform used.
type use struct {
	service, platform string
	*tally.Tally

	// alone tells that the service is on no other platform.
	alone bool
	facts map[string]*fact // by key, of those that only events have
}

// fact is a number of invocations: its distribution, as if a unit were a nanosecond, and the greatest.
type fact struct {
	tally.Distribution

	n, most float64
}

// measured are the uses of a question.
type measured struct {
	uses  []*use
	table *tally.Table
	// looked is the part of the invocations whose facts were looked at.
	looked float64
}

const (
	parts = tables.WithRequests | tables.WithDurations | tables.WithInit | tables.WithCPU
	// factsOf is of about how many invocations facts are asked, because each is read: of more those that end in the first
	// part of each of slices equal parts of the range.
	factsOf, slicesOf = 100_000, 4
	// leastPart is how much of its invocations a service has on a platform that counts as one of its own: a stray header
	// of another network is none.
	leastPart = .01
)

// The attributes of bodies, which are no facts.
const (
	keyRequestBody  = "http.request.body.size"
	keyResponseBody = "http.response.body.size"
)

// factKeys are what is asked of events.
var factKeys = []string{edge.KeyTTFB, edge.KeySubrequests, edge.KeyMemory, keyRequestBody, keyResponseBody}

// places returns the platforms of each service, and how many invocations there are.
func (x *Room) places(ctx context.Context, a *tables.Asking) (of map[string][]string, events float64, err error) {
	t, err := x.o.Read.Table(ctx, a.Whole(tables.WithEvents, edge.KeyServiceName, edge.KeyCloudPlatform))
	if err != nil {
		return nil, 0, fmt.Errorf("find the platforms of services: %w", err)
	}
	return placesOf(t), t.Total().Events, nil
}

// measure asks what services used: of those on one platform by service, which has few series, of the others by
// platform too.
func (x *Room) measure(ctx context.Context, a *tables.Asking, places map[string][]string, events float64,
) (*measured, error) {
	looked := min(1, factsOf/max(events, 1))
	var by *tally.Table
	facts := map[string]map[string]*fact{}
	g, inGroup := errgroup.WithContext(ctx)
	a.Ask(inGroup, g, &by, a.Whole(parts, edge.KeyServiceName))
	g.Go(func() error { return x.facts(inGroup, a, looked, facts) })
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("measure what services use: %w", err)
	}
	m := &measured{table: by, looked: looked}
	var several []string
	for service, platforms := range places {
		if len(platforms) > 1 {
			several = append(several, service)
			continue
		}
		if row, ok := by.Groups[service]; ok {
			m.add(&use{service: service, platform: platforms[0], Tally: tally.Sum(row), alone: true}, facts)
		}
	}
	if len(several) > 0 {
		slices.Sort(several)
		apart, err := x.o.Read.Table(ctx,
			a.Whole(parts, edge.KeyServiceName, edge.KeyCloudPlatform).Where(edge.KeyServiceName, several))
		if err != nil {
			return nil, fmt.Errorf("measure what services use on several platforms: %w", err)
		}
		for service, platforms := range placesOf(apart) {
			for _, platform := range platforms {
				row := apart.Groups[groupOf(service, platform)]
				m.add(&use{service: service, platform: platform, Tally: tally.Sum(row)}, facts)
			}
		}
	}
	slices.SortFunc(m.uses, func(u, v *use) int {
		return strings.Compare(groupOf(u.service, u.platform), groupOf(v.service, v.platform))
	})
	return m, nil
}

func (m *measured) add(u *use, facts map[string]map[string]*fact) {
	u.facts = facts[groupOf(u.service, u.platform)]
	m.uses = append(m.uses, u)
}

// groupOf is the group of a table by service and platform.
func groupOf(service, platform string) string {
	return tally.GroupName([]string{edge.KeyServiceName, edge.KeyCloudPlatform}, func(key string) string {
		if key == edge.KeyServiceName {
			return service
		}
		return platform
	})
}

// placesOf returns the platforms of each service, most used first, of a table by both. Platforms with less than a
// hundredth of a service's invocations are left out.
func placesOf(t *tally.Table) map[string][]string {
	events, all := map[string]map[string]float64{}, map[string]float64{}
	for group, row := range t.Groups {
		names, n := tally.GroupValues(group), tally.Sum(row).Events
		if events[names[0]] == nil {
			events[names[0]] = map[string]float64{}
		}
		events[names[0]][names[1]] += n
		all[names[0]] += n
	}
	places := make(map[string][]string, len(events))
	for service, on := range events {
		for platform, n := range on {
			if n >= leastPart*all[service] {
				places[service] = append(places[service], platform)
			}
		}
		slices.SortFunc(places[service], func(p, q string) int {
			if on[p] != on[q] {
				return int(on[q] - on[p])
			}
			return strings.Compare(p, q)
		})
	}
	return places
}

// facts asks what only events tell, of a part of the range, into a map by group and key.
func (x *Room) facts(ctx context.Context, a *tables.Asking, part float64, into map[string]map[string]*fact) error {
	by := []string{edge.KeyServiceName, edge.KeyCloudPlatform}
	events, err := x.o.Read.Events(ctx, a.Whole(0, by...))
	if err != nil {
		return err
	}
	slice := newest(a).Sub(a.Win.From) / slicesOf
	from := a.Win.From
	for range slicesOf {
		to := from.Add(time.Duration(part * float64(slice)))
		if part == 1 {
			to = a.Win.To
		}
		if err := events.Rows(ctx, from, to, factsText(by), adder(by, into)); err != nil || part == 1 {
			return err
		}
		from = from.Add(slice)
	}
	return nil
}

// newest is the end of the range, or now, where the range is not over.
func newest(a *tables.Asking) time.Time {
	if a.Now.Before(a.Win.To) {
		return a.Now
	}
	return a.Win.To
}

// adder adds up rows of facts.
func adder(by []string, into map[string]map[string]*fact) func(store.Row) error {
	return func(r store.Row) error {
		group := strings.Clone(tally.GroupName(by, r.Get))
		if into[group] == nil {
			into[group] = map[string]*fact{}
		}
		for i, key := range factKeys {
			f := into[group][key]
			if f == nil {
				f = &fact{}
				into[group][key] = f
			}
			column := fmt.Sprint("f", i)
			f.n += r.Number(column + "n")
			f.most = max(f.most, r.Number(column+"max"))
			if err := tally.EachBucket(r.Get(column), f.Add); err != nil {
				return fmt.Errorf("read the histogram of %s: %w", key, err)
			}
		}
		return nil
	}
}

// factsText filters the events that tell any of the facts, and adds them up.
func factsText(by []string) string {
	any, figures := make([]string, len(factKeys)), make([]string, len(factKeys))
	for i, key := range factKeys {
		quoted := filter.Quote(key)
		any[i] = quoted + ":*"
		figures[i] = fmt.Sprintf("histogram(%s) f%d, count(%[1]s) f%[2]dn, max(%[1]s) f%[2]dmax", quoted, i)
	}
	return "(" + strings.Join(any, " or ") + ") | stats by (" + strings.Join(filter.QuoteAll(by), ", ") + ") " +
		strings.Join(figures, ", ")
}

// raw returns how many events a part of a tally's weighted invocations was counted from.
func (u *use) raw(weighted float64) float64 {
	if u.Requests <= 0 {
		return 0
	}
	return weighted * u.Events / u.Requests
}

// absent is a Figure of nothing.
func absent() query.Figure {
	return query.Figure{
		Value: query.None(), Low: query.None(), High: query.None(), N: 0, Origin: query.OriginMeasured,
	}
}
