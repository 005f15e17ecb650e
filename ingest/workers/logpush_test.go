package workers_test

import (
	"net/http"
	"strings"
	"testing"

	"edgescope/edge"
)

// traceEvent is a record of workers_trace_events with every field of the documentation.
const traceEvent = `{"CPUTimeMs":3,"DispatchNamespace":"customers","Entrypoint":"Api",` +
	`"Event":{"RayID":"8f1e2d3c4b5a6978",` +
	`"Request":{"URL":"https://shop.example/users/12?token=secret","Method":"POST"},"Response":{"Status":201}},` +
	`"EventTimestampMs":1795215131261,"EventType":"fetch","Exceptions":[],` +
	`"Logs":[{"Level":"warn","Message":["slow",{"ms":9}],"TimestampMs":1795215131262}],"Outcome":"ok",` +
	`"ScriptName":"shop",` +
	`"ScriptTags":["team:web","prod"],"ScriptVersion":{"ID":"v7","Tag":"","Message":""},"WallTimeMs":12}`

func TestLogpushOfTraceEvents(t *testing.T) {
	to := newSink()
	mustPost(t, open(t, to), traceEvent+"\n")
	span := to.one(t, "span")
	span.want(t, "name", "POST /users/:id", "kind", "server", "duration", "12000000", "_time_ns", "1795215131273000000",
		"edge.wall.time", "12000000", "edge.cpu.time", "3000000", "service.name", "shop", "service.version", "v7",
		"faas.name", "shop#Api",
		"faas.invocation_id", "8f1e2d3c4b5a6978", "cloud.platform", "cloudflare.workers", "http.response.status_code",
		"201",
		"url.path", "/users/12", "server.address", "shop.example", "cloudflare.dispatch_namespace", "customers",
		"cloudflare.script_tags", `["team:web","prod"]`, "edge.outcome", "ok", "edge.invocation", "true", "edge.source",
		"logpush")
	to.one(t, "log").want(t, "_msg", `slow {"ms":9}`, "severity_text", "WARN", "_time_ns", "1795215131262000000",
		"trace_id", span["trace_id"], "span_id", span["span_id"], "service.name", "shop", "edge.source", "logpush")
	if strings.Contains(strings.Join(values(span), " "), "secret") {
		t.Error("the query of the address is stored")
	}
}

func TestHandlersOfLogpush(t *testing.T) {
	f := func(kind, event, wantName, wantTrigger, wantOutcome string, pairs ...string) {
		t.Helper()
		to := newSink()
		mustPost(t, open(t, to), `{"EventTimestampMs":1795215131261,"EventType":"`+kind+`","Event":`+event+`,"ScriptName":"s","Outcome":"exception",`+
			`"Exceptions":[{"Name":"E","Message":"m","Stack":"s","TimestampMs":1795215131262}]}`)
		span := to.one(t, "span")
		span.want(t, "name", wantName, "faas.trigger", wantTrigger, "edge.outcome", wantOutcome, "edge.invocation",
			"true", "exception.type", "E")
		span.want(t, pairs...)
	}
	f("scheduled", `{"Cron":"0 * * * *","ScheduledTimeMs":1795215131000}`, "scheduled", "timer", "exception",
		"faas.cron", "0 * * * *", "faas.time", "1795215131000")
	f("alarm", `{"ScheduledTimeMs":1795215131000}`, "alarm", "timer", "exception")
	f("queue", `{"Queue":"jobs","BatchSize":3}`, "queue", "pubsub", "exception", "messaging.destination.name", "jobs")
	f("email", `{}`, "email", "other", "exception")
	f("worker_rpc", `{"RPCMethod":"add"}`, "jsrpc", "other", "exception", "rpc.method", "add")
	f("hibernatable_web_socket", `null`, "hibernatableWebSocket", "other", "exception")
	f("something_new", `{}`, "custom", "other", "exception")
}

// TestAFileOfLogpushThatComesAgain has the same ids and is known as a repeat: Logpush sends a file again that was not
// answered.
func TestAFileOfLogpushThatComesAgain(t *testing.T) {
	to := newSink()
	rc := open(t, to)
	mustPost(t, rc, traceEvent)
	first := to.one(t, "span")
	if to.body == (edge.BodyHash{}) {
		t.Error("a file of Logpush has no hash")
	}
	mustPost(t, rc, traceEvent)
	for _, again := range to.kept("span") {
		again.want(t, "trace_id", first["trace_id"], "span_id", first["span_id"])
	}
	mustPost(t, rc, traceEvent+"\n"+`{"eventTimestamp":1795215131261,"outcome":"ok"}`)
	if to.body != (edge.BodyHash{}) {
		t.Error("equal invocations without ids are legitimate, and a body with one has a hash")
	}
}

