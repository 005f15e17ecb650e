package bundle_test

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/grafana/sobek"
	"github.com/grafana/sobek/parser"

	"edgescope/scenarios/bundle"
)

// has is an engine with two modules of Node.
func has(name string) bool { return name == "fs" || name == "path" }

// memory reads files from a map.
func memory(files map[string]string) bundle.Options {
	return bundle.Options{Has: has, ReadFile: func(name string) ([]byte, error) {
		if text, ok := files[name]; ok {
			return []byte(text), nil
		}
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}}
}

// folder writes files into a directory and makes it the working directory.
func folder(t testing.TB, files map[string]string) bundle.Options {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if t, ok := t.(*testing.T); ok {
		t.Chdir(dir)
	}
	return bundle.Options{Has: has, ReadFile: os.ReadFile}
}

// run evaluates a bundle and calls its function f. A module of Node is an object that knows its name.
func run(b *bundle.Bundle) (string, error) {
	rt := sobek.New()
	script, err := sobek.Parse("bundle",
		"(function(require, module, exports) {"+b.Code+"\n})", parser.WithDisableSourceMaps)
	if err != nil {
		return "", err
	}
	program, err := sobek.CompileAST(script, false)
	if err != nil {
		return "", err
	}
	v, err := rt.RunProgram(program)
	if err != nil {
		return "", err
	}
	start, _ := sobek.AssertFunction(v)
	module, exports := rt.NewObject(), rt.NewObject()
	if err := errors.Join(module.Set("exports", exports), rt.Set("answer", rt.NewObject())); err != nil {
		return "", err
	}
	require := func(name string) (any, error) {
		if message, absent := strings.CutPrefix(name, bundle.AbsentPrefix); absent {
			return map[string]any{"message": message}, nil
		}
		if !has(name) {
			return nil, fmt.Errorf("Cannot find module '%s'", name)
		}
		return map[string]any{"name": name}, nil
	}
	if _, err := start(sobek.Undefined(), rt.ToValue(require), module, exports); err != nil {
		return "", err
	}
	f, ok := sobek.AssertFunction(module.Get("exports").ToObject(rt).Get("f"))
	if !ok {
		return "", errors.New("f is not exported")
	}
	v, err = f(sobek.Undefined())
	if err != nil {
		return "", err
	}
	if promise, ok := v.Export().(*sobek.Promise); ok {
		v = promise.Result()
	}
	return v.String(), nil
}

// check bundles and runs files whose first is p.js, p.mjs or p.ts, from memory and from a folder.
func check(t *testing.T, files map[string]string, want string) {
	t.Helper()
	entry := "p.js"
	for _, name := range []string{"p.mjs", "p.ts", "p.mts", "p.cjs"} {
		if _, ok := files[name]; ok {
			entry = name
		}
	}
	for kind, options := range map[string]bundle.Options{"memory": memory(files), "folder": folder(t, files)} {
		if kind == "memory" && needsFolder(files) {
			continue
		}
		b, problems := bundle.Build(entry, options)
		if problems != nil {
			t.Errorf("%s: %v\nof %v", kind, problems, files)
			continue
		}
		got, err := run(b)
		if err != nil {
			t.Errorf("%s: %v\nof %s", kind, err, b.Code)
		} else if got != want {
			t.Errorf("%s: got %q, want %q\nof %s", kind, got, want, b.Code)
		}
	}
}

// needsFolder tells whether files have what only a folder can: packages, and settings of TypeScript.
func needsFolder(files map[string]string) bool {
	for name := range files {
		if strings.Contains(name, "node_modules") || name == "tsconfig.json" {
			return true
		}
	}
	return false
}

