package condition

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"edgescope/scenarios/plan"
	"edgescope/scenarios/value"
)

type mapEnv map[string]any

func (m mapEnv) Name(name string) any {
	v, ok := m[name]
	return value.Operand(v, ok)
}

func TestExpressions(t *testing.T) {
	vars := mapEnv{
		"n": json.Number("5"), "s": "x", "z": nil, "t": true, "a.b": json.Number("2"),
		"two words": json.Number("9"), "l": []any{"q"},
	}
	f := func(text, want string) {
		t.Helper()
		e, err := Compile(text)
		got := ""
		if err != nil {
			got = "refused: " + err.Error()
		} else {
			got = value.Text(e(vars))
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
	f("1 + 2 * 3", "7")
	f("(1 + 2) * 3", "9")
	f("10 - 2 - 3", "5")
	f("2 ^ 3 * 2", "16")
	f("7 % 4 / 2", "1.5")
	f("-n + 6", "1")
	f("- (2 - 5)", "3")
	f("n == 5 and s == \"x\"", "true")
	f("n == \"5\"", "true")
	f("s == 'x'", "false")
	f("'two words' > 8", "true")
	f("a.b >= 2", "true")
	f("missing", "undefined")
	f("missing == z", "true")
	f("missing > 1", "false")
	f("not t", "false")
	f("not (n == 4) and t", "true")
	f("n != 5 or s", "x")
	f("n in (1, 5)", "true")
	f("s in (\"y\", \"z\")", "false")
	f("s not in (\"y\")", "true")
	f("n > 3 ? \"big\" : \"small\"", "big")
	f("n < 3 ? 1 : n < 6 ? 2 : 3", "2")
	f("s ~= \"^[a-x]$\"", "true")
	f("s + n", "x5")
	f("\"b\" > \"a\"", "true")
	f("abs(0 - n) + floor(1.7) + ceil(1.2) + round(2.5)", "11")
	f("max(1, n, 3) - min(2, 4)", "3")
	f("1.5e2", "150")
	f(`"say \"hi\""`, `say "hi"`)
	f("nothing", "undefined")
	f("l == \"q\"", "false")
	f("n === 5", `refused: "===" is no operator here (did you mean "=="?) at character 3`)
	f("n = 5", `refused: "=" is no operator here (did you mean "=="?) at character 3`)
	f("n && t", `refused: "&&" is no operator here (did you mean "and"?) at character 3`)
	f("!t", `refused: "!" is no operator here (did you mean "not"?) at character 1`)
	f("n ==", "refused: the expression ends too early at character 5")
	f("", "refused: the expression ends too early at character 1")
	f("(n", "refused: a parenthesis is not closed at character 3")
	f("\"open", "refused: a \" is not closed at character 1")
	f("n n", `refused: unexpected "n" at character 3`)
	f("f(1)", `refused: there is no function "f" at character 5`)
	f("5x", `refused: "5x" is no number at character 1`)
	f("n ? 1", "refused: ? needs a : after its first choice at character 6")
	f("and", `refused: unexpected "and" at character 1`)
	f("n in 5", `refused: "in" takes a list in parentheses at character 6`)
	if _, err := Compile(strings.Repeat("(", 100_000)); err == nil {
		t.Error("endless nesting is accepted")
	}
}

func FuzzExpression(f *testing.F) {
	for _, s := range []string{
		"n == 5 and not (s in (\"a\", 1))", "'a b' ? 1 : 2", "max(1,2)^3 % 4", "a.b ~= \"x\"",
		"-1 - -2",
	} {
		f.Add(s)
	}
	known := plan.CheckSource{Known: []string{"errors.a or b"}}
	f.Fuzz(func(_ *testing.T, s string) {
		if e, err := Compile(s); err == nil {
			e(mapEnv{"n": json.Number("1")})
		}
		known.Text = s
		if c, err := Check(known); err == nil {
			c.Pass(func(string) (float64, bool) { return 1, true })
		}
	})
}

// TestChecks: what a check reads, what passes it, and which number a report shows beside it.
func TestChecks(t *testing.T) {
	metrics := map[string]float64{
		"vusers.created": 10, "vusers.completed": 9, "http.p95": 250, "errors.a-b": 2,
		"errors.socket hang up": 3,
	}
	lookup := func(name string) (float64, bool) { v, ok := metrics[name]; return v, ok }
	f := func(s plan.CheckSource, reads string, pass bool, figure float64, has bool) {
		t.Helper()
		c, err := Check(s)
		if err != nil {
			t.Errorf("%+v: %v", s, err)
			return
		}
		if got := strings.Join(c.Names, ", "); got != reads {
			t.Errorf("%s reads %q, want %q", s.Text, got, reads)
		}
		if got := c.Pass(lookup); got != pass {
			t.Errorf("%s passes: %v", s.Text, got)
		}
		if got, ok := c.Figure(lookup); got != figure || ok != has {
			t.Errorf("%s shows %v, %v; want %v, %v", s.Text, got, ok, figure, has)
		}
		if c.Strict == s.Optional || c.Text != s.Text || c.Source.Text != s.Text {
			t.Errorf("%+v became %+v", s, c)
		}
	}
	f(plan.CheckSource{Text: "p95 < 300", Metric: "http.p95", Max: 300}, "http.p95", true, 250, true)
	f(plan.CheckSource{Text: "p95 < 250", Metric: "http.p95", Max: 250}, "http.p95", false, 250, true)
	f(plan.CheckSource{Text: "p99 < 300", Metric: "http.p99", Max: 300, Optional: true}, "http.p99", false, 0, false)
	f(plan.CheckSource{Text: "maxErrorRate < 10", Metric: plan.MaxErrorRate, Max: 10}, "vusers.created, vusers.completed",
		true, 10, true)
	f(plan.CheckSource{Text: "maxErrorRate < 9", Metric: plan.MaxErrorRate, Max: 9}, "vusers.created, vusers.completed",
		false, 10, true)
	f(plan.CheckSource{Text: "http.p95 > 1 and http.p95 < 300"}, "http.p95", true, 250, true)
	f(plan.CheckSource{Text: "vusers.created > vusers.completed"}, "vusers.created, vusers.completed", true, 0, false)
	f(plan.CheckSource{Text: "nope < 1 or http.p95 > 1"}, "nope, http.p95", false, 0, false)
	f(plan.CheckSource{Text: "errors.socket hang up == 3"}, "errors.socket hang up", true, 3, true)
	// A minus is part of a name that the report is known to have, else it is a difference.
	f(plan.CheckSource{Text: "errors.a-b == 2", Known: []string{"errors.a-b"}}, "errors.a-b", true, 2, true)
	f(plan.CheckSource{Text: "errors.a-b == 2"}, "errors.a, b", false, 0, false)

	for text, want := range map[string]string{
		"": "ends too early", "a <": "ends too early",
		"a < 1 &&": `"&&" is no operator here (did you mean "and"?)`,
	} {
		if _, err := Check(plan.CheckSource{Text: text}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	if _, err := Check(plan.CheckSource{Metric: "m", Max: math.NaN()}); err == nil {
		t.Error("a limit that is no number is taken")
	}
}
