package view

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"edgescope/edge"
)

// TestADisturbedIntervalDoesNotStretchTheAxis: two generations under load may differ so much that an interval ends at a
// thousand.
func TestADisturbedIntervalDoesNotStretchTheAxis(t *testing.T) {
	b := &edge.Bench{Results: []edge.BenchRow{
		{Size: "small", Engine: "js", Ratio: 1, CI: [2]float64{1, 1}},
		{Size: "small", Engine: "wasm-simd", Ratio: 10, CI: [2]float64{.2, 1209.7}},
	}}
	rows := ratioBars(b)[0].Rows
	if want := `width="666.7"`; !strings.Contains(rows[1].Bar, want) || !strings.Contains(rows[1].Bar, "whisker") {
		t.Errorf("the bar is %s, want %s of 1000: the axis ends at 1.5 times the ratio", rows[1].Bar, want)
	}
	if want := "10.00 [0.20, 1210]"; rows[1].Value != want {
		t.Errorf("the number is %q, want %q", rows[1].Value, want)
	}
}

func TestNotesAreSaidOnce(t *testing.T) {
	row := func(size, engine, note string) edge.BenchRow {
		return edge.BenchRow{Size: size, Engine: engine, Note: note}
	}
	b := &edge.Bench{Results: []edge.BenchRow{
		row("small", "js", ""), row("small", "c", "native"), row("large", "js", "near the limit"),
		row("large", "wasm", "near the limit"), row("large", "c", "native"),
	}}
	if d := cmp.Diff([]string{"c: native.", "large: near the limit."}, benchNotes(b)); d != "" {
		t.Errorf("notes (-want +got):\n%s", d)
	}
}

func TestWithoutCPUTimesThereAreNoBarsOfThem(t *testing.T) {
	if bars := cpuBars(&edge.Bench{Results: []edge.BenchRow{{Size: "small", Engine: "js", WallMS: 45}}}); bars != nil {
		t.Errorf("%+v, want none: this was not measured on Linux", bars)
	}
}