// requestRecord is a record of http_requests.
const requestRecord = `{"CacheCacheStatus":"hit","ClientASN":13335,"ClientCity":"Berlin","ClientCountry":"de",` +
	`"ClientRequestHost":"shop.example",` +
	`"ClientRequestMethod":"GET","ClientRequestPath":"/img/7","ClientRequestProtocol":"HTTP/2",` +
	`"ClientRequestScheme":"https",` +
	`"ClientRequestURI":"/img/7?token=secret","ClientRequestUserAgent":"curl","EdgeColoCode":"FRA",` +
	`"EdgeEndTimestamp":1795215131291000000,"EdgeResponseStatus":200,"EdgeStartTimestamp":1795215131261000000,` +
	`"EdgeTimeToFirstByteMs":12,"ClientTCPRTTMs":9,` +
	`"OriginResponseDurationMs":0,"OriginResponseStatus":0,"ParentRayID":"00","RayID":"8f1e2d3c4b5a6978",` +
	`"WorkerCPUTime":2500,"WorkerWallTimeUs":9000,` +
	`"WorkerScriptName":"images"}`

func TestLogpushOfRequests(t *testing.T) {
	to := newSink()
	mustPost(t, open(t, to), requestRecord)
	span := to.one(t, "span")
	span.want(t, "name", "GET /img/:id", "kind", "server", "duration", "30000000", "_time_ns", "1795215131291000000",
		"service.name", "shop.example",
		"cloud.platform", "cloudflare.workers", "edge.colo", "FRA", "cloud.region", "FRA", "geo.country.iso_code", "DE",
		"http.route", "/img/:id",
		"http.response.status_code", "200", "edge.cache.status", "hit", "edge.ttfb", "12000000",
		"edge.client.rtt", "9000000", "edge.cpu.time",
		"2500000",
		"edge.wall.time", "9000000", "edge.origin.duration", "", "network.protocol.version", "2", "cloudflare.asn",
		"13335",
		"cloudflare.worker.script_name", "images", "span_id", "8f1e2d3c4b5a6978", "faas.invocation_id",
		"8f1e2d3c4b5a6978",
		"edge.invocation", "true", "edge.source", "logpush")
	if strings.Contains(strings.Join(values(span), " "), "secret") {
		t.Error("the query of the address is stored")
	}
}

// TestRequestsOfWorkersAreNoInvocations: what a Worker asks of its own zone belongs to the trace of the request that
// ran it.
func TestRequestsOfWorkersAreNoInvocations(t *testing.T) {
	to := newSink()
	rc := open(t, to)
	mustPost(t, rc, requestRecord)
	mustPost(t, rc, strings.NewReplacer(`"ParentRayID":"00"`, `"ParentRayID":"8f1e2d3c4b5a6978"`,
		`"RayID":"8f1e2d3c4b5a6978"`, `"RayID":"8f1e2d3c4b5a0001"`).Replace(requestRecord))
	mustPost(t, rc, traceEvent)
	spans := to.kept("span")
	spans[1].want(t, "kind", "client", "trace_id", spans[0]["trace_id"], "parent_span_id", spans[0]["span_id"],
		"span_id", "8f1e2d3c4b5a0001", "edge.invocation", "")
	spans[2].want(t, "trace_id", spans[0]["trace_id"], "service.name", "shop", "edge.invocation", "true")
}

// TestTimesOfLogpush: a job can be told to write times in several ways, and leave any field out.
func TestTimesOfLogpush(t *testing.T) {
	f := func(members, wantTime, wantDuration string) {
		t.Helper()
		to := newSink()
		mustPost(t, open(t, to), `{"RayID":"8f1e2d3c4b5a6978","ClientRequestHost":"h"`+members+`}`)
		to.one(t, "span").want(t, "_time_ns", wantTime, "duration", wantDuration, "service.name", "h")
	}
	f(`,"EdgeStartTimestamp":1795215131,"EdgeEndTimestamp":1795215133`, "1795215133000000000", "2000000000")
	f(`,"EdgeStartTimestamp":1795215131261,"EdgeEndTimestamp":"1795215131262"`, "1795215131262000000", "1000000")
	f(`,"EdgeStartTimestamp":"2026-11-20T22:52:11Z","EdgeEndTimestamp":"2026-11-20T22:52:11.5Z"`, "1795215131500000000",
		"500000000")
	f(`,"EdgeStartTimestamp":1795215131261000001,"EdgeEndTimestamp":1795215131261000004`, "1795215131261000004", "3")
	f(`,"EdgeStartTimestamp":1795215131261000000,"EdgeTimeToFirstByteMs":5`, "1795215131266000000", "5000000")
	f(`,"EdgeStartTimestamp":1795215131261000000,"EdgeEndTimestamp":1795215131260000000`, "1795215131261000000", "0")
	f(`,"EdgeEndTimestamp":1795215131261000000`, "1795215131261000000", "")
	f(``, "1795215600000000000", "")
}

func TestOtherDatasetsOfLogpushAreRefused(t *testing.T) {
	to := newSink()
	code, answer := postTo(open(t, to), usualBodies, `{"Action":"block","RayID":"1","Datetime":"2026-11-20T22:52:11Z"}`,
		"/v1/logpush")
	if code != http.StatusBadRequest || !strings.Contains(answer,
		"of Logpush the datasets workers_trace_events and http_requests are read") {
		t.Errorf("%d %s, want 400 with the datasets that are read", code, answer)
	}
}
