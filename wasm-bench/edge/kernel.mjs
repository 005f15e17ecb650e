// The image kernels of SPEC.md in JavaScript, and what both engines share: tables, the test image and the hash.
//
// Every buffer of pixels is a Uint8ClampedArray: one kernel that sees two kinds of arrays becomes polymorphic and takes
// half as long again.

export const SIZES = {
  small: { w: 800, h: 600 },
  medium: { w: 1920, h: 1080 },
  large: { w: 4096, h: 2160 },
};

export const MIN_SIDE = 24; // pixels; the halving needs two edge patterns of twelve taps
export const TAPS = 12;

export const BLUR_WEIGHTS = [3926, 3278, 1910, 777, 220, 44]; // for distance 0 to 5

const HALF_FIRST = [
  [7728, 7728, 2346, -1154, -589, 261, 64, 0, 0, 0, 0, 0],
  [-1075, 2187, 7202, 7204, 2187, -1075, -549, 243, 60, 0, 0, 0],
  [248, -559, -1096, 2228, 7340, 7341, 2228, -1096, -559, 248, 61, 0],
];
const HALF_INNER = [60, 247, -557, -1092, 2220, 7314, 7314, 2220, -1092, -557, 247, 60];
const HALF_LAST = [
  [0, 61, 248, -559, -1096, 2228, 7340, 7341, 2228, -1096, -559, 248],
  [0, 0, 0, 60, 243, -549, -1075, 2187, 7202, 7204, 2187, -1075],
  [0, 0, 0, 0, 0, 64, 261, -589, -1154, 2346, 7728, 7728],
];

const ROUND = 8192; // half of one, with 14 fractional bits
const SHIFT = 14;

/** How a line of n pixels becomes n/2: output o is the sum of 12 inputs from starts[o] on, times weights[12*o ...]. */
export function halfTable(n) {
  const out = n / 2;
  const starts = new Int32Array(out);
  const weights = new Int16Array(out * TAPS);
  for (let o = 0; o < out; o++) {
    starts[o] = Math.min(Math.max(2 * o - 5, 0), n - TAPS);
    const row = o < 3 ? HALF_FIRST[o] : o >= out - 3 ? HALF_LAST[o - (out - 3)] : HALF_INNER;
    weights.set(row, o * TAPS);
  }
  return { starts, weights };
}

/** Gradients under noise, in integers throughout: the same bytes on every machine. */
export function testImage(w, h) {
  const pix = new Uint8ClampedArray(w * h * 4);
  let seed = 1;
  for (let y = 0, i = 0; y < h; y++) {
    for (let x = 0; x < w; x++, i += 4) {
      seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
      const noise = (seed >>> 24) & 31;
      pix[i] = ((x * 255 / w) | 0) ^ noise;
      pix[i + 1] = ((y * 255 / h) | 0) ^ noise;
      pix[i + 2] = ((triangle(5 * x) + triangle(7 * y)) >> 1) ^ noise;
      pix[i + 3] = 255;
    }
  }
  return pix;
}

function triangle(v) {
  v &= 511;
  return v < 256 ? v : 511 - v;
}

/** The 32-bit FNV-1a hash of the bytes, as 8 hex digits. */
export function hash(bytes) {
  let h = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) {
    h = Math.imul(h ^ bytes[i], 0x01000193);
  }
  return (h >>> 0).toString(16).padStart(8, '0');
}

/** The engine "js". Buffers and tables are kept from call to call, and grow only when an image is larger or of another shape. */
export class JSEngine {
  #img = new Uint8ClampedArray(0);
  #tmp = new Uint8ClampedArray(0);
  #out = new Uint8ClampedArray(0);
  #tables = { w: 0, h: 0, x: null, y: null };

