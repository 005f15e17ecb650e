package scenarios_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"edgescope/scenarios"
	"edgescope/scenarios/plan"
)

const multi = `{"a":[{"x":1},{"x":2},{"x":3}],"n":null,"z":0,"f":false,"e":"","o":{"k":1.50},"t":"abc"}`

// captured runs one capture against a body and shows the variable v as JSON text would, "failed" for a user that ends.
func captured(t *testing.T, capture string, res *plan.Response) string {
	t.Helper()
	p := mustLoad(t, one("variables: {i: 1, v: old}", "- get: {url: /, capture: "+capture+"}\n- log: '{{ v }}'"))
	s := p.NewScope(1, 0, nil)
	if err := firstRequest(t, p).Capture(s, res); err != nil {
		if !errors.Is(err, plan.ErrCapture) {
			t.Fatal(err)
		}
		if v, _ := s.Get("v"); v != "old" {
			t.Errorf("%s failed, but stored %v", capture, v)
		}
		return "failed"
	}
	return p.Flows[0].Steps[1].(*plan.Log).Text(s)
}

func TestCaptures(t *testing.T) {
	f := func(capture, want string) {
		t.Helper()
		res := answer(200, multi, "Content-Type", "application/json", "X-Multi", "1", "X-Multi", "2")
		if got := captured(t, "{"+capture+", as: v}", res); got != want {
			t.Errorf("%s: got %s, want %s", capture, got, want)
		}
	}
	f("json: $.z", "0")
	f("json: $.f", "false")
	f("json: $.n", "null")
	f("json: $.e", "failed")
	f("json: $.nope", "failed")
	f("json: $.nope, strict: false", "undefined")
	f("json: $.o", `{"k":1.50}`)
	f("json: $.a.length", "3")
	f("json: '$.a[-1:].x'", "3")
	f("json: '$.a[{{ i }}].x'", "2")
	f("json: '$.a[{{ nope }}'", "failed")
	// Several matches (D10).
	f("json: '$.a[*].x'", "1")
	f("json: '$.a[*].x', index: 1", "2")
	f("json: '$.a[*].x', index: -1", "3")
	f("json: '$.a[*].x', index: 9", "failed")
	f("json: '$.a[*].x', index: last", "3")
	f("json: '$.a[*].x', index: all", "[1,2,3]")
	f("json: '$.a[*].x', multiple: false", "[1,2,3]")
	f("json: '$.nope[*].x', index: all", "failed")
	f("json: $.n, random: true", "null")
	// Headers without regard to case.
	f("header: content-TYPE", "application/json")
	f("header: x-multi", "1, 2")
	f("header: x-none", "failed")
	// Regular expressions.
	f(`regexp: '"k":([0-9.]+)', group: 1`, "1.50")
	f(`regexp: '"K":(?<num>[0-9.]+)', flags: i, group: num`, "1.50")
	f(`regexp: '"x":(\d)', group: 1, index: last`, "3")
	f(`regexp: '"x":\d', index: all`, `["\"x\":1","\"x\":2","\"x\":3"]`)
	f("regexp: zzz", "failed")
	f(`regexp: '(?<="k":)[\d.]+(?=\})'`, "1.50")
	f(`regexp: '"(?<key>.)":(?<num>\d)', group: num`, "1")
	f(`regexp: '"(?<key>.)":(?<num>\d)', group: 1`, "x")
	// What is left where nothing was found: Artillery's "" of texts.
	f(`regexp: '(a)|(n)', group: 2, strict: false`, "")
	f(`regexp: zzz, strict: false`, "")
	f(`regexp: 'z*', strict: false`, "")
	f("header: x-none, strict: false", "")
	f("json: $.e, strict: false", "")
	f("selector: li, strict: false", "undefined")
	f(`regexp: '^\{"A', flags: gi`, `{"a`)
}

func TestCaptureRandomTakesEveryMatch(t *testing.T) {
	p := mustLoad(t, one("", "- get: {url: /, capture: {json: '$.a[*].x', random: true, as: v}}"))
	seen := map[string]bool{}
	for user := range 100 {
		s := p.NewScope(1, user, nil)
		if err := firstRequest(t, p).Capture(s, answer(200, multi)); err != nil {
			t.Fatal(err)
		}
		v, _ := s.Get("v")
		seen[scopeText(v)] = true
	}
	if len(seen) != 3 {
		t.Errorf("of 1, 2, 3 only %v were taken", seen)
	}
}

