// The whole worker of a new isolate that GET /cold starts. With a module k.wasm beside it, starting it includes compiling
// and instantiating that. It tells when it began to serve, so that the caller can tell how long the start took.

import './start.mjs'; // what GET /cold adds to the start: nothing, or the kernel's compilation

let served = false;
let isolate;

export default {
  async fetch() {
    const now = Date.now();
    const cold = !served;
    served = true;
    isolate ??= crypto.randomUUID(); // random values are not allowed before the first request
    return Response.json({ cold, isolate, began: now });
  },
};
