package processor_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"edgescope/scenarios/processor"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }

// vars are variables as a map of JSON texts.
type vars map[string]string

func (v vars) Names() []string                { return slices.Sorted(maps.Keys(v)) }
func (v vars) Get(name string) ([]byte, bool) { text, ok := v[name]; return []byte(text), ok }
func (v vars) Set(name string, text []byte)   { v[name] = string(text) }
func (v vars) Delete(name string)             { delete(v, name) }

func options(files map[string]string) processor.Options {
	return processor.Options{
		ReadFile: func(name string) ([]byte, error) {
			if src, ok := files[name]; ok {
				return []byte(src), nil
			}
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		},
		Env: func(name string) (string, bool) { return "from the environment", name == "TOKEN" },
	}
}

func load(t testing.TB, files map[string]string) *processor.Program {
	t.Helper()
	entry := "p.js"
	if _, ok := files[entry]; !ok {
		entry = "p.mjs"
	}
	p, problems := processor.Load(entry, options(files))
	if len(problems) > 0 {
		t.Fatalf("%v\nin %v", problems, files)
	}
	return p
}

func start(t testing.TB, p *processor.Program, workers int) *processor.Pool {
	t.Helper()
	pool := p.Start(context.WithoutCancel(t.Context()), workers)
	t.Cleanup(pool.Close)
	return pool
}

// do runs one call of f in a program of one file.
func do(t testing.TB, src string, c *processor.Call) error {
	t.Helper()
	if c.Vars == nil {
		c.Vars = vars{}
	}
	c.Function = "f"
	return start(t, load(t, map[string]string{"p.js": src}), 1).Do(c)
}

