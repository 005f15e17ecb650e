package platform_test

import (
	"testing"

	"edgescope/edge"
	"edgescope/edge/platform"
)

// TestSomePlatformsRunInThePoP: their region is the PoP, whatever region they name beside it.
func TestSomePlatformsRunInThePoP(t *testing.T) {
	for p, want := range map[string]string{
		platform.CloudflareWorkers: "FRA", platform.Fastly: "FRA", platform.CloudFront: "FRA",
		platform.AWSLambda: "eu-central-1", platform.Vercel: "eu-central-1", platform.Deno: "eu-central-1",
		platform.Netlify: "eu-central-1", "": "eu-central-1",
	} {
		f := platform.Resource([]edge.Attr{
			{Key: edge.KeyCloudPlatform, Value: p},
			{Key: edge.KeyColo, Value: "FRA"},
			{Key: edge.KeyRegion, Value: "eu-central-1"},
		})
		if f.Region != want {
			t.Errorf("%s: region %q, want %q", p, f.Region, want)
		}
	}
}
