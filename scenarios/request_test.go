package scenarios_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"edgescope/scenarios"
	"edgescope/scenarios/plan"
	"edgescope/scenarios/value"
)

// rendered is the message of the first request of a flow.
func rendered(t *testing.T, flow string) (plan.Message, error) {
	t.Helper()
	p := mustLoad(t, one("variables: {n: 7, p: after, s: 'a b', q: 'x&y', o: {k: v, l: [1, 2]}}", flow))
	var m plan.Message
	err := firstRequest(t, p).Render(p.NewScope(1, 0, nil), p.Target, &m)
	return m, err
}

func TestRequests(t *testing.T) {
	f := func(flow string, want plan.Message) {
		t.Helper()
		m, err := rendered(t, flow)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, m, cmpopts.IgnoreFields(plan.Message{}, "Memory", "Address", "Parsed"),
			cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%s: -want +got:\n%s", flow, d)
		}
	}
	header := func(nv ...string) (h []plan.Field) {
		for i := 0; i < len(nv); i += 2 {
			h = append(h, plan.Field{Name: nv[i], Value: nv[i+1]})
		}
		return h
	}
	f("- get: /a", plan.Message{Method: "GET", URL: "http://t/a"})
	f("- head: {url: 'https://other/x'}", plan.Message{Method: "HEAD", URL: "https://other/x"})
	f("- put: {url: '/{{ n }}', body: 'raw {{ n }}'}", plan.Message{
		Method: "PUT", URL: "http://t/7",
		Body: []byte("raw 7"),
	})
	f("- post: {url: /, json: {}}", plan.Message{
		Method: "POST", URL: "http://t/", Body: []byte("{}"), Header: header("Content-Type", "application/json"),
	})
	f("- delete: {url: /, body: no, json: {x: 1}, headers: {content-type: mine}}", plan.Message{
		Method: "DELETE", URL: "http://t/", Body: []byte(`{"x":1}`), Header: header("content-type", "mine"),
	})
	f("- patch: {url: /, form: {a: 1, b: '{{ s }}', gone: '{{ gone }}'}}", plan.Message{
		Method: "PATCH", URL: "http://t/", Body: []byte("a=1&b=a+b&gone=undefined"), Header: header("Content-Type",
			"application/x-www-form-urlencoded"),
	})
	f("- get: {url: /, auth: {user: u, pass: 'p{{ n }}'}, cookie: {c: '{{ n }}'}}", plan.Message{
		Method: "GET", URL: "http://t/", Header: header("Authorization", "Basic dTpwNw=="), Cookies: header("c", "7"),
	})
	f("- get: {url: /, headers: {X-A: '{{ n }}', x-a: 2, x-gone: '{{ gone }}'}}", plan.Message{
		Method: "GET", URL: "http://t/", Header: header("x-a", "2"),
	})
	f("- get: {url: /, headers: {X: d, x: [a, '{{ n }}'], user-agent: }}", plan.Message{
		Method: "GET", URL: "http://t/", Header: header("x", "a", "x", "7"), Anonymous: true,
	})
	f("- get: {url: 'http://bob:s%40x@t/'}", plan.Message{
		Method: "GET", URL: "http://t/", Header: header("Authorization", "Basic Ym9iOnNAeA=="),
	})
	f("- post: {url: /, json: null}", plan.Message{
		Method: "POST", URL: "http://t/", Header: []plan.Field{{Name: "Content-Type", Value: "application/json"}},
		Body: []byte("null"),
	})
	f("- post: {url: /, json: '{{ gone }}'}", plan.Message{Method: "POST", URL: "http://t/"})
	f("- post: {url: /, body: '{{ gone }}'}", plan.Message{Method: "POST", URL: "http://t/"})
	f("- post: {url: /, body: '{{ n }}'}", plan.Message{Method: "POST", URL: "http://t/", Body: []byte("7")})
}

