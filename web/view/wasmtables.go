package view

import (
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
	{
		Column: part.Column{Key: "size", Title: "size"},
		Cell:   func(r *edge.BenchRow) part.Cell { return part.Cell{Text: r.Size, Raw: r.Size} },
	},
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
		benchNumber("cpu_ratio", "js / engine, CPU",
			func(r *edge.BenchRow) part.Cell { return ratioCell(r.CPURatio, r.CPUCI) }),
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
		part.ColumnOf[edge.BenchRow]{
			Column: part.Column{Key: "hash", Title: "hash"},
			Cell: func(r *edge.BenchRow) part.Cell {
				return part.Cell{Text: r.Hash, Raw: r.Hash, Class: "mono"}
			},
		})
	return part.Build("", "Numbers of the comparison", columns, b.Results)
}

func startTable(b *edge.Bench) part.Table {
	columns := append(append([]part.ColumnOf[edge.BenchRow]{}, benchNames...),
		benchNumber("cold_process_ms", "process to first answer",
			func(r *edge.BenchRow) part.Cell { return measured(r.ColdProcessMS) }),
		benchNumber("first_op_ms", "first operation",
			func(r *edge.BenchRow) part.Cell { return measured(r.FirstOpMS) }),
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
		"The ratio is the time of js divided by the engine's, of one algorithm (Gaussian blur and Lanczos halving in " +
			"32-bit integers) with equal output bytes; copies into and out of WebAssembly's memory are in it.",
		"js is good JavaScript: typed arrays, unrolled, no allocation. Naive JavaScript is several times slower, and a " +
			"ratio against it tells about the JavaScript. js-swar is the fastest JavaScript that gives the same bytes.",
		"wasm is the same source without SIMD, wasm-simd with it: most of the gain is SIMD, not WebAssembly.",
		"Each engine runs warm in a process of its own, one request at a time. Beside other modules in one isolate, under " +
			"load, or cold, other numbers hold.",
		"It holds for " + strings.TrimSpace(b.Runtime.Name+" "+b.Runtime.Version+" "+b.Runtime.Engine) +
			" on this machine. Where the load average is above 1, quote the CPU ratios.",
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
		{
			Column: part.Column{Key: "name", Title: "name"},
			Cell:   func(b *edge.Bench) part.Cell { return part.Cell{Text: part.OrAbsent(b.Name), Raw: b.Name} },
		},
		{Column: part.Column{Key: "runtime", Title: "runtime"}, Cell: func(b *edge.Bench) part.Cell {
			return part.Cell{
				Text: b.Runtime.Name + " " + b.Runtime.Version, Sub: b.Runtime.Engine,
				Raw: b.Runtime.Name + " " + b.Runtime.Version,
			}
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
		columns = append(columns,
			part.ColumnOf[edge.Bench]{
				Column: part.Column{Key: "simd_" + size, Title: "SIMD, " + size, Numeric: true},
				Cell: func(b *edge.Bench) part.Cell {
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
				},
			})
	}
	return part.Build("comparisons", "Comparisons", columns, benches)
}

// engineTable shows how the engines do in the field.
func engineTable(p *part.Page, rows []query.Row) part.Table {
	c := part.Columns(p)
	name := part.RowColumn{
		Column: part.Column{Key: "engine", Title: "engine", Sort: "name"},
		Cell: func(r *query.Row) part.Cell {
			return part.Cell{
				Text: part.OrAbsent(r.Name), Raw: r.Name, Head: true, Class: "mono",
				Href: part.ToWith(p.URL, "/traces", query.KeyText, edge.KeyEngine+":"+strconv.Quote(r.Name)),
			}
		},
	}
	t := part.RowsTable(p, "engines", "Invocations by engine", []part.RowColumn{
		name, c.Requests(), c.P50(), c.P95(), c.P99(), c.Cold(),
		c.Numeric("cold_p95_ms", "p95 cold", "",
			func(r *query.Row) part.Cell { return part.Greyed(part.Number(chart.Milliseconds, r.ColdP95), r.Cold) }),
		c.Numeric("warm_p95_ms", "p95 warm", "",
			func(r *query.Row) part.Cell { return part.Greyed(part.Number(chart.Milliseconds, r.WarmP95), r.Warm) }),
		c.Numeric("cpu_p99_ms", "CPU p99", "",
			func(r *query.Row) part.Cell { return part.Number(chart.Milliseconds, r.CPUP99) }),
	}, rows)
	t.Empty = "No invocation in this range names its engine (attribute edge.engine)."
	return t
}
