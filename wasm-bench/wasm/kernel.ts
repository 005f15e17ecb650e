/**
 * The image kernels of SPEC.md in AssemblyScript: one source, built twice. With the feature `simd` the static conditions
 * pick the 128-bit loops, without it the scalar ones; both give the same bytes.
 *
 * Rows go through both passes of an operation one by one: what the second pass reads are the last rows of the first, which
 * the processor's cache still has. They wait in a ring, as 16-bit numbers, so that two can be added as they are.
 *
 * The SIMD loops have no constant vectors: V8 makes one anew wherever it is used. What they need comes out of memory.
 *
 * All pointers are byte offsets into the module's memory, which the host lays out and fills. Nothing is allocated here and
 * nothing is checked: the host answers for sizes (even, at least 24) and for memory.
 */

const ROUND: i32 = 8192; // half of one, with 14 fractional bits
const SHIFT: i32 = 14;
const RADIUS: i32 = 5;
const RING: i32 = 12; // rows: a halved one is made of twelve, a blurred one of eleven
const TAPS: i32 = 12; // pixels or rows that a halved one is made of
const EDGES: i32 = 3; // of the halving's outputs at either end have weights of their own

/**
 * Blurs img (w * h RGBA pixels) in place. tmp: 104 * w + 80 bytes, for a row with five pixels more at either end and the ring.
 * k: six i16 weights, of the pixels at distance 0 to 5.
 */
export function blur(img: usize, tmp: usize, w: i32, h: i32, k: usize): void {
  const n = w << 2;
  const ring = tmp + <usize>((w + 2 * RADIUS) << 3);
  let next = 0;
  for (let y = 0; y < h; y++) {
    for (; next < min(y + RADIUS + 1, h); next++) {
      widen(img + <usize>(next * n), tmp, n);
      blurAlong(tmp, inRing(ring, next, n), n, k);
    }
    blurAcross(ring, y, h, img + <usize>(y * n), n, k);
  }
}

/** Where row y of n numbers waits. */
// @ts-ignore: decorator
@inline
function inRing(ring: usize, y: i32, n: i32): usize {
  return ring + <usize>(y % RING * n << 1);
}

/** Where the row nearest to y inside the image waits. */
// @ts-ignore: decorator
@inline
function nearInRing(ring: usize, y: i32, h: i32, n: i32): usize {
  return inRing(ring, min(max(y, 0), h - 1), n);
}

/** Copies a row of n bytes as 16-bit numbers, with its first and last pixel five times more beyond its ends. */
function widen(src: usize, dst: usize, n: i32): void {
  const row = dst + (RADIUS << 3);
  for (let x = 0; x < RADIUS; x++) {
    widenPixel(src, dst + <usize>(x << 3));
    widenPixel(src + <usize>(n - 4), row + <usize>((n << 1) + (x << 3)));
  }
  for (let i = 0; i < n; i += 8) {
    const p = src + <usize>i, q = row + <usize>(i << 1);
    if (ASC_FEATURE_SIMD) {
      v128.store(q, v128.load8x8_u(p));
    } else {
      widenPixel(p, q);
      widenPixel(p + 4, q + 8);
    }
  }
}

// @ts-ignore: decorator
@inline
function widenPixel(src: usize, dst: usize): void {
  store<u16>(dst, load<u8>(src));
  store<u16>(dst, load<u8>(src, 1), 2);
  store<u16>(dst, load<u8>(src, 2), 4);
  store<u16>(dst, load<u8>(src, 3), 6);
}

/** The blur's first pass: n numbers, a multiple of eight, from a widened row. */
function blurAlong(src: usize, dst: usize, n: i32, k: usize): void {
  if (!ASC_FEATURE_SIMD) {
    blurAlongScalar(src, dst, n, k);
    return;
  }
  const w01 = v128.load32_splat(k), w23 = v128.load32_splat(k, 4), w45 = v128.load32_splat(k, 8), round = roundOf(k);
  for (let i = 0; i < n; i += 8) {
    const p = src + <usize>(i << 1);
    v128.store(dst + <usize>(i << 1), weigh(v128.load(p, 40), plus(v128.load(p, 32), v128.load(p, 48)), plus(v128.load(p, 24), v128.load(p, 56)),
      plus(v128.load(p, 16), v128.load(p, 64)), plus(v128.load(p, 8), v128.load(p, 72)), plus(v128.load(p), v128.load(p, 80)), w01, w23, w45, round));
  }
}

