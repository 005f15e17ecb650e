package bundle_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"edgescope/scenarios/bundle"
)

func TestTypeScriptLosesItsTypes(t *testing.T) {
	f := func(want, source string) {
		t.Helper()
		check(t, map[string]string{"p.ts": source}, want)
	}
	f("2", "const enum E { A = 2 } export const f = (): number => E.A")
	f("B", "enum E { A, B } export const f = () => E[1]")
	f("3", "class P { constructor(private readonly n: number) {} get(): number { return this.n } }\n"+
		"export const f = () => new P(3).get()")
	f("x", "export function f(): string { const o = { a: 'x' } satisfies Record<string, string>; return o!.a as string }")
	f("1", "namespace N { export const one = 1 } export const f = () => N.one")
	f("a", "function f(): string; function f(n: number): string; function f(n?: number) { return 'a' } export { f }")
	f("4", "abstract class A { abstract n(): number } class B extends A { n() { return 4 } } export const f = () => new B().n()")
	f("y", "import type { Context } from 'artillery'; import { type Events } from 'artillery';\n"+
		"export const f = (c?: Context, e?: Events): string => 'y'")
	f("5", "module.exports = { f: (): number => 5 }")
	f("6", "export = { f: <T,>(x: T = 6 as T): T => x }")
	f("fs", "import fs = require('fs'); export const f = () => (fs as any).name")
	f("seen", "let s = ''; function d(target: any, context: any) { s = 'seen' } @d class A {} export const f = () => s")
}

func TestSettingsOfTypeScriptCount(t *testing.T) {
	type files = map[string]string
	f := func(want string, files files) { t.Helper(); check(t, files, want) }
	f("old", files{
		"p.ts":          "let s = ''; function d(target: any, name: string) { s = name } class A { @d old() {} } export const f = () => s",
		"tsconfig.json": `{"compilerOptions": {"experimentalDecorators": true}}`,
	})
	f("base", files{
		"p.ts":          "import {v} from 'lib/v'; export const f = () => v",
		"src/lib/v.ts":  "export const v = 'base'",
		"tsconfig.json": `{"extends": "./base.json"}`,
		"base.json":     `{"compilerOptions": {"baseUrl": "src"}}`,
	})
	f("b", files{
		"p.tsx":         "const h = (tag: string) => tag; export const f = () => <b/>",
		"p.ts":          "export { f } from './p.tsx'",
		"tsconfig.json": `{"compilerOptions": {"jsx": "react", "jsxFactory": "h"}}`,
	})
}

func TestPackagesSayWhatTheyExport(t *testing.T) {
	type files = map[string]string
	f := func(want, use, manifest string, more files) {
		t.Helper()
		all := files{"p.js": use, "node_modules/pkg/package.json": manifest}
		for name, text := range more {
			all["node_modules/pkg/"+name] = text
		}
		check(t, all, want)
	}
	const plain = "exports.f = () => require('pkg')"
	f("one", plain, `{"exports": "./one.js"}`, files{"one.js": "module.exports = 'one'"})
	f("two", plain, `{"exports": {".": ["./two.js"]}}`, files{"two.js": "module.exports = 'two'"})
	f("any", "exports.f = () => require('pkg/deep/any')", `{"exports": {"./deep/*": "./lib/*.js"}}`,
		files{"lib/any.js": "module.exports = 'any'"})
	f("self", plain, `{"name": "pkg", "exports": {".": "./a.js", "./b": "./b.js"}}`,
		files{"a.js": "module.exports = require('pkg/b')", "b.js": "module.exports = 'self'"})
	f("node", plain, `{"exports": {"worker": "./w.js", "node": "./n.js", "default": "./d.js"}}`,
		files{"n.js": "module.exports = 'node'", "d.js": "module.exports = 'default'"})
	f("dir", plain, `{"main": "lib"}`, files{"lib/index.js": "module.exports = 'dir'"})
	f("json", plain, `{"main": "data.json"}`, files{"data.json": `"json"`})
	f("cjs", plain, `{"type": "module", "main": "a.cjs"}`, files{"a.cjs": "module.exports = 'cjs'"})

	_, problems := bundle.Build("p.js", folder(t, files{
		"p.js": "require('pkg/hidden')", "node_modules/pkg/hidden.js": "",
		"node_modules/pkg/package.json": `{"exports": {".": "./index.js"}}`,
	}))
	want := `p.js:1:9: pkg/hidden cannot be found: The path "./hidden" is not exported by package "pkg"`
	if got := told(problems); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestModulesOfBothKindsMeet(t *testing.T) {
	type files = map[string]string
	f := func(want string, files files) { t.Helper(); check(t, files, want) }
	f("a,b", files{
		"p.mjs": "import all, { a } from './c.cjs'; export const f = () => [a, all.b].join()",
		"c.cjs": "exports.a = 'a'; exports.b = 'b'",
	})
	f("named", files{
		"p.js":  "const { default: d, named } = require('./m.mjs'); exports.f = () => d === 1 && named",
		"m.mjs": "export default 1; export const named = 'named'",
	})
	f("live 1", files{
		"p.mjs": "import { n, up } from './m.mjs'; export const f = () => { up(); return 'live ' + n }",
		"m.mjs": "export let n = 0; export const up = () => { n++ }",
	})
	f("ab", files{
		"p.mjs": "export * from './a.mjs'; export * as b from './b.mjs'; import * as me from './p.mjs';\n" +
			"export const f = () => me.a + me.b.b",
		"a.mjs": "export const a = 'a'", "b.mjs": "export const b = 'b'",
	})
	f("once", files{
		"p.js": "require('./a'); require('./a.js'); exports.f = () => globalThis.answer.n",
		"a.js": "globalThis.answer.n = globalThis.answer.n ? 'twice' : 'once'",
	})
}

func TestTooMuchIsRefused(t *testing.T) {
	options := folder(t, map[string]string{"p.js": "require('./a'); require('./b')"})
	for _, name := range []string{"a.js", "b.js"} {
		text := "/*" + strings.Repeat(" ", 33<<20) + "*/"
		if err := os.WriteFile(filepath.Join(".", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, problems := bundle.Build("p.js", options)
	if got := told(problems); !strings.Contains(got, "have at most 64 MiB") {
		t.Error(got)
	}
}
