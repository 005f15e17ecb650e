package cost_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/policy"
	"edgescope/query"
	"edgescope/query/cost"
	"edgescope/query/money"
	"edgescope/query/querytest"
)

// world is a store on the 21st of the month before, at 12:17:30 UTC, and a room that reads a policy beside it. Events of
// that time may be older than those that the store keeps; its rollups are not.
type world struct {
	*querytest.World
	room *cost.Room
	t    testing.TB
}

func newWorld(t testing.TB, text string) *world {
	t.Helper()
	p, problems := policy.Parse("policy.yml", []byte(text))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	w := &world{World: querytest.New(t), t: t}
	w.Now = time.Date(w.Now.Year(), w.Now.Month()-1, 21, 12, 17, 30, 0, time.UTC)
	w.room = cost.New(w.Read, cost.Options{Policy: func(edge.Tenant) *policy.Policy { return p.For("") }})
	return w
}

func (w *world) load(lines ...string) *world {
	w.t.Helper()
	for _, line := range lines {
		if err := w.Load(line); err != nil {
			w.t.Fatal(err)
		}
	}
	return w
}

func (w *world) cost(question string) *money.Cost {
	w.t.Helper()
	c, err := w.room.Cost(context.Background(), querytest.Tenant, w.Ask(question))
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func near(t *testing.T, what string, got query.Num, want float64) {
	t.Helper()
	if math.IsNaN(want) != math.IsNaN(float64(got)) || math.Abs(float64(got)-want) > 1e-9+1e-6*math.Abs(want) {
		t.Errorf("%s: %.8g, want %.8g", what, float64(got), want)
	}
}

// TestABillIsThatOfTheAccount holds that what a plan includes is taken off once for all services: 15 M requests of 7 ms
// of CPU in two services cost 8.00 (the vendor's example), not 5 twice.
func TestABillIsThatOfTheAccount(t *testing.T) {
	w := newWorld(t, "accounts: [{platform: cloudflare.workers, plan: Paid}]").load(
		"100 -300m..-240m service=shop platform=cloudflare.workers region=AMS route=/a cpu=7 weight=75000",
		"100 -300m..-240m service=mail platform=cloudflare.workers region=AMS route=/b cpu=7 weight=75000",
	)
	c := w.cost("range=24h")
	if len(c.Accounts) != 1 || len(c.Accounts[0].Missing) != 1 {
		t.Fatalf("%+v", c.Accounts)
	}
	a := c.Accounts[0]
	near(t, "bill to date", a.ToDate.Value, 8)
	near(t, "all of them", c.Total.ToDate.Value, 8)
	near(t, "today, beyond what is included", a.Today.Value, 3)
	near(t, "per million", a.PerMillion.Value, .30+7*.02)
	near(t, "the range", a.Range.Value, 15*.44)
	near(t, "events", a.ToDate.N, 200)
	if !c.Estimated || !(a.ToDate.Low < 8) || !(a.ToDate.High > 8) {
		t.Errorf("estimated %v, %v to %v", c.Estimated, a.ToDate.Low, a.ToDate.High)
	}
	near(t, "requests used", a.Meters[0].Used.Value, 15e6)
	if a.Forecast.Value.OK() || !strings.Contains(a.Missing[0], "three days") {
		t.Errorf("a forecast from an hour: %+v %q", a.Forecast, a.Missing)
	}
}

// TestSharesAddUpToTheBill holds it with routes of different kinds, a service on two platforms and the rest of one.
func TestSharesAddUpToTheBill(t *testing.T) {
	w := newWorld(t, "memory: {api: 1GB, shop: 512MB}").load(
		"900 -300m..-240m service=shop platform=cloudflare.workers region=AMS route=/a cpu=7 weight=30000",
		"50 -300m..-240m service=shop platform=cloudflare.workers region=AMS route=/b cpu=90 weight=30000",
		"50 -300m..-240m service=shop platform=aws_lambda region=eu-west-1 route=/b ms=80 init=200 weight=30000",
		"100 -300m..-240m service=api platform=aws_lambda region=eu-west-1 route=/c ms=150 weight=30000",
	)
	c := w.cost("range=24h")
	bills, shares := map[string]float64{}, map[string]float64{}
	for _, r := range c.Routes {
		bills[r.Platform] += float64(r.Bill.Value)
		shares[r.Platform] += float64(r.Share)
	}
	if len(c.Accounts) != 2 || c.RouteCount != len(c.Routes) {
		t.Fatalf("%d accounts, %d routes of %d", len(c.Accounts), len(c.Routes), c.RouteCount)
	}
	for _, a := range c.Accounts {
		if !(a.ToDate.Value > 0) || !a.Assumed {
			t.Errorf("%s: %+v", a.Platform, a)
		}
		near(t, a.Platform+": bills of routes", query.Num(bills[a.Platform]), float64(a.ToDate.Value))
		near(t, a.Platform+": shares", query.Num(shares[a.Platform]), 1)
	}
	only := w.cost("range=24h&route=/a")
	if len(only.Routes) != 2 || only.Routes[0].Route != "/a" || only.Accounts[0].ToDate != c.Accounts[0].ToDate {
		t.Errorf("a filter changes the bill, or leaves routes: %+v", only.Routes)
	}
}

// TestUnknownMemoryHasNoFigure holds that it is said, never drawn as nothing.
func TestUnknownMemoryHasNoFigure(t *testing.T) {
	w := newWorld(t, "memory: {api: 1GB}").load(
		"100 -300m..-240m service=api platform=aws_lambda region=eu-west-1 route=/c ms=150",
		"100 -300m..-240m service=mail platform=aws_lambda region=eu-west-1 route=/m ms=150",
		"100 -300m..-240m service=odd route=/o",
		"100 -300m..-240m service=fly platform=fly region=ams route=/f",
	)
	c := w.cost("range=24h")
	missing := map[string]string{}
	for _, a := range c.Accounts {
		missing[a.Platform] = strings.Join(a.Missing, "; ")
		near(t, a.Platform, a.ToDate.Value, math.NaN())
	}
	for platform, want := range map[string]string{
		"aws_lambda": "that of mail is not known", "": "invocations of odd do not say their platform",
		"fly": "there are no prices of fly",
	} {
		if !strings.Contains(missing[platform], want) {
			t.Errorf("%q: %q, want %q", platform, missing[platform], want)
		}
	}
	near(t, "the total", c.Total.ToDate.Value, math.NaN())
	for _, r := range c.Routes {
		if known := r.Service == "api"; r.PerMillion.Value.OK() != known || r.Share.OK() {
			t.Errorf("%s: %+v", r.Service, r)
		}
	}
}

// TestUnknownCPUIsARange holds that it goes from none to all of the duration.
func TestUnknownCPUIsARange(t *testing.T) {
	w := newWorld(t, "").load(
		"100 -300m..-240m service=shop platform=cloudflare.workers region=AMS route=/a ms=150 weight=1",
	)
	r := w.cost("range=24h").Routes[0]
	near(t, "value", r.PerMillion.Value, math.NaN())
	near(t, "low", r.PerMillion.Low, .30)
	near(t, "high", r.PerMillion.High, .30+150*.02)
	w.Now = w.Now.Add(10 * time.Minute) // what services send is remembered for a while
	w.load("50 -310m..-250m service=shop platform=cloudflare.workers region=AMS route=/a ms=150 cpu=10")
	near(t, "a third is known", w.cost("range=24h").Routes[0].PerMillion.Value, .30+10*.02)
}

// days loads a service with a daily cycle: each hour of so many days has n or twice as many requests of 10 ms of CPU, that
// stand for 2,000 each.
func (w *world) days(days, n int, service, route string) *world {
	w.t.Helper()
	var events []edge.Event
	for at := range 24 * days {
		count := n
		if at%24 >= 12 {
			count = 2 * n
		}
		for i := range count {
			when := w.Now.Add(-time.Duration(at+1)*time.Hour + 59*time.Minute*time.Duration(i)/time.Duration(count))
			events = append(events, w.Invocation(when, 10*time.Millisecond, edge.Facts{
				Service: service, Platform: "cloudflare.workers", Region: "AMS", Colo: "AMS", Route: route, Weight: 2000,
				CPUTime: 10e6, HasCPU: true,
			}))
		}
	}
	w.Write(querytest.Tenant, events...)
	return w
}

// TestTheMonthIsForecast holds a steady service against its true month.
func TestTheMonthIsForecast(t *testing.T) {
	w := newWorld(t, "accounts: [{platform: cloudflare.workers, plan: Paid, budget: 12}]").days(22, 12, "shop", "/a")
	c := w.cost("range=24h")
	a := c.Accounts[0]
	days := float64(time.Date(w.Now.Year(), w.Now.Month()+1, 1, 0, 0, 0, 0, time.UTC).Add(-time.Hour).Day())
	n := days * 24 * 18 * 2000
	want := 5 + max(0, n-10e6)/1e6*.30 + max(0, 10*n-30e6)/1e6*.02
	if got := float64(a.Forecast.Value); math.Abs(got/want-1) > .05 || !(a.Forecast.Low <= a.Forecast.Value) ||
		!(a.Forecast.High >= a.Forecast.Value) || a.Forecast.Origin != query.OriginModel {
		t.Errorf("forecast %+v, want about %.2f", a.Forecast, want)
	}
	if got := float64(a.Meters[0].Forecast.Value); math.Abs(got/n-1) > .05 {
		t.Errorf("%.0f requests are forecast, want about %.0f", got, n)
	}
	if a.ElsewhereOf != "forecast" || a.Passes.Before(w.Now) || a.Passes.IsZero() {
		t.Errorf("elsewhere of %q, passes %v", a.ElsewhereOf, a.Passes)
	}
	bill, err := w.room.Bill(context.Background(), querytest.Tenant, w.Ask("range=24h"))
	if err != nil || bill.Accounts != 1 || bill.Budget != 12 || len(bill.Over) != 1 || bill.Over[0] != "cloudflare.workers Paid" ||
		bill.Forecast != c.Total.Forecast || bill.ToDate != c.Total.ToDate || bill.Today != c.Total.Today ||
		bill.PerMillion != c.Total.PerMillion {
		t.Errorf("at a glance %+v, in full %+v", bill, c.Total)
	}
	findings, err := w.room.Findings(context.Background(), querytest.Tenant, w.Ask(""))
	if err != nil || len(findings) != 1 || findings[0].Kind != query.KindCost || findings[0].Severity == "" ||
		!strings.Contains(findings[0].Text, "the budget is 12.00, which it passes on ") {
		t.Errorf("%+v %v", findings, err)
	}
}

// TestABudgetThatHoldsIsNoFinding holds the two ways around a finding, and the one that is passed already.
func TestABudgetThatHoldsIsNoFinding(t *testing.T) {
	f := func(policy, want string) {
		t.Helper()
		t.Run("", func(t *testing.T) {
			w := newWorld(t, policy).load("10 -60m..-50m service=a platform=cloudflare.workers region=AMS cpu=1")
			findings, err := w.room.Findings(context.Background(), querytest.Tenant, w.Ask(""))
			if err != nil || len(findings) != min(1, len(want)) || want != "" && (findings[0].Severity != "bad" ||
				!strings.HasPrefix(findings[0].Text, want)) {
				t.Errorf("%s: %+v %v, want %q", policy, findings, err, want)
			}
		})
	}
	for policy, want := range map[string]string{
		"": "", "accounts: [{platform: cloudflare.workers, plan: Paid, budget: 100}]": "",
		"accounts: [{platform: cloudflare.workers, plan: Paid, budget: 4}]":                "5.00 USD so far in",
		"accounts: [{platform: cloudflare.workers, plan: Paid, budget: 9, factor: 2}]":     "10.00 USD so far in",
		"accounts: [{platform: cloudflare.workers, plan: Paid, budget: 4, services: [b]}]": "",
	} {
		f(policy, want)
	}
}

// TestElsewhere holds the same use on other plans, by the bills of edge/price, and what limits it would break.
func TestElsewhere(t *testing.T) {
	w := newWorld(t, "memory: {shop: 1GB}").load(
		"1000 -300m..-240m service=shop platform=cloudflare.workers region=AMS route=/a ms=149.5 cpu=60 weight=10000",
	)
	a := w.cost("range=24h").Accounts[0]
	byPlan := map[string]money.Elsewhere{}
	for i, e := range a.Elsewhere {
		byPlan[e.Platform+" "+e.Plan] = e
		if i == 0 {
			continue
		}
		before := a.Elsewhere[i-1]
		if len(e.Warnings) == len(before.Warnings) && e.Bill.Value < before.Bill.Value {
			t.Errorf("%s is cheaper than the one before it", e.Plan)
		}
		if len(e.Warnings) == 0 && len(before.Warnings) > 0 {
			t.Errorf("%s, which breaks a limit, comes before %s, which breaks none", before.Plan, e.Plan)
		}
	}
	near(t, "Workers", byPlan["cloudflare.workers Paid"].Bill.Value, 5+(600-30)*.02)
	near(t, "Lambda, with half a step", byPlan["aws_lambda x86"].Bill.Value, 1.8+(1.5e6-4e5)*.0000166667)
	if !byPlan["cloudflare.workers Paid"].Current || byPlan["aws_lambda x86"].Current {
		t.Error("the plan of the account is not marked")
	}
	warnings := strings.Join(byPlan["fastly Compute"].Warnings, "; ")
	if !strings.Contains(warnings, "shop: p99 of CPU is 6") || !strings.Contains(warnings, "fastly Compute allows 50 ms") ||
		!strings.Contains(warnings, "1024 MB of memory") {
		t.Errorf("Fastly: %q", warnings)
	}
	if got := byPlan["aws_lambda x86"].Warnings; len(got) != 0 {
		t.Errorf("Lambda: %q", got)
	}
}

// TestAnInvoiceGivesAFactor holds that a whole month does, and a part of one says so.
func TestAnInvoiceGivesAFactor(t *testing.T) {
	w := newWorld(t, "")
	last := time.Date(w.Now.Year(), w.Now.Month(), 1, 0, 0, 0, 0, time.UTC).AddDate(0, -1, 0)
	days := last.AddDate(0, 1, -1).Day()
	text := func(month time.Time) string {
		return fmt.Sprintf("accounts: [{platform: cloudflare.workers, plan: Paid, invoices: [{month: %s, amount: 45.40}]}]",
			month.Format("2006-01"))
	}
	ask := func(text string) money.InvoicedMonth {
		p, problems := policy.Parse("p.yml", []byte(text))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		w.room = cost.New(w.Read, cost.Options{Policy: func(edge.Tenant) *policy.Policy { return p }})
		return w.cost("range=1h").Accounts[0].Invoices[0]
	}
	for d := range days {
		at := w.Now.Sub(last.AddDate(0, 0, d).Add(12 * time.Hour))
		w.load(fmt.Sprintf("10 -%dm..-%dm service=shop platform=cloudflare.workers region=AMS cpu=7 weight=%g",
			int(at.Minutes())+10, int(at.Minutes()), 1e7/float64(days)))
	}
	w.load("10 -60m..-50m service=shop platform=cloudflare.workers region=AMS cpu=7")
	whole := ask(text(last))
	near(t, "100 M of 7 ms", whole.Model.Value, 45.40)
	near(t, "the factor", whole.Factor, 1)
	part := ask(text(last.AddDate(0, -1, 0)))
	if part.Factor.OK() || !strings.Contains(part.Missing, "only 0 of the month's") {
		t.Errorf("%+v", part)
	}
}

func TestPricesCarryDateAndSource(t *testing.T) {
	w := newWorld(t, "prices: [{platform: fastly, plan: Compute, month: 7, meters: [], as_of: 2020-05, source: s}]").load(
		"10 -60m..-50m service=a platform=fastly region=AMS cpu=1")
	c := w.cost("")
	if l := c.Prices[0]; !l.Own || !l.Used || !l.Old || l.AsOf != "2020-05" || l.Source != "s" || l.Month != 7 {
		t.Errorf("%+v", l)
	}
	for _, l := range c.Prices {
		if l.AsOf == "" || l.Source == "" {
			t.Errorf("%s %s: no date or page", l.Platform, l.Plan)
		}
	}
	near(t, "the policy's own price", c.Accounts[0].ToDate.Value, 7)
}

// TestTheFirstSecondsOfAMonth holds that a month that has only begun has a bill, and a forecast from the months before.
func TestTheFirstSecondsOfAMonth(t *testing.T) {
	w := newWorld(t, "")
	w.Now = time.Date(w.Now.Year(), w.Now.Month(), 1, 0, 0, 5, 0, time.UTC)
	w.days(6, 12, "a", "/").load(
		"10 -4s..-1s service=a platform=cloudflare.workers region=AMS cpu=10 weight=2000")
	a := w.cost("range=1h").Accounts[0]
	near(t, "requests", a.Meters[0].Used.Value, 20_000)
	near(t, "to date", a.ToDate.Value, 5)
	near(t, "today", a.Today.Value, 0)
	if !(a.Forecast.Value > 10) || !a.Passes.IsZero() {
		t.Errorf("%+v", a)
	}
}

func TestNothingCostsNothing(t *testing.T) {
	w := newWorld(t, "accounts: [{platform: fastly, plan: Compute}]")
	bill, err := w.room.Bill(context.Background(), querytest.Tenant, w.Ask(""))
	if err != nil || bill.Accounts != 0 || bill.Today.Value.OK() || bill.Budget.OK() {
		t.Errorf("%+v %v", bill, err)
	}
	c := w.cost("")
	if len(c.Accounts) != 0 || len(c.Routes) != 0 || !c.Empty || c.Total.ToDate.Value.OK() {
		t.Errorf("%+v", c)
	}
}

// BenchmarkCost is the answer over five weeks of one service with 40 routes, its forecasts included.
func BenchmarkCost(b *testing.B) {
	w := newWorld(b, "accounts: [{platform: cloudflare.workers, plan: Paid, budget: 12}]")
	for route := range 40 {
		w.days(35, 1, "shop", fmt.Sprintf("/r%d", route))
	}
	b.ResetTimer()
	for b.Loop() {
		w.cost("range=24h")
	}
}

func BenchmarkFindings(b *testing.B) {
	w := newWorld(b, "accounts: [{platform: cloudflare.workers, plan: Paid, budget: 12}]").days(35, 12, "shop", "/a")
	b.ResetTimer()
	for b.Loop() {
		if _, err := w.room.Findings(context.Background(), querytest.Tenant, w.Ask("")); err != nil {
			b.Fatal(err)
		}
	}
}
