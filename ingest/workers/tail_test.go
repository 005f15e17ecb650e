package workers_test

import (
	"strings"
	"testing"

	"edgescope/edge"
)

func TestFinishedInvocation(t *testing.T) {
	to := newSink()
	mustPost(t, open(t, to), `[{"wallTime":"12","cpuTime":3.5,"truncated":true,"executionModel":"durableObject","outcome":"ok",
		"scriptName":"shop","entrypoint":"Api","scriptVersion":{"id":"v7"},"durableObjectId":"d1","eventTimestamp":1795215131261,
		"logs":[{"message":["a",1,null,true,{"b": [1, 2]}],"level":"error","timestamp":"1795215131262"},{"message":"alone","level":"debug"}],
		"event":{"request":{"url":"https://shop.example:8443/users/12?token=secret#x","method":"POST","headers":{"CF-Ray":"8f1e2d3c4b5a6978-LHR","user-agent":"curl"},
			"cf":{"colo":"LHR","country":"gb","city":"London","asn":13335,"httpProtocol":"HTTP/2","clientTcpRtt":17}},"response":{"status":"201"}}}]`)
	span := to.one(t, "span")
	span.want(t, "name", "POST /users/:id", "kind", "server", "duration", "12000000", "_time_ns", "1795215131273000000",
		"edge.wall.time", "12000000", "edge.cpu.time", "3500000", "edge.client.rtt", "17000000",
		"service.name", "shop", "service.version", "v7",
		"faas.name", "shop#Api", "faas.instance", "d1", "faas.trigger", "http", "faas.invocation_id",
		"8f1e2d3c4b5a6978-LHR",
		"cloud.platform", "cloudflare.workers", "cloud.region", "LHR", "geo.country.iso_code", "GB",
		"geo.locality.name", "London",
		"http.request.method", "POST", "http.response.status_code", "201", "http.route", "/users/:id",
		"edge.route.inferred", "true",
		"url.path", "/users/12", "url.scheme", "https", "url.query", "", "server.address", "shop.example",
		"server.port", "8443",
		"network.protocol.version", "2", "cloudflare.asn", "13335", "cloudflare.truncated", "true",
		"user_agent.original", "curl",
		"edge.outcome", "ok", "edge.invocation", "true", "edge.source", "tail", "otel.status_code", "")
	logs := to.kept("log")
	if len(logs) != 2 {
		t.Fatalf("%d log records, want 2", len(logs))
	}
	logs[0].want(t, "_msg", `a 1  true {"b":[1,2]}`, "severity_text", "ERROR", "severity_number", "17", "_time_ns",
		"1795215131262000000",
		"trace_id", span["trace_id"], "span_id", span["span_id"], "service.name", "shop", "cloud.region", "LHR",
		"edge.colo", "LHR",
		"cloud.platform", "cloudflare.workers", "faas.invocation_id", "8f1e2d3c4b5a6978-LHR", "edge.invocation", "")
	logs[1].want(t, "_msg", "alone", "severity_text", "DEBUG", "severity_number", "5", "_time_ns",
		"1795215131261000000")
	if strings.Contains(strings.Join(values(span), " "), "secret") {
		t.Error("the query of the address is stored")
	}
}

func values(r row) (all []string) {
	for _, v := range r {
		all = append(all, v)
	}
	return all
}

func TestOutcomes(t *testing.T) {
	f := func(outcome, response, wantOutcome, wantStatus, wantInferred string) {
		t.Helper()
		to := newSink()
		mustPost(t, open(t, to), `[{"eventTimestamp":1795215131261,"outcome":"`+outcome+`","event":{"request":{"url":"http://h/","method":"GET"}`+response+`}}]`)
		code := "" // of the span: whoever asks for errors in Jaeger asks for it
		if wantOutcome != "ok" && wantOutcome != "canceled" {
			code = "ERROR"
		}
		to.one(t, "span").want(t, "edge.outcome", wantOutcome, "http.response.status_code", wantStatus,
			"edge.status.inferred", wantInferred, "otel.status_code", code)
	}
	f("ok", `,"response":{"status":200}`, "ok", "200", "")
	f("ok", `,"response":{"status":404}`, "ok", "404", "")
	f("ok", `,"response":{"status":503}`, "error", "503", "")
	f("ok", ``, "ok", "200", "true")
	f("exception", ``, "exception", "500", "true")
	f("exceededCpu", ``, "exceeded_cpu", "500", "true")
	f("exceededMemory", ``, "exceeded_memory", "500", "true")
	f("exceededWallTime", ``, "timeout", "500", "true")
	f("canceled", ``, "canceled", "499", "true")
	f("responseStreamDisconnected", `,"response":{"status":200}`, "canceled", "200", "")
	f("scriptNotFound", ``, "error", "500", "true")
}

