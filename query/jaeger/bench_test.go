//go:build unix

package jaeger_test

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/jaeger"
	"edgescope/store"
	"edgescope/store/embedded"
	"edgescope/store/storetest"
)

// BenchmarkQuestions asks as Jaeger UI and Grafana do, of 40 services in 20 regions with 1,000 operations, in traces of
// five spans. EDGESCOPE_BENCH_SPANS is how many spans there are (500,000), EDGESCOPE_BENCH_RANGE how long they took to
// come (1h), and EDGESCOPE_BENCH_DIR a directory that keeps them from one time to the next. Each question is the first
// one to its handler: nothing is remembered but what the store does. cpu-ms/op is the mean, least-cpu-ms the cheapest
// question: on a machine that others use it is nearest to what the code costs.
func BenchmarkQuestions(b *testing.B) {
	s, now := benchStore(b)
	opts := query.Options{
		Tenant: func(*http.Request) (edge.Tenant, error) { return tenant, nil }, Now: func() time.Time { return now },
	}
	us := func(ago time.Duration) string { return strconv.FormatInt(now.Add(-ago).UnixMicro(), 10) }
	hour := "&start=" + us(time.Hour) + "&end=" + us(0)
	summaries := "/api/v3/trace-summaries?query.searchDepth=20&query.startTimeMin=" +
		now.Add(-time.Hour).UTC().Format(time.RFC3339) + "&query.startTimeMax=" + now.UTC().Format(time.RFC3339)
	for _, q := range []struct{ name, path string }{
		{"services", "/api/services"},
		{"operations", "/api/services/service-07/operations"},
		{"search of a service", "/api/traces?service=service-07&limit=20" + hour},
		{"search by service, tag and duration", "/api/traces?service=service-07&limit=20&minDuration=100ms" + hour +
			"&tags=" + url.QueryEscape(`{"customer.plan":"gold"}`)},
		{"search of a past half hour", "/api/traces?service=service-07&limit=20&minDuration=100ms&start=" + us(time.Hour) +
			"&end=" + us(30*time.Minute)},
		{"search by a rare tag", "/api/traces?service=service-07&limit=20" + hour + "&tags=" +
			url.QueryEscape(`{"customer.id":"4711"}`)},
		{"search for nothing", "/api/traces?service=service-07&limit=20" + hour + "&tags=" +
			url.QueryEscape(`{"customer.id":"nobody"}`)},
		{"search of a week", "/api/traces?service=service-07&limit=20&minDuration=100ms&start=" + us(7*24*time.Hour) +
			"&end=" + us(0) + "&tags=" + url.QueryEscape(`{"customer.plan":"gold"}`)},
		{"search by an event", "/api/traces?service=service-07&limit=20&minDuration=390ms" + hour + "&tags=" +
			url.QueryEscape(`{"exception.message":"no such order"}`)},
		{"summaries", summaries + "&query.serviceName=service-07&query.durationMin=0.1s"},
		{"summaries of all services", summaries + "&query.durationMin=0.1s"},
		{"summaries of a rare tag", summaries + "&query.attributes=" + url.QueryEscape(`{"customer.id":"4711"}`)},
		{"summaries of the slowest", summaries + "&query.durationMin=401ms"},
		{"trace", "/api/traces/" + benchTrace(1000)},
		{"no trace", "/api/traces/" + benchTrace(-2)},
	} {
		b.Run(q.name, func(b *testing.B) {
			start, least := storetest.CPUTime(b), time.Hour
			defer func() {
				b.ReportMetric(float64(storetest.CPUTime(b)-start)/1e6/float64(b.N), "cpu-ms/op")
				b.ReportMetric(float64(least)/1e6, "least-cpu-ms")
			}()
			for b.Loop() {
				asked := storetest.CPUTime(b)
				w := httptest.NewRecorder()
				jaeger.New(s, opts, nil).ServeHTTP(w, httptest.NewRequestWithContext(b.Context(), http.MethodGet, q.path, nil))
				if w.Code != http.StatusOK && w.Code != http.StatusNotFound {
					b.Fatalf("status %d: %.300s", w.Code, w.Body)
				}
				least = min(least, storetest.CPUTime(b)-asked)
			}
		})
	}
}

