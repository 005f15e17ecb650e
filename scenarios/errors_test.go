package scenarios_test

import (
	"strings"
	"testing"

	"edgescope/scenarios"
)

// TestErrorsSayWhereAndWhat: each script has one fault; its message begins with the place of what is at fault. The
// first line of config is line 3, the first of the flow the one behind "- flow:".
func TestErrorsSayWhereAndWhat(t *testing.T) {
	f := func(config, flow, want string) {
		t.Helper()
		_, err := load(one(config, flow), func(o *scenarios.Options) {
			script := one(config, flow)
			o.ReadFile = reader(map[string]string{
				"s.yml": script, "text.pem": "no key", "empty.csv": "",
				"p.js": "exports.f = () => {}",
			})
		})
		if err == nil || err.Error() != want {
			t.Errorf("config %q flow %q:\n got %v\nwant %s", config, flow, err, want)
		}
	}
	// Types of settings.
	f("http: 7", "- get: /", "s.yml:3:9: http must be an object, not 7")
	f("phases: 7", "- get: /", "s.yml:3:11: phases must be a list, not 7\ns.yml:3:11: phases is an empty list")
	f("phases: [x]", "- get: /", `s.yml:3:12: phase must be an object, not "x"`)
	f("target: [a]", "- get: /", `s.yml:3:3: key "target" is given twice`)
	f("timeout: {}", "- get: /", "s.yml:3:12: timeout must be a duration, not an object")
	// What a template gives is told with it, and where none is rendered.
	f("timeout: '{{ target }}'", "- get: /", `s.yml:3:12: timeout: "http://t" is no duration: write seconds (5, 0.5) or a `+
		`number with ms, s, m, h or d (500ms, 5m) (which is what {{ target }} gives before the run)`)
	f("variables: {}", "- get: {url: /, gzip: '{{ a }}'}",
		`s.yml:6:25: gzip must be true or false, not "{{ a }}" (no template is rendered here: write the value)`)
	f("variables: {}", "- {parallel: [{get: /}], limit: '{{ a }}'}",
		`s.yml:6:35: limit must be a number, not "{{ a }}" (no template is rendered here: write the value)`)
	f("phases: [{duration: '{{ d }}', arrivalRate: 1}]", "- get: /", "s.yml:3:12: a phase needs a duration\n"+
		`warning: s.yml:3:23: a name in "{{ d }}" is not known when config is read (known are --variables, $env and `+
		"$environment): d")
	f("timeout: 0", "- get: /", "s.yml:3:12: timeout must be above 0, not 0")
	f("http: {pool: many}", "- get: /", `s.yml:3:16: pool must be a number, not "many"`)
	f("http: {pool: -1}", "- get: /", "s.yml:3:16: pool must be a whole number of 0 or more, not -1")
	f("http: {extendedMetrics: maybe}", "- get: /", `s.yml:3:27: extendedMetrics must be true or false, not "maybe"`)
	f("http: {defaults: {headers: [a]}}", "- get: /", "s.yml:3:30: headers must be an object, not a list")
	f("mode: fast", "- get: /", `s.yml:3:9: mode must be uniform or poisson, not "fast"`)
	f("plugins: [expect]", "- get: /", "s.yml:3:12: plugins must be an object, not a list")
	f("environments: [a]", "- get: /", "s.yml:3:17: environments must be an object, not a list")
	f("", "- get: {url: {a: b}}", "s.yml:6:16: url must be text, not an object")
	// Connections.
	f("tls: {ca: no.pem}", "- get: /", "s.yml:3:13: ca no.pem cannot be read: file does not exist")
	f("tls: {ca: text.pem}", "- get: /", "s.yml:3:13: ca text.pem is no PEM file")
	f("tls: {ecdhCurve: [X25519]}", "- get: /", "s.yml:3:20: ecdhCurve must be text, not a list\n"+
		`s.yml:3:20: ecdhCurve "" is unknown, want X25519, X25519MLKEM768, P-256, P-384 or P-521, divided by colons`)
	f("regions: [{name: FRA}]", "- get: /", `s.yml:3:20: target must be an http:// or https:// URL (ws:// or wss:// for WebSockets), not "FRA"`)
	f("regions: [{target: http://x}]", "- get: /", "s.yml:3:13: a region needs a name and a target")
	f("regions: {FRA: {target: 7}}", "- get: /", `s.yml:3:27: target must be an http:// or https:// URL (ws:// or wss:// for WebSockets), not "7"`)
	// Plugins.
	f("plugins: {publish-metrics: [7]}", "- get: /", "s.yml:3:31: a reporter of publish-metrics must be an object, not 7")
	f("plugins: {publish-metrics: [{type: open-telemetry, traces: {headers: [a]}}]}", "- get: /",
		"s.yml:3:72: headers must be an object, not a list")
	f(`plugins: {publish-metrics: [{type: open-telemetry, traces: {headers: {a: "b\nc"}}}]}`, "- get: /",
		"s.yml:3:76: header a must be one line")
	f("plugins: {apdex: {threshold: -1}}", "- get: /", "s.yml:3:32: threshold must be 0 or more, not -1")
	f("ensure: {thresholds: [p95]}", "- get: /", `s.yml:3:25: a threshold is an object, metric: maximum, not "p95"`)
	f("ensure: {conditions: [{expression: [1]}]}", "- get: /", "s.yml:3:38: an expression must be text, not a list")
	f("ensure: {conditions: [{expression: 'log() > 1'}]}", "- get: /",
		`s.yml:3:38: condition "log() > 1": log takes another number of arguments than 0 at character 6`)
	// Payloads.
	f("payload: x.csv", "- get: /", `s.yml:3:12: payload must be an object, not "x.csv"`)
	f("payload: [{path: empty.csv, fields: [a]}]", "- get: /", "s.yml:3:20: payload empty.csv has no rows")
	f("payload: {path: empty.csv, fields: a}", "- get: /",
		"s.yml:3:12: a payload needs fields, the variable names of its columns\n"+`s.yml:3:38: fields must be a list, not `+
			`"a"`)
	// Processor.
	f("processor: [p.js]", "- get: /", "s.yml:3:14: processor must be text, not a list")
	f("processor: p.js", "- function: g", `s.yml:6:15: function: the processor exports no function "g" (known: f)`)
	f("processor: p.js", "- get: {url: /, ifTrue: [f]}", "s.yml:6:27: ifTrue must be text, not a list")
	// What a request sends.
	f("", "- post: {url: /, formData: [a]}", "s.yml:6:30: formData must be an object, not a list")
	f("", "- post: {url: /, formData: {a: {contentType: x}}}", "s.yml:6:34: a part of formData needs value or fromFile")
	f("", `- post: {url: /, formData: {a: {value: 1, contentType: "a\r\nb"}}}`, "s.yml:6:58: contentType must be one line")
	f("", "- post: {url: /, formData: {a: {fromFile: no.png}}}",
		"s.yml:6:45: fromFile no.png cannot be read: file does not exist")
	f("", "- post: {url: /, form: x}", `s.yml:6:26: form must be an object, not "x"`)
	f("", "- get: {url: /, auth: x}", `s.yml:6:25: auth must be an object, not "x"`)
	f("", "- get: {url: '/{{ $randomNumber(a, 2) }}'}", "s.yml:6:16: $randomNumber(a, 2) takes two numbers")
	// What it captures and expects.
	f("", "- get: {url: /, capture: x}", `s.yml:6:28: capture must be a list, not "x"`)
	f("", "- get: {url: /, capture: [x]}", `s.yml:6:29: capture must be an object, not "x"`)
	f("", "- get: {url: /, capture: {json: $.a, as: 'a(b)'}}", `s.yml:6:44: as must be a variable (name, name.key, `+
		`name[key]), not "a(b)": {{ a(b) }} is neither a variable (name, name.key, name[0]) nor a call of a function`)
	f("", "- get: {url: /, capture: {regexp: '(?<word>a)', group: wrod, as: x}}",
		`s.yml:6:58: regexp (?<word>a) has no group "wrod" (did you mean "word"?)`)
	f("", "- get: {url: /, capture: {regexp: '(a)', group: 2, as: x}}",
		"s.yml:6:51: regexp (a) has 1 groups, there is no group 2")
	f("", "- get: {url: /, capture: {regexp: '(?i)a', as: x}}",
		"s.yml:6:37: regular expression /(?i)a/: Invalid group, flags stand beside the pattern: flags: i at character 1")
	f("", "- get: {url: /, capture: {json: $.a, as: x, index: middle}}",
		`s.yml:6:54: index must be a whole number, first, last, random or all, not "middle"`)
	f("", "- get: {url: /, capture: {json: $.a, as: x, transform: f}}",
		"s.yml:6:58: transform is not supported: it runs JavaScript on the value")
	f("", "- get: {url: /, capture: {regexp: a, flags: ix, as: x}}",
		`s.yml:6:37: unknown flag 'x', legal are d, g, i, m, s, u and y`)
	f("", "- get: {url: /, match: {json: $.a}}", "s.yml:6:26: a match needs a value")
	f("", "- get: {url: /, match: [x]}", `s.yml:6:27: match must be an object, not "x"`)
	f("", "- get: {url: /, expect: [200]}", "s.yml:6:28: an expectation is an object such as {statusCode: 200}, not 200")
	f("", "- get: {url: /, expect: {cacheStatus: [hit, mis]}}",
		`s.yml:6:47: "mis" is no cache status (did you mean "miss"?)`)
	f("", "- get: {url: /, expect: {propertyEquals: $.a}}", "s.yml:6:44: propertyEquals takes a list of two, the path and the "+
		"value, or an object of them")
	f("", "- get: {url: /, expect: {propertyEquals: ['$.a[', 1]}}", `s.yml:6:45: JSONPath "$.a[": a bracket is not closed at `+
		"character 5")
	f("", "- get: {url: /, expect: {jmespath: lengths(@)}}",
		`s.yml:6:38: JMESPath "lengths(@)": there is no function "lengths" (did you mean "length"?)`)
	f("", "- get: {url: /, capture: {xpath: '//a[', as: x}}", `s.yml:6:36: XPath "//a[": a [ is not closed`)
	// Steps.
	f("", "- {loop: [{get: /}], over: {a: b}}",
		"s.yml:6:30: over must be a list or the name of a variable that holds one, not an object")
	f("", "- {think: 1, jitter: {}}", "s.yml:6:24: jitter must be text, not an object\n"+
		"s.yml:6:24: jitter must be a duration, not an object")
	f("", "- {get: /, post: /}", `s.yml:6:14: a step has one key: "post" stands beside "get"`)
	f("", "- brew: /", "s.yml:6:5: unknown step \"brew\" (known: get, post, put, patch, delete, head, options, "+
		"parallel, think, loop, log, function)")
	f("", "- get: {url: /, {a: b}: c}", "s.yml:6:19: a key must be text")
}

