package rollup_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/ingest/rollup"
)

// memory is a store as far as samples go: of one series and time the greatest value counts.
type memory struct {
	series map[string]map[int64]float64
	fail   error
}

func (m *memory) WriteSamples(_ context.Context, tenant edge.Tenant, samples []edge.Sample) error {
	if m.fail != nil {
		return m.fail
	}
	if m.series == nil {
		m.series = map[string]map[int64]float64{}
	}
	for _, s := range samples {
		var b strings.Builder
		fmt.Fprintf(&b, "tenant=%d", tenant)
		if !slices.IsSortedFunc(s.Series.Labels, func(a, b edge.Attr) int { return strings.Compare(a.Key, b.Key) }) {
			panic(fmt.Sprintf("labels are not sorted: %v", s.Series.Labels))
		}
		for _, l := range s.Series.Labels {
			b.WriteString("," + l.Key + "=" + l.Value)
		}
		name := b.String()
		if m.series[name] == nil {
			m.series[name] = map[int64]float64{}
		}
		m.series[name][s.Time] = max(m.series[name][s.Time], s.Value)
	}
	return nil
}

// sum adds up the samples, within [from, to) in Unix seconds, of every series that holds all the parts ("name=value").
func (m *memory) sum(from, to int64, parts ...string) float64 {
	total := 0.0
	for name, points := range m.series {
		if !holds(name, parts) {
			continue
		}
		for t, v := range points {
			if t >= from*1000 && t < to*1000 {
				total += v
			}
		}
	}
	return total
}

func holds(name string, parts []string) bool {
	for _, p := range parts {
		if !strings.Contains(name+",", ","+p+",") {
			return false
		}
	}
	return true
}

const day = 1_795_219_200 // 2026-11-21T00:00:00Z

type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func newRollup(c *clock, change ...func(*rollup.Options)) *rollup.Rollup {
	o := rollup.Options{Collector: "c1", Epoch: 1, Now: c.now, Log: slog.New(slog.DiscardHandler)}
	for _, f := range change {
		f(&o)
	}
	return rollup.New(o)
}

// invocation is an event that ended at a Unix second.
func invocation(at int64, change ...func(*edge.Event)) edge.Event {
	e := edge.Event{
		Time: at * 1e9, Duration: 20e6, HasDuration: true,
		Facts: edge.Facts{
			Invocation: true, Service: "shop", Platform: "cloudflare.workers", Region: "FRA", Colo: "FRA",
			Route:   "/cart",
			Version: "v1", Country: "DE", Outcome: edge.OutcomeOK, Weight: 1, Source: edge.SourceOTLP,
		},
	}
	for _, f := range change {
		f(&e)
	}
	return e
}

// add adds events that arrive at a time in Unix nanoseconds.
func add(r *rollup.Rollup, id edge.Tenant, arrival int64, events []edge.Event) {
	r.Add(&edge.Batch{Tenant: id, Arrival: arrival, Part: r.Part(), Events: events})
}

func flush(t *testing.T, r *rollup.Rollup, m *memory) {
	t.Helper()
	if err := r.Flush(t.Context(), m); err != nil {
		t.Fatalf("flush: %v", err)
	}
}

func (m *memory) want(t *testing.T, from, to int64, want float64, parts ...string) {
	t.Helper()
	if got := m.sum(from, to, parts...); math.Abs(got-want) > 1e-9*max(1, want) {
		t.Errorf("sum of %v in [%d, %d): got %v, want %v", parts, from-day, to-day, got, want)
	}
}

func TestLateBatchLandsInItsWindows(t *testing.T) {
	c, m := &clock{time.Unix(day+100, 0)}, &memory{}
	r := newRollup(c)
	add(r, 0, c.at.UnixNano(), []edge.Event{invocation(day + 3)})
	flush(t, r, m)
	c.at = c.at.Add(90 * time.Second)
	add(r, 0, c.at.UnixNano(), []edge.Event{invocation(day + 4), invocation(day + 17)})
	flush(t, r, m)

	m.want(t, day, day+10, 2, "__name__=edge_colo_requests")
	m.want(t, day+10, day+20, 1, "__name__=edge_colo_requests")
	m.want(t, day, day+3600, 3, "__name__=edge_route_requests", "http_route=/cart")
	if n := len(m.series); n == 0 || strings.Contains(fmt.Sprint(m.series), "edge_part") {
		t.Errorf("a batch within 15 minutes must not open parts: %v", m.series)
	}
}

