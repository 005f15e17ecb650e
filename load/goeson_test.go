package load_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"edgescope/load"
	"edgescope/load/loadtest"
)

// lived is what a user went through: the paths that it asked for, what it printed, its errors, and how it ended.
func lived(events []load.Event) string {
	var list []string
	for _, e := range events {
		switch e := e.(type) {
		case *load.Result:
			path := e.URL[strings.LastIndexByte(e.URL, '/'):]
			list = append(list, path)
		case *load.Line:
			list = append(list, e.Text)
		case *load.Mishap:
			list = append(list, "error "+e.Err)
		case *load.UserEnd:
			list = append(list, "end "+e.Err)
		}
	}
	return strings.Join(list, "; ")
}

// A user goes on after an error of a request that allows it: the error is counted, what the request captures is
// undefined, and the user completes.
func TestUsersGoOnAfterErrors(t *testing.T) {
	server, _ := loadtest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/drop" {
			panic(http.ErrAbortHandler)
		}
		fmt.Fprint(w, `{"v":1}`)
	})
	f := func(scenario, want string) {
		t.Helper()
		script := "config: {phases: [{duration: 0.01, arrivalCount: 1}], variables: {v: old}}\nscenarios: [{" + scenario + "}]"
		events := loadtest.Run(t, server.URL, script, load.Options{Seed: 1})
		if got := lived(events); got != want {
			t.Errorf("%s:\n got %s\nwant %s", scenario, got, want)
		}
	}
	const failing = "get: {url: /a, capture: {json: $.nope, as: v}"
	f("flow: [{"+failing+"}}, {get: /b}]", "/a; end Failed capture or match")
	f("flow: [{"+failing+", continueOnError: true}}, {log: 'v {{ v }}'}, {get: /b}]",
		"/a; error Failed capture or match; v undefined; /b; end ")
	f("continueOnError: true, flow: [{get: {url: /drop, capture: {json: $.v, as: v}}}, {log: 'v {{ v }}'}, {get: /b}]",
		"/drop; error ECONNRESET; v undefined; /b; end ")
	f("continueOnError: true, flow: [{get: {url: /a, capture: {json: $.v, as: v}}}, {log: 'v {{ v }}'}]", "/a; v 1; end ")
	f("continueOnError: true, flow: [{loop: [{"+failing+"}}, {log: 'v {{ v }}'}], count: 2}]",
		"/a; error Failed capture or match; v undefined; /a; error Failed capture or match; v undefined; end ")
	f("continueOnError: true, flow: [{parallel: [{"+failing+"}}], limit: 1}, {get: /b}]",
		"/a; error Failed capture or match; /b; end ")
	f("continueOnError: true, flow: [{"+failing+", continueOnError: false}}, {get: /b}]", "/a; end Failed capture or match")
	f("continueOnError: true, flow: [{get: /a}, {think: '{{ v }}'}, {get: /b}]", "/a; end Invalid think time: old")
	f("continueOnError: true, variables: {v: mine}, flow: [{log: '{{ v }}'}, {get: /b}]", "mine; /b; end ")
}

// Hooks of a request that fails are told, and what they throw is an error of the request.
func TestHooksOfRequestsThatGoOn(t *testing.T) {
	const src = `module.exports = {
		told(err, req, context, events, done) { console.log('told ' + err.message); return done(); },
		before(req, context, events, done) { return done(new Error('no ' + req.url.slice(-1))); },
		after(req, res, context, events, done) { throw new Error('bad'); },
	}`
	p := hooked(t, src, `
config: {processor: ./p.js, phases: [{duration: 0.01, arrivalCount: 1}]}
scenarios:
  - continueOnError: true
    onError: told
    flow:
      - get: {url: /a, beforeRequest: before}
      - get: {url: /b, afterResponse: after, capture: {header: x-v, as: v}}
      - log: "v {{ v }}"
`)
	events, err := record(t.Context(), t, p, load.Options{RoundTripper: &headered{header: http.Header{"X-V": {"7"}}}})
	if err != nil {
		t.Fatal(err)
	}
	want := "told no a; error no a; /b; told bad; error bad; v 7; end "
	if got := lived(events); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