// body wraps a function body.
func body(s string) string { return "module.exports = {f(context, events, done) {" + s + "}}" }

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
	f := func(src string, before, want vars) {
		t.Helper()
		got := maps.Clone(before)
		if err := do(t, body(src+"; done()"), &processor.Call{Vars: got}); err != nil {
			t.Errorf("%s: %v", src, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
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
	f("Object.assign(context.vars, {x: 'é<', y: null})", vars{}, vars{"x": `"é<"`, "y": "null"})
	f("context.vars.keys = Object.keys(context.vars).sort().join(); context.vars.has = 'b' in context.vars",
		vars{"a": "1", "b": "2"},
		vars{"a": "1", "b": "2", "keys": `"a,b"`, "has": "true"})
	f("context.vars.s = context.scenario.name + context.vars.nope", vars{}, vars{"s": `"undefined"`})
}

func TestVariablesThatCannotBeKept(t *testing.T) {
	got := vars{}
	err := do(t, body("const o = {}; o.o = o; context.vars.o = o; done()"), &processor.Call{Vars: got})
	if err == nil || !strings.Contains(err.Error(), "circular") || len(got) != 0 {
		t.Errorf("error %v, vars %v; want the circle refused", err, got)
	}
}

func TestVariablesAreKeptWhenTheFunctionFails(t *testing.T) {
	got := vars{}
	if err := do(t, body("context.vars.a = 1; throw new Error('x')"), &processor.Call{Vars: got}); err == nil ||
		got["a"] != "1" {
		t.Errorf("error %v, vars %v", err, got)
	}
}

func TestSignatures(t *testing.T) {
	f := func(sig processor.Signature, src string, want string) {
		t.Helper()
		c := &processor.Call{
			Signature: sig, Request: []byte(`{"url":"/a","headers":{}}`), Response: []byte(`{"statusCode":404,"body":"text"}`),
			Error:    "ECONNRESET",
			Scenario: "shop",
		}
		err := do(t, "exports.f = "+src, c)
		if got := fmt.Sprintf("%v %v %s %v %v", err, c.True, c.Request, c.Metrics, c.Lines); got != want {
			t.Errorf("%s\n got %s\nwant %s", src, got, want)
		}
	}
	const same = `{"url":"/a","headers":{}}`
	f(processor.BeforeRequest, "(req, context, events, done) => { req.headers.x = 1; req.json = {a: "+
		"[context.scenario.name]}; done() }",
		`<nil> false {"url":"/a","headers":{"x":1},"json":{"a":["shop"]}} [] []`)
	f(processor.BeforeRequest, "async (req) => { req.url += '?b' }", `<nil> false {"url":"/a?b","headers":{}} [] []`)
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
	f(processor.Step, "() => { console.log('a', 1, {b: [2]}, undefined); console.error(new Error('bad')) }",
		"<nil> false "+same+` [] [a 1 {"b":[2]} undefined Error: bad]`)
	f(processor.Step, "(c, events) => events.emit('gauge', 'g', 1)",
		"events.emit(kind, name, value): kind is counter, histogram or rate, not gauge false "+same+" [] []")
}

func TestGlobals(t *testing.T) {
	f := func(expression, want string) {
		t.Helper()
		got := vars{}
		if err := do(t, "const crypto = require('node:crypto');"+body("context.vars.x = "+expression+"; done()"), &processor.Call{Vars: got}); err != nil {
			t.Errorf("%s: %v", expression, err)
			return
		}
		var x any
		_ = json.Unmarshal([]byte(got["x"]), &x)
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
	f("(() => { try { new URL('nope') } catch (e) { return e.message } })()", "Invalid URL: nope")
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

func TestMathRandomIsTheUsersStream(t *testing.T) {
	got := vars{}
	c := &processor.Call{Vars: got, Random: func() float64 { return 0.25 }}
	if err := do(t, body("context.vars.r = Math.random(); done()"), c); err != nil || got["r"] != "0.25" {
		t.Errorf("Math.random() is %s, error %v", got["r"], err)
	}
}

func TestSuggestedExitCode(t *testing.T) {
	pool := start(t, load(t, map[string]string{"p.js": "exports.f = () => { global.artillery.suggestedExitCode = 17 }"}),
		1)
	if _, ok := pool.ExitCode(); ok {
		t.Error("there is an exit code before any call")
	}
	if err := pool.Do(&processor.Call{Function: "f", Vars: vars{}}); err != nil {
		t.Fatal(err)
	}
	if code, ok := pool.ExitCode(); !ok || code != 17 {
		t.Errorf("exit code %d, %v", code, ok)
	}
}

func TestModules(t *testing.T) {
	f := func(want string, files map[string]string) {
		t.Helper()
		p := load(t, files)
		got := vars{}
		if err := start(t, p, 1).Do(&processor.Call{Function: "f", Vars: got}); err != nil || got["x"] != want {
			t.Errorf("x is %s, error %v, want %s in\n%v", got["x"], err, want, files)
		}
	}
	f(`"b,c,1"`, map[string]string{
		"p.js": "const b = require('./lib/b'); exports.f = (context) => { context.vars.x = [b.name, b.c(), " +
			"require('./lib/d.json').n].join() }",
		"lib/b.js":   "exports.name = 'b'; exports.c = require('../c.cjs')",
		"c.cjs":      "module.exports = () => 'c'",
		"lib/d.json": `{"n": 1}`,
	})
	f(`"index"`, map[string]string{
		"p.js":         "exports.f = (c) => { c.vars.x = require('./lib') }",
		"lib/index.js": "module.exports = 'index'",
	})
	f(`"circle"`, map[string]string{
		"p.js": "exports.name = 'circle'; const a = require('./a'); exports.f = (c) => { c.vars.x = a() }",
		"a.js": "const p = require('./p'); module.exports = () => p.name",
	})
	f(`"esm 2 3 c h"`, map[string]string{
		"p.mjs": "import two, {three} from './n.mjs'; import * as all from './n.mjs'; import c from './c.cjs'; import " +
			"{Buffer} from 'buffer';\nexport async function f(context) { context.vars.x = ['esm', two, all.three, c.name, " +
			"Buffer.from('68', 'hex')].join(' ') }",
		"n.mjs":  "export const three = 3; export default 2",
		"c.cjs":  "module.exports = {name: 'c'}",
		"unused": "",
	})
	f(`"named"`, map[string]string{"p.js": "export function f(context, events, done) { context.vars.x = 'named'; " +
		"done() }"})
	f(`"default"`, map[string]string{"p.js": "export default { f(context) { context.vars.x = 'default' } }"})
	f(`"again"`, map[string]string{"p.js": "export * from './n.js'", "n.js": "export const f = (context) => { " +
		"context.vars.x = 'again' }"})
}

func TestNames(t *testing.T) {
	p := load(t, map[string]string{"p.js": "module.exports = {b() {}, a: async () => {}, n: 1}; module.exports.c = " +
		"class {}"})
	if diff := cmp.Diff([]string{"a", "b", "c"}, p.Names()); diff != "" {
		t.Error(diff)
	}
	if !p.Has("a") || p.Has("n") {
		t.Error("Has does not agree with Names")
	}
}

func TestRefusedBeforeTheRun(t *testing.T) {
	f := func(src, want string) {
		t.Helper()
		p, problems := processor.Load("p.js", options(map[string]string{
			"p.js": src, "sub.js": "\n\n  require('lodash')", "m.mjs": "export default 1", "bad.json": "{",
		}))
		var lines []string
		for _, problem := range problems {
			lines = append(lines, fmt.Sprintf("%s:%d:%d: %s", problem.File, problem.Line, problem.Col, problem.Msg))
		}
		if got := strings.Join(lines, "\n"); p != nil || !strings.Contains(got, want) {
			t.Errorf("%s\n got %s\nwant %s", src, got, want)
		}
	}
	f("const _ = require('lodash');", "p.js:1:11: module lodash is not available")
	f("exports.f = () => {\n  const fs = require('node:fs')\n}", "p.js:2:14: module node:fs is not available")
	f("\nimport axios from 'axios'; export const f = 1", "p.js:2:1: module axios is not available")
	f("export * from 'x'", "module x is not available")
	f("require('./sub')", "sub.js:3:3: module lodash is not available")
	f("require('./nope')", "p.js:1:1: ./nope cannot be read: file does not exist")
	f("require('./m.mjs')", "./m.mjs is an ES module")
	f("require('./bad.json')", "bad.json: SyntaxError")
	f("const n = 'x'; require(n)", "p.js:1:16: require takes one text")
	f("exports.f = async () => { await fetch('http://x') }", `p.js:1:33: a processor has no network access ("fetch")`)
	f("exports.f = () => new WebSocket('ws://x')", "no network access")
	f("exports.f = () => process.exit(1)", "p.js:1:19: process.exit is not available, only process.env is")
	f("exports.f = () => import('./x')", "import() is not supported")
	f("exports.f = (", "p.js:1:14: not valid JavaScript")
	f("\nexports.f = 1 +;", "p.js:2:16: not valid JavaScript")
	f("const a = 1;\nthrow new Error('at load')", "p.js:2:7: the processor cannot be loaded: at load")
	f("console.log('x')", "timers and console work inside the functions")
	f("module.exports = 5", "module.exports is no object")
	f("export const f = 1; await new Promise(() => {});", "await at the top of a processor is not supported")
	for name, want := range map[string]string{"p.ts": "compile ts first", "gone.js": "file does not exist"} {
		_, problems := processor.Load(name, options(map[string]string{"p.ts": "x"}))
		if len(problems) != 1 || problems[0].File != name || !strings.Contains(problems[0].Msg, want) {
			t.Errorf("%s: %v, want %q", name, problems, want)
		}
	}
}

func TestCallsAfterTheEndAreRefused(t *testing.T) {
	pool := load(t, map[string]string{"p.js": "exports.f = () => {}"}).Start(t.Context(), 1)
	pool.Close()
	if err := pool.Do(&processor.Call{Function: "f", Vars: vars{}}); !errors.Is(err, processor.ErrClosed) {
		t.Errorf("got %v", err)
	}
}
