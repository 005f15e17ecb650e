// Package scenarios reads Artillery 2 scripts into a [plan.Plan]: read, check, compile.
//
// [Load] lists every problem of a script at once, each with file, line and column. What it returns is fully compiled:
// templates, JSONPath, regular expressions and conditions are parsed, payload files are read. The languages inside a
// script are packages below this one; walking a plan (schedules, connections, virtual users) is the business of package
// load.
//
// The scripts that edgescope ships are in [Files].
package scenarios

import "embed"

// Files holds the scripts that edgescope ships:
//
//   - guide.yml: the load test of an edge guide, with an environment "demo"
//   - cache-hit.yml: miss, hit and stale of a cached answer
//   - cold-start.yml: new isolates after idle gaps
//   - wasm-vs-js.yml: image kernels in JavaScript and WebAssembly
//
//go:embed *.yml
var Files embed.FS
