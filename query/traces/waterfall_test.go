package traces

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"edgescope/query"
)

func TestWaterfall(t *testing.T) {
	start := time.Date(2026, 1, 1, 10, 0, 0, 0, time.UTC)
	span := func(id, parent string, ms int) query.Span {
		return query.Span{
			ID: id, ParentID: parent, Start: start.Add(time.Duration(ms) * time.Millisecond), Duration: 1,
			Service: "s" + id, Attrs: map[string]string{},
		}
	}
	f := func(spans []query.Span, want string, missing int) {
		t.Helper()
		d := Waterfall(spans)
		var got []string
		for i := range d.Spans {
			got = append(got, fmt.Sprintf("%s%d", d.Spans[i].ID, d.Spans[i].Depth))
		}
		if strings.Join(got, " ") != want || d.Missing != missing {
			t.Errorf("got %v missing %d, want %s missing %d", got, d.Missing, want, missing)
		}
	}
	f([]query.Span{span("c", "a", 5), span("b", "a", 2), span("a", "", 0), span("d", "b", 3)}, "a0 b1 d2 c1", 0)
	f([]query.Span{span("b", "x", 2), span("c", "x", 1), span("d", "b", 3)}, "c0 b0 d1", 1)
	f([]query.Span{span("a", "b", 0), span("b", "a", 1)}, "a0 b1", 0)
	f([]query.Span{span("a", "a", 0)}, "a0", 0)
	f([]query.Span{span("a", "", 0), span("a", "", 0)}, "a0", 0)
	f(nil, "", 0)
}
