package bundle_test

import (
	"fmt"
	"strings"
	"testing"

	"edgescope/scenarios/bundle"
)

// spotOf is the place of a text in the code of a bundle.
func spotOf(t *testing.T, b *bundle.Bundle, text string) [2]int {
	t.Helper()
	for i, line := range strings.Split(b.Code, "\n") {
		if at := strings.Index(line, text); at >= 0 {
			return [2]int{i + 1, at + 1}
		}
	}
	t.Fatalf("no %s in %s", text, b.Code)
	return [2]int{}
}

func TestErrorsOfTheRunAreToldAtTheUsersFile(t *testing.T) {
	b, problems := bundle.Build("p.mjs", folder(t, map[string]string{
		"p.mjs":                      "import { f } from 'lib';\nimport { g } from './own.ts';\nexport const go = () => f(g(1));\n",
		"own.ts":                     "export function g(n: number) {\n  return own(n);\n}\n",
		"node_modules/lib/index.mjs": "import 'net';\n\nexport function f() {\n  throw new Error('inside');\n}\n",
	}))
	if problems != nil {
		t.Fatal(problems)
	}
	f := func(want string, texts ...string) {
		t.Helper()
		var spots [][2]int
		for _, text := range texts {
			spots = append(spots, spotOf(t, b, text))
		}
		if got := told([]bundle.Problem{b.Tell("said", spots)}); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	const net = "lib needs node's net, which loadgen does not have (p.mjs → lib → net): what uses it fails"
	f("own.ts:2:10: said", "own(n)", "f(g(1))")
	f("p.mjs:3:25: said, in node_modules/lib/index.mjs:4:9; "+net, "new Error(", "f(g(1))")
	f("p.mjs:1:19: said, in node_modules/lib/index.mjs:4:9; "+net, "new Error(")
	f("p.mjs:0:0: said")
	if got := b.Tell("x needs node's net", [][2]int{spotOf(t, b, "new Error(")}); strings.Contains(got.Msg, "which") {
		t.Errorf("told twice: %s", got.Msg)
	}
}

func TestWarningsAreOneForEachImport(t *testing.T) {
	b, problems := bundle.Build("p.js", folder(t, map[string]string{
		"p.js":                       "require('a');\nrequire('b');\nrequire('tls');\n",
		"node_modules/a/index.js":    "require('net'); require('deep'); require('http');",
		"node_modules/deep/index.js": "require('net'); require('tls');",
		"node_modules/b/index.js":    "exports.x = () => require('dns');",
	}))
	if problems != nil {
		t.Fatal(problems)
	}
	want := strings.Join([]string{
		"p.js:1:9: a needs node's http, which loadgen does not have (p.js → a → http), nor net, tls: what uses it fails",
		"p.js:2:9: b needs node's dns, which loadgen does not have (p.js → b → dns): what uses it fails",
		"p.js:3:9: node's tls is not available in loadgen: what uses it fails",
	}, "\n")
	if got := told(b.Warnings()); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestWhatIsLeftOutIsNotMissed(t *testing.T) {
	b, problems := bundle.Build("p.mjs", folder(t, map[string]string{
		"p.mjs":                         "import { used } from 'lib'; export const f = used;",
		"node_modules/lib/package.json": `{"sideEffects": false, "type": "module", "main": "index.js"}`,
		"node_modules/lib/index.js":     "export { used } from './used.js'; export { other } from './other.js';",
		"node_modules/lib/used.js":      "export const used = () => 'used';",
		"node_modules/lib/other.js":     "import net from 'net'; export const other = () => net.connect();",
	}))
	if problems != nil || len(b.Absent) > 0 {
		t.Fatal(problems, b)
	}
	if got, err := run(b); got != "used" || err != nil {
		t.Error(got, err)
	}
}

func TestSourcesAndFolders(t *testing.T) {
	b, problems := bundle.Build("sub/p.js", folder(t, map[string]string{
		"sub/p.js":                  "require('lib'); require('../x.json'); require('fs'); require('node:path'); require('fs')",
		"x.json":                    "{}",
		"node_modules/lib/index.js": "require('inner')", "node_modules/lib/node_modules/inner/index.js": "",
	}))
	if problems != nil {
		t.Fatal(problems)
	}
	var files []string
	for _, s := range b.Sources {
		files = append(files, s.File)
	}
	if got, want := strings.Join(files, " "), "node_modules/lib/index.js node_modules/lib/node_modules/inner/index.js "+
		"sub/p.js x.json"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := fmt.Sprint(b.Builtins); got != "[fs path]" {
		t.Error(got)
	}
	if len(b.Folders) != 1 || !strings.HasSuffix(b.Folders[0], "/node_modules") {
		t.Error(b.Folders)
	}
}
