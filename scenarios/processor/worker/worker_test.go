package worker_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"edgescope/scenarios/processor"
)

func TestFunctionsEndInAnyStyle(t *testing.T) {
	f := func(src, want string) {
		t.Helper()
		err := do(t, src, &processor.Call{})
		if got := fmt.Sprint(err); got != want {
			t.Errorf("%s\ngot %q, want %q", src, got, want)
		}
	}
	f("module.exports.f = (context, events, done) => done()", "<nil>")
	f("exports.f = async () => {}", "<nil>")
	f("exports.f = function (context) { context.vars.x = 1 }", "<nil>")
	f("exports.f = (c, e, done) => setTimeout(done, 5)", "<nil>")
	f("exports.f = async () => { await new Promise((r) => setTimeout(r, 5)); }", "<nil>")
	f("exports.f = (c, e, done) => done(new Error('no token'))", "no token")
	f("exports.f = (c, e, done) => done('plain')", "plain")
	f("exports.f = () => { throw new TypeError('thrown') }", "thrown")
	f("exports.f = async () => { throw new Error('rejected') }", "rejected")
	f("exports.f = async () => { throw Object.assign(new Error('m'), {code: 'ECODE'}) }", "ECODE")
	f("exports.f = (c, e, done) => setTimeout(() => { throw new Error('late') }, 1)", "late")
	f("exports.f = (c, e, done) => { done(); done(new Error('second')) }", "<nil>")
	f("exports.f = (c, e, done) => setTimeout((a, b) => done(a + b), 1, 'x', 'y')", "xy")
	f("exports.f = (c, e, done) => { let n = 0; const i = setInterval(() => { if (++n === 3) { clearInterval(i); "+
		"done('n' + n) } }, 1) }", "n3")
	f("exports.f = (c, e, done) => { const i = setTimeout(() => done('cleared'), 1); clearTimeout(i); "+
		"setImmediate(done) }", "<nil>")
	f("exports.f = (c, e, done) => { c.vars.no.x }", "Cannot read property 'x' of undefined")
	f("exports.f = (c) => { const g = () => g() + 1; g() }", "Maximum call stack size exceeded")
}

func TestVariablesCrossAsJSON(t *testing.T) {
	type vars = map[string]string
	f := func(src string, before, want vars) {
		t.Helper()
		got := newVars()
		got.now = maps.Clone(before)
		if err := do(t, body(src+"; done()"), &processor.Call{Vars: got}); err != nil {
			t.Errorf("%s: %v", src, err)
		}
		if diff := cmp.Diff(want, got.now); diff != "" {
			t.Errorf("%s (-want +got):\n%s", src, diff)
		}
	}
	f("context.vars.a = context.vars.a + 1", vars{"a": "1"}, vars{"a": "2"})
	f("context.vars.o.deep.push(3)", vars{"o": `{"deep":[1,2]}`}, vars{"o": `{"deep":[1,2,3]}`})
	f("context.vars.o.n", vars{"o": `{"n":12345678901234567890}`}, vars{"o": `{"n":12345678901234567890}`})
	f("delete context.vars.a", vars{"a": "1", "b": "2"}, vars{"b": "2"})
	f("context.vars.a = undefined", vars{"a": "1"}, vars{})
	f("context.vars.a = () => 1", vars{"a": "1"}, vars{})
	f("context.vars.d = new Date(0); context.vars.n = NaN", vars{}, vars{"d": `"1970-01-01T00:00:00.000Z"`, "n": "null"})
	f("Object.assign(context.vars, {x: 'é', y: null})", vars{}, vars{"x": `"é"`, "y": "null"})
	f("context.vars.keys = Object.keys(context.vars).sort().join(); context.vars.has = 'b' in context.vars",
		vars{"a": "1", "b": "2"},
		vars{"a": "1", "b": "2", "keys": `"a,b"`, "has": "true"})
	f("context.vars = {x: context.vars.a, y: [1]}", vars{"a": "1", "b": "2"}, vars{"x": "1", "y": "[1]"})
	f("context.vars.s = context.scenario.name + context.vars.nope", vars{}, vars{"s": `"undefined"`})
}

func TestVariablesAreKeptWhenTheFunctionFails(t *testing.T) {
	got := newVars()
	if err := do(t, body("context.vars.a = 1; throw new Error('x')"), &processor.Call{Vars: got}); err == nil ||
		got.now["a"] != "1" {
		t.Errorf("error %v, vars %v", err, got)
	}
}

// members are those of a changed request.
func members(list []processor.Variable) string {
	var texts []string
	for _, m := range list {
		texts = append(texts, m.Name+"="+decode(m.Value))
	}
	return strings.Join(texts, " ")
}

