package platform_test

import (
	"math"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/ingest/normalize"
)

func TestStatus(t *testing.T) {
	f := func(want int, inferred bool, pairs ...string) {
		t.Helper()
		if got := facts(pairs...); got.Status != want || got.StatusInferred != inferred {
			t.Errorf("%q: status %d, inferred %v, want %d, %v", pairs, got.Status, got.StatusInferred, want, inferred)
		}
	}
	f(404, false, "http.response.status_code", "404", "http.status_code", "200")
	f(404, false, "http.response.status_code", "404.0")
	f(204, false, "http.response.status_code", "4e400", "http.status_code", "204")
	f(204, false, "http.status_code", "204")
	f(200, true, "http.response.status_code", "0")
	f(200, true, "rpc.grpc.status_code", "404")
	f(500, true, "cloudflare.outcome", "exceededCpu")
	f(499, true, "cloudflare.outcome", "canceled")
	f(500, true, "exception.type", "TypeError")
}

func TestStatusIsInferredForInvocationsOnly(t *testing.T) {
	for _, e := range []edge.Event{
		{Kind: edge.KindSpan, SpanKind: edge.SpanClient},
		{Kind: edge.KindLog},
		{Kind: edge.KindDataPoint, Facts: edge.Facts{Invocation: true}},
	} {
		events := []edge.Event{e}
		normalize.New(normalize.Options{}).Normalize(events)
		if f := events[0].Facts; f.Status != 0 || f.StatusInferred {
			t.Errorf("%s: status %d, inferred %v, want none", e.Kind, f.Status, f.StatusInferred)
		}
	}
}

func TestOutcome(t *testing.T) {
	f := func(want string, pairs ...string) {
		t.Helper()
		expect(t, func(f edge.Facts) string { return f.Outcome }, want, pairs...)
	}
	f("ok", "http.response.status_code", "200")
	f("ok", "http.response.status_code", "404")
	f("error", "http.response.status_code", "500")
	f("ok", "cloudflare.outcome", "ok")
	f("error", "cloudflare.outcome", "ok", "http.response.status_code", "503")
	f("ok", "cloudflare.outcome", "ok", "exception.type", "handled")
	f("exception", "cloudflare.outcome", "exception", "http.response.status_code", "500")
	f("exceeded_cpu", "cloudflare.outcome", "exceededCpu")
	f("exceeded_memory", "cloudflare.outcome", "exceededMemory")
	f("timeout", "cloudflare.outcome", "exceededWallTime")
	f("canceled", "cloudflare.outcome", "canceled")
	f("canceled", "cloudflare.outcome", "responseStreamDisconnected")
	f("error", "cloudflare.outcome", "loadShed")
	f("timeout", "edge.outcome", "timeout")
	// Any case, and other words for the same.
	f("ok", "cloudflare.outcome", "OK")
	f("ok", "edge.outcome", "Success")
	f("canceled", "edge.outcome", "cancelled")
	f("exceeded_cpu", "cloudflare.outcome", "EXCEEDED_CPU")
	f("error", "edge.outcome", "a word that is longer than all that are known")
	f("ok", "cloudflare.outcome", "unknown") // says nothing, as workerd writes it before it knows
	f("error", "cloudflare.outcome", "unknown", "http.response.status_code", "502")
	f("timeout", "cloud.platform", "aws_lambda", "aws.lambda.status", "timeout")
	f("ok", "cloud.platform", "aws_lambda", "aws.lambda.status", "success")
	f("ok", "cloud.platform", "deno", "status", "timeout")
	f("exception", "exception.message", "boom", "http.response.status_code", "503")
	f("error", "error.type", "TypeError")
	f("error", "error.type", "500", "http.response.status_code", "500")
	f("ok", "error.type", "404", "http.response.status_code", "404")
	// the client's error, whatever a framework calls it
	f("ok", "error.type", "NotFound", "http.response.status_code", "404")
	f("error", "error.type", "AbortError", "http.response.status_code", "200")
	// An exception that was handled is none, by whatever says that it was.
	f("ok", "exception.type", "E", "http.response.status_code", "200")
	f("ok", "exception.type", "E", "http.response.status_code", "404")
	f("ok", "exception.type", "E", "exception.escaped", "false")
	f("ok", "exception.type", "E", "exception.escaped", "False", "http.response.status_code", "200")
	f("exception", "exception.type", "E", "exception.escaped", "true", "http.response.status_code", "200")
	f("ok", "exception.type", "E", "exception.escaped", "true", "http.response.status_code", "404")
	f("error", "exception.type", "E", "exception.escaped", "false", "http.response.status_code", "500")
	f("exception", "exception.type", "E", "http.response.status_code", "500")
	f("exception", "exception.type", "E")
	f("ok", "exception.escaped", "true") // of no exception
	// The marks of OpenTracing and of formats that have no status.
	f("error", "error", "true")
	f("error", "otel.status_code", "ERROR")
	f("ok", "otel.status_code", "OK")
	f("ok", "error", "false")
	f("ok", "error", "a message")
	f("ok", "error", "true", "http.response.status_code", "404")
}

