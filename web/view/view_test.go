package view

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"edgescope/edge"
	"edgescope/query"
)

func parse(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestWithSetsOneKeyAndKeepsTheOthers(t *testing.T) {
	f := func(from, key, value, want string) {
		t.Helper()
		if got := With(parse(t, from), key, value); got != want {
			t.Errorf("%s with %s=%s: %s, want %s", from, key, value, got, want)
		}
	}
	f("/regions", "sort", "-p99", "/regions?sort=-p99")
	f("/regions?sort=-p99", "sort", "-p95", "/regions")
	f("/regions?version=b&region=FRA&region=-IAD", "range", "6h", "/regions?range=6h&region=FRA&region=-IAD&version=b")
	f("/?range=6h", "range", "1h", "/")
	f("/?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&p=99", "range", "24h", "/?p=99&range=24h")
	f("/traces?after=abc", "region", "FRA", "/traces?region=FRA")
	f("/traces?region=FRA", "after", "abc", "/traces?after=abc&region=FRA")
	f("/?p=95&cmp=prev&live=1&q=", "service", "", "/")
	f("/regions/a%20b", "p", "50", "/regions/a%20b?p=50")
	f("/traces", "route", "/img/*?w=1&h=2", "/traces?route=%2Fimg%2F%2A%3Fw%3D1%26h%3D2")
}

func TestEqualViewsHaveEqualURLs(t *testing.T) {
	a := With(parse(t, "/?service=x&version=y"), "p", "99")
	b := With(parse(t, "/?version=y&p=99&cmp=prev"), "service", "x")
	if a != b {
		t.Errorf("%s and %s are the same view", a, b)
	}
}

func TestWithoutLiftsOneValue(t *testing.T) {
	if got := Without(parse(t, "/traces?region=FRA&region=IAD&after=x"), "region", "FRA"); got != "/traces?region=IAD" {
		t.Errorf("got %s", got)
	}
}

func TestOtherPagesGetRangeAndFiltersOnly(t *testing.T) {
	u := parse(t, "/traces?range=6h&region=FRA&sort=-start&min=5ms&max=9ms&after=x&base=y")
	if got := To(u, "/cache"); got != "/cache?range=6h&region=FRA" {
		t.Errorf("got %s", got)
	}
	if got := RegionLink(u, "GRU/x"); got != "/regions/GRU/x?range=6h" {
		t.Errorf("got %s", got)
	}
	if got := ToWith(u, "/traces", "region", "IAD"); got != "/traces?range=6h&region=IAD" {
		t.Errorf("got %s", got)
	}
}

func TestARowIsJudgedByItsNormAndTheTargets(t *testing.T) {
	f := func(targets Targets, ratio, errors, p95, samples query.Num, want State) {
		t.Helper()
		r := query.Row{Ratio: ratio, Stats: query.Stats{ErrorRatio: errors, P95: p95, Samples: samples}}
		if got := rowState(targets, &r); got != want {
			t.Errorf("ratio %v, errors %v, p95 %v, n %v: %+v, want %+v", ratio, errors, p95, samples, got, want)
		}
	}
	none := query.None()
	f(Targets{}, 1, 0, 50, 100, State{"ok", "✓ ok"})
	f(Targets{}, 1.25, 0, 50, 100, State{"warn", "! +25\u00a0%"})
	f(Targets{}, 1.64, 0, 50, 100, State{"bad", "✕ +64\u00a0%"})
	f(Targets{}, none, 0, 50, 100, State{"quiet", "· no norm yet"})
	f(Targets{}, 2, 0, 50, 19, State{"quiet", "· few samples"})
	f(Targets{P95: 40}, 1, 0, 50, 100, State{"bad", "✕ over 40\u00a0ms"})
	f(Targets{ErrorRatio: .001}, 1, .0014, 50, 100, State{"warn", "! burn 1.40×"})
	f(Targets{ErrorRatio: .001}, 2, .0062, 50, 100, State{"bad", "✕ burn 6.20×"})
	f(Targets{ErrorRatio: .001}, 1, none, 50, 100, State{"ok", "✓ ok"})
	if got := rowState(Targets{}, &query.Row{Silent: 299}); got != (State{"bad", "✕ silent 4\u00a0min"}) {
		t.Errorf("a silent region: %+v", got)
	}
}

func TestTilesTellWhatGotWorse(t *testing.T) {
	page := &Page{URL: parse(t, "/")}
	f := func(index int, now, before query.Num, change, class, note string) {
		t.Helper()
		spec := overviewTiles[index]
		spec.note = nil
		stats := func(v query.Num) *query.Stats {
			return &query.Stats{Rate: v, P95: v, Cache: query.Cache{HitRatio: v}, Samples: 100}
		}
		got := spec.tile(page, stats(now), stats(before), nil, nil)
		if got.Change != change || got.ChangeClass != class || got.Note != note {
			t.Errorf("tile %s, %v after %v: %q %q %q, want %q %q %q", got.ID, now, before, got.Change, got.ChangeClass, got.Note, change, class, note)
		}
	}
	f(0, 11400, 10951, "▲\u00a04\u00a0%", "flat", "was 11.0\u00a0k/s")
	f(2, 74, 65, "▲\u00a09\u00a0ms", "worse", "was 65\u00a0ms")
	f(2, 65, 74, "▼\u00a09\u00a0ms", "good", "was 74\u00a0ms")
	f(2, 65, 65, "±0", "flat", "was 65\u00a0ms")
	f(6, .931, .949, "▼\u00a01.80\u00a0pt", "worse", "was 94.9\u00a0%")
	f(2, query.None(), 65, "", "", "")
	f(2, 65, query.None(), "", "", "")
}

func TestAFewSamplesTileSaysSo(t *testing.T) {
	stats := &query.Stats{P95: 65, Samples: 7}
	if got := overviewTiles[2].tile(&Page{URL: parse(t, "/")}, stats, nil, nil, nil); got.Few != "n=7" {
		t.Errorf("got %q, want n=7", got.Few)
	}
}

func TestIntegersAreGrouped(t *testing.T) {
	f := func(n int64, want string) {
		t.Helper()
		if got := strings.ReplaceAll(integer(n), "\u202f", "_"); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
	f(0, "0")
	f(999, "999")
	f(1000, "1_000")
	f(128411, "128_411")
	f(-1234567, "-1_234_567")
}

func TestACaretPointsAtTheColumn(t *testing.T) {
	if got := caret("route:/a <b>", 10); got != "route:/a &lt;b&gt;\n         ^" {
		t.Errorf("got %q", got)
	}
}

func TestSumsAreAbsentOnlyWithoutAnyNumber(t *testing.T) {
	none := query.None()
	if got := add(none, 2, none, 3); got != 5 {
		t.Errorf("got %v, want 5", got)
	}
	if add(none, none).OK() || add().OK() {
		t.Error("a sum of nothing is a number")
	}
	lines := []query.Line{{Name: "hit", Values: []query.Num{1, none, 3}}, {Name: "stale", Values: []query.Num{none, none, 4, 9}}, {Name: "miss", Values: []query.Num{7, 7, 7}}}
	got := sumLines(lines, []string{"hit", "stale"}, 3)
	if got[0] != 1 || got[1] == got[1] || got[2] != 7 {
		t.Errorf("got %v, want 1, a gap, 7", got)
	}
}

func TestAShareOfNothingIsNoBar(t *testing.T) {
	if _, ok := cacheParts(query.Cache{Hit: query.None(), Miss: query.None()}); ok {
		t.Error("absent outcomes make a bar")
	}
	parts, ok := cacheParts(query.Cache{Hit: 3, Miss: 1, Stale: query.None()})
	if !ok || parts[0].Share != .75 || parts[2].Share != .25 {
		t.Errorf("got %+v", parts)
	}
}

func TestARunsWindowsKeepTheirPlaceInTime(t *testing.T) {
	r := edge.Run{Started: time.Unix(0, 0), Points: []edge.RunPoint{
		{At: 10, Width: 5, Requests: 50, P95: 80}, {At: 20, Width: 5, Requests: 0, P95: 0}, {At: 25, Width: 5, Requests: 5, P95: 90},
	}}
	rate, latency := clientFigures(&r)
	none := query.None()
	equal := cmp.Comparer(func(a, b query.Num) bool { return a == b || !a.OK() && !b.OK() })
	if diff := cmp.Diff([]query.Num{10, none, 0, 1}, rate.Plot.Series[0].Values, equal); diff != "" {
		t.Errorf("requests/s (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]query.Num{80, none, none, 90}, latency.Plot.Series[1].Values, equal); diff != "" {
		t.Errorf("p95 (-want +got):\n%s", diff)
	}
	if rate.Plot.From != 10 || rate.Plot.Step != 5 {
		t.Errorf("from %d step %v, want 10 and 5", rate.Plot.From, rate.Plot.Step)
	}
}

func TestAStrangeRunDoesNotTakeTheMemory(t *testing.T) {
	f := func(points ...edge.RunPoint) {
		t.Helper()
		rate, _ := clientFigures(&edge.Run{Points: points})
		if rate.Plot != nil && len(rate.Plot.Series[0].Values) > 6000 {
			t.Errorf("%+v: %d values", points, len(rate.Plot.Series[0].Values))
		}
	}
	f(edge.RunPoint{At: 0, Width: 1}, edge.RunPoint{At: 1e15, Width: 1})
	f(edge.RunPoint{At: 5, Width: 0}, edge.RunPoint{At: 1, Width: -3})
	f(edge.RunPoint{At: 0, Width: 1e-12}, edge.RunPoint{At: 9, Width: 1})
	f()
}

func TestARunsChangeIsAPartOfItsBaseline(t *testing.T) {
	f := func(change query.Num, text, sub string) {
		t.Helper()
		c := p95Change(&query.RunRow{P95Change: change})
		if c.Text != text || c.Sub != sub {
			t.Errorf("%v: %q %q, want %q %q", change, c.Text, c.Sub, text, sub)
		}
	}
	f(0.5, "+50\u00a0%", "")
	f(-0.25, "\u221225\u00a0%", "")
	f(0.049, "+5\u00a0%", "within 5\u00a0%")
	f(query.None(), "–", "")
}

func TestTheExampleIsASpanOfNow(t *testing.T) {
	p := &Page{Ingest: "http://edge:4318", Now: time.Unix(1_800_000_000, 0)}
	if got := curl(p); !strings.HasPrefix(got, "curl -sS http://edge:4318/v1/traces") || !strings.Contains(got, `"endTimeUnixNano":"1800000000000000000"`) {
		t.Errorf("got %s", got)
	}
}