func TestSignatures(t *testing.T) {
	f := func(sig processor.Signature, src string, want string) {
		t.Helper()
		c := &processor.Call{
			Signature: sig, Request: []byte(`{"url":"/a","headers":{}}`), Response: []byte(`{"statusCode":404}`), Body: []byte("text"),
			Error:    "ECONNRESET",
			Scenario: "shop",
		}
		err := do(t, "exports.f = "+src, c)
		if got := fmt.Sprintf("%v %v %s %v %v", err, c.True, members(c.Changed), c.Metrics, c.Lines); got != want {
			t.Errorf("%s\n got %s\nwant %s", src, got, want)
		}
	}
	const same = ""
	f(processor.BeforeRequest, "(req, context, events, done) => { req.headers.x = 1; req.json = {a: "+
		"[context.scenario.name]}; done() }",
		`<nil> false url="/a" headers={"x":1} json={"a":["shop"]} [] []`)
	f(processor.BeforeRequest, "async (req) => { req.url += '?b' }", `<nil> false url="/a?b" headers={} [] []`)
	f(processor.BeforeRequest, "req => { req.json = {list: [1n]} }",
		`Do not know how to serialize a BigInt false url="/a" headers={} [] []`)
	f(processor.BeforeRequest, "req => { const a = {}; a.a = a; req.json = a }",
		`Converting circular structure to JSON false url="/a" headers={} [] []`)
	f(processor.BeforeRequest, "req => { req.json = {toJSON() { throw new Error('none') }} }",
		`none false url="/a" headers={} [] []`)
	f(processor.BeforeRequest, "req => { req.json = () => 1; req.other = {n: 1n} }",
		`<nil> false url="/a" headers={} [] []`)
	f(processor.AfterResponse, "(req, res, context, events, done) => done(res.statusCode + res.body + req.url)",
		"404text/a false "+same+" [] []")
	f(processor.OnError, "(err, req, context, events, done) => done(err.message + err.code + req.url)",
		"ECONNRESETECONNRESET/a false "+same+" [] []")
	f(processor.Condition, "(context, done) => done(context.vars.n < 3)", "<nil> false "+same+" [] []")
	f(processor.Condition, "(context, done) => done(true)", "<nil> true "+same+" [] []")
	f(processor.Condition, "async () => 'yes'", "<nil> true "+same+" [] []")
	f(processor.Condition, "() => 0", "<nil> false "+same+" [] []")
	f(processor.Step, "(context, events, done) => { events.emit('counter', 'c', 2); events.emit('histogram', 'h', "+
		"1.5); events.emit('rate', 'r'); done() }",
		"<nil> false "+same+" [{counter c 2} {histogram h 1.5} {rate r 1}] []")
	f(processor.Step, "() => { console.log('a', 1, {b: [2]}, undefined); console.error('%s has %d', 'b', '2', Symbol('s')) }",
		"<nil> false "+same+` [] [a 1 { b: [ 2 ] } undefined b has 2 Symbol(s)]`)
	f(processor.Step, "() => { function inner() { console.log(new Error('bad')) } inner() }",
		"<nil> false  [] [Error: bad\n    at inner (p.js:1:113)\n    at p.js:1:138]")
	f(processor.Step, "(c, events) => events.emit('gauge', 'g', 1)",
		"events.emit(kind, name, value): kind is counter, histogram or rate, not gauge false "+same+" [] []")
}

func TestGlobals(t *testing.T) {
	f := func(expression, want string) {
		t.Helper()
		got := newVars()
		if err := do(t, "const crypto = require('node:crypto');"+body("context.vars.x = "+expression+"; done()"), &processor.Call{Vars: got}); err != nil {
			t.Errorf("%s: %v", expression, err)
			return
		}
		var x any
		_ = json.Unmarshal([]byte(got.now["x"]), &x)
		if fmt.Sprint(x) != want {
			t.Errorf("%s is %v, want %s", expression, x, want)
		}
	}
	f("btoa('user:pä')", "dXNlcjpw5A==")
	f("atob('dXNlcg==')", "user")
	f("Array.from(new TextEncoder().encode('é')).join()", "195,169")
	f("new TextDecoder().decode(new Uint8Array([0xef, 0xbb, 0xbf, 65]))", "A")
	f("Buffer.from('u:p').toString('base64')", "dTpw")
	f("Buffer.from('dTpw', 'base64').toString()", "u:p")
	f("Buffer.concat([Buffer.from('a'), Buffer.from('62', 'hex')]).toString()", "ab")
	f("Buffer.byteLength('é')", "2")
	f("JSON.stringify(Buffer.from('a'))", `{"type":"Buffer","data":[97]}`)
	f("new URL('/a?b=c#d', 'https://Example.com:443/x').href", "https://example.com/a?b=c#d")
	f("new URL('http://u:p@h:81/a').origin + new URL('http://h').pathname", "http://h:81/")
	f("(() => { const u = new URL('http://h/p?a=1&b=2&a=3'); u.searchParams.set('a', 'x y'); u.pathname = '/q'; return "+
		"String(u) })()", "http://h/q?a=x+y&b=2")
	f("new URLSearchParams({q: 'ü&', n: 1}).toString()", "q=%C3%BC%26&n=1")
	f("[...new URLSearchParams('a=1&b=%zz')].join('|')", "a,1|b,%zz")
	f("(() => { try { new URL('nope') } catch (e) { return e.message } })()", "Invalid URL")
	f("crypto.createHash('sha256').update('a').update('bc').digest('hex').slice(0, 16)", "ba7816bf8f01cfea")
	f("crypto.createHash('md5').update('').digest('base64')", "1B2M2Y8AsgTpgAmY7PhCfg==")
	f("crypto.createHmac('sha1', 'key').update('The quick brown fox jumps over the lazy dog').digest('hex')",
		"de7c9b85b8b78aa6bc8a7a36f70a90701c9db4d9")
	f("/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID())", "true")
	f("crypto.randomBytes(8).toString('hex').length", "16")
	f("process.env.TOKEN + typeof process.env.OTHER", "from the environmentundefined")
	f("typeof global.setTimeout + typeof globalThis.console.log", "functionfunction")
	f("__dirname + ' ' + __filename", ". p.js")
	f("[1, 2, 3].map((n) => n ** 2).includes(9) && `${{...{a: 1}}.a}`", "1")
}

