// The engine "js-swar": the fastest JavaScript here that still gives every byte of SPEC.md. SIMD within a register: a double
// holds the sums of two channels, 23 bits apart, so that one multiplication weighs both (its 53 bits hold integers exactly).
//
// Rows travel through all passes one by one, so that what is worked on stays in the processor's cache. A row is "packed" when
// each pixel is two doubles: red + blue * 2^23, and green + alpha * 2^23. A row of "sums" has the weighted sums in their
// place, plus 2^52: then the bits of the double are the bits of the integer, and an Int32Array reads them.

import { BLUR_WEIGHTS, TAPS, halfTable } from './kernel.mjs';

const FIELD = 2 ** 23; // between two channels: sums are below it
const MAGIC = 2 ** 52;
// Half of one for both channels. The halving's sums may be negative, down to -832,798: they get 2^20 more, 64 after the shift.
const ROUND = 8192 + 8192 * FIELD + MAGIC;
const OFFSET = 64;
const ROUND_SIGNED = ROUND + OFFSET * 16384 * (1 + FIELD);

// From the nine bits of a halving's sum above its fraction to the byte, as the lower and as the upper channel of a double.
const LOW = Float64Array.from({ length: 512 }, (_, v) => Math.min(Math.max(v - OFFSET, 0), 255));
const HIGH = LOW.map((v) => v * FIELD);

const RADIUS = 5;
const WINDOW = 2 * RADIUS + 1;

/** The buffers of one image width: pads around a row of the source, sums of a row, and the rows that a column pass looks at. */
class Rows {
  constructor(w) {
    this.padded = new Float64Array((w + 2 * RADIUS) * 2);
    this.sums = new Float64Array(w * 2);
    this.bits = new Int32Array(this.sums.buffer);
    this.blurRing = new Float64Array(w * 2 * WINDOW);
    this.packed = new Float64Array(w * 2);
    this.halfRing = new Float64Array(w * TAPS);
  }
}

export class SWAREngine {
  #shape = { w: 0, h: 0 };
  #rows;
  #x;
  #y;
  #done; // how many rows have left the column passes

  /** Answers the pixels after the operation; input is not changed, and the answer is the caller's. */
  run(input, w, h, op) {
    if (this.#shape.w !== w || this.#shape.h !== h) {
      this.#shape = { w, h };
      this.#rows = new Rows(w);
      this.#x = doubles(halfTable(w));
      this.#y = doubles(halfTable(h));
    }
    const pixels = wordsOf(input, w * h);
    const out = new Uint32Array(op === 'blur' ? w * h : w * h / 4);
    this.#done = { blurred: 0, halved: 0 };
    for (let y = 0; y < h; y++) {
      if (op === 'resize') {
        packRow(pixels, y * w, w, this.#rows.packed, 0);
        this.#halveRow(y, out);
      } else {
        this.#blurRow(pixels, y);
        this.#blurColumns(y, op, out);
      }
    }
    return new Uint8ClampedArray(out.buffer);
  }

  /** Blurs row y along itself, into the ring. */
  #blurRow(pixels, y) {
    const { w } = this.#shape;
    const { padded, sums, bits, blurRing } = this.#rows;
    packRow(pixels, y * w, w, padded, 2 * RADIUS);
    for (let i = 0; i < 2 * RADIUS; i++) {
      padded[i] = padded[2 * RADIUS + (i & 1)];
      padded[2 * (w + RADIUS) + i] = padded[2 * (w + RADIUS) - 2 + (i & 1)];
    }
    sumRow(padded, sums, 2 * w);
    repack(bits, blurRing, (y % WINDOW) * 2 * w, 2 * w);
  }

