package part

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"edgescope/chart"
	"edgescope/query"
)

var nan = math.NaN()

// hour is an hour of six buckets.
var hour = chart.Frame{From: time.Date(2026, 3, 4, 11, 0, 0, 0, time.UTC), Step: 10 * time.Minute, Buckets: 6}

func TestAFigureHoldsWhatTheScriptDrawsFrom(t *testing.T) {
	f := TimeFigure("latency", &chart.Lines{
		Title: "Latency", Frame: hour, Unit: chart.Milliseconds, Height: 200, Zero: true, Arriving: true,
		Marks:  []chart.Mark{{At: hour.From.Add(time.Minute), Text: "v2"}},
		Series: []chart.Series{{Name: "p95", Class: "s1", Values: []float64{1.23456, nan, 0, 123456, 5, nan}}},
	})
	if f.ID != "latency" || !strings.HasPrefix(f.SVG, "<svg") || len(f.Legend) != 1 || f.Legend[0].Value != "5\u00a0ms" {
		t.Errorf("%s %.20s %+v", f.ID, f.SVG, f.Legend)
	}
	text, err := json.Marshal(f.Plot)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		`"from":1772622000`, `"step":600`, `"unit":"ms"`, `"zoom":true`, `"arriving":true`, `"zero":true`,
		`"values":[1.235,null,0,123500,5,null]`, // four digits, gaps as null
		`"marks":[{"at":1772622060,"text":"v2"}]`,
	} {
		if !strings.Contains(string(text), part) {
			t.Errorf("the plot lacks %s: %s", part, text)
		}
	}
	empty := TimeFigure("none", &chart.Lines{Frame: hour})
	if empty.SVG != "" || empty.Plot != nil || empty.Empty == "" {
		t.Errorf("a chart of nothing is %+v", empty)
	}
}

func TestAChartsNumbersAreNewestFirst(t *testing.T) {
	series := []chart.Series{{Name: "a", Values: []float64{1, 2, nan, 4, 5, 6}}, {Name: "b", Values: []float64{7}}}
	table := SeriesTable("x", "numbers", hour, series, chart.Number)
	if len(table.Rows) != 6 || table.Rows[0].Cells[0].Raw != "2026-03-04T11:50:00Z" ||
		table.Rows[0].Cells[1].Raw != "6" {
		t.Fatalf("%+v", table.Rows)
	}
	if last := table.Rows[5].Cells; last[1].Raw != "1" || last[2].Raw != "7" {
		t.Errorf("the oldest moment is %+v", last)
	}
	if gap := table.Rows[3].Cells; gap[1].Raw != "" || gap[1].Text != chart.Absent || gap[2].Raw != "" {
		t.Errorf("a gap is %+v", gap)
	}
	if table.Note != "" {
		t.Errorf("all are shown, and it says %q", table.Note)
	}
	long := hour
	long.Buckets = 100
	table = SeriesTable("x", "numbers", long, series, chart.Number)
	if len(table.Rows) != 100 || len(table.visible()) != 24 || !strings.Contains(table.Note, "24 of 100") {
		t.Errorf("%d rows, %d shown, %q", len(table.Rows), len(table.visible()), table.Note)
	}
}

func TestAHeatmapOfNothingHasNoNumbers(t *testing.T) {
	about := query.About{From: hour.From, To: hour.From.Add(time.Hour), Step: 600}
	cells := []query.Num{query.None(), 10, 20, query.None(), 40, 80}
	h := HeatFigure("heat", "Heat", about, query.Heatmap{Rows: []string{"FRA", ""}, Cells: [][]query.Num{cells, cells}})
	if h.Low != "10\u00a0ms" || h.High != "80\u00a0ms" || len(h.Numbers.Columns) != 3 ||
		h.Numbers.Columns[2].Key != "unknown" {
		t.Errorf("%s to %s, columns %+v", h.Low, h.High, h.Numbers.Columns)
	}
	h = HeatFigure("heat", "Heat", about, query.Heatmap{})
	if h.SVG != "" || len(h.Numbers.Rows) != 0 || h.Empty == "" {
		t.Errorf("%+v", h)
	}
}

func TestLinesAreChosenByName(t *testing.T) {
	lines := []query.Line{{Name: "p50"}, {Name: "p95"}, {Name: ""}, {Name: "others"}}
	f := func(pick []string, want string) {
		t.Helper()
		var got []string
		for _, s := range LineSeries(lines, pick) {
			got = append(got, s.Name+"="+s.Class)
		}
		if text := strings.Join(got, " "); text != want {
			t.Errorf("%v: %s, want %s", pick, text, want)
		}
	}
	f(nil, "p50=s0 p95=s1 unknown=s2 others=so")
	f([]string{"p95", "p50", "p99"}, "p95=s0 p50=s1")
	f([]string{}, "")
}

func TestTheMapNamesWhatIsFurthestFromItsNorm(t *testing.T) {
	none := query.None()
	row := func(name string, lat query.Num, state string, z query.Num) query.Row {
		return query.Row{
			Name: name, Lat: lat, Lon: lat, Standing: standing(state, z), Silent: none,
			Stats: query.Stats{Rate: 5, P95: 10, Samples: 100},
		}
	}
	rows := []query.Row{
		row("A", 1, query.StandingNormal, 1.1), row("B", 2, query.StandingAlert, 7), row("C", none, query.StandingMarked, 4),
		row("D", 4, query.StandingNormal, -2), row("", 5, query.StandingMarked, 9), row("E", 6, query.StandingNormal, 1.2),
	}
	rows[3].Standing = nil
	m := NewMapCard(page(t, "/"), rows)
	var got []string
	for _, n := range m.Furthest {
		got = append(got, n.Name+" "+n.Class)
	}
	if text := strings.Join(got, ", "); text != "B bad, C warn, E " {
		t.Errorf("furthest: %s", text)
	}
	if m.Unplaced != 2 || strings.Count(m.SVG, "<a ") != 4 {
		t.Errorf("%d have no place, %d are on the map", m.Unplaced, strings.Count(m.SVG, "<a "))
	}
}

func TestAMarkLeadsToItsVersion(t *testing.T) {
	p := page(t, "/?range=6h&cmp=none")
	p.About.Deploys = []query.Deploy{{Service: "a", Version: "v1"}, {Service: "b", Version: "v2"}, {Service: "b", Version: "v3"}}
	f := Figure{Plot: &Plot{Marks: []PlotMark{{Text: "v1"}, {Text: "v2"}, {Text: "now"}}}}
	got := p.markLinks(f)
	if len(got) != 2 || got[0].Text != "▾ v2" || got[1].Href != ToVersion(p.URL, "/versions", "a", "v1") {
		t.Errorf("%+v", got)
	}
	if got := p.markLinks(Figure{}); got != nil {
		t.Errorf("a chart that nothing is drawn of again leads to %v", got)
	}
}