func TestMathRandomFollowsFromTheSeed(t *testing.T) {
	draw := func(seed uint64) string {
		got := newVars()
		c := &processor.Call{Vars: got, Seed: seed}
		if err := do(t, body("context.vars.r = Math.random(); done()"), c); err != nil {
			t.Fatal(err)
		}
		return got.now["r"]
	}
	if a, b, c := draw(1), draw(1), draw(2); a != b || a == c {
		t.Errorf("seeds 1, 1, 2 draw %s, %s, %s", a, b, c)
	}
}

func TestSuggestedExitCode(t *testing.T) {
	pool := start(t, load(t, "exports.f = () => { global.artillery.suggestedExitCode = 17 }"), 1)
	if _, ok := pool.ExitCode(); ok {
		t.Error("there is an exit code before any call")
	}
	if err := call(pool, "f"); err != nil {
		t.Fatal(err)
	}
	if code, ok := pool.ExitCode(); !ok || code != 17 {
		t.Errorf("exit code %d, %v", code, ok)
	}
}

func TestNames(t *testing.T) {
	p := load(t, "module.exports = {b() {}, a: async () => {}, n: 1}; module.exports.c = "+
		"class {}")
	if diff := cmp.Diff([]string{"a", "b", "c"}, p.Names()); diff != "" {
		t.Error(diff)
	}
	if !p.Has("a") || p.Has("n") {
		t.Error("Has does not agree with Names")
	}
	f := func(src string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, load(t, src).Names()); diff != "" {
			t.Errorf("%s: %s", src, diff)
		}
	}
	f("class A { a() {} }; class B extends A { b() {} }; module.exports = new B()", "a", "b")
	f("module.exports = class { static a() {} b() {} }", "a")
	f("exports.default = {a() {}}; exports.b = () => {}", "a", "b")
	f("module.exports = function () {}")
	f("module.exports = [1]")
}

func TestRefusedBeforeTheRun(t *testing.T) {
	f := func(src, want string) {
		t.Helper()
		p, problem := processor.Load(t.Context(), processor.Source{Path: "p.js", Script: src}, processor.Options{})
		if p != nil || problem == nil {
			t.Errorf("%s is loaded", src)
			return
		}
		if got := fmt.Sprintf("%s:%d:%d: %s", problem.File, problem.Line, problem.Col, problem.Msg); got != want {
			t.Errorf("%s\n got %s\nwant %s", src, got, want)
		}
	}
	f("exports.f = (", "p.js:1:14: not valid JavaScript: Unexpected end of input")
	f("\nexports.f = 1 +;", "p.js:2:16: not valid JavaScript: Unexpected token ;")
	f("const a = 1;\nthrow new Error('at load')", "p.js:2:7: the processor cannot be loaded: at load")
	f("require('lodash')", "p.js:1:8: the processor cannot be loaded: Cannot find module 'lodash'")
	f("module.exports = 5", "p.js:0:0: the processor cannot be loaded: module.exports is no object")
	f("new Float64Array(2 ** 40)", "p.js:0:0: the processor cannot be loaded: processor ran out of memory")
	f("2n ** (2n ** 40n)", "p.js:0:0: the processor cannot be loaded: processor ran out of memory")
	f("throw undefined", "p.js:1:1: the processor cannot be loaded: undefined")
}

func TestLoadingThatDoesNotEndHasItsPlace(t *testing.T) {
	_, problem := processor.Load(t.Context(), processor.Source{
		Path: "p.js", Script: "let n = 0;\nfor (;;) n += Math.abs(1)",
	}, processor.Options{})
	if problem == nil || problem.Line != 2 || problem.Msg != "the processor does not finish loading within 5s" {
		t.Errorf("%+v", problem)
	}
}

func TestCallsAfterTheEndAreRefused(t *testing.T) {
	pool := load(t, "exports.f = () => {}").Start(t.Context(), 1, nil, processor.Hosts{})
	pool.Close()
	if err := call(pool, "f"); !errors.Is(err, processor.ErrClosed) {
		t.Errorf("got %v", err)
	}
}
