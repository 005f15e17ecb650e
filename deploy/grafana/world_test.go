package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"edgescope/cmd/collector/collectortest"
	"edgescope/edge"
	"edgescope/internal/run/runtest"
	"edgescope/query"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }

const (
	runID   = "0af7651916cd43dd8448eb211c80319c"
	runName = "guide: p95 (nightly)"
	// shortTrace is how Jaeger's format writes an id that begins with 16 zeros.
	shortTrace = "a3ce929d0e0e4736"
	// shop has what regular expressions and URLs escape.
	shop = "shop.eu/a+b (1)"
)

// world is a collector with two hours of telemetry: three regions and two versions of a shop, of which the last hour is
// slower in one region, misses more and fails more, a service of data points, a load test, and a log record of one of
// its traces. It ends at a multiple of an hour, so that windows of all lengths fit.
type world struct {
	*collectortest.Collector
	from, to time.Time
	spans    int
	trace    string // of one of the slowest invocations
}

func newWorld(t *testing.T) *world {
	t.Helper()
	to := time.Now().UTC().Truncate(time.Hour)
	w := &world{Collector: collectortest.Start(t, t.TempDir()), from: to.Add(-time.Hour), to: to}
	var spans []any
	for at := to.Add(-2 * time.Hour); at.Before(to); at = at.Add(20 * time.Second) {
		for _, region := range []string{"FRA", "IAD", "GRU"} {
			spans = append(spans, w.invocation(region, at))
		}
	}
	w.post(t, "/v1/traces", traces(resource(shop, "v1"), spans[:len(spans)/2]),
		traces(resource(shop, "v2"), spans[len(spans)/2:]))
	w.trace = spans[len(spans)-1].(object)["traceId"].(string)
	w.load(t)
	w.post(t, "/v1/logs", object{"resourceLogs": []any{object{
		"resource": resource(shop, "v2"), "scopeLogs": []any{object{"logRecords": []any{object{
			"timeUnixNano": nano(to.Add(-10 * time.Second)), "severityText": "ERROR",
			"body": object{"stringValue": "card declined"}, "traceId": w.trace, "spanId": "00f067aa0ba902b7",
		}, object{
			"timeUnixNano": nano(to.Add(-9 * time.Second)), "body": object{"stringValue": "short id"},
			"traceId": strings.Repeat("0", 16) + shortTrace, "spanId": "00f067aa0ba902b7",
		}}}},
	}}})
	for i := range 60 {
		w.post(t, "/v1/datapoints/points", object{
			"indexes": []any{"cart"}, "doubles": []any{12.5, 1, i % 2, 3},
			"blobs": []any{"AMS", "200", w.from.Add(time.Duration(i) * time.Minute).Format(time.RFC3339), "HIT", "/points"},
		})
	}
	w.settle(t)
	return w
}

// TestAgainstACollector asks one collector everything, since starting one takes longer than asking.
func TestAgainstACollector(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct {
		holds string
		test  func(*testing.T, *world)
	}{
		{"every panel is answered", everyPanelIsAnswered},
		{"no range is an error", noRangeIsAnError},
		{"figures are those of the API", figuresAreThoseOfTheAPI},
		{"links lead somewhere", linksLeadSomewhere},
		{"spans lead to logs and metrics", spansLeadToLogsAndMetrics},
		{"rows lead to traces and pages", rowsLeadToTracesAndPages},
		{"SQL is answered", sqlIsAnswered},
		{"a run is as the API has it", aRunIsAsTheAPIHasIt},
	} {
		t.Run(test.holds, func(t *testing.T) { test.test(t, w) })
	}
}

type object = map[string]any

func nano(t time.Time) string { return strconv.FormatInt(t.UnixNano(), 10) }

func attributes(of object) []any {
	var list []any
	for key, value := range of {
		v := object{}
		switch value := value.(type) {
		case bool:
			v["boolValue"] = value
		case int:
			v["intValue"] = strconv.Itoa(value)
		default:
			v["stringValue"] = fmt.Sprint(value)
		}
		list = append(list, object{"key": key, "value": v})
	}
	return list
}

func resource(service, version string) object {
	return object{"attributes": attributes(object{
		edge.KeyServiceName: service, edge.KeyServiceVersion: version, edge.KeyCloudPlatform: "cloudflare.workers",
	})}
}

func traces(resource object, spans []any) object {
	return object{"resourceSpans": []any{object{"resource": resource, "scopeSpans": []any{object{"spans": spans}}}}}
}

