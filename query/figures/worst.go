package figures

import (
	"cmp"
	"slices"

	"edgescope/query"
	"edgescope/query/tally"
)

// Slower returns the groups whose mean duration rose most, by enough to be worth a look at their percentiles.
func Slower(now, before *tally.Table) []string {
	const looked, least = 3, 1.05
	rise := map[string]float64{}
	var names []string
	for name, row := range now.Groups {
		n, b := tally.Sum(row), tally.Sum(before.Groups[name])
		r := n.DurationSum / n.Requests / (b.DurationSum / b.Requests)
		if name != "" && n.Events >= FewEvents && b.Events >= FewEvents && r > least {
			rise[name] = r
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(x, y string) int { return cmp.Or(cmp.Compare(rise[y], rise[x]), cmp.Compare(x, y)) })
	return names[:min(looked, len(names))]
}

// Prominent returns the names of the n regions with the most waiting: requests x P95.
func Prominent(rows []query.Row, n int) []string {
	sorted := slices.Clone(rows)
	slices.SortFunc(sorted, func(x, y query.Row) int {
		return cmp.Or((x.Requests*x.P95).Compare(y.Requests*y.P95, true), cmp.Compare(x.Name, y.Name))
	})
	return Names(Top(sorted, n))
}

// Losing returns the n routes that send most to the origin beyond what they sent before, the most first.
func Losing(routes []query.Row, n int) []query.Row {
	lost := slices.DeleteFunc(slices.Clone(routes), func(r query.Row) bool { return !r.OriginExtra.OK() })
	query.SortRows(lost, "-origin")
	return Top(lost, n)
}
