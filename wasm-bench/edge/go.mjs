// The worker of go.capnp: the engine go-wasm alone.

import { handler } from './bench.mjs';
import { GoEngine } from './gohost.mjs';
import module from './go.wasm';

const handle = handler({ 'go-wasm': () => new GoEngine(module) });

export default {
  fetch(request) {
    const { status, headers, body } = handle(request.url);
    return new Response(body, { status, headers });
  },
};
