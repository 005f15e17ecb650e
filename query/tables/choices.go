package tables

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/tally"
)

// Choose returns the values that filters offer: of the whole range, whatever is filtered.
func (a *Asking) Choose(ctx context.Context) (query.Choices, error) {
	key := fmt.Sprint(a.Tenant, a.Win.From.Unix(), a.Win.To.Unix())
	c, err := a.read.choices.Get(key, a.Now, choicesLife, func() (query.Choices, error) {
		all := Cut{Tenant: a.Tenant, Window: a.Win.Whole(), Parts: WithEvents}
		regions, err := a.read.Table(ctx, all.GroupedBy(edge.KeyRegion))
		if err != nil {
			return query.Choices{}, fmt.Errorf("find the regions that filters offer: %w", err)
		}
		others, err := a.read.Table(ctx, all.GroupedBy(edge.KeyServiceName, edge.KeyServiceVersion, edge.KeyRoute))
		if err != nil {
			return query.Choices{}, fmt.Errorf("find the values that filters offer: %w", err)
		}
		return query.Choices{
			Services: offered(others.By(0)), Versions: offered(others.By(1)),
			Regions: offered(regions), Routes: offered(others.By(2)),
		}, nil
	})
	return query.Choices{
		Services: slices.Clone(c.Services), Versions: slices.Clone(c.Versions),
		Regions: slices.Clone(c.Regions), Routes: slices.Clone(c.Routes),
	}, err
}

// offered returns the groups that have a name, most used first.
func offered(t *tally.Table) []string {
	used := make(map[string]float64, len(t.Groups))
	out := make([]string, 0, len(t.Groups))
	for name, row := range t.Groups {
		if name != "" {
			used[name] = tally.Sum(row).Events
			out = append(out, name)
		}
	}
	slices.SortFunc(out, func(x, y string) int { return cmp.Or(cmp.Compare(used[y], used[x]), strings.Compare(x, y)) })
	return out[:min(MaxChoices, len(out))]
}

// choicesLife is how long the values that filters offer are remembered.
const choicesLife = 5 * time.Second

// MaxChoices bounds the values that a filter offers.
const MaxChoices = 500
