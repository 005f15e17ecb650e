//go:build unix

package explain_test

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/ingest/rollup"
	"edgescope/query"
	"edgescope/query/explain"
	"edgescope/query/tables"
	"edgescope/store/embedded"
	"edgescope/store/storetest"
)

const tenant edge.Tenant = 7

// BenchmarkExplain asks what the bad invocations of an hour share: at 330 points of presence, of 40 routes in three
// versions of three services, with twelve attributes of their own, and a week of norms before. EDGESCOPE_BENCH_SPANS is
// how many (500,000), EDGESCOPE_BENCH_DIR a directory that keeps them from one time to the next. Each question is the
// first one to its room, but for those that are asked again: then the norms of the hour are remembered. cpu-ms/op is the
// mean, least-cpu-ms the cheapest question: on a machine that others use it is nearest to what the code costs.
func BenchmarkExplain(b *testing.B) {
	s, now := benchStore(b)
	clock := func() time.Time { return now }
	for _, text := range []string{"", "bad=errors", "bad=slow", "bad=cold", "bad=errors&region=P001", "bad=errors&region=P001&route=/r1"} {
		v, err := url.ParseQuery("range=1h&" + text)
		if err != nil {
			b.Fatal(err)
		}
		q, err := query.Parse(v, now)
		if err != nil {
			b.Fatal(err)
		}
		room := explain.New(tables.New(s, clock, tables.AtOnce))
		for _, again := range []string{"first", "again"} {
			b.Run(cmp.Or(text, "chosen")+" "+again, func(b *testing.B) {
				start, least := storetest.CPUTime(b), time.Hour
				for b.Loop() {
					asked := storetest.CPUTime(b)
					if again == "first" {
						room = explain.New(tables.New(s, clock, tables.AtOnce))
					}
					a, err := room.Explain(b.Context(), tenant, q)
					if err != nil {
						b.Fatal(err)
					}
					if q.Route == nil && len(a.Causes) == 0 {
						b.Fatalf("%s of %v: %s", a.Bad, a.Looked, a.Text)
					}
					least = min(least, storetest.CPUTime(b)-asked)
				}
				b.ReportMetric(float64(storetest.CPUTime(b)-start)/1e6/float64(b.N), "cpu-ms/op")
				b.ReportMetric(float64(least)/1e6, "least-cpu-ms")
			})
		}
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
	now := time.Now().UTC()
	fill(b, s, now, spans)
	storetest.AwaitIdle(b)
	if err := os.WriteFile(mark, []byte(now.Format(time.RFC3339Nano)), 0o600); err != nil {
		b.Fatal(err)
	}
	return s, now
}

// fill writes n invocations of the hour before now, of which those of plan gold that go over protocol 1.1 fail, wait
// and start cold more often than others, and totals of the week before.
func fill(b *testing.B, s *embedded.Store, now time.Time, n int) {
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same ones each time
	at := now
	totals := rollup.New(rollup.Options{Collector: "bench", Now: func() time.Time { return at }})
	ctx := context.WithoutCancel(b.Context())
	write := func(events []edge.Event, rows bool) {
		if rows {
			if err := s.WriteEvents(ctx, tenant, events); err != nil {
				b.Fatal(err)
			}
		}
		at = time.Unix(0, events[len(events)-1].Time)
		totals.Add(&edge.Batch{Tenant: tenant, Arrival: at.UnixNano(), Part: totals.Part(), Events: events})
		if err := totals.Flush(ctx, s); err != nil {
			b.Fatal(err)
		}
	}
	draw := invocations(r)
	events := make([]edge.Event, 0, 10_000)
	for hour := range 7 * 24 {
		for range 1000 {
			when := now.Add(-8*query.Day + time.Duration(hour)*time.Hour + time.Duration(len(events))*time.Second)
			events = append(events, draw(when))
		}
		write(events, false)
		events = events[:0]
	}
	for i := range n {
		events = append(events, draw(now.Add(-time.Hour+time.Duration(float64(time.Hour)*float64(i)/float64(n)))))
		if len(events) == cap(events) || i == n-1 {
			write(events, true)
			events = events[:0]
		}
	}
	s.Flush()
}

// invocations returns what makes the next one at a time.
func invocations(r *rand.Rand) func(when time.Time) edge.Event {
	caches := []string{"", edge.CacheHit, edge.CacheHit, edge.CacheHit, edge.CacheMiss, edge.CacheStale}
	pops, asns, countries := rand.NewZipf(r, 1.3, 8, 329), rand.NewZipf(r, 1.2, 8, 799), rand.NewZipf(r, 1.3, 3, 59)
	one := func(of ...string) string { return of[r.IntN(len(of))] }
	return func(when time.Time) edge.Event {
		pop, route := fmt.Sprintf("P%03d", pops.Uint64()), fmt.Sprintf("/r%d", r.IntN(40))
		plan, protocol := one("free", "free", "silver", "gold"), one("2", "2", "3", "1.1")
		often := 1
		if plan == "gold" && protocol == "1.1" {
			often = 8
		}
		f := edge.Facts{
			Service: one("shop", "api", "img"), Region: pop, Colo: pop, Platform: "cloudflare.workers", Route: route,
			Method: "GET", Version: one("v0", "v1", "v2"), Country: fmt.Sprintf("C%d", countries.Uint64()), Status: 200,
			Outcome: edge.OutcomeOK, Source: edge.SourceOTLP, Invocation: true, Weight: 1,
			Instance: fmt.Sprintf("%s-%d", pop, r.IntN(30)), CacheStatus: one(caches...), ColdStart: edge.False,
			HasCPU: true, CPUTime: int64(1e6 * math.Exp(r.NormFloat64()/2)),
		}
		d := 8e6 * math.Exp(r.NormFloat64()*0.5)
		if r.IntN(100) < often {
			d *= 4
		}
		if r.IntN(50) < often {
			f.ColdStart, f.HasInit, f.InitDuration = edge.True, true, int64(5e7*math.Exp(r.NormFloat64()/3))
			d += float64(f.InitDuration)
		}
		if r.IntN(200) < often {
			f.Status, f.Outcome, f.ErrorType = 500, edge.OutcomeError, "TypeError"
		}
		e := edge.Event{
			Kind: edge.KindSpan, SpanKind: edge.SpanServer, Name: "fetch", Time: when.UnixNano(),
			Duration: int64(d), HasDuration: true, Facts: f,
			Attrs: []edge.Attr{
				{Key: "customer.id", Value: strconv.Itoa(r.IntN(100_000))},
				{Key: "customer.plan", Value: plan},
				{Key: "url.path", Value: f.Route + "/" + strconv.Itoa(r.IntN(100_000))},
				{Key: "client.asn", Value: strconv.Itoa(int(asns.Uint64()) + 64000)}, //nolint:gosec // below 800
				{Key: "server.address", Value: "api.example.com"},
				{Key: "network.protocol.version", Value: protocol},
				{Key: "http.response.body.size", Value: strconv.Itoa(r.IntN(100_000))},
				{Key: "user_agent.name", Value: fmt.Sprintf("agent-%d", r.IntN(12))},
			},
			Resource: []edge.Attr{
				{Key: "telemetry.sdk.language", Value: "nodejs"},
				{Key: "host.name", Value: pop + "-" + strconv.Itoa(r.IntN(3))},
			},
		}
		binary.BigEndian.PutUint64(e.TraceID[:], r.Uint64())
		binary.BigEndian.PutUint64(e.TraceID[8:], r.Uint64())
		binary.BigEndian.PutUint64(e.SpanID[:], r.Uint64())
		return e
	}
}
