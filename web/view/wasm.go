package view

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

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
			Title: "Invocation duration " + p.Percentile() + " by engine", Frame: part.Frame(a.About), Series: engineSeries(a.Latency),
			Unit: chart.Milliseconds, Marks: part.Marks(a.About), Arriving: p.Question.Live, Height: 230, Zero: true,
		}),
	}
	m.Latency.Empty = "No invocation in this range names its engine (attribute edge.engine)."
	if m.Bench {
		m.newest(&a.Benches[0])
	}
	return part.Content{Body: m.body(), Tables: []part.Table{m.Numbers, m.Starts, m.History, m.Engines, m.Latency.Numbers}}
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
	classes := map[string]string{"js": "so", "js-swar": "s4", "wasm": "s3", "wasm-simd": "s0", "go": "s1", "go-wasm": "s2", "c": "s5", "c-plain": "s1"}
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
	return part.State{Class: "bad", Text: "✕ A/A not valid: js differs from js, so the wall ratios say less than their intervals claim"}
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
		facts = append(facts, Pair{n.Engine + " / native " + n.Native + ", " + n.Size, intervalText(n.Ratio, n.CI) + " times as long, HTTP apart"})
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
		tiles = append(tiles, part.PlainTile("isolate-"+c.Kind, "Cold isolate, "+c.Kind, chart.Milliseconds, query.Num(c.MS), "to its first answer, less a warm one"))
	}
	return tiles
}

// ratioBars has one axis for all sizes. An interval that reaches far beyond its bar, as of a run that was disturbed, does not
// stretch it: the whisker ends with the axis, and the number tells.
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
		return chart.Interval{Value: r.CPUMS, End: slowest[r.Size]}, measured(r.CPUMS).Text + ", " + part.Number(chart.Number, query.Num(1000/r.CPUMS)).Text + "/s"
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

// decimals writes a number beside a ratio: with three decimals where the ratio is near 1, as an A/A's, else two, and none from
// 100 on.
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

func benchNumber(key, title string, of func(*edge.BenchRow) part.Cell) part.ColumnOf[edge.BenchRow] {
	return part.ColumnOf[edge.BenchRow]{Column: part.Column{Key: key, Title: title, Numeric: true}, Cell: of}
}

// measured makes a cell of a length of time that is 0 when it was not measured.
func measured(ms float64) part.Cell {
	if ms == 0 {
		return part.Cell{Text: chart.Absent}
	}
	return part.Number(chart.Milliseconds, query.Num(ms))
}

var benchNames = []part.ColumnOf[edge.BenchRow]{
	{Column: part.Column{Key: "size", Title: "size"}, Cell: func(r *edge.BenchRow) part.Cell { return part.Cell{Text: r.Size, Raw: r.Size} }},
	{Column: part.Column{Key: "engine", Title: "engine"}, Cell: func(r *edge.BenchRow) part.Cell {
		return part.Cell{Text: r.Engine, Raw: r.Engine, Head: true, Class: "mono"}
	}},
}

func ratioCell(ratio float64, ci [2]float64) part.Cell {
	return part.Cell{Text: intervalText(ratio, ci), Raw: part.Raw(query.Num(ratio))}
}

func benchTable(b *edge.Bench) part.Table {
	columns := append(append([]part.ColumnOf[edge.BenchRow]{}, benchNames...),
		benchNumber("ratio", "js / engine, wall", func(r *edge.BenchRow) part.Cell { return ratioCell(r.Ratio, r.CI) }),
		benchNumber("cpu_ratio", "js / engine, CPU", func(r *edge.BenchRow) part.Cell { return ratioCell(r.CPURatio, r.CPUCI) }),
		benchNumber("wall_ms", "wall", func(r *edge.BenchRow) part.Cell { return measured(r.WallMS) }),
		benchNumber("wall_p90_ms", "wall p90", func(r *edge.BenchRow) part.Cell { return measured(r.Wall.P90) }),
		benchNumber("cpu_ms", "CPU per request", func(r *edge.BenchRow) part.Cell { return measured(r.CPUMS) }),
		benchNumber("kernel_ms", "HTTP apart", func(r *edge.BenchRow) part.Cell { return measured(r.KernelMS) }),
		benchNumber("per_core", "requests/s per core", func(r *edge.BenchRow) part.Cell {
			if r.CPUMS == 0 {
				return part.Cell{Text: chart.Absent}
			}
			return part.Number(chart.Number, query.Num(1000/r.CPUMS))
		}),
		part.ColumnOf[edge.BenchRow]{Column: part.Column{Key: "hash", Title: "hash"}, Cell: func(r *edge.BenchRow) part.Cell {
			return part.Cell{Text: r.Hash, Raw: r.Hash, Class: "mono"}
		}})
	return part.Build("", "Numbers of the comparison", columns, b.Results)
}

