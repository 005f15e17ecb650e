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
