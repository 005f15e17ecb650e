package websocket_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"edgescope/scenarios"
	"edgescope/scenarios/plan"
	"edgescope/scenarios/processor/worker"
	"edgescope/scenarios/value"
)

func TestMain(m *testing.M) {
	worker.Serve()
	os.Exit(m.Run())
}

func load(config, flow string) (*plan.Plan, error) {
	script := fmt.Sprintf("config:\n  target: ws://t:81/base\n  variables: {n: 5, o: {a: [1]}, no: null, "+
		"s: text}\n  %s\nscenarios:\n  - engine: ws\n    flow:\n    %s\n", config, strings.ReplaceAll(flow, "\n", "\n    "))
	return scenarios.Load(scenarios.Options{Files: []string{"s.yml"}, ReadFile: func(name string) ([]byte, error) {
		if strings.HasSuffix(name, "p.js") {
			return []byte("exports.f = function(args, context, done) { done(); };"), nil
		}
		return []byte(script), nil
	}})
}

// compiled loads a script that is right, and a user of it.
func compiled(t *testing.T, config, flow string) ([]plan.Step, *value.Scope) {
	t.Helper()
	p, err := load(config, flow)
	if err != nil {
		t.Fatalf("config %q flow %q: %v", config, flow, err)
	}
	for _, w := range p.Warnings {
		if !strings.Contains(w.Msg, "nobody sets") { // which tests do on purpose
			t.Fatalf("config %q flow %q: %v", config, flow, w)
		}
	}
	return p.Flows[0].Steps, p.NewScope(1, 0, nil)
}

// The expected texts are what Artillery 2.0.34 sends.
func TestMessages(t *testing.T) {
	f := func(send, want string) {
		t.Helper()
		steps, user := compiled(t, "", "- send: "+send)
		got := string(steps[1].(*plan.Exchange).Render([]byte("before "), user))
		if got != "before "+want {
			t.Errorf("%s: got %q, want %q", send, got, want)
		}
	}
	f("hello", "hello")
	f(`"hello {{ n }} {{ missing }}"`, "hello 5 undefined")
	f(`"{{ missing }}"`, "")
	f(`"{{ n }}"`, "5")
	f(`"{{ no }}"`, "null")
	f(`"{{ o }}"`, `{"a":[1]}`)
	f(`"{{ o.a }}"`, "[1]")
	f(`""`, "")
	f("5", "5")
	f("true", "true")
	f("~", "null")
	f(`{a: "{{ n }}", b: [1, "{{ o }}", null, true], c: "{{ missing }}", "{{ s }}": x}`,
		`{"a":5,"b":[1,{"a":[1]},null,true],"text":"x"}`)
	f("[1, a]", `[1,"a"]`)
	f(`{payload: "{{ o }}", capture: {json: $.a, as: a}}`, `{"a":[1]}`)
	f("{payload: null, match: {json: $, value: 1}}", "null")
	f("{payload: {payload: 1}, capture: {json: $.a, as: a}}", `{"payload":1}`)
}

