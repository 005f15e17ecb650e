package caching_test

import (
	"math"
	"testing"
	"time"

	"go.uber.org/goleak"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/caching"
	"edgescope/query/querytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }

// request is an answered request, before now.
type request struct {
	ago           time.Duration
	took          time.Duration
	method, cache string
	status        int
	path          string
	attrs         []edge.Attr
}

func write(w *querytest.World, list ...request) {
	w.T.Helper()
	events := make([]edge.Event, len(list))
	for i, r := range list {
		events[i] = w.Invocation(w.Now.Add(-r.ago), r.took, edge.Facts{
			Service: "shop", Region: "FRA", Route: "/img/:id", Method: r.method, Status: r.status, CacheStatus: r.cache,
		})
		events[i].Attrs = append([]edge.Attr{{Key: "url.path", Value: r.path}}, r.attrs...)
	}
	w.Write(querytest.Tenant, events...)
}

// cached writes requests for two paths every 20 seconds of the last hour, of which every fifth misses.
func cached(w *querytest.World) {
	w.T.Helper()
	var list []request
	for i := range 176 {
		r := request{
			ago: time.Hour - time.Duration(i)*20*time.Second, took: 10 * time.Millisecond, method: "GET",
			cache: edge.CacheHit, status: 200, path: []string{"/img/1?w=80", "/img/2"}[i/5%2],
			attrs: []edge.Attr{
				{Key: "http.response.body.size", Value: "2000"},
				{Key: "http.response.header.cache-control", Value: "public, max-age=3600"},
			},
		}
		if i%5 == 0 {
			r.cache, r.took = edge.CacheMiss, 110*time.Millisecond
		}
		list = append(list, r)
	}
	write(w, list...)
}

func ask(w *querytest.World, text string) *query.CacheAdvice {
	w.T.Helper()
	a, err := caching.New(w.Read).Advise(w.T.Context(), querytest.Tenant, w.Ask(text))
	if err != nil {
		w.T.Fatal(err)
	}
	return a
}

func TestAdviceIsOfWhatACacheMayAnswer(t *testing.T) {
	w := querytest.New(t)
	cached(w)
	miss := request{ago: 30 * time.Minute, took: time.Second, method: "GET", cache: edge.CacheMiss, status: 200, path: "/img/1"}
	post, missing, bypassed, private, session := miss, miss, miss, miss, miss
	post.method, missing.status, bypassed.cache = "POST", 404, edge.CacheBypass
	private.attrs = []edge.Attr{{Key: "http.request.header.authorization", Value: "REDACTED"}}
	session.attrs = []edge.Attr{{Key: "http.request.header.cookie", Value: "a=b"}}
	write(w, post, missing, bypassed, private, session)
	a := ask(w, "range=1h")
	if len(a.Advice) != 1 || a.Left != 0 || a.Target != .85 || a.Source != "events" {
		t.Fatalf("got %+v", a)
	}
	x := a.Advice[0]
	for name, f := range map[string][2]query.Num{
		"requests": {x.Requests, 176}, "misses": {x.Misses, 36}, "miss": {x.MissTime, 110}, "hit": {x.HitTime, 10},
		"lost": {x.Lost, 3600}, "bytes": {x.Bytes, 2000}, "keys": {x.Keys, 2}, "configured": {x.Configured, 3600},
	} {
		if math.Abs(float64(f[0]-f[1])) > 1.5 {
			t.Errorf("%s is %v, want %v", name, f[0], f[1])
		}
	}
	if x.Region != "FRA" || x.Route != "/img/:id" || x.Hits.Origin != query.OriginMeasured ||
		x.Kept.Origin != query.OriginModel || x.Hits.Low >= x.Hits.Value {
		t.Errorf("got %+v", x)
	}
	if !(x.Kept.Low < x.Kept.Value && x.Kept.Value < x.Kept.High) || len(x.Text) == 0 {
		t.Errorf("kept for %+v: %q", x.Kept, x.Text)
	}
	if a = ask(w, "range=1h&target=50"); a.Target != .5 || a.Advice[0].ForTarget.Value.OK() {
		t.Errorf("a lower target needs %+v", a.Advice[0].ForTarget)
	}
	if a = ask(w, "range=1h&region=GRU"); len(a.Advice) != 0 || a.Replayed != nil {
		t.Errorf("of another region: %+v", a)
	}
}

func TestFewMissesAreNoCandidates(t *testing.T) {
	w := querytest.New(t)
	one := request{ago: 30 * time.Minute, took: time.Second, method: "GET", cache: edge.CacheMiss, status: 200, path: "/a"}
	write(w, one, one, one, one)
	if a := ask(w, "range=1h"); len(a.Advice) != 0 {
		t.Errorf("four misses make %+v", a.Advice)
	}
	write(w, one)
	a := ask(w, "range=1h")
	if len(a.Advice) != 1 || a.Advice[0].Keys.OK() || a.Advice[0].Kept.Value.OK() || len(a.Advice[0].Text) != 0 {
		t.Errorf("of five misses alone follows more than their number: %+v", a.Advice)
	}
}

func TestExamplesOfTheDocumentHold(t *testing.T) {
	w := querytest.New(t)
	cached(w)
	w.Examples(t, "../../docs/api.md", caching.New(w.Read).Answers(), query.PathAdvice)
}
