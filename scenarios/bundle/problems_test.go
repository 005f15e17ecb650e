package bundle_test

import (
	"fmt"
	"strings"
	"testing"

	"edgescope/scenarios/bundle"
)

// told are the problems of a processor, one a line.
func told(problems []bundle.Problem) string {
	var lines []string
	for _, p := range problems {
		lines = append(lines, fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Col, p.Msg))
	}
	return strings.Join(lines, "\n")
}

func TestProblemsAreToldAtTheUsersFile(t *testing.T) {
	type files = map[string]string
	f := func(want string, files files) {
		t.Helper()
		entry := "p.js"
		if _, ok := files["p.ts"]; ok {
			entry = "p.ts"
		}
		_, problems := bundle.Build(entry, folder(t, files))
		if got := told(problems); got != want {
			t.Errorf("got  %s\nwant %s\nof %v", got, want, files)
		}
	}
	f("p.js:0:0: the processor cannot be read: no such file or directory", files{})
	f(`p.js:2:3: not valid JavaScript: Expected ")" but found ";"`, files{"p.js": "f(\n1 ;"})
	f(`lib.js:1:7: not valid JavaScript: Expected identifier but found "="`,
		files{"p.js": "require('./lib')", "lib.js": "const = 1"})
	f(`lib.js:1:7: not valid JavaScript: Expected identifier but found "="`,
		files{"p.js": "require('./lib')", "lib.js": "const = __dirname"})
	f(`p.js:1:6: not valid JavaScript: Unexpected "="`, files{"p.js": "'é';(= 1)"})
	f(`p.ts:1:7: not valid TypeScript: Expected identifier but found "="`, files{"p.ts": "const = 1"})
	f(`d.json:2:1: not valid JSON: Expected string in JSON but found end of file`,
		files{"p.js": "require('./d.json')", "d.json": "{\n"})
	f("p.js:1:9: ./no cannot be read: no such file", files{"p.js": "require('./no')"})
	f("p.js:2:11: package no-such is not installed: no node_modules at or above the processor's folder has it",
		files{"p.js": "\n require( 'no-such' )"})
	f("p.js:1:15: package no-such is not installed: no node_modules at or above the processor's folder has it",
		files{"p.js": "import x from 'no-such'; x()"})
	f("p.js:1:20: package no-such is not installed: no node_modules at or above the processor's folder has it, which "+
		"lib needs (p.js → lib → no-such)",
		files{
			"p.js":                      "/* 'lib' */ import 'lib'",
			"node_modules/lib/index.js": "require('no-such')",
		})
	f(`p.js:1:9: not valid JavaScript: Expected identifier but found "=" (node_modules/lib/index.js:1:7)`,
		files{
			"p.js":                      "require('lib')",
			"node_modules/lib/index.js": "const = 1",
		})
	f("p.js:1:1: require takes one text, so that what is required is known before the run",
		files{"p.js": "require(name)"})
	f("p.js:1:1: import() takes one text, so that what is imported is known before the run",
		files{"p.js": "import(name)"})
	f("p.js:1:1: await at the top of a processor is not supported", files{"p.js": "await 1; export const f = 1"})
	f(`p.js:1:19: a processor has no network access ("fetch"): requests belong into the flow`,
		files{"p.js": "exports.f = () => fetch('http://x')"})
	f(`p.js:1:5: a processor has no network access ("WebSocket"): requests belong into the flow`,
		files{"p.js": "new WebSocket('ws://x')"})
	f("", files{"p.js": "function fetch() {} fetch(); exports.f = typeof WebSocket"})
	f("", files{
		"p.js":                      "require('lib')",
		"node_modules/lib/index.js": "exports.f = () => fetch('x')",
	})
	f("a.js:1:7: not valid JavaScript: Expected identifier but found \"=\"\nb.js:1:9: ./no cannot be read: no such file", files{
		"p.js": "require('./a'); require('./b')", "a.js": "const = 1", "b.js": "require('./no')",
	})
}

func TestWhatNodeHasAndLoadgenLacksIsNamed(t *testing.T) {
	type files = map[string]string
	f := func(want string, files files) {
		t.Helper()
		b, problems := bundle.Build("p.js", folder(t, files))
		if problems != nil {
			t.Errorf("%s\nof %v", told(problems), files)
			return
		}
		var lines []string
		for _, a := range b.Absent {
			lines = append(lines, fmt.Sprintf("%s %s:%d:%d: %s", a.Name, a.At.File, a.At.Line, a.At.Col, a.Message))
		}
		if got := strings.Join(lines, "\n"); got != want {
			t.Errorf("got  %s\nwant %s\nof %v", got, want, files)
		}
	}
	f("net p.js:1:9: node's net is not available in loadgen", files{"p.js": "require('net')"})
	f("net p.js:1:9: node's net is not available in loadgen", files{"p.js": "require('node:net')"})
	f("http p.js:2:20: lib needs node's http, which loadgen does not have (p.js → lib → http)", files{
		"p.js": "\nconst l = require( 'lib')", "node_modules/lib/index.js": "require('http')",
	})
	f("tls p.js:1:9: deep needs node's tls, which loadgen does not have (p.js → lib → deep → tls)", files{
		"p.js":                      "require('lib')",
		"node_modules/lib/index.js": "require('./x')", "node_modules/lib/x.js": "require('deep')",
		"node_modules/deep/index.js": "exports.f = () => require('tls')",
	})
	f("", files{"p.js": "try { require('net') } catch {}"})
	f("", files{
		"p.js":                      "require('lib')",
		"node_modules/lib/index.js": "try { require('net') } catch {}",
	})
}

func TestPlacesLeadBackToFiles(t *testing.T) {
	b, problems := bundle.Build("p.ts", folder(t, map[string]string{
		"p.ts":     "import {g} from './lib';\ninterface A { x: number }\nexport const f = (a: A) => {\n  return g(a.x);\n};\n",
		"lib.ts":   "const here: string = __dirname;\n\nexport function g(n: number): string {\n  throw new Error(here + n);\n}\n",
		"other.ts": "",
	}))
	if problems != nil {
		t.Fatal(problems)
	}
	find := func(text, want string) {
		t.Helper()
		for i, line := range strings.Split(b.Code, "\n") {
			if at := strings.Index(line, text); at >= 0 {
				place, ok := b.Position(i+1, at+1)
				if got := fmt.Sprintf("%s:%d:%d %t", place.File, place.Line, place.Col, ok); got != want {
					t.Errorf("%s is at %s, want %s", text, got, want)
				}
				return
			}
		}
		t.Errorf("no %s in %s", text, b.Code)
	}
	find("new Error", "lib.ts:4:9 true")
	find("g(a.x)", "p.ts:4:10 true")
	if place, ok := b.Position(1, 1); ok {
		t.Errorf("what esbuild adds is at %v", place)
	}
}