func TestFilesBecomeOneScript(t *testing.T) {
	type files = map[string]string
	f := func(want string, files files) { t.Helper(); check(t, files, want) }
	f("1", files{"p.js": "exports.f = () => 1"})
	f("1", files{"p.js": "export const f = () => 1"})
	f("1", files{"p.js": "export default 2; export async function f() { return 1 }"})
	f("lib",
		files{
			"p.js":   "const l = require('./lib'); module.exports = {f: () => l.name}",
			"lib.js": "exports.name = 'lib'",
		})
	f("lib", files{
		"p.js":   "import {name} from './lib'; export const f = () => name",
		"lib.js": "exports.name = 'lib'",
	})
	f("lib", files{
		"p.js":   "import l from './lib.js'; export const f = () => l.name",
		"lib.js": "exports.name = 'lib'",
	})
	f("esm",
		files{
			"p.js":    "const {name} = require('./lib.mjs'); exports.f = () => name",
			"lib.mjs": "export const name = 'esm'",
		})
	f("json", files{
		"p.js":   "const d = require('./d.json'); exports.f = () => d.kind",
		"d.json": `{"kind": "json"}`,
	})
	f("json",
		files{
			"p.mjs":  "import d from './d.json' with {type: 'json'}; export const f = () => d.kind",
			"d.json": `{"kind":"json"}`,
		})
	f("deep",
		files{
			"p.js":         "exports.f = require('./dir').f",
			"dir/index.js": "exports.f = () => require('./x').v", "dir/x.js": "exports.v = 'deep'",
		})
	f("late", files{
		"p.js":    "exports.f = async () => (await import('./late.js')).v",
		"late.js": "exports.v = 'late'",
	})
	f("a b a", files{
		"p.js": "const a = require('./a'); exports.f = () => a.text()",
		"a.js": "exports.n = 'a'; const b = require('./b'); exports.text = () => exports.n + ' ' + b.text()",
		"b.js": "const a = require('./a'); exports.text = () => 'b ' + a.n",
	})
	f("typed",
		files{"p.ts": "import type {X} from 'artillery'; enum E {A = 'typed'}; export async function f(x: X): Promise<string> { return E.A }"})
	f("lib",
		files{
			"p.ts":   "import {name} from './lib'; export const f = (): string => name",
			"lib.ts": "export const name: string = 'lib'",
		})
	f("lib",
		files{
			"p.ts":   "import {name} from './lib.js'; export const f = (): string => name",
			"lib.ts": "export const name: string = 'lib'",
		})
	f("mts", files{"p.mts": "export const f = (): string => 'mts' satisfies string"})
	f("ts", files{
		"p.js": "exports.f = require('./t').f",
		"t.ts": "export const f = (): string => 'ts'",
	})
	f("paths", files{
		"p.ts": "import {v} from '@lib/v'; export const f = () => v", "src/v.ts": "export const v = 'paths'",
		"tsconfig.json": `{"compilerOptions": {"paths": {"@lib/*": ["./src/*"]}}} // a comment`,
	})
	f("fs path",
		files{"p.js": "const fs = require('node:fs'), p = require('path'); exports.f = () => fs.name + ' ' + p.name"})
	f("fs", files{"p.mjs": "import {name} from 'node:fs'; export const f = () => name"})
	f("fs", files{"p.mjs": "import * as all from 'fs'; export const f = () => all.name"})
	f("fs", files{"p.mjs": "import all from 'fs'; export const f = () => all.name"})
	f("sub",
		files{
			"p.js":     "#!/usr/bin/env node\nexports.f = () => require('./sub/x')",
			"sub/x.js": "module.exports = __dirname.split('/').pop()",
		})
	f("p.mjs", files{"p.mjs": "const __filename = import.meta.url.split('/').pop(); export const f = () => __filename"})
	f("undefined",
		files{"p.js": "'use strict';\nvoid __dirname; exports.f = () => typeof (function () { return this })()"})
}

func TestWhatTheEngineLacksIsRewritten(t *testing.T) {
	f := func(want, source string) { t.Helper(); check(t, map[string]string{"p.js": source}, want) }
	f("1,2",
		"async function* g() { yield 1; yield 2 }; exports.f = async () => { const all = []; for await (const x of g()) all.push(x); return all.join() }")
	f("7", "const o = {async *g() { yield 7 }}; exports.f = async () => { for await (const x of o.g()) return x }")
	f("3", "class A { accessor x = 3 }; exports.f = () => new A().x")
	f("ended",
		"let s = ''; exports.f = () => { { using r = {[Symbol.dispose || Symbol.for('Symbol.dispose')]() { s = 'ended' }} } return s }")
	f("5",
		"class A { static #p = 4; #q = 1; static { this.r = 1 } s() { return A.#p + this.#q * A.r } }; exports.f = () => new A().s()")
	f("1000", "exports.f = () => { let a = null; a ??= 1_000; return a?.valueOf?.() }")
}