// TestQueryMerges is D7: the URL's parameters stay, a name in qs replaces.
func TestQueryMerges(t *testing.T) {
	f := func(url, qs, want string) {
		t.Helper()
		m, err := rendered(t, "- get: {url: '"+url+"', qs: "+qs+"}")
		if err != nil || m.URL != "http://t"+want {
			t.Errorf("%s with %s: got %s, %v, want %s", url, qs, m.URL, err, want)
		}
	}
	f("/e", "{p: 1}", "/e?p=1")
	f("/e?x=1", "{y: '{{ n }}', z: '{{ s }}'}", "/e?x=1&y=7&z=a+b")
	f("/e?a=1&b=2&a=3", "{a: new, c: '{{ q }}'}", "/e?a=new&b=2&c=x%26y")
	f("/e?x%20y=1", "{x y: 2}", "/e?x+y=2")
	f("/e?a=1#frag", "{b: 2}", "/e?a=1&b=2")
	f("/e?ids=9&x=1", "{ids: [1, '{{ n }}'], none: []}", "/e?ids=1&ids=7&x=1")
	f("/e", "{gone: '{{ gone }}', null: , o: {a: 1}}", "/e?gone=&null=&o=")
}

func TestInvalidURLFailsTheUser(t *testing.T) {
	f := func(url, want string) {
		t.Helper()
		_, err := rendered(t, "- get: {url: '"+url+"'}")
		var user value.UserError
		if !errors.As(err, &user) || string(user) != want {
			t.Errorf("%s: got %v, want %s", url, err, want)
		}
	}
	f("{{ p }}", "Invalid URL - after")
	f("{{ gone }}", "Invalid URL - undefined")
	f("{{ s }}", "Invalid URL - a b")
	f("http://{{ s }}/", "ERR_INVALID_URL")
	f("httpx://{{ n }}/", "ERR_UNSUPPORTED_PROTOCOL")
}

func TestMultipart(t *testing.T) {
	script := one("", `- post: {url: /, formData: {f: "v{{ $uuid }}", "a\"b": {value: 1, contentType: text/x}, up: `+
		`{fromFile: d/x.png, contentType: image/png}}}`)
	p := mustLoad(t, script, func(o *scenarios.Options) {
		o.ReadFile = reader(map[string]string{"s.yml": script, "d/x.png": "PNG"})
	})
	s := p.NewScope(1, 0, nil)
	var m plan.Message
	if err := firstRequest(t, p).Render(s, p.Target, &m); err != nil {
		t.Fatal(err)
	}
	boundary, ok := strings.CutPrefix(m.Header[0].Value, "multipart/form-data; boundary=")
	if !ok {
		t.Fatalf("content type %q", m.Header[0].Value)
	}
	b := "--" + boundary
	want := b + "\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\nv" + s.UUID() + "\r\n" +
		b + "\r\nContent-Disposition: form-data; name=\"a%22b\"\r\nContent-Type: text/x\r\n\r\n1\r\n" +
		b + "\r\nContent-Disposition: form-data; name=\"up\"; filename=\"x.png\"\r\nContent-Type: image/png\r\n\r\nPNG\r\n" +
		b + "--\r\n"
	diff(t, string(m.Body), want)
}

// TestMessagesAreReused: nothing of a request stays in the next one.
func TestMessagesAreReused(t *testing.T) {
	p := mustLoad(t, one("", "- post: {url: /, json: {a: 1}, headers: {x: 1}, cookie: {c: 1}}\n- get: /b"))
	s := p.NewScope(1, 0, nil)
	var m plan.Message
	for _, step := range p.Flows[0].Steps {
		if err := step.(*plan.Request).Render(s, p.Target, &m); err != nil {
			t.Fatal(err)
		}
	}
	if m.Body != nil || len(m.Header) != 0 || len(m.Cookies) != 0 || m.URL != "http://t/b" {
		t.Errorf("left over: %+v", m)
	}
}

