package web_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"edgescope/query"
	"edgescope/query/money"
	"edgescope/web/webtest"
)

func TestThePageOfLimitsTellsHeadroomWithItsBound(t *testing.T) {
	d := document(t, over(t, webtest.New(3)), "/limits", http.StatusOK)
	f := shows(t, d)
	f("limits", "1 over a limit")
	f("limits", "Nearest: CPU time of image-resize on cloudflare.workers Free.")
	f("tile-limit-0", "p99 12 ms of 10 ms, cloudflare.workers Free")
	f("tile-limit-1", "fullest day, model: 92 k of 100 k")
	f("tile-limit-3", "n=37")
	f("table-limits", "120 % ≤ 123 %")
	f("table-limits", "12 ms p99, n=184 k")
	f("table-limits", "6.80 % are above")
	f("table-limits", "checkout fastly Compute, assumed")
	f("table-limits", "7 Dec 2026 1 Dec–25 Dec, model")
	f("table-limits", "not in sight n=28 days")
	f("table-limits", "· too few (n=37)")
	f("missing", "Memory (checkout)")
	f("table-periods", "41 k 92 k 88 k–97 k")
	f("table-quotas", "23 Nov 16:00 earliest 22 Nov 16:00")
	f("table-quotas", "cost 0.50 USD a million")
	f("table-plans", "2025-10")
	f("unknown", "fly")
	if text := testid(d, "table-limits").Text(); strings.Contains(text, "Memory") || strings.Contains(text, "Body") {
		t.Error("what is not sent stands among what is measured")
	}
	if n := d.Find("[data-testid=chart-forecast] .drawing .line").Length(); n < 4 {
		t.Errorf("%d lines, want measured, expected and two bounds, each by itself", n)
	}
}

// TestAForecastThatIsNotThereIsSaid also holds a policy that was not taken, and exceeded limits.
func TestAForecastThatIsNotThereIsSaid(t *testing.T) {
	f := webtest.New(3)
	f.Fail = func(w http.ResponseWriter, r *http.Request) bool {
		none := query.None()
		nothing := query.Figure{Value: none, Low: none, High: none, N: 0, Origin: query.OriginMeasured}
		switch {
		case strings.HasSuffix(r.URL.Path, query.PathForecast):
			_ = json.NewEncoder(w).Encode(&money.Forecast{
				Reason: "30 hours of the past are known: a forecast needs 3 days", Start: webtest.Now.Truncate(time.Hour), Error: none,
				Today: money.Expectation{SoFar: nothing, All: nothing}, Month: money.Expectation{SoFar: nothing, All: nothing},
			})
		case strings.HasSuffix(r.URL.Path, query.PathLimits):
			b := money.Budget{
				Name: money.BudgetMemory, State: money.BudgetOver, Limit: 128 << 20, Unit: "bytes", Used: nothing, Part: nothing,
				Over: none, Exceeded: 3, ExceededRatio: .01,
			}
			_ = json.NewEncoder(w).Encode(&money.Limits{Problem: "policy.yml:3:1: first", Services: []money.ServiceLimits{{
				Service: "shop", Platform: "cloudflare.workers", State: money.BudgetOver, Nearest: money.BudgetMemory,
				Plans: []money.PlanLimits{{Plan: "Free", Budgets: []money.Budget{b}}},
			}}})
		default:
			return false
		}
		return true
	}
	d := document(t, over(t, f), "/limits", http.StatusOK)
	says := shows(t, d)
	says("policy-problem", "policy.yml:3:1: first")
	says("limits", "1 over a limit")
	says("table-limits", "✕ 3 exceeded it")
	if text := d.Find("main").Text(); !strings.Contains(text, "No forecast: 30 hours of the past are known") {
		t.Error("the page does not say why there is no forecast")
	}
}

// TestTheOverviewDoesWithoutWhatIsNotAnswered holds that tiles of answers that fail are left out, and the others stay in
// their order.
func TestTheOverviewDoesWithoutWhatIsNotAnswered(t *testing.T) {
	f := webtest.New(3)
	all := testid(document(t, over(t, f), "/", http.StatusOK), "glance").Find("[data-testid]")
	var ids []string
	all.Each(func(_ int, s *goquery.Selection) { ids = append(ids, s.AttrOr("data-testid", "")) })
	if got := strings.Join(ids, " "); !strings.HasSuffix(got, "tile-cost-today tile-cost-forecast tile-cost-per-million tile-limit-0") ||
		!strings.HasPrefix(got, "tile-slo-0") {
		t.Errorf("at a glance: %s; want promises, cost and the nearest limit", got)
	}
	f.Fail = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, query.PathBill) && !strings.HasSuffix(r.URL.Path, query.PathLimits) {
			return false
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	}
	d := document(t, over(t, f), "/", http.StatusOK)
	if testid(d, "tile-slo-0").Length() != 1 || testid(d, "tile-limit-0").Length() != 0 ||
		testid(d, "tile-cost-today").Length() != 0 {
		t.Errorf("at a glance: %s", testid(d, "glance").Text())
	}
}