// TestEveryProblemIsTold, with the file in which it is, when a script has several files.
func TestEveryProblemIsTold(t *testing.T) {
	_, err := scenarios.Load(scenarios.Options{
		Files: []string{"a.yml", "b.yml"}, Overrides: "{nope: 1}", Variables: "[1]",
		ReadFile: reader(map[string]string{
			"a.yml": "config: {target: http://t}\nscenarios: [{flow: [{get: /, x: 1}]}]",
			"b.yml": "config: {fases: []}",
		}),
	})
	want := "--variables:1:1: --variables takes a JSON object, not a list"
	if err == nil || err.Error() != want {
		t.Errorf("options:\n got %v\nwant %s", err, want)
	}
	_, err = scenarios.Load(scenarios.Options{
		Files: []string{"a.yml", "b.yml"}, Overrides: "{nope: 1}",
		ReadFile: reader(map[string]string{
			"a.yml": "config: {target: http://t}\nscenarios: [{flow: [{get: {url: /, x: 1}}]}]",
			"b.yml": "config: {fases: []}",
		}),
	})
	want = `--overrides:1:2: unknown key "nope" in the script
a.yml:2:36: unknown key "x" in request
b.yml:1:10: unknown key "fases" in config (did you mean "phases"?)`
	if err == nil || err.Error() != want {
		t.Errorf("files:\n got %v\nwant %s", err, want)
	}
}

// TestNothingIsReadThatIsNotNamed: a script that is refused early opens no further file.
func TestNothingIsReadThatIsNotNamed(t *testing.T) {
	var names []string
	_, err := scenarios.Load(scenarios.Options{Files: []string{"s.yml"}, ReadFile: func(name string) ([]byte, error) {
		names = append(names, name)
		return []byte("a: ["), nil
	}})
	if err == nil || strings.Join(names, " ") != "s.yml" {
		t.Errorf("read %v, %v", names, err)
	}
}
