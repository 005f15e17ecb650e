package scenarios_test

import (
	"errors"
	"strings"
	"testing"

	"edgescope/internal/tree"
)

// TestProblemsAreListedAtOnce: every one with its place, in order.
func TestProblemsAreListedAtOnce(t *testing.T) {
	_, err := load(`
config:
  target: http://t
  phases:
    - duration: 5 potatoes
      arivalRate: 2
    - duration: 1
scenarios:
  - flow:
      - sleep: 1
      - get: {url: after, bogus: 1}
      - {get: /, think: 1}
`)
	want := []string{
		`s.yml:5:17: duration: "5 potatoes" is no duration: write seconds (5, 0.5) or a number with ms, s, m, h or d ` +
			`(500ms, 5m)`,
		`s.yml:5:7: a phase needs arrivalRate, rampTo, arrivalCount or pause`,
		`s.yml:6:7: unknown key "arivalRate" in phase (did you mean "arrivalRate"?)`,
		`s.yml:7:7: a phase needs arrivalRate, rampTo, arrivalCount or pause`,
		`s.yml:10:9: unknown step "sleep" (did you mean "think"?)`,
		`s.yml:11:20: url "after" must begin with /, http://, https:// or {{ (did you mean "/after"?)`,
		`s.yml:11:27: unknown key "bogus" in request`,
		`s.yml:12:18: a step has one key: "think" stands beside "get"`,
	}
	var ps tree.Problems
	if !errors.As(err, &ps) {
		t.Fatalf("got %v, want Problems", err)
	}
	var got []string
	for _, p := range ps {
		got = append(got, p.String())
	}
	// Line 5 col 7 sorts before col 17.
	want[0], want[1] = want[1], want[0]
	diff(t, got, want)
}

