package platform_test

import (
	"testing"

	"edgescope/edge"
	"edgescope/ingest/normalize"
)

// expect normalises one server span of those attributes and compares one fact.
func expect[T comparable](t *testing.T, fact func(edge.Facts) T, want T, pairs ...string) {
	t.Helper()
	if got := fact(facts(pairs...)); got != want {
		t.Errorf("%q: got %v, want %v", pairs, got, want)
	}
}

func TestPlatform(t *testing.T) {
	f := func(want string, pairs ...string) {
		t.Helper()
		expect(t, func(f edge.Facts) string { return f.Platform }, want, pairs...)
	}
	f("", "http.route", "/")
	f("mine", "edge.platform", "mine", "cloud.platform", "aws_lambda")
	f("gcp_cloud_run", "cloud.platform", "GCP_Cloud_Run")
	f("azure.functions", "cloud.platform", "azure_functions")
	f("cloudflare.workers", "cloud.provider", "cloudflare")
	f("vercel", "cloud.provider", "Vercel")
	f("deno", "cloud.provider", "deno")
	f("netlify", "cloud.provider", "netlify")
	f("fastly", "cloud.provider", "fastly")
	f("aws_lambda", "cloud.provider", "aws", "faas.name", "orders")
	f("", "cloud.provider", "aws")
	f("", "cloud.provider", "gcp")
	f("cloudflare.workers", "faas.invoked_provider", "cloudflare")
	f("aws_lambda", "faas.invoked_provider", "aws")
	f("", "faas.invoked_provider", "gcp")
	f("cloudflare.workers", "telemetry.sdk.name", "cloudflare")
	f("cloudflare.workers", "telemetry.sdk.name", "@microlabs/otel-cf-workers")
	f("deno", "telemetry.sdk.name", "deno-opentelemetry")
	f("", "telemetry.sdk.name", "opentelemetry")
	f("vercel", "vercel.anything", "x")
	f("vercel", "vercel.anything", "x", "http.request.header.cf-ray", "1")
	f("cloudflare.workers", "http.request.header.cf-ray", "8f1e2d3c4b5a6978-FRA")
	f("vercel", "http.response.header.x-vercel-id", "fra1::abc")
	f("netlify", "http.response.header.x-nf-request-id", "01H")
	f("cloudfront", "http.response.header.x-amz-cf-id", "abc==")
	f("fastly", "http.response.header.x-served-by", "cache-lhr7349-LHR")
	f("", "http.response.header.x-served-by", "nginx-7")
	f("fly", "http.response.header.fly-request-id", "01H-fra")
	f("fly", "http.request.header.fly-region", "ams")
	f("vercel", "http.request.header.cf-ray", "8f1e2d3c4b5a6978-FRA", "http.request.header.x-vercel-id",
		"fra1::iad1::x")
	f("azure.front_door", "http.response.header.x-azure-ref", "0abc")
}

// TestBehindANetwork: an app that names its own region runs behind the network whose headers it tells, and not in it.
func TestBehindANetwork(t *testing.T) {
	f := func(wantPlatform, wantRegion, wantColo string, pairs ...string) {
		t.Helper()
		if got := facts(pairs...); got.Platform != wantPlatform || got.Region != wantRegion || got.Colo != wantColo {
			t.Errorf("%q: platform %q, region %q, PoP %q, want %q, %q, %q", pairs, got.Platform, got.Region, got.Colo,
				wantPlatform, wantRegion, wantColo)
		}
	}
	ray := []string{"http.request.header.cf-ray", "8f1e2d3c4b5a6978-FRA"}
	f("", "ams", "FRA", append(ray, "cloud.region", "ams")...)
	f("", "ams", "FRA", append(ray, "FLY_REGION", "ams")...)
	f("", "ams", "FRA", append(ray, "edge.region", "ams")...)
	f("aws_lambda", "eu-west-1", "FRA", append(ray, "cloud.region", "eu-west-1", "cloud.platform", "aws_lambda")...)
	f("", "eu-west-1", "FRA", "http.request.header.x-amz-cf-id", "abc==", "http.response.header.x-amz-cf-pop",
		"FRA56-P4", "cloud.region", "eu-west-1")
	f("cloudflare.workers", "FRA", "FRA", ray...)
	f("cloudflare.workers", "FRA", "FRA", append(ray, "cloud.region", "FRA")...)
	f("cloudflare.workers", "FRA", "FRA", append(ray, "cloud.region", "earth")...)
	f("cloudflare.workers", "FRA", "FRA", append(ray, "cloud.provider", "cloudflare", "cloud.region", "weur")...)
}