func startTable(b *edge.Bench) part.Table {
	columns := append(append([]part.ColumnOf[edge.BenchRow]{}, benchNames...),
		benchNumber("cold_process_ms", "process to first answer", func(r *edge.BenchRow) part.Cell { return measured(r.ColdProcessMS) }),
		benchNumber("first_op_ms", "first operation", func(r *edge.BenchRow) part.Cell { return measured(r.FirstOpMS) }),
		benchNumber("wall_ms", "warm operation", func(r *edge.BenchRow) part.Cell { return measured(r.WallMS) }),
		benchNumber("wasm_bytes", "module", func(r *edge.BenchRow) part.Cell { return bytesCell(r.WASMBytes) }),
		benchNumber("rss_bytes", "memory", func(r *edge.BenchRow) part.Cell { return bytesCell(r.RSS) }))
	return part.Build("starts", "Cold starts and memory", columns, b.Results)
}

func bytesCell(n int64) part.Cell {
	if n == 0 {
		return part.Cell{Text: chart.Absent}
	}
	text := strconv.FormatFloat(float64(n)/1e3, 'f', 1, 64) + " kB"
	if n >= 1e6 {
		text = strconv.FormatFloat(float64(n)/1e6, 'f', 0, 64) + " MB"
	}
	return part.Cell{Text: text, Raw: strconv.FormatInt(n, 10)}
}

// benchMeaning says what the ratios are and are not.
func benchMeaning(b *edge.Bench) []string {
	lines := []string{
		"The ratio is the time of js divided by the engine's, of one algorithm (Gaussian blur and Lanczos halving in 32-bit integers) with equal output bytes; copies into and out of WebAssembly's memory are in it.",
		"js is good JavaScript: typed arrays, unrolled, no allocation. Naive JavaScript is several times slower, and a ratio against it tells about the JavaScript. js-swar is the fastest JavaScript that gives the same bytes.",
		"wasm is the same source without SIMD, wasm-simd with it: most of the gain is SIMD, not WebAssembly.",
		"Each engine runs warm in a process of its own, one request at a time. Beside other modules in one isolate, under load, or cold, other numbers hold.",
		"It holds for " + strings.TrimSpace(b.Runtime.Name+" "+b.Runtime.Version+" "+b.Runtime.Engine) + " on this machine. Where the load average is above 1, quote the CPU ratios.",
	}
	return append(lines, benchNotes(b)...)
}

// benchNotes says each note once, after what it is about: an engine at all sizes, or a size of all engines.
func benchNotes(b *edge.Bench) []string {
	engines, sizes := map[string][]string{}, map[string][]string{}
	var notes []string
	for i := range b.Results {
		r := &b.Results[i]
		if r.Note == "" {
			continue
		}
		if engines[r.Note] == nil {
			notes = append(notes, r.Note)
		}
		engines[r.Note] = addOnce(engines[r.Note], r.Engine)
		sizes[r.Note] = addOnce(sizes[r.Note], r.Size)
	}
	var lines []string
	for _, note := range notes {
		subject := sizes[note]
		if len(engines[note]) == 1 {
			subject = engines[note]
		}
		lines = append(lines, strings.Join(subject, ", ")+": "+note+".")
	}
	return lines
}

