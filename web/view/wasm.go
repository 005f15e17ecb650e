package view

import (
	"fmt"
	"strconv"
	"strings"

	"edgescope/chart"
	"edgescope/edge"
	"edgescope/query"
	"edgescope/web/part"
)

// WASM is the model of the page about WebAssembly against JavaScript.
type WASM struct {
	Page *part.Page
	// Bench is whether there is a comparison; the fields up to Meaning are of the newest one.
	Bench   bool
	Name    string
	Control part.State
	Facts   []Pair
	Tiles   []part.Tile
	// By is what the ratios compare: wall time, or CPU time where the machine was busy.
	By    string
	Sizes []WASMSize
	// CPU is the processor time of a request, by size; empty where it could not be measured.
	CPU     []WASMSize
	Numbers part.Table
	Starts  part.Table
	Meaning []string
	History part.Table
	// Latency and Engines are of the invocations in the page's range.
	Latency part.Figure
	Engines part.Table
}

// WASMSize are the bars of one image size.
type WASMSize struct {
	Name string
	Rows []StackRow
}

// NewWASM makes the model of an answer.
func NewWASM(p *part.Page, a *query.WASM) part.Content {
	m := &WASM{
		Page: p, Bench: len(a.Benches) > 0, History: benchHistory(a.Benches), Engines: engineTable(p, a.Engines),
		Latency: part.TimeFigure("engines", &chart.Lines{
			Title: "Invocation duration " + p.Percentile() + " by engine", Frame: part.Frame(a.About),
			Series: engineSeries(a.Latency),
			Unit:   chart.Milliseconds, Marks: part.Marks(a.About), Arriving: p.Question.Live, Height: 230, Zero: true,
		}),
	}
	m.Latency.Empty = "No invocation in this range names its engine (attribute edge.engine)."
	if m.Bench {
		m.newest(&a.Benches[0])
	}
	return part.Content{
		Body: m.body(), Tables: []part.Table{m.Numbers, m.Starts, m.History, m.Engines, m.Latency.Numbers},
	}
}

func (m *WASM) newest(b *edge.Bench) {
	m.Name = b.Name
	m.Control = controlState(&b.AA)
	m.Facts = benchFacts(b)
	m.Tiles = benchTiles(b)
	m.By, m.Sizes, m.CPU = "wall time of a client", ratioBars(b), cpuBars(b)
	if isBusy(b) {
		m.By = "CPU time: the machine was busy"
	}
	m.Numbers = benchTable(b)
	m.Starts = startTable(b)
	m.Meaning = benchMeaning(b)
}

// engineClass is the colour of an engine, the same in all drawings.
func engineClass(name string) string {
	classes := map[string]string{
		"js": "so", "js-swar": "s4", "wasm": "s3", "wasm-simd": "s0", "go": "s1",
		"go-wasm": "s2", "c": "s5", "c-plain": "s1",
	}
	if c := classes[name]; c != "" {
		return c
	}
	return "s5"
}

func engineSeries(lines []query.Line) []chart.Series {
	out := part.LineSeries(lines, nil)
	for i := range out {
		out[i].Class = engineClass(out[i].Name)
	}
	return out
}

func controlState(c *edge.BenchControl) part.State {
	if c.Valid {
		return part.State{Class: "ok", Text: "✓ A/A holds"}
	}
	return part.State{
		Class: "bad",
		Text:  "✕ A/A not valid: js differs from js, so the wall ratios say less than their intervals claim",
	}
}

func benchFacts(b *edge.Bench) []Pair {
	facts := []Pair{
		{"started (UTC)", part.Stamp(b.Started)},
		{"runtime", strings.TrimSpace(b.Runtime.Name + " " + b.Runtime.Version)},
		{"JavaScript engine", part.OrAbsent(b.Runtime.Engine)},
		{"machine", part.OrAbsent(b.Machine.CPU) + ", " + strconv.Itoa(b.Machine.CPUs) + " CPUs"},
		{"load average", fmt.Sprintf("%.1f to %.1f", b.Machine.LoadBefore, b.Machine.LoadAfter)},
		{"rounds", fmt.Sprintf("%d in %d generations of processes", b.Rounds, b.Generations)},
		{"A/A, wall", intervalText(b.AA.Ratio, b.AA.CI)},
	}
	if b.AA.CPURatio > 0 {
		facts = append(facts, Pair{"A/A, CPU", intervalText(b.AA.CPURatio, b.AA.CPUCI)})
	}
	for _, n := range b.Native {
		facts = append(facts,
			Pair{
				n.Engine + " / native " + n.Native + ", " + n.Size,
				intervalText(n.Ratio, n.CI) + " times as long, HTTP apart",
			})
	}
	if b.Commit != "" {
		facts = append(facts, Pair{"commit", b.Commit})
	}
	return facts
}

