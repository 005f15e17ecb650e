package answer_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"edgescope/internal/tree"
	"edgescope/scenarios/answer"
	"edgescope/scenarios/plan"
	"edgescope/scenarios/settings"
	"edgescope/scenarios/templates"
	"edgescope/scenarios/value"
)

// wants reads the keys of a request that concern its answer, as YAML.
func wants(t *testing.T, yaml string, change func(*answer.Reader)) *answer.Wants {
	t.Helper()
	w, problems := read(t, yaml, change)
	if len(problems) > 0 {
		t.Fatalf("%s: %v", yaml, problems)
	}
	return w
}

func read(t *testing.T, yaml string, change func(*answer.Reader)) (*answer.Wants, tree.Problems) {
	t.Helper()
	n, problems := tree.Parse("s.yml", []byte(yaml))
	if len(problems) > 0 {
		t.Fatalf("%s: %v", yaml, problems)
	}
	s := &settings.Reader{}
	r := answer.Reader{Settings: s, Templates: &templates.Compiler{Reader: s}}
	if change != nil {
		change(&r)
	}
	w := &answer.Wants{}
	s.Object(n, "request", r.Keys(w))
	r.Finish(w)
	return w, s.Problems
}

func user() *value.Scope {
	return value.NewScope(map[string]any{
		"i": value.Int(1), "path": "$.a[1].x", "h": "x-id", "re": "b+", "bad": "(",
		"name": "a b",
	}, 1, 0)
}

func response(body string, headers ...string) *plan.Response {
	h := http.Header{}
	for i := 0; i < len(headers); i += 2 {
		h.Add(headers[i], headers[i+1])
	}
	return &plan.Response{Status: 200, Header: h, Body: []byte(body)}
}

const list = `{"a":[{"x":1},{"x":2},{"x":3}],"t":"abbb"}`

func TestWhereCapturesLook(t *testing.T) {
	f := func(capture, body, want string) {
		t.Helper()
		s := user()
		res := response(body, "X-Id", "i7", "Content-Type", "text/html")
		err := wants(t, "{capture: {"+capture+", as: v}}", nil).Capture(s, res)
		got := "undefined"
		if v, ok := s.Get("v"); ok {
			got = value.Text(v)
		}
		if err != nil {
			if !errors.Is(err, plan.ErrCapture) {
				t.Fatal(err)
			}
			got = "failed"
		}
		if got != want {
			t.Errorf("%s of %.30s: got %s, want %s", capture, body, got, want)
		}
	}
	const page = `<ul><li class=p id=a>one<li class=p>two</ul>`
	f("json: '{{ path }}'", list, "2")
	f("json: '{{ bad }}'", list, "failed") // no path
	f("json: '{{ gone }}', strict: false", list, "undefined")
	f("header: '{{ h }}'", "", "i7")
	f("regexp: 'b(b)', group: 1, flags: gu", "abbb", "b")
	f("regexp: '(?<n>b+)', group: n, index: last", "abba bbb", "bbb")
	f("regexp: 'b', index: -3", "bb", "failed")
	f("selector: li.p, attr: id, index: all", page, `["a"]`)
	f("selector: li, index: random, strict: false", "", "undefined")
	f("xpath: '//li[@id]'", page, "one")
	f("xpath: 'count(//li)'", page, "2")
	f("json: '$.a[*].x', index: first", list, "1")
	f("json: '$.a[*].x', index: all", list, "[1,2,3]")
	f("json: '$.a[*].x', multiple: true", list, "1")
	f("json: $.a, random: true", list, `[{"x":1},{"x":2},{"x":3}]`)
	f("json: $.t", "no JSON", "failed")
}

func TestMatches(t *testing.T) {
	f := func(match, body string, ok bool) {
		t.Helper()
		err := wants(t, "{match: "+match+"}", nil).Capture(user(), response(body))
		if (err == nil) != ok {
			t.Errorf("%s of %s: %v", match, body, err)
		}
	}
	f("{json: $.t, value: abbb}", list, true)
	f("{json: $.t, value: x}", list, false)
	f("{json: $.t, value: x, strict: false}", list, true)
	f("[{json: $.t, value: abbb}, {json: $.nope, value: 1}]", list, false)
	f("{json: '$.a[0]', value: {x: 1}}", list, true)
	f("{json: '$.a[0]', value: 1}", list, false)
	f("{json: $.nope, value: '{{ gone }}'}", list, true) // both are undefined
	f("{regexp: 'b+', value: bbb}", list, true)
}