func TestEveryWidthHoldsTheSameTotal(t *testing.T) {
	c, m := &clock{time.Unix(day+7000, 0)}, &memory{}
	r := newRollup(c, func(o *rollup.Options) { o.Open = 2 * time.Hour })
	for i := range int64(700) {
		add(r, 0, c.at.UnixNano(), []edge.Event{invocation(day + i*10)})
		if i%50 == 0 {
			flush(t, r, m)
		}
	}
	flush(t, r, m)
	for _, w := range edge.Widths {
		m.want(t, day, day+7200, 700, "__name__="+edge.Metric(edge.FamilyColo, edge.MetricRequests, w))
		m.want(t, day, day+7200, 700*0.02, "__name__="+edge.Metric(edge.FamilyRoute, edge.MetricDuration+"_sum", w))
	}
	m.want(t, day+3600, day+7200, 340, "__name__=edge_colo_requests:1h")
	m.want(t, day+300, day+600, 30, "__name__=edge_colo_requests:5m")
}

// TestPartsAddUp turns the part between events of one window: each part has samples of its own, in the series of the
// others.
func TestPartsAddUp(t *testing.T) {
	c, m := &clock{time.Unix(day, 0)}, &memory{}
	r := newRollup(c)
	for range 4 {
		add(r, 0, c.at.UnixNano(), []edge.Event{invocation(day + 2), invocation(day + 9)})
		flush(t, r, m)
		add(r, 0, c.at.UnixNano(), []edge.Event{invocation(day + 3)})
		r.Turn()
		flush(t, r, m)
	}
	for _, w := range edge.Widths {
		m.want(t, day, day+w.Seconds, 12, "__name__="+edge.Metric(edge.FamilyColo, edge.MetricRequests, w))
		if n := m.points("__name__=" + edge.Metric(edge.FamilyColo, edge.MetricRequests, w)); n != 4 {
			t.Errorf("width %d s: %d samples, want one for each part", w.Seconds, n)
		}
	}
	if strings.Contains(fmt.Sprint(m.series), "edge_part") {
		t.Error("parts must not cost series of their own")
	}
}

// points counts the samples of the series that hold all the parts.
func (m *memory) points(parts ...string) (n int) {
	for name, points := range m.series {
		if holds(name, parts) {
			n += len(points)
		}
	}
	return n
}

// TestPartsBeginAgainInSeriesOfTheirOwn turns more often than a window has milliseconds.
func TestPartsBeginAgainInSeriesOfTheirOwn(t *testing.T) {
	c, m := &clock{time.Unix(day, 0)}, &memory{}
	r := newRollup(c)
	for _, part := range []uint64{1, 10_000, 10_001, 20_001} {
		r.Add(&edge.Batch{Part: part, Events: []edge.Event{invocation(day)}})
		flush(t, r, m)
	}
	m.want(t, day, day+10, 4, "__name__=edge_colo_requests")
	m.want(t, day, day+10, 1, "__name__=edge_colo_requests", "edge_part=2")
	m.want(t, day, day+300, 4, "__name__=edge_colo_requests:5m")
}

func TestFailedFlushIsWrittenLater(t *testing.T) {
	c, m := &clock{time.Unix(day+5, 0)}, &memory{fail: errors.New("disk full")}
	r := newRollup(c)
	add(r, 0, c.at.UnixNano(), []edge.Event{invocation(day + 1)})
	_ = r.Flush(t.Context(), m)
	c.at = c.at.Add(3 * time.Hour) // the window's time passes, but it must not be forgotten unwritten
	_ = r.Flush(t.Context(), m)
	m.fail = nil
	flush(t, r, m)
	m.want(t, day, day+10, 1, "__name__=edge_colo_requests")
	m.want(t, day, day+3600, float64(day+1), "__name__=edge_deploy", "service_version=v1")
}

func TestPartTurnsWhenItIsOldOrLarge(t *testing.T) {
	c, m := &clock{time.Unix(day, 0)}, &memory{}
	r := newRollup(c, func(o *rollup.Options) { o.MaxBytes = 4 << 20 })
	if c.at = c.at.Add(time.Hour); r.Due() {
		t.Error("a part without anything is due")
	}
	r.Turn()
	add(r, 0, c.at.UnixNano(), []edge.Event{invocation(day)})
	if c.at = c.at.Add(15*time.Minute - time.Second); r.Due() {
		t.Error("a part is due before its time")
	}
	if c.at = c.at.Add(time.Second); !r.Due() {
		t.Error("after 15 minutes a part is not due")
	}
	r.Turn()
	forget(t, r, m)
	if got := r.Stats(); got.Keys+got.Cells+got.Unwritten != 0 || got.Bytes > 1<<20 {
		t.Errorf("of a part that is over %+v is held", got)
	}
	for i := int64(0); !r.Due(); i++ {
		add(r, 0, c.at.UnixNano(), []edge.Event{invocation(day - i*600)})
	}
	if got := r.Stats().Bytes; got < 2<<20 || got > 3<<20 {
		t.Errorf("a part of %d bytes is due, want half of 4 MiB", got)
	}
}