func TestCapturesOfOtherBodies(t *testing.T) {
	f := func(capture, body, want string) {
		t.Helper()
		if got := captured(t, "{"+capture+", as: v}", answer(200, body)); got != want {
			t.Errorf("%s of %s: got %s, want %s", capture, body, got, want)
		}
	}
	f("json: $.x", "hello world", "failed")
	f("json: $", "7", "7")
	f("json: $.id", `{"id":12345678901234567890}`, "12345678901234567890")
	const html = `<ul><li class="p" data-id="a1">one</li><li class="p" data-id="b2">two</li></ul>`
	f("selector: li.p", html, "one")
	f("selector: li.p, index: 1, attr: data-id", html, "b2")
	f("selector: li.p, index: all", html, `["one","two"]`)
	f("selector: li.q", html, "failed")
	f("xpath: '//li[2]'", html, "two")
	f("xpath: '//li/@data-id', index: all", html, `["a1","b2"]`)
	f("xpath: '//item/name', index: last", "<r><item><name>a</name></item><item><name>b</name></item></r>", "b")
	f("xpath: '//nope'", html, "failed")
}

// A search that would not end ends the user under a name of its own, also where a capture may fail.
func TestSearchesOfCapturesEnd(t *testing.T) {
	p := mustLoad(t, one("", "- get: {url: /, capture: {regexp: '(a+)+$', strict: false, as: v}, expect: {matchesRegexp: '(a+)+$'}}"))
	req, s, res := firstRequest(t, p), p.NewScope(1, 0, nil), answer(200, strings.Repeat("a", 50)+"!")
	if err := req.Capture(s, res); err == nil || err.Error() != "ERR_REGEXP_TIMEOUT" {
		t.Errorf("the capture ends with %v", err)
	}
	if o := req.Judge(nil, s, res); len(o) != 1 || o[0].OK || o[0].Got != "ERR_REGEXP_TIMEOUT" {
		t.Errorf("the expectation gives %+v", o)
	}
}

// TestNothingIsStoredIfOneFails, and what is not strict does not fail.
func TestNothingIsStoredIfOneFails(t *testing.T) {
	p := mustLoad(t, one("variables: {gone: base}", `
- get: {url: /, capture: [{json: $.z, as: z}, {json: $.nope, as: x}]}
- get: {url: /, capture: [{json: $.z, as: user.z}, {json: $.nope, as: gone, strict: false}, {json: $.nope, as: user.y, strict: false}]}`))
	s := p.NewScope(1, 0, nil)
	set(t, s, "user.y", "old")
	if err := firstRequest(t, p).Capture(s, answer(200, multi)); !errors.Is(err, plan.ErrCapture) {
		t.Fatalf("got %v", err)
	}
	if _, ok := s.Get("z"); ok {
		t.Error("z was stored")
	}
	if err := p.Flows[0].Steps[1].(*plan.Request).Capture(s, answer(200, multi)); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{"user.z": true, "gone": false, "user.y": false} {
		if _, ok := s.Get(path); ok != want {
			t.Errorf("%s defined: %v, want %v", path, ok, want)
		}
	}
}

func TestStrictCaptureDefault(t *testing.T) {
	p := mustLoad(t, one("http: {defaults: {strictCapture: false}}", "- get: {url: /, capture: {json: $.nope, as: x}, "+
		"match: {json: $.z, value: 1}}"))
	if err := firstRequest(t, p).Capture(p.NewScope(1, 0, nil), answer(200, multi)); err != nil {
		t.Errorf("got %v, want no failure", err)
	}
}

func TestMatch(t *testing.T) {
	f := func(match string, ok bool) {
		t.Helper()
		p := mustLoad(t, one("variables: {one: 1}", "- get: {url: /, match: {"+match+"}}"))
		if err := firstRequest(t, p).Capture(p.NewScope(1, 0, nil), answer(200, multi)); (err == nil) != ok {
			t.Errorf("%s: %v", match, err)
		}
	}
	f("json: $.z, value: 0", true)
	f("json: $.z, value: 1", false)
	f("json: $.z, value: '0'", false)
	f("json: '$.a[0].x', value: '{{ one }}'", true)
	f("json: $.o, value: {k: 1.50}", true)
	f("json: $.nope, value: 1", false)
}

