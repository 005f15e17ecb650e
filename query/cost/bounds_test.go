package cost_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"edgescope/edge"
	"edgescope/edge/platform"
	"edgescope/policy"
	"edgescope/query/cost"
	"edgescope/query/money"
	"edgescope/query/querytest"
)

// TestTenantsPayForThemselves holds that one Room, which remembers months, gives nobody the bill or budget of another.
func TestTenantsPayForThemselves(t *testing.T) {
	w := newWorld(t, "").load("100 -300m..-240m service=shop platform=cloudflare.workers region=AMS cpu=7 weight=200000")
	other := querytest.Tenant + 1
	w.Write(other, w.Invocation(w.Now.Add(-time.Hour), time.Millisecond, edge.Facts{
		Service: "theirs", Platform: platform.CloudflareWorkers, HasCPU: true, CPUTime: 1e6,
	}))
	p, problems := policy.Parse("policy.yml", []byte("accounts: [{platform: cloudflare.workers, plan: Paid, budget: 6, tenant: a}]"))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	room := cost.New(w.Read, cost.Options{Policy: func(tenant edge.Tenant) *policy.Policy {
		return p.For(map[edge.Tenant]string{querytest.Tenant: "a", other: "b"}[tenant])
	}})
	for range 2 { // the second time from memory
		for tenant, want := range map[edge.Tenant]struct {
			service string
			bill    float64
			over    int
		}{querytest.Tenant: {"shop", 5 + 10*.3 + 110*.02, 1}, other: {"theirs", 5, 0}} {
			c, err := room.Cost(context.Background(), tenant, w.Ask("range=24h"))
			if err != nil || len(c.Accounts) != 1 || !slices.Equal(c.Accounts[0].Services, []string{want.service}) {
				t.Fatalf("tenant %d: %+v %v", tenant, c, err)
			}
			near(t, want.service, c.Accounts[0].ToDate.Value, want.bill)
			if c.Accounts[0].Budget.OK() != (want.over > 0) || c.Accounts[0].Assumed == (want.over > 0) {
				t.Errorf("%s has the budget %v, assumed %t", want.service, c.Accounts[0].Budget, c.Accounts[0].Assumed)
			}
			found, err := room.Findings(context.Background(), tenant, w.Ask("range=24h"))
			if err != nil || len(found) != want.over {
				t.Errorf("%s: found %+v, %v", want.service, found, err)
			}
		}
	}
}

// TestWhatIsRememberedIsTheCallers holds that answers in the same half minute, with ranges of their own, do not change each
// other, and that a month is asked again after it.
func TestWhatIsRememberedIsTheCallers(t *testing.T) {
	w := newWorld(t, "accounts: [{platform: cloudflare.workers, plan: Paid}]").load(
		"100 -300m..-240m service=shop platform=cloudflare.workers region=AMS cpu=7 weight=1000",
		"100 -30m..-20m service=shop platform=cloudflare.workers region=AMS cpu=7 weight=1000")
	day, hour := w.cost("range=24h"), w.cost("range=1h")
	again := w.cost("range=24h")
	near(t, "an hour", hour.Accounts[0].Range.Value, float64(day.Accounts[0].Range.Value)/2)
	near(t, "the day after the hour", again.Accounts[0].Range.Value, float64(day.Accounts[0].Range.Value))
	near(t, "the month of all", hour.Accounts[0].ToDate.N, 200)
	w.load("50 -10m..-9m service=shop platform=cloudflare.workers region=AMS cpu=7 weight=1000")
	near(t, "in the same half minute", w.cost("range=1h").Accounts[0].ToDate.N, 200)
	w.Now = w.Now.Add(31 * time.Second)
	near(t, "after it", w.cost("range=1h").Accounts[0].ToDate.N, 250)
}