// forget writes and forgets the parts that are over.
func forget(t *testing.T, r *rollup.Rollup, m *memory) {
	t.Helper()
	if err := r.Unsettled(func([]byte) error { return nil }); err != nil {
		t.Fatal(err)
	}
	flush(t, r, m)
	r.Drop()
}

// TestWhoIsFullWaitsForRoom fills a rollup whose store takes nothing.
func TestWhoIsFullWaitsForRoom(t *testing.T) {
	c, m := &clock{time.Unix(day, 0)}, &memory{fail: errors.New("disk full")}
	r := newRollup(c, func(o *rollup.Options) { o.MaxBytes = 2 << 20 })
	full, freed := false, (<-chan struct{})(nil)
	for i := int64(0); !full; i++ {
		add(r, 0, c.at.UnixNano(), []edge.Event{invocation(day - i*600)})
		if r.Due() && !r.Over() {
			r.Turn()
		}
		full, freed = r.Full()
	}
	if err := r.Flush(t.Context(), m); err == nil {
		t.Fatal("the store takes samples")
	}
	r.Drop()
	select {
	case <-freed:
		t.Fatal("there is room, and the store has taken nothing")
	default:
	}
	m.fail = nil
	forget(t, r, m)
	<-freed
	if full, _ := r.Full(); full {
		t.Error("full, after everything was written")
	}
}

