package web_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"edgescope/query"
	"edgescope/query/money"
	"edgescope/web/webtest"
)

func TestThePageOfCostTellsFiguresWithTheirIntervals(t *testing.T) {
	d := document(t, over(t, webtest.New(3)), "/cost", http.StatusOK)
	f := shows(t, d)
	f("budget", "cloudflare.workers Paid passes its budget of 300.00 USD")
	f("budget", "318.40 USD expected for November (80 %: 290.10–351.70), which passes it on 28 November.")
	f("tile-to-date", "212.60")
	f("tile-to-date", "206.22–218.98, price list, n=1.84 M")
	f("tile-forecast", "290.10–351.70, model, n=3.10 M")
	f("table-accounts", "passes it on 28 Nov")
	f("table-accounts", "aws_lambda x86 assumed: no account names it")
	f("missing", "aws_lambda x86 charges for memory, and that of mail is not known: name it in memory of the policy.")
	f("table-cost-routes", "37 n=37")
	f("table-cost-routes", "61 % 129.69 125.80–133.58")
	f("table-meters", "requests cloudflare.workers Paid 482 M 470 M–494 M10 M 721 M 660 M–795 M0.30 per 1 M")
	f("table-elsewhere-0", "shop: p99 of CPU is 6.4 ms, cloudfront Functions allows 1 ms")
	f("table-elsewhere-0", "needs memory of its services in the policy")
	f("table-invoices", "factor: 1.05")
	f("table-invoices", "only 12 of the month's 30 days have invocations here")
	f("table-prices", "2025 older than a year, or undated: check it")
	f("table-prices", "0.0000166667 above 400 k, 0.000015 above 6 G")
	f("table-prices", "developers.cloudflare.com/workers/platform/pricing/")
}

// TestAPolicyThatWasNotTakenIsShown also holds a budget that is passed already, and a range instead of a figure.
func TestAPolicyThatWasNotTakenIsShown(t *testing.T) {
	f := webtest.New(3)
	f.Fail = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, query.PathCost) {
			return false
		}
		none := query.None()
		unknown := query.Figure{Value: none, Low: 5, High: 12.5, N: 40, Origin: query.OriginPriceList}
		s := money.Spending{
			Range: unknown, Today: unknown, ToDate: unknown, PerMillion: unknown,
			Forecast: query.Figure{Value: none, Low: none, High: none, Origin: query.OriginModel},
		}
		_ = json.NewEncoder(w).Encode(&money.Cost{
			Problem: "policy.yml:3:1: first\npolicy.yml:4:1: second", Total: s,
			Accounts: []money.AccountCost{{Platform: "fastly", Plan: "Compute", Spending: s, Factor: 1, Budget: 4}},
		})
		return true
	}
	d := document(t, over(t, f), "/cost", http.StatusOK)
	says := shows(t, d)
	says("policy-problem", "policy.yml:3:1: first policy.yml:4:1: second")
	says("budget", "5.00 USD so far in January.")
	says("tile-to-date", "5.00–12.50")
	says("tile-to-date", "CPU time is not known, price list, n=40")
	says("tile-forecast", "–needs three days")
	says("table-accounts", "5.00–12.50 CPU unknown")
}

func TestTheOverviewSaysWhatItCosts(t *testing.T) {
	d := document(t, over(t, webtest.New(3)), "/", http.StatusOK)
	f := shows(t, d)
	f("tile-cost-today", "8.12 USD7.88–8.36, price list, n=70 k")
	f("tile-cost-forecast", "318.40 USDbudget 300.00, 290.10–351.70, model, n=3.10 M")
	f("tile-cost-per-million", "0.44 USD0.43–0.45, price list")
	if !testid(d, "tile-cost-forecast").HasClass("bad") || testid(d, "tile-cost-forecast").Find(`a[href="/cost"]`).Length() != 1 {
		t.Error("a month over its budget is not marked, or leads nowhere")
	}
	bare := webtest.New(3)
	bare.Bare = true
	if n := testid(document(t, over(t, bare), "/", http.StatusOK), "tile-cost-today").Length(); n != 0 {
		t.Error("there is a tile without an account")
	}
}