func TestPlatformOfTheDoor(t *testing.T) {
	for source, want := range map[string]string{
		edge.SourceTail: "cloudflare.workers", edge.SourceTailStream: "cloudflare.workers",
		edge.SourceWorkerd: "cloudflare.workers",
		edge.SourceOTLP:    "", edge.SourceDataPoints: "",
	} {
		events := []edge.Event{{Kind: edge.KindSpan, Facts: edge.Facts{Source: source}}}
		normalize.New(normalize.Options{}).Normalize(events)
		if got := events[0].Facts.Platform; got != want {
			t.Errorf("source %s: platform %q, want %q", source, got, want)
		}
	}
}

func TestColo(t *testing.T) {
	f := func(want string, pairs ...string) {
		t.Helper()
		expect(t, func(f edge.Facts) string { return f.Colo }, want, pairs...)
	}
	f("", "http.route", "/")
	f("AMS", "edge.colo", "AMS", "cloudflare.colo", "FRA")
	f("FRA", "cloudflare.colo", "FRA", "net.colo", "LHR")
	f("LHR", "net.colo", "LHR", "colo", "SIN")
	f("SIN", "colo", "SIN")
	f("SIN", "cf.colo", "SIN")
	f("SIN", "cloudflare.cf.colo", "SIN")
	f("FRA", "edge.colo", "fra")
	f("zzz", "edge.colo", "zzz")
	f("FRA", "http.request.header.cf-ray", "8f1e2d3c4b5a6978-FRA")
	f("IAD", "http.response.header.cf-ray", `["8f1e2d3c4b5a6978-IAD"]`, "http.request.header.cf-ray",
		"8f1e2d3c4b5a6978-FRA")
	f("FRA", "http.request.header.cf_ray", `["8f1e2d3c4b5a6978-FRA"]`)
	f("IAD", "http.response.header.cf_ray", "8f1e2d3c4b5a6978-IAD", "http.request.header.cf_ray",
		"8f1e2d3c4b5a6978-FRA")
	f("", "http.request.header.cf-ray", "8f1e2d3c4b5a6978")
	f("", "http.request.header.cf-ray", "8F1E2D3C4B5A6978-FRA")
	f("", "http.request.header.cf-ray", "8f1e2d3c4b5a6978-fra")
	f("FRA", "faas.invocation_id", "8f1e2d3c4b5a6978-FRA")
	f("", "faas.invocation_id", "8f1e2d3c4b5a69780-FRA")
	f("fra1", "vercel.edge_region", "fra1")
	f("fra1", "http.response.header.x-vercel-id", "fra1::iad1::abcde-1700000000000-1")
	f("", "http.response.header.x-vercel-id", "abcde-1")
	f("cdg1", "vercel.request_id", "cdg1::abc")
	f("FRA", "http.response.header.x-amz-cf-pop", "FRA56-P4")
	f("", "http.response.header.x-amz-cf-pop", "p4")
	f("LHR", "http.response.header.x-served-by", "cache-iad-kiad7000025-IAD, cache-lhr7349-LHR")
	f("", "http.response.header.x-served-by", "cache-lhr7349")
	f("LHR", "FASTLY_POP", "LHR")
	f("LHR", "fastly.pop", "LHR")
	f("AMS", "http.request.header.fly-region", "ams")
	f("AMS", "http.response.header.fly-request-id", "01JA2B3C4D-ams")
	f("", "http.response.header.fly-request-id", "01JA2B3C4D")
	f("", "http.response.header.fly-request-id", "01JA2B3C4D-qqq")
	f("FRA", "http.response.header.x-azure-ref",
		"0zxV+XAAAAABKMMOjBv2NT4TY6SQVjC0zRlJBRURHRTA3MTIANDM3YzgyY2QtMzYwYS00YTU0LTk0YzMtNWZmNzA3NjQ3Nzgz")
	f("", "http.response.header.x-azure-ref", "0zxV+XAAAAABKMMOjBv2NT4TY6SQVjC0zV1NURURHRTA2MTkANDM3YzgyY2QtMzYwYS00YTU0LTk0YzMtNWZmNzA3NjQ3Nzgz")
	f("", "http.response.header.x-azure-ref", "20260101T120000Z-15767cdd8c5b4vqgpktb81bqs800000002h000000000dqg6")
	f("defr", "http.response.header.x-edge-location", "defr")
	f("FRA", "http.response.header.x-edge-location", "FRA56-P4")
	f("DE1", "http.response.header.server", "BunnyCDN-DE1-1081")
	f("", "http.response.header.server", "cloudflare")
}