// TestRefusals: each script has one fault, and the message names place and remedy.
func TestRefusals(t *testing.T) {
	f := func(config, flow, want string) {
		t.Helper()
		_, err := load(one(config, flow))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("config %q flow %q:\n got %v\nwant %s", config, flow, err, want)
		}
	}
	// Keys and their spelling.
	f("fases: []", "- get: /", `s.yml:3:3: unknown key "fases" in config (did you mean "phases"?)`)
	f("http: {timeuot: 1}", "- get: /", `s.yml:3:10: unknown key "timeuot" in http (did you mean "timeout"?)`)
	f("tls: {rejectUnauthorised: false}", "- get: /", `(did you mean "rejectUnauthorized"?)`)
	f("plugins: {expekt: {}}", "- get: /", `plugin expekt is not available (did you mean "expect"?)`)
	f("plugins: {hls: {}}", "- get: /", `s.yml:3:13: plugin hls is not available`)
	f("engines: {kafka: {}}", "- get: /", `s.yml:3:13: engine "kafka" is not supported: there are http, which is the `+
		`default, and ws`)
	f("", "- get: {url: /, followRedirects: false}",
		`unknown key "followRedirects" in request (did you mean "followRedirect"?)`)
	f("", "- get: {url: /, expect: {statuscode: 200}}", `unknown expectation "statuscode" (did you mean "statusCode"?)`)
	f("", "- get: {url: /, expect: {jmespath: 'a['}}", `JMESPath "a[": the expression ends too early`)
	f("", "- get: {url: /, capture: {json: $.a, has: x, as: y}}", `s.yml:6:40: unknown key "has" in capture`)
	// What a request may hold.
	f("", "- get: {headers: {a: b}}", "s.yml:6:5: get needs a url")
	f("", "- get: ", "s.yml:6:5: get needs a url")
	f("", "- get: {url: [a]}", "s.yml:6:16: url must be text, not a list") // and nothing else
	f("", "- get: {url: 'http://'}", `s.yml:6:16: "http://" is no http:// or https:// URL (ERR_INVALID_URL)`)
	f("", "- get: {url: 'http://a b/'}", `"http://a b/" is no http://`)
	f("", "- get: 'http://[::1'", `s.yml:6:10: "http://[::1" is no http://`)
	f("", "- get: {url: 'httpx://a/'}", "(ERR_UNSUPPORTED_PROTOCOL)")
	f("", "- get: {url: /, headers: {ok: 1, 'a b': 1}}",
		`s.yml:6:36: a header's name is letters, digits and hyphens, not "a b"`)
	f("http: {defaults: {headers: {'x:': 1}}}", "- get: /",
		`s.yml:3:31: a header's name is letters, digits and hyphens, not "x:"`)
	f("", "- post: {url: /, json: null, form: {a: 1}}", "s.yml:6:38: a request has one body: form stands beside json")
	f("", "- post: {url: /, body: a, formData: {a: 1}}", "a request has one body: formData stands beside body")
	f("", "- {loop: [{get: /}], over: 5}",
		"s.yml:6:30: over must be a list or the name of a variable that holds one, not 5")
	f("regions: {FRA: 'http://'}", "- get: /", "s.yml:3:18: target must be an http:// or https:// URL")
	f("", "- get: {url: ''}", `url "" must begin with /`)
	f("", "- get: {url: 'ftp://x'}", `url "ftp://x" must begin with`)
	f("", "- get: {url: /, timeout: 0}", "timeout must be above 0")
	f("", "- get: {url: /, probability: 101}", "probability is a percentage")
	f("", "- get: {url: /, ifTrue: 'n === 5'}", `s.yml:6:27: ifTrue "n === 5": "===" is no operator here (did you mean `+
		`"=="?) at character 3`)
	f("", "- get: {url: /, capture: {json: '$.[', as: y}}", "JSONPath")
	f("", "- get: {url: /, capture: {regexp: '(', as: y}}", "Unterminated group at character 1")
	f("", "- get: {url: /, capture: {regexp: '(a)', group: 2, as: y}}", "there is no group 2")
	f("", "- get: {url: /, capture: {selector: 'a[', as: y}}", "is no CSS selector")
	f("", "- get: {url: /, capture: {xpath: //, as: y}}", `XPath "//": a name is missing`)
	f("", "- get: {url: /, capture: {json: $.a}}", `a capture needs "as"`)
	f("plugins: {publish-metrics: [{apiKey: x}]}", "- get: /", "needs a type")
	f("plugins: {publish-metrics: [{type: open-telemetry, traces: {endpoint: localhost}}]}", "- get: /",
		"endpoint must be an http:// or https:// URL")
	f("plugins: {publish-metrics: [{type: open-telemetry, traces: {endpont: x}}]}", "- get: /", `did you mean "endpoint"?`)
	f("phases: [{visits: 3}]", "- get: /", "visits and idle belong together, as in {visits: 10, idle: 60}")
	f("phases: [{visits: 3, idle: 0}]", "- get: /", "idle must be above 0")
	f("phases: [{visits: 0, idle: 1}]", "- get: /", "visits must be 1 or more")
	f("phases: [{visits: 2, idle: 300d}]", "- get: /", "at most 366 days")
	f("phases: [{visits: 2, idle: 1, maxVusers: 3}]", "- get: /", "a phase of visits has no maxVusers")
	f("coldStarts: {}", "- get: /", "coldStarts needs idle")
	f("coldStarts: {idel: 3, idle: 1}", "- get: /", `did you mean "idle"?`)
	f("", "- get: {url: /, capture: {as: x}}", "one of json, header, regexp, selector and xpath")
	f("", "- get: {url: /, capture: {json: $, header: x, as: x}}", "exclude each other")
	f("", "- get: {url: /, expect: {equals: x}}", "equals takes a list of two or more values")
	f("", "- get: {url: /, expect: {header: x}}", "header needs equals beside it")
	f("", "- get: {url: /, expect: {headerEquals: [x]}}", "a list of two")
	f("", "- get: {url: /, expect: {matchesRegexp: '['}}", "Unterminated character class at character 1")
	f("", "- get: {url: /, expect: {statusCode: ok}}", "a status code is a number from 100 to 999")
	f("", "- get: {url: /, body: '{{ a + b }}'}", "neither a variable")
	f("", "- get: {url: '/{{ $fakeName() }}'}", "fake-data plugin")
	f("", "- get: {url: '/{{ $randomNumbr(1,2) }}'}", `(did you mean "$randomNumber"?)`)
	f("", "- get: {url: '/{{ $randomNumber(2,1) }}'}", "greater than the second")
	f("", "- get: {url: '/{{ $randomNumber(1) }}'}", "takes two numbers")
	f("", "- get: {url: '/{{ $randomNumber }}'}", "write {{ $randomNumber() }}")
	f("", "- get: {url: '/{{ $randomString(-1) }}'}", "takes a length")
	f("", "- get: {url: /, beforeRequest: sign}",
		`beforeRequest: function "sign" cannot be called: the script has no config.processor`)
	// Steps.
	f("", "- function: nope", `function "nope" cannot be called`)
	f("", "- {parallel: [{get: /}], limit: 0}", "limit must be 1 or more, not 0")
	f("", "- {parallel: {get: /}}", "a flow must be a list of steps")
	f("", "- think: 1-3", `think: "1-3" is no duration`)
	f("", "- {think: 1, jitter: 120%}", "jitter must be 0% to 100%")
	f("", "- loop: [{get: /}]", "a loop needs count, over or whileTrue")
	f("", "- {loop: [{get: /}], count: x}", "count must be a number, a range")
	f("", "- {loop: [{get: /}], count: x, over: y}", "count must be a number, a range")
	f("", "- {loop: [{get: /}], cuont: 1}", `(did you mean "count"?)`)
	f("", "- 7", "a step is an object")
	// Config.
	f("phases: [{arrivalRate: 1}]", "- get: /", "a phase needs a duration")
	f("phases: [{duration: 1, mean: 5, amplitude: 2}]", "- get: /",
		"s.yml:3:12: mean, amplitude and period belong together")
	f("phases: [{duration: 1, mean: 5, period: 2}]", "- get: /", "amplitude is missing")
	f("phases: [{mean: 5, amplitude: 2, period: 2}]", "- get: /", "duration is missing")
	f("phases: [{duration: 1, mean: 0, amplitude: 0, period: 2}]", "- get: /", "s.yml:3:32: mean must be above 0")
	f("phases: [{duration: 1, mean: 5, amplitude: 5, period: 2}]", "- get: /",
		"s.yml:3:46: amplitude must be less than mean, so that arrivals never stop")
	f("phases: [{duration: 1, mean: 5, amplitude: -1, period: 2}]", "- get: /", "amplitude must be 0 or more")
	f("phases: [{duration: 1, mean: 5, amplitude: 2, period: 0}]", "- get: /", "s.yml:3:57: period must be above 0")
	f("phases: [{duration: 1, mean: 5, amplitude: 2, period: x}]", "- get: /", `period: "x" is no duration`)
	f("phases: [{duration: 1, mean: 900000, amplitude: 200000, period: 2}]", "- get: /",
		"at most 1000000 arrivals per second")
	f("phases: [{duration: 400d, mean: 5, amplitude: 2, period: 1h}]", "- get: /", "at most 366 days")
	f("phases: [{duration: 1, mean: 5, amplitude: 2, period: 1, arrivalRate: 3}]", "- get: /",
		"s.yml:3:60: a phase with mean, amplitude and period has no arrivalRate")
	f("phases: [{duration: 1, mean: 5, amplitude: 2, period: 1, mode: poisson}]", "- get: /", "has no mode")
	f("phases: [{duration: 1, meen: 5, amplitude: 2, period: 1}]", "- get: /", `(did you mean "mean"?)`)
	f("phases: []", "- get: /", "phases is an empty list")
	f("phases: [{duration: 1, arrivalRate: -1}]", "- get: /", "arrivalRate must be 0 or more")
	f("phases: [{duration: 1, arrivalCount: 1.5}]", "- get: /", "must be a whole number")
	f("phases: [{duration: 1, arrivalRate: 2000000}]", "- get: /", "at most 1000000 arrivals per second")
	f("phases: [{duration: 1, arrivalRate: 1, mode: gauss}]", "- get: /", `mode must be uniform or poisson, not "gauss"`)
	f("variables: {a: []}", "- get: /", "variable a is an empty list")
	f("variables: [1]", "- get: /", "variables must be an object, not a list")
	f("payload: {path: no.csv, fields: [a]}", "- get: /", "s.yml:3:19: payload no.csv cannot be read: file does not exist")
	f("payload: {fields: [a]}", "- get: /", "a payload needs the path")
	f("payload: {path: no.csv}", "- get: /", "a payload needs fields")
	f("processor: ./p.js", "- get: /", "s.yml:3:14: p.js: the processor cannot be read: file does not exist")
	f("regions: {FRA: nowhere}", "- get: /", "target must be an http:// or https:// URL")
	f("regions: [{name: FRA, target: http://x, weight: 0}]", "- get: /", "weight of a region must be 1 to 1000")
	f("http: {distributedTracing: {traceIdPrefix: xyz}}", "- get: /", "at most 24 hex digits")
	f("tls: {cert: '-----BEGIN X'}", "- get: /", "tls needs both cert and key")
	f("ensure: {thresholds: [{p95: x}]}", "- get: /", "must be a number")
	f("ensure: {conditions: [{expression: 'a <'}]}", "- get: /", "the expression ends too early")
	f("ensure: {conditions: [{strict: true}]}", "- get: /", "a condition needs an expression")
}

