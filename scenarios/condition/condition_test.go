package condition

import (
	"encoding/json"
	"math"
	"math/rand/v2"
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

// Rand is a stream of the test's own.
func (mapEnv) Rand() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) } //nolint:gosec // reproducible on purpose

var variables = mapEnv{
	"a": json.Number("1"), "b": json.Number("2"), "s": "abc", "t": "12", "n": nil, "list": []any{"x", "y"},
	"nums": []any{json.Number("1"), json.Number("2")}, "yes": true, "no": false, "zero": json.Number("0"),
	"we ird": json.Number("7"), "a.b": json.Number("8"), "empty": "",
	"o": value.NewObject([]value.Member{{Key: "k", Value: json.Number("5")}, {Key: "a b", Value: json.Number("6")}}),
}

func evaluated(text string) string {
	e, err := Compile(text)
	if err != nil {
		return "refused: " + err.Error()
	}
	v := e(variables)
	if err, ok := v.(error); ok {
		return "error: " + err.Error()
	}
	return value.ToString(v)
}

// What filtrex 2.2.3 gives for the same expressions and data.
func TestExpressionsAreFiltrexs(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		if got := evaluated(text); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
	f("1 + 2 * 3", "7")
	f("-2 ^ 2", "4")
	f("2 ^ 3 ^ 2", "64")
	f("not 1 + 1", "1")
	f("not a == 2", "0")
	f("not (a == 2)", "1")
	f("a == 1 == 1", "1")
	f("1 < 2 < 3", "1")
	f("3 > 2 > 1", "0")
	f("a in (1, 2)", "1")
	f("a in (2, 3)", "0")
	f("a not in (2, 3)", "1")
	f(`s in ("abc", "d")`, "1")
	f(`"x" in list`, "1")
	f(`list in ("x", "y", "z")`, "1")
	f(`("x","y") in list`, "1")
	f(`("x","q") in list`, "0")
	f("a in 1", "1")
	f("a in (1)", "1")
	f("a in b", "0")
	f(`s ~= "^a"`, "1")
	f(`s ~= "b$"`, "0")
	f(`s == "abc"`, "1")
	f("s == 'abc'", "0")
	f("'a.b' + 1", "9")
	f("a.b", "8")
	f("'we ird' * 2", "14")
	f("k of o", "5")
	f("'a b' of o", "6")
	f("missing of o", "undefined")
	f("k of missing", "undefined")
	f("length of list", "2")
	f("abs(-3)", "3")
	f("round(2.5)", "3")
	f("round(-2.5)", "-2")
	f("max(1, 5, 3)", "5")
	f("min(1)", "1")
	f("sqrt(9)", "3")
	f("floor(2.7) + ceil(2.1)", "5")
	f("log(1)", "0")
	f("1 ? 2 : 3", "2")
	f("0 ? 2 : 3", "3")
	f("0 ? 1 : 0 ? 2 : 3", "3")
	f("1 ? 0 ? 4 : 5 : 6", "5")
	f("a and b", "2")
	f("a or zero", "1")
	f("zero or no", "0")
	f("s or a", "NaN")
	f("yes", "true")
	f("no", "false")
	f("n", "null")
	f("yes == 1", "1")
	f(`yes == "true"`, "0")
	f("missing", "undefined")
	f("missing == 1", "0")
	f("not missing", "1")
	f("missing > 1", "0")
	f("missing + 1", "NaN")
	f("s + a", "abc1")
	f("a + t", "112")
	f("t - 1", "11")
	f("t * 2", "24")
	f("t == 12", "1")
	f(`s < "abd"`, "1")
	f(`"b" > "a"`, "1")
	f("5 % 3", "2")
	f("-5 % 3", "-2")
	f("1.5", "1.5")
	f(`"it's"`, "it's")
	f(`"say \"hi\""`, `say "hi"`)
	f(`'it\'s'`, "undefined")
	f(`"back\\slash"`, `back\slash`)
	f("a  ==  1", "1")
	f("(a)", "1")
	f("((a))", "1")
	f("(1,2)", "1,2")
	f("nota", "undefined")
	f("notx == 1", "0")
	f("android", "undefined")
	f("inner", "undefined")
	f("orange", "undefined")
	f("a and not b", "0")
	f("1+1", "2")
	f("1 +1", "2")
	f("a-b", "-1")
	f("a - b", "-1")
	f("-a", "-1")
	f("--a", "1")
	f("- - a", "1")
	f("not not a", "1")
	f(`"a" + "b"`, "ab")
	f(`"a" == "a"`, "1")
	f("a.b.c", "undefined")
	f("$x", "undefined")
	f("a?1:2", "1")
	f("5 / 0", "Infinity")
	f("0 / 0", "NaN")
	f("0/0 == 0/0", "0")
	f("n == 0", "0")
	f("n == missing", "1")
	f("n + 1", "1")
	f(`list == "x,y"`, "1")
	f(`o == "[object Object]"`, "1")
	f(`o + ""`, "[object Object]")
	f(`list + ""`, "x,y")
	f("nums + 1", "1,21")
	f("empty", "")
	f("empty == 0", "1")
	f("2 - -2", "4")
	f("2--2", "4")
	f("2 * -3", "-6")
	f("10 - 5 - 2", "3")
	f("100 / 10 / 2", "5")
	f("2 + 3 in (5)", "1")
	f("a == 1 and b == 2 or 0", "1")
	f("not a in (1)", "0")
	f("a in (1,2) == 1", "0")
	f("1 in (1) and 2", "2")
	f(`"1" in (1)`, "0")
	f(`1 in ("1")`, "0")
	f("yes in (1)", "0")
	f("a ~= 1", "1")
	f(`missing ~= "undefined"`, "1")
	f("abs(s)", "NaN")
	f("abs(1,2)", "1")
	f(`max("3", 2)`, "3")
	f("k of o + 1", "6")
	f("- k of o", "-5")
	f("s of s", "undefined")
}

