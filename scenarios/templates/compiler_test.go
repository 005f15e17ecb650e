package templates_test

import (
	"fmt"
	"strings"
	"testing"

	"edgescope/internal/tree"
	"edgescope/scenarios/settings"
	"edgescope/scenarios/templates"
	"edgescope/scenarios/value"
)

// constants know $env.A, and that $env.B is not set.
func constants(name string) (v any, defined, known bool) {
	switch name {
	case "$env.A":
		return "a", true, true
	case "$env.B":
		return nil, false, true
	}
	return nil, false, false
}

func compiled(t *testing.T, yaml string) (*settings.Reader, *templates.Compiler, *tree.Node) {
	t.Helper()
	n, problems := tree.Parse("s.yml", []byte("v: "+yaml))
	if len(problems) > 0 {
		t.Fatalf("%s: %v", yaml, problems)
	}
	r := &settings.Reader{}
	return r, &templates.Compiler{Reader: r, Constants: constants}, n.Get("v")
}

func user() *value.Scope {
	return value.NewScope(map[string]any{
		"n": value.Int(3), "t": "text", "z": nil, "l": []any{value.Int(1), "x"},
		"o": value.NewObject([]value.Member{{Key: "k", Value: "v"}}),
	}, 1, 0)
}

func TestValues(t *testing.T) {
	f := func(yaml, want, source string) {
		t.Helper()
		r, c, n := compiled(t, yaml)
		v := c.Value(n)
		if len(r.Problems) > 0 {
			t.Fatalf("%s: %v", yaml, r.Problems)
		}
		s := user()
		json, ok := v.AppendJSON([]byte("="), s)
		if got := strings.TrimPrefix(string(json), "="); got != want || ok != (want != "") {
			t.Errorf("%s as JSON: %q, %v, want %q", yaml, got, ok, want)
		}
		if got, ok := v.Eval(s); ok && string(value.AppendJSON(nil, got)) != want || ok != (want != "") {
			t.Errorf("%s evaluated: %v, %v, want %q", yaml, got, ok, want)
		}
		if got := string(value.AppendJSON(nil, v.Source())); got != source {
			t.Errorf("%s: source %s, want %s", yaml, got, source)
		}
	}
	f("plain", `"plain"`, `"plain"`)
	f("1.50", "1.50", "1.50")
	f("[1, {a: true}]", `[1,{"a":true}]`, `[1,{"a":true}]`)
	f("'{{ n }}'", "3", `"{{ n }}"`)
	f("'{{ gone }}'", "", `"{{ gone }}"`)
	f("'n={{ n }} {{ gone }}'", `"n=3 undefined"`, `"n={{ n }} {{ gone }}"`)
	f("{a: '{{ o }}', b: ['{{ gone }}', '{{ z }}'], '{{ t }}': 1, c: '{{ gone }}'}",
		`{"a":{"k":"v"},"b":[null,null],"text":1}`,
		`{"a":"{{ o }}","b":["{{ gone }}","{{ z }}"],"{{ t }}":1,"c":"{{ gone }}"}`)
	f("['{{ $env.A }}', '{{ $env.B }}', x]", `["a",null,"x"]`, `["{{ $env.A }}","{{ $env.B }}","x"]`)
	f("{}", "{}", "{}")
	f("[]", "[]", "[]")
}

func TestFields(t *testing.T) {
	r, c, n := compiled(t, "{'x-{{ t }}': '{{ n }}', list: [1, 2], gone: '{{ gone }}', plain: p, parts: 'n{{ n }}', no: ''}")
	var got []string
	fields := c.Fields(n, "headers")
	for i := range fields {
		text, ok := fields[i].Value.Text(user())
		got = append(got, fmt.Sprintf("%s=%s:%s/%v", fields[i].Name.Text(user()), value.Text(fields[i].Value.Any(user())), text, ok))
	}
	const want = "x-text=3:/false list=[1,2]:/false gone=undefined:/false plain=p:p/true parts=n3:n3/true no=:/true"
	if strings.Join(got, " ") != want || len(r.Problems) > 0 {
		t.Errorf("fields %v, problems %v", got, r.Problems)
	}
	r, c, n = compiled(t, "text")
	if c.Fields(n, "headers") != nil || r.Problems.Error() != `s.yml:1:4: headers must be an object, not "text"` {
		t.Errorf("problems %v", r.Problems)
	}
}