func TestHandshakes(t *testing.T) {
	f := func(config, connect string, want plan.Handshake) {
		t.Helper()
		flow := "- send: x"
		if connect != "" {
			flow = "- connect: " + connect + "\n" + flow
		}
		steps, user := compiled(t, config, flow)
		got, err := steps[0].(*plan.Connect).Render(user, "ws://t:81/base")
		if err != nil {
			t.Errorf("%s, %s: %v", config, connect, err)
		} else if diff := cmp.Diff(&want, got, cmpopts.IgnoreFields(want, "Target")); diff != "" {
			t.Errorf("%s, %s (-want +got):\n%s", config, connect, diff)
		}
	}
	f("", "", plan.Handshake{URL: "ws://t:81/base"})
	f("", `"{{ target }}/x?n={{ n }}"`, plan.Handshake{URL: "ws://t:81/base/x?n=5"})
	f("", "/x", plan.Handshake{URL: "ws://t:81/base/x"})
	f("", "https://U:p@Other:443/x y#f", plan.Handshake{
		URL: "wss://other/x%20y", Header: []plan.Field{{Name: "Authorization", Value: "Basic VTpw"}},
	})
	f("", "wss://other/x", plan.Handshake{URL: "wss://other/x"})
	f("", "http://other/x", plan.Handshake{URL: "ws://other/x"})
	f("ws: {subprotocols: [a, b], headers: {X-A: 1, x-b: two}, origin: http://o}", "", plan.Handshake{
		URL: "ws://t:81/base", Subprotocols: []string{"a", "b"},
		Header: []plan.Field{{Name: "X-A", Value: "1"}, {Name: "x-b", Value: "two"}, {Name: "Origin", Value: "http://o"}},
	})
	f("ws: {headers: {sec-websocket-protocol: 'c, d', X-A: one}, subprotocols: a}",
		`{target: /y, headers: {x-a: "{{ n }}"}}`, plan.Handshake{
			URL: "ws://t:81/base/y", Subprotocols: []string{"a", "c", "d"}, Header: []plan.Field{{Name: "x-a", Value: "5"}},
		})
	f("ws: {subprotocols: [a]}", `{subprotocols: ["{{ s }}"]}`, plan.Handshake{
		URL: "ws://t:81/base", Subprotocols: []string{"text"},
	})
	for _, target := range []string{`"{{ s }}"`, `"{{ missing }}"`, `"ws://{{ no }}{{ n }}:bad/"`} {
		steps, user := compiled(t, "", "- connect: "+target)
		if _, err := steps[0].(*plan.Connect).Render(user, "ws://t:81"); err == nil ||
			!strings.HasPrefix(err.Error(), "ERR_") {
			t.Errorf("connect to %s: %v, want an invalid URL", target, err)
		}
	}
}

func TestSettings(t *testing.T) {
	f := func(config, connect string, timeout, answer time.Duration, most int64, deflate bool) {
		t.Helper()
		steps, _ := compiled(t, config, "- connect: "+connect+"\n- send: x\n- wait: {capture: {json: $.a, as: b}}")
		c := steps[0].(*plan.Connect)
		got := fmt.Sprint(c.Timeout, steps[2].(*plan.Exchange).Timeout, c.MaxMessage, c.Deflate)
		if want := fmt.Sprint(timeout, answer, most, deflate); got != want {
			t.Errorf("%s, %s: got %s, want %s", config, connect, got, want)
		}
	}
	const s = time.Second
	f("", "/", 10*s, 10*s, 16<<20, true)
	f("ws: {timeout: 2}", "/", 2*s, 2*s, 16<<20, true)
	f("timeout: 3\n  ws: {timeout: 2}", "/", 3*s, 3*s, 16<<20, true)
	f("http: {timeout: 3}", "/", 10*s, 10*s, 16<<20, true)
	f("ws: {handshakeTimeout: 1500, maxPayload: 100, perMessageDeflate: false}", "/", 3*s/2, 10*s, 100, false)
	f("ws: {maxPayload: 100}", "{maxPayload: 7, handshakeTimeout: 4000}", 4*s, 10*s, 7, true)

	p, err := load("ws: {rejectUnauthorized: false, proxy: {url: 'socks5://u:p@proxy:1080'}}", "- send: x")
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(p.WebSockets.Insecure, p.WebSockets.Proxy, p.TLS.Insecure); got !=
		"true socks5://u:p@proxy:1080 false" {
		t.Errorf("the settings of all WebSockets are %s", got)
	}
}

