package chart_test

import (
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"edgescope/chart"
)

var update = flag.Bool("update", false, "write the golden files")

var (
	nan   = math.NaN()
	began = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	frame = chart.Frame{From: began, Step: 10 * time.Minute, Buckets: 12}
)

func wave(n int, around float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = around * (1 + 0.3*math.Sin(float64(i)))
	}
	return out
}

func TestDrawings(t *testing.T) {
	gapped := wave(12, 80)
	gapped[4], gapped[5] = nan, nan
	lines := chart.Lines{
		Title: "Latency", Frame: frame, Unit: chart.Milliseconds, Arriving: true, Limits: []chart.Limit{{
			Value: 150,
			Text:  "target p95 150 ms",
		}},
		Series: []chart.Series{
			{Name: "GRU", Class: "s0", Values: gapped},
			{Name: "A<B&C", Class: "so", Values: wave(12, 40)},
		},
		Marks: []chart.Mark{
			{At: began.Add(30 * time.Minute), Text: "v142"},
			{At: began.Add(115 * time.Minute), Text: "v143"},
			{At: began.Add(-time.Hour), Text: "before"},
		},
		Bands: []chart.Band{{From: began, To: began.Add(time.Hour), Text: "ramp"}},
	}
	minute := chart.Frame{From: began, Step: 5 * time.Second, Buckets: 12}
	over := chart.Lines{
		Title: "Response time", Frame: minute, Unit: chart.Milliseconds, Zero: true, Height: 100,
		Ticks: chart.Elapsed(minute),
		Limits: []chart.Limit{
			{Value: 60, Text: "p95"},
			{Value: 120, Text: "p99 <"},
			{Value: nan},
			{Value: -1, Text: "no"},
		},
		Series: []chart.Series{
			{Name: "p50", Class: "s0", Values: gapped},
			{Name: "none", Class: "s1", Values: []float64{nan}},
		},
		Bands: []chart.Band{
			{From: began, To: began.Add(20 * time.Second), Text: "warm & up", Named: true, Clear: true},
			{
				From: began.Add(20 * time.Second), To: began.Add(58 * time.Second),
				Text: "a name that is longer than its band is wide", Named: true,
			},
			{From: began.Add(58 * time.Second), To: began.Add(time.Minute), Text: "brief", Named: true},
		},
	}
	ruler := chart.NewRuler(8.29, chart.Times)
	heat := chart.Heatmap{
		Title: "Heat", Frame: frame, Rows: []string{"GRU", "a-long-region-name"}, Cells: [][]float64{
			gapped,
			wave(12, 500),
		}, Unit: chart.Milliseconds,
		Marks: lines.Marks,
	}
	stack := chart.Stack{
		Title: "Cache", Frame: frame, Height: 100, Marks: lines.Marks,
		Series: []chart.Series{
			{Name: "hit", Class: "cache-hit", Values: gapped},
			{Name: "miss", Class: "cache-miss", Values: []float64{5, 0, nan}},
		},
	}
	histogram := chart.Histogram{Title: "Durations", Unit: chart.Milliseconds, Height: 80, Sets: []chart.HistogramSet{
		{Name: "warm", Class: "s3", Buckets: []chart.Bucket{{10, 20, 5}, {20, 40, 11}, {40, 80, 0}, {80, 160, 2}}},
		{Name: "cold", Class: "s1", Buckets: []chart.Bucket{{300, 600, 3}}},
	}}
	linked := chart.Histogram{
		Title: "Durations", Unit: chart.Milliseconds, Height: 80, Sets: histogram.Sets[:1],
		Link: func(b chart.Bucket) string { return "/traces?min=" + chart.Milliseconds.Text(b.Low) + `&"` },
	}
	spark := chart.Spark{Now: gapped, Before: wave(12, 70), Width: 100, Height: 30}
	world := chart.Map{Title: "Map", Dots: []chart.Dot{
		{
			Name: "GRU", Text: "187 ms", Lat: -23.4, Lon: -46.5, Size: .4, Class: "bad", Link: "/regions/GRU",
			Label: "GRU 187 ms",
		},
		{
			Name: "SYD", Text: "96 ms", Lat: -33.9, Lon: 151.2, Size: 1, Class: "warn", Link: "/regions/SYD?a=1&b=2",
			Label: "SYD",
		},
		{Name: "nowhere", Lat: nan, Lon: nan, Class: "ok"},
		{Name: "pole", Lat: -89, Lon: 0, Class: "ok"},
	}}
	f := func(name, svg string) {
		t.Helper()
		golden(t, name, svg)
		wellFormed(t, name, svg)
	}
	f("lines", lines.SVG())
	f("lines-over", over.SVG())
	f("ruler", ruler.SVG())
	f("heatmap", heat.SVG())
	f("stack", stack.SVG())
	f("histogram", histogram.SVG())
	f("histogram-linked", linked.SVG())
	f("spark", spark.SVG())
	f("map", world.SVG())
	f("bar", chart.Bar([]chart.Part{
		{"hit", "cache-hit", .72},
		{"none", "x", 0},
		{"absent", "x", nan},
		{"miss", "cache-miss", .28},
	}))
	f("span", chart.Span(.25, 2, "s1"))
	f("ramp", chart.Ramp())
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden.svg")
	// One element a line: a change shows where it is.
	got = strings.ReplaceAll(got, "><", ">\n<") + "\n"
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got), -update writes it:\n%s", name, diff)
	}
}

