package tree_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"edgescope/internal/tree"
)

func parsed(t *testing.T, src string) *tree.Node {
	t.Helper()
	n, problems := tree.Parse("s.yml", []byte(src))
	if len(problems) > 0 {
		t.Fatalf("%q: %v", src, problems)
	}
	return n
}

// shown writes a tree with the places of its keys and values: key@line:col value@line:col.
func shown(n *tree.Node) string {
	place := func(p tree.Position) string { return fmt.Sprintf("@%d:%d", p.Line, p.Col) }
	switch n.Kind {
	case tree.List:
		var items []string
		for _, item := range n.Items {
			items = append(items, shown(item))
		}
		return "[" + strings.Join(items, " ") + "]" + place(n.Pos)
	case tree.Object:
		var fields []string
		for _, f := range n.Fields {
			fields = append(fields, f.Key+place(f.Pos)+":"+shown(f.Value))
		}
		return "{" + strings.Join(fields, " ") + "}" + place(n.Pos)
	case tree.Scalar:
	}
	return fmt.Sprint(n.Scalar) + place(n.Pos)
}

func TestPlaces(t *testing.T) {
	f := func(src, want string) {
		t.Helper()
		if got := shown(parsed(t, src)); got != want {
			t.Errorf("%q:\n got %s\nwant %s", src, got, want)
		}
	}
	f("a: 1\nb:\n  - x\n  - {c: y}\n", "{a@1:1:1@1:4 b@2:1:[x@3:5 {c@4:6:y@4:9}@4:5]@3:3}@1:1")
	f("größe: é\n", "{größe@1:1:é@1:8}@1:1") // columns count characters
	f(`{"a": [1, null, true]}`, `{a@1:2:[1@1:8 <nil>@1:11 true@1:17]@1:7}@1:1`)
	f("a: &x {k: 1}\nb: *x\n", "{a@1:1:{k@1:8:1@1:11}@1:4 b@2:1:{k@1:8:1@1:11}@1:4}@1:1")
	f("a: &x {k: 1, l: 2}\nb: {<<: *x, k: 3}\n",
		"{a@1:1:{k@1:8:1@1:11 l@1:14:2@1:17}@1:4 b@2:1:{k@2:13:3@2:16 l@1:14:2@1:17}@2:4}@1:1")
	f("text: |\n  two\n  lines\n", "{text@1:1:two\nlines\n@1:7}@1:1")
}

func TestWhatIsNoScript(t *testing.T) {
	f := func(src, want string) {
		t.Helper()
		_, problems := tree.Parse("s.yml", []byte(src))
		if problems.Error() != want {
			t.Errorf("%q:\n got %v\nwant %s", src, problems, want)
		}
	}
	f("", "s.yml:1:1: the file is empty")
	f("# nothing\n", "s.yml:1:1: the file is empty")
	const tab = "not valid YAML: found a tab character that violates indentation (indent by spaces)"
	f("a: b\n\tc: d", "s.yml:2:1: "+tab)
	f("a:\n  - b: 1\n  \t c: 2", "s.yml:3:3: "+tab)
	f("a:\n  b: 1\nc:\n\t- d\ne: 1", "s.yml:4:1: "+tab)
	f("a: 1\na: 2\nb: 1\nb: 2", "s.yml:2:1: key \"a\" is given twice\ns.yml:4:1: key \"b\" is given twice")
	f("[a]: 1", "s.yml:1:1: a key must be text")
	f("a: &a {b: *a}", "s.yml:1:11: alias *a stands inside what it names")
	f("a: 1\n---\nb: 2", "s.yml:2:1: a file is one YAML document, here begins a second one: put what it says "+
		"into the first, or into a file of its own")
	f("<<: [{a: 1}, 2]", "s.yml:1:14: << takes an object or a list of objects, not 2")
	f(strings.Repeat("[", 1_100)+strings.Repeat("]", 1_100),
		"s.yml:1:1001: the file is too deep here: want at most 1000 levels")
	bomb := "a: &a [" + strings.Repeat("1, ", 99) + "1]\nb: &b [" + strings.Repeat("*a, ", 99) + "*a]\nc: [" +
		strings.Repeat("*b, ", 99) + "*b]\n"
	f(bomb, "s.yml:1:134: aliases repeat too much here: want at most 250000 values more than the file spells out")
}