func TestOutcomeByKind(t *testing.T) {
	f := func(want string, e edge.Event) {
		t.Helper()
		events := []edge.Event{e}
		normalize.New(normalize.Options{}).Normalize(events)
		if got := events[0].Facts.Outcome; got != want {
			t.Errorf("%+v: outcome %q, want %q", e, got, want)
		}
	}
	f("error", edge.Event{Kind: edge.KindSpan, SpanKind: edge.SpanServer, Status: edge.StatusError})
	f("error", edge.Event{Kind: edge.KindSpan, SpanKind: edge.SpanClient, Status: edge.StatusError})
	f("ok", edge.Event{Kind: edge.KindSpan, SpanKind: edge.SpanClient, Attrs: attrs("error.type", "x")})
	f("", edge.Event{Kind: edge.KindLog, Attrs: attrs("exception.type", "x", "http.response.status_code", "500")})
	f("exceeded_cpu", edge.Event{Kind: edge.KindLog, Attrs: attrs("cloudflare.outcome", "exceededCpu")})
	f("", edge.Event{Kind: edge.KindDataPoint})

	status := func(want string, kind edge.SpanKind, status edge.StatusCode, pairs ...string) {
		t.Helper()
		f(want, edge.Event{Kind: edge.KindSpan, SpanKind: kind, Status: status, Attrs: attrs(pairs...)})
	}
	const code = "http.response.status_code"
	status("ok", edge.SpanServer, edge.StatusError, code, "404")
	status("ok", edge.SpanInternal, edge.StatusError, code, "404")
	status("ok", edge.SpanServer, edge.StatusError, code, "400", "exception.type", "HTTPException", "error.type", "400")
	status("error", edge.SpanClient, edge.StatusError, code, "404")
	status("ok", edge.SpanClient, edge.StatusUnset, code, "404")
	status("error", edge.SpanClient, edge.StatusUnset, code, "503")
	status("error", edge.SpanServer, edge.StatusError, code, "200")
	status("exception", edge.SpanServer, edge.StatusError, code, "200", "exception.type", "E")
	status("error", edge.SpanServer, edge.StatusError, code, "200", "exception.type", "E", "exception.escaped", "false")
	status("exception", edge.SpanConsumer, edge.StatusError, "exception.type", "E")
	status("ok", edge.SpanServer, edge.StatusOK, "exception.type", "E", "exception.escaped", "true")
	status("ok", edge.SpanServer, edge.StatusOK, code, "200", "error.type", "E")
	status("error", edge.SpanServer, edge.StatusOK, code, "500")
}

