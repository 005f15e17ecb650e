package embedded_test

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"edgescope/edge"
	"edgescope/store"
	"edgescope/store/embedded"
	"edgescope/store/embedded/waiting"
)

const spansPerBatch = 1000

// BenchmarkFiveMillionSpans writes five million spans of one hour into a new directory and asks for some of them. It
// tells the CPU time of a million spans, closing included, and the bytes that each takes on disk. With -short it is a
// tenth.
func BenchmarkFiveMillionSpans(b *testing.B) {
	spans := 5_000_000
	if testing.Short() {
		spans /= 10
	}
	for b.Loop() {
		writeSpans(b, spans)
	}
}

func writeSpans(b *testing.B, spans int) {
	b.Helper()
	dir := b.TempDir()
	s := benchOpen(b, dir)
	end := time.Now().UTC().Truncate(time.Minute)
	start := end.Add(-time.Hour)
	gen := newGenerator()
	before := cpuTime(b)
	for i := 0; i < spans; i += spansPerBatch {
		at := start.Add(time.Duration(float64(time.Hour) * float64(i) / float64(spans)))
		if err := s.WriteEvents(b.Context(), 0, gen.batch(at)); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	perMillion := float64(spans) / 1e6
	b.ReportMetric((cpuTime(b)-before).Seconds()/perMillion, "cpu-s/Mspan")
	b.ReportMetric(float64(bytesBelow(b, filepath.Join(dir, "spans")))/float64(spans), "B/span")

	began := time.Now()
	s = benchOpen(b, dir)
	b.ReportMetric(float64(time.Since(began).Milliseconds()), "reopen-ms")
	defer func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	}()
	for name, text := range map[string]string{
		"by-region":  "* | stats by (cloud.region, _time:1m) count() n",
		"latency":    "edge.invocation:=true | stats by (cloud.region) histogram(duration) h",
		"trace":      fmt.Sprintf("trace_id:=%x", gen.aTrace),
		"slow":       "{cloud.region=FRA} duration:>900000000 | fields trace_id, duration | limit 20",
		"url-search": "url.path:77777 | limit 20",
	} {
		q := store.RowsQuestion{LogsQL: text, From: start, To: end}
		began := time.Now()
		rows := 0
		if err := s.Rows(b.Context(), q, func(store.Row) error { rows++; return nil }); err != nil || rows == 0 {
			b.Errorf("%s: %d rows, %v", name, rows, err)
		}
		b.ReportMetric(float64(time.Since(began).Microseconds())/1000, name+"-ms")
	}
}