// judged shows the outcomes of one expect as "ok type" and "failed type: got".
func judged(t *testing.T, config, expect string, res *plan.Response) string {
	t.Helper()
	p := mustLoad(t, one(config, "- get: {url: /, capture: {header: x-id, as: id, strict: false}, expect: "+expect+"}"))
	s := p.NewScope(1, 0, nil)
	r := firstRequest(t, p)
	if err := r.Capture(s, res); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, o := range r.Judge(nil, s, res) {
		if o.OK {
			out = append(out, "ok "+o.Type)
		} else {
			out = append(out, fmt.Sprintf("failed %s: want %s, got %s", o.Type, o.Want, o.Got))
		}
	}
	return strings.Join(out, "; ")
}

func TestExpectations(t *testing.T) {
	f := func(expect, want string) {
		t.Helper()
		res := answer(201, multi, "Content-Type", "application/json; charset=utf-8", "X-Cache-Status", "hit", "X-Id", "i7",
			"CF-Cache-Status", "STALE")
		if got := judged(t, "variables: {a: a, code: 201}", expect, res); got != want {
			t.Errorf("%s:\n got %s\nwant %s", expect, got, want)
		}
	}
	f("{statusCode: 201}", "ok statusCode")
	f("{statusCode: '201'}", "ok statusCode")
	f("{statusCode: '{{ code }}'}", "ok statusCode")
	f("{statusCode: [200, 204]}", "failed statusCode: want 200, 204, got 201")
	f("[{notStatusCode: 500}, {notStatusCode: [201]}]", "ok notStatusCode; failed notStatusCode: want not 201, got 201")
	f("{contentType: json}", "ok contentType")
	f("{contentType: JSON}", "failed contentType: want JSON, got application/json; charset=utf-8")
	f("{contentType: application/json}", "failed contentType: want application/json, got application/json; charset=utf-8")
	f("{contentType: Application/JSON; charset=UTF-8}", "ok contentType")
	f("[{hasProperty: o.k}, {hasProperty: 'a[0].x'}, {hasProperty: n}, {notHasProperty: q}]",
		"ok hasProperty; ok hasProperty; ok hasProperty; ok notHasProperty")
	f("{hasProperty: q}", "failed hasProperty: want q, got no such property")
	f("{notHasProperty: z}", "failed notHasProperty: want z, got the property is there")
	f("{equals: [a, '{{ a }}']}", "ok equals")
	f("{equals: ['{{ id }}', i7]}", "ok equals") // captures are seen
	f("{equals: ['1', 1, 2]}", "failed equals: want all values equal, got 1, 1, 2")
	f("{hasHeader: x-CACHE-status}", "ok hasHeader")
	f("{hasHeader: x-none}", "failed hasHeader: want x-none, got no such header")
	f("{headerEquals: [x-cache-status, hit]}", "ok header x-cache-status values equals")
	f("{headerEquals: [x-cache-status, miss]}", "failed header x-cache-status values equals: want miss, got hit")
	// The pair in either order (D4), with other keys beside it (D14).
	f("[{header: x-cache-status, equals: hit}, {equals: hit, header: x-cache-status, statusCode: 201}]",
		"ok header x-cache-status values equals; ok header x-cache-status values equals; ok statusCode")
	f("{header: x-none, equals: hit}", "failed header x-none values equals: want hit, got no such header")
	f(`{matchesRegexp: '"k":1\.50'}`, "ok matchesRegexp") // the raw text
	f("{matchesRegexp: '^{{ a }}$'}", "failed matchesRegexp: want ^a$, got "+multi)
	f("{cdnHit: true}", "ok cdnHit")
	f("{cdnHit: false}", "failed cdnHit: want a cache miss, got cf-cache-status: STALE")
}

