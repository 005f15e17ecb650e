package engine_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"go.uber.org/goleak"

	"edgescope/edge"
	"edgescope/ingest/rollup"
	"edgescope/query"
	"edgescope/query/engine"
	"edgescope/store"
	"edgescope/store/embedded"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }

const tenant edge.Tenant = 7

// world is a real store with the real rollups before it, and a clock that stands still 17 minutes and 30 seconds after
// an hour: no bucket boundary.
type world struct {
	t      testing.TB
	store  *embedded.Store
	rollup *rollup.Rollup
	engine *engine.Engine
	now    time.Time
	spans  uint64 // how many ids were given out
}

func newWorld(t testing.TB) *world {
	t.Helper()
	s, err := embedded.Open(context.Background(), embedded.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	w := &world{
		t: t, store: s, now: time.Now().UTC().Truncate(time.Hour).Add(-time.Hour + 17*time.Minute + 30*time.Second),
	}
	w.rollup = rollup.New(rollup.Options{Collector: "test", Now: func() time.Time { return w.now }})
	w.engine = w.newEngine(s)
	return w
}

func (w *world) newEngine(s store.Reader) *engine.Engine {
	places := map[string]engine.Place{
		"FRA": {City: "Frankfurt", Country: "DE", Lat: 50.03, Lon: 8.57},
		"IAD": {City: "Ashburn", Country: "US", Lat: 38.94, Lon: -77.46},
	}
	return engine.New(s, engine.Options{
		Now:  func() time.Time { return w.now },
		Colo: func(code string) (engine.Place, bool) { p, ok := places[code]; return p, ok },
		RefusalExample: func(of edge.Tenant, metric, reason, sender string) string {
			if of != tenant || metric != edge.MetricRefusedRequests {
				return ""
			}
			return reason + " was told to " + sender
		},
	})
}

// write takes events the way a collector does: rows and rollups, visible at once.
func (w *world) write(tenant edge.Tenant, events ...edge.Event) {
	w.t.Helper()
	w.add(tenant, events...)
	w.store.Flush()
}

// add takes events as write does, visible some time.
func (w *world) add(tenant edge.Tenant, events ...edge.Event) {
	w.t.Helper()
	ctx := context.Background()
	if err := w.store.WriteEvents(ctx, tenant, events); err != nil {
		w.t.Fatal(err)
	}
	w.rollup.Add(&edge.Batch{Tenant: tenant, Arrival: w.now.UnixNano(), Part: w.rollup.Part(), Events: events})
	if err := w.rollup.Flush(ctx, w.store); err != nil {
		w.t.Fatal(err)
	}
}

// refusedTotal is a total of what was refused.
type refusedTotal struct {
	metric, reason, sender string
	n                      float64
}

// refuse keeps a total in the window of that time, as a collector does.
func (w *world) refuse(of edge.Tenant, at time.Time, r refusedTotal) {
	w.t.Helper()
	series := &edge.Series{Labels: []edge.Attr{
		{Key: edge.LabelName, Value: r.metric},
		{Key: edge.LabelCollector, Value: "test"},
		{Key: edge.LabelReason, Value: r.reason},
		{Key: edge.LabelSender, Value: r.sender},
	}}
	sample := edge.Sample{Series: series, Time: at.Truncate(10 * time.Second).UnixMilli(), Value: r.n}
	if err := w.store.WriteSamples(context.Background(), of, []edge.Sample{sample}); err != nil {
		w.t.Fatal(err)
	}
	w.store.Flush()
}

// ids makes the next trace and span id.
func (w *world) ids() (t edge.TraceID, s edge.SpanID) {
	w.spans++
	binary.BigEndian.PutUint64(t[8:], w.spans)
	binary.BigEndian.PutUint64(s[:], w.spans)
	return t, s
}

// invocation makes a span that is an invocation and ends at that time.
func (w *world) invocation(end time.Time, d time.Duration, facts edge.Facts) edge.Event {
	e := edge.Event{
		Kind: edge.KindSpan, SpanKind: edge.SpanServer, Name: "fetch", Time: end.UnixNano(),
		Duration: int64(d), HasDuration: true,
	}
	e.TraceID, e.SpanID = w.ids()
	facts.Invocation = true
	if facts.Outcome == "" {
		facts.Outcome = edge.OutcomeOK
	}
	if facts.Weight == 0 {
		facts.Weight = 1
	}
	if facts.Source == "" {
		facts.Source = edge.SourceOTLP
	}
	e.Facts = facts
	return e
}

// serve starts the API on loopback and returns a client of it.
func (w *world) serve() (*httptest.Server, *query.Client) {
	w.t.Helper()
	h := query.NewHandler(w.engine.Answers(), query.Options{
		Tenant: func(*http.Request) (edge.Tenant, error) { return tenant, nil },
		Now:    func() time.Time { return w.now },
		Logger: slog.New(slog.NewTextHandler(w.t.Output(), nil)),
	})
	s := httptest.NewServer(h)
	w.t.Cleanup(s.Close)
	c, err := query.NewClient(s.URL, s.Client())
	if err != nil {
		w.t.Fatal(err)
	}
	return s, c
}

// ask parses a question from the text of a URL query.
func (w *world) ask(text string) query.Question {
	w.t.Helper()
	v, err := parseQuery(text)
	if err != nil {
		w.t.Fatal(err)
	}
	q, err := query.Parse(v, w.now)
	if err != nil {
		w.t.Fatal(err)
	}
	return q
}

// at walks a JSON value by a path such as "regions.0.name"; a word finds the element of an array with that name or key.
func at(v any, path []string) (any, error) {
	for i, p := range path {
		switch x := v.(type) {
		case map[string]any:
			v = x[p]
		case []any:
			n, err := strconv.Atoi(p)
			if p == "length" {
				return float64(len(x)), nil
			}
			if err != nil {
				n = named(x, p)
			}
			if n < 0 || n >= len(x) {
				return nil, fmt.Errorf("%v: no element %s of %d", path[:i], p, len(x))
			}
			v = x[n]
		default:
			return nil, fmt.Errorf("%v is %v and has no %s", path[:i], v, p)
		}
	}
	return v, nil
}

func named(list []any, name string) int {
	for i, x := range list {
		if m, ok := x.(map[string]any); ok && (m["name"] == name || m["key"] == name || m["value"] == name) {
			return i
		}
	}
	return -1
}

func decode(t testing.TB, body []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatalf("%v in %.300s", err, body)
	}
	return v
}