func TestPackagesAreFoundAsNodeFindsThem(t *testing.T) {
	type files = map[string]string
	f := func(want string, files files) { t.Helper(); check(t, files, want) }
	const use = "const x = require('pkg'); exports.f = () => x.v || x.default"
	f("main",
		files{
			"p.js":                          use,
			"node_modules/pkg/package.json": `{"main": "lib/m"}`,
			"node_modules/pkg/lib/m.js":     "exports.v = 'main'",
		})
	f("index", files{
		"p.js":                      use,
		"node_modules/pkg/index.js": "exports.v = 'index'",
	})
	conditions := `{"exports": {"browser": "./b.js",
		"node": {"import": "./i.mjs", "require": "./r.cjs"}, "default": "./d.js"}}`
	rest := files{
		"node_modules/pkg/package.json": conditions, "node_modules/pkg/i.mjs": "export const v = 'import'",
		"node_modules/pkg/r.cjs": "exports.v = 'require'", "node_modules/pkg/b.js": "exports.v = 'browser'",
	}
	with := func(name, text string) files {
		all := files{name: text}
		maps.Copy(all, rest)
		return all
	}
	f("require", with("p.js", use))
	f("import", with("p.mjs", "import {v} from 'pkg'; export const f = () => v"))
	f("module",
		files{"p.js": use, "node_modules/pkg/package.json": `{"type": "module",
			"module": "m.js"}`, "node_modules/pkg/m.js": "export const v = 'module'"})
	f("scope",
		files{
			"p.js":                     "exports.f = require('@a/b/sub').f",
			"node_modules/@a/b/sub.js": "exports.f = () => 'scope'",
		})
	f("hash", files{
		"p.js": use, "node_modules/pkg/package.json": `{"main": "m.js", "imports": {"#x": "./x.js"}}`,
		"node_modules/pkg/m.js": "exports.v = require('#x')", "node_modules/pkg/x.js": "module.exports = 'hash'",
	})
	f("inner", files{
		"p.js": use, "node_modules/pkg/index.js": "exports.v = require('dep')",
		"node_modules/dep/index.js":                  "module.exports = 'outer'",
		"node_modules/pkg/node_modules/dep/index.js": "module.exports = 'inner'",
	})
	f("userland",
		files{
			"p.js":                     "exports.f = require('fs/').f",
			"node_modules/fs/index.js": "exports.f = () => 'userland'",
		})
	f("without", files{"p.js": "let x; try { x = require('missing') } catch { x = 'without' } exports.f = () => x"})
	f("without", files{"p.js": "let x; try { x = require('net') } catch { x = 'without' } exports.f = () => x"})
	f("native",
		files{
			"p.js":   "let x; try { x = require('./a.node') } catch { x = 'native' } exports.f = () => x",
			"a.node": "\x7fELF",
		})
}

func TestPackagesAreFoundAboveTheProcessor(t *testing.T) {
	options := folder(t, map[string]string{
		"a/b/p.js": "exports.f = require('up').f", "node_modules/up/index.js": "exports.f = () => 'above'",
	})
	b, problems := bundle.Build("a/b/p.js", options)
	if problems != nil {
		t.Fatal(problems)
	}
	if got, err := run(b); got != "above" {
		t.Errorf("%q, %v", got, err)
	}
	t.Chdir("a")
	if _, problems = bundle.Build("b/p.js", options); problems != nil {
		t.Errorf("from another working directory: %v", problems)
	}
}

// FuzzBuild holds that a file of any text becomes a script or problems, and that a script has the syntax of the engine.
func FuzzBuild(f *testing.F) {
	for _, text := range []string{
		"exports.f = 1",
		"export async", "export default async", "import('./p.js')", "`${", "a?.b ??= 1n ** 2n", "using x = 1",
		"for await (const x of y) {}",
		"class A { static { await } }", "/(?<a>.)\\k<a>/v", "<!--", "#!x", "import.meta.url", "\xff\x00",
		"async function* g() { yield* h() }",
		"@d class X { accessor y }", "label: { break label }", "with (a) { b }", "0777",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		b, problems := bundle.Build("p.js", memory(map[string]string{"p.js": text}))
		if (b == nil) == (problems == nil) {
			t.Fatalf("%v and %v", b, problems)
		}
		for _, p := range problems {
			if p.File != "p.js" || p.Line < 0 || p.Col < 0 || p.Msg == "" {
				t.Errorf("%+v", p)
			}
		}
	})
}
