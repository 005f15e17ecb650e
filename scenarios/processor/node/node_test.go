package node_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/grafana/sobek"

	"edgescope/scenarios/processor/node"
)

// engine is a runtime with Node's modules, whose files lie in a folder.
type engine struct {
	rt     *sobek.Runtime
	folder string
}

func start(t testing.TB) *engine {
	t.Helper()
	e := &engine{rt: sobek.New(), folder: t.TempDir()}
	e.rt.SetMaxCallStackSize(10_000)
	console, err := e.rt.RunString("({log() {}, warn() {}, error() {}})")
	if err != nil {
		t.Fatal(err)
	}
	_ = e.rt.Set("console", console)
	_ = e.rt.Set("setTimeout", func(f sobek.Callable, _ int, args ...sobek.Value) { _, _ = f(sobek.Undefined(), args...) })
	_ = e.rt.Set("setImmediate", func(f sobek.Callable, args ...sobek.Value) { _, _ = f(sobek.Undefined(), args...) })
	require, err := node.Install(e.rt, &node.Env{
		Path: filepath.Join(e.folder, "p.js"), Vars: map[string]string{"HOME": "/home/x", "TOKEN": "secret"},
		Folders: []string{e.folder},
	})
	if err != nil {
		t.Fatal(err)
	}
	_ = e.rt.Set("require", require)
	_ = e.rt.Set("__dirname", e.folder)
	return e
}

// do evaluates the body of an async function, and returns the text of what it returns or throws.
func (e *engine) do(source string) string {
	v, err := e.rt.RunString(wrapped(source))
	if err != nil {
		return "threw " + err.Error()
	}
	promise, _ := v.Export().(*sobek.Promise)
	if promise == nil || promise.State() == sobek.PromiseStatePending {
		return "pending"
	}
	return promise.Result().String()
}

// wrapped tells results so that two engines can be compared: functions that throw by class, code and message.
func wrapped(source string) string {
	return `(async () => { try { return String(await (async () => { ` + source + `
}) ()); } catch (e) { return 'threw ' + [e && e.name, e && e.code, e && e.message].join(' | '); } })()`
}

// nodes evaluates sources in Node, all in one process; it skips the test where there is none.
func nodes(t *testing.T, dir string, sources []string) []string {
	t.Helper()
	path, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed: nothing to compare with")
	}
	var script strings.Builder
	script.WriteString("const all = [];\n")
	for _, s := range sources {
		script.WriteString("all.push(() => " + wrapped(s) + ");\n")
	}
	script.WriteString("(async () => { for (const f of all) process.stdout.write((await f()) + '\\0'); })();")
	file := filepath.Join(dir, "compare.cjs")
	if err := os.WriteFile(file, []byte(script.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path, file)
	cmd.Env = []string{"HOME=/home/x", "TOKEN=secret", "PATH=" + os.Getenv("PATH"), "NODE_NO_WARNINGS=1", "TZ=UTC"}
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

// agree holds that sources, with an empty line between two, mean here what they mean in Node.
func agree(t *testing.T, blocks string) {
	t.Helper()
	e := start(t)
	var sources []string
	for block := range strings.SplitSeq(strings.TrimSpace(blocks), "\n\n") {
		sources = append(sources, strings.TrimSpace(block))
	}
	want := nodes(t, e.folder, sources)
	for i, source := range sources {
		if got := e.do(source); got != want[i] {
			t.Errorf("%s\n got %s\nnode %s", source, got, want[i])
		}
	}
}

// same holds what does not need Node to be known.
func same(t *testing.T, e *engine, source, want string) {
	t.Helper()
	if got := e.do(source); got != want {
		t.Errorf("%s\n got %s\nwant %s", source, got, want)
	}
}

func TestEveryModuleLoads(t *testing.T) {
	e := start(t)
	for _, name := range node.Builtins() {
		same(t, e, "return typeof require('node:"+name+"') === typeof require('"+name+"')", "true")
		same(t, e, "const m = require('"+name+"'); return (typeof m === 'object' || typeof m === 'function') && m !== null", "true")
	}
}
