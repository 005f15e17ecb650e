package jsonpath

import (
	"errors"
	"strings"
	"testing"

	"edgescope/scenarios/value"
)

// found are matches as JSON, or why there are none.
func found(matches []any, err error) string {
	if err != nil {
		return err.Error()
	}
	return string(value.AppendJSON(nil, matches))
}

const shop = `{"store":{"book":[{"t":"A","p":8.95,"c":"x"},{"t":"B","p":12},{"t":"C","p":5,"c":"y"}],` +
	`"car":{"p":19}},"k.d":1,"name":"abc"}`

func TestJSONPath(t *testing.T) {
	root, err := value.Parse([]byte(shop))
	if err != nil {
		t.Fatal(err)
	}
	f := func(path, want string) {
		t.Helper()
		p, err := Compile(path)
		if err != nil {
			if want != "refused" {
				t.Errorf("%s: %v", path, err)
			}
			return
		}
		if got := found(p.All(root)); got != want {
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
	for _, bad := range []string{
		"", "$.", "$..", "$[", "$[]", "$['a", "$.a^b", "$.a.^", "$.a@number(", "$[?(@.a",
		"$[?(@.a ==)]", "$[?(a == 1)]", "$[1:2:0]", "$[a:b]", "$x", "$[0",
	} {
		f(bad, "refused")
	}
}

func TestJSONPathEndsOnHugeWalks(t *testing.T) {
	v, err := value.Parse([]byte(strings.Repeat("[", 3000) + strings.Repeat("]", 3000)))
	if err != nil {
		t.Fatal(err)
	}
	p, err := Compile("$..*..*..*")
	if err != nil {
		t.Fatal(err)
	}
	if all, err := p.All(v); len(all) > budget || err != nil {
		t.Errorf("%d matches, %v", len(all), err)
	}
}

func FuzzJSONPath(f *testing.F) {
	for _, s := range []string{
		"$.a[*].x", "$..x", "$.a[?(@.x>1)]", "$[-1:]", "$.a.length", "$[(@.length-1)]",
		"$['a',\"b\"]", "$..*", "$..p^^.*~", "$.*@integer()", "$.@type",
	} {
		f.Add(s)
	}
	root, err := value.Parse([]byte(shop))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if p, err := Compile(s); err == nil {
			if _, err := p.All(root); errors.Is(err, ErrTimeout) {
				t.Errorf("%s takes too long", s)
			}
		}
	})
}