var forbidden = regexp.MustCompile(`\s(style|on\w+)=|NaN|Inf|e[+-]\d\d`)

// wellFormed holds a drawing to XML and to the content security policy.
func wellFormed(t *testing.T, name, svg string) {
	t.Helper()
	if m := forbidden.FindString(svg); m != "" {
		t.Errorf("%s holds %q", name, m)
	}
	d := xml.NewDecoder(strings.NewReader("<all>" + svg + "</all>"))
	for {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Errorf("%s is not well-formed: %v", name, err)
			return
		}
	}
}

func TestNothingToDrawIsNoDrawing(t *testing.T) {
	none := []float64{nan, nan}
	f := func(name, svg string) {
		t.Helper()
		if svg != "" {
			t.Errorf("%s draws %q", name, svg)
		}
	}
	f("lines", (&chart.Lines{Frame: frame, Series: []chart.Series{{Values: none}}}).SVG())
	f("lines without series", (&chart.Lines{Frame: frame}).SVG())
	f("spark", (&chart.Spark{Now: none, Width: 10, Height: 10}).SVG())
	f("heatmap", (&chart.Heatmap{Frame: frame, Rows: []string{"a"}, Cells: [][]float64{none}}).SVG())
	f("stack", (&chart.Stack{Frame: frame, Series: []chart.Series{{Values: []float64{0, nan}}}}).SVG())
	f("histogram", (&chart.Histogram{Sets: []chart.HistogramSet{{Buckets: []chart.Bucket{{1, 2, 0}}}}}).SVG())
}

// FuzzLines draws whatever numbers come: never a panic, never a number that SVG can't hold.
func FuzzLines(f *testing.F) {
	f.Add(1.0, 2.0, 3.0, int64(10), 3, 0.0)
	f.Add(math.Inf(1), nan, -1e300, int64(0), 0, nan)
	f.Add(1e-12, 1e-12, 1e-12, int64(1e18), 100, -5.0)
	f.Fuzz(func(t *testing.T, a, b, c float64, step int64, n int, limit float64) {
		n = max(0, min(n, 3000))
		values := make([]float64, n)
		for i := range values {
			values[i] = [3]float64{a, b, c}[i%3]
		}
		fr := chart.Frame{From: began, Step: time.Duration(step % int64(time.Hour)), Buckets: n}
		l := chart.Lines{
			Title: "t", Frame: fr, Series: []chart.Series{{Name: "x", Class: "s0", Values: values}},
			Limits: []chart.Limit{{Value: limit}}, Arriving: n%2 == 0,
		}
		s := chart.Spark{Now: values, Before: values, Width: 90, Height: 20}
		h := chart.Heatmap{Frame: fr, Rows: []string{"r"}, Cells: [][]float64{values}}
		for _, svg := range []string{l.SVG(), s.SVG(), h.SVG()} {
			if i := strings.Index(svg, "NaN"); i >= 0 {
				t.Fatalf("NaN in %q", svg[max(0, i-60):i+3])
			}
		}
	})
}

func TestNumbersAreWrittenInThreeDigitsWithTheirUnit(t *testing.T) {
	f := func(u chart.Unit, v float64, want string) {
		t.Helper()
		if got := strings.ReplaceAll(u.Text(v), "\u00a0", "_"); got != want {
			t.Errorf("%v in unit %d: %q, want %q", v, u, got, want)
		}
	}
	f(chart.Milliseconds, 187, "187_ms")
	f(chart.Milliseconds, 6.4, "6.40_ms")
	f(chart.Milliseconds, 57.97, "58.0_ms")
	f(chart.Milliseconds, 9.999, "10.0_ms")
	f(chart.Milliseconds, 999.7, "1.00_s")
	f(chart.Milliseconds, 1234, "1.23_s")
	f(chart.Milliseconds, 60e3, "60_s")
	f(chart.Milliseconds, 600e3, "10_min")
	f(chart.Milliseconds, 3*3600e3, "3_h")
	f(chart.Milliseconds, 72*3600e3, "3_d")
	f(chart.Milliseconds, .05, "50_µs")
	f(chart.Milliseconds, 0, "0_ms")
	f(chart.Milliseconds, -42, "−42_ms")
	f(chart.Milliseconds, nan, "–")
	f(chart.Milliseconds, math.Inf(1), "–")
	f(chart.Ratio, .0014, "0.14_%")
	f(chart.Ratio, .931, "93.1_%")
	f(chart.Ratio, 1, "100_%")
	f(chart.Ratio, .00001, "0.001_%")
	f(chart.PerSecond, 11400, "11.4_k/s")
	f(chart.PerSecond, 410, "410_/s")
	f(chart.Number, 2140, "2140")
	f(chart.Number, 412345, "412_k")
	f(chart.Number, 1.06e6, "1.06_M")
	f(chart.Number, 5e9, "5_G")
	f(chart.Times, 1.4, "1.40×")
}

