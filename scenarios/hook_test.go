package scenarios_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"edgescope/internal/tree"
	"edgescope/scenarios"
	"edgescope/scenarios/plan"
	"edgescope/scenarios/processor/worker"
	"edgescope/scenarios/value"
)

// withProcessor loads a script whose processor is src.
func withProcessor(src, script string) (*plan.Plan, error) {
	return load(script, func(o *scenarios.Options) {
		o.ReadFile = reader(map[string]string{"s.yml": script, "p.js": src, "lib.js": "require('lodash')"})
	})
}

func TestMain(m *testing.M) {
	worker.Serve()
	os.Exit(m.Run())
}

func TestFunctionsAreCheckedBeforeTheRun(t *testing.T) {
	f := func(src, config, flow, want string) {
		t.Helper()
		_, err := withProcessor(src, one("processor: ./p.js\n"+config, flow))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s with %s\n got %v\nwant %s", flow, src, err, want)
		}
	}
	const sign = "exports.sign = () => {}"
	f(sign, "", "- function: sing", `s.yml:6:15: function: the processor exports no function "sing" (did you mean `+
		`"sign"?)`)
	f(sign, "", "- get: {url: /, afterResponse: [sign, other]}",
		`afterResponse: the processor exports no function "other" (known: sign)`)
	f(sign, "", "- {loop: [{get: /}], whileTrue: x}", `whileTrue: the processor exports no function "x"`)
	f("require('./lib')", "", "- function: any", "lib.js:1:9: package lodash is not installed")
	f(sign, "", "- get: {url: /, onError: sign}", `unknown key "onError" in request`)
	f(sign, "", "- get: {url: /, onResponse: sign}", `did you mean "afterResponse"?`)
	f("exports.f = (", "", "- function: any", "p.js:1:14: not valid JavaScript")
}

// TestBrokenProcessorIsToldOnce: what its functions would be is not asked.
func TestBrokenProcessorIsToldOnce(t *testing.T) {
	_, err := withProcessor("(", one("processor: p.js", "- function: a\n- function: b"))
	var problems tree.Problems
	if !errors.As(err, &problems) || len(problems) != 1 {
		t.Errorf("got %v, want one problem", err)
	}
}

func TestHooksOfTheScenarioComeFirst(t *testing.T) {
	p, err := withProcessor("Object.assign(exports, {a() {}, b() {}, c() {}})", `
config: {target: http://t, processor: p.js}
scenarios:
  - flow: [{get: {url: /, beforeRequest: b, afterResponse: [b, c]}}, {get: {url: /, ifTrue: c}}]
    beforeRequest: a
    afterResponse: [a]
    beforeScenario: a
    afterScenario: [b, c]
    onError: c
  - flow: [{get: /}]`)
	if err != nil {
		t.Fatal(err)
	}
	flow := p.Flows[0]
	first, second := flow.Steps[0].(*plan.Request), flow.Steps[1].(*plan.Request)
	diff(t, [][]string{
		first.BeforeRequest, first.AfterResponse, second.BeforeRequest, flow.BeforeScenario,
		flow.AfterScenario, flow.OnError,
	},
		[][]string{{"a", "b"}, {"a", "b", "c"}, {"a"}, {"a"}, {"b", "c"}, {"c"}})
	if second.IfFunction != "c" || !sends(t, second, p.NewScope(1, 0, nil)) ||
		len(p.Flows[1].Steps[0].(*plan.Request).BeforeRequest) > 0 || !first.NeedsBody {
		t.Errorf("ifTrue is %q, the other scenario is hooked, or the body is not kept", second.IfFunction)
	}
}

func TestRequestAsFunctionsSeeIt(t *testing.T) {
	f := func(request, want string) {
		t.Helper()
		p := mustLoad(t, one("http: {defaults: {headers: {X-Def: d}}}", "- "+request))
		if got := string(firstRequest(t, p).Script(p.Target)); got != want {
			t.Errorf("%s\n got %s\nwant %s", request, got, want)
		}
	}
	f("get: /a", `{"url":"http://t/a","method":"GET","headers":{"X-Def":"d"}}`)
	f("post: {url: '/{{ a }}', name: n, headers: {x-def: '{{ b }}', n: 1}, json: {a: ['{{ c }}', 2], s: {t: true}}}",
		`{"url":"http://t/{{ a }}","method":"POST","name":"n","headers":{"x-def":"{{ b }}","n":1},`+
			`"json":{"a":["{{ c }}",2],"s":{"t":true}}}`)
	f("put: {url: 'https://o/a', body: 'x{{ y }}', qs: {q: 1}, cookie: {c: d}, auth: {user: u, pass: p}}",
		`{"url":"https://o/a","method":"PUT","headers":{"X-Def":"d"},"qs":{"q":1},"cookie":{"c":"d"},"auth":{"user":"u",`+
			`"pass":"p"},"body":"x{{ y }}"}`)
	f("post: {url: /, form: {a: 1}}", `{"url":"http://t/","method":"POST","headers":{"X-Def":"d"},"form":{"a":1}}`)
}