// TestCellsAreCompact measures what cells of few samples take, those of late data: events of one service over eight
// days.
func TestCellsAreCompact(t *testing.T) {
	c := &clock{time.Unix(day, 0)}
	r := newRollup(c, func(o *rollup.Options) { o.MaxBytes = 1 << 30 })
	random := rand.New(rand.NewPCG(7, 8))
	before := heap()
	for range 20_000 {
		add(r, 0, c.at.UnixNano(), []edge.Event{invocation(day-random.Int64N(8*86400), func(e *edge.Event) {
			e.Facts.ColdStart, e.Facts.CacheStatus = edge.False, edge.CacheHit
			e.Facts.Status = 200
		})})
		if r.Stats().Unwritten > 1000 {
			if err := r.Flush(t.Context(), drain{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	stats := r.Stats()
	real, counted := (heap()-before)/int64(stats.Cells), stats.Bytes/int64(stats.Cells)
	t.Logf("%d cells, %d bytes each, counted as %d", stats.Cells, real, counted)
	if real > 200 {
		t.Errorf("a cell takes %d bytes of the heap, want at most 200", real)
	}
	if counted < real*8/10 || counted > real*12/10 {
		t.Errorf("a cell is counted as %d bytes, and takes %d", counted, real)
	}
	runtime.KeepAlive(r)
}

// drain is a store that keeps nothing.
type drain struct{}

func (drain) WriteSamples(context.Context, edge.Tenant, []edge.Sample) error { return nil }

// heap is the size in bytes of what is alive.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestWhatAnInvocationAdds(t *testing.T) {
	c, m := &clock{time.Unix(day, 0)}, &memory{}
	r := newRollup(c)
	add(r, 0, c.at.UnixNano(), []edge.Event{
		invocation(day, func(e *edge.Event) {
			e.Facts.Weight = 10
			e.Facts.ColdStart, e.Facts.HasInit, e.Facts.InitDuration = edge.True, true, 412e6
			e.Facts.HasCPU, e.Facts.CPUTime = true, 3e6
			e.Facts.CacheStatus = edge.CacheHit
		}),
		invocation(day, func(e *edge.Event) {
			e.Facts.ColdStart, e.Facts.Outcome, e.Facts.CacheStatus = edge.False, edge.OutcomeException, edge.CacheMiss
		}),
		invocation(day, func(e *edge.Event) { e.HasDuration = false }),
		invocation(day, func(e *edge.Event) { e.Facts.Invocation = false }),
		invocation(day, func(e *edge.Event) { e.Kind = edge.KindDataPoint }),
	})
	flush(t, r, m)
	f := func(want float64, parts ...string) {
		t.Helper()
		for _, family := range []string{edge.FamilyService, edge.FamilyColo, edge.FamilyRoute, edge.FamilyCountry} {
			p := slices.Clone(parts)
			p[0] = "__name__=" + family + p[0]
			m.want(t, day, day+10, want, p...)
		}
	}
	f(3, "events", "edge_signal=span")
	f(11, "requests", "edge_outcome=ok", "edge_signal=span")
	f(1, "requests", "edge_outcome=exception")
	f(1, "requests", "edge_signal=datapoint")
	f(10, "coldstarts", "faas_coldstart=true")
	f(1, "coldstarts", "faas_coldstart=false")
	f(10, "cache", "edge_cache_status=hit")
	f(1, "cache", "edge_cache_status=miss")
	f(4.12, "init_seconds_sum")
	f(10, "init_seconds_bucket")
	f(0.03, "cpu_seconds_sum")
	f(0.22, "duration_seconds_sum", "edge_signal=span")
	f(11, "duration_seconds_bucket", "edge_signal=span")
	f(11, "duration_seconds_bucket", "vmrange=1.896e-02...2.154e-02", "edge_signal=span")
	// How finely durations are kept apart depends on the family.
	apart := func(family string, labels ...string) {
		t.Helper()
		want := []string{"__name__=" + family + "duration_seconds_bucket", "vmrange=1.896e-02...2.154e-02"}
		m.want(t, day, day+10, 10, append(want, labels...)...)
	}
	apart(edge.FamilyService, "faas_coldstart=true", "edge_cache_status=hit")
	apart(edge.FamilyColo, "faas_coldstart=true", "edge_colo=FRA")
	apart(edge.FamilyRoute, "faas_coldstart=true", "http_route=/cart", "service_version=v1")
	for name := range m.series {
		if strings.Contains(name, "_duration_") && strings.Contains(name, "edge_cache_status") &&
			!strings.Contains(name, "edge_service_") {
			t.Errorf("durations by cache status cost too many series here: %s", name)
		}
	}
}

func TestSourcesAreKeptApart(t *testing.T) {
	c, m := &clock{time.Unix(day, 0)}, &memory{}
	r := newRollup(c)
	add(r, 0, c.at.UnixNano(), []edge.Event{
		invocation(day),
		invocation(day, func(e *edge.Event) { e.Facts.Source = edge.SourceTail }),
		invocation(day, func(e *edge.Event) { e.Facts.Source = edge.SourceTailStream }),
		invocation(day, func(e *edge.Event) { e.Kind = edge.KindDataPoint }),
	})
	flush(t, r, m)
	m.want(t, day, day+10, 1, "__name__=edge_colo_requests", "edge_signal=span")
	m.want(t, day, day+10, 2, "__name__=edge_colo_requests", "edge_signal=tail")
	m.want(t, day, day+10, 1, "__name__=edge_colo_requests", "edge_signal=datapoint")
}

func TestTenantsAreKeptApart(t *testing.T) {
	c, m := &clock{time.Unix(day, 0)}, &memory{}
	r := newRollup(c)
	add(r, 1, c.at.UnixNano(), []edge.Event{invocation(day)})
	add(r, 2, c.at.UnixNano(), []edge.Event{invocation(day), invocation(day)})
	flush(t, r, m)
	for name := range m.series {
		if !strings.HasPrefix(name, "tenant=1,") && !strings.HasPrefix(name, "tenant=2,") {
			t.Errorf("series of no tenant: %s", name)
		}
	}
	m.want(t, day, day+10, 3, "__name__=edge_colo_requests")
}

// realSize is what the design plans for: 330 colos, 40 routes, 3 versions, in some 120 countries.
func realSize() []edge.Event {
	var events []edge.Event
	for colo := range 330 {
		for route := range 40 {
			for v := range 3 {
				events = append(events, invocation(day, func(e *edge.Event) {
					e.Facts.Colo = "C" + strconv.Itoa(colo)
					e.Facts.Region = e.Facts.Colo
					e.Facts.Country = "K" + strconv.Itoa(colo%120)
					e.Facts.Route = "/r" + strconv.Itoa(route)
					e.Facts.Version = "v" + strconv.Itoa(v)
				}))
			}
		}
	}
	return events
}

func TestRealSizeFitsUnderTheDefaultCap(t *testing.T) {
	c, m := &clock{time.Unix(day, 0)}, &memory{}
	r := newRollup(c)
	add(r, 0, c.at.UnixNano(), realSize())
	flush(t, r, m)
	m.want(t, day, day+10, 330*40*3, "__name__=edge_colo_requests")
	m.want(t, day, day+10, 0, "otel_metric_overflow=true")
	if got, most := r.Stats().Keys, 1+330+40*3+120; got != most {
		t.Errorf("keys: got %d, want %d", got, most)
	}
}

func TestOverflowKeepsTotalsRight(t *testing.T) {
	c, m := &clock{time.Unix(day, 0)}, &memory{}
	r := newRollup(c, func(o *rollup.Options) { o.MaxKeys = 100 })
	events := realSize()
	add(r, 0, c.at.UnixNano(), events)
	for i := range 500 { // and more services than fit
		add(r, 0, c.at.UnixNano(), []edge.Event{invocation(day,
			func(e *edge.Event) { e.Facts.Service = "s" + strconv.Itoa(i) })})
	}
	flush(t, r, m)
	total := float64(len(events) + 500)
	m.want(t, day, day+10, total, "__name__=edge_colo_requests")
	m.want(t, day, day+10, total, "__name__=edge_route_requests")
	if m.sum(day, day+10, "__name__=edge_route_requests", "otel_metric_overflow=true", "service_name=shop") == 0 {
		t.Error("the overflow of service shop is not visible")
	}
	if keys := r.Stats().Keys; keys > 204 {
		t.Errorf("held keys: got %d, want at most twice the cap and the two last resorts", keys)
	}
}

// TestQuantilesOfTwoModes holds the promise that quantiles from rollups are within 2 % of exact, where it is hardest:
// between warm starts around 20 ms and cold ones around 250 ms.
func TestQuantilesOfTwoModes(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	c, m := &clock{time.Unix(day, 0)}, &memory{}
	r := newRollup(c)
	var exact []float64
	for range 50_000 {
		seconds := 0.020 * math.Exp(0.3*random.NormFloat64())
		if random.Float64() < 0.07 {
			seconds = 0.250 * math.Exp(0.2*random.NormFloat64())
		}
		exact = append(exact, float64(int64(seconds*1e9))/1e9)
		add(r, 0, c.at.UnixNano(), []edge.Event{invocation(day,
			func(e *edge.Event) { e.Duration = int64(seconds * 1e9) })})
	}
	flush(t, r, m)
	slices.Sort(exact)
	for _, q := range []float64{0.5, 0.9, 0.95, 0.99, 0.999} {
		want := exact[int(q*float64(len(exact)))]
		got := m.quantile(q)
		if math.Abs(got/want-1) > 0.02 {
			t.Errorf("p%v: got %.2f ms, exact %.2f ms", q*100, got*1e3, want*1e3)
		}
	}
}

// quantile interpolates inside the vmrange bucket that holds the quantile.
func (m *memory) quantile(q float64) float64 {
	type bucket struct{ low, high, count float64 }
	var buckets []bucket
	total := 0.0
	for name, points := range m.series {
		if !holds(name, []string{"__name__=edge_colo_duration_seconds_bucket"}) {
			continue
		}
		_, text, _ := strings.Cut(name, ",vmrange=")
		low, high, _ := strings.Cut(text, "...")
		b := bucket{}
		b.low, _ = strconv.ParseFloat(low, 64)
		b.high, _ = strconv.ParseFloat(high, 64)
		for _, v := range points {
			b.count += v
			total += v
		}
		buckets = append(buckets, b)
	}
	slices.SortFunc(buckets, func(a, b bucket) int { return int(math.Copysign(1, a.low-b.low)) })
	before := 0.0
	for _, b := range buckets {
		if before+b.count >= q*total {
			return b.low + (b.high-b.low)*(q*total-before)/b.count
		}
		before += b.count
	}
	return math.NaN()
}

func BenchmarkAdd(b *testing.B) {
	c, m := &clock{time.Unix(day, 0)}, &memory{}
	r := newRollup(c)
	events := realSize()
	rand.New(rand.NewPCG(3, 4)).Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	add(r, 0, c.at.UnixNano(), events)
	if err := r.Flush(b.Context(), m); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; b.Loop(); i++ {
		at := i * 50 % (len(events) - 50)
		add(r, 0, c.at.UnixNano(), events[at:at+50])
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/50, "ns/invocation")
}