function blurAlongScalar(src: usize, dst: usize, n: i32, k: usize): void {
  const w0 = <i32>load<i16>(k), w1 = <i32>load<i16>(k, 2), w2 = <i32>load<i16>(k, 4);
  const w3 = <i32>load<i16>(k, 6), w4 = <i32>load<i16>(k, 8), w5 = <i32>load<i16>(k, 10);
  for (let i: usize = 0; i < <usize>n << 1; i += 2) {
    const p = src + i;
    const acc = ROUND
      + w0 * <i32>load<u16>(p, 40)
      + w1 * (<i32>load<u16>(p, 32) + <i32>load<u16>(p, 48))
      + w2 * (<i32>load<u16>(p, 24) + <i32>load<u16>(p, 56))
      + w3 * (<i32>load<u16>(p, 16) + <i32>load<u16>(p, 64))
      + w4 * (<i32>load<u16>(p, 8) + <i32>load<u16>(p, 72))
      + w5 * (<i32>load<u16>(p) + <i32>load<u16>(p, 80));
    store<u16>(dst + i, acc >> SHIFT);
  }
}

/** The blur's second pass: row y of the result, n bytes, from the rows around it; beyond the edge the row of the edge counts. */
function blurAcross(ring: usize, y: i32, h: i32, dst: usize, n: i32, k: usize): void {
  const p0 = nearInRing(ring, y - 5, h, n), p1 = nearInRing(ring, y - 4, h, n), p2 = nearInRing(ring, y - 3, h, n);
  const p3 = nearInRing(ring, y - 2, h, n), p4 = nearInRing(ring, y - 1, h, n), p5 = inRing(ring, y, n);
  const p6 = nearInRing(ring, y + 1, h, n), p7 = nearInRing(ring, y + 2, h, n), p8 = nearInRing(ring, y + 3, h, n);
  const p9 = nearInRing(ring, y + 4, h, n), p10 = nearInRing(ring, y + 5, h, n);
  if (!ASC_FEATURE_SIMD) {
    blurAcrossScalar(p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, dst, n, k);
    return;
  }
  const w01 = v128.load32_splat(k), w23 = v128.load32_splat(k, 4), w45 = v128.load32_splat(k, 8), round = roundOf(k);
  const last = n - 16;
  let i = 0;
  while (true) { // the last step redoes bytes that are already there
    const at = <usize>(i << 1);
    const low = weigh(
      v128.load(p5 + at), plus(v128.load(p4 + at), v128.load(p6 + at)), plus(v128.load(p3 + at), v128.load(p7 + at)),
      plus(v128.load(p2 + at), v128.load(p8 + at)), plus(v128.load(p1 + at), v128.load(p9 + at)),
      plus(v128.load(p0 + at), v128.load(p10 + at)), w01, w23, w45, round);
    const high = weigh(
      v128.load(p5 + at, 16), plus(v128.load(p4 + at, 16), v128.load(p6 + at, 16)), plus(v128.load(p3 + at, 16), v128.load(p7 + at, 16)),
      plus(v128.load(p2 + at, 16), v128.load(p8 + at, 16)), plus(v128.load(p1 + at, 16), v128.load(p9 + at, 16)),
      plus(v128.load(p0 + at, 16), v128.load(p10 + at, 16)), w01, w23, w45, round);
    v128.store(dst + <usize>i, i8x16.narrow_i16x8_u(low, high));
    if (i == last) break;
    i = min(i + 16, last);
  }
}

/**
 * n bytes: each is the weighted sum of the numbers at its place in eleven rows, p5 with weight 0. It is exported only so that
 * the compiler leaves it a function: inside the loop over rows, V8 11.3 runs it three times as long.
 */
export function blurAcrossScalar(
  p0: usize, p1: usize, p2: usize, p3: usize, p4: usize, p5: usize, p6: usize, p7: usize, p8: usize, p9: usize, p10: usize,
  dst: usize, n: i32, k: usize,
): void {
  const w0 = <i32>load<i16>(k), w1 = <i32>load<i16>(k, 2), w2 = <i32>load<i16>(k, 4);
  const w3 = <i32>load<i16>(k, 6), w4 = <i32>load<i16>(k, 8), w5 = <i32>load<i16>(k, 10);
  for (let i: usize = 0; i < <usize>n << 1; i += 2) {
    const acc = ROUND
      + w0 * <i32>load<u16>(p5 + i)
      + w1 * (<i32>load<u16>(p4 + i) + <i32>load<u16>(p6 + i))
      + w2 * (<i32>load<u16>(p3 + i) + <i32>load<u16>(p7 + i))
      + w3 * (<i32>load<u16>(p2 + i) + <i32>load<u16>(p8 + i))
      + w4 * (<i32>load<u16>(p1 + i) + <i32>load<u16>(p9 + i))
      + w5 * (<i32>load<u16>(p0 + i) + <i32>load<u16>(p10 + i));
    store<u8>(dst + (i >> 1), acc >> SHIFT);
  }
}