func TestRewrittenRequests(t *testing.T) {
	p := mustLoad(t, one("variables: {v: 7, o: {k: [1]}}", "- post: {url: /a, headers: {h: 1}, json: {a: 1}, qs: {q: "+
		"1}, auth: {user: u, pass: p}}"))
	r, s := firstRequest(t, p), p.NewScope(1, 0, nil)
	f := func(after, want string) {
		t.Helper()
		var members []value.Member
		if v, err := value.Parse([]byte(after)); err == nil {
			members = v.(*value.Object).Members()
		}
		changed, err := r.Changed(members)
		var m plan.Message
		if err == nil {
			err = changed.Render(s, p.Target, &m)
		}
		got := fmt.Sprintf("%s %s %v %s", m.Method, m.URL, m.Header, m.Body)
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", after, got, want)
		}
	}
	f(string(r.Script(p.Target)), `POST http://t/a?q=1 [{h 1} {Authorization Basic dTpw} {Content-Type `+
		`application/json}] {"a":1}`)
	f(`{"url":"http://t/{{ v }}","method":"put","headers":{"x":"{{ v }}"},"json":{"o":"{{ o }}"},"own":{}}`,
		`PUT http://t/7 [{x 7} {Content-Type application/json}] {"o":{"k":[1]}}`)
	f(`{"url":"/b","body":"t{{ v }}"}`, `POST http://t/b [] t7`)
	f(`{"url":"/b","form":{"a":"{{ v }}"},"headers":null}`,
		`POST http://t/b [{Content-Type application/x-www-form-urlencoded}] a=7`)
	f(`{"url":"/b","timeout":0}`, `beforeRequest: timeout must be above 0, not 0`)
	f(`{"url":"/b","timeout":{"response":1}}`, `beforeRequest: timeout must be a duration, not an object`)
	f(`{"url":"/b","followRedirect":1}`, `beforeRequest: followRedirect must be true or false, not 1`)
	if c, err := r.Changed([]value.Member{
		{Key: "timeout", Value: json.Number("1.5")},
		{Key: "followRedirect", Value: false},
		{Key: "decompress", Value: false},
		{Key: "maxRedirects", Value: json.Number("2")},
	}); err != nil || c.Timeout != 1500*time.Millisecond || c.FollowRedirect || c.Gzip || c.MaxRedirects != 2 ||
		r.Timeout != 10*time.Second || !r.FollowRedirect {
		t.Errorf("%v: %+v", err, c)
	}
	f(`{"url":"/b","json":null}`, `POST http://t/b [{Content-Type application/json}] null`)
	f(`{"url":"/b","method":"BREW"}`, `beforeRequest: method "BREW" is not known`)
	f(`{"url":"b"}`, `beforeRequest: url "b" must begin with /, http://, https:// or {{ (did you mean "/b"?)`)
	f(`{"url":"/{{ $nope() }}"}`, `beforeRequest: there is no template function "$nope"`)
}

func TestAnswersAsFunctionsSeeThem(t *testing.T) {
	res := answer(404, `{"a":1}`, "Content-Type", "text/x", "X-A", "1", "X-A", "2", "Set-Cookie", "a=1", "Set-Cookie",
		"b=2")
	want := `{"statusCode":404,"headers":{"content-type":"text/x","set-cookie":["a=1","b=2"],"x-a":"1, 2"}}`
	if got := string(res.Script()); got != want {
		t.Errorf(" got %s\nwant %s", got, want)
	}
	p := mustLoad(t, one("", "- post: {url: /a, name: n, json: {a: 1}}"))
	r := firstRequest(t, p)
	var m plan.Message
	if err := r.Render(p.NewScope(1, 0, nil), p.Target, &m); err != nil {
		t.Fatal(err)
	}
	want = `{"url":"http://t/a","method":"POST","name":"n","headers":{"Content-Type":"application/json"},` +
		`"body":"{\"a\":1}","json":{"a":1}}`
	if got := string(r.Sent(&m)); got != want {
		t.Errorf(" got %s\nwant %s", got, want)
	}
}

func TestVarsOfAScope(t *testing.T) {
	p := mustLoad(t, one("variables: {shared: {a: 1}, gone: x}", "- get: /"))
	s := p.NewScope(1, 0, nil)
	v := value.NewVars()
	f := func(want ...string) {
		t.Helper()
		var got []string
		v.Changes(s, func(name string, x any) {
			if _, gone := x.(value.Undefined); gone {
				got = append(got, name+" is gone")
			} else {
				got = append(got, name+"="+string(value.AppendJSON(nil, x)))
			}
		})
		diff(t, got, want)
	}
	f(`$uuid="` + s.UUID() + `"`)
	set(t, s, "own", "v")
	f(`own="v"`)
	f()
	set(t, s, "own", "v") // the same value
	set(t, s, "list", []any{"a"})
	f(`list=["a"]`)
	set(t, s, "list", []any{"a"}) // another list
	set(t, s, "shared.a", "b")
	f(`list=["a"]`, `shared={"a":"b"}`)
	v.Set(s, "own", "w")
	v.Set(s, "gone", value.Undefined{})
	f()
	if x, ok := s.Get("gone"); ok || scopeText(x) == "x" {
		t.Errorf("gone is %v", x)
	}
	v.Set(s, "a.b", "dotted")
	set(t, s, "gone", "back")
	b := s.Branch()
	b.Count("$loopCount", "3")
	s = b
	f(`$loopCount="3"`, `gone="back"`)
}
