package platform_test

import (
	"testing"

	"edgescope/edge/platform"
)

func TestForPoP(t *testing.T) {
	for p, want := range map[string]bool{
		platform.CloudflareWorkers: true, platform.Fastly: true, platform.CloudFront: true,
		platform.AWSLambda: false, platform.Vercel: false, platform.Deno: false, platform.Netlify: false, "": false,
	} {
		if got := platform.ForPoP(p); got != want {
			t.Errorf("%s runs in the PoP: %v, want %v", p, got, want)
		}
	}
}