// What is wrong in a template has the place of its text, wherever in a value that stands.
func TestFaultsHavePlaces(t *testing.T) {
	r, c, n := compiled(t, "{a: ['{{ a + b }}', ok], '{{ $nope() }}': 1}")
	c.Value(n)
	want := "s.yml:1:9: {{ a + b }} is neither a variable (name, name.key, name[0]) nor a call of a function\n" +
		`s.yml:1:29: there is no template function "$nope"`
	if r.Problems.Error() != want {
		t.Errorf("got %v\nwant %s", r.Problems, want)
	}
	r, c, n = compiled(t, "[1]")
	if text := c.Template(n, "url").Text(user()); text != "" || r.Problems.Error() != "s.yml:1:4: url must be text, "+
		"not a list" {
		t.Errorf("%q, %v", text, r.Problems)
	}
}

// With Once random functions are drawn when a template is compiled, and $uuid is still the user's.
func TestOnce(t *testing.T) {
	_, c, n := compiled(t, "'{{ $randomNumber(1, 1000000) }}-{{ $randomString() }}-{{ $uuid }}'")
	each := c.Template(n, "it")
	c.Once = value.NewScope(nil, 9, -2)
	once := c.Template(n, "it")
	a, b := value.NewScope(nil, 1, 0), value.NewScope(nil, 1, 1)
	head := func(s string) string { return s[:len(s)-36] }
	if head(once.Text(a)) != head(once.Text(b)) || once.Text(a) == once.Text(b) {
		t.Errorf("once: %s and %s", once.Text(a), once.Text(b))
	}
	if head(each.Text(a)) == head(each.Text(b)) || !each.Draws() {
		t.Errorf("each time: %s and %s", each.Text(a), each.Text(b))
	}
}

func TestWhatTemplatesKnow(t *testing.T) {
	f := func(text string, static, draws bool, unknown int) {
		t.Helper()
		tpl, err := templates.Compile(text, constants)
		if err != nil {
			t.Fatal(err)
		}
		_, isStatic := tpl.Static()
		if isStatic != static || tpl.Draws() != draws || tpl.Unknown(user()) != unknown || tpl.String() != text {
			t.Errorf("%q: static %v, draws %v, unknown %d, text %q", text, isStatic, tpl.Draws(), tpl.Unknown(user()), tpl)
		}
	}
	f("", true, false, 0)
	f("plain {", true, false, 0)
	f("{{ n }}", false, false, 0)
	f("{{ n }} {{ a }} {{ b.c }} {{ $env.B }}", false, false, 3)
	f("{{ $uuid }}", false, true, 0)
	around := templates.Around("<", templates.Literal("{{ n }}"), ">")
	if got := around.Text(user()); got != "<{{ n }}>" {
		t.Errorf("around a literal: %q", got)
	}
	inner, err := templates.Compile("{{ n }}", nil)
	if err != nil {
		t.Fatal(err)
	}
	if around := templates.Around("header ", inner, " equals"); around.Text(user()) != "header 3 equals" ||
		around.String() != "header {{ n }} equals" {
		t.Errorf("around: %q of %q", around.Text(user()), around)
	}
}

func TestTemplatesThatAreNone(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		_, err := templates.Compile(text, nil)
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	f("{{ $randomNumbr(1, 2) }}", `there is no template function "$randomNumbr" (did you mean "$randomNumber"?)`)
	f("{{ $fakeName() }}", "function $fakeName belongs to the fake-data plugin, which is not available")
	f("{{ $randomNumber(1) }}", "$randomNumber takes two numbers, the ends of the range, as in $randomNumber(1, 100)")
	f("{{ $randomNumber(1, x) }}", "$randomNumber(1, x) takes two numbers")
	f("{{ $randomNumber(1, ) }}", "$randomNumber(1, ) takes two numbers")
	f("{{ $randomNumber(3, 2) }}", "$randomNumber(3, 2): the first number is greater than the second")
	f("{{ $randomString(1.5) }}", "$randomString takes a length of 0 to 1000000, as in $randomString(10)")
	f("{{ $randomString(1, 2) }}", "$randomString takes a length of 0 to 1000000, as in $randomString(10)")
	f("{{ $randomString }}", "$randomString is a function, write {{ $randomString() }}")
	f("{{ a[b }}", "{{ a[b }} is neither a variable (name, name.key, name[0]) nor a call of a function")
}

// A value survives the way into a tree and back.
func TestNodesAndValues(t *testing.T) {
	const json = `{"a":[1,2.50,"x",null,true],"o":{}}`
	v, err := value.Parse([]byte(json))
	if err != nil {
		t.Fatal(err)
	}
	pos := tree.Position{File: "f", Line: 3, Col: 4}
	n := templates.Node(v, pos)
	if got := string(value.AppendJSON(nil, templates.Of(n))); got != json {
		t.Errorf("got %s", got)
	}
	if n.Get("a").Items[4].Pos != pos || n.Fields[1].Pos != pos {
		t.Error("a part has no place")
	}
}
