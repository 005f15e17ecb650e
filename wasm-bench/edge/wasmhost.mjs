// The engines "wasm" and "wasm-simd": they lay out the module's memory, copy the image in, call, and copy the result out.
// All of that belongs to the time of an operation.

import { BLUR_WEIGHTS, halfTable } from './kernel.mjs';

const FIRST = 64 * 1024; // below lies the module's own memory
const PAGE = 64 * 1024;

/** What the modules work with beside the image and the result: a row that is made ready, and a ring of twelve rows. */
const scratch = (w) => 104 * w + 80; // bytes

// A line of 14 pixels has one output of each kind: the first three, one between, the last three.
const HALF_WEIGHTS = halfTable(14).weights;

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
    const { img, tmp, out, blur, half } = this.#at;
    this.#pixels.set(input, img);
    if (op !== 'resize') this.#exports.blur(img, tmp, w, h, blur);
    if (op === 'blur') return this.#pixels.slice(img, img + w * h * 4);
    this.#exports.resize(img, tmp, out, w, h, half);
    return this.#pixels.slice(out, out + w * h);
  }

  /** Gives everything its place, each 64-byte aligned, grows the memory to hold it and writes the weights. */
  #layOut(w, h) {
    let next = FIRST;
    const place = (bytes) => {
      const at = next;
      next = (next + bytes + 64 + 63) & ~63;
      return at;
    };
    const size = w * h * 4;
    this.#at = {
      img: place(size), tmp: place(scratch(w)), out: place(size / 4),
      blur: place(BLUR_WEIGHTS.length * 2), half: place(HALF_WEIGHTS.byteLength),
    };
    const memory = this.#exports.memory;
    const missing = next - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
    // Growing detaches the buffer of before: the views are made after it.
    this.#pixels = new Uint8ClampedArray(memory.buffer);
    new Int16Array(memory.buffer, this.#at.blur).set(BLUR_WEIGHTS);
    new Int16Array(memory.buffer, this.#at.half).set(HALF_WEIGHTS);
    this.#shape = { w, h };
  }
}