func TestLabels(t *testing.T) {
	f := func(step, want string) {
		t.Helper()
		steps, _ := compiled(t, "", step)
		got := ""
		switch s := steps[len(steps)-1].(type) {
		case *plan.Connect:
			got = s.Endpoint
		case *plan.Exchange:
			got = strings.TrimSpace(s.Label + " " + s.Name)
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", step, got, want)
		}
	}
	f(`- connect: "{{ target }}/x?n={{ n }}"`, "/base/x")
	f("- connect: wss://other/y", "other/y")
	f("- [{connect: /z}]", "/base/z") // as of an anchor
	f("- connect: {subprotocols: [a]}", "/base")
	f("- connect: '{{ s }}'", "{{ s }}")
	f("- send: hello", "send hello")
	f("- send: {a: '{{ n }}', b: [1]}", `send {"a":"{{ n }}","b":[1]}`)
	f(`- send: "one\n  two"`, "send one two")
	f("- send: "+strings.Repeat("ä", 50), "send "+strings.Repeat("ä", 40)+"…")
	f("- send: {payload: x, capture: {json: $.a, as: a}, name: first}", "send x first")
	f("- send: {capture: {json: $.a, as: a}}", "wait")
	f("- wait: {match: {json: $.a, value: 1}, name: greeting}", "wait greeting")
}

// Messages are kept only for a flow that waits for one without sending.
func TestKeepsMessagesForStepsThatOnlyWait(t *testing.T) {
	f := func(flow string, want bool) {
		t.Helper()
		steps, _ := compiled(t, "", flow)
		if got := steps[0].(*plan.Connect).Keep; got != want {
			t.Errorf("%s: keeps %v", flow, got)
		}
	}
	const capture = "capture: {json: $.a, as: a}"
	f("- send: x", false)
	f("- send: {payload: x, "+capture+"}", false)
	f("- send: {"+capture+"}", true)
	f("- loop:\n  - loop: [{wait: {"+capture+"}}]\n    count: 2\n  count: 2", true)
}

func TestCapturesOfMessages(t *testing.T) {
	steps, user := compiled(t, "", "- send: {payload: x, capture: [{json: $.id, as: id}, {regexp: 'i(d)', group: 1, as: d}], "+
		"match: {json: $.ok, value: true}}")
	e := steps[1].(*plan.Exchange)
	if !e.Waits() {
		t.Error("a step with a capture does not wait")
	}
	if err := e.Capture(user, &plan.Response{Body: []byte(`{"id": 7, "ok": true}`)}); err != nil {
		t.Fatal(err)
	}
	id, _ := user.Get("id")
	d, _ := user.Get("d")
	if value.Text(id) != "7" || value.Text(d) != "d" {
		t.Errorf("captured %v and %v", id, d)
	}
	if err := e.Capture(user, &plan.Response{Body: []byte(`{"id": 7, "ok": false}`)}); !errors.Is(err, plan.ErrCapture) {
		t.Errorf("a mismatch is %v", err)
	}
}

// Thresholds on what WebSockets have are no mistakes.
func TestMetrics(t *testing.T) {
	compiled(t, "ensure: {thresholds: [{websocket.messages_sent: 5}, {edgescope.websocket.connect_time.p95: 5}, "+
		"{websocket.send_rate: 9}, {errors.response timeout: 1}, {edgescope.websocket.codes.101: 5}, "+
		"{edgescope.websocket-by-endpoint.response_time./base.p95: 5}, {edgescope.websocket.answer_time.max: 5}]}", "- send: x")
	p, err := load("ensure: {thresholds: [{websocket.mesages_sent: 5}]}", "- send: x")
	if err != nil || !strings.Contains(p.Warnings.Error(), `(did you mean "websocket.messages_sent"?)`) {
		t.Errorf("%v, warnings %v", err, p.Warnings)
	}
}

