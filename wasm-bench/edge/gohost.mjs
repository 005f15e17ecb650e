// The engine "go-wasm": Go's kernels compiled by Go to WebAssembly (internal/wasmkernel/gowasm). Copying in and out belongs to
// the time of an operation, as it does of the other modules.

const EBADF = 8; // WASI's "bad file descriptor": there are no files, nor any folder to find them in

export class GoEngine {
  #exports;

  /** module: a compiled WebAssembly.Module of kernel-go.wasm. */
  constructor(module) {
    const wasi = system(() => this.#exports.memory.buffer);
    const imports = {};
    for (const { module: from, name } of WebAssembly.Module.imports(module)) {
      (imports[from] ??= {})[name] = wasi[name] ?? (() => EBADF);
    }
    this.#exports = new WebAssembly.Instance(module, imports).exports;
    this.#exports._initialize();
  }

  /** Answers the pixels after both operations; input is not changed, and the answer is the caller's. */
  run(input, w, h) {
    const { memory } = this.#exports;
    const at = this.#exports.input(w, h) >>> 0;
    new Uint8ClampedArray(memory.buffer, at, input.length).set(input);
    const out = this.#exports.process() >>> 0;
    return new Uint8ClampedArray(memory.buffer).slice(out, out + w * h); // a new view: memory may have grown meanwhile
  }
}

/** What Go's runtime needs of the system: no files, no arguments, a clock and randomness. */
function system(buffer) {
  const view = () => new DataView(buffer());
  const none = (count, size) => {
    view().setUint32(count, 0, true);
    view().setUint32(size, 0, true);
    return 0;
  };
  return {
    args_sizes_get: none,
    environ_sizes_get: none,
    args_get: () => 0,
    environ_get: () => 0,
    sched_yield: () => 0,
    poll_oneoff: (_in, _out, count, events) => { // how the runtime sleeps: here it does not
      view().setUint32(events, count, true);
      return 0;
    },
    random_get: (at, n) => {
      crypto.getRandomValues(new Uint8Array(buffer(), at, n));
      return 0;
    },
    clock_time_get: (_id, _precision, at) => {
      view().setBigUint64(at, BigInt(Date.now()) * 1_000_000n, true);
      return 0;
    },
    proc_exit: (code) => {
      throw new Error(`Go's runtime ended with code ${code}`);
    },
    fd_write: (_fd, vectors, count, written) => {
      let total = 0;
      let text = '';
      for (let i = 0; i < count; i++) {
        const at = view().getUint32(vectors + 8 * i, true);
        const n = view().getUint32(vectors + 8 * i + 4, true);
        text += new TextDecoder().decode(new Uint8Array(buffer(), at, n).slice());
        total += n;
      }
      console.error(text);
      view().setUint32(written, total, true);
      return 0;
    },
  };
}