// The reader of YAML tells the line on which it began, or none: the place is that of the fault, with what is right.
func TestSyntaxIsToldAtItsPlace(t *testing.T) {
	f := func(src, want string) {
		t.Helper()
		_, problems := tree.Parse("s.yml", []byte(src))
		if problems.Error() != "s.yml:"+want {
			t.Errorf("%q:\n got %v\nwant s.yml:%s", src, problems, want)
		}
	}
	f("a: &one 1\nb: &two 2\nc:\n  - *on", "4:5: alias *on names nothing: there is no anchor &on (there is &one, &two)")
	f("a: {ü: *x}", "1:8: alias *x names nothing: there is no anchor &x (there is no anchor at all)")
	f("a:\n  <<: *base\nbase: &base {b: 1}",
		"2:7: alias *base stands before its anchor &base (line 3): move that above it")
	f("a: 1\nb: @x", "2:4: not valid YAML: found character that cannot start any token (a text that begins with @ needs quotes)")
	f("a: [1, `x`]", "1:8: not valid YAML: found character that cannot start any token (a text that begins with ` needs quotes)")
	f("a: 1\nb: c: d", `2:5: not valid YAML: mapping values are not allowed in this context (a text with ": " in it needs quotes)`)
	f("a: b\n c: d", "2:1: not valid YAML: mapping values are not allowed in this context (this key is indented deeper than "+
		"the one it belongs beside)")
	const indent = "not valid YAML: did not find expected key (the indentation of this line fits none above it, or what stands " +
		"before it has not ended)"
	f("a:\n    - b\n    - c\n  - d\ne: 1", "4:3: "+indent)
	f("a: 1\nb: \"x\nc: 2\n", "2:1: not valid YAML: found unexpected end of stream (a quote that opens here is not closed)")
	f("a: 1\nb: {c: 1\nd: 2\n", "2:1: not valid YAML: did not find expected ',' or '}' (a bracket that opens here is not "+
		"closed, or a comma is missing)")
	f("a: {{ url }}", `1:5: a text that begins with {{ needs quotes: "{{ url }}"`)
	if _, problems := tree.Parse("s.json", []byte(`{"a": 1 "b": 2}`)); !strings.HasPrefix(problems.Error(),
		"s.json:1:1: not valid JSON: did not find") {
		t.Error(problems)
	}
	// What is wrong in a part that stands in several places is told once, where it is written.
	n := parsed(t, "a: &x {k: 1}\nb: *x")
	if one, other := n.Get("a").Get("k").Pos, n.Get("b").Get("k").Pos; one != other || one.Line != 1 {
		t.Errorf("an alias stands at %v, its anchor at %v", other, one)
	}
}

func TestMerge(t *testing.T) {
	f := func(a, b string, lists tree.Lists, want string) {
		t.Helper()
		first, second := parsed(t, a), parsed(t, b)
		before := shown(first) + shown(second)
		got := tree.Merge(first, second, lists)
		if values(got) != want {
			t.Errorf("%s under %s: %s, want %s", a, b, values(got), want)
		}
		if shown(first)+shown(second) != before {
			t.Errorf("%s under %s: merging has changed them", a, b)
		}
	}
	f("{a: 1, o: {x: 1, y: 2}}", "{b: 2, o: {y: 3}}", tree.ByIndex, "{a:1 o:{x:1 y:3} b:2}")
	f("{l: [1, 2, 3]}", "{l: [9]}", tree.ByIndex, "{l:[9 2 3]}")
	f("{l: [1]}", "{l: [8, 9]}", tree.ByIndex, "{l:[8 9]}")
	f("{l: [{a: 1}, 2]}", "{l: [{b: 2}]}", tree.ByIndex, "{l:[{a:1 b:2} 2]}")
	f("{l: [1, 2, 3]}", "{l: [9]}", tree.Replaced, "{l:[9]}")
	f("{l: [1]}", "{l: {a: 1}}", tree.ByIndex, "{l:{a:1}}")
	f("{a: {b: 1}}", "{a: null}", tree.ByIndex, "{a:<nil>}")
	n := parsed(t, "{a: 1}")
	if tree.Merge(nil, n, tree.ByIndex) != n || tree.Merge(n, nil, tree.ByIndex) != n {
		t.Error("with nothing a tree stays what it is")
	}
}

