package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"go.uber.org/goleak"

	"edgescope/edge"
	"edgescope/query/client"
	"edgescope/query/engine"
	"edgescope/query/querytest"
	"edgescope/query/tables"
	"edgescope/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }

const tenant = querytest.Tenant

// world is a store with an engine that asks it.
type world struct {
	*querytest.World

	engine *engine.Engine
}

func newWorld(t testing.TB) *world {
	w := &world{World: querytest.New(t)}
	w.engine = w.newEngine(w.Store)
	return w
}

func (w *world) newEngine(s store.Reader) *engine.Engine {
	places := map[string]engine.Place{
		"FRA": {City: "Frankfurt", Country: "DE", Lat: 50.03, Lon: 8.57},
		"IAD": {City: "Ashburn", Country: "US", Lat: 38.94, Lon: -77.46},
	}
	return engine.New(tables.New(s, func() time.Time { return w.Now }, tables.AtOnce), engine.Options{
		Colo: func(code string) (engine.Place, bool) { p, ok := places[code]; return p, ok },
		RefusalExample: func(of edge.Tenant, metric, reason, sender string) string {
			if of != tenant || metric != edge.MetricRefusedRequests {
				return ""
			}
			return reason + " was told to " + sender
		},
	})
}

// refusedTotal is a total of what was refused.
type refusedTotal struct {
	metric, reason, sender string
	n                      float64
}

// refuse keeps a total in the window of that time, as a collector does.
func (w *world) refuse(of edge.Tenant, at time.Time, r refusedTotal) {
	w.T.Helper()
	series := &edge.Series{Labels: []edge.Attr{
		{Key: edge.LabelName, Value: r.metric},
		{Key: edge.LabelCollector, Value: "test"},
		{Key: edge.LabelReason, Value: r.reason},
		{Key: edge.LabelSender, Value: r.sender},
	}}
	sample := edge.Sample{Series: series, Time: at.Truncate(10 * time.Second).UnixMilli(), Value: r.n}
	if err := w.Store.WriteSamples(context.Background(), of, []edge.Sample{sample}); err != nil {
		w.T.Fatal(err)
	}
	w.Store.Flush()
}

// serve starts the API on loopback and returns a client of it.
func (w *world) serve() (*httptest.Server, *client.Client) { return w.Serve(w.engine.Answers()) }

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
	now := w.Now
	defer func() { w.Now = now }()
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
		if events = append(events, w.Invocation(when, time.Duration(d), f)); len(events) == batch {
			w.Now = when
			w.Add(tenant, events...)
			events = events[:0]
		}
	}
	w.Now = now
	w.Add(tenant, events...)
	w.Store.Flush()
}
