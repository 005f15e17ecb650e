package usage_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"edgescope/scenarios"
	"edgescope/scenarios/processor/worker"
)

func TestMain(m *testing.M) {
	worker.Serve()
	os.Exit(m.Run())
}

// warnings are those of a script with a processor, p.js, by lines; "" without any.
func warnings(t *testing.T, script, code string) string {
	t.Helper()
	p, err := scenarios.Load(scenarios.Options{
		Files: []string{"s.yml"}, Target: "http://t", Env: func(name string) (string, bool) { return "x", name == "SET" },
		ReadFile: func(name string) ([]byte, error) {
			switch name {
			case "s.yml":
				return []byte(script), nil
			case "p.js":
				return []byte(code), nil
			}
			return nil, errors.New("no such file")
		},
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, script)
	}
	var lines []string
	for _, w := range p.Warnings {
		lines = append(lines, strings.TrimPrefix(w.String(), "s.yml:"))
	}
	return strings.Join(lines, "\n")
}

// flow is a script of one flow with variables a and userId.
func flow(steps string) string {
	return "config: {variables: {a: 1, userId: 5, user: {name: x}}}\nscenarios:\n- flow:\n" + steps
}

func TestVariablesThatNobodySets(t *testing.T) {
	f := func(steps, want string) {
		t.Helper()
		if got := warnings(t, flow(steps), ""); got != want {
			t.Errorf("%s\nwarns %s\nwant  %s", steps, got, want)
		}
	}
	const sent = `, "undefined" is sent`
	// Where they stand, whatever is around them.
	f("  - get: /{{ userid }}", `4:11: {{ userid }}: nobody sets userid (did you mean "userId"?)`+sent)
	f("  - get: \"/{{a}}/ä/{{{ b }}}\"", "4:20: {{ b }}: nobody sets b"+sent)
	f("  - get: {url: /, headers: {x: '{{ xyz }}'}}", "4:33: {{ xyz }}: nobody sets xyz"+sent)
	f("  - get: {url: /, headers: {'{{ xyz }}': 1}}", "4:30: {{ xyz }}: nobody sets xyz"+sent)
	f("  - post:\n      url: /\n      body: |\n        one {{ a }}\n        two {{ xyz }}", "8:13: {{ xyz }}: nobody sets xyz"+sent)
	f("  - post: {url: /, json: {deep: [{er: '{{ xyz.a[0] }}'}]}}", "4:40: {{ xyz.a[0] }}: nobody sets xyz"+sent)
	f("  - get: {url: /}\n  - log: '{{ xyz }}'", "5:11: {{ xyz }}: nobody sets xyz"+sent)
	f("  - get: {url: /}\n  - think: '{{ xyz }}'", "5:13: {{ xyz }}: nobody sets xyz"+sent)
	f("  - get: {url: /, expect: {equals: ['{{ xyz }}', 1]}}", "4:38: {{ xyz }}: nobody sets xyz"+sent)
	f(`  - get: "/\x7b{ xyz }}"`, "4:10: {{ xyz }}: nobody sets xyz"+sent)
	f("  - get: /{{ USERID }}", `4:11: {{ USERID }}: nobody sets USERID (did you mean "userId"?)`+sent)
	f("  - get: /{{ rows }}", "4:11: {{ rows }}: nobody sets rows"+sent)
	// Conditions and loops name variables without braces.
	f("  - get: {url: /, ifTrue: userid == 5}", `4:27: ifTrue: nobody sets userid (did you mean "userId"?), it is undefined`)
	f("  - loop: [{get: /}]\n    over: things", "5:11: over: nobody sets things, the loop has no pass")
	f("  - loop: [{get: /}]\n    count: '{{ xyz }}'", "5:13: {{ xyz }}: nobody sets xyz"+sent)
	f("  - get: /{{ $loopCount }}", "4:11: {{ $loopCount }}: $loopCount is set in loops only"+sent)
	f("  - get: /{{ $environment }}", "4:11: {{ $environment }}: no environment is chosen (-e)"+sent)
	f("  - get: /{{ $env.UNSET }}{{ $processEnvironment.UNSET }}",
		"4:11: {{ $env.UNSET }}: the environment has no variable UNSET"+sent+
			"\n4:27: {{ $processEnvironment.UNSET }}: the environment has no variable UNSET"+sent)
	f("  - get: {url: /, ifTrue: \"'abc' == 5\"}",
		"4:27: ifTrue: nobody sets abc, it is undefined ('abc' is a variable's name, \"abc\" is text)")
	// Too early.
	f("  - get: /{{ id }}\n  - get: {url: /, capture: {json: $.id, as: id}}",
		"4:11: {{ id }}: id is set only later in this flow"+sent)
}