func (w *world) get(address string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, err
	}
	return http.DefaultTransport.RoundTrip(req)
}

// fill writes n invocations of the last hour in the order of time; the clock goes with them, since what comes late is
// kept in further parts of windows, which are further series.
func (w *world) fill(n int) {
	now := w.now
	defer func() { w.now = now }()
	r := rand.New(rand.NewPCG(1, 2))
	batch := max(1, n/60) // a minute of events
	events := make([]edge.Event, 0, batch)
	caches := []string{"", edge.CacheHit, edge.CacheHit, edge.CacheHit, edge.CacheMiss, edge.CacheStale}
	zipf := rand.NewZipf(r, 1.3, 8, 329)
	for i := range n {
		when := now.Add(-time.Hour + time.Duration(float64(time.Hour)*float64(i)/float64(n)))
		pop := fmt.Sprintf("P%03d", zipf.Uint64())
		f := edge.Facts{
			Service: "shop", Region: pop, Colo: pop, Platform: "cloudflare.workers",
			Route:   fmt.Sprintf("/r%d", r.IntN(40)),
			Version: fmt.Sprintf("v%d", r.IntN(3)), Country: []string{"DE", "US", "SG", "BR", "JP"}[r.IntN(5)],
			Status:      200,
			CacheStatus: caches[r.IntN(len(caches))], ColdStart: edge.False, HasCPU: true,
			CPUTime: int64(1e6 * math.Exp(r.NormFloat64()/2)),
		}
		d := 8e6 * math.Exp(r.NormFloat64()*0.5)
		if r.IntN(50) == 0 {
			f.ColdStart, f.HasInit, f.InitDuration = edge.True, true, int64(5e7*math.Exp(r.NormFloat64()/3))
			d += float64(f.InitDuration)
		}
		if r.IntN(100) == 0 {
			f.Status, f.Outcome = 500, edge.OutcomeError
		}
		if events = append(events, w.invocation(when, time.Duration(d), f)); len(events) == batch {
			w.now = when
			w.add(tenant, events...)
			events = events[:0]
		}
	}
	w.now = now
	w.add(tenant, events...)
	w.store.Flush()
}