/** Half of one, four times. The first weight is not negative, so its sign adds nothing: it keeps this from being a constant. */
// @ts-ignore: decorator
@inline
function roundOf(k: usize): v128 {
  return i32x4.splat(ROUND + (load<i16>(k) >> 15));
}

// @ts-ignore: decorator
@inline
function plus(a: v128, b: v128): v128 {
  return i16x8.add(a, b);
}

/** Eight numbers, each the sum of those at its place in s0 to s5 times six weights; wij has weights i and j four times. */
// @ts-ignore: decorator
@inline
function weigh(s0: v128, s1: v128, s2: v128, s3: v128, s4: v128, s5: v128, w01: v128, w23: v128, w45: v128, round: v128): v128 {
  let low = i32x4.add(round, i32x4.dot_i16x8_s(firstHalves(s0, s1), w01));
  let high = i32x4.add(round, i32x4.dot_i16x8_s(secondHalves(s0, s1), w01));
  low = i32x4.add(low, i32x4.dot_i16x8_s(firstHalves(s2, s3), w23));
  high = i32x4.add(high, i32x4.dot_i16x8_s(secondHalves(s2, s3), w23));
  low = i32x4.add(low, i32x4.dot_i16x8_s(firstHalves(s4, s5), w45));
  high = i32x4.add(high, i32x4.dot_i16x8_s(secondHalves(s4, s5), w45));
  return i16x8.narrow_i32x4_s(i32x4.shr_s(low, SHIFT), i32x4.shr_s(high, SHIFT));
}

/** a0 b0 a1 b1 a2 b2 a3 b3 of two vectors of eight. */
// @ts-ignore: decorator
@inline
function firstHalves(a: v128, b: v128): v128 {
  return i16x8.shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}

/** a4 b4 a5 b5 a6 b6 a7 b7 of two vectors of eight. */
// @ts-ignore: decorator
@inline
function secondHalves(a: v128, b: v128): v128 {
  return i16x8.shuffle(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}

/**
 * Halves img (w * h RGBA pixels) to out (w/2 * h/2). tmp: 56 * w bytes, for a row as pairs of pixels and the ring. k: seven
 * times twelve i16 weights: of the first three outputs of a line, of those between (symmetric), and of the last three.
 */
export function resize(img: usize, tmp: usize, out: usize, w: i32, h: i32, k: usize): void {
  const n = w << 1; // numbers in half a row
  const ring = tmp + <usize>(w << 3);
  let next = 0;
  for (let y = 0; y < h >> 1; y++) {
    const first = firstInput(y, h);
    for (; next < first + TAPS; next++) {
      halveAlong(img + <usize>(next * w << 2), tmp, inRing(ring, next, n), w, k);
    }
    halveAcross(ring, first, out + <usize>(y * n), n, weightsOf(k, y, h >> 1));
  }
}

/** The first of the twelve inputs of output o, of a line of n inputs. */
// @ts-ignore: decorator
@inline
function firstInput(o: i32, n: i32): i32 {
  return min(max(2 * o - 5, 0), n - TAPS);
}

/** The weights of output o of n. */
// @ts-ignore: decorator
@inline
function weightsOf(k: usize, o: i32, n: i32): usize {
  const row = o < EDGES ? o : max(EDGES, o - (n - 2 * EDGES - 1));
  return k + <usize>(row * TAPS << 1);
}

/** The halving's first pass: a row of w pixels to the numbers of w/2. */
function halveAlong(src: usize, pairs: usize, dst: usize, w: i32, k: usize): void {
  const ow = w >> 1;
  if (!ASC_FEATURE_SIMD) {
    for (let o = 0; o < ow; o++) halvePixel(src + <usize>(firstInput(o, w) << 2), dst + <usize>(o << 3), weightsOf(k, o, ow));
    return;
  }
  for (let i = 0; i < EDGES; i++) {
    halvePixel(src, dst + <usize>(i << 3), weightsOf(k, i, ow));
    halvePixel(src + <usize>(w - TAPS << 2), dst + <usize>(ow - 1 - i << 3), weightsOf(k, ow - 1 - i, ow));
  }
  pairUp(src + 4, pairs, ow - 1);
  halveInner(pairs, dst + (EDGES << 3), ow - 2 * EDGES, k + (EDGES * TAPS << 1));
}

/** Writes n pairs of pixels as 16-bit numbers R0 R1 G0 G1 B0 B1 A0 A1: one dot product takes two taps of all channels. */
function pairUp(src: usize, dst: usize, n: i32): void {
  const last = n - 2;
  let i = 0;
  while (true) {
    const p = src + <usize>(i << 3), q = dst + <usize>(i << 4);
    const a = v128.load(p), b = v128.load(p, 4);
    v128.store(q, i16x8.extend_low_i8x16_u(i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)));
    v128.store(q, i16x8.extend_low_i8x16_u(i8x16.shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)), 16);
    if (i == last) break;
    i = min(i + 2, last);
  }
}

