package headerlist_test

import (
	"slices"
	"strings"
	"testing"

	"edgescope/edge/platform/headerlist"
)

func TestMembers(t *testing.T) {
	f := func(list string, want ...string) {
		t.Helper()
		if got := slices.Collect(headerlist.Members(list, ',')); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", list, got, want)
		}
	}
	f("", "")
	f("a, b", "a", " b")
	f(`a; d="x, y", b`, `a; d="x, y"`, " b")
	f(`a; d="x\", y", b`, `a; d="x\", y"`, " b")
	f(`a; d="x, y`, `a; d="x, y`) // a quote without an end holds the rest
}

func TestParameters(t *testing.T) {
	f := func(params, name, want string, found bool) {
		t.Helper()
		if got, ok := headerlist.Parameter(params, name); got != want || ok != found {
			t.Errorf("%s of %s: %q, %v, want %q, %v", name, params, got, ok, want, found)
		}
	}
	f(" hit; ttl=30", "hit", "", true)
	f(" hit; TTL=30", "ttl", "30", true)
	f(` detail="a; \"b\""; hit`, "detail", `a; "b"`, true)
	f(` detail="a; hit"`, "hit", "", false)
	f("", "hit", "", false)
}

func TestElements(t *testing.T) {
	f := func(value string, all bool, want string) {
		t.Helper()
		if got := headerlist.Elements(value, all); got != want {
			t.Errorf("%s (all: %v): %q, want %q", value, all, got, want)
		}
	}
	f(`["HIT"]`, false, "HIT")
	f(`["MISS","HIT"]`, false, "MISS")
	f(`["MISS","HIT"]`, true, "MISS, HIT")
	f(`["a\"b"]`, false, `a"b`)
	f(`[3,null,true]`, true, "3, true")
	f(`[]`, true, "")
	f(`[HIT]`, false, "[HIT]")
}

// FuzzMembers: no byte of a list is lost, and every part can be taken apart further.
func FuzzMembers(f *testing.F) {
	for _, seed := range []string{`a; b="c, d", e`, `"`, `\`, `,,`, `a="\`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, list string) {
		members := slices.Collect(headerlist.Members(list, ','))
		if got := strings.Join(members, ","); got != list {
			t.Errorf("%q came apart as %q", list, members)
		}
		for _, m := range members {
			headerlist.Parameter(headerlist.AfterName(m), "x")
		}
	})
}
