// The engines "wasm" and "wasm-simd": they lay out the module's memory, copy the image in, call, and copy the result out.
// All of that belongs to the time of an operation.

import { BLUR_WEIGHTS, TAPS, halfTable } from './kernel.mjs';

const FIRST = 64 * 1024; // below lies the module's own memory
const PAGE = 64 * 1024;

export class WASMEngine {
  #exports;
  #shape = { w: 0, h: 0 };
  #at = {};
  #pixels = new Uint8ClampedArray(0);

  /** module: a compiled WebAssembly.Module of wasm/kernel.ts. */
  constructor(module) {
    this.#exports = new WebAssembly.Instance(module).exports;
  }

  /** Answers the pixels after the operation; input is not changed, and the answer is the caller's. */
  run(input, w, h, op) {
    if (this.#shape.w !== w || this.#shape.h !== h) this.#layOut(w, h);
    const { img, tmp, out, k, sx, wx, sy, wy } = this.#at;
    this.#pixels.set(input, img);
    if (op !== 'resize') this.#exports.blur(img, tmp, w, h, k);
    if (op === 'blur') return this.#pixels.slice(img, img + w * h * 4);
    this.#exports.resize(img, tmp, out, w, h, w / 2, h / 2, sx, wx, TAPS, sy, wy, TAPS);
    return this.#pixels.slice(out, out + w * h);
  }

  /** Gives everything its place, each 64-byte aligned, grows the memory to hold it and writes the tables. */
  #layOut(w, h) {
    const x = halfTable(w), y = halfTable(h);
    let next = FIRST;
    const place = (bytes) => {
      const at = next;
      next = (next + bytes + 64 + 63) & ~63;
      return at;
    };
    const size = w * h * 4;
    this.#at = {
      img: place(size), tmp: place(size), out: place(size / 4), k: place(BLUR_WEIGHTS.length * 2),
      sx: place(x.starts.byteLength), wx: place(x.weights.byteLength),
      sy: place(y.starts.byteLength), wy: place(y.weights.byteLength),
    };
    const memory = this.#exports.memory;
    const missing = next - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
    // Growing detaches the buffer of before: the views are made after it.
    this.#pixels = new Uint8ClampedArray(memory.buffer);
    new Int16Array(memory.buffer, this.#at.k).set(BLUR_WEIGHTS);
    new Int32Array(memory.buffer, this.#at.sx).set(x.starts);
    new Int16Array(memory.buffer, this.#at.wx).set(x.weights);
    new Int32Array(memory.buffer, this.#at.sy).set(y.starts);
    new Int16Array(memory.buffer, this.#at.wy).set(y.weights);
    this.#shape = { w, h };
  }
}
