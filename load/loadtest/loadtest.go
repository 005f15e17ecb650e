// Package loadtest runs scripts in tests.
package loadtest

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"edgescope/load"
	"edgescope/scenarios"
	"edgescope/scenarios/plan"
)

// Target is the name of a target that is not there, for runs over an Options.RoundTripper.
const Target = "http://target.test"

// OneUser is the config of a script with one arrival.
const OneUser = "config: {phases: [{duration: 1ms, arrivalCount: 1}]}\n"

// Plan compiles a script, with target in place of its own unless that is "".
func Plan(t testing.TB, target, script string) *plan.Plan {
	t.Helper()
	p, err := scenarios.Load(scenarios.Options{
		Files: []string{"test.yml"}, Target: target, Seed: 1,
		ReadFile: func(string) ([]byte, error) { return []byte(script), nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Run runs a script against a target and returns all events. A run that ends with an error fails the test.
func Run(t testing.TB, target, script string, o load.Options) []load.Event {
	t.Helper()
	runner, err := load.New(Plan(t, target, script), o)
	if err != nil {
		t.Fatal(err)
	}
	var events []load.Event
	if err := runner.Run(t.Context(), func(e load.Event) { events = append(events, e) }); err != nil {
		t.Fatal(err)
	}
	return events
}

// Results are the results among events.
func Results(events []load.Event) []*load.Result {
	var list []*load.Result
	for _, e := range events {
		if r, ok := e.(*load.Result); ok {
			list = append(list, r)
		}
	}
	return list
}

// Tell counts events by what they are.
func Tell(events []load.Event) map[string]int {
	n := map[string]int{}
	for _, e := range events {
		switch e := e.(type) {
		case *load.Result:
			n["requests"]++
			n[fmt.Sprint("code ", e.Code)]++
			if e.Cut {
				n["requests cut"]++
			}
		case *load.UserStart:
			n["created "+e.Scenario]++
		case *load.UserEnd:
			switch {
			case e.Cut:
				n["users cut"]++
			case e.Err != "":
				n["failed: "+e.Err]++
			default:
				n["completed"]++
			}
		case *load.Skip:
			n["skipped"]++
		case *load.PhaseStart:
			n["phases"]++
		}
	}
	return n
}

// Serve starts a server that counts its connections.
func Serve(t testing.TB, h http.HandlerFunc) (server *httptest.Server, connections *atomic.Int64) {
	t.Helper()
	connections = new(atomic.Int64)
	server = httptest.NewUnstartedServer(h)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	return server, connections
}