func TestHandlers(t *testing.T) {
	f := func(event, wantName, wantTrigger string, pairs ...string) {
		t.Helper()
		to := newSink()
		mustPost(t, open(t, to), `[{"eventTimestamp":1795215131261,"outcome":"ok","scriptName":"s","event":`+event+`}]`)
		span := to.one(t, "span")
		span.want(t, "name", wantName, "faas.trigger", wantTrigger, "cloudflare.handler_type", wantName,
			"edge.invocation", "true",
			"kind", "server", "http.route", "", "edge.outcome", "ok")
		span.want(t, pairs...)
	}
	f(`{"cron":"*/5 * * * *","scheduledTime":1795215131000}`, "scheduled", "timer", "faas.cron", "*/5 * * * *",
		"faas.time", "1795215131000")
	f(`{"scheduledTime":"2026-11-20T22:52:11.000Z"}`, "alarm", "timer")
	f(`{"queue":"jobs","batchSize":10}`, "queue", "pubsub", "messaging.destination.name", "jobs",
		"messaging.batch.message_count", "10")
	f(`{"rcptTo":"a@b","mailFrom":"c@d","rawSize":9}`, "email", "other")
	f(`{"rpcMethod":"add"}`, "jsrpc", "other", "rpc.method", "add")
	f(`{"consumedEvents":[{"scriptName":"x"}]}`, "trace", "other")
	f(`{"getWebSocketEvent":{"webSocketEventType":"message"}}`, "hibernatableWebSocket", "other")
	f(`{}`, "custom", "other")
	f(`null`, "custom", "other")
}

func TestExceptionsOfAnInvocation(t *testing.T) {
	to := newSink()
	mustPost(t, open(t, to), `[{"eventTimestamp":1795215131000,"outcome":"exception","exceptions":[
		{"name":"TypeError","message":"bad <width>","stack":"at w.js:2","timestamp":1795215131001},{"name":"Error","message":"late"}]}]`)
	to.one(t, "span").want(t, "otel.status_code", "ERROR", "otel.status_description", "bad <width>", "edge.outcome",
		"exception",
		"exception.type", "TypeError", "exception.message", "bad <width>",
		"events", `[{"name":"exception","time":1795215131001000000,"attrs":{"exception.message":"bad \u003cwidth\u003e",`+
			`"exception.stacktrace":"at w.js:2","exception.type":"TypeError"}},`+
			`{"name":"exception","time":1795215131000000000,"attrs":{"exception.message":"late","exception.type":"Error"}}]`)
}

// TestOddValuesCostThemselves: what has a wrong type is absent, its record stays.
func TestOddValuesCostThemselves(t *testing.T) {
	f := func(record string, pairs ...string) {
		t.Helper()
		to := newSink()
		mustPost(t, open(t, to), "["+record+"]")
		to.one(t, "span").want(t, pairs...)
	}
	now := "1795215600000000000" // the arrival
	f(`{"outcome":"ok"}`, "_time_ns", now, "name", "custom")
	f(`{"eventTimestamp":null,"outcome":"ok"}`, "_time_ns", now)
	f(`{"eventTimestamp":-1,"outcome":"ok","wallTime":-5,"cpuTime":"Infinity"}`, "_time_ns", now, "duration", "0",
		"edge.cpu.time", "")
	f(`{"eventTimestamp":"1e400","outcome":7}`, "_time_ns", now, "edge.outcome", "error")
	f(`{"eventTimestamp":"2026-11-20T22:52:11.261Z","outcome":"ok"}`, "_time_ns", "1795215131261000000")
	f(`{"eventTimestamp":"3026-11-20T22:52:11.261Z","outcome":"ok"}`, "_time_ns", now)
	f(`{"eventTimestamp":1795215131261.25,"outcome":"ok"}`, "_time_ns", "1795215131261250000")
	f(`{"outcome":"ok","logs":"none","exceptions":7,"event":[],"truncated":"yes","scriptName":{"a": 1}}`,
		"service.name", `{"a":1}`)
	f(`{"outcome":"ok","event":{"request":{"url":"://","method":7,"headers":"x","cf":"y"}}}`, "http.request.method",
		"7", "url.path", "")
	f(`{"outcome":"ok","event":{"request":{"url":"http://h","method":"GET","cf":"{\"colo\":\"FRA\"}"}}}`, "url.path",
		"/", "edge.colo", "FRA", "service.name", "h")
	f(`{"outcome":"\ud800"}`, "edge.outcome", "error")
}