func TestWhatIsSetIsNotTold(t *testing.T) {
	f := func(steps string) {
		t.Helper()
		if got := warnings(t, flow(steps), ""); got != "" {
			t.Errorf("%s\nwarns %s", steps, got)
		}
	}
	const capture = "{url: /, capture: {json: $.id, as: id}}"
	f("  - get: /{{ a }}/{{ userId }}/{{ user.name }}/{{ target }}/{{ $uuid }}/{{ $testId }}/{{ $scenarioFile }}")
	f("  - get: /{{ $randomNumber(1, 2) }}/{{ $randomString() }}/{{ $uuid() }}/{{ $env.SET }}/{{ $dirname }}/{{ }}")
	f("  - get: " + capture + "\n  - get: /{{ id }}/{{ id.x }}")
	f("  - get: {url: /, capture: [{json: $.id, as: id}, {header: x, as: y.z}]}\n  - get: /{{ id }}{{ y.z }}{{ y }}")
	f("  - get: {url: /, capture: {json: $.x, as: id, strict: false}}\n  - get: /{{ id }}")
	f("  - get: {url: /, capture: {json: $.x, as: id}, expect: {equals: ['{{ id }}', 1]}}")
	f("  - get: {url: '/', ifTrue: id}\n  - get: " + capture) // a condition may ask whether it is set
	// A later pass of a loop, or a step beside it.
	f("  - loop: [{get: '/{{ id }}{{ $loopCount }}{{ $loopElement }}'}, {get: " + capture + "}]\n    count: 2")
	f("  - parallel: [{get: '/{{ id }}'}, {get: " + capture + "}]")
	f("  - loop: [{get: '/{{ i }}{{ e.x }}'}]\n    over: a\n    loopValue: i\n    loopElement: e")
	f("  - loop: [{loop: [{get: '/{{ i }}'}], count: 2}]\n    over: ['{{ a }}']\n    loopValue: i")
}

func TestFlowsHaveVariablesOfTheirOwn(t *testing.T) {
	f := func(script, want string) {
		t.Helper()
		if got := warnings(t, script, ""); got != want {
			t.Errorf("%s\nwarns %s\nwant  %s", script, got, want)
		}
	}
	const capture = "{get: {url: /, capture: {json: $.id, as: id}}}"
	f("before: {flow: ["+capture+"]}\nscenarios: [{flow: [{get: '/{{ id }}'}]}]", "")
	f("after: {flow: [{get: '/{{ id }}'}]}\nbefore: {flow: ["+capture+"]}\nscenarios: [{flow: [{get: /}]}]", "")
	const other = ": nobody sets id here (what another scenario sets is for its own users), \"undefined\" is sent"
	f("scenarios: [{flow: ["+capture+"]}, {flow: [{get: '/{{ id }}'}]}]", "1:87: {{ id }}"+other)
	f("scenarios: [{flow: ["+capture+"]}]\nafter: {flow: [{get: '/{{ id }}'}]}", "2:24: {{ id }}"+other)
	// What every request has is rendered at any time.
	f("config: {http: {defaults: {headers: {x: '{{ id }}{{ xyz }}'}}}}\nscenarios: [{flow: ["+capture+"]}]",
		"1:50: {{ xyz }}: nobody sets xyz, \"undefined\" is sent")
}

// A processor sets what it names, and perhaps more.
func TestProcessorsMaySetVariables(t *testing.T) {
	f := func(code, name, want string) {
		t.Helper()
		script := "config: {processor: p.js, variables: {userId: 1}}\nscenarios: [{flow: [{function: f}, {get: '/{{ " + name + " }}'}]}]"
		got := warnings(t, script, "module.exports = { f(context, e, done) { "+code+" done(); } };")
		if want != "" {
			want = strings.TrimSuffix(want, "-")
			want = fmt.Sprintf(`2:44: {{ %s }}: nobody sets %[1]s%s, "undefined" is sent`, name, want)
		}
		if got != want {
			t.Errorf("%s with %s\nwarns %s\nwant  %s", code, name, got, want)
		}
	}
	f("context.vars.token = 1;", "token", "")
	f("context.vars['token'] = 1;", "token", "")
	f("context.vars['to-ken'] = 1;", "to-ken", "")
	f("const v = context.vars; v.token = 1;", "token", "")
	f("Object.assign(context.vars, {token: 1});", "token", "")
	f("context.vars.token = 1;", "tokn", ` (did you mean "token"?)`)
	f("context.vars.token = 1;", "other", "-")
	f("context.vars[e] = 1;", "anything", "")
	f("context.vars[e] = 1;", "userid", ` (did you mean "userId"?)`)
	f("for (const k of [1]) context.vars['x' + k] = 1;", "anything", "")
}

// Of a script that reads thousands of unknown variables the first are listed.
func TestManyPlacesAreCounted(t *testing.T) {
	var b strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&b, "  - get: {url: '/{{ a }}/{{ v%d }}', capture: {json: $.x, as: w%d}}\n", i, i)
	}
	got := warnings(t, flow(b.String()), "")
	if n := strings.Count(got, ": nobody sets"); n != 100 || !strings.Contains(got, "4900 more places read what nobody sets") {
		t.Errorf("%d warnings, want 100 and how many more:\n%s", n, got[:200])
	}
}
