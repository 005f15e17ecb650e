package jmespath

import (
	"strings"
	"testing"

	"edgescope/scenarios/value"
)

// TestCompliance asks what jmespath.test asks of implementations, group by group, on data and in words of our own. "!"
// is that the expression is refused before it runs, "!!" that it fails on the data.
func TestCompliance(t *testing.T) {
	var data any
	given := func(json string) {
		t.Helper()
		var err error
		if data, err = value.Parse([]byte(json)); err != nil {
			t.Fatal(err)
		}
	}
	f := func(expression, want string) {
		t.Helper()
		if got := outcome(expression, data); got != want {
			t.Errorf("%s\n got %s\nwant %s", expression, got, want)
		}
	}

	// Basic expressions and identifiers.
	given(`{"city": {"zone": {"colo": "FRA"}}, "list": ["x", "y"], "two words": 1, "with.dot": 2, "\ttab": 3, "": 4, ` +
		`"ü": 5, "_u": 6}`)
	f("city", `{"zone":{"colo":"FRA"}}`)
	f("city.zone.colo", `"FRA"`)
	f("city\n.zone\n.colo", `"FRA"`)
	f("city.nope.colo", "null")
	f("list.colo", "null")
	f(`"two words"`, "1")
	f(`"with.dot"`, "2")
	f(`"\ttab"`, "3")
	f(`""`, "4")
	f(`"ü"`, "5")
	f(`"\u00fc"`, "5")
	f("_u", "6")
	f("ü", "!")
	f("two words", "!")
	f("1a", "!")

	// Booleans, comparisons, and their precedence.
	given(`{"t": true, "f": false, "n": null, "e": "", "l": [], "o": {}, "z": 0, "one": 1, "two": 2, "s": "a"}`)
	f("t && f", "false")
	f("f || t && one", "1")
	f("(f || t) && f", "false")
	f("n || e || l || o || z", "0")
	f("!n && !e && !l && !o", "true")
	f("!z", "false")
	f("!!s", "true")
	f("one < two && two >= one", "true")
	f("one == one && one != two", "true")
	f("s == 'a' && s != 'b'", "true")
	f("s < 'b'", "null")
	f("l == `[]` && o == `{}`", "true")
	f("one == '1'", "false")
	f("t == `true`", "true")

	// The current node, escapes, literals.
	given(`{"a": {"b": [1]}}`)
	f("@", `{"a":{"b":[1]}}`)
	f("@.a.b | @[0]", "1")
	f("`{\"k\": [1, \"x\"]}`", `{"k":[1,"x"]}`)
	f("`\"back\\`quote\"`", "\"back`quote\"")
	f("'raw \\'quoted\\''", `"raw 'quoted'"`)
	f(`'a\nb'`, `"a\\nb"`)
	f("`1.5e3`", "1500")
	f("`null`", "null")
	f("''", `""`)
	f("'open", "!")
	f("`{`", `"{"`) // no JSON, hence a text

	// Indexes and slices.
	given(`{"l": [0, 1, 2, 3, 4, 5], "n": [[1, 2], [3, 4]], "s": "text"}`)
	f("l[0]", "0")
	f("l[-1]", "5")
	f("l[6]", "null")
	f("l[-7]", "null")
	f("s[0]", "null")
	f("n[1][0]", "3")
	f("n[*][0]", "[1,3]")
	f("l[1:3]", "[1,2]")
	f("l[:2]", "[0,1]")
	f("l[4:]", "[4,5]")
	f("l[::2]", "[0,2,4]")
	f("l[::-2]", "[5,3,1]")
	f("l[-2:]", "[4,5]")
	f("l[10:]", "[]")
	f("l[8:2:-1]", "[5,4,3]")
	f("l[-100:2]", "[0,1]")
	f("s[0:2]", "null")
	f("n[].[@]", "[[1],[2],[3],[4]]")
	f("l[::0]", "!")
	f("l[1:2:3:4]", "!")
	f("l[a]", "!")
	f("l[1.5]", "!")
	f("l[", "!")

	// Wildcards, projections, flattening, pipes.
	given(`{"by": {"a": {"n": 1, "l": [1, 2]}, "b": {"n": 2, "l": [3]}, "c": 7}, "rows": [{"x": [1]}, {"x": [2, 3]}, ` +
		`{}, {"x": null}], "deep": [[[1]], [2]]}`)
	f("by.*", `[{"l":[1,2],"n":1},{"l":[3],"n":2},7]`)
	f("by.*.n", "[1,2]")
	f("by.*.l[]", "[1,2,3]")
	f("by.*.l[0]", "[1,3]")
	f("by.*.nope", "[]")
	f("rows.*", "null")
	f("*.c", "[7]")
	f("*.*.n", "[[1,2]]")
	f("by.*.type(@)", `["object","object","number"]`)
	f("by.*.[n]", "[[1],[2],[null]]")
	f("rows[*].x", "[[1],[2,3]]")
	f("rows[*].x[]", "[1,2,3]")
	f("rows[*].x | [0]", "[1]")
	f("rows[*].x[0]", "[1,2]")
	f("deep[]", "[[1],2]")
	f("deep[][]", "[1,2]")
	f("by[]", "null")
	f("by.a.n | @ | @", "1")
	f("by | keys(@)", `["a","b","c"]`)
	f("rows[?x].x[0]", "[1,2]")
	f("by.**", "!")
	f("by.", "!")
	f(".by", "!")
	f("by..a", "!")

	// Filters.
	given(`{"d": [{"r": "FRA", "ms": 9, "hit": true}, {"r": "IAD", "ms": 30}, {"r": "SIN", "ms": 31, "hit": false}, ` +
		`{"r": null}]}`)
	f("d[?ms > `9`].r", `["IAD","SIN"]`)
	f("d[?hit].r", `["FRA"]`)
	f("d[?!hit].r", `["IAD","SIN"]`)
	f("d[?r == 'FRA' || ms == `31`].ms", "[9,31]")
	f("d[?r == 'FRA' && ms == `31`]", "[]")
	f("d[?r != null].r", `["FRA","IAD","SIN"]`)
	f("d[?contains(['FRA', 'SIN'], r)].ms", "[9,31]")
	f("d[?r == `null`] | length(@)", "1")
	f("d[?starts_with(to_string(r), 'I')].r", `["IAD"]`)
	f("d[0][?ms]", "null")
	f("d[?", "!")
	f("d[?ms > ]", "!")

	// Lists and objects of several selections.
	given(`{"a": 1, "b": {"c": 2}, "l": [{"x": 1, "y": 2}, {"x": 3}]}`)
	f("[a, b.c, nope]", "[1,2,null]")
	f("{one: a, \"t w\": b.c}", `{"one":1,"t w":2}`)
	f("l[*].[x, y]", "[[1,2],[3,null]]")
	f("l[*].{v: x}", `[{"v":1},{"v":3}]`)
	f("b.{c: c, d: d}", `{"c":2,"d":null}`)
	f("nope.{a: a}", "null")
	f("nope.[a]", "null")
	f("{}", "!")
	f("[]", "null")
	f("{a}", "!")
	f("{a: }", "!")
	f("[a,", "!")

	// Functions: each of the specification, its kinds of arguments and its failures.
	given(`{"n": [3, 1, 2], "s": ["b", "a"], "mixed": [1, "a"], "o": {"b": 2, "a": 1}, "rows": [{"k": "b", "v": 2}, ` +
		`{"k": "a", "v": 2}, {"k": "c", "v": 1}], "t": "abc", "neg": -1.5}`)
	f("abs(neg)", "1.5")
	f("abs(t)", "!!")
	f("avg(n)", "2")
	f("avg(`[]`)", "null")
	f("avg(s)", "!!")
	f("ceil(neg)", "-1")
	f("floor(neg)", "-2")
	f("contains(t, 'bc')", "true")
	f("contains(n, `2`)", "true")
	f("contains(n, '2')", "false")
	f("contains(rows, `{\"k\": \"c\", \"v\": 1}`)", "true")
	f("contains(o, 'a')", "!!")
	f("ends_with(t, 'c')", "true")
	f("starts_with(t, 'ab')", "true")
	f("starts_with(t, `1`)", "!!")
	f("join('-', s)", `"b-a"`)
	f("join(',', n)", "!!")
	f("keys(o)", `["a","b"]`)
	f("keys(n)", "!!")
	f("values(o)", "[1,2]")
	f("length(t)", "3")
	f("length('größe')", "5")
	f("length(o)", "2")
	f("length(neg)", "!!")
	f("map(&v, rows)", "[2,2,1]")
	f("map(&nope, rows)", "[null,null,null]")
	f("max(n)", "3")
	f("max(s)", `"b"`)
	f("max(mixed)", "!!")
	f("min(`[]`)", "null")
	f("max_by(rows, &v).k", `"b"`)
	f("min_by(rows, &k).v", "2")
	f("max_by(rows, &nope)", "!!")
	f("merge(o, `{\"c\": 3}`)", `{"a":1,"b":2,"c":3}`)
	f("merge(o, n)", "!!")
	f("not_null(nope, t)", `"abc"`)
	f("not_null()", "!")
	f("reverse(n)", "[2,1,3]")
	f("reverse(t)", `"cba"`)
	f("sort(n)", "[1,2,3]")
	f("sort(s)", `["a","b"]`)
	f("sort(mixed)", "!!")
	f("sort_by(rows, &v)[*].k", `["c","b","a"]`) // stable
	f("[sort_by(rows, &k)[0].k, rows[0].k]", `["a","b"]`)
	f("sort_by(rows, &nope)", "!!")
	f("sum(n)", "6")
	f("sum(`[]`)", "0")
	f("to_array(n)", "[3,1,2]")
	f("to_array(t)", `["abc"]`)
	f("to_number('1e2')", "100")
	f("to_number('x')", "null")
	f("to_number(n)", "null")
	f("to_string(o)", `"{\"a\":1,\"b\":2}"`)
	f("to_string(t)", `"abc"`)
	f("to_string('<&>')", `"<&>"`)
	f("type(n)", `"array"`)
	f("type(nope)", `"null"`)
	f("type(&n)", "!")
	f("lengths(t)", "!")
	f("length()", "!")
	f("length(t, t)", "!")
	f("length(t", "!")
	f("sort_by(rows, k)", "!")
	f("sort_by(&k, rows)", "!")
	f("&t", "!")
	f("\"length\"(t)", "!")
	f("length(@.t)", "3")
	f("length(length)", "!!")
}

