package settings_test

import (
	"fmt"
	"testing"
	"time"

	"edgescope/internal/tree"
	"edgescope/scenarios/settings"
)

// read reads `v: <yaml>` and returns what a function makes of it, and the first problem.
func read(t *testing.T, yaml string, f func(*settings.Reader, *tree.Node) any) (got any, problem string) {
	t.Helper()
	n, problems := tree.Parse("s.yml", []byte("v: "+yaml))
	if len(problems) > 0 {
		t.Fatalf("%s: %v", yaml, problems)
	}
	r := &settings.Reader{}
	got = f(r, n.Get("v"))
	if len(r.Problems) > 0 {
		problem = r.Problems[0].String()
	}
	return got, problem
}

func TestSettingsOfEachType(t *testing.T) {
	kinds := map[string]func(*settings.Reader, *tree.Node) any{
		"text":     func(r *settings.Reader, n *tree.Node) any { s, _ := r.Text(n, "it"); return s },
		"bool":     func(r *settings.Reader, n *tree.Node) any { return r.Bool(n, "it") },
		"number":   func(r *settings.Reader, n *tree.Node) any { f, _ := r.Number(n, "it"); return f },
		"amount":   func(r *settings.Reader, n *tree.Node) any { return r.Amount(n, "it") },
		"whole":    func(r *settings.Reader, n *tree.Node) any { return r.Whole(n, "it") },
		"duration": func(r *settings.Reader, n *tree.Node) any { return r.Duration(n, "it") },
		"choice":   func(r *settings.Reader, n *tree.Node) any { return r.Choice(n, "it", "open", "closed") },
		"list":     func(r *settings.Reader, n *tree.Node) any { return len(r.List(n, "it")) },
	}
	f := func(kind, yaml string, want any, problem string) {
		t.Helper()
		got, told := read(t, yaml, kinds[kind])
		if fmt.Sprint(got) != fmt.Sprint(want) || told != problem {
			t.Errorf("%s %s: got %v, %q; want %v, %q", kind, yaml, got, told, want, problem)
		}
	}
	f("text", "a", "a", "")
	f("text", "1.50", "1.50", "")
	f("text", ".5", "0.5", "")
	f("text", "true", "true", "")
	f("text", "''", "", "")
	f("text", "~", "", "s.yml:1:4: it must be text, not nothing")
	f("text", "[a]", "", "s.yml:1:4: it must be text, not a list")
	f("bool", "true", true, "")
	f("bool", "'false'", false, "")
	f("bool", "yes", false, `s.yml:1:4: it must be true or false, not "yes"`)
	f("bool", "{}", false, "s.yml:1:4: it must be true or false, not an object")
	f("number", "-1.5", -1.5, "")
	f("number", "' 12 '", 12, "")
	f("number", "1:30", 90, "")
	f("number", "true", 0, "s.yml:1:4: it must be a number, not true")
	f("number", "''", 0, `s.yml:1:4: it must be a number, not ""`)
	f("number", "1e999", 0, "s.yml:1:4: it must be a number, not 1e999")
	f("number", "[1]", 0, "s.yml:1:4: it must be a number, not a list")
	f("amount", "0", 0, "")
	f("amount", "-1", 0, "s.yml:1:4: it must be 0 or more, not -1")
	f("whole", "7", 7, "")
	f("whole", "1.5", 0, "s.yml:1:4: it must be a whole number of 0 or more, not 1.5")
	f("whole", "99999999999", 0, "s.yml:1:4: it must be a whole number of 0 or more, not 99999999999")
	f("duration", "2m", 2*time.Minute, "")
	f("duration", "1.5", 1500*time.Millisecond, "")
	f("duration", "[1]", time.Duration(0), "s.yml:1:4: it must be a duration, not a list")
	f("duration", "1y", time.Duration(0),
		`s.yml:1:4: it: "1y" is no duration: write seconds (5, 0.5) or a number with ms, s, m, h or d (500ms, 5m)`)
	f("choice", "open", "open", "")
	f("choice", "opne", "opne", `s.yml:1:4: it must be open or closed, not "opne" (did you mean "open"?)`)
	f("choice", "1", "", "s.yml:1:4: it must be open or closed, not 1")
	f("list", "[a, b]", 2, "")
	f("list", "{a: b}", 1, "") // one is a list of one
	f("list", "~", 0, "")
	f("list", "7", 0, "s.yml:1:4: it must be a list, not 7")
}

// An object's keys are read in their order; null is as if the key were absent, and what is not known is refused.
func TestObjects(t *testing.T) {
	n, problems := tree.Parse("s.yml", []byte("{b: 1, gone: null, a: 2, durtaion: 3, zzz: 4}"))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var order []string
	keep := func(key string) func(*tree.Node) {
		return func(v *tree.Node) { order = append(order, fmt.Sprint(key, "=", v.Scalar)) }
	}
	r := &settings.Reader{}
	r.Object(n, "a thing", map[string]func(*tree.Node){
		"a": keep("a"), "b": keep("b"), "gone": keep("gone"), "duration": settings.Ignored,
	})
	if got := fmt.Sprint(order); got != "[b=1 a=2]" {
		t.Errorf("read %s", got)
	}
	want := "s.yml:1:26: unknown key \"durtaion\" in a thing (did you mean \"duration\"?)\ns.yml:1:39: unknown " +
		"key \"zzz\" in a thing"
	if r.Problems.Error() != want {
		t.Errorf("got %v\nwant %s", r.Problems, want)
	}
	r.Warn(n.Pos, "%d things", 3)
	if r.Warnings.Error() != "s.yml:1:1: 3 things" {
		t.Errorf("warnings %v", r.Warnings)
	}
}

func TestKnownNames(t *testing.T) {
	f := func(name, want string, legal ...string) {
		t.Helper()
		if got := settings.Known(name, legal); got != want {
			t.Errorf("%s of %v: %q, want %q", name, legal, got, want)
		}
	}
	f("loca", ` (did you mean "local"?)`, "local", "ci")
	f("production", " (known: local, ci)", "local", "ci")
	f("any", ": none are defined")
}