func TestExpectationsOfOtherAnswers(t *testing.T) {
	f := func(expect string, res *plan.Response, want string) {
		t.Helper()
		if got := judged(t, "", expect, res); got != want {
			t.Errorf("%s:\n got %s\nwant %s", expect, got, want)
		}
	}
	text := answer(200, "hello", "Content-Type", "text/plain", "X-Cache-Status", "hit")
	f("[{hasProperty: a}, {notHasProperty: a}]", text,
		"failed hasProperty: want a, got the body is no JSON object; failed notHasProperty: want a, got the body is no "+
			"JSON object")
	f("{contentType: text/plain}", text, "ok contentType")
	stale := &plan.Response{Status: 200, CacheStatus: "stale"}
	f("{cacheStatus: stale}", stale, "ok cacheStatus")
	f("{cacheStatus: [hit, stale]}", stale, "ok cacheStatus")
	f("{cacheStatus: hit}", stale, "failed cacheStatus: want hit, got stale")
	f("[{cacheStatus: [hit, revalidated]}, {cacheStatus: none}]", answer(200, ""),
		"failed cacheStatus: want hit or revalidated, got none; ok cacheStatus")
	f("{cdnHit: true}", text, "failed cdnHit: want a cache hit or stale, got no cache header (cf-cache-status, "+
		"x-cache, x-vercel-cache)")
	f("{contentType: json}", answer(200, "{", "Content-Type", "application/json"),
		"failed contentType: want json, got application/json, but the body is no JSON")
	f("{contentType: json}", answer(400, "{}", "Content-Type", "application/problem+json"), "ok contentType")
	f("{contentType: json}", answer(400, "{}", "Content-Type", "text/json"),
		"failed contentType: want json, got text/json")
}

func TestExpectDefault200(t *testing.T) {
	config := "plugins: {expect: {expectDefault200: true, reportFailuresAsErrors: true, outputFormat: json}}"
	p := mustLoad(t, one(config, "- get: /\n- get: {url: /, expect: {statusCode: 404}}"))
	for i, want := range []string{"200", "404"} {
		out := p.Flows[0].Steps[i].(*plan.Request).Judge(nil, p.NewScope(1, 0, nil), answer(500, ""))
		if len(out) != 1 || out[0].OK || out[0].Want != want {
			t.Errorf("request %d: %+v, want %s", i, out, want)
		}
	}
	diff(t, p.Expect, plan.ExpectOptions{Format: "json", FailuresAsErrors: true})
}

func TestNeedsBody(t *testing.T) {
	f := func(keys string, want bool) {
		t.Helper()
		if got := firstRequest(t, mustLoad(t, one("", "- get: {url: /"+keys+"}"))).NeedsBody; got != want {
			t.Errorf("%q: got %v", keys, got)
		}
	}
	f("", false)
	f(", expect: {statusCode: 200}, capture: {header: x, as: x}", false)
	f(", expect: {hasProperty: x}", true)
	f(", capture: {json: $.x, as: x}", true)
	f(", match: {json: $.x, value: 1}", true)
}

// TestEnsure judges checks by the metrics of a report.
func TestEnsure(t *testing.T) {
	report := map[string]float64{
		"http.codes.404": 2, "http.response_time.p99": 12.5, "http.response_time.p95": 10, "vusers.created": 10,
		"vusers.completed":      9,
		"errors.socket hang up": 1, "errors.Failed capture or match": 3, "vusers.created_by_name.A-b or c": 4,
		"plugins.metrics-by-endpoint.response_time./s/{{ id }} (get it).p99": 7,
		"plugins.expect.ok.header x-a values equals":                         5, "my-own": 1,
	}
	f := func(ensure string, want ...string) {
		t.Helper()
		script := "config:\n  target: http://t\n  ensure: " + ensure + `
scenarios:
- name: A-b or c
  flow: [{get: {url: "/s/{{ id }}", name: get it, expect: {headerEquals: [x-a, 1]}}}]`
		var got []string
		for _, c := range mustLoad(t, script).Checks {
			verdict := "fail: "
			if c.Pass(func(name string) (float64, bool) { v, ok := report[name]; return v, ok }) {
				verdict = "ok: "
			}
			if !c.Strict {
				verdict = "optional " + verdict
			}
			got = append(got, verdict+c.Text)
		}
		diff(t, got, want)
	}
	f("{thresholds: [{http.response_time.p99: 5000}, {http.codes.404: 2}]}", "ok: http.response_time.p99 < 5000",
		"fail: http.codes.404 < 2")
	f("{thresholds: [{nope.metric: 5, http.codes.404: 2.5}]}", "fail: nope.metric < 5", "ok: http.codes.404 < 2.5")
	f("{maxErrorRate: 10, p95: 1000, p99: '12.5'}", "ok: maxErrorRate < 10", "ok: p95 < 1000", "fail: p99 < 12.5")
	f("{maxErrorRate: 9}", "fail: maxErrorRate < 9")
	condition := func(e, want string) {
		t.Helper()
		f("{conditions: [{expression: "+fmt.Sprintf("%q", e)+"}]}", want+": "+e)
	}
	condition("http.codes.404 >= 2", "ok")
	condition("http.codes.404 < 1 or vusers.created == 10", "ok")
	condition("vusers.created == 3", "fail")
	condition("nope.metric < 5", "fail")
	condition("nope.metric < 5 or vusers.created == 10", "fail") // a name that nobody knows
	condition("(vusers.created - vusers.completed) / vusers.created * 100 <= 10", "ok")
	condition("vusers.created-vusers.completed == 1", "ok")
	condition("errors.socket hang up < 2", "ok")
	condition("errors.Failed capture or match == 3", "ok")
	condition("vusers.created_by_name.A-b or c == 4 and vusers.created > 1", "ok")
	condition("plugins.metrics-by-endpoint.response_time./s/{{ id }} (get it).p99 < 8", "ok")
	condition("plugins.expect.ok.header x-a values equals == 5", "ok")
	condition("'my-own' == 1", "ok")
	condition("max(http.response_time.p99, http.response_time.p95) > 12", "ok")
	f("{conditions: [{expression: vusers.created == 3, strict: false}]}", "optional fail: vusers.created == 3")
}

