package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"edgescope/web/webtest"
)

// shows returns a check that an element shows a text.
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
	f := webtest.New(3)
	f.Busy = true
	d := document(t, over(t, f), "/wasm", http.StatusOK)
	said := shows(t, d)
	said("tile-ratio-medium", "8.18")
	said("tile-ratio-medium", "95 % in [8.10, 8.27], CPU time")
	said("ratios", "CPU time: the machine was busy, with 95 % intervals")
	said("ratios", "wasm-simd8.18 [8.10, 8.27]")
	said("table-comparisons", "8.18 [8.10, 8.27]")
}

func TestThePageOfWASMTellsRatiosWithTheirIntervals(t *testing.T) {
	d := document(t, over(t, webtest.New(3)), "/wasm", http.StatusOK)
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
	if n := testid(d, "table-comparisons").Find(`a[href="/traces/` + webtest.TraceID + `"]`).Length(); n != 1 {
		t.Errorf("%d links to the run behind a comparison, want 1", n)
	}
	if n := testid(d, "table-engines").Find(`a[href^="/traces?"]`).Length(); n != 2 {
		t.Errorf("%d links to traces of engines, want 2", n)
	}
}