func benchOpen(b *testing.B, dir string) *embedded.Store {
	b.Helper()
	s, err := embedded.Open(b.Context(), options(dir))
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// generator makes spans like those of edge functions: 12 services, 8 regions, 40 routes, 22 fields or so.
type generator struct {
	rng    *rand.Rand
	events []edge.Event
	attrs  []edge.Attr
	aTrace edge.TraceID
}

func newGenerator() *generator {
	return &generator{rng: rand.New(rand.NewPCG(1, 2)), events: make([]edge.Event, spansPerBatch)}
}

var (
	benchRegions  = [...]string{"FRA", "IAD", "SIN", "GRU", "NRT", "SYD", "LHR", "SJC"}
	benchResource = []edge.Attr{
		{Key: "telemetry.sdk.name", Value: "opentelemetry"},
		{Key: "telemetry.sdk.language", Value: "webjs"},
		{Key: "host.arch", Value: "amd64"},
	}
)

func (g *generator) batch(at time.Time) []edge.Event {
	g.attrs = g.attrs[:0]
	for i := range g.events {
		g.events[i] = g.span(at.Add(time.Duration(i) * 100 * time.Microsecond))
	}
	return g.events
}

func (g *generator) span(at time.Time) edge.Event {
	n := g.rng.IntN(1_000_000)
	service, route := n%12, n%40
	from := len(g.attrs)
	g.attrs = append(g.attrs,
		edge.Attr{Key: "url.path", Value: "/route/" + strconv.Itoa(route) + "/" + strconv.Itoa(n%100_000)},
		edge.Attr{Key: "user_agent.original", Value: "Mozilla/5.0 (X11; Linux x86_64) agent/" + strconv.Itoa(n%50)},
		edge.Attr{Key: "server.address", Value: "service-" + strconv.Itoa(service) + ".example"},
		edge.Attr{Key: "network.protocol.version", Value: "2"})
	e := edge.Event{
		Kind: edge.KindSpan, Time: at.UnixNano(), HasDuration: true, Duration: int64(g.rng.ExpFloat64() * 2e8),
		SpanKind: edge.SpanServer,
		Name:     "GET /route/" + strconv.Itoa(route), Attrs: g.attrs[from:len(g.attrs):len(g.attrs)],
		Resource: benchResource,
		Facts: edge.Facts{
			Service: "service-" + strconv.Itoa(service), Version: "v1." + strconv.Itoa(n%3),
			Platform: "cloudflare.workers",
			Region:   benchRegions[n%len(benchRegions)], Colo: benchRegions[n%len(benchRegions)], Country: "DE",
			Route: "/route/" + strconv.Itoa(route), Method: "GET", Status: 200, Outcome: edge.OutcomeOK,
			ColdStart:   edge.False,
			CacheStatus: edge.CacheHit, Source: edge.SourceOTLP, Invocation: true, Weight: 1,
		},
	}
	for i := range 8 {
		e.TraceID[i], e.SpanID[i] = byte(g.rng.Uint32()), byte(g.rng.Uint32())
	}
	if g.aTrace.IsZero() {
		g.aTrace = e.TraceID
	}
	return e
}

// BenchmarkCheck is on the way of every event into the collector.
func BenchmarkCheck(b *testing.B) {
	s := benchOpen(b, b.TempDir())
	events := newGenerator().batch(time.Now())
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := s.Check(&events[i%len(events)]); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkSeriesOverManySeries asks one region of ten thousand series of an hour, in a store that caches no answers.
func BenchmarkSeriesOverManySeries(b *testing.B) {
	s := benchOpen(b, b.TempDir())
	now := time.Now().Truncate(time.Minute)
	series := make([]*edge.Series, 10_000)
	for i := range series {
		series[i] = &edge.Series{Labels: []edge.Attr{
			{Key: "__name__", Value: "bench"},
			{Key: "cloud_region", Value: "r" + strconv.Itoa(i%100)},
			{Key: "n", Value: strconv.Itoa(i)},
		}}
	}
	samples := make([]edge.Sample, len(series))
	for at := now.Add(-time.Hour); at.Before(now); at = at.Add(10 * time.Second) {
		for i := range samples {
			samples[i] = edge.Sample{Series: series[i], Time: at.UnixMilli(), Value: 1}
		}
		if err := s.WriteSamples(b.Context(), 0, samples); err != nil {
			b.Fatal(err)
		}
	}
	s.Flush()
	for name, text := range map[string]string{
		"one region": `sum(sum_over_time(bench{cloud_region="r7"}[1m]))`,
		"all":        `sum(sum_over_time(bench[1m])) by (cloud_region)`,
	} {
		b.Run(name, func(b *testing.B) {
			before := cpuTime(b)
			for b.Loop() {
				q := store.SeriesQuestion{MetricsQL: text, From: now.Add(-time.Hour), To: now, Step: time.Minute}
				if got, err := s.Series(b.Context(), q); err != nil || len(got) == 0 {
					b.Fatal(len(got), err)
				}
			}
			b.ReportMetric(float64((cpuTime(b)-before).Microseconds())/1000/float64(b.N), "cpu-ms/op")
		})
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}

// cpuTime returns the CPU time that this process took.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func bytesBelow(b *testing.B, dir string) (n int64) {
	b.Helper()
	err := filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err == nil {
			n += info.Size()
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// BenchmarkKinds asks 300,000 events of each kind: each kind alone, and all together, which is the same to the client.
// It tells the CPU time of both, and how many times that of the three it is.
func BenchmarkKinds(b *testing.B) {
	s := benchOpen(b, b.TempDir())
	now := time.Now().Truncate(time.Minute)
	gen := newGenerator()
	for i := range 900 {
		batch := gen.batch(now.Add(-time.Duration(i) * time.Second))
		for j := range batch {
			batch[j].Kind = edge.Kind(i % waiting.Kinds)
			batch[j].Body, batch[j].Dataset = batch[j].Name, "hits"
		}
		if err := s.WriteEvents(b.Context(), 0, batch); err != nil {
			b.Fatal(err)
		}
	}
	s.Flush()
	ask := func(text string, kinds ...edge.Kind) time.Duration {
		q := store.RowsQuestion{LogsQL: text, From: now.Add(-time.Hour), To: now.Add(time.Hour), Kind: kinds[0], Also: kinds[1:]}
		before := cpuTime(b)
		if err := s.Rows(b.Context(), q, func(store.Row) error { return nil }); err != nil {
			b.Fatal(err)
		}
		return cpuTime(b) - before
	}
	for name, text := range map[string]string{
		"rows":    "*",
		"newest":  "* | sort by (_time) desc | limit 1000",
		"hits":    "* | stats by (_time:1m) count() n",
		"stats":   "* | stats by (cloud.region, service.name) count() n, sum(duration) d, quantile(0.9, duration) q",
		"many":    "* | stats by (url.path) count() n",
		"uniq":    "* | uniq by (url.path) with hits",
		"names":   "* | field_names",
		"values":  `* | field_values "url.path" limit 100`,
		"facets":  "* | facets 10 keep_const_fields",
		"in":      `url.path:in(service.name:="service-1" | fields url.path) | stats count() n`,
		"filter":  `service.name:="service-1" agent | fields _time, url.path`,
		"context": `url.path:="/route/1/1" | stream_context before 1`,
		"plain":   "* | stats by (cloud.region, service.name) count() n, sum(duration) d",
	} {
		b.Run(name, func(b *testing.B) {
			var alone, together time.Duration
			for b.Loop() {
				for kind := range edge.Kind(waiting.Kinds) {
					alone += ask(text, kind)
				}
				together += ask(text, edge.KindSpan, edge.KindLog, edge.KindDataPoint)
			}
			b.ReportMetric(float64(alone.Microseconds())/1000/float64(b.N), "alone-cpu-ms")
			b.ReportMetric(float64(together.Microseconds())/1000/float64(b.N), "together-cpu-ms")
			b.ReportMetric(together.Seconds()/alone.Seconds(), "times")
		})
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}
