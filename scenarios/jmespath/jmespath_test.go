package jmespath

import (
	"strings"
	"testing"

	"edgescope/scenarios/value"
)

const jmesBody = `{"items": [{"name": "pen", "price": 2, "tags": ["a", "b"]}, {"name": "ink", "price": 7.5, "tags": []}, {"name": "cap", "price": 2, "tags": null}],
"next": "/p?page=2", "total": 3, "by": {"x": {"n": 1}, "y": {"n": 2}, "z": 5}, "empty": [], "no": null, "nested": [[1, 2], [3, [4]], 5], "a-b": true, "é\"": "odd"}`

func TestJMESPath(t *testing.T) {
	v, err := value.Parse([]byte(jmesBody))
	if err != nil {
		t.Fatal(err)
	}
	f := func(expression, want string) {
		t.Helper()
		e, err := Compile(expression)
		if err != nil {
			t.Error(err)
			return
		}
		got, err := e.Search(v)
		text := string(value.AppendJSON(nil, got))
		if err != nil {
			text = err.Error()
		}
		if text != want {
			t.Errorf("%s\n got %s\nwant %s", expression, text, want)
		}
	}
	f("total", "3")
	f("nope", "null")
	f("nope.deeper[0].x", "null")
	f(`"a-b"`, "true")
	f(`"é\""`, `"odd"`)
	f("@.total", "3")
	f("items[0].name", `"pen"`)
	f("items[-1].name", `"cap"`)
	f("items[9]", "null")
	f("items[*].name", `["pen","ink","cap"]`)
	f("items[].tags[]", `["a","b"]`)
	f("items[*].tags[0]", `["a"]`)
	f("items[1:].name", `["ink","cap"]`)
	f("items[:-1].name", `["pen","ink"]`)
	f("items[::-1].name", `["cap","ink","pen"]`)
	f("items[::2].price", "[2,2]")
	f("items[5:1:-1].name", `["cap"]`)
	f("next[0:1]", "null")
	f("by.*.n", "[1,2]")
	f("*.x.n", "[1]")
	f("nested[]", "[1,2,3,[4],5]")
	f("nested[][]", "[1,2,3,4,5]")
	f("items[?price > `2`].name", `["ink"]`)
	f("items[?price > `2`] | [0].name", `"ink"`)
	f("items[?name == 'pen' || name == 'cap'].price | sum(@)", "4")
	f("items[?tags].name", `["pen"]`)
	f("items[?!tags].name", `["ink","cap"]`)
	f("items[?tags[?@ == 'b']].name", `["pen"]`)
	f("items[*].[name, price] | [0]", `["pen",2]`)
	f("items[*].{n: name, \"p p\": price} | [1]", `{"n":"ink","p p":7.5}`)
	f("{t: total, first: items[0].name}", `{"first":"pen","t":3}`)
	f("[total, no]", "[3,null]")
	f("no.[a]", "null")
	f("total == `3.0` && by == `{\"y\": {\"n\": 2}, \"x\": {\"n\": 1}, \"z\": 5}`", "true")
	f("total != `3` || total < `4`", "true")
	f("next < `4`", "null")
	f("(no || next) && 'yes'", `"yes"`)
	f("!empty && !no && !!total", "true")
	f("'it\\'s'", `"it's"`)
	f("`\"quoted\"`", `"quoted"`)
	f("`bare words`", `"bare words"`)
	f("length(items) == `3`", "true")
	f("length(next)", "9")
	f("length(by)", "3")
	f("contains(items[*].name, 'ink')", "true")
	f("contains(next, 'page')", "true")
	f("starts_with(next, '/p') && !ends_with(next, 'x')", "true")
	f("join(', ', items[*].name)", `"pen, ink, cap"`)
	f("keys(by)", `["x","y","z"]`)
	f("values(by)[2]", "5")
	f("sort(items[*].name)", `["cap","ink","pen"]`)
	f("sort_by(items, &name)[0].name", `"cap"`)
	f("sort_by(items, &price)[*].name", `["pen","cap","ink"]`)
	f("max_by(items, &price).name", `"ink"`)
	f("min_by(items, &name).name", `"cap"`)
	f("max(items[*].price)", "7.5")
	f("min(empty)", "null")
	f("avg(items[*].price)", "3.8333333333333335")
	f("avg(empty)", "null")
	f("ceil(`1.2`)", "2")
	f("floor(abs(`-1.2`))", "1")
	f("map(&name, items)", `["pen","ink","cap"]`)
	f("map(&tags[0], items)", `["a",null,null]`)
	f("merge(by.x, `{\"m\": 1, \"n\": 9}`)", `{"m":1,"n":9}`)
	f("not_null(no, nope, total)", "3")
	f("reverse(items[*].name)[0]", `"cap"`)
	f("reverse('abc')", `"cba"`)
	f("to_array(total)", "[3]")
	f("to_array(empty)", "[]")
	f("to_number('12.5')", "12.5")
	f("to_number('x')", "null")
	f("to_string(by.x)", `"{\"n\":1}"`)
	f("type(items) == 'array' && type(no) == 'null' && type(total) == 'number'", "true")
	f("abs(next)", "abs: argument 1 must be number, not string")
	f("keys(items)[]", "keys: argument 1 must be object, not array")
	f("!sort_by(items, &tags)[?price < `0`]", "the expression must give numbers only, or strings only")
	f("values(total)[?n]", "values: argument 1 must be object, not number")
	f("no == `1` && abs(next)", "false")
	f("sort(items)", "sort: argument 1 must be array[string] or array[number], not array")
	f("sort_by(items, &tags)", "the expression must give numbers only, or strings only")
}

func TestJMESPathErrors(t *testing.T) {
	f := func(expression, want string) {
		t.Helper()
		if _, err := Compile(expression); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", expression, err, want)
		}
	}
	f("", "the expression ends too early")
	f("a.", "the expression ends too early")
	f("a b", `unexpected "b" at character 3`)
	f("a[", "the expression ends too early")
	f("a[x]", `unexpected "x" at character 3`)
	f("a[0:1:2:3]", `unexpected ":"`)
	f("a[::0]", "the step of a slice must not be 0")
	f("a[?b", "the expression ends too early")
	f("{a: b", "the expression ends too early")
	f("{a}", `unexpected "}" at character 3`)
	f("'open", "a ' is not closed")
	f("`open", "a ` is not closed")
	f(`"open`, `a " is not closed`)
	f("a = b", "= is no operator, equal is ==")
	f("nope(a)", `there is no function "nope"`)
	f("length()", "length takes 1 arguments, not 0")
	f("length(a, b)", "length takes 1 arguments, not 2")
	f("sort_by(a, b)", "argument 2 of sort_by: an expression begins with &")
	f("length(&a)", "argument 1 of length: an expression begins with &")
	f("-", "the expression ends too early")
	f(strings.Repeat("(", 300), "nested too deep")
}

func FuzzJMESPath(f *testing.F) {
	for _, seed := range []string{
		"a[?x>`1`] | [0]", "length(a) == `3`", "*.*[].{a: b, c: [d, e]}", "sort_by(items, &price)[::-1]", "!a && (b || 'c')",
		`"q"[1:2:3][*]`,
		"merge(@, `{}`)", "a.[b]", "a..b", "[[[[", "not_null(", "`\\``", "&a",
	} {
		f.Add(seed)
	}
	v, err := value.Parse([]byte(jmesBody))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(_ *testing.T, expression string) {
		if e, err := Compile(expression); err == nil {
			if got, err := e.Search(v); err == nil {
				value.AppendJSON(nil, got)
			}
		}
	})
}