// invocation is the next one of a region, with a bit of everything.
func (w *world) invocation(region string, at time.Time) object {
	n := w.spans
	w.spans++
	late := !at.Before(w.from)
	took := time.Duration(20+n%17) * time.Millisecond
	cold, cached, route, status := n%10 == 0, "HIT", []string{"/cart/:id", "/img/*"}[n%2], 200
	if cold {
		took += 90 * time.Millisecond
	}
	if region == "GRU" && late {
		took *= 2
	}
	if n%7 == 0 || late && n%3 == 0 {
		cached = "MISS"
	}
	if n%50 == 0 || late && n%20 == 0 {
		status = 503
	}
	a := object{
		edge.KeyColo: region, edge.KeyRoute: route, edge.KeyStatus: status, edge.KeyColdStart: cold,
		"http.response.header.cf-cache-status": cached,
	}
	if cold {
		a[edge.KeyInitDuration] = 45_000_000
	}
	return object{
		"traceId": fmt.Sprintf("4bf92f3577b34da6%016x", n+1), "spanId": fmt.Sprintf("%016x", n+1), "kind": 2,
		"name":              "GET " + route,
		"startTimeUnixNano": nano(at), "endTimeUnixNano": nano(at.Add(took)), "attributes": attributes(a),
	}
}

// load is a load test of the last ten minutes, told twice: while it lasted, and at its end.
func (w *world) load(t *testing.T) {
	t.Helper()
	started := w.to.Add(-10 * time.Minute)
	run := edge.Run{
		ID: runID, Name: runName, Target: "https://shop.example", Started: started,
		Requests: 1200, Responses: 1198, Failed: 2, Rate: 2,
		Response: edge.RunQuantiles{Count: 1198, P50: 31, P95: 52.5, P99: 88},
		Verdict:  edge.VerdictRunning, Users: edge.RunUsers{Planned: 300, Created: 300, Completed: 299, Failed: 1},
		Regions: []edge.RunPart{
			{Name: "FRA", Requests: 600, Response: edge.RunQuantiles{P50: 20, P95: 40}},
			{Name: "GRU", Requests: 600, Failed: 2, Response: edge.RunQuantiles{P50: 42, P95: 75.5}},
		},
		Steps: []edge.RunPart{
			{Name: "GET /cart/7", Requests: 1200, Failed: 2, Response: edge.RunQuantiles{P50: 31, P95: 52.5}},
		},
		Thresholds: []edge.RunThreshold{{Expression: "http.response_time.p95 < 50", Limit: 50, Actual: 52.5}},
	}
	for i := range 60 {
		run.Points = append(run.Points, edge.RunPoint{
			At: float64(10 * i), Width: 10, Requests: 20, Errors: int64(i % 2), P50: 30, P95: 50 + float64(i), P99: 90,
			ServiceP95: 49,
		})
	}
	w.tell(t, run, started.Add(10*time.Second))
	run.Verdict, run.Reason, run.Ended = edge.VerdictFailed, "p95 is 52.5, not below 50", w.to.Add(-time.Second)
	w.tell(t, run, run.Ended)
}

// tell sends a summary as loadgen does.
func (w *world) tell(t *testing.T, run edge.Run, at time.Time) {
	t.Helper()
	run.Updated = at
	text, err := json.Marshal(run)
	if err != nil {
		t.Fatal(err)
	}
	w.post(t, "/v1/traces", traces(resource(edge.RunService, "1"), []any{object{
		"traceId": run.ID, "spanId": fmt.Sprintf("%016x", at.UnixNano()), "name": edge.RunSpan, "kind": 1,
		"startTimeUnixNano": nano(run.Started), "endTimeUnixNano": nano(at), "attributes": attributes(object{
			edge.RunAttr: string(text), edge.RunIDAttr: run.ID, edge.RunNameAttr: run.Name, edge.RunVerdictAttr: run.Verdict,
		}),
	}}))
}

func (w *world) post(t *testing.T, path string, bodies ...object) {
	t.Helper()
	for _, body := range bodies {
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		status, answer := runtest.Post(t, w.URL("ingest")+path, "application/json", "", text)
		if status != http.StatusOK || bytes.Contains([]byte(answer), []byte("rejected\":1")) {
			t.Fatalf("%s: %d %s", path, status, answer)
		}
	}
}

// api asks a question of edgescope's own API over the hour.
func api[A any](t *testing.T, w *world, question string) A {
	t.Helper()
	return runtest.Ask[A](t, fmt.Sprintf("%s%s%s?from=%s&to=%s", w.URL("query"), query.APIPrefix, question,
		w.from.Format(time.RFC3339), w.to.Format(time.RFC3339)))
}

// settle waits until everything can be asked for. What is compared with would be remembered as it is: it is asked for
// only when it is whole.
func (w *world) settle(t *testing.T) {
	t.Helper()
	samples := func(from, to time.Time) query.Num {
		return runtest.Ask[query.Overview](t, fmt.Sprintf("%s%soverview?cmp=none&from=%s&to=%s", w.URL("query"),
			query.APIPrefix, from.Format(time.RFC3339), to.Format(time.RFC3339))).Total.Samples
	}
	var now, before query.Num
	runtest.Eventually(t, func() string { return fmt.Sprint(now, " and before ", before) }, func() bool {
		now, before = samples(w.from, w.to), samples(w.from.Add(w.from.Sub(w.to)), w.from)
		return now == query.Num(w.spans/2+60) && before == query.Num(w.spans/2) &&
			len(api[query.Runs](t, w, "runs").Runs) == 1
	})
}
