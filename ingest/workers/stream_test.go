package workers_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"edgescope/edge"
	"edgescope/internal/access"
)

var errBroken = errors.New("broken")

// Ids of the invocation of these tests, and of a span that it opens.
const (
	traceID = "74a2997dd6fc3ff85c055fca1e76b7ef"
	rootID  = "69f732ce5fb8bf58"
	childID = "ab3f5c34f45c6e78"
)

// event is one event of a streaming tail: at ms after the start, in span, of that type and with those members.
func event(sequence, ms int, span, kind, members string) string {
	if members != "" {
		members = "," + members
	}
	return fmt.Sprintf(`{"spanContext":{"traceId":%q,"spanId":%q},"invocationId":"i1",`+
		`"timestamp":"2026-11-20T22:52:11.%03dZ","sequence":%d,"event":{"type":%q%s}}`,
		traceID, span, ms, sequence, kind, members)
}

// told is an invocation of 9 events: a cache lookup and a request to an origin, two log lines.
func told() []string {
	return []string{
		event(0, 100, "00000000000000aa", "onset", `"spanId":"`+rootID+`","scriptName":"shop","info":{"type":"fetch",`+
			`"method":"GET",`+
			`"url":"https://shop.example/img/1","cfJson":"{\"colo\":\"FRA\",\"country\":\"DE\"}","headers":[{"name":"cf-ray",`+
			`"value":"8f1e2d3c4b5a6978-FRA"}]}`),
		event(1, 101, rootID, "log", `"level":"info","message":["start",{"w":1}]`),
		event(2, 102, rootID, "spanOpen", `"name":"cache_match","spanId":"00000000000000c1"`),
		event(3, 103, "00000000000000c1", "attributes",
			`"info":[{"name":"cache.response.cache_status","value":"MISS"},{"name":"n","value":"1"},{"name":"n",`+
				`"value":[1,2]}]`),
		event(4, 104, "00000000000000c1", "spanClose", `"outcome":"ok"`),
		event(5, 105, rootID, "spanOpen", `"name":"fetch","spanId":"`+childID+`","info":{"type":"fetch","method":"GET",`+
			`"url":"https://origin.example/a"}`),
		event(6, 145, childID, "spanClose", `"outcome":"ok"`),
		event(7, 150, rootID, "return", `"info":{"type":"fetch","statusCode":"206"}`),
		event(8, 160, rootID, "outcome", `"outcome":"ok","cpuTime":"4","wallTime":60`),
	}
}

func array(events ...string) string { return "[" + strings.Join(events, ",") + "]" }

// checkTold tells whether the sink has the invocation once, whole.
func checkTold(t *testing.T, to *sink) {
	t.Helper()
	spans := map[string]row{}
	for _, r := range to.kept("span") {
		spans[r["name"]] = r
	}
	if len(spans) != 3 || len(to.kept("span")) != 3 {
		t.Fatalf("%d spans, want 3: %v", len(to.kept("span")), to.kept("span"))
	}
	spans["GET /img/:id"].want(t, "trace_id", traceID, "span_id", rootID, "parent_span_id", "00000000000000aa", "kind",
		"server",
		"duration", "60000000", "_time_ns", "1795215131160000000", "http.response.status_code", "206", "edge.outcome",
		"ok",
		"edge.cpu.time", "4000000", "edge.wall.time", "60000000", "edge.invocation", "true", "edge.source",
		"tail-stream",
		"service.name", "shop", "edge.colo", "FRA", "geo.country.iso_code", "DE", "faas.invocation_id",
		"8f1e2d3c4b5a6978-FRA",
		"edge.cache.status", "miss", "edge.origin.duration", "40000000")
	spans["cache_match"].want(t, "kind", "internal", "parent_span_id", rootID, "duration", "2000000", "n", "[1,2]",
		"edge.invocation", "",
		"edge.colo", "FRA", "service.name", "shop")
	spans["fetch"].want(t, "kind", "client", "parent_span_id", rootID, "duration", "40000000", "http.request.method",
		"GET",
		"url.full", "https://origin.example/a", "edge.invocation", "", "cloud.region", "FRA")
	to.one(t, "log").want(t, "_msg", `start {"w":1}`, "trace_id", traceID, "span_id", rootID, "severity_text", "INFO",
		"edge.colo", "FRA",
		"cloud.platform", "cloudflare.workers", "edge.source", "tail-stream", "_time_ns", "1795215131101000000")
}

