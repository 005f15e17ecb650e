package platform_test

import (
	"strings"
	"testing"

	"edgescope/edge"
)

// keys are the keys of the attributes that an event still has.
func keys(e edge.Event) string {
	var list []string
	for _, a := range e.Attrs {
		list = append(list, a.Key)
	}
	return strings.Join(list, " ")
}

func TestAttributesThatFactsRepeatAreDropped(t *testing.T) {
	f := func(want string, pairs ...string) {
		t.Helper()
		e := normalized(span(ids{1, 0}, edge.SpanServer, ms{0, 1}, pairs...))[0]
		if got := keys(e); got != want {
			t.Errorf("%v: attributes %q are left, want %q", pairs, got, want)
		}
	}
	f("url.path", "http.request.method", "GET", "url.path", "/a", "http.route", "/:id")
	f("", "cloudflare.colo", "FRA")
	f("", "edge.colo", "FRA", "cloudflare.colo", "FRA")
	f("cloudflare.colo", "edge.colo", "IAD", "cloudflare.colo", "FRA") // another source won
	f("", "cloudflare.cpu_time_ms", "21.786")
	f("cloudflare.cpu_time_ms", "edge.cpu.time", "5", "cloudflare.cpu_time_ms", "21.786")
	f("cloudflare.cpu_time_ms", "cloudflare.cpu_time_ms", "soon")
	f("", "http.method", "GET", "http.status_code", "200")
	f("http.method http.status_code", "http.method", "get", "http.status_code", "200.0") // turned into ours
	f("", "cold_start", "true")
	f("cold_start", "cold_start", "1")
	f("http.response.header.cf-cache-status", "http.response.header.cf-cache-status", "HIT")
	f("a b", "a", "1", "http.method", "GET", "b", "2")
}

func TestAttributesStayThatTheirResourceHasToo(t *testing.T) {
	e := span(ids{1, 0}, edge.SpanServer, ms{0, 1}, "cloudflare.colo", "FRA")
	e.Resource = attrs("cloudflare.colo", "IAD")
	e = normalized(e)[0]
	if e.Facts.Colo != "FRA" || keys(e) != "cloudflare.colo" {
		t.Errorf("colo %q, attributes %q: want FRA, and the attribute, or the resource's would take its place",
			e.Facts.Colo, keys(e))
	}
}

func TestAttributeStaysWhenTheInvocationSaysOtherwise(t *testing.T) {
	events := normalized(
		span(ids{1, 0}, edge.SpanServer, ms{0, 9}, "cloudflare.colo", "FRA"),
		span(ids{2, 1}, edge.SpanInternal, ms{1, 2}, "cloudflare.colo", "IAD"),
		span(ids{3, 1}, edge.SpanInternal, ms{1, 2}, "cloudflare.colo", "FRA"),
	)
	if events[1].Facts.Colo != "FRA" || keys(events[1]) != "cloudflare.colo" {
		t.Errorf("the child is at %q with attributes %q: want FRA, and what it said itself", events[1].Facts.Colo,
			keys(events[1]))
	}
	if got := keys(events[0]) + keys(events[2]); got != "" {
		t.Errorf("attributes %q are left that say the same", got)
	}
}

func TestColumnsOfDataPointsStay(t *testing.T) {
	e := edge.Event{Kind: edge.KindDataPoint, Attrs: attrs("blob1", "FRA", "cloudflare.colo", "FRA",
		"http.request.method", "GET")}
	if e = normalized(e)[0]; keys(e) != "blob1 cloudflare.colo http.request.method" {
		t.Errorf("columns %q are left, want all", keys(e))
	}
}

func TestEveryAliasOfAFactIsKnownToBeOne(t *testing.T) {
	for key, value := range map[string]string{
		"vercel.deployment_id": "d1", "deployment.environment": "prod", "vercel.env": "prod", "net.colo": "FRA",
		"cf.colo":            "FRA",
		"vercel.edge_region": "iad1", "deno.region": "us-east4", "fly.region": "ams",
		"faas.invoked_region": "eu-west-1",
		"geo.country.code":    "DE", "net.country": "DE", "cf.country": "DE", "faas.execution": "r1",
		"vercel.request_id":   "iad1::x",
		"vercel.matched_path": "/a", "next.route": "/a", "url.template": "/a", "http.method": "GET",
		"http.status_code": "503",
		"faas.cold_start":  "false", "coldStart": "true", "faas.init_duration": "0.25", "initDurationMs": "12.5",
		"cpu_time_ms":             "3",
		"cloudflare.wall_time_ms": "7", "http.response_time": "9", "service.instance.id": "i1",
		"vercel.deploymentId": "d1", "git.sha": "c0ffee", "FASTLY_SERVICE_VERSION": "7", "AWS_REGION": "eu-west-1",
		"fastly.pop":     "LHR",
		"faas.coldStart": "true", "aws.lambda.cold_start": "false", "service.environment": "prod",
	} {
		e := normalized(span(ids{1, 0}, edge.SpanServer, ms{0, 1}, key, value))[0]
		if keys(e) != "" {
			t.Errorf("%s=%s is kept beside the facts %+v", key, value, e.Facts)
		}
	}
}

// TestAttributesBeyondTheBoundStay: who sends every spelling at once loses none.
func TestAttributesBeyondTheBoundStay(t *testing.T) {
	var pairs []string
	for _, key := range edge.FactKeys {
		pairs = append(pairs, key, "x")
	}
	got := normalized(span(ids{1, 0}, edge.SpanServer, ms{0, 1}, pairs...))[0]
	if len(got.Attrs) == 0 || len(got.Attrs) >= len(edge.FactKeys) {
		t.Errorf("%d of %d attributes are left, want those beyond the bound", len(got.Attrs), len(edge.FactKeys))
	}
}
