package vercel_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"edgescope/edge"
	"edgescope/ingest/body"
	"edgescope/ingest/refusals"
)

// line is a line of a function with every field of the documentation that is read.
const line = `{"id":"1795215131261000001","deploymentId":"dpl_1","source":"lambda","host":"shop-abc.vercel.app",` +
	`"timestamp":1795215131290,` +
	`"projectId":"prj_1","projectName":"shop","level":"warning","message":"slow query","entrypoint":"api/cart.js",` +
	`"path":"/cart/[id]","type":"stdout",` +
	`"statusCode":200,"requestId":"643af4e3-975a-4cc7-9e7a-1eda11539d90","environment":"production","branch":"main",` +
	`"executionRegion":"iad1",` +
	`"traceId":"1b02cd14bb8642fd092bc23f54c7ffcd","proxy":{"timestamp":1795215131261,"method":"GET",` +
	`"host":"shop.example","path":"/cart/7?token=secret",` +
	`"userAgent":["Mozilla/5.0"],"region":"fra1","referer":"https://a.example","statusCode":200,` +
	`"clientIp":"120.75.16.101","scheme":"https",` +
	`"vercelCache":"MISS","pathType":"func","vercelId":"fra1::iad1::abcde-1795215131261-1","lambdaRegion":"iad1",` +
	`"responseByteSize":1234}}`

// with changes parts of the line.
func with(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(line) }

func TestALineIsALogRecordAndItsRequestASpan(t *testing.T) {
	to := newSink()
	mustPost(t, open(t, to), "["+line+"]")
	span := to.one(t, "span")
	span.want(t, "kind", "server", "_time_ns", "1795215131261000000", "duration", "", "service.name", "shop",
		"service.version", "dpl_1",
		"deployment.environment.name", "production", "cloud.platform", "vercel", "cloud.region", "iad1", "edge.colo",
		"fra1", "http.route", "/cart/[id]",
		"http.request.method", "GET", "http.response.status_code", "200", "edge.cache.status", "miss", "url.path",
		"/cart/7", "server.address", "shop.example",
		"user_agent.original", "Mozilla/5.0", "faas.name", "api/cart.js", "faas.trigger", "http", "edge.invocation",
		"true", "edge.outcome", "ok",
		"edge.source", "vercel-logs", "trace_id", "1b02cd14bb8642fd092bc23f54c7ffcd", "faas.coldstart", "")
	to.one(t, "log").want(t, "_msg", "slow query", "severity_text", "WARN", "severity_number", "13", "_time_ns",
		"1795215131290000000",
		"trace_id", span["trace_id"], "span_id", span["span_id"], "service.name", "shop", "cloud.region", "iad1",
		"edge.source", "vercel-logs",
		"vercel.source", "lambda", "vercel.log_type", "stdout")
	for name, value := range span {
		if strings.Contains(value, "secret") || strings.Contains(value, "120.75.16.101") {
			t.Errorf("%s has %s", name, value)
		}
	}
	if to.body == (edge.BodyHash{}) {
		t.Error("the body has no hash: a drain that sends it again would be stored again")
	}
}

// TestARequestCountsOnce, however many lines it has and however they are spread over bodies.
func TestARequestCountsOnce(t *testing.T) {
	to := newSink()
	rc := open(t, to)
	middleware := with(`"source":"lambda"`, `"source":"edge"`, `"requestId":"643af4e3-975a-4cc7-9e7a-1eda11539d90",`,
		``, `slow query`, `hello`)
	bare := `{"id":"2","deploymentId":"dpl_1","projectId":"prj_1","projectName":"shop","source":"lambda","host":"h",` +
		`"timestamp":1795215131292,"level":"error",` +
		`"message":"late","requestId":"643af4e3-975a-4cc7-9e7a-1eda11539d90"}`
	mustPost(t, rc, middleware+"\n"+line+"\n"+bare+"\n")
	mustPost(t, rc, bare)
	mustPost(t, rc, middleware)
	mustPost(t, rc, line+"\n"+with(`643af4e3`, `643af4e4`, `abcde-1795215131261-1`, `abcde-1795215131261-2`))
	spans, logs := to.kept("span"), to.kept("log")
	if len(spans) != 2 || len(logs) != 7 {
		t.Fatalf("%d spans and %d log records, want 2 and 7", len(spans), len(logs))
	}
	spans[0].want(t, "vercel.source", "lambda", "http.route", "/cart/[id]")
	for _, l := range logs[:3] {
		l.want(t, "span_id", spans[0]["span_id"])
	}
	mustPost(t, open(t, to, func(o *options) { o.Sink = to }), line) // another process does not know
	if n := len(to.kept("span")); n != 3 {
		t.Errorf("%d spans, want 3", n)
	}
}