func TestStreamInOnePost(t *testing.T) {
	to := newSink()
	if code, answer := post(open(t, to), array(told()...)); code != http.StatusOK || answer != "{}" {
		t.Fatalf("%d %s", code, answer)
	}
	checkTold(t, to)
}

func TestStreamInAPostPerEventInAnyOrder(t *testing.T) {
	f := func(order []string) {
		t.Helper()
		to := newSink()
		rc := open(t, to)
		for i, e := range order {
			want := `{"accepted":1,"rejected":0,"waiting":1}`
			if i == len(order)-1 {
				want = "{}"
			}
			if code, answer := post(rc, e); code != http.StatusOK || answer != want {
				t.Fatalf("event %d: %d %s, want 200 %s", i, code, answer, want)
			}
		}
		checkTold(t, to)
	}
	f(told())
	backwards := told()
	slices.Reverse(backwards)
	f(backwards)
	mixed := told()
	mixed[0], mixed[8], mixed[3], mixed[4] = mixed[8], mixed[0], mixed[4], mixed[3]
	f(mixed)
}

// TestPostsAtOnce: of posts that come at the same time one completes the invocation.
func TestPostsAtOnce(t *testing.T) {
	to := newSink()
	rc := open(t, to)
	var all sync.WaitGroup
	for _, e := range told() {
		all.Go(func() { mustPost(t, rc, e) })
	}
	all.Wait()
	checkTold(t, to)
}

func TestAnEventThatCameTwiceCountsOnce(t *testing.T) {
	to := newSink()
	rc := open(t, to)
	events := told()
	mustPost(t, rc, array(events[:5]...))
	mustPost(t, rc, array(events[:5]...))
	mustPost(t, rc, array(events[4:]...))
	checkTold(t, to)
}

// TestRepeatsCanBeTold: a body with nothing but streamed events has a hash, by which the pipeline knows it when it is
// sent again. Finished invocations have no ids: equal ones are legitimate.
func TestRepeatsCanBeTold(t *testing.T) {
	to := newSink()
	rc := open(t, to)
	f := func(body string, want bool) edge.BodyHash {
		t.Helper()
		mustPost(t, rc, body)
		if got := to.body != (edge.BodyHash{}); got != want {
			t.Errorf("%.60s: hash %x, want one: %t", body, to.body, want)
		}
		return to.body
	}
	const finished = `{"outcome":"ok"}`
	first := f(array(told()...), true)
	if again := f(array(told()...), true); again != first {
		t.Errorf("the same body has hash %x, then %x", first, again)
	}
	f(array(finished), false)
	f(array(append(told(), finished)...), false)
}

func TestTwoInvocationsDoNotMix(t *testing.T) {
	to := newSink()
	rc := open(t, to)
	events := told()
	var others []string
	for _, e := range events {
		e = strings.ReplaceAll(e, `"i1"`, `"i2"`)
		others = append(others, strings.ReplaceAll(strings.ReplaceAll(e, "/img/1", "/other"), traceID,
			"84a2997dd6fc3ff85c055fca1e76b7ef"))
	}
	mustPost(t, rc, array(append(slices.Clone(events[:4]), others[:6]...)...))
	mustPost(t, rc, array(append(slices.Clone(others[6:]), events[4:]...)...))
	names := map[string]int{}
	for _, r := range to.kept("span") {
		names[r["trace_id"]+" "+r["name"]]++
	}
	if len(names) != 6 || len(to.kept("log")) != 2 || names[traceID+" GET /img/:id"] != 1 {
		t.Errorf("spans %v and %d log records, want 3 spans of either trace and 2 records", names, len(to.kept("log")))
	}
}

// TestTenantsDoNotMix: an invocation is that of its tenant, whatever its id.
func TestTenantsDoNotMix(t *testing.T) {
	to := newSink()
	tenant := edge.Tenant(1)
	rc := open(t, to, func(o *options) {
		o.door.Admit = func(context.Context, string) (*access.Grant, error) {
			return &access.Grant{Tenant: tenant},
				nil
		}
	})
	events := told()
	mustPost(t, rc, array(events[:4]...))
	tenant = 2
	mustPost(t, rc, array(events[4:]...))
	if len(to.rows) > 0 {
		t.Fatalf("%d rows of an invocation that two tenants sent halves of", len(to.rows))
	}
	mustPost(t, rc, array(events[:4]...))
	checkTold(t, to)
	if to.tenant != 2 {
		t.Errorf("tenant %d, want 2", to.tenant)
	}
}

