// The engines on Node, Deno or Bun, for loadgen bench --runtime: prints {"event":"listen","port":N} and ends with its input.
// With --version it prints what runs it.

import { createServer } from 'node:http';
import { existsSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { handler } from './bench.mjs';
import { GoEngine } from './gohost.mjs';
import { JSEngine } from './kernel.mjs';
import { SWAREngine } from './swar.mjs';
import { WASMEngine } from './wasmhost.mjs';

const file = (name) => new URL(`../wasm/${name}`, import.meta.url);
const compiled = (name) => new WebAssembly.Module(readFileSync(file(name)));

const engines = {
  js: () => new JSEngine(),
  'js-swar': () => new SWAREngine(),
  wasm: () => new WASMEngine(compiled('kernel-scalar.wasm')),
  'wasm-simd': () => new WASMEngine(compiled('kernel-simd.wasm')),
};
if (existsSync(file('kernel-go.wasm'))) engines['go-wasm'] = () => new GoEngine(compiled('kernel-go.wasm'));

/** The runtime's own version and its engine's: Bun and Deno tell Node's too, for compatibility. */
function describe() {
  const { bun, deno, node, v8, webkit } = process.versions;
  return { version: bun ?? deno ?? node, engine: bun ? `JavaScriptCore ${webkit ?? ''}`.trim() : `V8 ${v8}` };
}

if (process.argv.includes('--version')) {
  console.log(JSON.stringify(describe()));
} else {
  const handle = handler(engines);
  const server = createServer((request, response) => {
    const { status, headers, body } = handle(request.url);
    response.writeHead(status, headers);
    response.end(body);
  });
  server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ event: 'listen', port: server.address().port })));
  process.stdin.resume();
  process.stdin.on('end', () => process.exit(0));
}