// TestOutcomeOfGRPC: a status of gRPC is the failure of who calls, of who answers only where it is not the caller's.
func TestOutcomeOfGRPC(t *testing.T) {
	f := func(want string, kind edge.SpanKind, status edge.StatusCode, pairs ...string) {
		t.Helper()
		events := []edge.Event{{Kind: edge.KindSpan, SpanKind: kind, Status: status, Attrs: attrs(pairs...)}}
		normalize.New(normalize.Options{}).Normalize(events)
		if got := events[0].Facts.Outcome; got != want {
			t.Errorf("kind %d, status %d, %q: outcome %q, want %q", kind, status, pairs, got, want)
		}
	}
	const number, name = "rpc.grpc.status_code", "rpc.response.status_code"
	for code, server := range map[string]string{
		"0": "ok", "1": "ok", "2": "error", "3": "ok", "4": "error", "5": "ok", "6": "ok", "7": "ok", "8": "ok",
		"9": "ok", "10": "ok",
		"11": "ok", "12": "error", "13": "error", "14": "error", "15": "error", "16": "ok", "17": "ok", "-1": "ok",
		"2.5": "ok", "NaN": "ok",
	} {
		f(server, edge.SpanServer, edge.StatusUnset, number, code)
	}
	f("error", edge.SpanServer, edge.StatusUnset, name, "INTERNAL")
	f("error", edge.SpanServer, edge.StatusUnset, name, "unavailable", "http.response.status_code", "200")
	f("ok", edge.SpanServer, edge.StatusError, name, "NOT_FOUND") // as 404 is
	f("ok", edge.SpanServer, edge.StatusError, "rpc.connect_rpc.error_code", "canceled")
	f("ok", edge.SpanServer, edge.StatusOK, number, "13")
	f("error", edge.SpanServer, edge.StatusError, number, "0")
	f("ok", edge.SpanServer, edge.StatusUnset, name, "-32602") // of JSON-RPC
	f("error", edge.SpanServer, edge.StatusError, name, "-32602")
	f("error", edge.SpanClient, edge.StatusUnset, number, "5")
	f("error", edge.SpanClient, edge.StatusUnset, number, "1")
	f("ok", edge.SpanClient, edge.StatusUnset, number, "0")
	f("exception", edge.SpanServer, edge.StatusUnset, number, "13", "exception.type", "E")
}

func TestColdStart(t *testing.T) {
	f := func(want edge.Tri, source string, pairs ...string) {
		t.Helper()
		if got := facts(pairs...); got.ColdStart != want || got.ColdStartSource != source {
			t.Errorf("%q: cold %q by %q, want %q by %q", pairs, got.ColdStart, got.ColdStartSource, want, source)
		}
	}
	f(edge.Unknown, "", "http.route", "/")
	f(edge.True, "attribute", "faas.coldstart", "true")
	f(edge.False, "attribute", "faas.coldstart", "false", "cold_start", "true")
	f(edge.True, "attribute", "faas.coldstart", "1")
	f(edge.False, "attribute", "faas.cold_start", "False")
	for _, key := range []string{
		"faas.cold_start", "cold_start", "coldStart", "aws.lambda.coldstart",
		"function.cold_start",
	} {
		f(edge.True, "attribute", key, "true")
		f(edge.False, "attribute", key, "0")
		f(edge.Unknown, "", key, "maybe")
	}
	f(edge.True, "attribute", "cloudflare.cold_start_ms", "12.5")
	f(edge.Unknown, "", "cloudflare.cold_start_ms", "0")
	f(edge.True, "attribute", "function_start_type", "cold")
	f(edge.False, "attribute", "function_start_type", "hot")
	f(edge.False, "attribute", "function_start_type", "prewarmed")
	f(edge.Unknown, "", "function_start_type", "other")
	f(edge.True, "attribute", "initDurationMs", "412.25")
	f(edge.Unknown, "", "initDurationMs", "0")
	f(edge.True, "model", "faas.coldstart", "true", "edge.coldstart.source", "model")
	f(edge.True, "attribute", "faas.coldstart", "true", "edge.coldstart.source", "whim")
}

