package platform_test

import (
	"testing"

	"edgescope/edge"
	"edgescope/edge/platform"
)

// attrs makes attributes of "key", "value", ...
func attrs(pairs ...string) []edge.Attr {
	var all []edge.Attr
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, edge.Attr{Key: pairs[i], Value: pairs[i+1]})
	}
	return all
}

// facts normalises one server span of those attributes.
func facts(pairs ...string) edge.Facts {
	events := []edge.Event{{Kind: edge.KindSpan, SpanKind: edge.SpanServer, HasDuration: true, Attrs: attrs(pairs...)}}
	platform.New(platform.Options{}).Normalize(events)
	return events[0].Facts
}

func TestSmoke(t *testing.T) {
	f := facts("service.name", "checkout", "net.colo", "FRA", "cloud.provider", "cloudflare", "http.request.method", "get",
		"url.path", "/users/12", "http.response.header.cf-cache-status", `["HIT"]`, "faas.coldstart", "true")
	t.Logf("%+v", f)
}