/** n outputs of the same weights, at least six, from the pairs: four a step, since neighbours share five of their six pairs. */
function halveInner(pairs: usize, dst: usize, n: i32, k: usize): void {
  const w0 = v128.load32_splat(k), w1 = v128.load32_splat(k, 4), w2 = v128.load32_splat(k, 8);
  const w3 = v128.load32_splat(k, 12), w4 = v128.load32_splat(k, 16), w5 = v128.load32_splat(k, 20), round = roundOf(k);
  const last = n - 4;
  let o = 0;
  while (true) {
    const p = pairs + <usize>(o << 4);
    let v = v128.load(p);
    let a = weighPair(round, v, w0);
    v = v128.load(p, 16);
    a = weighPair(a, v, w1);
    let b = weighPair(round, v, w0);
    v = v128.load(p, 32);
    a = weighPair(a, v, w2); b = weighPair(b, v, w1);
    let c = weighPair(round, v, w0);
    v = v128.load(p, 48);
    a = weighPair(a, v, w3); b = weighPair(b, v, w2); c = weighPair(c, v, w1);
    let d = weighPair(round, v, w0);
    v = v128.load(p, 64);
    a = weighPair(a, v, w4); b = weighPair(b, v, w3); c = weighPair(c, v, w2); d = weighPair(d, v, w1);
    v = v128.load(p, 80);
    a = weighPair(a, v, w5); b = weighPair(b, v, w4); c = weighPair(c, v, w3); d = weighPair(d, v, w2);
    v = v128.load(p, 96);
    b = weighPair(b, v, w5); c = weighPair(c, v, w4); d = weighPair(d, v, w3);
    v = v128.load(p, 112);
    c = weighPair(c, v, w5); d = weighPair(d, v, w4);
    v = v128.load(p, 128);
    d = weighPair(d, v, w5);
    const four = i8x16.narrow_i16x8_u(
      i16x8.narrow_i32x4_s(i32x4.shr_s(a, SHIFT), i32x4.shr_s(b, SHIFT)),
      i16x8.narrow_i32x4_s(i32x4.shr_s(c, SHIFT), i32x4.shr_s(d, SHIFT)));
    const q = dst + <usize>(o << 3);
    v128.store(q, i16x8.extend_low_i8x16_u(four));
    v128.store(q, i16x8.extend_high_i8x16_u(four), 16);
    if (o == last) break;
    o = min(o + 4, last);
  }
}

// @ts-ignore: decorator
@inline
function weighPair(acc: v128, pair: v128, weights: v128): v128 {
  return i32x4.add(acc, i32x4.dot_i16x8_s(pair, weights));
}

/** One output pixel: twelve input pixels from p on. */
function halvePixel(p: usize, dst: usize, k: usize): void {
  let r = ROUND, g = ROUND, b = ROUND, a = ROUND;
  const end = k + (TAPS << 1);
  while (k < end) {
    const weight = <i32>load<i16>(k);
    r += weight * <i32>load<u8>(p);
    g += weight * <i32>load<u8>(p, 1);
    b += weight * <i32>load<u8>(p, 2);
    a += weight * <i32>load<u8>(p, 3);
    k += 2;
    p += 4;
  }
  store<u16>(dst, clampByte(r));
  store<u16>(dst, clampByte(g), 2);
  store<u16>(dst, clampByte(b), 4);
  store<u16>(dst, clampByte(a), 6);
}