// What has a meaning here and is none, or another one, in filtrex.
func TestExpressionsBeyondFiltrex(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		if got := evaluated(text); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
	f("true", "true")
	f("false", "false")
	f("yes == true", "1")
	f("not false", "1")
	f("true and not no", "1")
	f("{{ a }}", "1")
	f("{{ a }} == {{b}} - 1", "1")
	f("not {{ zero }}", "1")
	f("{{ we ird }} + 1", "8")
	f("exists(a) and not exists(missing) and not exists(n)", "1")
	f("empty(empty) and empty(n) and empty(missing) and not empty(list)", "1")
	f("mod(-1, 3)", "2")
	f("mod(5.5, 2)", "1.5")
	f("random() >= 0 and random() < 1", "1")
	f(".5 + 5. + 1e3", "1005.5")
	f("a and(b)", "2")
	f("a or not(b)", "1")
	f(`s ~= "\w"`, "1")
	f(`s ~= "("`, "error: SyntaxError")
	f(`s ~= "(?<=a)b"`, "1")
	f(`"`+strings.Repeat("a", 60)+`!" ~= "(a+)+$"`, "error: ERR_REGEXP_TIMEOUT")

	f("a === 1", `refused: "===" is no operator here (did you mean "=="?) at character 3`)
	f("a = 1", `refused: "=" is no operator here (did you mean "=="?) at character 3`)
	f("a && b", `refused: "&&" is no operator here (did you mean "and"?) at character 3`)
	f("!a", `refused: "!" is no operator here (did you mean "not"?) at character 1`)
	f("a ==", "refused: the expression ends too early at character 5")
	f("", "refused: the expression ends too early at character 1")
	f("(a", "refused: a parenthesis is not closed at character 3")
	f("()", "refused: parentheses are empty at character 3")
	f(`"open`, `refused: a " is not closed at character 1`)
	f("'open", "refused: a ' is not closed at character 1")
	f("a b", `refused: unexpected "b" at character 3`)
	f("a,b", `refused: unexpected ",b" at character 2`)
	f("1 2", `refused: unexpected "2" at character 3`)
	f("+a", `refused: unexpected "+a" at character 1`)
	f("[1]", `refused: unexpected "[1]" at character 1`)
	f("foo(1)", `refused: there is no function "foo" (did you mean "floor"?) at character 7`)
	f("flor(1)", `refused: there is no function "flor" (did you mean "floor"?) at character 8`)
	f("abs()", "refused: abs takes another number of arguments than 0 at character 6")
	f("mod(1)", "refused: mod takes another number of arguments than 1 at character 7")
	f("max(1 2)", `refused: unexpected "2)" at character 7`)
	f("5x", `refused: "5x" is no number at character 1`)
	f("1e", `refused: "1e" is no number at character 1`)
	f("a ? 1", "refused: ? needs a : after its first choice at character 6")
	f("and", `refused: unexpected "and" at character 1`)
	f("{{ a", "refused: a {{ is not closed at character 1")
	f("{{ a + b }}", "refused: {{ a + b }} is neither a variable (name, name.key, name[0]) nor a call of a function at "+
		"character 1")
	f(`"{{ a }}" == 1`, "refused: a text holds no variables: write the name alone, without quotes and braces at character 1")
	for _, deep := range []string{"(", "not ", "-", "a ? ", "k of "} {
		if _, err := Compile(strings.Repeat(deep, 100_000)); err == nil || !strings.Contains(err.Error(), "too deep") {
			t.Errorf("endless %q: %v", deep, err)
		}
	}
	_, names, err := Read("{{ a.b }} > c and 'd e' in (c, k of o) or max(f)")
	if got := strings.Join(names, ", "); err != nil || got != "a.b, c, d e, o, f" {
		t.Errorf("it reads %s, %v", got, err)
	}
}

