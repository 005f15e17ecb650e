/**
 * The image kernels of SPEC.md in AssemblyScript: one source, built twice. With the feature `simd` the static conditions
 * pick the 128-bit loops, without it the scalar ones; both give the same bytes.
 *
 * All pointers are byte offsets into the module's memory, which the host lays out and fills. Nothing is allocated here and
 * nothing is checked: the host answers for sizes (even, at least 24) and for memory.
 */

const ROUND: i32 = 8192; // half of one, with 14 fractional bits
const SHIFT: i32 = 14;
const RADIUS: i32 = 5;

/**
 * Blurs img (w * h RGBA pixels) in place, with tmp (as large) between the passes.
 * k: six i16 weights, of the pixels at distance 0 to 5.
 */
export function blur(img: usize, tmp: usize, w: i32, h: i32, k: usize): void {
  const line = w << 2;
  for (let y = 0; y < h; y++) {
    const row = <usize>(y * line);
    blurRow(img + row, tmp + row, w, k);
  }
  for (let y = 0; y < h; y++) {
    blurLines(
      tmp + rowAt(y - 5, h, line), tmp + rowAt(y - 4, h, line), tmp + rowAt(y - 3, h, line), tmp + rowAt(y - 2, h, line),
      tmp + rowAt(y - 1, h, line), tmp + rowAt(y, h, line), tmp + rowAt(y + 1, h, line), tmp + rowAt(y + 2, h, line),
      tmp + rowAt(y + 3, h, line), tmp + rowAt(y + 4, h, line), tmp + rowAt(y + 5, h, line),
      img + <usize>(y * line), line, k);
  }
}

/** The offset of the row nearest to y inside the image. */
// @ts-ignore: decorator
@inline
function rowAt(y: i32, h: i32, line: i32): usize {
  return <usize>(min(max(y, 0), h - 1) * line);
}

/** Blurs one row: its ends pixel by pixel, since they reach over the edge, and the inside as a sum of eleven shifted lines. */
function blurRow(src: usize, dst: usize, w: i32, k: usize): void {
  for (let x = 0; x < RADIUS; x++) {
    blurEdgePixel(src, dst, x, w, k);
    blurEdgePixel(src, dst, w - 1 - x, w, k);
  }
  blurLines(src, src + 4, src + 8, src + 12, src + 16, src + 20, src + 24, src + 28, src + 32, src + 36, src + 40,
    dst + 20, (w - 2 * RADIUS) << 2, k);
}

function blurEdgePixel(src: usize, dst: usize, x: i32, w: i32, k: usize): void {
  for (let c = 0; c < 4; c++) {
    let acc = ROUND;
    for (let d = -RADIUS; d <= RADIUS; d++) {
      const near = min(max(x + d, 0), w - 1);
      acc += <i32>load<i16>(k + (<usize>abs(d) << 1)) * <i32>load<u8>(src + <usize>((near << 2) + c));
    }
    store<u8>(dst + <usize>((x << 2) + c), acc >> SHIFT);
  }
}

/** Writes n bytes, n >= 16: each is the weighted sum of the bytes at its place in eleven lines, p5 with weight 0. */
// @ts-ignore: decorator
@inline
function blurLines(
  p0: usize, p1: usize, p2: usize, p3: usize, p4: usize, p5: usize, p6: usize, p7: usize, p8: usize, p9: usize, p10: usize,
  dst: usize, n: i32, k: usize,
): void {
  if (ASC_FEATURE_SIMD) {
    blurLinesSIMD(p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, dst, n, k);
  } else {
    blurLinesScalar(p0, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, dst, n, k);
  }
}

function blurLinesScalar(
  p0: usize, p1: usize, p2: usize, p3: usize, p4: usize, p5: usize, p6: usize, p7: usize, p8: usize, p9: usize, p10: usize,
  dst: usize, n: i32, k: usize,
): void {
  const w0 = <i32>load<i16>(k), w1 = <i32>load<i16>(k, 2), w2 = <i32>load<i16>(k, 4);
  const w3 = <i32>load<i16>(k, 6), w4 = <i32>load<i16>(k, 8), w5 = <i32>load<i16>(k, 10);
  for (let i: usize = 0; i < <usize>n; i++) {
    const acc = ROUND
      + w0 * <i32>load<u8>(p5 + i)
      + w1 * (<i32>load<u8>(p4 + i) + <i32>load<u8>(p6 + i))
      + w2 * (<i32>load<u8>(p3 + i) + <i32>load<u8>(p7 + i))
      + w3 * (<i32>load<u8>(p2 + i) + <i32>load<u8>(p8 + i))
      + w4 * (<i32>load<u8>(p1 + i) + <i32>load<u8>(p9 + i))
      + w5 * (<i32>load<u8>(p0 + i) + <i32>load<u8>(p10 + i));
    store<u8>(dst + i, acc >> SHIFT);
  }
}

