package worker_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"edgescope/scenarios/processor"
)

// TestNothingStopsTheProgram: whatever a function does, its call ends by name, and the next user has a worker again.
func TestNothingStopsTheProgram(t *testing.T) {
	program, problem := processor.Load(t.Context(), processor.Source{Path: "p.js", Script: `
const n = 7n, big = 2 ** 40;
module.exports = {
  fine() {},
  power: () => n ** (n ** 9n),
  lookahead: () => /^(?=(a+)+$)b/.test('a'.repeat(40) + '!'),
  array: () => new Float64Array(big),
  buffer: () => new ArrayBuffer(2 ** 33),
  fill: () => Array(4e9).fill(0),
  text: () => { let s = 'x'; for (;;) s += s; },
  list: () => { const all = []; for (;;) all.push(new Array(1000).fill({})); },
  map: () => { const all = new Map(); for (let i = 0; ; i++) all.set(i, 'k' + i); },
  recursion: () => { const f = () => f() + 1; return f(); },
  nested: () => JSON.parse('['.repeat(5e6)),
  cyclic: () => { const o = {}; o.toJSON = () => o; for (;;) JSON.stringify({o}); },
  spin: () => { for (;;) {} },
  microtasks: async () => { for (;;) await null; },
  never: () => new Promise(() => {}),
  sort: () => { for (;;) [3, 2, 1].sort(() => { for (;;) {} }); },
  proxy: () => { throw new Proxy({}, { get: () => { for (;;) {} } }); },
  getter: () => { throw { get code() { for (;;) {} } }; },
  toText: () => { throw { toString() { for (;;) {} } }; },
  then: () => ({ get then() { for (;;) {} } }),
  json: (c) => { c.vars.x = { toJSON() { for (;;) {} } }; },
};`}, processor.Options{Limit: 300 * time.Millisecond})
	if problem != nil {
		t.Fatal(problem)
	}
	pool := start(t, program, 1)
	f := func(name string, wants ...string) {
		t.Helper()
		began := time.Now()
		err := call(pool, name)
		got := fmt.Sprint(err)
		for _, want := range wants {
			if got == want {
				err = nil
			}
		}
		if err != nil {
			t.Errorf("%s: %q, want %q", name, got, wants)
		}
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("%s took %v", name, took)
		}
		if err := call(pool, "fine"); err != nil {
			t.Errorf("after %s: %v", name, err)
		}
	}
	slow := func(name string) string { return "function " + name + " took longer than 300ms" }
	const memory = processor.OutOfMemory
	f("power", slow("power"), memory)
	f("lookahead", slow("lookahead"))
	f("array", memory)
	f("buffer", memory)
	f("fill", slow("fill"), memory)
	f("text", slow("text"), memory, "Invalid string length")
	f("list", slow("list"), memory)
	f("map", slow("map"), memory)
	f("recursion", "Maximum call stack size exceeded")
	f("nested", slow("nested"), memory, "Maximum call stack size exceeded", "Unexpected end of JSON input")
	f("cyclic", slow("cyclic"))
	f("spin", slow("spin"))
	f("microtasks", slow("microtasks"))
	f("never", slow("never"))
	f("sort", slow("sort"))
	f("proxy", slow("proxy"))
	f("getter", slow("getter"))
	f("toText", slow("toText"))
	f("then", slow("then"))
	f("json", slow("json"))
}

func TestNamesOfWhatIsThrown(t *testing.T) {
	f := func(thrown, want string) {
		t.Helper()
		for _, src := range []string{"() => { throw " + thrown + " }", "async () => { throw " + thrown + " }"} {
			if err := do(t, "exports.f = "+src, &processor.Call{}); fmt.Sprint(err) != want {
				t.Errorf("%s: %q, want %q", src, fmt.Sprint(err), want)
			}
		}
	}
	f("undefined", "undefined")
	f("null", "null")
	f("7", "7")
	f("''", "a value without a text was thrown")
	f("{}", "[object Object]")
	f("Object.create(null)", "a value without a text was thrown")
	f("{ message: 'm' }", "m")
	f("{ code: 0, message: 'm' }", "0")
	f("{ get message() { throw 1 } }", "a value without a text was thrown")
	f("new Proxy({}, { get() { throw 1 } })", "a value without a text was thrown")
	f("Symbol('s')", "Symbol(s)")
	f("() => 1", "() => 1")
	f("new Error('é'.repeat(1e6))", strings.Repeat("é", 200)+"...")
}

