package worker_test

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"testing"

	"go.uber.org/goleak"

	"edgescope/scenarios/processor"
	"edgescope/scenarios/processor/worker"
)

func TestMain(m *testing.M) {
	worker.Serve()
	if err := goleak.Find(goleak.IgnoreCurrent()); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// vars are variables as JSON texts, a buffer after "bytes:"; what a worker has seen is in seen.
type vars struct {
	now, seen map[string]string
}

func newVars(pairs ...string) *vars {
	v := &vars{now: map[string]string{}, seen: map[string]string{}}
	for i := 0; i < len(pairs); i += 2 {
		v.now[pairs[i]] = pairs[i+1]
	}
	return v
}

// Changes implements processor.Vars.
func (v *vars) Changes(yield func(string, processor.Value)) {
	var names []string
	for name, text := range v.now {
		if old, ok := v.seen[name]; !ok || old != text {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		yield(name, encode(v.now[name]))
		v.seen[name] = v.now[name]
	}
	for name := range v.seen {
		if _, ok := v.now[name]; !ok {
			yield(name, processor.Value{})
			delete(v.seen, name)
		}
	}
}

// Set implements processor.Vars.
func (v *vars) Set(name string, value processor.Value) {
	if value.Kind == processor.Undefined {
		delete(v.now, name)
		delete(v.seen, name)
		return
	}
	v.now[name] = decode(value)
	v.seen[name] = v.now[name]
}

func encode(text string) processor.Value {
	var x any
	if json.Unmarshal([]byte(text), &x) != nil {
		panic("not JSON: " + text)
	}
	switch x := x.(type) {
	case nil:
		return processor.Value{Kind: processor.Null}
	case bool:
		return processor.Value{Kind: map[bool]processor.Kind{true: processor.True, false: processor.False}[x]}
	case float64:
		return processor.Value{Kind: processor.Number, Text: text}
	case string:
		return processor.Value{Kind: processor.Text, Text: x}
	}
	return processor.Value{Kind: processor.JSON, Text: text}
}

func decode(v processor.Value) string {
	switch v.Kind {
	case processor.Null:
		return "null"
	case processor.True:
		return "true"
	case processor.False:
		return "false"
	case processor.Text:
		text, _ := json.Marshal(v.Text)
		return string(text)
	case processor.Bytes:
		return "bytes:" + v.Text
	default:
		return v.Text
	}
}

func load(t testing.TB, src string) *processor.Program {
	t.Helper()
	p, problem := processor.Load(t.Context(), processor.Source{Path: "p.js", Script: src},
		processor.Options{Env: map[string]string{"TOKEN": "from the environment"}})
	if problem != nil {
		t.Fatalf("%+v\nin %s", *problem, src)
	}
	return p
}

func start(t testing.TB, p *processor.Program, workers int) *processor.Pool {
	t.Helper()
	pool := p.Start(context.WithoutCancel(t.Context()), workers, nil, processor.Hosts{})
	t.Cleanup(pool.Close)
	return pool
}

// do runs one call of f in a program of one file.
func do(t testing.TB, src string, c *processor.Call) error {
	t.Helper()
	if c.Vars == nil {
		c.Vars = newVars()
	}
	c.Functions = []string{"f"}
	return start(t, load(t, src), 1).Join().Do(c)
}

// call runs a function for a new user.
func call(pool *processor.Pool, name string) error {
	return pool.Join().Do(&processor.Call{Functions: []string{name}, Vars: newVars()})
}

// body wraps a function body.
func body(s string) string { return "module.exports = {f(context, events, done) {" + s + "}}" }