  /** Answers the pixels after the operation; input is not changed, and the answer is the caller's. */
  run(input, w, h, op) {
    this.#reserve(w, h);
    this.#img.set(input);
    if (op !== 'resize') blur(this.#img, this.#tmp, w, h);
    if (op === 'blur') return this.#img.slice(0, w * h * 4);
    halve(this.#img, this.#tmp, this.#out, w, h, this.#tables.x, this.#tables.y);
    return this.#out.slice(0, w * h);
  }

  #reserve(w, h) {
    const size = w * h * 4;
    if (this.#img.length < size) {
      this.#img = new Uint8ClampedArray(size);
      this.#tmp = new Uint8ClampedArray(size);
      this.#out = new Uint8ClampedArray(size / 4);
    }
    if (this.#tables.w !== w || this.#tables.h !== h) {
      this.#tables = { w, h, x: halfTable(w), y: halfTable(h) };
    }
  }
}

/** Blurs img in place, with tmp between the passes. */
function blur(img, tmp, w, h) {
  const line = w * 4;
  for (let y = 0; y < h; y++) {
    blurRow(img, tmp, y * line, w);
  }
  for (let y = 0; y < h; y++) {
    blurColumn(tmp, img, y, h, line);
  }
}

/** One row: its ends pixel by pixel, since they reach over the edge, the inside unrolled. */
function blurRow(src, dst, row, w) {
  const [w0, w1, w2, w3, w4, w5] = BLUR_WEIGHTS;
  for (let x = 0; x < 5; x++) {
    blurEdgePixel(src, dst, row, x, w);
    blurEdgePixel(src, dst, row, w - 1 - x, w);
  }
  const end = row + (w - 5) * 4;
  for (let i = row + 20; i < end; i++) {
    dst[i] = (ROUND + Math.imul(w0, src[i])
      + Math.imul(w1, src[i - 4] + src[i + 4])
      + Math.imul(w2, src[i - 8] + src[i + 8])
      + Math.imul(w3, src[i - 12] + src[i + 12])
      + Math.imul(w4, src[i - 16] + src[i + 16])
      + Math.imul(w5, src[i - 20] + src[i + 20])) >> SHIFT;
  }
}

function blurEdgePixel(src, dst, row, x, w) {
  for (let c = 0; c < 4; c++) {
    let acc = ROUND;
    for (let d = -5; d <= 5; d++) {
      const near = Math.min(Math.max(x + d, 0), w - 1);
      acc += Math.imul(BLUR_WEIGHTS[Math.abs(d)], src[row + near * 4 + c]);
    }
    dst[row + x * 4 + c] = acc >> SHIFT;
  }
}

/** Row y of the second pass, from the eleven rows around it; beyond the edge the row of the edge counts. */
function blurColumn(src, dst, y, h, line) {
  const [w0, w1, w2, w3, w4, w5] = BLUR_WEIGHTS;
  const from = (d) => Math.min(Math.max(y + d, 0), h - 1) * line;
  const a1 = from(-1), a2 = from(-2), a3 = from(-3), a4 = from(-4), a5 = from(-5);
  const b1 = from(1), b2 = from(2), b3 = from(3), b4 = from(4), b5 = from(5);
  const row = y * line;
  for (let i = 0; i < line; i++) {
    dst[row + i] = (ROUND + Math.imul(w0, src[row + i])
      + Math.imul(w1, src[a1 + i] + src[b1 + i])
      + Math.imul(w2, src[a2 + i] + src[b2 + i])
      + Math.imul(w3, src[a3 + i] + src[b3 + i])
      + Math.imul(w4, src[a4 + i] + src[b4 + i])
      + Math.imul(w5, src[a5 + i] + src[b5 + i])) >> SHIFT;
  }
}

/** Halves img to out, with tmp (w/2 * h) between the passes; x and y are the tables of the two sides. */
function halve(img, tmp, out, w, h, x, y) {
  const line = (w / 2) * 4;
  for (let row = 0; row < h; row++) {
    halveRow(img, tmp, row * w * 4, row * line, x);
  }
  for (let row = 0; row < h / 2; row++) {
    halveColumn(tmp, out, y.starts[row] * line, row * line, line, y.weights, row * TAPS);
  }
}

/** One row from place s of src to place d of dst. The store clamps: the weights overshoot at hard edges. */
function halveRow(src, dst, s, d, { starts, weights }) {
  for (let o = 0, k = 0; o < starts.length; o++, k += TAPS, d += 4) {
    const k0 = weights[k], k1 = weights[k + 1], k2 = weights[k + 2], k3 = weights[k + 3];
    const k4 = weights[k + 4], k5 = weights[k + 5], k6 = weights[k + 6], k7 = weights[k + 7];
    const k8 = weights[k + 8], k9 = weights[k + 9], k10 = weights[k + 10], k11 = weights[k + 11];
    const first = s + starts[o] * 4;
    for (let c = 0; c < 4; c++) {
      const p = first + c;
      dst[d + c] = (ROUND
        + Math.imul(k0, src[p]) + Math.imul(k1, src[p + 4]) + Math.imul(k2, src[p + 8])
        + Math.imul(k3, src[p + 12]) + Math.imul(k4, src[p + 16]) + Math.imul(k5, src[p + 20])
        + Math.imul(k6, src[p + 24]) + Math.imul(k7, src[p + 28]) + Math.imul(k8, src[p + 32])
        + Math.imul(k9, src[p + 36]) + Math.imul(k10, src[p + 40]) + Math.imul(k11, src[p + 44])) >> SHIFT;
    }
  }
}

/** One row of the second pass, from twelve lines of src that start at s, to place d of dst. */
function halveColumn(src, dst, s, d, line, weights, k) {
  const k0 = weights[k], k1 = weights[k + 1], k2 = weights[k + 2], k3 = weights[k + 3];
  const k4 = weights[k + 4], k5 = weights[k + 5], k6 = weights[k + 6], k7 = weights[k + 7];
  const k8 = weights[k + 8], k9 = weights[k + 9], k10 = weights[k + 10], k11 = weights[k + 11];
  const s1 = s + line, s2 = s1 + line, s3 = s2 + line, s4 = s3 + line, s5 = s4 + line, s6 = s5 + line;
  const s7 = s6 + line, s8 = s7 + line, s9 = s8 + line, s10 = s9 + line, s11 = s10 + line;
  for (let i = 0; i < line; i++) {
    dst[d + i] = (ROUND
      + Math.imul(k0, src[s + i]) + Math.imul(k1, src[s1 + i]) + Math.imul(k2, src[s2 + i])
      + Math.imul(k3, src[s3 + i]) + Math.imul(k4, src[s4 + i]) + Math.imul(k5, src[s5 + i])
      + Math.imul(k6, src[s6 + i]) + Math.imul(k7, src[s7 + i]) + Math.imul(k8, src[s8 + i])
      + Math.imul(k9, src[s9 + i]) + Math.imul(k10, src[s10 + i]) + Math.imul(k11, src[s11 + i])) >> SHIFT;
  }
}