// TestRefusedPostsCanBeSentAgain: when the store can't take what a post completes, nothing of the post is kept.
func TestRefusedPostsCanBeSentAgain(t *testing.T) {
	to := newSink()
	rc := open(t, to)
	events := told()
	mustPost(t, rc, array(events[:3]...))
	to.fail(&edge.UnavailableError{Busy: true, Reason: "full"})
	if code, _ := post(rc, array(events[3:]...)); code != http.StatusTooManyRequests {
		t.Fatalf("status %d, want 429", code)
	}
	to.fail(nil)
	mustPost(t, rc, array(events[3:8]...))
	if len(to.rows) > 0 {
		t.Fatalf("%d rows before the outcome came again", len(to.rows))
	}
	mustPost(t, rc, array(events[8:]...))
	checkTold(t, to)
}

func TestSpanDetails(t *testing.T) {
	f := func(events []string, name string, pairs ...string) {
		t.Helper()
		to := newSink()
		mustPost(t, open(t, to), array(events...))
		for _, r := range to.kept("span") {
			if r["name"] == name {
				r.want(t, pairs...)
				return
			}
		}
		t.Errorf("no span %q: %v", name, to.kept("span"))
	}
	onset := event(0, 100, "", "onset", `"spanId":"`+rootID+`","info":{"type":"fetch","method":"GET","url":"http://h/x"}`)
	outcome := func(n int, members string) string { return event(n, 190, rootID, "outcome", members) }

	f([]string{
		onset, event(1, 110, rootID, "exception", `"name":"TypeError","message":"bad","stack":"at x"`),
		outcome(2, `"outcome":"exception"`),
	},
		"GET /x", "edge.outcome", "exception", "exception.type", "TypeError", "exception.message", "bad",
		"http.response.status_code", "500",
		"edge.status.inferred", "true", "otel.status_code", "ERROR", "parent_span_id", "",
		"events", `[{"name":"exception","time":1795215131110000000,"attrs":{"exception.message":"bad",`+
			`"exception.stacktrace":"at x","exception.type":"TypeError"}}]`)
	f([]string{
		onset, event(1, 110, rootID, "spanOpen", `"name":"kv_get","spanId":"`+childID+`"`),
		outcome(2, `"outcome":"canceled"`),
	},
		"kv_get", "duration", "80000000", "_time_ns", "1795215131190000000") // still open: it ends with the invocation
	f([]string{
		onset, event(1, 110, rootID, "spanOpen", `"name":"fetch","spanId":"`+childID+`"`),
		event(2, 120, childID, "spanClose", `"outcome":"canceled"`), outcome(3, `"outcome":"ok"`),
	},
		"fetch", "duration", "10000000", "otel.status_code", "ERROR", "otel.status_description", "canceled")
	f([]string{onset, event(1, 110, rootID, "attributes", `"info":[{"name":"cart.items","value":"3"},{"name":"ok",`+
		`"value":true},{"name":"none","value":null}]`), outcome(2, `"outcome":"ok"`)},
		"GET /x", "cart.items", "3", "ok", "true", "none", "", "kind", "server")
	f([]string{onset, event(1, 110, "", "somethingNew", `"a":1`), outcome(2, `"outcome":"ok"`)}, "GET /x",
		"edge.outcome", "ok")
	f([]string{event(0, 100, "", "onset", `"spanId":"`+rootID+`","scriptName":"s","info":{"type":"queue",`+
		`"queueName":"jobs","batchSize":"7"}`), outcome(1, `"outcome":"ok"`)},
		"queue", "faas.trigger", "pubsub", "messaging.destination.name", "jobs", "messaging.batch.message_count", "7",
		"faas.invocation_id", "i1")
	f([]string{event(0, 100, "", "onset", `"spanId":"no hex","info":7`), outcome(1, `"outcome":"ok","wallTime":"0"`)},
		"custom", "kind", "server", "duration", "90000000")
	f([]string{onset, outcome(1, `"outcome":"ok"`), onset}, "GET /x", "span_id", rootID)
}