func TestInitSpan(t *testing.T) {
	f := func(name string, cold edge.Tri, init int64) {
		t.Helper()
		events := []edge.Event{{Kind: edge.KindSpan, Name: name, Duration: 412_250_000, HasDuration: true}}
		normalize.New(normalize.Options{}).Normalize(events)
		got := events[0].Facts
		if got.ColdStart != cold || got.InitDuration != init || got.HasInit != (init != 0) {
			t.Errorf("span %s: cold %q, init %d (%v), want %q, %d", name, got.ColdStart, got.InitDuration, got.HasInit,
				cold, init)
		}
		if got.Invocation {
			t.Errorf("span %s is an invocation", name)
		}
	}
	f("platform.initRuntimeDone", edge.True, 412_250_000)
	f("platform.initReport", edge.True, 0)
	f("platform.report", edge.Unknown, 0)
}

func TestLengthsOfTime(t *testing.T) {
	type length struct {
		nanos int64
		has   bool
	}
	f := func(fact func(edge.Facts) length, want length, pairs ...string) {
		t.Helper()
		expect(t, fact, want, pairs...)
	}
	none := length{}
	init := func(f edge.Facts) length { return length{f.InitDuration, f.HasInit} }
	f(init, length{250_000_000, true}, "faas.init_duration", "0.25")
	f(init, length{12_500_000, true}, "cloudflare.cold_start_ms", "12.5")
	f(init, none, "cloudflare.cold_start_ms", "0")
	f(init, length{412_250_000, true}, "aws.lambda.init_duration", "412.25")
	f(init, length{412_250_000, true}, "initDurationMs", "412.25")
	f(init, length{30_000_000, true}, "http.response.header.server-timing", `["cold;dur=30"]`)
	f(init, length{31_000_000, true}, "http.response.header.server-timing", "cache;desc=HIT, init;dur=31")
	f(init, length{5, true}, "edge.init.duration", "5")

	cpu := func(f edge.Facts) length { return length{f.CPUTime, f.HasCPU} }
	f(cpu, length{3_000_000, true}, "cloudflare.cpu_time_ms", "3", "cloudflare.cpu_time", "4")
	f(cpu, length{4_000_000, true}, "cloudflare.cpu_time", "4")
	f(cpu, length{4_500_000, true}, "cpu_time_ms", "4.5")
	f(cpu, length{2_000_000_000, true}, "faas.cpu_usage", "2")
	f(cpu, length{7_250_000, true}, "http.response.header.server-timing", "cpu;dur=7.25")
	f(cpu, none, "cloudflare.cpu_time_ms", "-1")
	f(cpu, none, "cloudflare.cpu_time_ms", "NaN")
	f(cpu, none, "cloudflare.cpu_time_ms", "1e300")
	f(cpu, none, "cloudflare.cpu_time_ms", "fast")
	f(cpu, length{0, true}, "cloudflare.cpu_time_ms", "0")

	wall := func(f edge.Facts) length { return length{f.WallTime, f.HasWall} }
	f(wall, length{41_000_000, true}, "cloudflare.wall_time_ms", "41")
	f(wall, length{41_000_000, true}, "cloudflare.wall_time", "41")

	ttfb := func(f edge.Facts) length { return length{f.TTFB, f.HasTTFB} }
	f(ttfb, length{38_000_000, true}, "cloudflare.response.time_to_first_byte_ms", "38")
	f(ttfb, length{38_000_000, true}, "http.response_time", "38")

	rtt := func(f edge.Facts) length { return length{f.ClientRTT, f.HasRTT} }
	f(rtt, length{23_000_000, true}, "edge.client.rtt", "23000000")
	f(rtt, length{23_000_000, true}, "cf.clientTcpRtt", "23")
	f(rtt, none, "cf.clientTcpRtt", "0") // QUIC
	f(rtt, none, "edge.client.rtt", "-1")

	memory := func(f edge.Facts) length { return length{f.Memory, f.HasMemory} }
	f(memory, length{93_323_264, true}, "edge.memory.used", "93323264")
	f(memory, length{89 << 20, true}, "maxMemoryUsedMB", "89")
	f(memory, length{89 << 20, true}, "aws.lambda.max_memory_used", "89")
	f(memory, none, "maxMemoryUsedMB", "0")
	f(memory, none, "edge.memory.used", "1e300")
	f(memory, none, "edge.memory.used", "NaN")

	subrequests := func(f edge.Facts) length { return length{f.Subrequests, f.HasSubrequests} }
	f(subrequests, length{3, true}, "edge.subrequests", "3")
	f(subrequests, none, "edge.subrequests", "0") // no request is what an absent number means too
	f(subrequests, none, "edge.subrequests", "many")

	origin := func(f edge.Facts) length { return length{f.OriginDuration, f.HasOrigin} }
	f(origin, none, "http.route", "/")
	f(origin, length{20_000_000, true}, "http.response.header.x-envoy-upstream-service-time", "20")
	f(origin, length{21_000_000, true}, "http.response.header.server-timing", "cfOrigin;dur=21")
	f(origin, length{22_000_000, true}, "http.response.header.server-timing", `["edge;dur=1","origin;dur=22"]`)
}