func TestABadRecordCostsItself(t *testing.T) {
	to := newSink()
	code, answer := post(open(t, to), `[{"outcome":"ok"},7,null,{},[],{"spanContext":{},"sequence":1},{"outcome":"ok"}]`)
	want := `{"accepted":2,"rejected":5,"errors":[{"index":1,"error":"not an object"},{"index":2,` +
		`"error":"not an object"},` +
		`{"index":3,"error":"no tail event: want eventTimestamp and outcome, or spanContext and event; of Logpush the ` +
		`datasets workers_trace_events and http_requests are read"},{"index":4,"error":"not an object"},` +
		`{"index":5,"error":"no invocationId"}]}`
	if code != 200 || answer != want {
		t.Errorf("%d %s\nwant 200 %s", code, answer, want)
	}
	if n := len(to.kept("span")); n != 2 {
		t.Errorf("%d spans, want 2", n)
	}
}

// TestRecordsComeInEveryArrangement: tail workers post arrays, others a record on each line, and wrangler prints one
// after another.
func TestRecordsComeInEveryArrangement(t *testing.T) {
	f := func(body string, wantSpans int, wantAnswer string) {
		t.Helper()
		to := newSink()
		code, answer := postTo(open(t, to), usualBodies, body, "/v1/tail")
		if spans := len(to.kept("span")); code != 200 || answer != wantAnswer || spans != wantSpans {
			t.Errorf("%s: %d %s with %d spans, want %s with %d", body, code, answer, spans, wantAnswer, wantSpans)
		}
	}
	const one, pretty = `{"eventTimestamp":1795215131261,"outcome":"ok"}`,
		"{\n  \"eventTimestamp\": 1795215131261,\n  \"outcome\": \"ok\"\n}"
	f(one, 1, `{}`)
	f(one+"\n"+one, 2, `{}`)
	f(one+"\r\n\r\n"+one+"\r\n", 2, `{}`)
	f(pretty+"\n"+pretty+"\n"+pretty+"\n", 3, `{}`)
	f(one+one, 2, `{}`)
	f("["+one+"]\n["+one+","+one+"]", 3, `{}`)
	f("[]\n[]", 0, `{}`)
	f("", 0, `{}`)
	f("\n", 0, `{}`)
	f("[]", 0, `{}`)
	f(`{"content":"tests"}`, 0, `{}`)
	f(one+"\n"+`{"eventTimestamp":}`+"\n"+one, 2,
		`{"accepted":2,"rejected":1,"errors":[{"index":1,"error":"line 2 is no JSON at byte 67: `+
			`invalid character '}' looking for beginning of value"}]}`)
	f(pretty+"\n"+pretty[:20]+"\n"+pretty, 2, `{"accepted":2,"rejected":1,"errors":[{"index":1,`+
		`"error":"line 5 is no JSON at byte 79: invalid character '{' after object key"}]}`)
}

func TestABrokenDocumentStoresNothing(t *testing.T) {
	f := func(body, want string) {
		t.Helper()
		to := newSink()
		code, answer := post(open(t, to), body)
		if code != 400 || !strings.Contains(answer, want) || !strings.Contains(answer, `{"code":3,`) ||
			len(to.rows) > 0 {
			t.Errorf("%s: %d %s with %d rows, want 400 with %s", body, code, answer, len(to.rows), want)
		}
	}
	f(`[{"outcome":"ok"},{"outcome"`, "the body is no JSON at byte 28")
	f("\ufeff"+`{"eventTimestamp":1,}`, "the body is no JSON at byte 24")
	f(`{"eventTimestamp":1`, "the body is no JSON at byte 19")
}

func TestSinkAnswers(t *testing.T) {
	const body = `[{"outcome":"ok","logs":[{"message":["x"]}]}]`
	f := func(err error, refuse string, wantCode int, want string) {
		t.Helper()
		to := newSink()
		to.err, to.refuse = err, refuse
		if code, answer := post(open(t, to), body); code != wantCode || !strings.Contains(answer, want) {
			t.Errorf("%v: %d %s, want %d %s", err, code, answer, wantCode, want)
		}
	}
	f(&edge.UnavailableError{Busy: true, Reason: "full"}, "", 429, `{"code":8,"message":"full; retry after 0s"}`)
	f(&edge.UnavailableError{Reason: "disk"}, "", 503, `{"code":14,"message":"disk; retry after 0s"}`)
	f(errBroken, "", 500, `{"code":13,"message":"internal error"}`)
	f(nil, "too old", 400, `{"accepted":0,"rejected":1,"errors":[{"index":0,"error":"too old"},{"index":0,`+
		`"error":"too old"}]}`)
}
