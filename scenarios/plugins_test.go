package scenarios_test

import (
	"testing"
	"time"

	"edgescope/scenarios"
	"edgescope/scenarios/plan"
)

// A condition names an endpoint as the script spells it, functions in it included.
func TestConditionsNameEndpoints(t *testing.T) {
	const metric = "edgescope.cache.hit_ratio./img/{{ $randomNumber(1,9) }}"
	p := mustLoad(t, one("ensure: {conditions: [{expression: '"+metric+" > 0.9'}]}",
		"- get: '/img/{{ $randomNumber(1,9) }}'"))
	diff(t, p.Checks[0].Names, []string{metric})
	p = mustLoad(t, one("plugins: {metrics-by-endpoint: {metricsNamespace: mine}}\nensure: {conditions: [{expression: "+
		"'mine.response_time./a b.p95 < 1'}]}", "- get: '/a b'"))
	diff(t, p.Checks[0].Names, []string{"mine.response_time./a b.p95"})
}

func TestFiguresOfChecks(t *testing.T) {
	f := func(ensure string, want float64, known bool) {
		t.Helper()
		p := mustLoad(t, one("ensure: "+ensure, "- get: /"))
		got, ok := p.Checks[0].Figure(func(name string) (float64, bool) {
			v, ok := map[string]float64{"vusers.created": 8, "vusers.completed": 6, "http.response_time.p95": 12.5}[name]
			return v, ok
		})
		if got != want || ok != known {
			t.Errorf("%s: %v, %v; want %v, %v", ensure, got, ok, want, known)
		}
	}
	f("{p95: 10}", 12.5, true)
	f("{maxErrorRate: 10}", 25, true)
	f("{conditions: [{expression: vusers.created > 9}]}", 8, true)
	f("{conditions: [{expression: vusers.created == vusers.completed}]}", 0, false)
	f("{thresholds: [{nope: 1}]}", 0, false)
}

func TestVisits(t *testing.T) {
	f := func(config string, idle time.Duration) *plan.Plan {
		t.Helper()
		p := mustLoad(t, one(config, "- get: /"))
		if p.Idle != idle {
			t.Errorf("%s: first hits after %v, want %v", config, p.Idle, idle)
		}
		return p
	}
	p := f("mode: poisson\nphases: [{name: cold, visits: 3, idle: 20}, {visits: 2, idle: 1m}]", 10*time.Second)
	diff(t, p.Phases, []plan.Phase{
		{Name: "cold", Kind: plan.PhaseCount, Duration: time.Minute, Count: 3},
		{Index: 1, Kind: plan.PhaseCount, Duration: 2 * time.Minute, Count: 2},
	})
	f("coldStarts: {idle: 5s}\nphases: [{visits: 3, idle: 20}]", 5*time.Second)
	f("coldStarts: {idle: 500ms}", 500*time.Millisecond)
	f("phases: [{duration: 1, arrivalRate: 1}]", 0)
}

func TestTelemetryOfTheScript(t *testing.T) {
	f := func(reporter string, want *plan.Telemetry) {
		t.Helper()
		p := mustLoad(t, one("plugins: {publish-metrics: [{type: open-telemetry, "+reporter+"}]}", "- get: /"),
			func(o *scenarios.Options) {
				o.Env = func(string) (string, bool) { return "secret", true }
			})
		diff(t, p.Telemetry, want)
	}
	f("traces: {}", &plan.Telemetry{URL: "http://localhost:4318/v1/traces"})
	f("traces: {exporter: otlp-proto, endpoint: 'https://o.test/x', headers: {api-key: '{{ $env.KEY }}'}}",
		&plan.Telemetry{URL: "https://o.test/x", Headers: []plan.Field{{Name: "api-key", Value: "secret"}}})
	f("traces: {exporter: zipkin}", nil)
	f("metrics: {}", nil)
}
