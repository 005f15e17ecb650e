// Package node has what processors and their packages expect of Node beside the language: globals, and the modules that
// need neither a network nor other processes. What is shorter in JavaScript lies in the folder js, one file a module;
// bytes, files, keys and ciphers are Go.
package node

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/grafana/sobek"
)

// Env is what a processor may use of the machine.
type Env struct {
	Path    string            // of the processor
	Vars    map[string]string // process.env
	Folders []string          // where files may be read, symbolic links resolved; the first is the script's
}

// Require returns the exports of a builtin module, by its name with or without "node:". It makes them at most once. A
// name that begins with "absent:" is a module whose use fails with the message behind it.
type Require func(name string) (sobek.Value, error)

//go:embed js/*.js
var sources embed.FS

// modules says which file makes a module, and which member of it the module is; "" is all of it.
var modules = map[string]struct{ file, member string }{
	"assert": {"assert", ""}, "assert/strict": {"assert", "strict"},
	"buffer": {"buffer", ""}, "console": {"process", "console"}, "constants": {"os", "constants"},
	"crypto":              {"crypto", ""},
	"diagnostics_channel": {"events", "diagnostics"},
	"events":              {"events", "EventEmitter"},
	"fs":                  {"fs", ""}, "fs/promises": {"fs", "promises"},
	"module": {"process", "module"}, "os": {"os", ""},
	"path": {"path", ""}, "path/posix": {"path", ""}, "perf_hooks": {"process", "perf_hooks"},
	"process": {"process", "process"}, "punycode": {"url", "punycode"}, "querystring": {"querystring", ""},
	"stream": {"stream", "Stream"}, "stream/promises": {"stream", "promises"}, "string_decoder": {"buffer", "decoder"},
	"sys": {"util", ""}, "timers": {"timers", ""}, "timers/promises": {"timers", "promises"},
	"tty": {"process", "tty"}, "url": {"url", ""},
	"util": {"util", ""}, "util/types": {"util", "types"},
	"zlib": {"zlib", ""},
}

// Builtins are the names of the modules that [Require] knows, sorted, without "node:".
func Builtins() []string { return slices.Sorted(maps.Keys(modules)) }

// scripts are the compiled files of js, by name; a process compiles each once.
var scripts = sync.OnceValues(func() (map[string]*sobek.Program, error) {
	compiled := map[string]*sobek.Program{}
	entries, err := sources.ReadDir("js")
	for _, entry := range entries {
		name := strings.TrimSuffix(entry.Name(), ".js")
		text, readErr := sources.ReadFile("js/" + entry.Name())
		program, compileErr := sobek.Compile("node:"+name,
			"(function (exports, module, require, native, global) { 'use strict';"+string(text)+"\n})", false)
		if err = errors.Join(err, readErr, compileErr); err == nil {
			compiled[name] = program
		}
	}
	return compiled, err
})

// realm is a runtime with what was made in it so far.
type realm struct {
	rt     *sobek.Runtime
	env    *Env
	native *sobek.Object
	loaded map[string]*sobek.Object // module objects, by file
	absent sobek.Callable           // makes a module of a message
}

// Install defines the globals in a runtime: process, Buffer, URL, encodings, crypto and more, most of them when they are
// first used. Console and timers are not among them.
func Install(rt *sobek.Runtime, env *Env) (Require, error) {
	r := &realm{rt: rt, env: env, native: rt.NewObject(), loaded: map[string]*sobek.Object{}}
	for name, f := range r.natives() {
		if err := r.native.Set(name, r.guarded(f)); err != nil {
			return nil, fmt.Errorf("define %s: %w", name, err)
		}
	}
	if err := rt.Set("global", rt.GlobalObject()); err != nil {
		return nil, err
	}
	globals, err := r.load("globals")
	if err != nil {
		return nil, err
	}
	r.absent, _ = sobek.AssertFunction(globals.ToObject(rt).Get("absent"))
	throw, _ := sobek.AssertFunction(globals.ToObject(rt).Get("toss"))
	return func(name string) (sobek.Value, error) {
		exports, err := r.require(name)
		var thrown *sobek.Exception
		if err == nil || errors.As(err, &thrown) {
			return exports, err
		}
		return throw(sobek.Undefined(), r.thrown(err))
	}, nil
}

