package judgement

import (
	"net/url"
	"testing"

	"edgescope/query"
	"edgescope/query/money"
	"edgescope/web/part"
)

// TestATileSaysWhatItsStateIsOf: invocations that ended at a limit make its state, and not a percentile far below.
func TestATileSaysWhatItsStateIsOf(t *testing.T) {
	f := func(exceeded query.Num, number, unit, state string) {
		t.Helper()
		b := money.Budget{
			Name: money.BudgetCPU, Unit: "ms", Limit: 30_000, Measure: money.MeasureP99, State: money.BudgetOK, Exceeded: exceeded,
			Used: query.Figure{Value: 48, N: 2000}, Part: query.Figure{Value: .0016, N: 2000},
		}
		if exceeded > 0 {
			b.State = money.BudgetOver
		}
		a := &money.Limits{Services: []money.ServiceLimits{{
			Service: "img", Platform: "cloudflare.workers", State: b.State, Nearest: b.Name,
			Plans: []money.PlanLimits{{Plan: "Paid", Budgets: []money.Budget{b}}},
		}}}
		tiles := LimitTiles(&part.Page{URL: &url.URL{Path: "/limits"}}, a)
		if len(tiles) != 1 || tiles[0].Number != number || tiles[0].Unit != unit || tiles[0].State != state {
			t.Errorf("%v exceeded it: %+v, want %s %s, state %q", exceeded, tiles, number, unit, state)
		}
	}
	f(0, "0.16", "%", "")
	f(4, "4", "exceeded it", "bad")
}