// outcome is what an expression gives on data.
func outcome(expression string, data any) string {
	e, err := Compile(expression)
	if err != nil {
		return "!"
	}
	got, err := e.Search(data)
	if err != nil {
		return "!!"
	}
	return string(value.AppendJSON(nil, got))
}

// What is refused is told in words for authors of scripts, and long or deep expressions do not end the process.
func TestRefusalsNameWhatIsWrong(t *testing.T) {
	f := func(expression, want string) {
		t.Helper()
		_, err := Compile(expression)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %v, want %q", expression, err, want)
		}
	}
	f("lengths(a)", `there is no function "lengths" (did you mean "length"?)`)
	f("pad_left(a)", "pad_left takes 2 to 3 arguments, not 1")
	f("merge()", "merge takes 1 or more arguments, not 0")
	f("a.&b", `unexpected "&" at character 3`)
	f("[&a]", "& stands before an argument of a function only")
	f("let $x = a in $x", "let is not supported")
	f("a[0", "the expression ends too early")
	f("a ]", `unexpected "]" at character 3`)
	f("a\x00", "JMESPath")
	f(strings.Repeat("!", 70_000)+"a", "longer than 65536 characters")
	f(strings.Repeat("[", 70), "the expression ends too early")
	f(strings.Repeat("{a:", 250), "nested too deep")
	if _, err := Compile(strings.Repeat("!", 60_000) + "a"); err != nil {
		t.Errorf("a long expression: %v", err)
	}
	if got := outcome("a"+strings.Repeat(".a", 30_000), nil); got != "null" {
		t.Errorf("a long path gives %s", got)
	}
}