func TestRegion(t *testing.T) {
	f := func(want string, pairs ...string) {
		t.Helper()
		expect(t, func(f edge.Facts) string { return f.Region }, want, pairs...)
	}
	f("", "http.route", "/")
	f("eu", "edge.region", "eu", "cloud.provider", "cloudflare", "edge.colo", "FRA")
	f("FRA", "cloud.provider", "cloudflare", "edge.colo", "FRA", "cloud.region", "weur")
	f("LHR", "cloud.provider", "fastly", "FASTLY_POP", "LHR")
	f("weur", "cloud.provider", "cloudflare", "cloud.region", "weur")
	f("iad1", "cloud.provider", "vercel", "vercel.edge_region", "fra1", "cloud.region", "iad1")
	f("", "cloud.region", "earth")
	f("", "cloud.region", "Global")
	f("", "cloud.region", "n/a")
	f("de", "BUNNYNET_MC_REGION", "de")
	f("ams", "fly_region", "ams")
	f("FRA", "cloud.region", "earth", "edge.colo", "FRA")
	f("iad1", "vercel.region", "iad1")
	f("gcp-europe", "deno.region", "gcp-europe")
	f("europe-west3", "deno.region", "gcp-europe-west3")
	f("gcp-europe", "DENO_REGION", "gcp-europe")
	f("gru", "fly.region", "gru")
	f("gru", "FLY_REGION", "gru")
	f("us-east-1", "faas.invoked_region", "us-east-1")
	f("eu-central-1", "aws.lambda.invoked_arn", "arn:aws:lambda:eu-central-1:123456789012:function:orders")
	f("eu-west-1", "cloud.resource_id", "arn:aws:lambda:eu-west-1:123456789012:function:orders:live")
	f("", "cloud.resource_id", "/subscriptions/1/resourceGroups/g")
	f("", "cloud.resource_id", "arn:aws")
	f("eu-west-1", "faas.id", "arn:aws:lambda:eu-west-1:123456789012:function:orders")
	f("europe-west1", "cloud.resource_id", "//run.googleapis.com/projects/p/locations/europe-west1/services/s")
	f("us-central1", "cloud.resource_id", "//compute.googleapis.com/projects/p/locations/us-central1-a/x")
	f("eu-west-1", "topology.kubernetes.io/zone", "eu-west-1b")
	f("us-east-1", "cloud.availability_zone", "us-east-1a")
	f("europe-west4", "cloud.availability_zone", "europe-west4-b")
	f("", "cloud.availability_zone", "1")
	f("", "cloud.availability_zone", "zone")
	f("fra1", "vercel.edge_region", "fra1")

	// Where the code ran is the last region of a request id, where the request came in the first.
	f("fra1", "http.request.header.x-vercel-id", "sfo1::fra1::abcde-1700000000000-0123456789ab")
	f("iad1", "http.request.header.x-vercel-id", "cdg1::sfo1::iad1::abcde-1700000000000-0123456789ab")
	f("sfo1", "http.request.header.x-vercel-id", "sfo1::abcde-1700000000000-0123456789ab")
	f("fra1", "vercel.request_id", "sfo1::fra1::abcde-1")
	f("cdg1", "vercel.region", "cdg1", "http.request.header.x-vercel-id", "sfo1::fra1::abcde-1")
	// Fly's header tells where the connection was accepted: it gives way to where the machine is.
	f("ams", "http.request.header.fly-region", "ams")
	f("iad", "http.request.header.fly-region", "ams", "FLY_REGION", "iad")

	// Zones and display names (edge/place).
	f("us-west-2", "cloud.availability_zone", "us-west-2-lax-1a")
	f("us-west-2", "cloud.region", "us-west-2-lax-1")
	f("us-east-1", "cloud.availability_zone", "us-east-1-wl1-bos-wlz-1")
	f("us-east-1", "cloud.region", "us-east-1a")
	f("eu-west-1", "cloud.zone", "eu-west-1b")
	f("westeurope", "cloud.region", "West Europe")
	f("eastus2", "REGION_NAME", "East US 2")
	f("eu-central-1", "cloud.region", "Europe (Frankfurt)")
	f("eu-west-1", "AWS_REGION", "eu-west-1")
	f("eu-west-1", "cloud.region", "unknown", "AWS_REGION", "eu-west-1")
	f("us-central1", "cloud.region", "projects/123/regions/us-central1")

	// A bare word counts only where it is a region that is known.
	f("eu-west-1", "region", "eu-west-1")
	f("FRA", "region", "FRA")
	f("", "region", "EMEA")
	f("", "region", "Bavaria")
}