  /** Blurs along the columns every row that has all its neighbours once row y is there, and hands it on. */
  #blurColumns(y, op, out) {
    const { w, h } = this.#shape;
    const { sums, bits, blurRing, packed } = this.#rows;
    const last = y === h - 1 ? h - 1 : y - RADIUS;
    while (this.#done.blurred <= last) {
      const row = this.#done.blurred++;
      sumColumns(blurRing, sums, row, h, 2 * w);
      if (op === 'blur') {
        writeRow(bits, out, row * w, w);
      } else {
        repack(bits, packed, 0, 2 * w);
        this.#halveRow(row, out);
      }
    }
  }

  /** Halves the packed row y along itself, into the ring, and then along the columns what is complete. */
  #halveRow(y, out) {
    const { w, h } = this.#shape;
    const { packed, sums, bits, halfRing } = this.#rows;
    const { starts, weights } = this.#y;
    halveSums(packed, sums, this.#x);
    repackSigned(bits, halfRing, (y % TAPS) * w, w);
    while (this.#done.halved < h / 2 && starts[this.#done.halved] + TAPS - 1 <= y) {
      const o = this.#done.halved++;
      halveColumns(halfRing, sums, starts[o], w, weights, o * TAPS);
      writeSignedRow(bits, out, o * w / 2, w / 2);
    }
  }
}

/** The table with weights as doubles: the sums multiply without a conversion. */
function doubles({ starts, weights }) {
  return { starts, weights: Float64Array.from(weights) };
}

/** The pixels as 32-bit numbers, red lowest; a copy only if the bytes don't start at a multiple of four. */
function wordsOf(bytes, n) {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Uint32Array(aligned.buffer, aligned.byteOffset, n);
}

function packRow(pixels, from, w, to, at) {
  for (let x = 0; x < w; x++, at += 2) {
    const p = pixels[from + x];
    to[at] = (p & 0xff) | ((p & 0xff0000) << 7);
    to[at + 1] = ((p >>> 8) & 0xff) | ((p >>> 1) & 0x7f800000);
  }
}

/**
 * The blur's sums along a row; padded begins five pixels before it. Eleven pixels of a lane stay in variables: one load a sum
 * instead of eleven, each with its bounds check.
 */
function sumRow(padded, sums, n) {
  const [w0, w1, w2, w3, w4, w5] = BLUR_WEIGHTS;
  for (let lane = 0; lane < 2; lane++) {
    let a = padded[lane], b = padded[lane + 2], c = padded[lane + 4], d = padded[lane + 6], e = padded[lane + 8];
    let f = padded[lane + 10], g = padded[lane + 12], h = padded[lane + 14], j = padded[lane + 16], k = padded[lane + 18];
    for (let i = lane; i < n; i += 2) {
      const l = padded[i + 20];
      sums[i] = ROUND + w0 * f + w1 * (e + g) + w2 * (d + h) + w3 * (c + j) + w4 * (b + k) + w5 * (a + l);
      a = b; b = c; c = d; d = e; e = f; f = g; g = h; h = j; j = k; k = l;
    }
  }
}

/** The blur's sums along the columns, of row y from the ring; beyond the edge the row of the edge counts. */
function sumColumns(ring, sums, y, h, n) {
  const [w0, w1, w2, w3, w4, w5] = BLUR_WEIGHTS;
  const row = (d) => (Math.min(Math.max(y + d, 0), h - 1) % WINDOW) * n;
  const c = row(0), a1 = row(-1), a2 = row(-2), a3 = row(-3), a4 = row(-4), a5 = row(-5);
  const b1 = row(1), b2 = row(2), b3 = row(3), b4 = row(4), b5 = row(5);
  for (let i = 0; i < n; i++) {
    sums[i] = ROUND + w0 * ring[c + i]
      + w1 * (ring[a1 + i] + ring[b1 + i])
      + w2 * (ring[a2 + i] + ring[b2 + i])
      + w3 * (ring[a3 + i] + ring[b3 + i])
      + w4 * (ring[a4 + i] + ring[b4 + i])
      + w5 * (ring[a5 + i] + ring[b5 + i]);
  }
}