// What Node's URL makes of the same texts.
func TestURLsAreEscaped(t *testing.T) {
	f := func(value, want string) {
		t.Helper()
		p := mustLoad(t, one("", "- get: '/{{ v }}'"))
		scope := p.NewScope(1, 0, nil)
		set(t, scope, "v", value)
		var m plan.Message
		if err := firstRequest(t, p).Render(scope, p.Target, &m); err != nil {
			t.Fatal(err)
		}
		if m.URL != "http://t/"+want {
			t.Errorf("%q: got %q, want %q", value, m.URL, want)
		}
	}
	f("plain-._~!$&()*+,;=:@/x?y=1#z", "plain-._~!$&()*+,;=:@/x?y=1")
	f("a b`c{d}e\"f<g>h'i", "a%20b%60c%7Bd%7De%22f%3Cg%3Eh'i")
	f("?a b`c{d}e\"f<g>h'i\\j", "?a%20b`c{d}e%22f%3Cg%3Eh%27i\\j")
	f("é?é=1", "%C3%A9?%C3%A9=1")
	f("a%20b?c%26d", "a%20b?c%26d")
	f("a\tb\r\nc", "abc")
	f("a\\b", "a/b")
}

func TestEndpoints(t *testing.T) {
	f := func(request, want string) {
		t.Helper()
		if got := firstRequest(t, mustLoad(t, one("", "- get: "+request))).Endpoint; got != want {
			t.Errorf("%s: got %q, want %q", request, got, want)
		}
	}
	f("'/status/{{ id }}?x=1'", "/status/{{ id }}")
	f("{url: /a, name: n}", "/a (n)")
	f("'/{{ o[\"?\"] }}/b?c'", "/{{ o[\"?\"] }}/b")
	f("'/a%20b#c'", "/a b")
	f("'http://t/a?b'", "/a")
	f("'http://t:81/a'", ":81/a")
	f("'https://other.test:81/a'", "other.test:81/a")
	f("'http://other.test?b'", "other.test/")
	f("'{{ base }}/a'", "{{ base }}/a")
}

// The query stays when the plugin is listed without stripQueryString.
func TestEndpointsKeepTheQuery(t *testing.T) {
	f := func(options, want string) {
		t.Helper()
		p := mustLoad(t, one("plugins: {metrics-by-endpoint: "+options+"}", "- get: '/a?x=1'"))
		if got := firstRequest(t, p).Endpoint; got != want {
			t.Errorf("%s: got %q, want %q", options, got, want)
		}
	}
	f("{}", "/a?x=1")
	f("{stripQueryString: false}", "/a?x=1")
	f("{stripQueryString: true}", "/a")
}

func sends(t *testing.T, r *plan.Request, s *value.Scope) bool {
	t.Helper()
	yes, err := r.Send(s)
	if err != nil {
		t.Error(err)
	}
	return yes
}

// A condition that cannot be evaluated ends the user; one that never sends is told.
func TestConditionsThatSendNothing(t *testing.T) {
	p := mustLoad(t, one(`variables: {s: '`+strings.Repeat("a", 60)+`!'}`, `- get: {url: /, ifTrue: 's ~= "(a+)+$"'}`))
	if yes, err := firstRequest(t, p).Send(p.NewScope(1, 0, nil)); yes || err == nil || err.Error() != "ERR_REGEXP_TIMEOUT" {
		t.Errorf("sent %v, %v", yes, err)
	}
	p = mustLoad(t, one("", "- get: {url: /, ifTrue: false}"))
	want := "s.yml:6:27: ifTrue: false is never sent; Artillery sends it always, since it is no text (D50)"
	if got := p.Warnings.Error(); got != want {
		t.Errorf("warnings %s, want %s", got, want)
	}
}

func TestSend(t *testing.T) {
	f := func(keys string, want bool) {
		t.Helper()
		p := mustLoad(t, one("variables: {n: 5, s: x}", "- get: {url: /, "+keys+"}"))
		if got := sends(t, firstRequest(t, p), p.NewScope(1, 0, nil)); got != want {
			t.Errorf("%s: got %v", keys, got)
		}
	}
	f("ifTrue: n == 5", true)
	f("ifTrue: n > 9", false)
	f("ifTrue: missing", false)
	f("ifTrue: s == 'x'", false) // 'x' is a variable
	f(`ifTrue: 's == "x"'`, true)
	f("ifTrue: not (n == 5)", false)
	f("ifTrue: true", true)
	f("ifTrue: 'true'", true)
	f("ifTrue: 1", true)
	f("ifTrue: '1'", true)
	f("ifTrue: false", false)
	f("ifTrue: 0", false)
	f("ifTrue: 'not false'", true)
	f("ifTrue: '{{ n }}'", true)
	f("ifTrue: '{{ missing }}'", false)
	f("ifTrue: '{{ n }} == 5'", true)
	f("ifTrue: 'not {{ missing }}'", true)
	f("ifTrue: 's or n'", false) // NaN, as filtrex has it
	f("probability: 0", false)
	f("probability: 100", true)

	p := mustLoad(t, one("", "- get: {url: /, probability: 25}"))
	sent := 0
	for user := range 2000 {
		if sends(t, firstRequest(t, p), p.NewScope(3, user, nil)) {
			sent++
		}
	}
	if sent < 400 || sent > 600 {
		t.Errorf("sent %d of 2000 at 25 %%", sent)
	}
}

