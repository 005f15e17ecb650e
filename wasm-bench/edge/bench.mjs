// What loadgen bench asks of an engine outside of the edge function: GET /process and /health as SPEC.md has them, without
// telemetry. Hosts are edge/go.mjs (workerd) and edge/serve.mjs (Node, Deno, Bun).

import { SIZES, hash, testImage } from './kernel.mjs';

/** A handler of requests. make: {name: () => engine}; an engine is made at its first use and kept, as the last image is. */
export function handler(make) {
  const engines = new Map();
  let last = {};

  return (address) => {
    const { pathname, searchParams } = new URL(address, 'http://localhost');
    if (pathname === '/health') return { status: 200, headers: {}, body: 'ok' };
    const { engine = 'js', size = 'small', op = 'both', reps = '1', hash: hashed = '0' } = Object.fromEntries(searchParams);
    const wrong = pathname !== '/process' || !(engine in make) || !(size in SIZES) || !['both', 'none'].includes(op) || !(reps >= 1 && reps <= 50);
    if (wrong) return { status: 400, headers: {}, body: `want /process with an engine of ${Object.keys(make)}, a size of ${Object.keys(SIZES)}` };
    const { w, h } = SIZES[size];
    if (last.size !== size) last = { size, pixels: testImage(w, h) };
    if (!engines.has(engine)) engines.set(engine, make[engine]());
    let output = last.pixels;
    for (let i = 0; i < Number(reps) && op !== 'none'; i++) output = engines.get(engine).run(last.pixels, w, h, op);
    const headers = { 'content-type': 'application/json', 'x-engine': op === 'none' ? 'none' : engine };
    if (hashed === '1') headers['x-output-hash'] = hash(output);
    return { status: 200, headers, body: JSON.stringify({ engine, op, size, reps: Number(reps), bytes: output.length }) };
  };
}