// TestJudged: expectations that are known only when they are judged, and what they say of what they got.
func TestJudged(t *testing.T) {
	f := func(expect, want string, res *plan.Response) {
		t.Helper()
		var got []string
		for _, o := range wants(t, "{expect: "+expect+"}", nil).Judge(nil, user(), res) {
			got = append(got, fmt.Sprintf("%v %s: want %s, got %s", o.OK, o.Type, o.Want, o.Got))
		}
		if strings.Join(got, "; ") != want {
			t.Errorf("%s:\n got %s\nwant %s", expect, strings.Join(got, "; "), want)
		}
	}
	json := response(list, "X-Id", "i7", "Content-Type", "application/json")
	f("{headerEquals: ['{{ h }}', i7]}", "true header x-id values equals: want i7, got i7", json)
	f("{header: '{{ h }}', equals: i8}", "false header x-id values equals: want i8, got i7", json)
	f("{hasHeader: 'x-{{ gone }}'}", "false hasHeader: want x-undefined, got no such header", json)
	f("{matchesRegexp: '{{ re }}'}", "true matchesRegexp: want b+, got "+list, json)
	f("{matchesRegexp: '{{ bad }}'}", "false matchesRegexp: want (, got regular expression /(/: Unterminated group at character 1",
		json)
	f("{hasProperty: '{{ name }}'}", "false hasProperty: want a b, got no such property", json)
	f("{propertyEquals: [$.t, abbb]}", "true propertyEquals: want $.t: abbb, got $.t: abbb", json)
	f("{propertyEquals: ['a[1].x', 2]}", "true propertyEquals: want a[1].x: 2, got a[1].x: 2", json)
	f("{propertyEquals: ['$.a[?(@.x > 2)].x', '3']}", "true propertyEquals: want $.a[?(@.x > 2)].x: 3, got $.a[?(@.x > 2)].x: 3",
		json)
	f("{propertyEquals: {'$.a[{{ i }}]': {x: 2}, t: '{{ gone }}'}}",
		`false propertyEquals: want $.a[1]: {"x":2}, t: undefined, got $.a[1]: {"x":2}, t: abbb`, json)
	f("{propertyEquals: [nope.x, 1]}", "false propertyEquals: want nope.x: 1, got nope.x: no such property", json)
	f("{propertyEquals: [a.length, 3.0]}", "true propertyEquals: want a.length: 3, got a.length: 3", json)
	f("{propertyEquals: [x, 1]}", "false propertyEquals: want x: 1, got the body is no JSON", response("text"))
	f("{equals: ['{{ gone }}', undefined]}", "false equals: want all values equal, got null, undefined", json)
	f("{statusCode: '{{ gone }}'}", "false statusCode: want undefined, got 200", json)
	f("{jmespath: 'length(a) == `3`'}", "true jmespath: want length(a) == `3`, got true", json)
	f("{jmespath: 'a[{{ i }}].x'}", "true jmespath: want a[1].x, got 2", json)
	f("{jpath: nope}", "false jpath: want nope, got null", json)
	f("{jmespath: 'abs(t)'}", "false jmespath: want abs(t), got abs: argument 1 must be number, not string", json)
	f("{jmespath: 'a[{{ gone }}]'}",
		`false jmespath: want a[undefined], got JMESPath "a[undefined]": unexpected "undefined" at character 3`, json)
	f("{jmespath: a}", "false jmespath: want a, got the body is no JSON", response("<p>"))
	f("{matchesRegexp: x}", "false matchesRegexp: want x, got "+strings.Repeat("é", 60)+"...",
		response(strings.Repeat("é", 100)))
	f("{cdnHit: true}", "true cdnHit: want a cache hit or stale, got x-cache: Hit from cloudfront",
		response("", "X-Cache", "Hit from cloudfront"))
}

func TestWhatDecidesForAllRequests(t *testing.T) {
	lax := wants(t, "{capture: {json: $.nope, as: v}, match: {json: $.t, value: x}}",
		func(r *answer.Reader) { r.Lax = true })
	if err := lax.Capture(user(), response(list)); err != nil {
		t.Errorf("lax: %v", err)
	}
	f := func(yaml, want string, change func(*answer.Reader)) {
		t.Helper()
		if got := strings.Join(wants(t, yaml, change).Kinds(), " "); got != want {
			t.Errorf("%s expects %q, want %q", yaml, got, want)
		}
	}
	all := func(r *answer.Reader) { r.Expect200 = true }
	f("{expect: {hasProperty: a}}", "hasProperty statusCode", all)
	f("{expect: {statusCode: 404}}", "statusCode", all)
	f("{expect: {notStatusCode: 404}}", "notStatusCode statusCode", all)
	f("{expect: {hasProperty: a}}", "", func(r *answer.Reader) { r.Expect200, r.Unjudged = true, true })
	f("{expect: {equals: 1, header: x}}", "header x values equals", nil)
}

func TestNeedsBody(t *testing.T) {
	f := func(yaml string, want bool) {
		t.Helper()
		if got := wants(t, yaml, nil).NeedsBody(); got != want {
			t.Errorf("%s: %v", yaml, got)
		}
	}
	f("{}", false)
	f("{capture: {header: x, as: v}, expect: [{statusCode: 200}, {hasHeader: x}, {cdnHit: true}, {cacheStatus: hit}]}",
		false)
	f("{capture: [{header: x, as: v}, {xpath: //a, as: w}]}", true)
	f("{expect: {jmespath: a}}", true)
	f("{match: {header: x, value: 1}}", true)
}
