package load_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"edgescope/load"
	"edgescope/load/timer"
	"edgescope/scenarios"
	"edgescope/scenarios/plan"
)

// hooked is a plan whose processor is src.
func hooked(t *testing.T, src, script string) *plan.Plan {
	t.Helper()
	p, err := scenarios.Load(scenarios.Options{
		Files: []string{"test.yml"}, Target: "http://target.test", Seed: 1,
		ReadFile: func(name string) ([]byte, error) {
			if strings.HasSuffix(name, ".js") {
				return []byte(src), nil
			}
			return []byte(script), nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// history is what a run has sent, printed and emitted, in its order, and how its users ended.
func history(events []load.Event) []string {
	var list []string
	for _, e := range events {
		switch e := e.(type) {
		case *load.Result:
			list = append(list, e.Method+" "+strings.TrimPrefix(e.URL, "http://target.test"))
		case *load.Line:
			list = append(list, "log "+e.Text)
		case *load.Metric:
			list = append(list, fmt.Sprintf("%s %s %v", e.Kind, e.Name, e.Value))
		case *load.UserEnd:
			list = append(list, "end "+e.Err)
		}
	}
	return list
}

func TestHooksRunInTheirPlaces(t *testing.T) {
	f := func(src, scenario string, want ...string) {
		t.Helper()
		p := hooked(t, src, "config: {processor: ./p.js, phases: [{duration: 0.01, arrivalCount: 1}]}\nscenarios: [{"+
			scenario+"}]")
		tg := &target{respond: func(r *http.Request) (int, string) { return 404, r.Header.Get("X-Sign") }}
		events, err := record(t.Context(), t, p, load.Options{RoundTripper: tg})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, history(events)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", scenario, diff)
		}
	}
	f(`exports.f = (context, events, done) => { context.vars.id = 'x'; events.emit('counter', 'n', 2); done() }`,
		"flow: [{function: f}, {get: '/{{ id }}'}]", "counter n 2", "GET /x", "end ")
	f(`exports.sign = (req, context, events, done) => {
	  req.headers['x-sign'] = req.url
	  req.url += '?s={{ v }}'
	  context.vars.v = 1
	  done()
	}
exports.look = (req, res, context, events, done) => { console.log(res.statusCode, res.body, req.url); done() }`,
		"beforeRequest: sign, flow: [{get: {url: /a, afterResponse: look}}]", "GET /a?s=1",
		"log 404 http://target.test/a http://target.test/a?s=1", "end ")
	f(`exports.b = (c, e, done) => { c.vars.x = 1; done() }
	   exports.a = (c) => console.log('after', c.vars.x, c.scenario.name)`,
		"name: s, beforeScenario: b, afterScenario: a, flow: [{get: '/{{ x }}'}]", "GET /1", "log after 1 s", "end ")
	f(`exports.more = (context, done) => done(context.vars.$loopCount < 2)`,
		"flow: [{loop: [{get: '/{{ $loopCount }}'}], whileTrue: more}]", "GET /0", "GET /1", "GET /2", "end ")
	f(`exports.more = async () => true`, "flow: [{loop: [{get: /a}], whileTrue: more, count: 2}]", "GET /a", "GET /a",
		"end ")
	f(`exports.no = async () => false; exports.yes = async () => 1`,
		"flow: [{get: {url: /no, ifTrue: no}}, {get: {url: /yes, ifTrue: yes}}]", "GET /yes", "end ")
	f(`exports.f = () => { throw new Error('no luck') }; exports.a = () => console.log('never')`,
		"afterScenario: a, flow: [{get: /a}, {function: f}, {get: /never}]", "GET /a", "end no luck")
	f(`exports.look = (req, res, c, e, done) => done(new Error('bad answer'))`,
		"flow: [{get: {url: /a, afterResponse: look}}, {get: /b}]", "GET /a", "end bad answer")
	f(`exports.sad = (err, req, c, e, done) => { console.log(err.message, req.url); done() }`,
		"onError: sad, flow: [{get: {url: /a, capture: {json: $.x, as: x}}}]", "GET /a",
		"log Failed capture or match http://target.test/a", "end Failed capture or match")
	f(`exports.bad = (req, c, e, done) => { req.url = 'nope'; done() }`, "flow: [{get: {url: /a, beforeRequest: bad}}]",
		`end beforeRequest: url "nope" must begin with /, http://, https:// or {{ (did you mean "/nope"?)`)
	f(`exports.n = (c) => { c.vars.n = (c.vars.n || 0) + 1 }`,
		"flow: [{parallel: [{function: n}, {function: n}, {function: n}]}, {get: '/{{ n }}'}]", "GET /3", "end ")
}

// TestSlowFunctionsDoNotBendTheSchedule: every user's function takes 900 ms, and yet all users are there before the
// first of them has ended, and no response time contains the function.
func TestSlowFunctionsDoNotBendTheSchedule(t *testing.T) {
	const slow = 900 * time.Millisecond
	p := hooked(t, "exports.slow = async (req) => { await new Promise((r) => setTimeout(r, 900)) }",
		"config: {processor: ./p.js, phases: [{duration: 0.5, arrivalCount: 50}]}\nscenarios: [{flow: [{get: {url: "+
			"/, beforeRequest: slow}}]}]")
	events, err := record(t.Context(), t, p, load.Options{RoundTripper: &target{}})
	if err != nil {
		t.Fatal(err)
	}
	started, ended := 0, 0
	for _, e := range events {
		switch e := e.(type) {
		case *load.UserStart:
			if started++; ended > 0 {
				t.Errorf("user %d started after the end of another", started)
			}
		case *load.Result:
			if e.Response() >= slow {
				t.Errorf("a response took %v", e.Response())
			}
		case *load.UserEnd:
			if ended++; e.Err != "" || e.Length < slow {
				t.Errorf("a user ended after %v with %q", e.Length, e.Err)
			}
		}
	}
	if started != 50 || ended != 50 {
		t.Errorf("%d users started and %d ended, want 50", started, ended)
	}
}

func TestFunctionsOfBeforeAreInNoCounter(t *testing.T) {
	p := hooked(t, `exports.f = (c, events, done) => {
			c.vars.id = 9
			events.emit('counter', 'n')
			console.log('ready')
			global.artillery.suggestedExitCode = 4
			done()
		}`, `
config: {processor: p.js, phases: [{duration: 0.01, arrivalCount: 1}]}
before: {flow: [{function: f}]}
scenarios: [{flow: [{get: "/{{ id }}"}]}]`)
	runner, err := load.New(p, load.Options{RoundTripper: &target{}, Wait: timer.Sleep})
	if err != nil {
		t.Fatal(err)
	}
	var events []load.Event
	if err := runner.Run(t.Context(), func(e load.Event) { events = append(events, e) }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"log ready", "GET /9", "end "}, history(events)); diff != "" {
		t.Error(diff)
	}
	if code, ok := runner.SuggestedExitCode(); code != 4 || !ok {
		t.Errorf("suggested exit code %d, %v", code, ok)
	}
}

func TestInterruptionCutsFunctions(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p := hooked(t, "exports.say = () => console.log('begun'); exports.wait = () => { for (;;) {} }",
		"config: {processor: p.js, phases: [{duration: 0.01, arrivalCount: 1}]}\n"+
			"scenarios: [{flow: [{function: say}, {function: wait}]}]")
	runner, err := load.New(p, load.Options{RoundTripper: &target{}, Wait: timer.Sleep})
	if err != nil {
		t.Fatal(err)
	}
	var events []load.Event
	err = runner.Run(ctx, func(e load.Event) {
		if events = append(events, e); len(history([]load.Event{e})) > 0 {
			cancel() // the function says that it has begun
		}
	})
	if !errors.Is(err, context.Canceled) || !slices.ContainsFunc(events, func(e load.Event) bool {
		end, ok := e.(*load.UserEnd)
		return ok && end.Cut
	}) {
		t.Errorf("error %v, events %v; want the user cut", err, history(events))
	}
}

// TestLostWorkersEndTheRun: workers that are given up one after another end the run with the reason.
func TestLostWorkersEndTheRun(t *testing.T) {
	p := hooked(t, "exports.f = () => new Float64Array(2 ** 40)",
		"config: {processor: p.js, phases: [{duration: 6, arrivalCount: 300}]}\nscenarios: [{flow: [{function: f}]}]")
	events, err := record(t.Context(), t, p, load.Options{RoundTripper: &target{}})
	want := "workers of the processor were given up 8 times in a row: processor ran out of memory"
	if err == nil || err.Error() != want {
		t.Errorf("the run ended with %v, want %s; events %v", err, want, history(events))
	}
}