// TestARequestThatWasNotTakenCountsWhenItComesAgain: the sink was full.
func TestARequestThatWasNotTakenCountsWhenItComesAgain(t *testing.T) {
	to := newSink()
	rc := open(t, to)
	to.err = &edge.UnavailableError{Busy: true, Reason: "full"}
	if code, answer := post(rc, "/", line); code != http.StatusTooManyRequests || !strings.Contains(answer, "full") {
		t.Errorf("%d %s, want 429", code, answer)
	}
	to.err = errors.New("broken")
	if code, answer := post(rc, "/", line); code != http.StatusInternalServerError ||
		strings.Contains(answer, "broken") {
		t.Errorf("%d %s, want 500 without the reason", code, answer)
	}
	to.err = nil
	mustPost(t, rc, line)
	to.one(t, "span")
}

// TestTheReportTellsTheLength that a function took and whether it was cold.
func TestTheReportTellsTheLength(t *testing.T) {
	f := func(message string, pairs ...string) {
		t.Helper()
		to := newSink()
		mustPost(t, open(t, to), with("slow query", message))
		to.one(t, "span").want(t, pairs...)
	}
	f(`START RequestId: 1\nEND RequestId: 1\nREPORT RequestId: 1\tDuration: 250.5 ms\tBilled Duration: 251 ms\tMemory `+
		`Size: 1024 MB\tMax Memory Used: 89 MB\tInit Duration: 210.25 ms`,
		"edge.memory.used", "93323264",
		"duration", "250500000", "_time_ns", "1795215131511500000", "faas.coldstart", "true", "edge.init.duration",
		"210250000")
	f(`REPORT RequestId: 1 Duration: 3 ms Billed Duration: 4 ms`, "duration", "3000000", "faas.coldstart", "false", "edge.memory.used", "",
		"edge.init.duration", "")
	f(`REPORT RequestId: 1 Billed Duration: 4 ms`, "duration", "4000000")
	f(`REPORT RequestId: 1 Duration: x ms`, "duration", "")
	f(`REPORT RequestId: 1 Duration: 1e99 ms`, "duration", "")
}

func TestWhatBecameOfARequest(t *testing.T) {
	f := func(change []string, pairs ...string) {
		t.Helper()
		to := newSink()
		mustPost(t, open(t, to), with(change...))
		to.one(t, "span").want(t, pairs...)
	}
	crash := []string{
		`"statusCode":200,"requestId"`, `"statusCode":-1,"requestId"`, `"statusCode":200,"clientIp"`,
		`"statusCode":502,"clientIp"`,
	}
	f(crash, "http.response.status_code", "502", "edge.outcome", "error", "otel.status_code", "ERROR")
	f([]string{`"statusCode":200,"clientIp"`, `"statusCode":-1,"clientIp"`}, "http.response.status_code", "200",
		"vercel.background", "true", "edge.outcome", "ok")
	f([]string{`"level":"warning"`, `"level":"fatal"`}, "otel.status_code", "ERROR")
	answered503 := []string{
		`"statusCode":200,"requestId"`, `"statusCode":503,"requestId"`, `"statusCode":200,"clientIp"`,
		`"statusCode":503,"clientIp"`,
	}
	f(answered503, "http.response.status_code", "503", "otel.status_code", "ERROR", "otel.status_description", "")
	f([]string{
		`"vercelCache":"MISS"`, `"vercelCache":"HIT"`, `"source":"lambda"`, `"source":"static"`,
		`"executionRegion":"iad1",`, ``, `,"lambdaRegion":"iad1"`, ``,
		`fra1::iad1::abcde`, `fra1::abcde`,
	},
		"edge.cache.status", "hit", "cloud.region", "fra1", "faas.name", "", "http.route", "/cart/:id")
	f([]string{`"projectName":"shop",`, ``}, "service.name", "prj_1")
	f([]string{`"userAgent":["Mozilla/5.0"]`, `"userAgent":"curl"`}, "user_agent.original", "curl")
}