func TestThink(t *testing.T) {
	f := func(step string, low, high time.Duration) {
		t.Helper()
		p := mustLoad(t, one("variables: {t: 200 ms, bad: x}", "- "+step))
		think := p.Flows[0].Steps[0].(*plan.Think)
		for user := range 50 {
			d, err := think.Pause(p.NewScope(1, user, nil))
			if err != nil || d < low || d > high {
				t.Fatalf("%s: %v, %v, want %v to %v", step, d, err, low, high)
			}
		}
	}
	const s, ms = time.Second, time.Millisecond
	f("think: 2", 2*s, 2*s)
	f("think: 0.5", 500*ms, 500*ms)
	f("think: '0.5'", 500*ms, 500*ms)
	f("think: 0", 0, 0)
	f("think: '{{ t }}'", 200*ms, 200*ms)
	f("{think: 1, jitter: 20%}", 800*ms, 1200*ms)
	f("{think: 1, jitter: 5s}", 0, 6*s)

	p := mustLoad(t, one("variables: {bad: 1-3}\nhttp: {defaults: {think: {jitter: 50%}}}",
		"- think: '{{ bad }}'\n- think: 1"))
	if _, err := p.Flows[0].Steps[0].(*plan.Think).Pause(p.NewScope(1, 0, nil)); err == nil ||
		err.Error() != "Invalid think time: 1-3" {
		t.Errorf("got %v", err)
	}
	if d, _ := p.Flows[0].Steps[1].(*plan.Think).Pause(p.NewScope(1, 0, nil)); d == time.Second {
		t.Error("the default jitter does nothing")
	}
}

func TestLoops(t *testing.T) {
	f := func(loop, want string) {
		t.Helper()
		p := mustLoad(t, one("variables: {n: 2, lst: [[{k: 1}, {k: 2}]]}", "- {loop: [{log: '{{ $loopCount }}/{{ "+
			"$loopElement }}/{{ i }}/{{ e.k }}'}], "+loop+"}"))
		l := p.Flows[0].Steps[0].(*plan.Loop)
		s := p.NewScope(1, 0, nil)
		var got []string
		for range l.Passes(s) {
			if got = append(got, l.Steps[0].(*plan.Log).Text(s)); len(got) == 5 {
				break
			}
		}
		if j := strings.Join(got, " "); j != want {
			t.Errorf("%s: got %s, want %s", loop, j, want)
		}
		if _, ok := s.Get("$loopCount"); ok {
			t.Errorf("%s: $loopCount outlives the loop", loop)
		}
	}
	f("count: 3", "0/0/undefined/undefined 1/0/undefined/undefined 2/0/undefined/undefined")
	f("count: 0", "")
	f("count: '{{ n }}'", "0/0/undefined/undefined 1/0/undefined/undefined")
	f("count: '{{ gone }}'", "")
	f("count: 2-4", "2/2/undefined/undefined 3/2/undefined/undefined")
	f("count: -1, loopValue: i", strings.TrimSpace(strings.Join([]string{
		"undefined/0/0/undefined", "undefined/0/1/undefined", "undefined/0/2/undefined", "undefined/0/3/undefined",
		"undefined/0/4/undefined",
	}, " ")))
	f("over: [a, '{{ n }}']", "0/a/undefined/undefined 1/2/undefined/undefined")
	f("over: lst, loopElement: e", "0/undefined/undefined/1 1/undefined/undefined/2")
	f("over: lst, count: 1, loopElement: e", "0/undefined/undefined/1")
	f("over: lst, count: 9, loopElement: e", "0/undefined/undefined/1 1/undefined/undefined/2")
	f("over: lst, count: -1, loopElement: e", "0/undefined/undefined/1 1/undefined/undefined/2")
	f("over: [a, b, c, d], count: 1-3", "1/b/undefined/undefined 2/c/undefined/undefined")
	f("over: [a, b], count: 5-9", "")
	f("over: [a, b], count: '{{ gone }}'", "")
	f("over: [], count: 3", "")
	f("over: missing", "")
	f("over: n", "")
}

