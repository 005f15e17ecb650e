package near_test

import (
	"testing"

	"edgescope/internal/near"
)

func TestDistance(t *testing.T) {
	f := func(a, b string, want int) {
		t.Helper()
		if got, back := near.Distance(a, b), near.Distance(b, a); got != want || back != want {
			t.Errorf("from %q to %q: %d changes, back %d, want %d", a, b, got, back, want)
		}
	}
	f("", "", 0)
	f("edge", "edge", 0)
	f("edge", "", 4)
	f("egde", "edge", 2)
	f("kitten", "sitting", 3)
	f("größe", "grösse", 2)
}

func TestWord(t *testing.T) {
	f := func(want, word string, most int) {
		t.Helper()
		if got := near.Word(word, most, "edge", "wider", "raw", "rat"); got != want {
			t.Errorf("near %q, %d changes at most: %q, want %q", word, most, got, want)
		}
	}
	f("edge", "edge", 2)
	f("edge", "egde", 2)
	f("wider", "wide", 2)
	f("raw", "ra", 2) // the first of two that are as near
	f("", "columns", 2)
	f("", "egde", 1)
}

func TestHint(t *testing.T) {
	f := func(word, want string, words ...string) {
		t.Helper()
		if got := near.Hint(word, words...); got != want {
			t.Errorf("%q of %v: %q, want %q", word, words, got, want)
		}
	}
	f("duratoin", ` (did you mean "duration"?)`, "name", "duration")
	f("STATUSCODE", ` (did you mean "statusCode"?)`, "statusCode")
	f("nams", ` (did you mean "nam3"?)`, "nam3", "name", "nave")
	f("zzzzzz", "", "get", "post")
	f("xy", "", "is") // nothing of it is right
	f("", "", "a")
	f("any", "")
}
