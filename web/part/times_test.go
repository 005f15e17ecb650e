package part

import (
	"net/url"
	"strings"
	"testing"

	"edgescope/query"
)

// parts are those of a band; a negative one is not known.
func parts(means ...query.Num) []query.TimePart {
	out := make([]query.TimePart, len(means))
	for i, m := range means {
		out[i] = query.TimePart{Name: timesParts[i].Name, Mean: m}
		if m < 0 {
			out[i].Mean, out[i].Unknown = query.None(), .34
		}
	}
	return out
}

// TestTimesSayWhatIsNotKnown holds that a part which is not known, or overlaps, is neither 0 nor drawn.
func TestTimesSayWhatIsNotKnown(t *testing.T) {
	p := &Page{URL: &url.URL{Path: "/regions/GRU"}}
	if NewTimes(p, "times") != nil {
		t.Error("there is a card without an answer")
	}
	p.Latency = &query.Latency{By: query.ByEdge, Reason: "not measured", Bands: []query.Band{
		{Name: "all", N: 100, Total: 200, AddsUp: true, Parts: parts(-1, 120, 40, 20, 20)},
		{Name: "top 1 %", N: 7, Few: true, Total: 400, Parts: parts(-1, 300, 200, 20, 0)},
	}}
	m := NewTimes(p, "times")
	text := func(row, cell int) string { return m.Table.Rows[row].Cells[cell].Text }
	if text(0, 2) != "unknown" || m.Table.Rows[0].Cells[2].Sub != "of 34\u00a0%" || text(0, 3) != "120\u00a0ms" {
		t.Errorf("got %+v", m.Table.Rows[0].Cells)
	}
	if text(1, 3) != "overlaps" || m.Table.Rows[1].Cells[7].Sub != "too few" {
		t.Errorf("got %+v", m.Table.Rows[1].Cells)
	}
	if strings.Count(m.Bars[0].SVG, "<title>") != 4 || strings.Contains(m.Bars[1].SVG, "<title>") {
		t.Errorf("bars %+v", m.Bars)
	}
	if notes := strings.Join(m.Notes, " "); !strings.Contains(notes, "Network: not measured.") ||
		!strings.Contains(notes, "top 1 %: CPU") {
		t.Errorf("notes %q", m.Notes)
	}
	p.Latency.Bands[0].Parts = parts(10, 120, -1, 20, 380)
	m = NewTimes(p, "times")
	if name := "origin and wait, not told apart"; !strings.Contains(m.Bars[0].SVG, name) || m.Legend[len(m.Legend)-1].Name != name ||
		strings.Contains(m.Bars[0].SVG, "the rest") || text(0, 6) != "380\u00a0ms" || m.Table.Rows[0].Cells[6].Sub != "with origin" {
		t.Errorf("what holds an unknown origin is shown as %+v, %+v", m.Bars[0], m.Table.Rows[0].Cells[6])
	}
	if got := m.With(Table{Name: "x"}); len(got) != 2 || got[1].Name != "times" {
		t.Errorf("tables %+v", got)
	}
	p.Latency = &query.Latency{Reason: "no request was traced"}
	if m := NewTimes(p, "times"); m == nil || len(m.Bars) != 0 || m.Sub != "" || len(m.Notes) != 1 {
		t.Errorf("of nothing: %+v", m)
	}
}