/** Makes packed pixels of the blur's sums: their fractions go. */
function repack(bits, to, at, n) {
  for (let i = 0; i < n; i++) {
    to[at + i] = ((bits[2 * i] >>> 14) & 0xff) | ((bits[2 * i + 1] << 18) & 0x7f800000);
  }
}

/** Makes packed pixels of the halving's sums, clamped. */
function repackSigned(bits, to, at, n) {
  for (let i = 0; i < n; i++) {
    to[at + i] = LOW[(bits[2 * i] >>> 14) & 0x1ff] + HIGH[(bits[2 * i + 1] >>> 5) & 0x1ff];
  }
}

function writeRow(bits, out, at, w) {
  for (let x = 0, i = 0; x < w; x++, i += 4) {
    out[at + x] = ((bits[i] >>> 14) & 0xff) | ((bits[i + 2] >>> 6) & 0xff00)
      | ((bits[i + 1] << 11) & 0xff0000) | ((bits[i + 3] << 19) & 0xff000000);
  }
}

function writeSignedRow(bits, out, at, w) {
  for (let x = 0, i = 0; x < w; x++, i += 4) {
    out[at + x] = LOW[(bits[i] >>> 14) & 0x1ff] | (LOW[(bits[i + 2] >>> 14) & 0x1ff] << 8)
      | (LOW[(bits[i + 1] >>> 5) & 0x1ff] << 16) | (LOW[(bits[i + 3] >>> 5) & 0x1ff] << 24);
  }
}

/** The halving's sums along a packed row. */
function halveSums(packed, sums, { starts, weights }) {
  for (let o = 0, k = 0, at = 0; o < starts.length; o++, k += TAPS, at += 2) {
    const k0 = weights[k], k1 = weights[k + 1], k2 = weights[k + 2], k3 = weights[k + 3];
    const k4 = weights[k + 4], k5 = weights[k + 5], k6 = weights[k + 6], k7 = weights[k + 7];
    const k8 = weights[k + 8], k9 = weights[k + 9], k10 = weights[k + 10], k11 = weights[k + 11];
    for (let c = 0; c < 2; c++) {
      const p = starts[o] * 2 + c;
      sums[at + c] = ROUND_SIGNED + k0 * packed[p] + k1 * packed[p + 2] + k2 * packed[p + 4] + k3 * packed[p + 6]
        + k4 * packed[p + 8] + k5 * packed[p + 10] + k6 * packed[p + 12] + k7 * packed[p + 14]
        + k8 * packed[p + 16] + k9 * packed[p + 18] + k10 * packed[p + 20] + k11 * packed[p + 22];
    }
  }
}

/** The halving's sums along the columns, of twelve rows of the ring from row first on. */
function halveColumns(ring, sums, first, n, weights, k) {
  const k0 = weights[k], k1 = weights[k + 1], k2 = weights[k + 2], k3 = weights[k + 3];
  const k4 = weights[k + 4], k5 = weights[k + 5], k6 = weights[k + 6], k7 = weights[k + 7];
  const k8 = weights[k + 8], k9 = weights[k + 9], k10 = weights[k + 10], k11 = weights[k + 11];
  const row = (d) => ((first + d) % TAPS) * n;
  const s0 = row(0), s1 = row(1), s2 = row(2), s3 = row(3), s4 = row(4), s5 = row(5);
  const s6 = row(6), s7 = row(7), s8 = row(8), s9 = row(9), s10 = row(10), s11 = row(11);
  for (let i = 0; i < n; i++) {
    sums[i] = ROUND_SIGNED + k0 * ring[s0 + i] + k1 * ring[s1 + i] + k2 * ring[s2 + i] + k3 * ring[s3 + i]
      + k4 * ring[s4 + i] + k5 * ring[s5 + i] + k6 * ring[s6 + i] + k7 * ring[s7 + i]
      + k8 * ring[s8 + i] + k9 * ring[s9 + i] + k10 * ring[s10 + i] + k11 * ring[s11 + i];
  }
}
