package processor

import (
	_ "embed"
	"errors"
	"strings"
	"time"

	"github.com/grafana/sobek"
)

// prelude defines in JavaScript what is shorter there: URL, TextEncoder, Buffer, the classes of crypto.
//
//go:embed prelude.js
var prelude string

var preludeScript = sobek.MustCompile("prelude.js", prelude, true)

// globals gives a runtime what processors expect of node: console, timers, process.env, URL, encodings, crypto.
func (r *realm) globals() error {
	set := func(name string, v any) error { return r.rt.Set(name, v) }
	process := r.rt.NewObject()
	err := errors.Join(
		process.Set("env", r.rt.NewDynamicObject(&environment{r})),
		set("process", process),
		set("global", r.rt.GlobalObject()),
		set("console", r.console()),
		set("setTimeout", r.timer(false)),
		set("setInterval", r.timer(true)),
		set("setImmediate", r.immediate()),
		set("clearTimeout", r.clear),
		set("clearInterval", r.clear),
		set("clearImmediate", r.clear),
	)
	if err != nil {
		return err
	}
	build, err := r.rt.RunProgram(preludeScript)
	if err != nil {
		return err
	}
	f, _ := sobek.AssertFunction(build)
	modules, err := f(sobek.Undefined(), r.rt.GlobalObject(), r.native())
	if err != nil {
		return err
	}
	for _, name := range builtins {
		r.values[name] = modules.ToObject(r.rt).Get(name)
	}
	return nil
}

// onExitCode defines global.artillery, whose suggestedExitCode is heard by f.
func (r *realm) onExitCode(f func(int)) {
	artillery := r.rt.NewObject()
	last := sobek.Undefined()
	get := r.rt.ToValue(func(sobek.FunctionCall) sobek.Value { return last })
	set := r.rt.ToValue(func(call sobek.FunctionCall) sobek.Value {
		last = call.Argument(0)
		f(int(last.ToInteger()))
		return sobek.Undefined()
	})
	_ = artillery.DefineAccessorProperty("suggestedExitCode", get, set, sobek.FLAG_FALSE, sobek.FLAG_TRUE)
	_ = r.rt.Set("artillery", artillery)
}

// environment is process.env, which can be read and not listed.
type environment struct{ realm *realm }

// Get implements sobek.DynamicObject.
func (e *environment) Get(name string) sobek.Value {
	if v, ok := e.realm.program.options.Env(name); ok {
		return e.realm.rt.ToValue(v)
	}
	return nil
}

// Set implements sobek.DynamicObject.
func (*environment) Set(string, sobek.Value) bool { return false }

// Has implements sobek.DynamicObject.
func (e *environment) Has(name string) bool { return e.Get(name) != nil }

// Delete implements sobek.DynamicObject.
func (*environment) Delete(string) bool { return false }

// Keys implements sobek.DynamicObject.
func (*environment) Keys() []string { return nil }

func (r *realm) console() *sobek.Object {
	console := r.rt.NewObject()
	log := func(call sobek.FunctionCall) sobek.Value {
		j := r.loop.running
		if j == nil {
			panic(r.rt.NewGoError(errOutside))
		}
		if len(j.call.Lines) >= maxLines {
			panic(r.rt.NewTypeError("console: too many lines of one call"))
		}
		parts := make([]string, len(call.Arguments))
		for i, v := range call.Arguments {
			parts[i] = r.shown(v)
		}
		if !j.finished {
			j.call.Lines = append(j.call.Lines, strings.Join(parts, " "))
		}
		return sobek.Undefined()
	}
	for _, name := range []string{"log", "info", "warn", "error", "debug", "trace"} {
		_ = console.Set(name, log)
	}
	return console
}

// shown is a value as the console prints it: text as it is, errors with their message, all else as JSON.
func (r *realm) shown(v sobek.Value) string {
	o, ok := v.(*sobek.Object)
	if !ok || o.ClassName() == "Error" {
		return v.String()
	}
	if text, ok, err := r.toJSON(v); ok && err == nil {
		return string(text)
	}
	return v.String()
}

func (r *realm) timer(repeat bool) func(sobek.FunctionCall) sobek.Value {
	return func(call sobek.FunctionCall) sobek.Value {
		delay := time.Duration(max(call.Argument(1).ToFloat(), 1) * float64(time.Millisecond)) // node's shortest is 1 ms
		if sobek.IsUndefined(call.Argument(1)) || delay < 0 || delay > 24*time.Hour {
			delay = time.Millisecond
		}
		every := time.Duration(0)
		if repeat {
			every = delay
		}
		return r.start(call, 2, delay, every)
	}
}

func (r *realm) immediate() func(sobek.FunctionCall) sobek.Value {
	return func(call sobek.FunctionCall) sobek.Value { return r.start(call, 1, 0, 0) }
}

func (r *realm) start(call sobek.FunctionCall, used int, delay, every time.Duration) sobek.Value {
	f, ok := sobek.AssertFunction(call.Argument(0))
	if !ok {
		panic(r.rt.NewTypeError("a timer needs a function"))
	}
	args := call.Arguments[min(used, len(call.Arguments)):]
	id, err := r.loop.after(delay, every, func() error {
		_, err := f(sobek.Undefined(), args...)
		return err
	})
	if err != nil {
		panic(r.rt.NewGoError(err))
	}
	return r.rt.ToValue(id)
}

func (r *realm) clear(call sobek.FunctionCall) sobek.Value {
	r.loop.clear(call.Argument(0).ToInteger())
	return sobek.Undefined()
}