func TestTimingOfAClientSpanIsNotItsOwn(t *testing.T) {
	f := normalized(span(ids{1, 0}, edge.SpanClient, ms{0, 1}, "http.response.header.server-timing",
		"cpu;dur=7, cold;dur=3, origin;dur=2"))[0].Facts
	if f.HasCPU || f.HasInit || f.HasOrigin {
		t.Errorf("a client span took over what its server measured: %+v", f)
	}
}

// TestStoppedClock: where the clock of a platform stands still, the wall time that it reports is the length.
func TestStoppedClock(t *testing.T) {
	f := func(duration, wantTime, wantDuration int64, wall string) {
		t.Helper()
		events := []edge.Event{{
			Kind: edge.KindSpan, Time: 1000 + duration, Duration: duration, HasDuration: true,
			Attrs: attrs("cloudflare.wall_time_ms", wall),
		}}
		n := normalize.New(normalize.Options{})
		n.Normalize(events)
		n.Normalize(events) // a second time changes nothing
		if e := events[0]; e.Time != wantTime || e.Duration != wantDuration {
			t.Errorf("duration %d, wall %s ms: time %d, duration %d, want %d, %d", duration, wall, e.Time, e.Duration,
				wantTime, wantDuration)
		}
	}
	f(0, 1000+41e6, 41e6, "41")
	f(0, 1000, 0, "0")
	f(0, 1000, 0, "")
	f(5e6, 1000+5e6, 5e6, "41")
}

