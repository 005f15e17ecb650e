// Package scenarios reads Artillery 2 scripts into a [plan.Plan]: read, check, compile.
//
// [Load] lists every problem of a script at once, each with file, line and column. What it returns is fully compiled:
// templates, JSONPath, regular expressions and conditions are parsed, payload files are read. The languages inside a
// script are packages below this one; walking a plan (schedules, connections, virtual users) is the business of package
// load.
//
// The scripts that edgescope ships are in [Files].
package scenarios

import (
	"embed"
	"path/filepath"
	"slices"

	"edgescope/scenarios/files"
)

// Files holds the scripts that edgescope ships:
//
//   - guide.yml: the load test of an edge guide, with an environment "demo"
//   - cache-hit.yml: miss, hit and stale of a cached answer
//   - cold-start.yml: new isolates after idle gaps
//   - wasm-vs-js.yml: image kernels in JavaScript and WebAssembly
//
//go:embed *.yml
var Files embed.FS

// allowed are the files that the script may name: below its folder and that of --config, and what the user names.
func (o *Options) allowed() *files.Allowed {
	var folders, named []string
	for _, file := range append(slices.Clip(o.Files), o.ConfigFile) {
		if file != "" {
			folders = append(folders, filepath.Dir(file))
		}
	}
	if o.PayloadPath != "" {
		named = append(named, o.PayloadPath)
	}
	return files.Below(append(folders, o.AllowFiles...), named)
}

// readAllowed reads a file that the script names.
func (c *compiler) readAllowed(name string) ([]byte, error) {
	if err := c.allowed.Check(name); err != nil {
		return nil, err
	}
	return c.readAny(name)
}

// readModule reads a file of the processor.
func (c *compiler) readModule(entry string) func(string) ([]byte, error) {
	modules := c.allowed.Modules(entry)
	return func(name string) ([]byte, error) {
		if err := modules.Check(name); err != nil {
			return nil, err
		}
		return c.readAny(name)
	}
}
