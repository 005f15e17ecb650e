package query

import (
	"cmp"
	"slices"
)

// slower answers the groups whose mean duration rose most, by enough to be worth a look at their percentiles.
func slower(now, before *table) []string {
	const looked, least = 3, 1.05
	rise := map[string]float64{}
	var names []string
	for name, row := range now.groups {
		n, b := sum(row), sum(before.groups[name])
		r := n.durationSum / n.requests / (b.durationSum / b.requests)
		if name != "" && n.events >= fewEvents && b.events >= fewEvents && r > least {
			rise[name] = r
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(x, y string) int { return cmp.Or(cmp.Compare(rise[y], rise[x]), cmp.Compare(x, y)) })
	return names[:min(looked, len(names))]
}

// prominent answers the names of the n regions with the most waiting: requests x P95.
func prominent(rows []Row, n int) []string {
	sorted := slices.Clone(rows)
	slices.SortFunc(sorted, func(x, y Row) int {
		return cmp.Or((x.Requests*x.P95).Compare(y.Requests*y.P95, true), cmp.Compare(x.Name, y.Name))
	})
	return names(top(sorted, n))
}

// losing answers the routes that send more to the origin than before, the most first.
func losing(routes []Row) []Row {
	lost := slices.DeleteFunc(slices.Clone(routes), func(r Row) bool { return !r.OriginExtra.OK() })
	SortRows(lost, "-origin")
	return top(lost, losingRoutes)
}