func TestRefusals(t *testing.T) {
	f := func(config, flow, want string) {
		t.Helper()
		_, err := load(config, flow)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("config %q flow %q:\n got %v\nwant %s", config, flow, err, want)
		}
	}
	f("ws: {subprotocol: [a]}", "- send: x", `s.yml:4:8: unknown key "subprotocol" in ws (did you mean "subprotocols"?)`)
	f("ws: []", "- send: x", "s.yml:4:7: ws must be an object, not a list")
	f("ws: {timeout: 0}", "- send: x", "s.yml:4:17: a timeout must be above 0, not 0")
	f("ws: {handshakeTimeout: soon}", "- send: x", "handshakeTimeout must be a number")
	f("ws: {maxPayload: 0}", "- send: x", "maxPayload must be 1 to 1073741824 bytes, not 0")
	f("ws: {maxPayload: 2000000000}", "- send: x", "maxPayload must be 1 to 1073741824 bytes")
	f("ws: {perMessageDeflate: {threshold: 1}}", "- send: x", "perMessageDeflate must be true or false, not an object")
	f("ws: {followRedirects: true}", "- send: x", "redirects of WebSockets are not followed: connect to where they lead")
	f("ws: {ca: x}", "- send: x", "s.yml:4:12: ca belongs under config.tls, which is for WebSockets too")
	f("ws: {proxy: {url: 'https://p:1'}}", "- send: x", "a proxy is http://host:port")
	f("ws: {proxy: {host: p}}", "- send: x", `unknown key "host" in proxy`)
	f("ws: {proxy: {}}", "- send: x", "proxy needs a url")
	f("ws: {headers: [a]}", "- send: x", "headers must be an object, not a list")
	f("", "- connect: nowhere", `s.yml:8:16: the target of connect must begin with /, ws://, wss:// or {{, not "nowhere"`)
	f("", "- connect: ~", "s.yml:8:16: the target of connect must be a URL, not nothing")
	f("", "- connect: [/]", "the target of connect must be a URL, not a list")
	f("", "- connect: {target: {a: b}}", "the target of connect must be a URL, not an object")
	f("", "- connect: 'ws://t:99999/'", `the target of connect is no URL of a WebSocket: "ws://t:99999/"`)
	f("", "- connect: 'ftp://t/'", `the target of connect is no URL of a WebSocket: "ftp://t/"`)
	f("", "- connect: /\n  name: x", `a step has one key: "name" stands beside "connect"`)
	f("", "- wait:", "s.yml:8:7: wait needs capture or match")
	f("", "- connect: {taget: /}", `unknown key "taget" in connect (did you mean "target"?)`)
	f("", "- connect: {rejectUnauthorized: false}", "rejectUnauthorized belongs under config.ws")
	f("processor: p.js", "- connect: {function: g}", `the processor exports no function "g"`)
	f("", "- connect: {timeout: 1}", `unknown key "timeout" in connect`)
	f("", "- send: x\n- connect: /", "s.yml:9:7: connect must be the first step of a scenario")
	f("", "- loop: [{connect: /}]\n  count: 2", "connect must be the first step of a scenario")
	f("", "- get: /", "s.yml:8:7: get is no step of a scenario with engine: ws, which has connect, send, wait, think, "+
		"loop, log, function: requests need a scenario without it")
	f("", "- parallel: [{send: x}]", "parallel is no step of a scenario with engine: ws")
	f("", "- sned: x", `unknown step "sned" (did you mean "send"?)`)
	f("", "- emits: {channel: a}", `unknown step "emits" (known: connect, send, wait, think, loop, log, function)`)
	f("", "- send: {payload: x, captrue: {json: $.a, as: a}, match: {json: $, value: 1}}",
		`unknown key "captrue" in send (did you mean "capture"?)`)
	f("", "- send: {payload: x, capture: {header: h, as: a}}", "s.yml:8:44: a message has no header")
	f("", "- send: {payload: x, match: [{json: $.a, value: 1}, {header: h, value: 1}]}", "a message has no header")
	f("", "- send: {payload: x, capture: {json: '$[', as: a}}", "s.yml:8:42: JSONPath")
	f("", "- send: {payload: x, capture: {json: $.a}}", `a capture needs "as"`)
	f("", "- send: '{{ $nope() }}'", "$nope")
	f("", "- wait: {name: x}", "s.yml:8:7: wait needs capture or match")
	f("", "- wait: 5", "wait must be an object, not 5")
	f("", "- wait: {payload: x, capture: {json: $.a, as: a}}", "a wait sends nothing: a payload belongs to send")
	f("", "- {send: x, wait: {capture: {json: $.a, as: a}}}", `a step has one key: "wait" stands beside "send"`)
	f("", "- send: x\n  beforeRequest: f", `a step has one key: "beforeRequest" stands beside "send"`)
}