// An expression changes nothing of what it is asked of, and is the same each time.
func TestSearchLeavesTheBodyAlone(t *testing.T) {
	const body = `{"l":[{"k":3},{"k":1},{"k":2}],"o":{"z":1,"a":1.50}}`
	v, err := value.Parse([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	e, err := Compile("[sort_by(l, &k)[*].k, reverse(l)[0].k, values(o), o.*]")
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		got, err := e.Search(v)
		if text := string(value.AppendJSON(nil, got)); err != nil || text != "[[1,2,3],2,[1.5,1],[1.5,1]]" {
			t.Fatalf("got %s, %v", text, err)
		}
	}
	if text := string(value.AppendJSON(nil, v)); text != body {
		t.Errorf("the body is now %s", text)
	}
}

// What the community's edition has beyond the specification, and scripts may use.
func TestBeyondTheSpecification(t *testing.T) {
	data, err := value.Parse([]byte(`{"n": 7, "s": " a,b ", "o": {"b": 1, "a": 2}, "rows": [{"k": "x", "v": 1}, {"k": "y", "v": 2}, {"k": "x", "v": 3}]}`))
	if err != nil {
		t.Fatal(err)
	}
	f := func(expression, want string) {
		t.Helper()
		if got := outcome(expression, data); got != want {
			t.Errorf("%s: got %s, want %s", expression, got, want)
		}
	}
	f("n - `2`", "5")
	f("n * `2` + `1`", "15")
	f("n / `2` > `3`", "true")
	f("n // `2`", "3")
	f("n % `4`", "3")
	f("s - `1`", "null")
	f("split(trim(s), ',')", `["a","b"]`)
	f("upper(s)", `" A,B "`)
	f("items(o)", `[["a",2],["b",1]]`)
	f("from_items(items(o))", `{"a":2,"b":1}`)
	f("zip(rows[*].k, rows[*].v)[1]", `["y",2]`)
	f("group_by(rows, &k).x[*].v", "[1,3]")
	f("$.n", "7")
}
