package function

import "testing"

// TestWaysOutAreOfWhatIsNotThere: a function that is there needs none.
func TestWaysOutAreOfWhatIsNotThere(t *testing.T) {
	for name := range instead {
		if Lookup(name) != nil {
			t.Errorf("there is %s: take it out of instead", name)
		}
	}
	f := func(name, want string) {
		t.Helper()
		if got := Unknown(name, "sum").Error(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	f("DATE_TRUNC", "unknown function call: DATE_TRUNC: use toStartOfInterval(t, INTERVAL '1' HOUR)")
	f("len", "unknown function call: LEN: use length(text)")
	f("summ", `unknown function call: SUMM (did you mean "sum"?)`)
	f("frobnicate", "unknown function call: FROBNICATE")
}
