package price_test

import (
	"math"
	"testing"
	"time"

	"edgescope/edge/platform"
	"edgescope/edge/price"
)

func plan(t *testing.T, of, name string) *price.Plan {
	t.Helper()
	for _, p := range price.PlansOf(of) {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("there is no plan %s of %s", name, of)
	return nil
}

// TestBills holds what the lists make of a use, by the vendors' own examples and by hand.
func TestBills(t *testing.T) {
	f := func(of, name string, w price.Work, want float64) {
		t.Helper()
		p := *plan(t, of, name)
		p.StepMS = 0 // the durations are those that are charged
		use, err := p.UseOf(w)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Bill(use); math.Abs(got-want) > .005 {
			t.Errorf("%s, %+v: %.4f, want %.2f", &p, w, got, want)
		}
	}
	f(platform.CloudflareWorkers, "Paid", price.Work{Invocations: 15e6, CPUMS: 15e6 * 7}, 8)
	f(platform.CloudflareWorkers, "Paid", price.Work{Invocations: 100e6, CPUMS: 100e6 * 7}, 45.40)
	f(platform.CloudflareWorkers, "Paid", price.Work{Invocations: 720, CPUMS: 720 * 180_000}, 6.99)
	w := price.Work{Invocations: 10e6, DurationMS: 10e6 * 150, CPUMS: 10e6 * 10, MemoryGB: 1}
	f(platform.AWSLambda, "x86", w, 20.13)
	f(platform.AzureFunctions, "Consumption", w, 19.40)
	f(platform.AzureFunctions, "Flex", w, 40.30)
	f("gcp_cloud_run", "requests, tier 1", w, 37.73)
	f(platform.CloudflareWorkers, "Paid", w, 6.40)
	w.CPUMS = w.DurationMS
	f(platform.CloudflareWorkers, "Paid", w, 34.40)
	f(platform.AWSLambda, "@Edge", price.Work{Invocations: 1e6, DurationMS: 1e6 * 100, MemoryGB: .125}, .60+.63)
	f(platform.CloudFront, "Functions", price.Work{Invocations: 12e6}, 1)
	f(platform.Fastly, "Compute", price.Work{Invocations: 20e6, CPUMS: 20e6 * 10}, 5+5)
	f(platform.Vercel, "Pro", price.Work{Invocations: 50e6, CPUMS: 1e6, MemoryGB: .001}, 20+30-20+.04)
	f(platform.Vercel, "Pro", price.Work{Invocations: 1e6, MemoryGB: 1}, 20)
	f(platform.Deno, "Pro", price.Work{Invocations: 6e6, CPUMS: 41 * 3.6e6, MemoryGB: 1}, 22.05)
	f(platform.Netlify, "Pro", price.Work{Invocations: 20e6, MemoryGB: 1}, 20+80-60)
	f(platform.AWSLambda, "x86", price.Work{}, 0) // also without memory, unless it is charged for
}

// TestMemoryHasAPrice holds what fifty million invocations, 2 % of them cold starts of 200 ms, cost by memory, with
// nothing included.
func TestMemoryHasAPrice(t *testing.T) {
	p := *plan(t, platform.AWSLambda, "x86")
	p.StepMS = 0
	for _, c := range []struct{ mb, ms, want float64 }{
		{512, 120, 61.67}, {1024, 75, 75.83}, {1536, 60, 90}, {2048, 55, 108.33}, {3008, 50, 142.19},
	} {
		use, err := p.UseOf(price.Work{
			Invocations: 50e6, DurationMS: 50e6 * c.ms, InitMS: 50e6 * .02 * 200, MemoryGB: c.mb / 1024,
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Marginal(use); math.Abs(got-c.want) > .005 {
			t.Errorf("%v MB: %.4f, want %v", c.mb, got, c.want)
		}
	}
}

func TestALoadRunHasAPrice(t *testing.T) {
	w := price.Work{Invocations: 2 * 765_600, CPUMS: 2 * 765_600 * 7, DurationMS: 2 * 765_600 * 150, MemoryGB: 1}
	for _, c := range []struct {
		of, name string
		want     float64
	}{{platform.CloudflareWorkers, "Paid", .67}, {platform.AWSLambda, "x86", 4.13}} {
		p := *plan(t, c.of, c.name)
		p.StepMS = 0
		use, err := p.UseOf(w)
		if got := p.Marginal(use); err != nil || math.Abs(got-c.want) > .005 {
			t.Errorf("%s: %.4f %v, want %v", &p, got, err, c.want)
		}
	}
}

func TestTiersAndSteps(t *testing.T) {
	p := plan(t, platform.AWSLambda, "x86")
	const gb = .0000166667
	use := price.Use{price.GBs: 400_000 + 6e9 + 9e9 + 1e9}
	if got, want := p.Bill(use), gb*(6e9+.9*9e9+.8*1e9); math.Abs(got-want) > .01 {
		t.Errorf("got %.2f, want %.2f", got, want)
	}
	one, err := p.UseOf(price.Work{Invocations: 1000, DurationMS: 1000 * 10, MemoryGB: 2})
	if err != nil || math.Abs(one[price.GBs]-2*10.5) > 1e-9 { // half a step of 1 ms each, on average
		t.Errorf("%v %v, want 21 GB-s", one, err)
	}
	if _, err := p.UseOf(price.Work{Invocations: 1, MemoryGB: math.NaN()}); err == nil {
		t.Error("memory that is not known has a price")
	}
	account := price.Use{price.Requests: 1}
	account.Add(price.Use{price.Requests: 2, price.CPU: 3})
	if account[price.Requests] != 3 || account[price.CPU] != 3 {
		t.Errorf("an account has %v", account)
	}
}

func TestLists(t *testing.T) {
	for _, p := range price.Lists {
		if err := p.Validate(); err != nil {
			t.Error(err)
		}
		if p.Source.Page == "" || p.Source.AsOf == "" {
			t.Errorf("%s: no page or no date", p)
		}
	}
	if got := price.PlansOf("nowhere"); got != nil {
		t.Errorf("plans of nowhere: %v", got)
	}
	now := time.Date(2027, 6, 15, 0, 0, 0, 0, time.UTC)
	for asOf, want := range map[string]bool{"2026": false, "2025": true, "2026-06": false, "2026-05": true, "undated": true} {
		if got := (price.Source{AsOf: asOf}).Old(now); got != want {
			t.Errorf("%s is old: %v, want %v", asOf, got, want)
		}
	}
}

func TestBadPlansAreToldApart(t *testing.T) {
	requests := price.Meter{Of: price.Requests, Per: 1, Price: 1}
	for name, p := range map[string]price.Plan{
		"no platform":    {},
		"a price below":  {Platform: "x", Base: -1},
		"no price":       {Platform: "x", Base: math.NaN()},
		"unknown meter":  {Platform: "x", Meters: []price.Meter{{Of: "egress", Per: 1}}},
		"twice":          {Platform: "x", Meters: []price.Meter{requests, requests}},
		"per nothing":    {Platform: "x", Meters: []price.Meter{{Of: price.Requests, Price: 1}}},
		"negative":       {Platform: "x", Meters: []price.Meter{{Of: price.Requests, Per: 1, Price: -1}}},
		"tiers in order": {Platform: "x", Meters: []price.Meter{{Of: price.GBs, Per: 1, Tiers: []price.Tier{{2, 1}, {1, 1}}}}},
	} {
		if p.Validate() == nil {
			t.Errorf("%s: nothing is told", name)
		}
	}
}