// natives are the functions of Go, by name.
func (r *realm) natives() map[string]any {
	all := map[string]any{"module": r.require, "modules": Builtins}
	for _, some := range []map[string]any{
		r.byteNatives(), r.digestNatives(), r.keyNatives(), r.cipherNatives(), r.fileNatives(), r.machineNatives(),
		r.addressNatives(), r.zipNatives(),
	} {
		maps.Copy(all, some)
	}
	return all
}

func (r *realm) require(name string) (sobek.Value, error) {
	if message, ok := strings.CutPrefix(name, "absent:"); ok {
		return r.absent(sobek.Undefined(), r.rt.ToValue(message))
	}
	m, ok := modules[strings.TrimPrefix(name, "node:")]
	if !ok {
		return nil, &fault{code: "MODULE_NOT_FOUND", message: fmt.Sprintf("Cannot find module '%s'", name)}
	}
	exports, err := r.load(m.file)
	if err != nil || m.member == "" {
		return exports, err
	}
	return exports.ToObject(r.rt).Get(m.member), nil
}

// load returns the exports of a file of js.
func (r *realm) load(file string) (sobek.Value, error) {
	if module, ok := r.loaded[file]; ok {
		return module.Get("exports"), nil
	}
	all, err := scripts()
	if err != nil {
		return nil, err
	}
	wrapped, err := r.rt.RunProgram(all[file])
	if err != nil {
		return nil, err
	}
	f, _ := sobek.AssertFunction(wrapped)
	module, exports := r.rt.NewObject(), r.rt.NewObject()
	if err := module.Set("exports", exports); err != nil {
		return nil, err
	}
	r.loaded[file] = module
	require := r.rt.ToValue(func(name string) (sobek.Value, error) { return r.load(name) })
	if _, err := f(sobek.Undefined(), exports, module, require, r.native, r.rt.GlobalObject()); err != nil {
		delete(r.loaded, file)
		return nil, err
	}
	return module.Get("exports"), nil
}

// fault is an error that JavaScript sees as one of its own, with a code and further members in pairs. An empty class is
// Error.
type fault struct {
	class, code, message string
	members              []string
}

// Error implements error.
func (f *fault) Error() string { return f.message }

// guarded makes a function of JavaScript of one of Go. Its errors are thrown as Node would throw them.
func (r *realm) guarded(f any) func(sobek.FunctionCall) sobek.Value {
	inner, _ := sobek.AssertFunction(r.rt.ToValue(f))
	return func(call sobek.FunctionCall) sobek.Value {
		v, err := inner(call.This, call.Arguments...)
		var thrown *sobek.Exception
		switch {
		case err == nil:
			return v
		case errors.As(err, &thrown) && thrown.Unwrap() != nil:
			panic(r.thrown(thrown.Unwrap()))
		case errors.As(err, &thrown):
			panic(thrown.Value())
		}
		panic(err)
	}
}

// thrown is the value that JavaScript catches for an error of Go.
func (r *realm) thrown(err error) sobek.Value {
	f := &fault{message: err.Error()}
	errors.As(err, &f)
	made, newErr := r.rt.New(r.rt.Get(cmp.Or(f.class, "Error")), r.rt.ToValue(f.message))
	if newErr != nil {
		return r.rt.ToValue(f.message)
	}
	members := f.members
	if f.code != "" {
		members = append(members, "code", f.code)
	}
	for i := 0; i+1 < len(members); i += 2 {
		_ = made.Set(members[i], members[i+1])
	}
	return made
}