func TestWarnings(t *testing.T) {
	f := func(config, flow, want string) {
		t.Helper()
		p, err := load(config, flow)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(p.Warnings.Error(), want) {
			t.Errorf("config %q flow %q: warnings %v, want %s", config, flow, p.Warnings, want)
		}
	}
	f("", "- send: {payload: x}", "s.yml:8:13: the whole object is sent, payload included")
	f("ws: {maxRedirects: 5}", "- send: x", "maxRedirects is ignored")
	f("engines: {ws: {subprotocols: [a]}}", "- send: x", "what stands under engines.ws is ignored: settings belong under "+
		"config.ws")
}

// What belongs to one engine is refused in a scenario of the other, wherever it says which one it is.
func TestEnginesOfScenarios(t *testing.T) {
	f := func(script, want string) {
		t.Helper()
		_, err := scenarios.Load(scenarios.Options{
			Files: []string{"s.yml"}, ReadFile: func(string) ([]byte, error) { return []byte(script), nil },
		})
		if got := fmt.Sprint(err); err == nil && want != "" || err != nil && (want == "" || !strings.Contains(got, want)) {
			t.Errorf("%s\n got %v\nwant %s", script, err, want)
		}
	}
	const ws, http = "config: {target: 'ws://t'}\n", "config: {target: 'http://t'}\n"
	f(ws+"scenarios: [{flow: [{send: x}], engine: ws}]", "")
	f(http+"scenarios: [{flow: [{send: x}], engine: ws}, {flow: [{get: /}]}]", "")
	f(ws+"scenarios: [{flow: [{send: x}], engine: ws, continueOnError: true}]", "s.yml:2:62: continueOnError is for requests")
	f(http+"scenarios: [{flow: [{send: x}]}]", "s.yml:2:22: send is a step of scenarios with engine: ws, which this one "+
		"has not")
	f(http+"scenarios: [{flow: [{wait: 1}]}]", `wait is a step of scenarios with engine: ws, which this one has not (did `+
		`you mean "think"?)`)
	f(ws+"scenarios: [{flow: [{get: /}]}]", "the target ws://t is for WebSockets: give the request a URL that begins with "+
		"http:// or https://")
	f(ws+"scenarios: [{flow: [{get: 'http://u/'}]}]", "")
	f("config: {target: 'ws://t', engine: ws}\nscenarios: [{flow: [{send: x}]}, {engine: http, flow: [{get: 'http://u/'}]}]", "")
	f("config: {target: 'http://t', engines: {ws: {}, http: {}}}\nscenarios: [{flow: [{send: x}], engine: ws}]", "")
	f(http+"before: {engine: ws, flow: [{send: x}]}\nscenarios: [{flow: [{get: /}]}]", "")
	f(ws+"scenarios: [{engine: ws, beforeRequest: f, flow: [{send: x}]}]", "beforeRequest is never called in a scenario "+
		"with engine: ws")
	f(ws+"scenarios: [{engine: ws, afterResponse: f, flow: []}]", "afterResponse is never called")
	for _, name := range []string{"socketio", "playwright", "grpc", "kafka", "mqtt", "lambda"} {
		f(ws+"scenarios: [{flow: [{emit: x}], engine: "+name+"}]", fmt.Sprintf("s.yml:2:41: engine %q is not supported: "+
			"there are http, which is the default, and ws", name))
		f("config: {target: 'ws://t', engines: {"+name+": {}}}\nscenarios: [{flow: [{get: 'http://u/'}]}]",
			fmt.Sprintf("s.yml:1:38: engine %q is not supported", name))
	}
	f(ws+"scenarios: [{flow: [{send: x}], engine: wss}]", `engine "wss" is unknown: there are http, which is the default, `+
		`and ws (did you mean "ws"?)`)
	f("config: {target: 'ftp://t'}\nscenarios: [{flow: [{get: /}]}]", "target must be an http:// or https:// URL (ws:// or "+
		"wss:// for WebSockets)")
}