/**
 * Sixteen bytes a step. The lines at the same distance are added as 16-bit numbers (at most 510), interleaved with those of
 * the next distance, and one dot product adds both with their weights. The last step redoes bytes that are already there.
 */
function blurLinesSIMD(
  p0: usize, p1: usize, p2: usize, p3: usize, p4: usize, p5: usize, p6: usize, p7: usize, p8: usize, p9: usize, p10: usize,
  dst: usize, n: i32, k: usize,
): void {
  const w01 = v128.load32_splat(k), w23 = v128.load32_splat(k, 4), w45 = v128.load32_splat(k, 8);
  const round = i32x4.splat(ROUND);
  const last = <usize>(n - 16);
  let i: usize = 0;
  while (true) {
    let a = v128.load(p5 + i);
    const l0 = i16x8.extend_low_i8x16_u(a), h0 = i16x8.extend_high_i8x16_u(a);
    a = v128.load(p4 + i);
    let b = v128.load(p6 + i);
    const l1 = sumLow(a, b), h1 = sumHigh(a, b);
    a = v128.load(p3 + i);
    b = v128.load(p7 + i);
    const l2 = sumLow(a, b), h2 = sumHigh(a, b);
    a = v128.load(p2 + i);
    b = v128.load(p8 + i);
    const l3 = sumLow(a, b), h3 = sumHigh(a, b);
    a = v128.load(p1 + i);
    b = v128.load(p9 + i);
    const l4 = sumLow(a, b), h4 = sumHigh(a, b);
    a = v128.load(p0 + i);
    b = v128.load(p10 + i);
    const l5 = sumLow(a, b), h5 = sumHigh(a, b);

    const q0 = weigh(round, firstHalves(l0, l1), w01, firstHalves(l2, l3), w23, firstHalves(l4, l5), w45);
    const q1 = weigh(round, secondHalves(l0, l1), w01, secondHalves(l2, l3), w23, secondHalves(l4, l5), w45);
    const q2 = weigh(round, firstHalves(h0, h1), w01, firstHalves(h2, h3), w23, firstHalves(h4, h5), w45);
    const q3 = weigh(round, secondHalves(h0, h1), w01, secondHalves(h2, h3), w23, secondHalves(h4, h5), w45);
    v128.store(dst + i, bytes(q0, q1, q2, q3));
    if (i == last) break;
    i = min(i + 16, last);
  }
}