func TestLinesWithoutARequest(t *testing.T) {
	f := func(text string, wantSpans, wantLogs int) {
		t.Helper()
		to := newSink()
		mustPost(t, open(t, to), text)
		if spans, logs := len(to.kept("span")), len(to.kept("log")); spans != wantSpans || logs != wantLogs {
			t.Errorf("%s: %d spans and %d log records, want %d and %d", text, spans, logs, wantSpans, wantLogs)
		}
	}
	f(`{"id":"1","source":"build","projectId":"p","deploymentId":"d","timestamp":1795215131290,"message":"compiled",`+
		`"buildId":"b","type":"stdout"}`, 0, 1)
	f(with(`"source":"lambda"`, `"source":"firewall"`), 0, 1)           // turned away
	f(with(`"message":"slow query",`, ``), 1, 0)                        // no message
	f(with(`"requestId"`, `"x"`, `"vercelId"`, `"y"`), 1, 1)            // no name
	f(with(`"requestId"`, `"x"`)+"\n"+with(`"requestId"`, `"x"`), 1, 2) // one name
	f(`[`+line+`,`+line+`]`, 1, 2)
}

func TestABadLineCostsItself(t *testing.T) {
	to := newSink()
	remembered := refusals.New(refusals.Options{})
	rc := open(t, to, func(o *options) { o.door.Refusals = remembered })
	code, answer := post(rc, "/v1/vercel", line+"\n{\"source\":\n7\n"+
		"{}\n"+`{"schema":"vercel.analytics.v1","eventType":"pageview"}`)
	want := `{"accepted":1,"rejected":3,"errors":[{"index":1,"error":"line 2 is no JSON at byte `
	if code != http.StatusOK || !strings.HasPrefix(answer, want) || !strings.Contains(answer, `{"index":2,"error":"no `+
		`line of a log drain: want source, and deploymentId or projectId"}`) ||
		!strings.Contains(answer, `{"index":3,"error":"drains of vercel.analytics.v1 are not read: add one for logs or `+
			`traces"}`) {
		t.Errorf("%d %s", code, answer)
	}
	if got := remembered.Example(0, refusals.Records, "drains of vercel.analytics.v1 are not read", "shop"); got != "" {
		t.Errorf("a value is part of a reason: %s", got)
	}
	if got := remembered.Example(0, refusals.Records, "drains of … are not read", "shop"); !strings.Contains(got,
		"vercel.analytics.v1") {
		t.Errorf("the refusal is not remembered: %q", got)
	}
	to.one(t, "span")
	if code, answer := post(rc, "/v1/vercel", `{"source":`); code != http.StatusBadRequest ||
		!strings.Contains(answer, "the body is no JSON at byte 10") {
		t.Errorf("a body that is none: %d %s", code, answer)
	}
	if code, answer := post(rc, "/v1/vercel", " []\n"); code != http.StatusOK || answer != "{}" {
		t.Errorf("an empty body: %d %s", code, answer)
	}
}

// TestLinesNeedRoom: short lines that become much are refused before they are made, with what would be right.
func TestLinesNeedRoom(t *testing.T) {
	f := func(lines int, wantCode int, want string) {
		t.Helper()
		budget := body.NewBudget(1 << 20) // of which one request has three quarters
		to := newSink()
		rc := open(t, to, func(o *options) {
			o.door.Bodies = body.NewReader(body.Options{
				Budget:  budget,
				MaxBody: 64 << 10,
			})
		})
		code, answer := post(rc, "/", strings.Repeat(`{"source":"build","projectId":"p","message":"m"}`+"\n", lines))
		if code != wantCode || !strings.Contains(answer, want) {
			t.Errorf("%d lines: %d %s, want %d %s", lines, code, answer, wantCode, want)
		}
		if stored := len(to.kept("log")); wantCode != http.StatusOK && stored > 0 {
			t.Errorf("%d lines of a body that was refused are stored", stored)
		}
		if used := budget.Used(); used != 0 {
			t.Errorf("%d bytes are still taken", used)
		}
	}
	f(100, http.StatusOK, "{}")
	f(140, http.StatusRequestEntityTooLarge, "send less at a time")
}
