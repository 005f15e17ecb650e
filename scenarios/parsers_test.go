package scenarios

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func jsonText(v any, ok bool) string {
	if !ok {
		return "undefined"
	}
	return string(appendJSON(nil, v))
}

func TestPlainScalars(t *testing.T) {
	f := func(yaml, want string) {
		t.Helper()
		n, problems := parse("s.yml", []byte("v: "+yaml))
		if len(problems) > 0 {
			t.Fatalf("%s: %v", yaml, problems)
		}
		if got := jsonText(n.get("v").value(), true); got != want {
			t.Errorf("%s: got %s, want %s", yaml, got, want)
		}
	}
	// Booleans and null: YAML 1.2's, though numbers are 1.1's.
	f("true", "true")
	f("TRUE", "true")
	f("False", "false")
	f("tRue", `"tRue"`)
	f("yes", `"yes"`)
	f("on", `"on"`)
	f("", "null")
	f("~", "null")
	f("NULL", "null")
	f("nil", `"nil"`)
	// Whole numbers.
	f("010", "8")
	f("-010", "-8")
	f("08", `"08"`)
	f("0x1F", "31")
	f("0b101", "5")
	f("0o17", `"0o17"`)
	f("1_000", "1000")
	f("+7", "7")
	f("-0", "0")
	f("12345678901234567890", "12345678901234567890")
	f("1:30", "90")
	f("1:30:05.5", "5405.5")
	f("-1:30", "-90")
	// Fractions.
	f("1.50", "1.50")
	f(".5", "0.5")
	f("1.", "1")
	f("1e3", "1e3")
	f("+1.5e-3", "0.0015")
	f("1.2.3", `"1.2.3"`)
	f("5s", `"5s"`)
	f("'010'", `"010"`)
	f(`"true"`, `"true"`)
	f("!!str 5", `"5"`)
	f("|\n  5\n", `"5\n"`)
	// Dates are moments.
	f("2026-11-20", `"2026-11-20T00:00:00.000Z"`)
	f("2026-11-20T10:00:00+02:00", `"2026-11-20T08:00:00.000Z"`)
	f("2026-11-20 10:00:00.5", `"2026-11-20T10:00:00.500Z"`)
	// Anchors, aliases, merge keys.
	f("{a: &x {k: 1, l: 2}, b: *x}", `{"a":{"k":1,"l":2},"b":{"k":1,"l":2}}`)
	f("{a: &x {k: 1, l: 2}, b: {<<: *x, k: 3}}", `{"a":{"k":1,"l":2},"b":{"k":3,"l":2}}`)
	f("{<<: [{a: 1}, {a: 2, b: 2}]}", `{"a":1,"b":2}`)
}

func TestDurations(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		d, err := parseDuration(text)
		got := d.String()
		if err != nil {
			got = "refused"
		}
		if got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
	f("5", "5s")
	f("0.5", "500ms")
	f("5m", "5m0s")
	f("0.5 min", "30s")
	f("9 Seconds", "9s")
	f("250 msec", "250ms")
	f("1h", "1h0m0s")
	f("2 days", "48h0m0s")
	f("0", "0s")
	f("", "refused")
	f("-1", "refused")
	f("1-3", "refused")
	f("5 potatoes", "refused")
	f("1.2.3s", "refused")
	f("99999999999d", "refused")
}

func TestJSON(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		v, err := parseJSON([]byte(in))
		if got := jsonText(v, err == nil); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
	f(` { "b" : [ 1 , 2.0e+5 , -0 ] , "a" : null } `, `{"b":[1,2.0e+5,-0],"a":null}`)
	f(`{"a":1,"b":2,"a":3}`, `{"a":3,"b":2}`)
	f(`"\u00e9\ud83d\ude00\n\/\"\\"`, `"é😀\n/\"\\"`)
	f(`"\ud83d x"`, `"`+"\ufffd"+` x"`)
	f("\"\xff\"", `"`+"\ufffd"+`"`)
	for _, bad := range []string{"", "{", "[1,]", "01", "1.", "+1", ".5", "nul", `{"a" 1}`, `{a:1}`, "1 2", "\"\n\"", `"\x"`, `"\u12"`, strings.Repeat("[", 20000)} {
		f(bad, "undefined")
	}
	members := []string{`"first":true`}
	for i := range 40 {
		members = append(members, fmt.Sprintf(`"k%d":%d`, i, i))
	}
	many := "{" + strings.Join(members, ",") + "}"
	f(many, many)
	v, err := parseJSON([]byte(many))
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := v.(*Object).Get("k31"); !ok || got != json.Number("31") {
		t.Errorf("k31 is %v, %v", got, ok)
	}
}

const shop = `{"store":{"book":[{"t":"A","p":8.95,"c":"x"},{"t":"B","p":12},{"t":"C","p":5,"c":"y"}],"car":{"p":19}},"k.d":1,"name":"abc"}`

