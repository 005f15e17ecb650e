package platform_test

import (
	"testing"

	"edgescope/edge"
	"edgescope/edge/platform"
)

// TestAResourceAloneTellsThePlace: what metrics know of where they come from follows the rules of spans.
func TestAResourceAloneTellsThePlace(t *testing.T) {
	f := func(want edge.Facts, pairs ...string) {
		t.Helper()
		var attrs []edge.Attr
		for i := 0; i < len(pairs); i += 2 {
			attrs = append(attrs, edge.Attr{Key: pairs[i], Value: pairs[i+1]})
		}
		got := platform.Resource(attrs)
		got = edge.Facts{
			Service: got.Service, Environment: got.Environment, Platform: got.Platform, Region: got.Region,
			Colo:     got.Colo,
			FaasName: got.FaasName, Version: got.Version,
		}
		if got != want {
			t.Errorf("%v: got %+v, want %+v", pairs, got, want)
		}
	}
	f(edge.Facts{})
	f(edge.Facts{Service: "shop", Platform: platform.Vercel, Region: "iad1"}, "service.name", "shop", "cloud.provider",
		"vercel", "vercel.region", "iad1")
	f(edge.Facts{Region: "eu-west-1"}, "cloud.availability_zone", "eu-west-1a")
	f(edge.Facts{Environment: "prod"}, "deployment.environment", "prod")
	f(edge.Facts{Environment: "new"}, "deployment.environment", "old", "deployment.environment.name", "new")
	f(edge.Facts{Platform: platform.CloudflareWorkers, Region: "FRA", Colo: "FRA"}, "cloud.platform",
		"cloudflare.workers", "cloudflare.colo", "FRA", "cloud.region", "earth")
	f(edge.Facts{Service: "api", FaasName: "api"}, "faas.name", "api", "service.name", "unknown_service:node")
}