// TestAnswersAtTheSameTimeKeepTheirRanges holds that those who ask together, and share what is remembered, each get their
// own range; the race detector looks on.
func TestAnswersAtTheSameTimeKeepTheirRanges(t *testing.T) {
	w := newWorld(t, "accounts: [{platform: cloudflare.workers, plan: Paid}]").load(
		"100 -300m..-240m service=shop platform=cloudflare.workers region=AMS cpu=7 weight=1000",
		"100 -30m..-20m service=shop platform=cloudflare.workers region=AMS cpu=7 weight=1000")
	var g errgroup.Group
	for i := range 8 {
		text, want := []string{"range=24h", "range=1h"}[i%2], []float64{200, 100}[i%2]
		q := w.Ask(text)
		g.Go(func() error {
			c, err := w.room.Cost(context.Background(), querytest.Tenant, q)
			if err == nil && float64(c.Accounts[0].Range.N) != want {
				err = fmt.Errorf("%s has %v events, want %v", text, c.Accounts[0].Range.N, want)
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
}

// TestAFactorIsOfTheBill holds that discounts and taxes change what an account costs, and neither what it used nor what
// other plans cost.
func TestAFactorIsOfTheBill(t *testing.T) {
	const line = "100 -300m..-240m service=shop platform=cloudflare.workers region=AMS cpu=7 weight=200000"
	cost := func(text string) *money.Cost {
		var c *money.Cost
		t.Run(text, func(t *testing.T) { c = newWorld(t, text).load(line).cost("range=24h") })
		return c
	}
	plain := cost("accounts: [{platform: cloudflare.workers, plan: Paid}]")
	taxed := cost("accounts: [{platform: cloudflare.workers, plan: Paid, factor: 1.19}]")
	if plain == nil || taxed == nil {
		t.Fatal("no cost")
	}
	x, y := plain.Accounts[0], taxed.Accounts[0]
	for what, f := range map[string][2]float64{
		"to date": {float64(x.ToDate.Value), float64(y.ToDate.Value)}, "today": {float64(x.Today.Value), float64(y.Today.Value)},
		"per million": {float64(x.PerMillion.Value), float64(y.PerMillion.Value)},
		"in all":      {float64(plain.Total.ToDate.Value), float64(taxed.Total.ToDate.Value)},
		"route":       {float64(plain.Routes[0].Bill.Value), float64(taxed.Routes[0].Bill.Value)},
	} {
		if !(f[0] > 0) || f[1] < 1.19*f[0]-1e-6 || f[1] > 1.19*f[0]+1e-6 {
			t.Errorf("%s: %v and with the factor %v", what, f[0], f[1])
		}
	}
	if x.Meters[0].Used != y.Meters[0].Used || x.Meters[1].Used != y.Meters[1].Used {
		t.Errorf("a factor changes what is used: %+v, %+v", x.Meters, y.Meters)
	}
	for i, e := range taxed.Accounts[0].Elsewhere {
		of := slices.IndexFunc(plain.Accounts[0].Elsewhere, func(o money.Elsewhere) bool {
			return o.Platform == e.Platform && o.Plan == e.Plan
		})
		if before := plain.Accounts[0].Elsewhere[of].Bill; !e.Current && before.High.OK() && before != e.Bill {
			t.Errorf("%d: %s %s costs %+v, before %+v", i, e.Platform, e.Plan, e.Bill, before)
		}
	}
}

// TestOddNamesArePaidForToo holds it of services and platforms without a name, and that what they lack is said.
func TestOddNamesArePaidForToo(t *testing.T) {
	w := newWorld(t, "").load(
		"10 -300m..-240m service=a region=AMS cpu=7",
		"10 -300m..-240m service=b platform=my_own region=AMS cpu=7")
	w.Write(querytest.Tenant, w.Invocation(w.Now.Add(-time.Hour), time.Millisecond, edge.Facts{}))
	c := w.cost("range=24h")
	var missing []string
	for _, a := range c.Accounts {
		missing = append(missing, a.Missing...)
		if a.ToDate.Value.OK() || a.Plan != "" || a.Range.High.OK() {
			t.Errorf("without prices %s costs %+v", a.Platform, a.ToDate)
		}
	}
	said := strings.Join(missing, "\n")
	for _, want := range []string{"(no name)", "name the services in an account", "no prices of my_own"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q lacks %q", said, want)
		}
	}
	if c.Total.ToDate.Value.OK() {
		t.Errorf("all of it costs %+v", c.Total.ToDate)
	}
	// A policy that names the service pays for it, whatever platform its invocations say.
	named := newPolicy(t, "accounts: [{platform: cloudflare.workers, plan: Paid, services: [a]}]")
	room := cost.New(w.Read, cost.Options{Policy: func(edge.Tenant) *policy.Policy { return named }})
	c, err := room.Cost(context.Background(), querytest.Tenant, w.Ask("range=24h"))
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(c.Accounts, func(a money.AccountCost) bool { return a.Plan == "Paid" })
	if i < 0 {
		t.Fatalf("%+v", c.Accounts)
	}
	near(t, "named", c.Accounts[i].ToDate.Value, 5)
	near(t, "all that is known", c.Total.ToDate.Value, 5)
}

func newPolicy(t *testing.T, text string) *policy.Policy {
	t.Helper()
	p, problems := policy.Parse("policy.yml", []byte(text))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return p.For("")
}

// TestManyRoutesAreCounted holds that the list says how many routes there are, and that a filter by text says that the
// bill is of all.
func TestManyRoutesAreCounted(t *testing.T) {
	var lines []string
	for i := range 60 {
		lines = append(lines, fmt.Sprintf("%d -300m..-240m service=shop platform=cloudflare.workers region=AMS route=/r%d cpu=7", i+1, i))
	}
	w := newWorld(t, "").load(lines...)
	c := w.cost("range=24h")
	if c.RouteCount != 60 || len(c.Routes) == 0 || c.Routes[0].Route != "/r59" {
		t.Errorf("%d routes of %d, first %+v", len(c.Routes), c.RouteCount, c.Routes[0])
	}
	filtered := w.cost("range=24h&region=AMS")
	if len(filtered.Notes) <= len(c.Notes) {
		t.Errorf("a filter by region, by which bills are not cut, is not told of: %q", filtered.Notes)
	}
}
