package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"edgescope/edge"
	"edgescope/query"
)

// wasm is two comparisons of two sizes, and two engines in the field.
func (f *fake) wasm() any {
	out := &query.WASM{About: f.about(), Choices: choices}
	if f.bare {
		return out
	}
	row := func(size, engine string, ratio float64) edge.BenchRow {
		return edge.BenchRow{
			Size: size, Engine: engine, Baseline: "js", Ratio: ratio, CI: [2]float64{ratio * .99, ratio * 1.01}, CPURatio: ratio * .98,
			CPUCI: [2]float64{ratio * .97, ratio * .99}, WallMS: 28 / ratio, CPUMS: 28.8 / ratio, FirstOpMS: 67 / ratio, ColdProcessMS: 24,
			RSS: 76e6, Hash: "3fb5124e", Note: "a note on " + engine,
		}
	}
	bench := edge.Bench{
		ID: traceID, Name: "wasm-vs-js", Started: now.Add(-48 * time.Hour), Rounds: 30, Generations: 3,
		Runtime:      edge.BenchRuntime{Name: "workerd", Version: "1.20261117.1", Engine: "V8 15.8.62.5"},
		AA:           edge.BenchControl{Ratio: 1.002, CI: [2]float64{.995, 1.008}, Valid: true, CPURatio: 1, CPUCI: [2]float64{.99, 1.01}, CPUValid: true},
		Results:      []edge.BenchRow{row("small", "js", 1), row("small", "wasm-simd", 7.15), row("medium", "js", 1), row("medium", "wasm-simd", 8.35)},
		Native:       []edge.BenchNative{{Size: "medium", Engine: "wasm-simd", Native: "c", Ratio: 1.72, CI: [2]float64{1.6, 1.87}}},
		ColdIsolates: []edge.BenchColdIsolate{{Kind: "js", MS: 3.4, N: 15}, {Kind: "wasm", MS: 5.1, N: 15}},
	}
	if f.busy {
		bench.Machine.LoadAfter = 6
	}
	older := bench
	older.ID, older.AA.Valid, older.Started = "", false, now.Add(-72*time.Hour)
	out.Benches = []edge.Bench{bench, older}
	out.Engines = []query.Row{{Name: "js", Stats: f.stats(2, 30, .9)}, {Name: "wasm-simd", Stats: f.stats(2, 4, .9)}}
	out.Latency = []query.Line{f.line("js", 30, .1), f.line("wasm-simd", 4, .1)}
	return out
}

// shows answers a check that an element shows a text.
func shows(t *testing.T, d *goquery.Document) func(id, want string) {
	return func(id, want string) {
		t.Helper()
		if got := strings.Join(strings.Fields(testid(d, id).Text()), " "); !strings.Contains(got, want) {
			t.Errorf("%s shows %q, want %q", id, got, want)
		}
	}
}

// TestABusyMachineIsToldByCPU: wall times of a machine that does other work are no headline.
func TestABusyMachineIsToldByCPU(t *testing.T) {
	f := newFake(3)
	f.busy = true
	d := document(t, over(t, f), "/wasm", http.StatusOK)
	said := shows(t, d)
	said("tile-ratio-medium", "8.18")
	said("tile-ratio-medium", "95 % in [8.10, 8.27], CPU time")
	said("ratios", "CPU time: the machine was busy, with 95 % intervals")
	said("ratios", "wasm-simd8.18 [8.10, 8.27]")
	said("table-comparisons", "8.18 [8.10, 8.27]")
}

func TestThePageOfWASMTellsRatiosWithTheirIntervals(t *testing.T) {
	d := document(t, over(t, newFake(3)), "/wasm", http.StatusOK)
	f := shows(t, d)
	f("tile-ratio-medium", "8.35")
	f("tile-ratio-medium", "95 % in [8.27, 8.43], wall time")
	f("tile-isolate-wasm", "5.1")
	f("ratios", "wasm-simd7.15 [7.08, 7.22]")
	f("cpu", "CPU per request")
	f("cpu", "wasm-simd4.03 ms, 248/s")
	f("control", "A/A holds")
	f("meaning", "wasm-simd / native c, medium1.720 [1.600, 1.870] times as long, HTTP apart")
	f("meaning", "It holds for workerd 1.20261117.1 V8 15.8.62.5 on this machine")
	f("meaning", "wasm-simd: a note on wasm-simd.")
	f("table-comparisons", "not valid")
	if n := testid(d, "ratios").Find("rect.whisker").Length(); n != 2 {
		t.Errorf("%d whiskers, want one for each of 2 rows that are not the baseline", n)
	}
	if n := testid(d, "table-comparisons").Find(`a[href="/traces/` + traceID + `"]`).Length(); n != 1 {
		t.Errorf("%d links to the run behind a comparison, want 1", n)
	}
	if n := testid(d, "table-engines").Find(`a[href^="/traces?"]`).Length(); n != 2 {
		t.Errorf("%d links to traces of engines, want 2", n)
	}
}