func TestChangesHaveTheirSign(t *testing.T) {
	f := func(u chart.Unit, v float64, want string) {
		t.Helper()
		if got := strings.ReplaceAll(u.Change(v), "\u00a0", "_"); got != want {
			t.Errorf("change %v in unit %d: %q, want %q", v, u, got, want)
		}
	}
	f(chart.Milliseconds, 9, "+9_ms")
	f(chart.Milliseconds, -2, "−2_ms")
	f(chart.Milliseconds, 0, "±0")
	f(chart.Ratio, -.018, "−1.80_pt")
	f(chart.Ratio, .003, "+0.30_pt")
	f(chart.Ratio, 1e-9, "±0")
	f(chart.Milliseconds, nan, "–")
	r := func(ratio float64, want string) {
		t.Helper()
		if got := strings.ReplaceAll(chart.Relative(ratio), "\u00a0", "_"); got != want {
			t.Errorf("ratio %v: %q, want %q", ratio, got, want)
		}
	}
	r(1.64, "+64_%")
	r(.9, "−10_%")
	r(1.001, "±0_%")
	r(nan, "–")
}

func TestPlacesOnTheMap(t *testing.T) {
	f := func(lat, lon, x, y float64) {
		t.Helper()
		gx, gy, ok := chart.Place(lat, lon)
		if !ok || math.Abs(gx-x) > .002 || math.Abs(gy-y) > .002 {
			t.Errorf("%v, %v: at %.4f, %.4f (%v); want %v, %v", lat, lon, gx, gy, ok, x, y)
		}
	}
	f(0, 0, .5, .5773)
	f(0, 180, 1, .5773)
	f(0, -180, 0, .5773)
	f(84, 0, .5, 0)
	f(-58, 0, .5, 1)
	for _, p := range [][2]float64{{nan, 0}, {0, nan}, {-80, 0}, {0, 181}} {
		if _, _, ok := chart.Place(p[0], p[1]); ok {
			t.Errorf("%v is on the map", p)
		}
	}
	// The style sheet gives the box this shape.
	if got := chart.MapAspect(); math.Abs(got-2.2846) > .0001 {
		t.Errorf("the map is %.4f times as wide as high", got)
	}
}

func TestMergeKeepsTheTotal(t *testing.T) {
	var all []chart.Bucket
	for i := range 100 {
		all = append(all, chart.Bucket{Low: float64(i), High: float64(i + 1), Count: float64(i)})
	}
	merged := chart.Merge(all, 12)
	total := 0.0
	for i, b := range merged {
		total += b.Count
		if i > 0 && b.Low != merged[i-1].High {
			t.Errorf("bucket %d starts at %v, the one before ends at %v", i, b.Low, merged[i-1].High)
		}
	}
	if len(merged) > 12 || total != 4950 || merged[len(merged)-1].High != 100 {
		t.Errorf("%d buckets with %v in all, up to %v", len(merged), total, merged[len(merged)-1].High)
	}
}

func TestMergeLeavesZeroAlone(t *testing.T) {
	all := []chart.Bucket{{Low: 0, High: 1e-6, Count: 5}}
	for i := range 40 {
		all = append(all, chart.Bucket{Low: float64(i + 1), High: float64(i + 2), Count: 1})
	}
	merged := chart.Merge(all, 12)
	if merged[0] != all[0] || len(merged) > 12 {
		t.Errorf("%d buckets, the first is %v; want %v and 12 at most", len(merged), merged[0], all[0])
	}
}

func TestTheLatestValueSkipsGaps(t *testing.T) {
	if got := chart.Latest([]float64{1, 2, nan}); got != 2 {
		t.Errorf("got %v, want 2", got)
	}
	if got := chart.Latest(nil); !math.IsNaN(got) {
		t.Errorf("got %v, want an absent number", got)
	}
}

func BenchmarkLines(b *testing.B) {
	fr := chart.Frame{From: began, Step: time.Minute, Buckets: 1440}
	l := chart.Lines{Title: "t", Frame: fr, Unit: chart.Milliseconds}
	for range 10 {
		l.Series = append(l.Series, chart.Series{Name: "x", Class: "s0", Values: wave(1440, 80)})
	}
	b.ReportAllocs()
	for b.Loop() {
		_ = l.SVG()
	}
}
