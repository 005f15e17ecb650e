package query_test

import (
	"strings"
	"testing"

	"edgescope/query"
)

func sorted(rows []query.Row, by string) string {
	query.SortRows(rows, by)
	names := make([]string, len(rows))
	for i := range rows {
		names[i] = rows[i].Name
	}
	return strings.Join(names, " ")
}

// TestRowsAreSortedByTheirColumn holds the order of each column, and what comes last in either direction.
func TestRowsAreSortedByTheirColumn(t *testing.T) {
	none := query.None()
	row := func(name string, n, p95, ratio query.Num) query.Row {
		return query.Row{Name: name, Ratio: ratio, Stats: query.Stats{
			Requests: n, Rate: n / 10, P50: p95 / 2, P95: p95, P99: 2 * p95, ErrorRatio: -n, ColdRatio: p95,
			ColdAdds: p95, InitP95: p95, CPUP99: p95, Cache: query.Cache{HitRatio: p95},
		}, OriginExtra: p95}
	}
	f := func(by, want string) {
		t.Helper()
		rows := []query.Row{
			row("b", 20, 7, 1), row("d", 10, 7, 3), row("a", 20, 7, none), row("c", 5, 9, 2), row("e", 1, none, none),
		}
		if got := sorted(rows, by); got != want {
			t.Errorf("by %s: %s, want %s", by, got, want)
		}
	}
	f("name", "a b c d e")
	f("-name", "e d c b a")
	f("requests", "e c d a b")
	f("-requests", "a b d c e") // equal ones by name
	f("p95", "a b d c e")       // equal ones by requests, then by name; e has none
	f("-p95", "c a b d e")
	f("ratio", "b c d a e")
	f("-ratio", "d c b a e")
	f("errors", "a b d c e")
	for _, column := range []string{"p50", "p99", "cold", "cold_adds", "init", "cpu", "cache", "origin"} {
		f("-"+column, "c a b d e")
	}
	f("-rate", "a b d c e")
	f("-start", "c a b d e")   // a column of traces: as by p95
	f("-nothing", "c a b d e") // as is one that is none
	f("duration", "a b d c e")
}
