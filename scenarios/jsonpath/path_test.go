package jsonpath

import (
	"strings"
	"testing"

	"edgescope/scenarios/value"
)

func jsonText(v any) string { return string(value.AppendJSON(nil, v)) }

const shop = `{"store":{"book":[{"t":"A","p":8.95,"c":"x"},{"t":"B","p":12},{"t":"C","p":5,"c":"y"}],"car":{"p":19}},"k.d":1,"name":"abc"}`

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
		if got := jsonText(p.All(root)); got != want {
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
	v, err := value.Parse([]byte(strings.Repeat("[", 3000) + strings.Repeat("]", 3000)))
	if err != nil {
		t.Fatal(err)
	}
	p, err := Compile("$..*..*..*")
	if err != nil {
		t.Fatal(err)
	}
	if n := len(p.All(v)); n > budget {
		t.Errorf("%d matches", n)
	}
}

func FuzzJSONPath(f *testing.F) {
	for _, s := range []string{"$.a[*].x", "$..x", "$.a[?(@.x>1)]", "$[-1:]", "$.a.length", "$[(@.length-1)]", "$['a',\"b\"]", "$..*", "$..p^^.*~", "$.*@integer()", "$.@type"} {
		f.Add(s)
	}
	root, err := value.Parse([]byte(shop))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(_ *testing.T, s string) {
		if p, err := Compile(s); err == nil {
			p.All(root)
		}
	})
}