// @ts-ignore: decorator
@inline
function clampByte(acc: i32): i32 {
  return min(max(acc >> SHIFT, 0), 255);
}

/** The halving's second pass: a row of n bytes, from the twelve rows from y on. */
function halveAcross(ring: usize, y: i32, dst: usize, n: i32, k: usize): void {
  const p0 = inRing(ring, y, n), p1 = inRing(ring, y + 1, n), p2 = inRing(ring, y + 2, n), p3 = inRing(ring, y + 3, n);
  const p4 = inRing(ring, y + 4, n), p5 = inRing(ring, y + 5, n), p6 = inRing(ring, y + 6, n), p7 = inRing(ring, y + 7, n);
  const p8 = inRing(ring, y + 8, n), p9 = inRing(ring, y + 9, n), p10 = inRing(ring, y + 10, n), p11 = inRing(ring, y + 11, n);
  if (ASC_FEATURE_SIMD && isSymmetric(k)) {
    const w01 = v128.load32_splat(k), w23 = v128.load32_splat(k, 4), w45 = v128.load32_splat(k, 8), round = roundOf(k);
    const last = n - 16;
    let i = 0;
    while (true) {
      const at = <usize>(i << 1);
      const low = weigh(
        plus(v128.load(p0 + at), v128.load(p11 + at)), plus(v128.load(p1 + at), v128.load(p10 + at)),
        plus(v128.load(p2 + at), v128.load(p9 + at)), plus(v128.load(p3 + at), v128.load(p8 + at)),
        plus(v128.load(p4 + at), v128.load(p7 + at)), plus(v128.load(p5 + at), v128.load(p6 + at)), w01, w23, w45, round);
      const high = weigh(
        plus(v128.load(p0 + at, 16), v128.load(p11 + at, 16)), plus(v128.load(p1 + at, 16), v128.load(p10 + at, 16)),
        plus(v128.load(p2 + at, 16), v128.load(p9 + at, 16)), plus(v128.load(p3 + at, 16), v128.load(p8 + at, 16)),
        plus(v128.load(p4 + at, 16), v128.load(p7 + at, 16)), plus(v128.load(p5 + at, 16), v128.load(p6 + at, 16)), w01, w23, w45, round);
      v128.store(dst + <usize>i, i8x16.narrow_i16x8_u(low, high));
      if (i == last) break;
      i = min(i + 16, last);
    }
    return;
  }
  halveAcrossScalar(p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, dst, n, k);
}

/** n bytes: each is the weighted, clamped sum of the numbers at its place in twelve rows. Exported as blurAcrossScalar is. */
export function halveAcrossScalar(
  p0: usize, p1: usize, p2: usize, p3: usize, p4: usize, p5: usize, p6: usize, p7: usize, p8: usize, p9: usize, p10: usize,
  p11: usize, dst: usize, n: i32, k: usize,
): void {
  const w0 = <i32>load<i16>(k), w1 = <i32>load<i16>(k, 2), w2 = <i32>load<i16>(k, 4), w3 = <i32>load<i16>(k, 6);
  const w4 = <i32>load<i16>(k, 8), w5 = <i32>load<i16>(k, 10), w6 = <i32>load<i16>(k, 12), w7 = <i32>load<i16>(k, 14);
  const w8 = <i32>load<i16>(k, 16), w9 = <i32>load<i16>(k, 18), w10 = <i32>load<i16>(k, 20), w11 = <i32>load<i16>(k, 22);
  for (let i: usize = 0; i < <usize>n << 1; i += 2) {
    const acc = ROUND + w0 * load<u16>(p0 + i) + w1 * load<u16>(p1 + i) + w2 * load<u16>(p2 + i) + w3 * load<u16>(p3 + i)
      + w4 * load<u16>(p4 + i) + w5 * load<u16>(p5 + i) + w6 * load<u16>(p6 + i) + w7 * load<u16>(p7 + i)
      + w8 * load<u16>(p8 + i) + w9 * load<u16>(p9 + i) + w10 * load<u16>(p10 + i) + w11 * load<u16>(p11 + i);
    store<u8>(dst + (i >> 1), clampByte(acc));
  }
}

/** Whether twelve weights are the same from both ends. */
function isSymmetric(k: usize): bool {
  for (let i: usize = 0; i < 12; i += 2) {
    if (load<i16>(k + i) != load<i16>(k + 22 - i)) return false;
  }
  return true;
}