func TestCountry(t *testing.T) {
	f := func(want string, pairs ...string) {
		t.Helper()
		expect(t, func(f edge.Facts) string { return f.Country }, want, pairs...)
	}
	f("NL", "geo.country.iso_code", "NL", "geo.country.code", "DE")
	f("NL", "geo.country.code", "nl")
	f("DE", "net.country", "DE")
	f("DE", "client.geo.country.iso_code", "DE")
	f("DE", "client.geo.country_iso_code", "DE")
	f("PT", "http.request.header.cf-ipcountry", `["PT"]`)
	f("PT", "http.request.header.x-vercel-ip-country", "PT")
	f("PT", "http.request.header.cloudfront-viewer-country", "PT")
	f("FR", "cf.country", "FR")
	f("", "http.request.header.cf-ipcountry", "XX")
	f("", "http.request.header.cf-ipcountry", "T1")
	f("", "net.country", "Germany")
	f("DE", "geo.country.iso_code", "Germany", "net.country", "DE")
}

func TestNames(t *testing.T) {
	service := func(want string, pairs ...string) {
		t.Helper()
		expect(t, func(f edge.Facts) string { return f.Service }, want, pairs...)
	}
	service("shop", "service.name", "shop", "faas.name", "orders")
	service("orders", "service.name", "unknown_service:node", "faas.name", "orders")
	service("", "service.name", "unknown_service")
	service("worker", "cloudflare.script_name", "worker", "vercel.host", "a.example")
	service("a.example", "vercel.host", "a.example")
	service("b.example", "server.address", "b.example")

	name := func(want string, pairs ...string) {
		t.Helper()
		expect(t, func(f edge.Facts) string { return f.FaasName }, want, pairs...)
	}
	name("orders", "faas.name", "orders", "cloudflare.script_name", "worker", "cloudflare.entrypoint", "Admin")
	name("worker", "cloudflare.script_name", "worker")
	name("worker#Admin", "cloudflare.script_name", "worker", "cloudflare.entrypoint", "Admin")
	name("orders", "aws.lambda.invoked_arn", "arn:aws:lambda:eu-central-1:123456789012:function:orders:live")
	name("orders", "cloud.resource_id", "arn:aws:lambda:eu-central-1:123456789012:function:orders")
	// Lambda@Edge
	name("orders", "aws.lambda.invoked_arn", "arn:aws:lambda:eu-west-1:123456789012:function:us-east-1.orders:3")
	name("", "cloud.resource_id", "arn:aws:s3:::bucket")

	version := func(wantService, wantFaas string, pairs ...string) {
		t.Helper()
		if f := facts(pairs...); f.Version != wantService || f.FaasVersion != wantFaas {
			t.Errorf("%q: versions %q and %q, want %q and %q", pairs, f.Version, f.FaasVersion, wantService, wantFaas)
		}
	}
	version("1", "2", "service.version", "1", "faas.version", "2")
	version("c0ffee", "c0ffee", "cloudflare.script_version.id", "c0ffee")
	version("dpl_1", "dpl_1", "vercel.deployment_id", "dpl_1")
	version("1", "", "service.version", "1")
	version("3", "3", "faas.version", "3")
	version("", "$LATEST", "faas.version", "$LATEST")
	version("dpl_1", "dpl_1", "vercel.deploymentId", "dpl_1", "vercel.sha", "c0ffee")
	version("c0ffee", "c0ffee", "VERCEL_GIT_COMMIT_SHA", "c0ffee")
	version("v-1", "v-1", "cloudflare.version_metadata", `{"id":"v-1","tag":"blue","timestamp":"2026-11-20T10:00:00Z"}`)
	version("v-1", "v-1", "CF_VERSION_METADATA", "v-1")
	version("", "", "cloudflare.version_metadata", `{"id":7}`)
	version("42", "42", "AWS_LAMBDA_FUNCTION_VERSION", "42")
	version("", "", "AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
	version("42", "42", "aws.lambda.invoked_arn", "arn:aws:lambda:eu-central-1:123456789012:function:orders:42")
	version("", "", "aws.lambda.invoked_arn", "arn:aws:lambda:eu-central-1:123456789012:function:orders:live")
	version("7", "7", "FASTLY_SERVICE_VERSION", "7")
	version("d1", "d1", "deno.deployment_id", "d1", "git.commit.sha", "c0ffee")
	version("shop-00042-abc", "shop-00042-abc", "K_REVISION", "shop-00042-abc")
	version("c0ffee", "c0ffee", "vcs.ref.head.revision", "c0ffee", "version", "1.2.3")
	version("1.2.3", "1.2.3", "version", "1.2.3")
}

func TestOtherTexts(t *testing.T) {
	f := func(fact func(edge.Facts) string, want string, pairs ...string) {
		t.Helper()
		expect(t, fact, want, pairs...)
	}
	environment := func(f edge.Facts) string { return f.Environment }
	f(environment, "prod", "deployment.environment.name", "prod", "env", "dev")
	f(environment, "prod", "deployment.environment", "prod")
	f(environment, "dev", "env", "dev")
	f(environment, "preview", "vercel.env", "preview")
	f(environment, "staging", "environment", "staging", "VERCEL_ENV", "preview")

	instance := func(f edge.Facts) string { return f.Instance }
	f(instance, "i1", "faas.instance", "i1", "service.instance.id", "i2")
	f(instance, "i2", "service.instance.id", "i2")
	f(instance, "do1", "cloudflare.durable_object.id", "do1")

	invocation := func(f edge.Facts) string { return f.InvocationID }
	f(invocation, "a", "faas.invocation_id", "a", "faas.execution", "b")
	f(invocation, "b", "faas.execution", "b")
	f(invocation, "ray", "cloudflare.ray_id", "ray")
	f(invocation, "8f1e2d3c4b5a6978-FRA", "http.request.header.cf-ray", "8f1e2d3c4b5a6978-FRA")
	f(invocation, "fra1::x", "vercel.request_id", "fra1::x")
	f(invocation, "fra1::x", "http.response.header.x-vercel-id", "fra1::x")
	f(invocation, "req", "http.response.header.x-amzn-requestid", "req")

	f(func(f edge.Facts) string { return f.Provider }, "aws", "cloud.provider", "aws")
	f(func(f edge.Facts) string { return f.Namespace }, "ns", "service.namespace", "ns")
	f(func(f edge.Facts) string { return f.Trigger }, "timer", "faas.trigger", "timer")
	f(func(f edge.Facts) string { return f.Method }, "GET", "http.request.method", "get", "http.method", "POST")
	f(func(f edge.Facts) string { return f.Method }, "POST", "http.method", "POST")
	f(func(f edge.Facts) string { return f.ErrorType }, "timeout", "error.type", "timeout")
	f(func(f edge.Facts) string { return f.Source }, "otlp", "http.route", "/")
}

// TestOwnAttributeBeforeResource holds the order: per source the event before its resource, but source before source.
func TestOwnAttributeBeforeResource(t *testing.T) {
	f := func(want string, own, resource []edge.Attr) {
		t.Helper()
		events := []edge.Event{{Kind: edge.KindSpan, SpanKind: edge.SpanServer, Attrs: own, Resource: resource}}
		normalize.New(normalize.Options{}).Normalize(events)
		if got := events[0].Facts.Region; got != want {
			t.Errorf("own %v, resource %v: region %q, want %q", own, resource, got, want)
		}
	}
	f("a", attrs("cloud.region", "a"), attrs("cloud.region", "b"))
	f("b", nil, attrs("cloud.region", "b"))
	f("b", attrs("cloud.region", ""), attrs("cloud.region", "b"))
	f("b", attrs("cloud.region", "earth"), attrs("cloud.region", "b"))
	f("b", attrs("fly.region", "a"), attrs("cloud.region", "b"))
	f("a", attrs("cloud.region", `["a","c"]`), nil)
	f("7", attrs("cloud.region", `[7]`), nil)
	f("a\"b", attrs("cloud.region", `["a\"b"]`), nil)
	f("", attrs("cloud.region", `[]`), nil)
	f("[x", attrs("cloud.region", `[x`), nil)
}

// TestResourcesOfOneBatchStayApart changes the resource inside of a batch and between batches in the same memory.
func TestResourcesOfOneBatchStayApart(t *testing.T) {
	n := normalize.New(normalize.Options{})
	resource := attrs("service.name", "one")
	events := []edge.Event{{Resource: resource}, {Resource: resource}, {Resource: attrs("service.name", "two")}, {}}
	n.Normalize(events)
	for i, want := range []string{"one", "one", "two", ""} {
		if got := events[i].Facts.Service; got != want {
			t.Errorf("event %d: service %q, want %q", i, got, want)
		}
	}
	resource[0].Value = "three"
	events = []edge.Event{{Resource: resource}}
	n.Normalize(events)
	if got := events[0].Facts.Service; got != "three" {
		t.Errorf("the next batch in the same memory: service %q, want three", got)
	}
}

// TestClientHeadersTellOfTheOtherEnd: what an origin behind Cloudflare answers says nothing of where the caller runs.
func TestClientHeadersTellOfTheOtherEnd(t *testing.T) {
	events := []edge.Event{{
		Kind: edge.KindSpan, SpanKind: edge.SpanClient,
		Attrs: attrs("cloud.platform", "aws_lambda", "http.response.header.cf-ray", "8f1e2d3c4b5a6978-FRA",
			"http.response.header.cf-cache-status", "HIT", "server.address", "api.example", "aws.region", "us-east-1",
			"http.response.header.X-Vercel-Id", "sfo1::fra1::x", "http.response.header.fly-region", "ams"),
	}}
	normalize.New(normalize.Options{}).Normalize(events)
	f := events[0].Facts
	if f.Platform != "aws_lambda" || f.Colo != "" || f.Region != "" || f.InvocationID != "" || f.Service != "" {
		t.Errorf("a client span took the place of its server: %+v", f)
	}
	if f.CacheStatus != edge.CacheHit {
		t.Errorf("cache status of a client span %q, want hit", f.CacheStatus)
	}
}

func TestReceiversFactsStay(t *testing.T) {
	events := []edge.Event{{
		Kind: edge.KindDataPoint,
		Facts: edge.Facts{
			Source: edge.SourceDataPoints, Region: "eu-west-1", Operation: "resize", Route: "/a", Status: 201,
			Outcome:   edge.OutcomeOK,
			ColdStart: edge.False, ColdStartSource: "attribute", CPUTime: 7, HasCPU: true, CacheStatus: "HIT",
			CacheSource: "blob4",
		},
		Attrs: attrs("cloud.region", "other", "http.route", "/b", "http.response.status_code", "500", "faas.coldstart",
			"true",
			"edge.cpu.time", "9", "edge.colo", "DUB", "cf-cache-status", "MISS"),
	}}
	normalize.New(normalize.Options{}).Normalize(events)
	got := events[0].Facts
	want := edge.Facts{
		Source: edge.SourceDataPoints, Region: "eu-west-1", Operation: "resize", Route: "/a", Status: 201,
		Outcome:   edge.OutcomeOK,
		ColdStart: edge.False, ColdStartSource: "attribute", CPUTime: 7, HasCPU: true, CacheStatus: edge.CacheHit,
		CacheSource: "blob4",
		Colo:        "DUB", Weight: 1,
	}
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}
