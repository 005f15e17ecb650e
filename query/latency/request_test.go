package latency

import (
	"math"
	"strings"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/edge/platform"
	"edgescope/query"
	"edgescope/store"
)

// TestWhatAFieldMeans holds how times are read from the fields of a row.
func TestWhatAFieldMeans(t *testing.T) {
	nan := math.NaN()
	base := map[string]string{edge.KeyDuration: "310000000"}
	f := func(name string, change map[string]string, of func(r *request) float64, want float64) {
		t.Helper()
		r, ok := read(func(field string) string {
			if v, changed := change[field]; changed {
				return v
			}
			return base[field]
		})
		if got := of(&r); !ok || got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
			t.Errorf("%s: got %v %t, want %v", name, got, ok, want)
		}
	}
	start := func(r *request) float64 { return r.Init }
	origin := func(r *request) float64 { return r.Origin }
	all := func(r *request) float64 { return r.whole() }
	f("nothing said of the start", nil, start, nan)
	f("warm", map[string]string{edge.KeyColdStart: "false"}, start, 0)
	f("cold, not how long", map[string]string{edge.KeyColdStart: "true"}, start, nan)
	f("cold", map[string]string{edge.KeyColdStart: "true", edge.KeyInitDuration: "120000000"}, start, 120)
	f("a start within", map[string]string{edge.KeyInitDuration: "120000000"}, all, 310)
	f("a start before", map[string]string{
		edge.KeyInitDuration: "120000000", edge.KeyCloudPlatform: platform.AWSLambda,
	}, all, 430)
	f("a start longer than all", map[string]string{edge.KeyInitDuration: "400000000"}, all, 710)
	f("no origin", nil, origin, nan)
	f("an origin", map[string]string{edge.KeyOriginDuration: "140000000"}, origin, 140)
	f("an origin of 0", map[string]string{edge.KeyOriginDuration: "0"}, origin, 0)
	f("a clock that stands still", map[string]string{
		edge.KeyOriginDuration: "0", edge.KeyCloudPlatform: platform.CloudflareWorkers,
	}, origin, nan)
	f("a hit", map[string]string{edge.KeyCacheStatus: edge.CacheHit}, origin, 0)
	f("a hit that asked", map[string]string{
		edge.KeyCacheStatus: edge.CacheHit, edge.KeyOriginDuration: "5000000",
	}, origin, 5)
	f("a stale one", map[string]string{edge.KeyCacheStatus: edge.CacheStale}, origin, nan)
	f("below 0", map[string]string{edge.KeyOriginDuration: "-1"}, origin, nan)
	f("a weight", map[string]string{store.FieldWeight: "4"}, func(r *request) float64 { return r.Weight }, 4)
	f("a weight that is none", map[string]string{store.FieldWeight: "x"}, func(r *request) float64 { return r.Weight }, 1)
	if _, ok := read(func(string) string { return "" }); ok {
		t.Error("a row without a duration is an invocation that took time")
	}
}

// TestWaitingIsTheUnion holds that calls at the same time count once, and those of other spans not at all.
func TestWaitingIsTheUnion(t *testing.T) {
	at := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	of := &query.Span{ID: "a", Start: at, Duration: 500}
	call := func(parent, kind string, from, length query.Num) query.Span {
		return query.Span{
			ParentID: parent, Kind: kind, Start: at.Add(time.Duration(from * 1e6)), Duration: length,
		}
	}
	f := func(want float64, spans ...query.Span) {
		t.Helper()
		if got := waited(spans, of); got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	f(math.NaN())
	f(math.NaN(), call("b", "client", 0, 100), call("a", "internal", 0, 100), call("a", "client", 0, 0))
	f(100, call("a", "client", 10, 100))
	f(140, call("a", "client", 150, 90), call("a", "client", 100, 100))
	f(200, call("a", "client", 0, 100), call("a", "client", 300, 100))
	f(100, call("a", "client", 0, 100), call("a", "client", 20, 10))
}

// TestViewsArePutTogether holds which invocation is the edge's view of a request.
func TestViewsArePutTogether(t *testing.T) {
	one := func(span, parent string) request { return request{trace: "t", span: span, parent: parent} }
	f := func(want string, all ...request) {
		t.Helper()
		got := matched([]sent{{spanKey{"t", "c"}, 42}}, map[string][]request{"t": all})
		switch {
		case want == "" && len(got) != 0, want != "" && (len(got) != 1 || got[0].span != want || got[0].Client != 42):
			t.Errorf("got %+v, want %q", got, want)
		}
	}
	f("")
	f("e", one("e", "c"))
	f("e", one("d", "x"), one("e", "c"))
	f("e", one("e", "x"))               // the only one of its trace
	f("", one("d", "x"), one("e", "y")) // which of them?
}

// TestPiecesAreThoseOfTheRange holds that a sample is everything where that is little, and else evenly spread.
func TestPiecesAreThoseOfTheRange(t *testing.T) {
	from := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	if text := sampleOf(20_000, 20_000).pipe(from, from.Add(time.Hour)); text != "" {
		t.Errorf("all are asked for by %s", text)
	}
	s := sampleOf(5_000_000, 20_000)
	text := s.pipe(from, from.Add(time.Hour))
	if s.shift != 8 || strings.Count(text, "_time:[") != mostPieces {
		t.Errorf("1 of 2^%d in %s", s.shift, text)
	}
	if !strings.HasPrefix(text, "| filter (_time:[2026-03-04T12:00:00.000000000Z,2026-03-04T12:00:00.878906250Z) or ") {
		t.Errorf("it begins with %.120s", text)
	}
	calls := 0
	err := s.grow(1, func() (int, error) {
		if calls++; calls < 3 {
			return 0, errTooMany
		}
		return 0, nil
	})
	if err != nil || s.shift != 10 {
		t.Errorf("after two times too many: 2^%d, %v", s.shift, err)
	}
	if err := s.grow(1, func() (int, error) { return 0, errTooMany }); err == nil {
		t.Error("it asks for ever")
	}
}