func TestRefusalsOfWholeScripts(t *testing.T) {
	f := func(script, want string) {
		t.Helper()
		_, err := load(script)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q:\n got %v\nwant %s", script, err, want)
		}
	}
	const flow = "scenarios: [{flow: [{get: /}]}]\n"
	f("", "s.yml:1:1: the file is empty")
	f("7", "a script is an object")
	f("a: [", "not valid YAML")
	f("a: b\n c: d", "s.yml:2:1: not valid YAML")
	f(flow, "there is no target: set config.target, or give --target")
	f("config: {target: http://t}\n", "there are no scenarios")
	f("config: {target: t}\n"+flow, `target must be an http:// or https:// URL (ws:// or wss:// for WebSockets), not "t"`)
	f("config: {target: http://t}\nconfig: {}\n"+flow, `s.yml:2:1: key "config" is given twice`)
	f("config: {target: http://t}\nscenario: []\n"+flow,
		`unknown key "scenario" in the script (did you mean "scenarios"?)`)
	f("config: {target: http://t}\nscenarios: [{weight: 0, flow: [{get: /}]}]", "all scenarios have weight 0")
	f("config: {target: http://t}\nscenarios: [{flow: [{get: /}], engine: playwright}]",
		`engine "playwright" is not supported`)
	f("config: {target: http://t}\nscenarios: [{flow: [{get: /}], beforeScenario: f}]", `function "f" cannot be called`)
	f("config: {target: http://t}\nscenarios: [{name: x}]", "scenario x has no flow")
	f("config: {target: http://t}\nbefore: {}\n"+flow, "before has no flow")
	f("a: &a [*a]\nb: *a", "alias *a stands inside what it names")
	f("config: {target: http://t}\n"+flow+"---\nx: 1", "one YAML document")
	f("config: {target: http://t, <<: 7}\n"+flow, "<< takes an object")
	f(billionLaughs(), "aliases repeat too much")
}