// What a loop counts is an index of other lists, and a key of other objects.
func TestLoopsIndexLists(t *testing.T) {
	f := func(loop, text, want string) {
		t.Helper()
		p := mustLoad(t, one("variables: {lst: [[{k: 1}, {k: 2}]], o: {a: x, b: y}}", "- {loop: [{log: '"+text+"'}], "+loop+"}"))
		l := p.Flows[0].Steps[0].(*plan.Loop)
		s := p.NewScope(1, 0, nil)
		var got []string
		for range l.Passes(s) {
			got = append(got, l.Steps[0].(*plan.Log).Text(s))
		}
		if j := strings.Join(got, " "); j != want {
			t.Errorf("%s: got %s, want %s", text, j, want)
		}
	}
	f("count: 3", "{{ lst[$loopCount].k }}", "1 2 undefined")
	f("count: 2, loopValue: i", "{{ lst[i].k }}", "1 2")
	f("over: [a, b, c]", "{{ o[$loopElement] }}", "x y undefined")
	f("over: lst", "{{ $loopElement.k }}", "1 2")
	f("over: lst", "{{ $loopElement }}", `{"k":1} {"k":2}`)
	f("over: [[[5, 6]], [[7, 8]]]", "{{ $loopElement[0][1] }}", "6 8")
	f("over: '{{ lst }}', loopElement: e", "{{ e.k }}{{ lst[$loopCount].k }}", "11 22")
}

func TestVariablesOfAScenario(t *testing.T) {
	script := one("variables: {a: config, b: config, c: config}\npayload: {path: u.csv, fields: [row]}", "- get: /") + `
  variables: {a: own, list: [[1, 2]], pick: [x, y], from: "{{ row }}-{{ b }}", c: own, gone: "{{ nobody }}", o: {k: "{{ a }}"}}
`
	p, err := load(script, func(o *scenarios.Options) {
		o.ReadFile = reader(map[string]string{"s.yml": script, "u.csv": "7\n"})
		o.Variables = `{"c": "told"}`
	})
	if err != nil {
		t.Fatal(err)
	}
	s := p.NewScope(1, 0, nil)
	p.Flows[0].Start(s)
	for name, want := range map[string]string{
		"a": "own", "b": "config", "c": "told", "list": "[1,2]", "from": "7-config", "o.k": "own", "gone": "undefined",
	} {
		v, ok := s.Get(name)
		if got := value.Text(value.Operand(v, ok)); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	if v, _ := s.Get("pick"); v != "x" && v != "y" {
		t.Errorf("pick is %v", v)
	}
	for script, want := range map[string]string{
		"{config: {target: http://t}, scenarios: [{variables: 7, flow: [{get: /}]}]}":       "variables must be an object, not 7",
		"{config: {target: http://t}, scenarios: [{variables: {a: []}, flow: [{get: /}]}]}": "variable a is an empty list",
	} {
		if _, err := load(script); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", script, err, want)
		}
	}
}

func TestWhoGoesOnAfterAnError(t *testing.T) {
	p := mustLoad(t, one("", "- get: /\n- get: {url: /, continueOnError: false}\n- get: {url: /, continueOnError: true}")+
		"\n  continueOnError: true\n- flow: [{get: /}, {get: {url: /, continueOnError: true}}]")
	var got []bool
	for _, f := range p.Flows {
		for _, step := range f.Steps {
			got = append(got, step.(*plan.Request).ContinueOnError)
		}
	}
	diff(t, got, []bool{true, false, true, false, true})
}