func TestEnsureFromPluginsAndTurnedOff(t *testing.T) {
	script := one("plugins: {ensure: {p99: 5}}\nensure: {thresholds: [{'a.b': 1}]}", "- get: /")
	checks := mustLoad(t, script).Checks
	if len(checks) != 2 || checks[0].Metric != "a.b" || checks[1].Metric != "http.response_time.p99" ||
		checks[1].Max != 5 {
		t.Errorf("checks %+v", checks)
	}
	diff(t, checks[1].Names, []string{"http.response_time.p99"})
	p := mustLoad(t, script, func(o *scenarios.Options) {
		o.Env = func(name string) (string, bool) { return "1", name == "ARTILLERY_DISABLE_ENSURE" }
	})
	if len(p.Checks) != 0 || len(p.Warnings) != 1 {
		t.Errorf("checks %v, warnings %v", p.Checks, p.Warnings)
	}
}

func TestHTTPSettings(t *testing.T) {
	script := one(`timeout: 3
http: {timeout: 1s, pool: 5, extendedMetrics: true, distributedTracing: {sampled: false, traceIdPrefix: AB}, cookieJarOptions: {looseMode: true}}
tls: {rejectUnauthorized: false, ca: ca.pem}
apdex: {threshold: 100}
plugins: {apdex: {}, metrics-by-endpoint: {useOnlyRequestNames: true, ignoreUnnamedRequests: true, metricsNamespace: ns, groupDynamicURLs: false}}`,
		"- get: /\n- get: {url: /, timeout: 250ms, gzip: false, followRedirect: false}")
	p := mustLoad(t, script, func(o *scenarios.Options) {
		o.ReadFile = reader(map[string]string{"s.yml": script, "ca.pem": "-----BEGIN CERTIFICATE-----"})
	})
	diff(t, p.HTTP, plan.HTTP{
		Timeout: 1e9, Pool: 5, ExtendedMetrics: true, Cookies: plan.CookieOptions{Loose: true},
		Tracing: plan.Tracing{Enabled: true, TraceIDPrefix: "ab"},
	})
	diff(t, p.TLS, plan.TLS{Insecure: true, CA: []byte("-----BEGIN CERTIFICATE-----")})
	diff(t, p.Endpoints, plan.EndpointOptions{
		UseOnlyRequestNames: true, IgnoreUnnamed: true, Namespace: "ns",
		KeepQuery: true, Apart: true,
	})
	a, b := p.Flows[0].Steps[0].(*plan.Request), p.Flows[0].Steps[1].(*plan.Request)
	if a.Timeout != 1e9 || !a.Gzip || !a.FollowRedirect || b.Timeout != 25e7 || b.Gzip || b.FollowRedirect ||
		p.Apdex != 1e8 {
		t.Errorf("requests %+v %+v, apdex %v", a, b, p.Apdex)
	}
}