func billionLaughs() string {
	var b strings.Builder
	b.WriteString("x-0: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]\n")
	for i := 1; i < 9; i++ {
		p, n := string(rune('0'+i-1)), string(rune('0'+i))
		b.WriteString("x-" + n + ": &a" + n + " [" + strings.TrimSuffix(strings.Repeat("*a"+p+", ", 10), ", ") + "]\n")
	}
	return b.String()
}

// TestWhatIsAccepted: legal spellings that look like faults.
func TestWhatIsAccepted(t *testing.T) {
	f := func(script string) {
		t.Helper()
		if _, err := load(script); err != nil {
			t.Errorf("%q: %v", script, err)
		}
	}
	const head = "config: {target: http://t}\n"
	f(head + "x-mine: 1\n_y: 2\nanchored: &s [{get: /}]\nscenarios: [{flow: [*s]}]")
	f(`{"config":{"target":"http://t"},"scenarios":[{"flow":[{"get":{"url":"/"}}]}]}`)
	f(head + "scenarios: [{flow: [{get: {uri: /}}, {options: '{{ u }}'}], weight: '2.5', engine: http}]")
	f("config: {target: https://t/prefix, engines: {http: {}}}\nscenarios: {flow: [{get: /}]}")
	f("config: {regions: {FRA: http://t}}\nscenarios: [{flow: [{log: hi}]}]")
	f("config: {target: http://t, environments: {any: {anything: 1}}}\nscenarios: [{flow: [{get: /}]}]")
}

