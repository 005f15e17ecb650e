package limit_test

import (
	"testing"

	"edgescope/edge/limit"
	"edgescope/edge/platform"
	"edgescope/edge/price"
)

func named(t *testing.T, of, name string) *limit.Plan {
	t.Helper()
	for _, p := range limit.PlansOf(of) {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("no limits of %s %s", of, name)
	return nil
}

func TestLimitsAsPublished(t *testing.T) {
	f := func(of, name, what string, got func(*limit.Plan) float64, want float64) {
		t.Helper()
		if p := named(t, of, name); got(p) != want {
			t.Errorf("%s: %s %v, want %v", p, what, got(p), want)
		}
	}
	cpu := func(p *limit.Plan) float64 { return p.CPUMS }
	wall := func(p *limit.Plan) float64 { return p.WallMS }
	f(platform.CloudflareWorkers, "Free", "CPU", cpu, 10)
	f(platform.CloudflareWorkers, "Paid", "CPU", cpu, 30_000)
	f(platform.CloudflareWorkers, "Free", "requests", func(p *limit.Plan) float64 { return p.RequestsPerDay }, 100_000)
	f(platform.Fastly, "Compute", "CPU", cpu, 50)
	f(platform.Fastly, "Compute", "subrequests", func(p *limit.Plan) float64 { return p.Subrequests }, 32)
	f(platform.Netlify, "Pro", "CPU", cpu, 50)
	f(platform.AWSLambda, "arm", "body", func(p *limit.Plan) float64 { return p.BodyMB }, 6)
	f(platform.AWSLambda, "x86", "startup", func(p *limit.Plan) float64 { return p.StartupMS }, 10_000)
	f(platform.AWSLambda, "@Edge viewer", "wall", wall, 5000)
	f(platform.Vercel, "Pro", "wall", wall, 800_000)
	f("gcp_cloud_run", "", "wall", wall, 3_600_000)
	f(platform.AzureFunctions, "", "wall", wall, 230_000)
}

// TestEveryFigureHasASource holds that each plan says when it was read, and where or that it is second hand.
func TestEveryFigureHasASource(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range limit.Lists {
		if p.Source.AsOf == "" || p.Source.Page == "" && p.Source.Note == "" {
			t.Errorf("%s: limits without a source: %+v", p, p.Source)
		}
		if seen[p.String()] {
			t.Errorf("%s is there twice", p)
		}
		seen[p.String()] = true
	}
	if got := limit.PlansOf(platform.Fly); got != nil {
		t.Errorf("limits that nobody looked up: %+v", got)
	}
}

// TestPlansWithAPriceHaveLimits holds that the plan of an account, which is one of a price list, tells its limits where
// those of the platform are known.
func TestPlansWithAPriceHaveLimits(t *testing.T) {
	for _, priced := range price.Lists {
		plans := limit.PlansOf(priced.Platform)
		found := len(plans) == 0
		for _, p := range plans {
			found = found || p.Is(priced.Name)
		}
		if !found {
			t.Errorf("no limits of %s, but of other plans of its platform", priced)
		}
	}
	if p := named(t, platform.AWSLambda, "@Edge origin"); !p.Is("@Edge") || p.Is("@E") || p.Is("x86") {
		t.Errorf("%s is of plan @Edge only", p)
	}
}