func TestPathsThatAreNone(t *testing.T) {
	f := func(path, want string) {
		t.Helper()
		_, err := Compile(path)
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", path, err, want)
		}
	}
	f("", "a JSONPath is empty, $ is the whole body")
	f("$.", `JSONPath "$.": a name is missing at character 3`)
	f("$x", `JSONPath "$x": expected . or [ at character 2`)
	f("$.a b", `JSONPath "$.a b": "a b" is no plain name, write ['a b'] at character 3`)
	f("$[", `JSONPath "$[": a bracket is not closed at character 3`)
	f("$[]", `JSONPath "$[]": brackets are empty at character 3`)
	f("$['a'b]", `JSONPath "$['a'b]": expected , or ] at character 6`)
	f("$['a", `JSONPath "$['a": a quote is not closed at character 3`)
	f("$[1:2:0]", `JSONPath "$[1:2:0]": a slice is [from:to:step], whole numbers with a step of 1 or more at character 3`)
	f("$[1:2:3:4]", `JSONPath "$[1:2:3:4]": a slice is [from:to:step] at character 3`)
	f("$[?(@.a", `JSONPath "$[?(@.a": expected )] at character 8`)
	f("$[?(@. == 1)]", `JSONPath "$[?(@. == 1)]": Unexpected token == at character 8`)
	f("$[?(a == 1)]", `JSONPath "$[?(a == 1)]": "a" is no name in a filter, members begin with @. at character 5`)
	f("$[?(@.a = 1)]", `JSONPath "$[?(@.a = 1)]": a filter changes nothing at character 5`)
	f("$[(@.length-]", `JSONPath "$[(@.length-]": expected )] at character 14`)
	f("$[?@.a]", `JSONPath "$[?@.a]": a filter stands in parentheses, [?(...)] at character 3`)
	f("$[?(@.a; 1)]", `JSONPath "$[?(@.a; 1)]": Unexpected token ; at character 8`)
	f("$[?(Math.max(1))]", `JSONPath "$[?(Math.max(1))]": "Math" is no name in a filter, members begin with @. at character 5`)
	f("$[?(@foo)]", `JSONPath "$[?(@foo)]": @foo is no name, there are @, @property, @parent, @parentProperty, @path and `+
		`@root at character 5`)
	f("$[?(x => x)]", `JSONPath "$[?(x => x)]": a filter has no functions of its own at character 5`)
	f("$[?(@.a.match(/(/))]", `JSONPath "$[?(@.a.match(/(/))]": regular expression /(/: Unterminated group at character 1 `+
		`at character 16`)
	f("$[?(@.a.match(/a{2,1}/))]", `JSONPath "$[?(@.a.match(/a{2,1}/))]": regular expression /a{2,1}/: numbers out of `+
		`order in {} quantifier at character 2 at character 17`)
	f("$[?(1n)]", `JSONPath "$[?(1n)]": a filter has no numbers such as 1n at character 5`)
	f("$[?(@.a++)]", `JSONPath "$[?(@.a++)]": a filter changes nothing at character 8`)
	f("$[?(delete @.a)]", `JSONPath "$[?(delete @.a)]": a filter changes nothing at character 5`)
	f("$[?(@.a instanceof @.b)]", `JSONPath "$[?(@.a instanceof @.b)]": a filter has no operator instanceof at character 8`)
}

// Selectors on values of every type, and filters on what is not there.
func TestPathsOnAnyValue(t *testing.T) {
	f := func(path, body, want string) {
		t.Helper()
		v, err := value.Parse([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		p, err := Compile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := found(p.All(v)); got != want {
			t.Errorf("%s of %s: %s, want %s", path, body, got, want)
		}
	}
	f("$", "null", "[null]")
	f("$.*", "7", "[]")
	f("$..a", "7", "[]")
	f("$[0]", `"text"`, "[]")
	f("$.length", `"größe"`, "[5]")
	f("$.length", `{"length":1}`, "[1]")
	f("$[-1]", "[1,2]", "[2]")
	f("$[9]", "[1,2]", "[]")
	f("$[-9:9]", "[1,2]", "[1,2]")
	f("$[ 0 , 1 ]", "[1,2]", "[1,2]")
	f(`$['it\'s']`, `{"it's":1}`, "[1]")
	f("$.*@null()", `[null,1,true]`, "[null]")
	f("$.*@boolean()", `[null,1,true]`, "[true]")
	f("$.*@scalar()", `[null,1,true,"a",[],{}]`, `[null,1,true,"a"]`)
	f("$.*@undefined()", "[null]", "[]")
	f("$[?(@.a.b.c == undefined)]", `[{"a":1}]`, "Cannot read properties of undefined (reading 'c')")
	f("$[?(@.a.b == undefined)]", `[{"a":1}]`, `[{"a":1}]`)
	f("$[?(@ === null)]", "[null,0]", "[null]")
	f("$[?($.min < @.v)].v", `{"min":2,"x":{"v":1},"y":{"v":3}}`, "[3]")
	f("$[?(@.a[0] == 1 && !(@.b || false))]", `[{"a":[1]},{"a":[1],"b":1}]`, `[{"a":[1]}]`)
	f("$[?(@.n * 2 - 1 >= 5 % 3)].n", `[{"n":1},{"n":2}]`, "[2]")
}
