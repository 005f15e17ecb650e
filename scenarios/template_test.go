package scenarios_test

import (
	"regexp"
	"strings"
	"testing"

	"edgescope/scenarios"
	"edgescope/scenarios/plan"
	"edgescope/scenarios/value"
)

const variables = `variables:
  n: 3
  f: 1.50
  t: text
  b: false
  z: null
  o: {k: 1, deep: [{x: "é"}]}
  l: [[1, 2, {x: 5}]]
  a.b: dotted`

// body renders the JSON body of a POST.
func body(t *testing.T, json string) string {
	t.Helper()
	var m plan.Message
	p := mustLoad(t, one(variables, "- post: {url: /, json: "+json+"}"))
	if err := firstRequest(t, p).Render(p.NewScope(1, 0, nil), p.Target, &m); err != nil {
		t.Fatal(err)
	}
	return string(m.Body)
}

func TestJSONBodies(t *testing.T) {
	f := func(json, want string) {
		t.Helper()
		if got := body(t, json); got != want {
			t.Errorf("json %s\n got %s\nwant %s", json, got, want)
		}
	}
	// A whole variable keeps its type, undefined drops the key, order is kept.
	f(`{z: 1, a: [x, 2.50, true, null], m: {}}`, `{"z":1,"a":["x",2.50,true,null],"m":{}}`)
	f(`{n: "{{ n }}", f: "{{f}}", t: "{{ t }}", b: "{{ b }}", z: "{{ z }}"}`,
		`{"n":3,"f":1.50,"t":"text","b":false,"z":null}`)
	f(`{o: "{{ o }}", l: "{{ l }}", gone: "{{ gone }}", last: 1}`,
		`{"o":{"k":1,"deep":[{"x":"é"}]},"l":[1,2,{"x":5}],"last":1}`)
	f(`{gone: "{{ gone }}", "k{{ n }}": 1}`, `{"k3":1}`)
	f(`["{{ gone }}", "{{ n }}"]`, `[null,3]`)
	f(`"{{ o }}"`, `{"k":1,"deep":[{"x":"é"}]}`)
	f(`"a {{ t }}"`, `"a text"`)
	// In a longer text.
	f(`{s: "v={{ n }} {{ b }} {{ z }} {{ l }} {{ gone }}"}`, `{"s":"v=3 false null [1,2,{\"x\":5}] undefined"}`)
	// Paths.
	f(`["{{ l[2].x }}", "{{ l.2.x }}", "{{ o.deep[0]['x'] }}", "{{ o['k'] }}", "{{ l.length }}", "{{ t.length }}", "{{ `+
		`a.b }}"]`,
		`[5,5,"é",1,3,4,"dotted"]`)
	f(`["{{ l[9] }}", "{{ n.x }}", "{{ o.deep.x }}"]`, `[null,null,null]`)
	// Function results are texts.
	f(`{a: "{{ $randomNumber(7, 7) }}", b: "x{{ $randomNumber(-5,-5) }}", c: "{{ $randomNumber('2', \"2\") }}"}`,
		`{"a":"7","b":"x-5","c":"2"}`)
	f(`{s: "{{ $randomString(0) }}"}`, `{"s":""}`)
	// Braces (D13) and JSON escapes.
	f(`"{\"o\":{{{ n }}}}"`, `"{\"o\":3}"`)
	f(`"{{ o }}}"`, `"{\"k\":1,\"deep\":[{\"x\":\"é\"}]}}"`)
	f(`"{{ unclosed"`, `"{{ unclosed"`)
	f(`"{{  }}"`, `"{{  }}"`)
	f(`"<a href=\"x\">\u0001\n&"`, `"<a href=\"x\">\u0001\n&"`)
}

func TestRandomFunctionsAndUUID(t *testing.T) {
	flow := "- post: {url: /, json: ['{{ $randomNumber(1, 3) }}', '{{ $randomString() }}', '{{ $randomString(4) }}', " +
		"'{{ $uuid }}', '{{ $uuid() }}']}"
	p := mustLoad(t, one("", flow))
	shape := regexp.MustCompile(`^\["[123]","[A-Za-z0-9]{10}","[A-Za-z0-9]{4}",` +
		`"([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})","([^"]*)"\]$`)
	seen := map[string]bool{}
	var m plan.Message
	for user := range 200 {
		s := p.NewScope(1, user, nil)
		if err := firstRequest(t, p).Render(s, p.Target, &m); err != nil {
			t.Fatal(err)
		}
		parts := shape.FindStringSubmatch(string(m.Body))
		if parts == nil || parts[1] != parts[2] || seen[parts[1]] {
			t.Fatalf("user %d: %s: want one UUID per user, its own", user, m.Body)
		}
		seen[parts[1]] = true
		again := p.NewScope(1, user, nil)
		var m2 plan.Message
		if err := firstRequest(t, p).Render(again, p.Target, &m2); err != nil || string(m2.Body) != string(m.Body) {
			t.Fatalf("user %d is not reproducible: %s then %s", user, m.Body, m2.Body)
		}
	}
}