// TestWithoutNumbersTheOutcomeEnds: events that have no sequence are taken in the order sent.
func TestWithoutNumbersTheOutcomeEnds(t *testing.T) {
	to := newSink()
	var events []string
	for i, e := range told() {
		events = append(events, strings.ReplaceAll(e, fmt.Sprintf(`"sequence":%d`, i), `"sequence":null`))
	}
	mustPost(t, open(t, to), array(events...))
	checkTold(t, to)
}

func TestAnInvocationThatNeverEnds(t *testing.T) {
	f := func(events []string, check func(t *testing.T, to *sink)) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			to := newSink()
			rc := open(t, to, func(o *options) { o.Now = time.Now })
			mustPost(t, rc, array(events...))
			time.Sleep(59 * time.Second)
			synctest.Wait()
			if n := to.count(); n > 0 {
				t.Errorf("%d rows after 59 s, want the events to wait for a minute", n)
			}
			time.Sleep(15 * time.Second)
			synctest.Wait()
			check(t, to)
			if err := rc.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	events := told()
	f(events[:7], func(t *testing.T, to *sink) {
		if spans := to.kept("span"); len(spans) != 3 {
			t.Fatalf("%d spans, want 3", len(spans))
		}
		to.kept("span")[0].want(t, "name", "GET /img/:id", "kind", "internal", "edge.invocation", "",
			"edge.tail.incomplete", "true", "duration", "45000000")
		to.one(t, "log").want(t, "edge.colo", "FRA")
	})
	// It has answered: that it did not end is no matter.
	f(events[:8], func(t *testing.T, to *sink) {
		to.kept("span")[0].want(t, "kind", "server", "edge.invocation", "true", "http.response.status_code", "206",
			"edge.tail.incomplete", "")
	})
	// One event got lost on the way.
	f(append(slices.Clone(events[:3]), events[4:]...), func(t *testing.T, to *sink) {
		to.kept("span")[0].want(t, "kind", "server", "edge.invocation", "true", "edge.outcome", "ok", "edge.cpu.time",
			"4000000")
	})
	// The beginning got lost: nobody knows what was run, but its log is kept.
	f(events[1:], func(t *testing.T, to *sink) {
		if spans := to.kept("span"); len(spans) != 2 {
			t.Errorf("%d spans, want the two children", len(spans))
		}
		to.one(t, "log").want(t, "_msg", `start {"w":1}`, "trace_id", traceID)
	})
	f(events[8:], func(t *testing.T, to *sink) {
		if n := to.count(); n != 0 {
			t.Errorf("%d rows of an outcome alone, want none", n)
		}
	})
}

// TestALateEventStartsTheMinuteAgain: only silence ends the wait.
func TestALateEventStartsTheMinuteAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		to := newSink()
		rc := open(t, to, func(o *options) { o.Now = time.Now })
		for _, e := range told() {
			mustPost(t, rc, e)
			time.Sleep(50 * time.Second)
		}
		synctest.Wait()
		checkTold(t, to)
		if err := rc.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestWhatTheStoreRefusesWaitsOn: an invocation that expires while the store is full is not lost.
func TestWhatTheStoreRefusesWaitsOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		to := newSink()
		rc := open(t, to, func(o *options) { o.Now = time.Now })
		mustPost(t, rc, array(told()[:8]...))
		to.fail(&edge.UnavailableError{Reason: "disk"})
		time.Sleep(2 * time.Minute)
		to.fail(nil)
		time.Sleep(15 * time.Second)
		synctest.Wait()
		if n := len(to.kept("span")); n != 3 {
			t.Errorf("%d spans after the store came back, want 3", n)
		}
		if err := rc.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestCloseStoresWhatWaits(t *testing.T) {
	to := newSink()
	rc := open(t, to)
	mustPost(t, rc, array(told()[:8]...))
	for range 2 {
		if err := rc.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(to.kept("span")); n != 3 {
		t.Errorf("%d spans after Close, want 3", n)
	}
}

func TestCloseTellsWhatItCouldNotStore(t *testing.T) {
	to := newSink()
	rc := open(t, to)
	mustPost(t, rc, array(told()[:8]...))
	to.fail(errBroken)
	first := rc.Close(context.Background())
	if !errors.Is(first, errBroken) || rc.Close(context.Background()) != first { //nolint:errorlint // the same value
		t.Errorf("Close answers %v, want %v and the same again", first, errBroken)
	}
}
