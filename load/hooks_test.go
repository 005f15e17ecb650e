package load_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
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
		synctest.Test(t, func(t *testing.T) {
			p := hooked(t, src, "config: {processor: ./p.js}\nscenarios: [{"+scenario+"}]")
			tg := &target{respond: func(r *http.Request) (int, string) { return 404, r.Header.Get("X-Sign") }}
			events, err := record(t.Context(), t, p, load.Options{RoundTripper: tg})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, history(events)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", scenario, diff)
			}
		})
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

// TestSlowFunctionsDoNotBendTheSchedule: every user's function takes 900 ms, and yet all arrivals start in their time
// and no response time contains the function.
func TestSlowFunctionsDoNotBendTheSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := hooked(t, "exports.slow = async (req) => { await new Promise((r) => setTimeout(r, 900)) }",
			"config: {processor: ./p.js, phases: [{duration: 5, arrivalRate: 100}]}\nscenarios: [{flow: [{get: {url: "+
				"/, beforeRequest: slow}}]}]")
		events, err := record(t.Context(), t, p, load.Options{RoundTripper: &target{delay: 5 * time.Millisecond}})
		if err != nil {
			t.Fatal(err)
		}
		users := 0
		for _, e := range events {
			switch e := e.(type) {
			case *load.UserStart:
				users++
				if e.Lag != 0 {
					t.Fatalf("user %d started %v late", users, e.Lag)
				}
			case *load.Result:
				if e.Response() != 5*time.Millisecond {
					t.Fatalf("a response took %v, want 5 ms without the function", e.Response())
				}
			case *load.UserEnd:
				if e.Err != "" || e.Length != 905*time.Millisecond {
					t.Fatalf("a user ended after %v with %q", e.Length, e.Err)
				}
			}
		}
		if users != 500 {
			t.Errorf("%d users, want 500", users)
		}
	})
}

func TestFunctionsOfBeforeAreInNoCounter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := hooked(t, `exports.f = (c, events, done) => {
			c.vars.id = 9
			events.emit('counter', 'n')
			console.log('ready')
			global.artillery.suggestedExitCode = 4
			done()
		}`, `
config: {processor: p.js}
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
	})
}

func TestInterruptionCutsFunctions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()
		p := hooked(t, "exports.wait = async () => { await new Promise((r) => setTimeout(r, 900)) }",
			"config: {processor: p.js}\nscenarios: [{flow: [{loop: [{function: wait}], count: -1}]}]")
		events, err := record(ctx, t, p, load.Options{RoundTripper: &target{}})
		if err == nil || !slices.ContainsFunc(events, func(e load.Event) bool {
			end,
				ok := e.(*load.UserEnd)
			return ok && end.Cut
		}) {
			t.Errorf("error %v, events %v; want the user cut", err, history(events))
		}
	})
}
