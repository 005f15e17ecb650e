package condition

import (
	"encoding/json"
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
	vars := mapEnv{"n": json.Number("5"), "s": "x", "z": nil, "t": true, "a.b": json.Number("2"), "two words": json.Number("9"), "l": []any{"q"}}
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
	for _, s := range []string{"n == 5 and not (s in (\"a\", 1))", "'a b' ? 1 : 2", "max(1,2)^3 % 4", "a.b ~= \"x\"", "-1 - -2"} {
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
