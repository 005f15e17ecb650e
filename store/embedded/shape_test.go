package embedded

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"

	"edgescope/store"
)

func TestRowsAreSortedByName(t *testing.T) {
	var s sorter
	f := func(names, want string) {
		t.Helper()
		var row store.Row
		for name := range strings.FieldsSeq(names) {
			row = append(row, store.Field{Name: name, Value: "of " + name})
		}
		var got []string
		for _, f := range s.sort(row) {
			got = append(got, f.Name)
			if f.Value != "of "+f.Name {
				t.Errorf("%s: the value of %s is %q", names, f.Name, f.Value)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %v, want %s", names, got, want)
		}
	}
	for range 2 { // known shapes the second time
		f("", "")
		f("service region b a", "a b region service")
		f("service region a b", "a b region service") // the same lengths in another order: another shape of one hash
		f("service region b", "b region service")
	}
}

func TestShapesAreBounded(t *testing.T) {
	var s sorter
	for i := range 3 * maxShapes {
		s.sort(store.Row{{Name: strings.Repeat("n", i)}, {Name: strconv.Itoa(i)}})
	}
	if len(s.shapes) > maxShapes {
		t.Errorf("%d shapes are known, want at most %d", len(s.shapes), maxShapes)
	}
}

func TestSortingAllocatesNothing(t *testing.T) {
	var s sorter
	row := store.Row{{Name: "c"}, {Name: "b"}, {Name: "a"}}
	s.sort(row)
	if n := testing.AllocsPerRun(100, func() { s.sort(row) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
	if !slices.IsSortedFunc(s.sort(row), func(a, b logstorage.Field) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("the row is not sorted")
	}
}