func addOnce(names []string, name string) []string {
	if slices.Contains(names, name) {
		return names
	}
	return append(names, name)
}

// benchHistory lists the comparisons, with the ratio of SIMD at each size.
func benchHistory(benches []edge.Bench) part.Table {
	columns := []part.ColumnOf[edge.Bench]{
		{Column: part.Column{Key: "started", Title: "started (UTC)"}, Cell: func(b *edge.Bench) part.Cell {
			c := part.Cell{Text: part.Stamp(b.Started), Raw: b.Started.UTC().Format(time.RFC3339), Head: true}
			if b.ID != "" {
				c.Href = "/traces/" + b.ID
			}
			return c
		}},
		{Column: part.Column{Key: "name", Title: "name"}, Cell: func(b *edge.Bench) part.Cell { return part.Cell{Text: part.OrAbsent(b.Name), Raw: b.Name} }},
		{Column: part.Column{Key: "runtime", Title: "runtime"}, Cell: func(b *edge.Bench) part.Cell {
			return part.Cell{Text: b.Runtime.Name + " " + b.Runtime.Version, Sub: b.Runtime.Engine, Raw: b.Runtime.Name + " " + b.Runtime.Version}
		}},
		{Column: part.Column{Key: "aa", Title: "A/A"}, Cell: func(b *edge.Bench) part.Cell {
			if b.AA.Valid {
				return part.Cell{Text: "✓ holds", Raw: "valid", Class: "badge ok"}
			}
			return part.Cell{Text: "✕ not valid", Raw: "not valid", Class: "badge bad"}
		}},
		{Column: part.Column{Key: "load", Title: "load", Numeric: true}, Cell: func(b *edge.Bench) part.Cell {
			return part.Number(chart.Number, query.Num(math.Max(b.Machine.LoadBefore, b.Machine.LoadAfter)))
		}},
	}
	for _, size := range []string{"small", "medium", "large"} {
		columns = append(columns, part.ColumnOf[edge.Bench]{Column: part.Column{Key: "simd_" + size, Title: "SIMD, " + size, Numeric: true}, Cell: func(b *edge.Bench) part.Cell {
			for i := range b.Results {
				if r := &b.Results[i]; r.Engine == "wasm-simd" && r.Size == size {
					c := ratioCell(headline(b, r))
					if isBusy(b) {
						c.Sub = "CPU"
					}
					return c
				}
			}
			return part.Cell{Text: chart.Absent}
		}})
	}
	return part.Build("comparisons", "Comparisons", columns, benches)
}

// engineTable shows how the engines do in the field.
func engineTable(p *part.Page, rows []query.Row) part.Table {
	c := part.Columns(p)
	name := part.RowColumn{Column: part.Column{Key: "engine", Title: "engine", Sort: "name"}, Cell: func(r *query.Row) part.Cell {
		return part.Cell{
			Text: part.OrAbsent(r.Name), Raw: r.Name, Head: true, Class: "mono",
			Href: part.ToWith(p.URL, "/traces", query.KeyText, edge.KeyEngine+":"+strconv.Quote(r.Name)),
		}
	}}
	t := part.RowsTable(p, "engines", "Invocations by engine", []part.RowColumn{
		name, c.Requests(), c.P50(), c.P95(), c.P99(), c.Cold(),
		c.Numeric("cold_p95_ms", "p95 cold", "", func(r *query.Row) part.Cell { return part.Greyed(part.Number(chart.Milliseconds, r.ColdP95), r.Cold) }),
		c.Numeric("warm_p95_ms", "p95 warm", "", func(r *query.Row) part.Cell { return part.Greyed(part.Number(chart.Milliseconds, r.WarmP95), r.Warm) }),
		c.Numeric("cpu_p99_ms", "CPU p99", "", func(r *query.Row) part.Cell { return part.Number(chart.Milliseconds, r.CPUP99) }),
	}, rows)
	t.Empty = "No invocation in this range names its engine (attribute edge.engine)."
	return t
}
