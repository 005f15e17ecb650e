package waiting

import (
	"strconv"
	"strings"
	"testing"

	"edgescope/store"
)

func TestNamesOfAShapeAreSorted(t *testing.T) {
	var known shapes
	f := func(names, want string, wantFresh bool) {
		t.Helper()
		var row store.Row
		for name := range strings.FieldsSeq(names) {
			row = append(row, store.Field{Name: name})
		}
		s, fresh := known.of(row)
		if got := strings.Join(s.sorted, " "); got != want || fresh != wantFresh {
			t.Errorf("%s: got %q, new %t; want %q, %t", names, got, fresh, want, wantFresh)
		}
		for i, at := range s.order {
			if row[at].Name != s.sorted[i] {
				t.Errorf("%s: field %d is %s, want %s", names, at, row[at].Name, s.sorted[i])
			}
		}
	}
	f("", "", true)
	f("service region b a", "a b region service", true)
	f("service region b a", "a b region service", false)
	f("service region a b", "a b region service", true)
	f("service region ca cb", "ca cb region service", true)
	// the same lengths and last letters: another shape of one hash
	f("service region da db", "da db region service", true)
	f("service region ca cb", "ca cb region service", true)
	f("service region b", "b region service", true)
	f("service region b", "b region service", false)
}

func TestShapesAreBounded(t *testing.T) {
	var known shapes
	for i := range 3 * maxShapes {
		known.of(store.Row{{Name: strings.Repeat("n", i)}, {Name: strconv.Itoa(i)}})
	}
	if len(known) > maxShapes {
		t.Errorf("%d shapes are known, want at most %d", len(known), maxShapes)
	}
}

func TestFindingAShapeAllocatesNothing(t *testing.T) {
	var known shapes
	row := store.Row{{Name: "c"}, {Name: "b"}, {Name: "a"}}
	known.of(row)
	if n := testing.AllocsPerRun(100, func() { known.of(row) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}