func TestWeightsAndRegions(t *testing.T) {
	p := mustLoad(t, `
config:
  regions: [{name: FRA, target: http://f, weight: 2}, {IAD: http://i}]
scenarios:
  - {weight: 0, flow: [{get: /}]}
  - {weight: 0.5, flow: [{get: /}]}
  - {weight: 1.5, flow: [{get: /}]}
`)
	count := map[string]int{}
	var order []string
	for user := range 1200 {
		s := p.NewScope(5, user, nil)
		count[p.PickFlow(s).Name]++
		if user < 6 {
			order = append(order, p.Region(user).Name)
		}
		if v, _ := s.Get("target"); v != p.Region(user).Target {
			t.Fatalf("target is %v in region %s", v, p.Region(user).Name)
		}
	}
	if count["0"] != 0 || count["1"] < 240 || count["1"] > 360 {
		t.Errorf("flows %v, want none of 0 and about 300 of 1", count)
	}
	diff(t, order, []string{"FRA", "IAD", "FRA", "FRA", "IAD", "FRA"})
	if p.Target != "http://f" || p.Region(-1) != nil {
		t.Errorf("target %s, region of the before flow %v", p.Target, p.Region(-1))
	}
}

func TestPayloads(t *testing.T) {
	f := func(payload, csv, want string) {
		t.Helper()
		script := one("variables: {own: mine}\npayload: {path: u.csv, "+payload+"}",
			"- log: '{{ id }}/{{ name }}/{{ own }}/{{ all }}'")
		p, err := load(script, func(o *scenarios.Options) {
			o.ReadFile = reader(map[string]string{"s.yml": script, "u.csv": csv})
		})
		if err != nil {
			if err.Error() != want {
				t.Errorf("{%s}: got %v, want %s", payload, err, want)
			}
			return
		}
		var got []string
		for user := range 3 {
			got = append(got, p.Flows[0].Steps[0].(*plan.Log).Text(p.NewScope(1, user, nil)))
		}
		if j := strings.Join(got, " "); j != want {
			t.Errorf("{%s}:\n got %s\nwant %s", payload, j, want)
		}
	}
	const seq = "fields: [id, name], order: sequence"
	f(seq, "1,ann\n2,bob\n", "1/ann/mine/undefined 2/bob/mine/undefined 1/ann/mine/undefined")
	f(seq+", skipHeader: true", "id,name\n007,ann\n1e2,bob\n",
		"7/ann/mine/undefined 100/bob/mine/undefined 7/ann/mine/undefined")
	f(seq+", cast: false", "007,ann\n", "007/ann/mine/undefined 007/ann/mine/undefined 007/ann/mine/undefined")
	f(seq+", delimiter: ;", "1;\"a;b\"\n\n", "1/a;b/mine/undefined 1/a;b/mine/undefined 1/a;b/mine/undefined")
	f(seq+", skipEmptyLines: false, options: {relax_column_count: true}", "1,a\n\n2,b\n",
		"1/a/mine/undefined /undefined/mine/undefined 2/b/mine/undefined")
	f("fields: [own, name], order: sequence", "x,ann\n",
		"undefined/ann/mine/undefined undefined/ann/mine/undefined undefined/ann/mine/undefined")
	f("fields: [id], loadAll: true, name: all", "\ufeff1\n2\n",
		`undefined/undefined/mine/[{"id":1},{"id":2}] undefined/undefined/mine/[{"id":1},`+
			`{"id":2}] undefined/undefined/mine/[{"id":1},{"id":2}]`)
	f(seq, "1,\"a\n", "u.csv:1:1: not valid CSV: a quote is not closed")
	f(seq, "", "s.yml:4:19: payload u.csv has no rows")
	f("fields: [id], loadAll: true", "1\n", "s.yml:4:12: a payload with loadAll needs a name, the variable that holds "+
		"its rows")
	f(seq+", delimiter: ab", "1ab2\n", "1/2/mine/undefined 1/2/mine/undefined 1/2/mine/undefined")
	f("order: sequence, format: json", `[{"id":1,"name":"x"},{"id":2}]`,
		"1/x/mine/undefined 2/undefined/mine/undefined 1/x/mine/undefined")
}
