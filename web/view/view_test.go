package view

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/web/part"
)

func TestACaretPointsAtTheColumn(t *testing.T) {
	if got := caret("route:/a <b>", 10); got != "route:/a &lt;b&gt;\n         ^" {
		t.Errorf("got %q", got)
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
		{At: 10, Width: 5, Requests: 50, P95: 80},
		{At: 20, Width: 5, Requests: 0, P95: 0},
		{At: 25, Width: 5, Requests: 5, P95: 90},
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
	p := &part.Page{Ingest: "http://edge:4318", Now: time.Unix(1_800_000_000, 0)}
	if got := curl(p); !strings.HasPrefix(got, "curl -sS http://edge:4318/v1/traces") ||
		!strings.Contains(got, `"endTimeUnixNano":"1800000000000000000"`) {
		t.Errorf("got %s", got)
	}
}

func TestLinesAddUpWhereAnyHasAValue(t *testing.T) {
	none := query.None()
	lines := []query.Line{
		{Name: "hit", Values: []query.Num{1, none, 3}},
		{Name: "stale", Values: []query.Num{none, none, 4, 9}},
		{Name: "miss", Values: []query.Num{7, 7, 7}},
	}
	got := sumLines(lines, []string{"hit", "stale"}, 3)
	if got[0] != 1 || got[1] == got[1] || got[2] != 7 {
		t.Errorf("got %v, want 1, a gap, 7", got)
	}
}