// quietLoad is the load average up to which wall times are worth a headline; above it other work was measured too.
const quietLoad = 1.5

func isBusy(b *edge.Bench) bool {
	return max(b.Machine.LoadBefore, b.Machine.LoadAfter) > quietLoad && b.AA.CPURatio > 0
}

// headline is the ratio to quote: of wall time, or of CPU time where the machine was busy.
func headline(b *edge.Bench, r *edge.BenchRow) (ratio float64, ci [2]float64) {
	if isBusy(b) {
		return r.CPURatio, r.CPUCI
	}
	return r.Ratio, r.CI
}

// benchTiles are the headline: SIMD against js per size.
func benchTiles(b *edge.Bench) []part.Tile {
	by := ", wall time"
	if isBusy(b) {
		by = ", CPU time"
	}
	var tiles []part.Tile
	for i := range b.Results {
		if r := &b.Results[i]; r.Engine == "wasm-simd" {
			ratio, ci := headline(b, r)
			tiles = append(tiles, part.Tile{
				ID: "ratio-" + r.Size, Title: "WASM SIMD, " + r.Size, Number: decimals(ratio, ratio), Unit: "× js",
				Note: "95 % in " + intervalOnly(ratio, ci) + by,
			})
		}
	}
	for _, c := range b.ColdIsolates {
		tiles = append(tiles,
			part.PlainTile("isolate-"+c.Kind, "Cold isolate, "+c.Kind, chart.Milliseconds, query.Num(c.MS),
				"to its first answer, less a warm one"))
	}
	return tiles
}

// ratioBars has one axis for all sizes. An interval that reaches far beyond its bar, as of a run that was disturbed,
// does not stretch it: the whisker ends with the axis, and the number tells.
func ratioBars(b *edge.Bench) []WASMSize {
	end := 1.0
	for i := range b.Results {
		ratio, ci := headline(b, &b.Results[i])
		end = max(end, min(ci[1], 1.5*ratio))
	}
	return bySize(b, func(r *edge.BenchRow) (chart.Interval, string) {
		if r.Engine == r.Baseline {
			return chart.Interval{Value: 1, End: end}, "1, the baseline"
		}
		ratio, ci := headline(b, r)
		return chart.Interval{Value: ratio, Low: ci[0], High: ci[1], End: end}, intervalText(ratio, ci)
	})
}

// cpuBars has an axis for each size, which the slowest engine fills.
func cpuBars(b *edge.Bench) []WASMSize {
	slowest := map[string]float64{}
	for i := range b.Results {
		r := &b.Results[i]
		if r.CPUMS == 0 {
			return nil
		}
		slowest[r.Size] = max(slowest[r.Size], r.CPUMS)
	}
	return bySize(b, func(r *edge.BenchRow) (chart.Interval, string) {
		return chart.Interval{Value: r.CPUMS, End: slowest[r.Size]},
			measured(r.CPUMS).Text + ", " + part.Number(chart.Number, query.Num(1000/r.CPUMS)).Text + "/s"
	})
}

// bySize puts a bar for each row below its size.
func bySize(b *edge.Bench, bar func(*edge.BenchRow) (chart.Interval, string)) []WASMSize {
	var sizes []WASMSize
	for i := range b.Results {
		r := &b.Results[i]
		if len(sizes) == 0 || sizes[len(sizes)-1].Name != r.Size {
			sizes = append(sizes, WASMSize{Name: r.Size})
		}
		drawn, value := bar(r)
		drawn.Class = engineClass(r.Engine)
		last := &sizes[len(sizes)-1]
		last.Rows = append(last.Rows, StackRow{Name: r.Engine, Bar: drawn.SVG(), Value: value})
	}
	return sizes
}

// decimals writes a number beside a ratio: with three decimals where the ratio is near 1, as an A/A's, else two, and
// none from 100 on.
func decimals(ratio, v float64) string {
	if v >= 100 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	if ratio < 2 {
		return strconv.FormatFloat(v, 'f', 3, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}

func intervalOnly(ratio float64, ci [2]float64) string {
	return "[" + decimals(ratio, ci[0]) + ", " + decimals(ratio, ci[1]) + "]"
}

func intervalText(ratio float64, ci [2]float64) string {
	if ratio == 0 {
		return chart.Absent
	}
	return decimals(ratio, ratio) + " " + intervalOnly(ratio, ci)
}
