package engine_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"edgescope/edge"
)

// bench writes a comparison that ended at a time, as loadgen sends it.
func (w *world) bench(b edge.Bench, ended time.Time) {
	body, err := json.Marshal(b)
	if err != nil {
		w.T.Fatal(err)
	}
	w.benchText(string(body), b.Name, ended)
}

func (w *world) benchText(body, name string, ended time.Time) {
	e := w.Invocation(ended, time.Second, edge.Facts{Service: edge.RunService})
	e.Facts.Invocation, e.Name = false, edge.BenchSpan
	e.Attrs = []edge.Attr{{Key: edge.BenchAttr, Value: body}, {Key: edge.BenchNameAttr, Value: name}}
	w.Write(tenant, e)
}

// byEngine writes an invocation whose work an engine did.
func (w *world) byEngine(name string, ended time.Time, took time.Duration) {
	e := w.Invocation(ended, took, edge.Facts{Service: "edge-image", Region: "FRA", ColdStart: edge.False})
	e.Attrs = []edge.Attr{{Key: edge.KeyEngine, Value: name}}
	w.Write(tenant, e)
}

func TestWASM(t *testing.T) {
	w := newWorld(t)
	rows := []edge.BenchRow{{Size: "small", Engine: "wasm-simd", Baseline: "js", Ratio: 7, CI: [2]float64{6.9, 7.1}}}
	for i := range 22 {
		ended := w.Now.Add(-time.Duration(i) * time.Hour) // older than the range, too: comparisons are rare
		w.bench(edge.Bench{
			ID: fmt.Sprintf("%032x", i+1), Name: "wasm-vs-js", Started: ended.Add(-time.Minute), Results: rows,
		}, ended)
	}
	w.benchText("{", "damaged", w.Now)
	w.benchText("{}", "without rows", w.Now)
	for range 30 {
		w.byEngine("js", w.Now.Add(-5*time.Minute), 30*time.Millisecond)
		w.byEngine("wasm-simd", w.Now.Add(-5*time.Minute), 4*time.Millisecond)
		w.byEngine("none", w.Now.Add(-5*time.Minute), time.Millisecond)
	}
	w.Write(tenant, w.Invocation(w.Now.Add(-time.Minute), time.Millisecond, edge.Facts{Service: "shop"}))
	_, client := w.serve()
	got, err := client.WASM(t.Context(), w.Ask("range=1h&sort=name"))
	if err != nil {
		t.Fatal(err)
	}
	// Two of the twenty newest rows are not readable.
	if len(got.Benches) != 18 || got.Benches[0].ID != fmt.Sprintf("%032x", 1) || got.Benches[0].Results[0].Ratio != 7 {
		t.Errorf("%d comparisons, want 18, the newest first: %+v", len(got.Benches), got.Benches)
	}
	if len(got.Engines) != 2 || got.Engines[0].Name != "js" || got.Engines[0].Requests != 30 ||
		got.Engines[1].Name != "wasm-simd" {
		t.Fatalf("engines %+v, want js and wasm-simd with 30 invocations each", got.Engines)
	}
	if js, simd := got.Engines[0].P95, got.Engines[1].P95; js < 27 || js > 33 || simd < 3.6 || simd > 4.4 {
		t.Errorf("p95 %v and %v ms, want about 30 and 4", js, simd)
	}
	if len(got.Latency) != 2 || got.Latency[0].Name != "js" || len(got.Latency[0].Values) == 0 {
		t.Errorf("lines %+v", got.Latency)
	}
	other, err := client.WASM(t.Context(), w.Ask("range=1h&service=shop"))
	if err != nil {
		t.Fatal(err)
	}
	if len(other.Engines) != 0 || len(other.Benches) != 18 {
		t.Errorf("of another service: %d engines and %d comparisons, want none and 18", len(other.Engines),
			len(other.Benches))
	}
}

func TestWASMOfAnEmptyStore(t *testing.T) {
	w := newWorld(t)
	_, client := w.serve()
	got, err := client.WASM(t.Context(), w.Ask(""))
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Benches) != 0 || len(got.Engines) != 0 || !got.Empty {
		t.Errorf("%+v, want nothing", got)
	}
}