func TestJSONPath(t *testing.T) {
	root, err := parseJSON([]byte(shop))
	if err != nil {
		t.Fatal(err)
	}
	f := func(path, want string) {
		t.Helper()
		p, err := compilePath(path)
		if err != nil {
			if want != "refused" {
				t.Errorf("%s: %v", path, err)
			}
			return
		}
		if got := jsonText(p.all(root), true); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
	f("$", "["+shop+"]")
	f("$.store.book[*].t", `["A","B","C"]`)
	f("store.book.0.t", `["A"]`)
	f("$['store']['car'].p", `[19]`)
	f(`$["k.d"]`, `[1]`)
	f("$..p", `[8.95,12,5,19]`)
	f("$..book[0].t", `["A"]`)
	f("$.store.*.p", `[19]`)
	f("$..[?(@.c)].t", `["A","C"]`)
	f("$.store.book[-1].t", `["C"]`)
	f("$.store.book[-1:].t", `["C"]`)
	f("$.store.book[0:2].t", `["A","B"]`)
	f("$.store.book[::2].t", `["A","C"]`)
	f("$.store.book[5:9].t", `[]`)
	f("$.store.book[0,2].t", `["A","C"]`)
	f("$.store.book[0]['t','p']", `["A",8.95]`)
	f("$.store.book.length", `[3]`)
	f("$.name.length", `[3]`)
	f("$.store.book[(@.length-1)].t", `["C"]`)
	f("$.store.book[?(@.p < 10)].t", `["A","C"]`)
	f("$.store.book[?(@.p>6&&@.c)].t", `["A"]`)
	f("$.store.book[?(@.t === 'B' || !@.c)].t", `["B"]`)
	f(`$.store.book[?(@.t != "B")].t`, `["A","C"]`)
	f("$.store.book[?(@.p > $.store.car.p - 10)].t", `["B"]`)
	f("$.store.book[?(@['p'] == 5)].t", `["C"]`)
	f("$.store.book[?(@.c == null)].t", `["B"]`)
	f("$.nope", `[]`)
	f("$.name.x", `[]`)
	// Parents, names and types, as jsonpath-plus 10 answers them.
	f("$.store.*~", `["book","car"]`)
	f("$.store.book.*~", `[0,1,2]`)
	f("$.store.book[0]~", `["0"]`)
	f("$.store.book[?(@.p==5)]~", `[2]`)
	f("$~", `[]`)
	f("$.store.car.p^", `[{"p":19}]`)
	f("$.store.car.p^^~", `["store"]`)
	f("$..p^.t", `["A","B","C"]`)
	f("$.store.book[?(@.p<10)]^[*].t", `["A","B","C","A","B","C"]`)
	f("$.store.book[0]^[1].t", `["B"]`)
	f("$.store^.name", `["abc"]`)
	f("$^", `[]`)
	f("$..*@number()", `[1,8.95,12,5,19]`)
	f("$..*@integer()", `[1,12,5,19]`)
	f("$.store.book[0].*@string()", `["A","x"]`)
	f("$.store.book@array().length", `[3]`)
	f("$.*@object().car.p", `[19]`)
	f("$.*@scalar()", `[1,"abc"]`)
	f("$.*@null()", `[]`)
	f("$.@type", `[]`)
	for _, bad := range []string{"", "$.", "$..", "$[", "$[]", "$['a", "$.a^b", "$.a.^", "$.a@number(", "$[?(@.a", "$[?(@.a ==)]", "$[?(a == 1)]", "$[1:2:0]", "$[a:b]", "$x", "$[0"} {
		f(bad, "refused")
	}
}

func TestJSONPathEndsOnHugeWalks(t *testing.T) {
	v, err := parseJSON([]byte(strings.Repeat("[", 3000) + strings.Repeat("]", 3000)))
	if err != nil {
		t.Fatal(err)
	}
	p, err := compilePath("$..*..*..*")
	if err != nil {
		t.Fatal(err)
	}
	if n := len(p.all(v)); n > pathBudget {
		t.Errorf("%d matches", n)
	}
}

type mapEnv map[string]any

func (m mapEnv) name(name string) any {
	v, ok := m[name]
	return operandOf(v, ok)
}

func TestExpressions(t *testing.T) {
	vars := mapEnv{"n": json.Number("5"), "s": "x", "z": nil, "t": true, "a.b": json.Number("2"), "two words": json.Number("9"), "l": []any{"q"}}
	f := func(text, want string) {
		t.Helper()
		e, err := compileExpression(filtrex, text, nil)
		got := ""
		if err != nil {
			got = "refused: " + err.Error()
		} else {
			got = textOf(e(vars))
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
	if _, err := compileExpression(filtrex, strings.Repeat("(", 100_000), nil); err == nil {
		t.Error("endless nesting is accepted")
	}
}

func TestNumbersReadAsInJavaScript(t *testing.T) {
	f := func(v float64, want string) {
		t.Helper()
		if got := string(formatNumber(v)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	f(5, "5")
	f(-0.5, "-0.5")
	tenth := 0.1
	f(tenth+2*tenth, "0.30000000000000004")
	f(1e20, "100000000000000000000")
	f(1e21, "1e+21")
	f(1e-7, "1e-7")
	f(number("0x10"), "null")
	f(number(" 12 "), "12")
	f(number(true), "1")
}

func TestSuggestions(t *testing.T) {
	f := func(name string, want string, legal ...string) {
		t.Helper()
		if got := suggest(name, legal); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	f("duratoin", ` (did you mean "duration"?)`, "name", "duration")
	f("STATUSCODE", ` (did you mean "statusCode"?)`, "statusCode")
	f("wait", ` (did you mean "think"?)`, "think", "get")
	f("wait", "", "get")
	f("zzzzzz", "", "get", "post")
	f("xy", "", "is") // nothing of it is right
}
