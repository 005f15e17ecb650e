package worker

import (
	"io/fs"
	"strings"
	"testing"

	"edgescope/scenarios/bundle"
	"edgescope/scenarios/processor"
)

// FuzzSource: whatever a processor holds, as it is and bundled, it is loaded or there is a problem that says why, and
// nothing panics.
func FuzzSource(f *testing.F) {
	for _, seed := range []string{
		"exports.f = () => {}", "export const f = async () => { await 1 }", "import a from './a.js'; export default a",
		"require('crypto')", "export async", "export async function", "export async f", "export async () => {}",
		"module.exports = {f: function (context, events, done) { return done(); }}", "class A { #p = 1; static { fetch() } }",
		"`${process.env.X}`", "(", "export", "#!/bin/sh", "label: if (1) break label", "new (require('x'))()",
		"process?.exit?.()", "module.exports = new Proxy({}, { ownKeys() { throw 1 } })", "throw { get message() { throw 1 } }",
		"exports.then = null; exports.default = exports", "Object.defineProperty(exports, 'f', { get() { throw 1 }, enumerable: true })",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, src string) {
		if strings.Contains(src, "while") || strings.Contains(src, "for") || strings.Contains(src, "repeat") ||
			strings.Contains(src, "**") || len(src) > 500 {
			t.Skip("may run for long, as any JavaScript may")
		}
		scripts := []string{src}
		b, problems := bundle.Build("p.js", bundle.Options{
			Has: func(string) bool { return true },
			ReadFile: func(name string) ([]byte, error) {
				if name == "p.js" {
					return []byte(src), nil
				}
				return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
			},
		})
		if (b == nil) != (len(problems) > 0) {
			t.Errorf("bundle %v, problems %v", b, problems)
		}
		if b != nil {
			scripts = append(scripts, b.Code)
		}
		for _, script := range scripts {
			r := newRealm(&processor.Hello{Source: processor.Source{Path: "p.js", Script: script}}, newWatch(func(why string) {
				panic(why)
			}))
			if names, problem := r.load(); problem != nil && (problem.Msg == "" || len(names) > 0) {
				t.Errorf("problem %+v, names %v", problem, names)
			}
		}
	})
}
