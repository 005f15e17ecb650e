package scenarios_test

import (
	"path/filepath"
	"testing"

	"edgescope/scenarios"
	"edgescope/scenarios/plan"
	"edgescope/scenarios/value"
)

// TestLoopOverTemplates: elements of any shape are rendered for the user.
func TestLoopOverTemplates(t *testing.T) {
	p := mustLoad(t, one("variables: {n: 7}",
		"- {loop: [{log: '{{ $loopElement }}'}], over: [{k: '{{ n }}', gone: '{{ gone }}'}, ['{{ n }}', '{{ gone }}'], "+
			"'x{{ n }}', 1]}"))
	l, s := p.Flows[0].Steps[0].(*plan.Loop), p.NewScope(1, 0, nil)
	var got []string
	for range l.Passes(s) {
		got = append(got, l.Steps[0].(*plan.Log).Text(s))
	}
	diff(t, got, []string{`{"k":7}`, `[7,null]`, "x7", "1"})
}

// TestNestedLoopsKeepTheOuterNames: after the inner loop the outer pass sees its own number again.
func TestNestedLoopsKeepTheOuterNames(t *testing.T) {
	p := mustLoad(t, one("", `
- loop:
    - {loop: [{log: inner}], count: 2}
    - log: "{{ $loopCount }}"
  count: 2`))
	outer, s := p.Flows[0].Steps[0].(*plan.Loop), p.NewScope(1, 0, nil)
	var got []string
	for range outer.Passes(s) {
		for range outer.Steps[0].(*plan.Loop).Passes(s) {
			continue
		}
		got = append(got, outer.Steps[1].(*plan.Log).Text(s))
	}
	diff(t, got, []string{"0", "1"})
}

func TestPayloadPathOfTheCommandLine(t *testing.T) {
	other, err := filepath.Abs("other.csv")
	if err != nil {
		t.Fatal(err)
	}
	script := one("payload: [{path: u.csv, fields: [id]}]", "- get: '/{{ id }}'")
	p := mustLoad(t, script, func(o *scenarios.Options) {
		o.PayloadPath = "other.csv"
		o.ReadFile = reader(map[string]string{"s.yml": script, other: "9\n"})
	})
	if got := url(t, p, 0); got != "http://t/9" {
		t.Errorf("got %s", got)
	}
}

func TestConfigValuesKeepTheirType(t *testing.T) {
	p := mustLoad(t, one(`http: {pool: "{{ pool }}", distributedTracing: true}
phases: [{duration: "{{ $env.SECONDS }}", arrivalRate: 1}]
variables: {copy: "{{ deep }}"}`, "- get: '/{{ copy.a[0].b }}'"), func(o *scenarios.Options) {
		o.Variables = `{"pool": 4, "deep": {"a": [{"b": "c"}]}}`
		o.Env = func(name string) (string, bool) { return "30", name == "SECONDS" }
	})
	if p.HTTP.Pool != 4 || p.Phases[0].Duration != 30e9 || !p.HTTP.Tracing.Sampled || url(t, p, 0) != "http://t/c" {
		t.Errorf("pool %d, phase %v, tracing %v, url %s", p.HTTP.Pool, p.Phases[0].Duration, p.HTTP.Tracing, url(t, p, 0))
	}
}

func TestSetInListsAndUnderOddNames(t *testing.T) {
	p := mustLoad(t, one("variables: {l: [[1, {x: 2}]]}", "- get: /"))
	s := p.NewScope(1, 0, nil)
	set(t, s, "l[1].x", "new")
	value.NewVars().Set(s, "odd.name[", "v")
	if _, ok := s.Get("odd"); ok {
		t.Error("a name is read as a path")
	}
	for path, want := range map[string]string{"l[1].x": "new", "l[0]": "1"} {
		if v, _ := s.Get(path); scopeText(v) != want {
			t.Errorf("%s is %v, want %s", path, v, want)
		}
	}
}

func TestBeforeAndAfter(t *testing.T) {
	p := mustLoad(t, `
config: {target: http://t, plugins: {expect: {expectDefault200: true}}}
before: {name: sign in, flow: [{post: {url: /login, capture: {json: $.id, as: tok}, expect: {statusCode: 201}}}]}
after: {flow: [{get: "/out/{{ tok }}"}]}
scenarios: [{flow: [{get: "/{{ tok }}"}]}]`)
	before := p.NewScope(1, -1, nil)
	if err := p.Before.Steps[0].(*plan.Request).Capture(before, answer(200, `{"id":"t1"}`)); err != nil {
		t.Fatal(err)
	}
	if out := p.Before.Steps[0].(*plan.Request).Judge(nil, before, answer(500, "")); len(out) != 0 ||
		len(p.Warnings) != 1 {
		t.Errorf("before is judged: %v; warnings %v, want one", out, p.Warnings)
	}
	var m plan.Message
	for _, step := range []plan.Step{p.Flows[0].Steps[0], p.After.Steps[0]} {
		if err := step.(*plan.Request).Render(p.NewScope(1, 0, before), p.Target, &m); err != nil {
			t.Fatal(err)
		}
	}
	if m.URL != "http://t/out/t1" || p.Before.Name != "sign in" {
		t.Errorf("after sends %s, before is %s", m.URL, p.Before.Name)
	}
}