func TestWarnings(t *testing.T) {
	f := func(config, flow, want string) {
		t.Helper()
		p := mustLoad(t, one(config, flow))
		if want == "" {
			if len(p.Warnings) != 0 {
				t.Errorf("%s %s: warns %v", config, flow, p.Warnings)
			}
			return
		}
		if len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0].String(), want) {
			t.Errorf("%s %s: warns %v, want %s", config, flow, p.Warnings, want)
		}
	}
	f("", "- think: 0.5", "s.yml:6:12: think: 0.5 means 500ms")
	f("", "- think: 500ms", "")
	f("", "- think: 1", "")
	f("", "- {loop: [{get: /}], count: 0}", "D6")
	f("", "- get: {url: '/?a=1', qs: {b: 2}}", "D7")
	f("", "- post: {url: /, json: {a: 1}, body: b}", "s.yml:6:40: body is ignored: the request has json")
	f("", "- post: {url: /, body: b, form: , formData: }", "")
	f("http: {maxSockets: 5}", "- get: /", "maxSockets is ignored")
	f("plugins: {publish-metrics: []}", "- get: /",
		"has no reporter and sends nothing: use type open-telemetry, or --otlp")
	f("plugins: {publish-metrics: [{type: datadog, apiKey: x}]}", "- get: /",
		"s.yml:3:38: publish-metrics of type datadog sends nothing here")
	f("plugins: {publish-metrics: [{type: open-telemetry}]}", "- get: /", "has no traces and sends nothing")
	f("plugins: {publish-metrics: [{type: open-telemetry, metrics: {exporter: otlp-http}}]}", "- get: /",
		"sends no metrics here")
	f("plugins: {publish-metrics: [{type: open-telemetry, traces: {exporter: otlp-grpc}}]}", "- get: /",
		"cannot send by otlp-grpc")
	f("plugins: {publish-metrics: [{type: open-telemetry, serviceName: a, traces: {}}]}", "- get: /",
		"serviceName of publish-metrics is ignored")
	f("plugins: {publish-metrics: [{type: open-telemetry, traces: {}}, {type: open-telemetry, traces: {}}]}", "- get: /",
		"first reporter only")
	f("plugins: {metrics-by-endpoint: {groupDynamicURLs: false, suppressOutput: true}}", "- get: /", "")
	f("variables: {a: 'x{{ b }}'}", "- get: /", `a name in "x{{ b }}" is not known`)
	f("phases: [{duration: 1, arrivalCount: 3, arrivalRate: 1}]", "- get: /",
		"arrivalRate is ignored: the phase has arrivalCount")
	f("phases: [{duration: 1, arrivalRate: 0}]", "- get: /", "")
}