// values writes a tree without places.
func values(n *tree.Node) string {
	switch n.Kind {
	case tree.List:
		var items []string
		for _, item := range n.Items {
			items = append(items, values(item))
		}
		return "[" + strings.Join(items, " ") + "]"
	case tree.Object:
		var fields []string
		for _, f := range n.Fields {
			fields = append(fields, f.Key+":"+values(f.Value))
		}
		return "{" + strings.Join(fields, " ") + "}"
	case tree.Scalar:
	}
	return fmt.Sprint(n.Scalar)
}

func TestNodes(t *testing.T) {
	n := parsed(t, "{a: 1, b: {c: text}, n: null, l: []}")
	if got := n.Get("b").Get("c"); got == nil || got.Scalar != "text" {
		t.Errorf("b.c is %v", got)
	}
	if n.Get("x").Get("y") != nil || !n.Get("x").IsNull() || !n.Get("n").IsNull() || n.Get("l").IsNull() {
		t.Error("what is not there is nil and null, an empty list is neither")
	}
	got := map[string]string{}
	for _, f := range n.Fields {
		got[f.Key] = f.Value.What()
	}
	want := map[string]string{"a": "1", "b": "an object", "n": "nothing", "l": "a list"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if text, ok := n.Get("b").Get("c").Text(); !ok || text != "text" {
		t.Errorf("text %q, %v", text, ok)
	}
	changed := n.With("a", n.Get("b"))
	if values(changed) != "{a:{c:text} b:{c:text} n:<nil> l:[]}" || values(n) != "{a:1 b:{c:text} n:<nil> l:[]}" {
		t.Errorf("with another a: %s, the tree itself %s", values(changed), values(n))
	}
	if alone := (*tree.Node)(nil).With("k", n.Get("a")); values(alone) != "{k:1}" {
		t.Errorf("of nothing: %s", values(alone))
	}
}

func TestProblems(t *testing.T) {
	at := func(file string, line, col int) tree.Position { return tree.Position{File: file, Line: line, Col: col} }
	problems := tree.Problems{
		{Pos: at("b.yml", 1, 1), Msg: "four"},
		{Pos: at("a.yml", 2, 1), Msg: "three"},
		{Pos: at("a.yml", 1, 9), Msg: "two"},
		{Msg: "none"},
		{Pos: tree.Position{File: "a.yml"}, Msg: "one"},
		{Pos: at("a.yml", 2, 1), Msg: "as it came"},
	}
	problems.Sort()
	want := "none\na.yml: one\na.yml:1:9: two\na.yml:2:1: three\na.yml:2:1: as it came\nb.yml:1:1: four"
	if problems.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", problems, want)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"a: &x [1, *x]", "? {a: b}\n: c", "<<: *x", "a: !!binary x", "- |2\n  x",
		"%YAML 1.2\n---\n", "a: 1_0:30",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		n, problems := tree.Parse("s.yml", []byte(src))
		if n == nil && len(problems) == 0 {
			t.Errorf("%q is nothing and has no problem", src)
		}
		if n != nil && tree.Merge(n, n, tree.ByIndex) == nil {
			t.Errorf("%q merged with itself is nothing", src)
		}
	})
}

// TestCharactersInTwoEscapes: JSON writes them so. Whatever stands behind them keeps its place, and other escapes stay.
func TestCharactersInTwoEscapes(t *testing.T) {
	src := `{"a": "\ud83d\ude00x\\ud83d \u00e9 \ud83d", "b": 1, "b": 2}`
	n, problems := tree.Parse("s.json", []byte(src))
	if len(problems) != 1 || problems[0].String() != `s.json:1:53: key "b" is given twice` {
		t.Errorf("problems %v, want the second b at its place", problems)
	}
	if got := n.Get("a").Scalar; got != "\U0001F600x\\ud83d \u00e9 \ufffd" {
		t.Errorf("got %q", got)
	}
}