func FuzzExpression(f *testing.F) {
	for _, s := range []string{
		"n == 5 and not (s in (\"a\", 1))", "'a b' ? 1 : 2", "max(1,2)^3 % 4", "a.b ~= \"x\"",
		"-1 - -2", "{{ a }} of b", "x-y.count < 3 and a/b c == 1",
	} {
		f.Add(s)
	}
	known := plan.CheckSource{Known: []string{"errors.a or b"}}
	f.Fuzz(func(_ *testing.T, s string) {
		if e, err := Compile(s); err == nil {
			e(variables)
		}
		known.Text = s
		if c, err := Check(known); err == nil {
			c.Pass(func(string) (float64, bool) { return 1, true })
			if c := c.Among([]string{"errors.a or b", "x-y.count", s}); c.Holds != nil {
				c.Pass(func(string) (float64, bool) { return 1, true })
			}
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

	// Only comparisons hold, as in Artillery, which wants the number 1.
	f(plan.CheckSource{Text: "vusers.created"}, "vusers.created", false, 10, true)
	f(plan.CheckSource{Text: "vusers.created > 5 ? 1 : 0"}, "vusers.created", true, 10, true)
	f(plan.CheckSource{Text: "not (http.p95 > 300)"}, "http.p95", true, 250, true)
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

// Metrics may have any names: which, is known when all that a run has counted is.
func TestConditionsOnMetricsOfAnyName(t *testing.T) {
	seen := map[string]float64{
		"x": 9, "x-y.count": 3, "x-y.counter": 4, "my/metric with space.max": 12.5, "http://a.test/b?c=d.p95": 20, "100% done": 1,
		"a:b": 2, "list[0].x": 5, "größe.p50": 6, "it's": 7, `say "hi"`: 8, "(paren)": 1, "or else": 2, "not-ready": 3, "a + b": 4,
		"plugins.metrics-by-endpoint.response_time./a b.p99": 40, "p99": 1,
	}
	var names []string
	for name := range seen {
		names = append(names, name)
	}
	f := func(text, reads string, pass bool) {
		t.Helper()
		c, err := Check(plan.CheckSource{Text: text})
		if err != nil {
			t.Errorf("%s: %v", text, err)
			return
		}
		c = c.Among(names)
		lookup := func(name string) (float64, bool) { v, ok := seen[name]; return v, ok }
		if got := strings.Join(c.Names, ", "); got != reads || c.Pass(lookup) != pass {
			t.Errorf("%s reads %s and passes %v, want %s and %v", text, got, c.Pass(lookup), reads, pass)
		}
	}
	f("x-y.count == 3", "x-y.count", true)
	f("x-y.counter == 4 and x == 9", "x-y.counter, x", true)
	f("x - x-y.count == 6", "x, x-y.count", true)
	f("my/metric with space.max < 50", "my/metric with space.max", true)
	f("http://a.test/b?c=d.p95 < 30", "http://a.test/b?c=d.p95", true)
	f("100% done == 1", "100% done", true)
	f("a:b > 1", "a:b", true)
	f("list[0].x == 5", "list[0].x", true)
	f("größe.p50 <= 6", "größe.p50", true)
	f("it's == 7", "it's", true)
	f(`say "hi" == 8`, `say "hi"`, true)
	f("(paren) == 1", "(paren)", true)
	f("or else == 2 or x == 0", "or else, x", true)
	f("not-ready == 3", "not-ready", true)
	f("a + b == 4", "a + b", true)
	f("'x-y.count' < 4", "x-y.count", true)
	f("plugins.metrics-by-endpoint.response_time./a b.p99 < 50", "plugins.metrics-by-endpoint.response_time./a b.p99", true)
	// What was never seen is told as it is written.
	f("q-r.count == 3", "q-r.count", false)
	f("his/metric [2].max < 50", "his/metric [2].max", false)
	f("his/metric [2].max < 50 and x == 9", "his/metric [2].max, x", false)
	f("gone - lost < 2", "gone, lost", false)
}
