// Package node has what processors expect of Node beside the language: globals, and the modules that need no package.
package node

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/grafana/sobek"
)

// Env is what a processor may use of the machine.
type Env struct {
	Path    string            // of the processor
	Vars    map[string]string // process.env
	Folders []string          // where files may be read, symbolic links resolved; the first is the script's
}

// Require returns the exports of a builtin module, by its name with or without "node:". It makes them at most once.
type Require func(name string) (sobek.Value, error)

// builtins are the modules that there are.
var builtins = []string{"buffer", "crypto", "url"}

// Builtins are the names of the modules that [Require] knows, sorted, without "node:".
func Builtins() []string { return builtins }

// prelude defines in JavaScript what is shorter there: URL, TextEncoder, Buffer, the classes of crypto.
//
//go:embed prelude.js
var prelude string

var preludeScript = sobek.MustCompile("prelude.js", prelude, true)

// Install defines the globals in a runtime: process, Buffer, URL, encodings, crypto. Console and timers are not among
// them.
func Install(rt *sobek.Runtime, env *Env) (Require, error) {
	process := rt.NewObject()
	vars := rt.NewObject()
	for name, value := range env.Vars {
		_ = vars.Set(name, value)
	}
	_ = process.Set("env", vars)
	_ = rt.Set("process", process)
	_ = rt.Set("global", rt.GlobalObject())
	build, err := rt.RunProgram(preludeScript)
	if err != nil {
		return nil, err
	}
	f, _ := sobek.AssertFunction(build)
	modules, err := f(sobek.Undefined(), rt.GlobalObject(), native(rt))
	if err != nil {
		return nil, err
	}
	return func(name string) (sobek.Value, error) {
		plain := strings.TrimPrefix(name, "node:")
		if !slices.Contains(builtins, plain) {
			return nil, fmt.Errorf("module %s is not available", name)
		}
		return modules.ToObject(rt).Get(plain), nil
	}, nil
}