func TestWeight(t *testing.T) {
	n := normalize.New(normalize.Options{SampleRates: map[string]float64{"shop": 0.1, "bad": 7, "none": 0}})
	f := func(want float64, e edge.Event) {
		t.Helper()
		events := []edge.Event{e}
		n.Normalize(events)
		if got := events[0].Facts.Weight; math.Abs(got-want) > 1e-9*want {
			t.Errorf("kind %s, state %q, attributes %v: weight %v, want %v", e.Kind, e.TraceState, e.Attrs, got, want)
		}
	}
	state := func(want float64, s string) { t.Helper(); f(want, edge.Event{TraceState: s}) }
	state(1, "")
	state(1, "ot=th:0")
	state(2, "ot=th:8")
	state(10, "ot=th:e6666666666666")
	state(1e6, "ot=th:ffffffffffffff") // one in 2^56
	state(4, "vendor=th:8, ot=rv:aaaaaaaaaaaaaa;th:c")
	state(2, "ot=th:80")
	state(1, "ot=th:")
	state(1, "ot=th:000000000000001")
	state(1, "ot=th:xyz")
	state(1, "ot=th:+8")
	state(1, "ot=p:8")
	state(1, "other=th:8")

	f(10, edge.Event{Attrs: attrs("service.name", "shop")})
	f(2, edge.Event{Attrs: attrs("service.name", "shop"), TraceState: "ot=th:8"})
	f(1, edge.Event{Attrs: attrs("service.name", "bad")})
	f(1, edge.Event{Attrs: attrs("service.name", "none")})
	f(1, edge.Event{Kind: edge.KindLog, Attrs: attrs("service.name", "shop"), TraceState: "ot=th:8"})

	point := func(want float64, pairs ...string) {
		t.Helper()
		f(want, edge.Event{Kind: edge.KindDataPoint, Attrs: attrs(pairs...)})
	}
	point(1)
	point(100, "_sample_interval", "100")
	point(12, "_sample_interval", "4", "edge.count", "3")
	point(1, "_sample_interval", "1", "edge.count", "0.5")
	point(1, "_sample_interval", "NaN")
	point(1, "_sample_interval", "-3")
	point(1e6, "_sample_interval", "1e300", "edge.count", "1e300")
	point(1e6, "_sample_interval", "1000", "edge.count", "1000.5")
	point(1, "_sample_interval", "1e400")
	point(999_999, "edge.count", "999999")
	f(1, edge.Event{Kind: edge.KindDataPoint, Facts: edge.Facts{Count: math.NaN(), HasCount: true}})
	f(1, edge.Event{Kind: edge.KindDataPoint, Facts: edge.Facts{Count: -4, HasCount: true}})
	f(1e6, edge.Event{Kind: edge.KindDataPoint, Facts: edge.Facts{Count: math.Inf(1), HasCount: true}})
	f(8, edge.Event{
		Kind: edge.KindDataPoint, Attrs: attrs("_sample_interval", "2"),
		Facts: edge.Facts{Count: 4, HasCount: true},
	})
}

// TestNumbersAreBounded: what nothing at the edge has hides no sum, and is counted.
func TestNumbersAreBounded(t *testing.T) {
	const day = int64(24 * time.Hour)
	n := normalize.New(normalize.Options{MaxWeight: 50})
	events := []edge.Event{
		{Kind: edge.KindDataPoint, Duration: 31 * day, HasDuration: true, Facts: edge.Facts{Count: 51, HasCount: true}},
		{Kind: edge.KindDataPoint, Duration: 30 * day, HasDuration: true, Facts: edge.Facts{Count: 50, HasCount: true}},
		{Kind: edge.KindDataPoint, Duration: -1, HasDuration: true},
		{Facts: edge.Facts{CPUTime: 31 * day, HasCPU: true, InitDuration: -1, HasInit: true}},
		{Attrs: attrs("cloudflare.cpu_time_ms", "1e300", "faas.init_duration", "2592000")},
		{Attrs: attrs("cloudflare.cpu_time_ms", "-1", "faas.init_duration", "2592000.1")},
	}
	bounded := n.Normalize(events)
	if want := (normalize.Bounded{Weights: 1, Durations: 3}); bounded != want {
		t.Errorf("%+v, want %+v", bounded, want)
	}
	for i, want := range []edge.Facts{
		{Count: 50, Weight: 50, HasCount: true},
		{Count: 50, Weight: 50, HasCount: true},
		{Weight: 1},
	} {
		if f := events[i].Facts; f.Count != want.Count || f.Weight != want.Weight || f.HasCount != want.HasCount {
			t.Errorf("data point %d: count %v, weight %v; want %v, %v", i, f.Count, f.Weight, want.Count, want.Weight)
		}
		if e := &events[i]; e.HasDuration != (i == 1) {
			t.Errorf("data point %d: duration %d, has %v", i, e.Duration, e.HasDuration)
		}
	}
	for i := 3; i < 6; i++ {
		if f := events[i].Facts; f.HasCPU || f.HasInit != (i == 4) {
			t.Errorf("span %d: CPU time %d, init %d", i, f.CPUTime, f.InitDuration)
		}
	}
}