// TestUsersOfAWorker: they share what the module holds, keep their own variables as JavaScript has them, and lose both
// when the worker is lost, with its reason.
func TestUsersOfAWorker(t *testing.T) {
	pool := start(t, load(t, `
let token = 'none', calls = 0;
module.exports = {
  login: (c) => { token = 't' + ++calls; c.vars.keep = { f: () => 'kept', d: new Date(0), big: 10n }; c.vars.n = 5n; },
  look: (c) => { c.vars.seen = [token, c.vars.keep && c.vars.keep.f(), c.vars.keep && c.vars.keep.d.getTime(),
    typeof c.vars.n, typeof c.vars.bytes, c === module.last].join(); module.last = c; },
  lose: () => new Float64Array(2 ** 40),
};`), 1)
	a, b := pool.Join(), pool.Join()
	va, vb := newVars(), newVars("n", "1")
	f := func(u *processor.User, v *vars, name, want string) {
		t.Helper()
		err := u.Do(&processor.Call{Functions: []string{name}, Vars: v})
		got := v.now["seen"]
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	f(a, va, "login", "")
	if va.now["n"] != "5" {
		t.Errorf("a BigInt is %s outside", va.now["n"])
	}
	f(a, va, "look", `"t1,kept,0,bigint,undefined,false"`)
	f(a, va, "look", `"t1,kept,0,bigint,undefined,true"`)
	f(b, vb, "look", `"t1,,,number,undefined,false"`)
	va.now["n"] = "6" // changed outside
	f(a, va, "look", `"t1,kept,0,number,undefined,false"`)
	f(b, vb, "lose", processor.OutOfMemory)
	f(a, va, "look", processor.OutOfMemory)
	v := newVars()
	f(pool.Join(), v, "look", `"none,,,undefined,undefined,false"`)
	a.Leave()
	b.Leave()
}

func TestBuffersCross(t *testing.T) {
	got := newVars()
	err := do(t, body(`
		context.vars.b = Buffer.from([255, 0]); context.vars.u = new Uint16Array([1]); context.vars.a = new ArrayBuffer(1);
		context.vars.part = Buffer.from('abcd').subarray(1, 3); done()`), &processor.Call{Vars: got})
	want := map[string]string{"b": "bytes:\xff\x00", "u": "bytes:\x01\x00", "a": "bytes:\x00", "part": "bytes:bc"}
	if diff := cmp.Diff(want, got.now); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// TestSharedVariables: what all users share is told once, is one value in a worker, and is the user's own once changed.
func TestSharedVariables(t *testing.T) {
	program := load(t, `exports.f = (c) => { c.vars.first = c.vars.rows[0]; c.vars.n = c.vars.rows.length + c.vars.k;
		if (c.vars.push) c.vars.rows.push('new'); delete c.vars.gone }`)
	shared := []processor.Variable{
		{Name: "rows", Value: processor.Value{Kind: processor.JSON, Text: `["a","b"]`}},
		{Name: "k", Value: processor.Value{Kind: processor.Number, Text: "1.50"}},
		{Name: "gone", Value: processor.Value{Kind: processor.Null}},
	}
	pool := program.Start(t.Context(), 1, shared, processor.Hosts{})
	defer pool.Close()
	f := func(v *vars, want map[string]string) {
		t.Helper()
		if err := pool.Join().Do(&processor.Call{Functions: []string{"f"}, Vars: v}); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(want, v.now); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
	f(newVars(), map[string]string{"first": `"a"`, "n": "3.5"})
	f(newVars("push", "true"), map[string]string{"first": `"a"`, "n": "3.5", "push": "true", "rows": `["a","b","new"]`})
}

// TestWhatOutlivesACall: timers run on, promises that fail are told, and both go to the host of the pool.
func TestWhatOutlivesACall(t *testing.T) {
	program := load(t, `
console.log('loaded');
exports.f = (c, events, done) => {
  setTimeout(() => { console.log('later'); events.emit('counter', 'late', 2); throw new Error('lost') }, 20);
  Promise.reject(new Error('nobody'));
  done();
};`)
	told := make(chan string, 10)
	pool := program.Start(t.Context(), 1, nil, processor.Hosts{Stray: func(lines []string, metrics []processor.Metric) {
		for _, line := range lines {
			told <- line
		}
		for _, m := range metrics {
			told <- fmt.Sprint(m)
		}
	}})
	defer pool.Close()
	c := &processor.Call{Functions: []string{"f"}, Vars: newVars()}
	if err := pool.Join().Do(c); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"Uncaught (in promise) nobody"}, c.Lines); diff != "" {
		t.Error(diff)
	}
	for _, want := range []string{"loaded", "later", "Uncaught lost", "{counter late 2}"} {
		if got := <-told; got != want {
			t.Errorf("told %q, want %q", got, want)
		}
	}
}

func TestFunctionsRunOneAfterAnother(t *testing.T) {
	pool := start(t, load(t, `
exports.a = (req, context, events, done) => { req.n = [1]; req.f = () => 2; setTimeout(done, 5) };
exports.b = async (req) => { req.n.push(req.f()) };
exports.bad = () => { throw new Error('bad') };
exports.c = (req) => { req.n.push(3) };`), 1)
	f := func(want string, names ...string) {
		t.Helper()
		c := &processor.Call{
			Functions: names, Signature: processor.BeforeRequest, Request: []byte(`{}`), Vars: newVars(),
		}
		err := pool.Join().Do(c)
		if got := fmt.Sprint(err, " ", members(c.Changed)); got != want {
			t.Errorf("%v: %s, want %s", names, got, want)
		}
	}
	f("<nil> n=[1,2,3]", "a", "b", "c")
	f("bad ", "a", "bad", "c")
	f(`Undefined function "x" `, "x")
}

// TestLostWorkersAreCounted: after eight in a row the host is told, once; a call that goes well begins anew.
func TestLostWorkersAreCounted(t *testing.T) {
	program := load(t, "exports.lose = () => new Float64Array(2 ** 40); exports.fine = () => {}")
	failed := make(chan error, 10)
	pool := program.Start(t.Context(), 1, nil, processor.Hosts{Fail: func(err error) { failed <- err }})
	defer pool.Close()
	for i := range 17 {
		name := "lose"
		if i == 7 {
			name = "fine"
		}
		if err := call(pool, name); err == nil != (name == "fine") {
			t.Errorf("call %d: %v", i, err)
		}
		if i == 14 && len(failed) > 0 {
			t.Errorf("the host was told after %d calls", i)
		}
	}
	want := "workers of the processor were given up 8 times in a row: " + processor.OutOfMemory
	if err := <-failed; err.Error() != want || len(failed) > 0 {
		t.Errorf("told %v and %d more", err, len(failed))
	}
}

// TestWorkersEndWithTheProgram: a program that is killed leaves no worker behind, though it spins.
func TestWorkersEndWithTheProgram(t *testing.T) {
	if os.Getenv("PARENT_OF_A_WORKER") != "" {
		pool := start(t, load(t, "exports.f = () => { console.log('x'); for (;;) {} }"), 1)
		fmt.Println("spins")
		_ = call(pool, "f")
		return
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=TestWorkersEndWithTheProgram", "-test.v")
	cmd.Env = append(os.Environ(), "PARENT_OF_A_WORKER=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	text := make([]byte, 0, 4096)
	for !strings.Contains(string(text), "spins") {
		b := make([]byte, 512)
		n, err := out.Read(b)
		if err != nil {
			t.Fatalf("%v after %s", err, text)
		}
		text = append(text, b[:n]...)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	for range 200 {
		if len(workersOf(t, cmd.Process.Pid)) == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("workers live on: %v", workersOf(t, cmd.Process.Pid))
}

// workersOf are the children of a process that live.
func workersOf(t *testing.T, parent int) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "ps", "-o", "pid=", "--ppid", strconv.Itoa(parent)).Output()
	if err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Skip("no ps here")
	}
	return strings.Fields(string(out))
}

func TestEndOfTheContextEndsThePool(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	pool := load(t, "exports.f = () => {}").Start(ctx, 2, nil, processor.Hosts{})
	defer pool.Close()
	if err := call(pool, "f"); err != nil {
		t.Fatal(err)
	}
	cancel()
	for _, name := range []string{"f", "f"} {
		if err := call(pool, name); !errors.Is(err, processor.ErrClosed) {
			t.Errorf("%v, want the end of the run", err)
		}
	}
}
