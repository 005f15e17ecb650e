package scenarios

import (
	"bytes"
	"encoding/json"
	"testing"
)

// Fuzz targets: no input panics, and what is accepted means what it should.

func FuzzLoad(f *testing.F) {
	for _, name := range []string{"guide.yml", "cache-hit.yml", "wasm-vs-js.yml", "cold-start.yml"} {
		src, err := Files.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Add([]byte("config: {target: http://t, variables: {a: [1], b: '{{ $randomNumber(1, 2) }}'}, ensure: {p95: 1, conditions: [{expression: a < 1}]}}\nscenarios: [{flow: [{loop: [{get: {url: /, capture: {json: '$..x', as: y}}}], count: 2}]}]"))
	f.Fuzz(func(t *testing.T, src []byte) {
		p, err := Load(Options{Files: []string{"s.yml"}, Target: "http://t", ReadFile: func(string) ([]byte, error) { return src, nil }})
		if err != nil {
			return
		}
		s := p.NewScope(1, 0, nil)
		var m Message
		res := &Response{Status: 200, Body: []byte(shop)}
		walkSteps(p.PickFlow(s).Steps, func(r *Request) {
			if r.Send(s) && r.Render(s, p.Target, &m) == nil {
				_ = r.Capture(s, res) // any outcome is fine, a panic is not
				r.Judge(nil, s, res)
			}
		})
		for i := range p.Checks {
			p.Checks[i].Pass(func(string) (float64, bool) { return 1, true })
		}
	})
}

func walkSteps(steps []Step, visit func(*Request)) {
	for _, s := range steps {
		switch s := s.(type) {
		case *Request:
			visit(s)
		case *Loop:
			walkSteps(s.Steps, visit)
		}
	}
}

func FuzzTemplate(f *testing.F) {
	for _, s := range []string{"a {{ b }} {{{ c.d[0]['x'] }}}", "{{ $randomNumber(-5, 1.5) }}", "{{ $randomString(3) }}{{ $uuid }}", "{{{{ a }}}}", "{{", "{{}}"} {
		f.Add(s)
	}
	p := &Plan{base: map[string]any{"b": "x", "c": &Object{}}}
	f.Fuzz(func(t *testing.T, s string) {
		tpl, err := compileTemplate(s, nil)
		if err != nil {
			return
		}
		scope := p.NewScope(1, 1, nil)
		if text, static := tpl.Static(); static && text != s {
			t.Errorf("%q has no template in it, but renders as %q", s, text)
		}
		if len(s) < 1000 {
			tpl.Value(scope)
			tpl.Text(scope)
		}
	})
}

func FuzzJSONPath(f *testing.F) {
	for _, s := range []string{"$.a[*].x", "$..x", "$.a[?(@.x>1)]", "$[-1:]", "$.a.length", "$[(@.length-1)]", "$['a',\"b\"]", "$..*", "$..p^^.*~", "$.*@integer()", "$.@type"} {
		f.Add(s)
	}
	root, err := parseJSON([]byte(shop))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(_ *testing.T, s string) {
		if p, err := compilePath(s); err == nil {
			p.all(root)
		}
	})
}

func FuzzExpression(f *testing.F) {
	for _, s := range []string{"n == 5 and not (s in (\"a\", 1))", "'a b' ? 1 : 2", "max(1,2)^3 % 4", "a.b ~= \"x\"", "-1 - -2"} {
		f.Add(s)
	}
	spaced := filtrex
	spaced.spaced, spaced.known = true, []string{"errors.a or b"}
	f.Fuzz(func(_ *testing.T, s string) {
		for _, d := range []dialect{filtrex, spaced} {
			if e, err := compileExpression(d, s, func(string) {}); err == nil {
				e(mapEnv{"n": json.Number("1")})
			}
		}
	})
}

// FuzzJSON: the same texts are JSON as for encoding/json, and mean the same.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{shop, `"\ud83d\ude00\u0000"`, "[1e5,-0.0,null,true]", `{"a":{"a":[]}}`, "[1,]", "\"\xff\""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := parseJSON(b)
		if valid := json.Valid(b); valid != (err == nil) {
			t.Fatalf("%q: valid %v, got %v", b, valid, err)
		}
		if err != nil {
			return
		}
		var want any
		dec := json.NewDecoder(bytes.NewReader(b))
		dec.UseNumber()
		if err := dec.Decode(&want); err != nil {
			t.Fatal(err)
		}
		again, err := parseJSON(appendJSON(nil, v))
		if err != nil {
			t.Fatalf("%q is written as %q", b, appendJSON(nil, v))
		}
		a, _ := json.Marshal(plain(again))
		w, _ := json.Marshal(want)
		if !bytes.Equal(a, w) {
			t.Errorf("%q: got %s, want %s", b, a, w)
		}
	})
}

// plain turns a script value into what encoding/json makes.
func plain(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = plain(e)
		}
		return out
	case *Object:
		out := map[string]any{}
		for _, m := range v.members {
			out[m.key] = plain(m.value)
		}
		return out
	}
	return v
}

func FuzzPayload(f *testing.F) {
	f.Add([]byte("id,name\n1,ann\n\n\"2\",\"b\nc\"\n"))
	f.Add([]byte("a;\"b"))
	f.Fuzz(func(t *testing.T, src []byte) {
		script := "config: {target: http://t, payload: {path: p.csv, fields: [a, b], skipEmptyLines: false}}\nscenarios: [{flow: [{get: '/{{ a }}'}]}]"
		p, err := Load(Options{Files: []string{"s.yml"}, ReadFile: func(name string) ([]byte, error) {
			if name == "s.yml" {
				return []byte(script), nil
			}
			return src, nil
		}})
		if err == nil {
			var m Message
			_ = p.Flows[0].Steps[0].(*Request).Render(p.NewScope(1, 3, nil), p.Target, &m) // no panic is the test
		}
	})
}

func FuzzEscapeURL(f *testing.F) {
	for _, s := range []string{"http://t", "http://t/a b?c=é'#x y", "https://t?\\`{}", "http://t/%20\t%zz\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		escaped := escapeURL("http://t/" + s)
		if again := escapeURL(escaped); again != escaped {
			t.Errorf("%q becomes %q, and then %q", s, escaped, again)
		}
		for i := range len(escaped) {
			if c := escaped[i]; c <= ' ' || c >= 0x7f || c == '"' {
				t.Errorf("%q becomes %q, which holds the byte %#x", s, escaped, c)
			}
		}
	})
}