// TestConfigIsRenderedOnce: functions in config have one value per run; http.defaults sees the user's variables, but
// functions in it run once too.
func TestConfigIsRenderedOnce(t *testing.T) {
	p := mustLoad(t, one(`variables: {r: "{{ $randomNumber(1, 1000000) }}", e: "{{ $environment }}", gone: "{{ nope }}"}
http: {defaults: {headers: {x-id: "{{ $uuid }}", x-r: "{{ $randomNumber(1, 1000000) }}", x-e: "{{ $env.E }}", x-u: "{{ user }}", x-gone: "{{ nope }}"}}}`,
		`- get: {url: "/{{ r }}/{{ gone }}", headers: {X-E: mine}}`),
		func(o *scenarios.Options) { o.Variables = `{"user": "ann"}` })
	var a, b plan.Message
	render := func(m *plan.Message, user int) {
		if err := firstRequest(t, p).Render(p.NewScope(1, user, nil), p.Target, m); err != nil {
			t.Fatal(err)
		}
	}
	render(&a, 0)
	render(&b, 1)
	if a.URL != b.URL || !regexp.MustCompile(`^http://t/\d+/undefined$`).MatchString(a.URL) {
		t.Errorf("URLs %s and %s, want the same number in both", a.URL, b.URL)
	}
	h := func(m plan.Message) map[string]string {
		out := map[string]string{}
		for _, f := range m.Header {
			out[strings.ToLower(f.Name)] = f.Value
		}
		return out
	}
	x, y := h(a), h(b)
	if x["x-id"] == "" || x["x-id"] == y["x-id"] {
		t.Errorf("x-id %q and %q, want one per user", x["x-id"], y["x-id"])
	}
	if x["x-r"] == "" || x["x-r"] != y["x-r"] {
		t.Errorf("x-r %q and %q, want one per run", x["x-r"], y["x-r"])
	}
	if x["x-e"] != "mine" || x["x-u"] != "ann" || len(x) != 4 {
		t.Errorf("headers %v: want the request's x-e, ann as x-u, no x-gone", x)
	}
}

// TestListVariablesPickOnePerUser, evenly enough and reproducibly.
func TestListVariablesPickOnePerUser(t *testing.T) {
	p := mustLoad(t, one("variables: {v: [a, b, 3], l: [[1, 2]]}", "- get: /"))
	count := map[any]int{}
	for user := range 300 {
		s := p.NewScope(9, user, nil)
		v, _ := s.Get("v")
		w, _ := p.NewScope(9, user, nil).Get("v")
		if v != w {
			t.Fatalf("user %d has %v, then %v", user, v, w)
		}
		count[v]++
		if l, ok := s.Get("l[1]"); !ok || scopeText(l) != "2" {
			t.Fatalf("l[1] is %v", l)
		}
	}
	for v, n := range count {
		if n < 60 || len(count) != 3 {
			t.Errorf("%v for %d of 300 users", v, n)
		}
	}
}

func scopeText(v any) string {
	if s, ok := v.(interface{ String() string }); ok {
		return s.String()
	}
	s, _ := v.(string)
	return s
}

// TestSetSharesNothing: what one user stores, no other sees.
func TestSetSharesNothing(t *testing.T) {
	p := mustLoad(t, one("variables: {o: {k: 1, in: {x: 1}}}", "- get: /"))
	a, b := p.NewScope(1, 0, nil), p.NewScope(1, 1, nil)
	set(t, a, "o.in.x", "mine")
	set(t, a, "new.path.here", true)
	set(t, a, "plain", nil)
	f := func(s *value.Scope, path string, want any, defined bool) {
		t.Helper()
		got, ok := s.Get(path)
		if ok != defined || ok && got != want {
			t.Errorf("%s is %v, %v, want %v, %v", path, got, ok, want, defined)
		}
	}
	f(a, "o.in.x", "mine", true)
	f(a, "new.path.here", true, true)
	f(a, "plain", nil, true)
	f(b, "new", nil, false)
	if v, _ := b.Get("o.in.x"); scopeText(v) != "1" {
		t.Errorf("the other user sees %v", v)
	}
	if v, _ := a.Get("o.k"); scopeText(v) != "1" {
		t.Errorf("o.k got lost: %v", v)
	}
}

func TestBeforeVariablesReachUsers(t *testing.T) {
	p := mustLoad(t, one("", "- get: '/{{ tok }}'"))
	before := p.NewScope(1, -1, nil)
	set(t, before, "tok", "t1")
	user := p.NewScope(1, 0, before)
	set(t, user, "tok", "mine")
	other := p.NewScope(1, 1, before)
	if v, _ := other.Get("tok"); v != "t1" {
		t.Errorf("tok is %v, want t1", v)
	}
}

func BenchmarkRender(b *testing.B) {
	p := mustLoad(b, one("variables: {id: 7}", `- post: {url: "/p/{{ id }}", headers: {x-a: "{{ id }}"}, json: `+
		`{imageUrl: u, w: "{{ $randomNumber(1, 9) }}", h: 5}}`))
	s := p.NewScope(1, 0, nil)
	r := firstRequest(b, p)
	var m plan.Message
	b.ReportAllocs()
	for b.Loop() {
		if err := r.Render(s, p.Target, &m); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkUser is what a user costs here: its variables, a scenario, a request and its answer.
func BenchmarkUser(b *testing.B) {
	p := mustLoad(b, one("variables: {id: 7, l: [a, b]}", `- post: {url: "/p/{{ id }}", qs: {a: "{{ l }}"}, `+
		`headers: {x-a: "{{ id }}"}, json: {w: "{{ $randomNumber(1, 9) }}"}, `+
		`capture: {json: '$.a[1].x', as: x}, expect: [{statusCode: 200}, {hasProperty: o.k}]}`))
	r := firstRequest(b, p)
	res := answer(200, multi)
	var m plan.Message
	var out []plan.Outcome
	b.ReportAllocs()
	for user := 0; b.Loop(); user++ {
		s := p.NewScope(1, user, nil)
		p.PickFlow(s)
		if yes, err := r.Send(s); err != nil || !yes {
			b.Fatal(err)
		}
		if err := r.Render(s, p.Target, &m); err != nil {
			b.Fatal(err)
		}
		if err := r.Capture(s, res); err != nil {
			b.Fatal(err)
		}
		out = r.Judge(out[:0], s, res)
	}
}