/** The sums of the first eight bytes of two lines: interleaved, neighbours added. Two shuffles less than to widen both. */
// @ts-ignore: decorator
@inline
function sumLow(a: v128, b: v128): v128 {
  return i16x8.extadd_pairwise_i8x16_u(i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
}

// @ts-ignore: decorator
@inline
function sumHigh(a: v128, b: v128): v128 {
  return i16x8.extadd_pairwise_i8x16_u(i8x16.shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31));
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

// @ts-ignore: decorator
@inline
function weigh(acc: v128, a: v128, wa: v128, b: v128, wb: v128, c: v128, wc: v128): v128 {
  acc = i32x4.add(acc, i32x4.dot_i16x8_s(a, wa));
  acc = i32x4.add(acc, i32x4.dot_i16x8_s(b, wb));
  return i32x4.add(acc, i32x4.dot_i16x8_s(c, wc));
}

/** Sixteen sums, shifted back and clamped to bytes. */
// @ts-ignore: decorator
@inline
function bytes(q0: v128, q1: v128, q2: v128, q3: v128): v128 {
  return i8x16.narrow_i16x8_u(
    i16x8.narrow_i32x4_s(i32x4.shr_s(q0, SHIFT), i32x4.shr_s(q1, SHIFT)),
    i16x8.narrow_i32x4_s(i32x4.shr_s(q2, SHIFT), i32x4.shr_s(q3, SHIFT)));
}

/**
 * Resizes img (w * h RGBA pixels) to out (ow * oh), first along the rows into tmp (ow * h), then along the columns.
 * Output x is the sum of tx inputs from sx[x] (i32) on, with the weights wx[x * tx ...] (i16); y likewise. tx is a multiple
 * of 4, ty of 2, and ow is at least 4.
 */
export function resize(
  img: usize, tmp: usize, out: usize, w: i32, h: i32, ow: i32, oh: i32,
  sx: usize, wx: usize, tx: i32, sy: usize, wy: usize, ty: i32,
): void {
  for (let y = 0; y < h; y++) {
    resizeRow(img + <usize>((y * w) << 2), tmp + <usize>((y * ow) << 2), ow, sx, wx, tx);
  }
  const line = ow << 2;
  for (let y = 0; y < oh; y++) {
    const first = tmp + <usize>(load<i32>(sy + (<usize>y << 2)) * line);
    addLines(first, out + <usize>(y * line), line, wy + <usize>((y * ty) << 1), ty);
  }
}

function resizeRow(src: usize, dst: usize, ow: i32, sx: usize, wx: usize, tx: i32): void {
  for (let x = 0; x < ow; x++) {
    const first = src + (<usize>load<i32>(sx) << 2);
    if (ASC_FEATURE_SIMD) {
      resizePixelSIMD(first, dst, wx, tx);
    } else {
      resizePixelScalar(first, dst, wx, tx);
    }
    sx += 4;
    wx += <usize>tx << 1;
    dst += 4;
  }
}

// @ts-ignore: decorator
@inline
function resizePixelScalar(p: usize, dst: usize, k: usize, taps: i32): void {
  let r = ROUND, g = ROUND, b = ROUND, a = ROUND;
  const end = k + (<usize>taps << 1);
  while (k < end) {
    const weight = <i32>load<i16>(k);
    r += weight * <i32>load<u8>(p);
    g += weight * <i32>load<u8>(p, 1);
    b += weight * <i32>load<u8>(p, 2);
    a += weight * <i32>load<u8>(p, 3);
    k += 2;
    p += 4;
  }
  store<u8>(dst, clampByte(r));
  store<u8>(dst, clampByte(g), 1);
  store<u8>(dst, clampByte(b), 2);
  store<u8>(dst, clampByte(a), 3);
}

// @ts-ignore: decorator
@inline
function clampByte(acc: i32): i32 {
  return min(max(acc >> SHIFT, 0), 255);
}

/**
 * Four input pixels a step, swizzled to the 16-bit numbers R0 R1 G0 G1 B0 B1 A0 A1 (an index of -1 makes a zero byte), so that
 * one dot product takes two taps of all channels.
 */
// @ts-ignore: decorator
@inline
function resizePixelSIMD(p: usize, dst: usize, k: usize, taps: i32): void {
  let acc = i32x4.splat(ROUND);
  const end = k + (<usize>taps << 1);
  while (k < end) {
    const four = v128.load(p);
    const first = i8x16.swizzle(four, i8x16(0, -1, 4, -1, 1, -1, 5, -1, 2, -1, 6, -1, 3, -1, 7, -1));
    const second = i8x16.swizzle(four, i8x16(8, -1, 12, -1, 9, -1, 13, -1, 10, -1, 14, -1, 11, -1, 15, -1));
    acc = i32x4.add(acc, i32x4.dot_i16x8_s(first, v128.load32_splat(k)));
    acc = i32x4.add(acc, i32x4.dot_i16x8_s(second, v128.load32_splat(k, 4)));
    k += 8;
    p += 16;
  }
  v128.store_lane<u32>(dst, bytes(acc, acc, acc, acc), 0);
}

/** Writes n bytes, n >= 16: each is the weighted sum of the bytes at its place in so many lines of n bytes, one after the other. */
// @ts-ignore: decorator
@inline
function addLines(first: usize, dst: usize, n: i32, k: usize, lines: i32): void {
  if (ASC_FEATURE_SIMD) {
    addLinesSIMD(first, dst, n, k, lines);
  } else {
    addLinesScalar(first, dst, n, k, lines);
  }
}

function addLinesScalar(first: usize, dst: usize, n: i32, k: usize, lines: i32): void {
  const end = k + (<usize>lines << 1);
  for (let i: usize = 0; i < <usize>n; i++) {
    let acc = ROUND;
    let p = first + i;
    for (let weight = k; weight < end; weight += 2) {
      acc += <i32>load<i16>(weight) * <i32>load<u8>(p);
      p += <usize>n;
    }
    store<u8>(dst + i, clampByte(acc));
  }
}

function addLinesSIMD(first: usize, dst: usize, n: i32, k: usize, lines: i32): void {
  const end = k + (<usize>lines << 1);
  const last = <usize>(n - 16);
  let i: usize = 0;
  while (true) {
    let q0 = i32x4.splat(ROUND), q1 = q0, q2 = q0, q3 = q0;
    let p = first + i;
    for (let pair = k; pair < end; pair += 4) {
      const weights = v128.load32_splat(pair);
      const a = v128.load(p), b = v128.load(p + <usize>n);
      const low = i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      const high = i8x16.shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
      q0 = i32x4.add(q0, i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(low), weights));
      q1 = i32x4.add(q1, i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(low), weights));
      q2 = i32x4.add(q2, i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(high), weights));
      q3 = i32x4.add(q3, i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(high), weights));
      p += <usize>n << 1;
    }
    v128.store(dst + i, bytes(q0, q1, q2, q3));
    if (i == last) break;
    i = min(i + 16, last);
  }
}
