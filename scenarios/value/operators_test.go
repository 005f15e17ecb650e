package value

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestOperatorsAreJavaScripts: what Node prints for the same expressions.
func TestOperatorsAreJavaScripts(t *testing.T) {
	list, one := []any{json.Number("1"), "a", nil}, []any{json.Number("5")}
	o := &Object{}
	f := func(got, want any) {
		t.Helper()
		if got != want {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	f(LooseEqual(5.0, "5"), true)
	f(LooseEqual(nil, Undefined{}), true)
	f(LooseEqual(nil, 0.0), false)
	f(LooseEqual(false, 0.0), true)
	f(LooseEqual("", 0.0), true)
	f(LooseEqual(" ", 0.0), true)
	f(LooseEqual("x", 0.0), false)
	f(LooseEqual(list, list), true)
	f(LooseEqual(list, "1,a,"), true)
	f(LooseEqual(one, 5.0), true)
	f(LooseEqual(o, "[object Object]"), true)
	f(LooseEqual(o, &Object{}), false)
	f(StrictEqual(5.0, "5"), false)
	f(StrictEqual(nil, Undefined{}), false)
	f(StrictEqual(list, list), true)
	f(StrictEqual(list, []any{json.Number("1"), "a", nil}), false)
	f(StrictEqual(o, o), true)
	f(StrictEqual("x", one), false)
	f(Compare("<", "10", "9"), true)
	f(Compare("<", "10", 9.0), false)
	f(Compare("<", nil, 1.0), true)
	f(Compare("<", Undefined{}, 1.0), false)
	f(Compare(">=", Undefined{}, Undefined{}), false)
	f(Compare(">", true, false), true)
	f(Compare("<=", one, 5.0), true)
	f(Add(5.0, 1.0), 6.0)
	f(Add(5.0, "5"), "55")
	f(Add("", list), "1,a,")
	f(Add(true, true), 2.0)
	f(Add(nil, 1.0), 1.0)
	f(Add(o, ""), "[object Object]")
	f(Add("n", math.NaN()), "nNaN")
	f(ToString(json.Number("1.50")), "1.5")
	f(ToString(math.Inf(-1)), "-Infinity")
	f(ToString([]any{[]any{true, Undefined{}}, o}), "true,,[object Object]")
}

func TestNumbersOfValues(t *testing.T) {
	f := func(v any, want float64) {
		t.Helper()
		if got := Number(v); got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
			t.Errorf("%v is %v, want %v", v, got, want)
		}
	}
	nan := math.NaN()
	f(nil, 0)
	f(true, 1)
	f(false, 0)
	f("", 0)
	f("  7 ", 7)
	f("1e3", 1000)
	f("-.5", -0.5)
	f("0x10", nan)
	f("Infinity", nan)
	f("1_000", nan)
	f("1e999", math.Inf(1))
	f("e", nan)
	f("-", nan)
	f("1.2.3", nan)
	f(json.Number("12.5"), 12.5)
	f(2.5, 2.5)
	f([]any{}, 0)
	f([]any{"7"}, 7)
	f([]any{"7", "8"}, nan)
	f(&Object{}, nan)
	f(Undefined{}, nan)
}

func TestObjectsOfManyMembers(t *testing.T) {
	o := &Object{}
	var want []string
	for i := range 40 {
		key := string(rune('a'+i%26)) + strings.Repeat("x", i/26)
		o.Put(key, Int(i))
		want = append(want, `"`+key+`":`+string(Int(i)))
	}
	o.Put("c", "new")
	want[2] = `"c":"new"`
	if got := string(AppendJSON(nil, o)); got != "{"+strings.Join(want, ",")+"}" {
		t.Errorf("got %s", got)
	}
	other := o.With("c", nil).With("last", true)
	if v, ok := o.Get("c"); v != "new" || !ok {
		t.Errorf("c of the first object is %v", v)
	}
	if v, ok := other.Get("c"); v != nil || !ok || len(other.Members()) != 41 || other.Members()[40].Key != "last" {
		t.Errorf("c of the second is %v, members %d", v, len(other.Members()))
	}
	if _, ok := o.Get("nope"); ok {
		t.Error("nope is there")
	}
}

func TestQuotedTexts(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		if got := string(AppendQuoted(nil, text)); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	f("a\"b\\c", `"a\"b\\c"`)
	f("\n\r\t\x00\x1f", `"\n\r\t\u0000\u001f"`)
	f("<é😀>&", `"<é😀>&"`)
	f("a\xffb", "\"a\ufffdb\"")
	f("\xff", "\"\ufffd\"")
	f("", `""`)
}

func TestPaths(t *testing.T) {
	v, err := Parse([]byte(`{"a":{"b":[{"c d":1},"text"]},"x.y":2,"l":[1,2],"i":1,"o":{"at":0,"q\"]":"quoted"}}`))
	if err != nil {
		t.Fatal(err)
	}
	o, ok := v.(*Object)
	if !ok {
		t.Fatalf("a %T", v)
	}
	shared := map[string]any{}
	for _, m := range o.Members() {
		shared[m.Key] = m.Value
	}
	s := NewScope(shared, 1, 0)
	f := func(path, want string) {
		t.Helper()
		got := "undefined"
		if v, ok := s.Get(path); ok {
			got = string(AppendJSON(nil, v))
		}
		if got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	f("a.b[0]['c d']", "1")
	f(`a.b[0]["c d"]`, "1")
	f("a.b.1", `"text"`)
	f("a.b[1].length", "4")
	f("a.b.length", "2")
	f("x.y", "2")
	f("l[ 1 ]", "2")
	f("l[-1]", "undefined")
	f("l[01]", "undefined")
	f("l.x", "undefined")
	f("a.b[0].c d", "1")
	f("a.b[1][0]", `"t"`)
	f("a[b].length", "2")
	f("l[i]", "2")
	f("l[o.at]", "1")
	f("l[nobody]", "undefined")
	f("o[at]", "0")
	f("l[l[0]]", "2")
	f(`["x.y"]`, "2")
	f(`a["b"][0]['c d']`, "1")
	f(`o["q\"]"]`, `"quoted"`)
	f("a..b", "undefined")
	f("a[]", "undefined")
	f("a[0", "undefined")
	f("a]", "undefined")
	f("a'b", "undefined")
	f("", "undefined")
	f(" ", "undefined")

	set := func(path string, v any, want string) {
		t.Helper()
		store(t, s, path, v)
		f(strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' })[0], want)
	}
	set("a.b[1]", nil, `{"b":[{"c d":1},null]}`)
	set("a.n.m", true, `{"b":[{"c d":1},null],"n":{"m":true}}`)
	set("l[3]", "far", `[1,2,null,"far"]`)
	set("l[x]", "lost", `[1,2,null,"far"]`)
	set("l[0].z", Int(4), `[{"z":4},2,null,"far"]`)
	set("pet[id]", Int(5), `{"id":5}`)
	set("new.0.1", Int(6), `[[null,6]]`)
	set("new[0]", "s", `["s"]`)
	set("new[0].k", Int(7), `[{"k":7}]`)
	set("i.deep", Int(8), `{"deep":8}`)
	if v, _ := NewScope(shared, 1, 1).Get("a.b[1]"); v != "text" {
		t.Errorf("another user sees %v", v)
	}
	drop := func(path, name, want string) {
		t.Helper()
		p, err := ParsePath(path)
		if err != nil {
			t.Fatal(err)
		}
		s.Drop(&p)
		f(name, want)
	}
	drop("a.b", "a", `{"n":{"m":true}}`)
	drop("a.n.m", "a", `{"n":{}}`)
	drop("a.q.r", "a", `{"n":{}}`)
	drop("l[0].z", "l", `[{},2,null,"far"]`)
	drop("l[1]", "l", `[{},null,null,"far"]`)
	drop("l[1].x", "l", `[{},null,null,"far"]`)
	drop("a", "a", "undefined") // although all users share one
	drop("nobody", "nobody", "undefined")
	store(t, s, "a", Int(1))
	f("a", "1")
}

// Values of lodash 4: _.toPath and _.get of the same texts.
func TestPathsAreLodashs(t *testing.T) {
	f := func(path, body, want string) {
		t.Helper()
		v, err := Parse([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		p := PathTo(path)
		got := "undefined"
		if inner, ok := p.In(v); ok {
			got = string(AppendJSON(nil, inner))
		}
		if got != want {
			t.Errorf("%s of %s: got %s, want %s (keys %q)", path, body, got, want, p.keys)
		}
	}
	f("a.b[1].c", `{"a":{"b":[1,{"c":2}]}}`, "2")
	f("a.b", `{"a.b":1,"a":{"b":2}}`, "1")
	f("a.b.c", `{"a":{"b.c":3}}`, "undefined")
	f(`a["b.c"]`, `{"a":{"b.c":3}}`, "3")
	f("s.length", `{"s":"xyz"}`, "3")
	f("s.length", `{"s":"😀"}`, "2")
	f("s[1]", `{"s":"xyz"}`, `"y"`)
	f("s[3]", `{"s":"xyz"}`, "undefined")
	f("a[]", `{"a":{"":5}}`, "5")
	f("a..b", `{"a":{"":{"b":6}}}`, "6")
	f("a[b c]", `{"a":{"b c":7}}`, "7")
	f(`a['it\'s']`, `{"a":{"it's":8}}`, "8")
	f(".a", `{"":{"a":1}}`, "1")
	f("a.", `{"a":{"":2}}`, "2")
	f("a[1.5]", `{"a":{"1.5":3}}`, "3")
	f("a[0", `{"a[0":4}`, "4")
	f("a[0][0]", `{"a":[[5]]}`, "5")
	f("[0].x", `[{"x":1}]`, "1")
	f("length", `[1,2]`, "2")
	f("a b.c", `{"a b":{"c":1}}`, "1")
	f("a['x]y']", `{"a":{"x]y":1}}`, "1")
	f("@id", `{"@id":1}`, "1")
	f("", `{"":1}`, "1")
	f("a.b", `null`, "undefined")
	for path, want := range map[string]string{
		"l[10001]":    "index 10001 is too large, at most 10000",
		"__proto__.x": "__proto__ cannot be set",
		"":            "the name of a variable is missing",
	} {
		if _, err := PathToSet(path); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", path, err, want)
		}
	}
	p, err := ParsePath("a[i].b[c[d]]")
	if got := strings.Join(p.Variables(), " "); err != nil || got != "a i c d" {
		t.Errorf("variables %s, %v", got, err)
	}
}

func FuzzPath(f *testing.F) {
	for _, s := range []string{"a.b[0]['c d']", `a["\"]"].x`, "a[b[c]]", "..", "a[0", "[[", `["`, "a.0.1"} {
		f.Add(s)
	}
	root, err := Parse([]byte(`{"a":{"b":[{"c d":1},"text"]},"b":{"c":0},"c":0}`))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, path string) {
		to := PathTo(path)
		to.In(root)
		s := NewScope(nil, 1, 0)
		s.Get(path)
		p, err := PathToSet(path)
		if err != nil {
			return
		}
		s.Store(&p, "v")
		if v, ok := s.Lookup(&p); !ok || v != "v" {
			t.Errorf("%q: stored, but %v, %v is there", path, v, ok)
		}
		s.Drop(&p)
		if v, ok := s.Lookup(&p); ok && v != nil {
			t.Errorf("%q: dropped, but %v is there", path, v)
		}
	})
}

func store(t *testing.T, s *Scope, path string, v any) {
	t.Helper()
	p, err := ParsePath(path)
	if err != nil {
		t.Fatal(err)
	}
	s.Store(&p, v)
}

func TestBranchesCountByThemselves(t *testing.T) {
	s := NewScope(nil, 1, 0)
	s.Count("$loopCount", Int(1))
	a, b := s.Branch(), s.Branch()
	a.Count("$loopCount", Int(7))
	store(t, a, "shared", "v")
	store(t, a, "$loopCount", Int(8))
	if v, _ := a.Get("$loopCount"); Text(v) != "8" {
		t.Errorf("the branch counts %v", v)
	}
	if v, _ := b.Get("$loopCount"); Text(v) != "1" {
		t.Errorf("the other branch counts %v", v)
	}
	if v, _ := b.Get("shared"); v != "v" {
		t.Errorf("the other branch has %v", v)
	}
	restore := b.Keep("$loopCount")
	b.Count("$loopCount", Int(3))
	restore()
	if _, ok := b.locals["$loopCount"]; ok {
		t.Error("the branch keeps a count that it did not have")
	}
	if a.Rand().Uint64() == b.Rand().Uint64() {
		t.Error("branches draw the same")
	}
}

func TestUsersAreReproducible(t *testing.T) {
	draw := func(seed uint64, user int) (string, float64) {
		s := NewScope(nil, seed, user)
		first := s.UUID()
		return first + s.UUID(), s.Rand().Float64()
	}
	a, x := draw(1, 0)
	b, y := draw(1, 0)
	c, z := draw(1, 1)
	d, w := draw(2, 0)
	if a != b || x != y || a == c || x == z || a == d || x == w || a[:36] != a[36:] {
		t.Errorf("%s %v, %s %v, %s %v, %s %v", a, x, b, y, c, z, d, w)
	}
	if id := NewUUID(rand.New(rand.NewPCG(1, 2))); len(id) != 36 || id[14] != '4' ||
		!strings.ContainsRune("89ab", rune(id[19])) {
		t.Errorf("%s is no UUID of version 4", id)
	}
}

func TestInherited(t *testing.T) {
	before := NewScope(map[string]any{"shared": "s"}, 1, -1)
	store(t, before, "tok", "t")
	before.Define("target", "theirs")
	s := NewScope(nil, 1, 0)
	s.Define("target", "ours")
	s.Inherit(before, "target")
	if tok, _ := s.Get("tok"); tok != "t" {
		t.Errorf("tok is %v", tok)
	}
	if v, _ := s.Get("target"); v != "ours" || s.Shares("target") || !before.Shares("shared") {
		t.Errorf("target is %v", v)
	}
}