// benchStore returns a store with spans until a moment.
func benchStore(b *testing.B) (*embedded.Store, time.Time) {
	b.Helper()
	dir := cmp.Or(os.Getenv("EDGESCOPE_BENCH_DIR"), b.TempDir())
	s, err := embedded.Open(b.Context(), embedded.Options{Dir: filepath.Join(dir, "store"), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	mark := filepath.Join(dir, "now")
	if text, err := os.ReadFile(mark); err == nil {
		at, err := time.Parse(time.RFC3339Nano, string(text))
		if err != nil {
			b.Fatal(err)
		}
		return s, at
	}
	spans, err := strconv.Atoi(cmp.Or(os.Getenv("EDGESCOPE_BENCH_SPANS"), "500000"))
	if err != nil {
		b.Fatal(err)
	}
	length, err := time.ParseDuration(cmp.Or(os.Getenv("EDGESCOPE_BENCH_RANGE"), "1h"))
	if err != nil {
		b.Fatal(err)
	}
	now := time.Now().UTC()
	fill(b, s, now, spans, length)
	storetest.AwaitIdle(b)
	if err := os.WriteFile(mark, []byte(now.Format(time.RFC3339Nano)), 0o600); err != nil {
		b.Fatal(err)
	}
	return s, now
}

func benchTrace(i int) string { return fmt.Sprintf("%032x", uint64(i)+1) }

// fill writes traces of five spans, the oldest first, and the totals of each hour.
func fill(b *testing.B, s store.Writer, now time.Time, spans int, length time.Duration) {
	b.Helper()
	const perTrace, batch = 5, 2000
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same spans each time
	ctx := context.WithoutCancel(b.Context())
	traces := spans / perTrace
	events := make([]edge.Event, 0, batch+perTrace)
	for i := range traces {
		end := now.Add(-length + time.Duration(float64(length)*float64(i+1)/float64(traces)))
		events = appendTrace(events, random, i, end)
		if len(events) >= batch || i == traces-1 {
			if err := s.WriteEvents(ctx, tenant, events); err != nil {
				b.Fatal(err)
			}
			events = events[:0]
		}
	}
	var samples []edge.Sample
	for of := range 40 {
		series := &edge.Series{Labels: []edge.Attr{
			{Key: edge.LabelName, Value: "edge_service_events:1h"},
			{Key: edge.LabelSignal, Value: edge.SignalSpan},
			{Key: edge.LabelService, Value: fmt.Sprintf("service-%02d", of)},
		}}
		for at := now.Add(-length).Truncate(time.Hour); at.Before(now); at = at.Add(time.Hour) {
			samples = append(samples, edge.Sample{Series: series, Time: at.UnixMilli(), Value: 1})
		}
	}
	if err := s.WriteSamples(ctx, tenant, samples); err != nil {
		b.Fatal(err)
	}
	if f, ok := s.(interface{ Flush() }); ok {
		f.Flush()
	}
}

// appendTrace appends a request to one service that calls another, which asks a database.
func appendTrace(events []edge.Event, random *rand.Rand, i int, end time.Time) []edge.Event {
	var trace edge.TraceID
	binary.BigEndian.PutUint64(trace[8:], uint64(i)+1)
	region := fmt.Sprintf("R%02d", random.IntN(20))
	first, second := random.IntN(40), random.IntN(40)
	customer := strconv.Itoa(random.IntN(100_000))
	plan := [...]string{"free", "free", "free", "free", "silver", "gold"}[random.IntN(6)]
	length := time.Duration(float64(time.Millisecond) * (2 + 400*random.Float64()*random.Float64()*random.Float64()))
	id := func(n int) (id edge.SpanID) {
		binary.BigEndian.PutUint64(id[:], random.Uint64()|uint64(n)|1)
		return id
	}
	var parent edge.SpanID
	for n, of := range [...]struct {
		service int
		kind    edge.SpanKind
		name    string
	}{
		{first, edge.SpanServer, fmt.Sprintf("GET /things/%d", random.IntN(24))},
		{first, edge.SpanClient, "call"},
		{second, edge.SpanServer, fmt.Sprintf("POST /orders/%d", random.IntN(24))},
		{second, edge.SpanInternal, "decide"},
		{second, edge.SpanClient, "SELECT orders"},
	} {
		status := 200
		code := edge.StatusUnset
		if random.IntN(50) == 0 {
			status, code = 500, edge.StatusError
		}
		e := edge.Event{
			Kind: edge.KindSpan, SpanKind: of.kind, Name: of.name, Time: end.UnixNano(), Duration: int64(length),
			HasDuration: true, TraceID: trace, SpanID: id(n), ParentID: parent, Status: code, ScopeName: "http",
			ScopeVersion: "1.30.0",
			Facts: edge.Facts{
				Service: fmt.Sprintf("service-%02d", of.service), Region: region, Version: "v12", Provider: "aws",
				Platform: "aws_lambda", Method: "GET", Route: of.name, Status: status, Outcome: edge.OutcomeOK,
				Source: edge.SourceOTLP, Invocation: n == 0 || n == 2,
			},
			Attrs: []edge.Attr{
				{Key: "customer.id", Value: customer},
				{Key: "customer.plan", Value: plan},
				{Key: "url.path", Value: "/things/" + customer},
				{Key: "server.address", Value: "api.example.com"},
				{Key: "network.protocol.version", Value: "2"},
			},
			Resource: []edge.Attr{
				{Key: "telemetry.sdk.language", Value: "nodejs"},
				{Key: "host.name", Value: region + "-" + strconv.Itoa(of.service)},
			},
		}
		if code == edge.StatusError {
			e.SpanEvents = fmt.Sprintf(`[{"name":"exception","time":%d,"attrs":{"exception.type":"Error",`+
				`"exception.message":"no such order"}}]`, e.Time)
		}
		events = append(events, e)
		parent = e.SpanID
		end, length = end.Add(-length/10), length*7/10
	}
	return events
}
