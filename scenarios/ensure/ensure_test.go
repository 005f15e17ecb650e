package ensure_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"edgescope/scenarios"
	"edgescope/scenarios/plan"
	"edgescope/scenarios/processor/worker"
)

func TestMain(m *testing.M) {
	worker.Serve()
	os.Exit(m.Run())
}

const flow = `
scenarios:
  - name: buy
    flow:
      - get: {url: "/cart/{{ $uuid }}", name: show cart, expect: {statusCode: 200}}
      - get: /plain
`

// load loads a script with further keys of config, and a processor of the given code.
func load(config, code string) (*plan.Plan, error) {
	return scenarios.Load(scenarios.Options{
		Files: []string{"s.yml"}, Target: "http://t",
		ReadFile: func(name string) ([]byte, error) {
			switch name {
			case "s.yml":
				return []byte("config:\n  " + config + flow), nil
			case "p.js":
				return []byte(code), nil
			}
			return nil, errors.New("no such file")
		},
	})
}

// told are the warnings about a metric in a threshold, and in a condition.
func told(t *testing.T, metric, config, code string) string {
	t.Helper()
	var all []string
	for _, check := range []string{
		"thresholds: [{'" + metric + "': 5}]", "conditions: [{expression: '" + metric + " < 5'}]",
	} {
		p, err := load(config+"\n  ensure: {"+check+"}", code)
		if err != nil {
			t.Fatalf("%s: %v", metric, err)
		}
		for _, w := range p.Warnings {
			if _, why, ok := strings.Cut(w.Msg, "there is no metric "+metric+": "); !ok {
				t.Errorf("%s: %s", metric, w)
			} else if all = append(all, why); w.Pos.Line == 0 {
				t.Errorf("%s: no place", metric)
			}
		}
	}
	switch {
	case len(all) == 0:
		return ""
	case len(all) != 2 || all[0] != all[1]:
		t.Errorf("%s: %q, want it told alike of a threshold and a condition", metric, all)
	}
	return all[0]
}

const plain = "phases: [{duration: 1, arrivalCount: 1}]"

func TestMetricsThatNoRunHas(t *testing.T) {
	f := func(metric, want string) {
		t.Helper()
		if got := told(t, metric, plain, ""); got != want {
			t.Errorf("%s: %s, want %s", metric, got, want)
		}
	}
	const none = "no run of this script has it"
	meant := func(name string) string { return none + ` (did you mean "` + name + `"?)` }
	f("http.respons_time.p95", meant("http.response_time.p95"))
	f("http.response_tme.p99", meant("http.response_time.p99"))
	f("vuser.failed", meant("vusers.failed"))
	f("vusers.fail", meant("vusers.failed"))
	f("http.requets", meant("http.requests"))
	f("edgescope.respons_time.p95", meant("edgescope.response_time.p95"))
	f("http.code.500", meant("http.codes.500"))
	f("error.ETIMEDOUT", meant("errors.ETIMEDOUT"))
	f("completely.other", none)
	f("http.codes.5xx", "each counts one status, as in http.codes.503")
	f("plugins.expect.failed.statuscode", meant("plugins.expect.failed.statusCode"))
	f("vusers.created_by_name.bui", meant("vusers.created_by_name.buy"))
	f("http.response_time", "it is a distribution: name a figure of it, as in http.response_time.p95")
	f("http.response_time.p98", "http.response_time has no figure p98, but min, max, mean, median, p50, p75, p90, p95, "+
		"p99, p999, count")
	f("http.response_time.2xx.avg", "http.response_time.2xx has no figure avg, but min, max, mean, median, p50, p75, p90, "+
		"p95, p99, p999, count")
	f("http.dns.p95", "it needs config.http.extendedMetrics: true")
	f("edgescope.first_hit.ttfb.p95", "it needs config.coldStarts or a phase of visits")
	f("apdex.satisfied", "it needs the plugin apdex")
	f("websocket.messages_sent", "it needs a scenario with engine: ws")
	f("edgescope.websocket.answer_time.p95", "it needs a scenario with engine: ws")
	f("plugins.metrics-by-endpoint.response_time.other.p95",
		meant("plugins.metrics-by-endpoint.response_time./plain.p95"))
}

func TestMetricsThatARunMayHave(t *testing.T) {
	f := func(config string, metrics ...string) {
		t.Helper()
		for _, metric := range metrics {
			if got := told(t, metric, config, ""); got != "" {
				t.Errorf("%s: %s", metric, got)
			}
		}
	}
	f(plain, "http.response_time.p95", "http.response_time.2xx.max", "http.request_rate", "http.codes.503", "http.codes.200",
		"errors.ETIMEDOUT", "errors.no token", "vusers.created_by_name.buy", "vusers.session_length.median",
		"edgescope.response_time.cold.p99", "edgescope.cache.hit_ratio", "edgescope.cache.hit", "edgescope.lag.p99",
		"plugins.expect.failed", "plugins.expect.ok.statusCode",
		"plugins.metrics-by-endpoint.response_time./plain.p95", "plugins.metrics-by-endpoint./plain.codes.200",
		"plugins.metrics-by-endpoint.response_time./cart/{{ $uuid }} (show cart).p95",
		"plugins.metrics-by-endpoint.response_time.show cart.p95", "plugins.metrics-by-endpoint./plain.errors.ETIMEDOUT",
		"edgescope.cache.hit_ratio./plain", "edgescope.cache-by-endpoint./plain.hit")
	f(plain+"\n  http: {extendedMetrics: true}\n  coldStarts: {idle: 5}\n  apdex: {threshold: 100}", "http.tls.max",
		"edgescope.first_hit.ttfb.p95", "apdex.frustrated")
	f("plugins: {metrics-by-endpoint: {groupDynamicURLs: false, metricsNamespace: m}}", "m.response_time./plain.p95",
		"m./cart/7.codes.200")
}

// Functions may emit any metric: only what is nearly a known one, and not in their code, is told.
func TestMetricsThatFunctionsMayEmit(t *testing.T) {
	f := func(metric string, want bool) {
		t.Helper()
		const code = "module.exports = {f(c, e, done) { e.emit('counter', 'sign_ins', 1); e.emit('counter', 'vusers.fail', 1);" +
			" done(); }};"
		if got := told(t, metric, plain+"\n  processor: p.js", code); (got != "") != want {
			t.Errorf("%s: %q", metric, got)
		}
	}
	f("sign_ins", false)
	f("made.up", false)
	f("vusers.fail", false)
	f("http.respons_time.p95", true)
}

func TestWaysThatAreAllowed(t *testing.T) {
	f := func(ensure, want string) {
		t.Helper()
		p, err := load(ensure, "")
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(p.Allow, " "); got != want {
			t.Errorf("%s: %q, want %q", ensure, got, want)
		}
	}
	f(plain, "")
	f("ensure: {allow: onlyErrors}", "onlyErrors")
	f("plugins: {ensure: {allow: [nothingSent, noUserCompleted]}}", "nothingSent noUserCompleted")
	if _, err := load("ensure: {allow: [nothing]}", ""); err == nil || !strings.Contains(err.Error(), "s.yml:2:20: allow must") {
		t.Errorf("%v, want it refused at its place", err)
	}
}
