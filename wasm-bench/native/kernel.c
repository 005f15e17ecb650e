// The kernels of SPEC.md in C with AVX2: the recipe of ../wasm/kernel.ts, line for line where that is possible, 256 bits wide
// instead of 128. It is what a machine can do without WebAssembly, for loadgen bench --engines c.

#include "kernel.h"

#include <immintrin.h>
#include <stdlib.h>
#include <string.h>

enum { ROUND = 8192, SHIFT = 14, RADIUS = 5, RING = 12, TAPS = 12, EDGES = 3 };

static const int16_t BLUR[6] = {3926, 3278, 1910, 777, 220, 44};

static const int16_t HALF[2 * EDGES + 1][TAPS] = {
    {7728, 7728, 2346, -1154, -589, 261, 64, 0, 0, 0, 0, 0},
    {-1075, 2187, 7202, 7204, 2187, -1075, -549, 243, 60, 0, 0, 0},
    {248, -559, -1096, 2228, 7340, 7341, 2228, -1096, -559, 248, 61, 0},
    {60, 247, -557, -1092, 2220, 7314, 7314, 2220, -1092, -557, 247, 60},
    {0, 61, 248, -559, -1096, 2228, 7340, 7341, 2228, -1096, -559, 248},
    {0, 0, 0, 60, 243, -549, -1075, 2187, 7202, 7204, 2187, -1075},
    {0, 0, 0, 0, 0, 64, 261, -589, -1154, 2346, 7728, 7728},
};

static inline int least(int a, int b) { return a < b ? a : b; }
static inline int most(int a, int b) { return a > b ? a : b; }

static inline __m256i load(const uint16_t *p) { return _mm256_loadu_si256((const __m256i *)p); }
static inline void store(void *p, __m256i v) { _mm256_storeu_si256((__m256i *)p, v); }
static inline __m256i plus(const uint16_t *a, const uint16_t *b) { return _mm256_add_epi16(load(a), load(b)); }

// two weights, eight times
static inline __m256i two(const int16_t *k) {
  int32_t both;
  memcpy(&both, k, sizeof both);
  return _mm256_set1_epi32(both);
}

static inline __m256i shifted(__m256i acc) { return _mm256_srai_epi32(acc, SHIFT); }

// Sixteen numbers, each the sum of those at its place in s0 to s5 times six weights; w[i] has weights 2i and 2i+1.
static inline __m256i weigh(const __m256i s[6], const __m256i w[3]) {
  __m256i low = _mm256_set1_epi32(ROUND), high = low;
  for (int i = 0; i < 3; i++) {
    low = _mm256_add_epi32(low, _mm256_madd_epi16(_mm256_unpacklo_epi16(s[2 * i], s[2 * i + 1]), w[i]));
    high = _mm256_add_epi32(high, _mm256_madd_epi16(_mm256_unpackhi_epi16(s[2 * i], s[2 * i + 1]), w[i]));
  }
  return _mm256_packs_epi32(shifted(low), shifted(high));
}

// Stores 32 numbers as bytes, clamped. AVX2 packs within halves: the quarters change places.
static inline void store_bytes(uint8_t *dst, __m256i a, __m256i b) {
  store(dst, _mm256_permute4x64_epi64(_mm256_packus_epi16(a, b), 0xd8));
}

static uint16_t *in_ring(uint16_t *ring, int y, int n) { return ring + (size_t)(y % RING) * n; }

// Copies a row of w pixels as 16-bit numbers, with its first and last pixel five times more beyond its ends.
static void widen(const uint8_t *src, uint16_t *dst, int w) {
  for (int x = 0; x < RADIUS; x++) {
    for (int c = 0; c < 4; c++) {
      dst[4 * x + c] = src[c];
      dst[4 * (w + RADIUS + x) + c] = src[4 * (w - 1) + c];
    }
  }
  int n = 4 * w, i = 0;
  for (; i + 16 <= n; i += 16) {
    store(dst + 4 * RADIUS + i, _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(src + i))));
  }
  for (; i < n; i++) dst[4 * RADIUS + i] = src[i];
}

// The blur's first pass: n numbers from a widened row. The last step redoes numbers that are already there.
static void blur_along(const uint16_t *src, uint16_t *dst, int n) {
  const __m256i w[3] = {two(BLUR), two(BLUR + 2), two(BLUR + 4)};
  for (int i = 0;; i = least(i + 16, n - 16)) {
    const uint16_t *p = src + i;
    const __m256i s[6] = {load(p + 20), plus(p + 16, p + 24), plus(p + 12, p + 28), plus(p + 8, p + 32), plus(p + 4, p + 36), plus(p, p + 40)};
    store(dst + i, weigh(s, w));
    if (i == n - 16) return;
  }
}

// The blur's second pass: row y of the result, n bytes; beyond the edge the row of the edge counts.
static void blur_across(uint16_t *ring, int y, int h, uint8_t *dst, int n) {
  const uint16_t *p[2 * RADIUS + 1];
  for (int d = -RADIUS; d <= RADIUS; d++) p[d + RADIUS] = in_ring(ring, least(most(y + d, 0), h - 1), n);
  const __m256i w[3] = {two(BLUR), two(BLUR + 2), two(BLUR + 4)};
  for (int i = 0;; i = least(i + 32, n - 32)) {
    __m256i half[2];
    for (int j = 0; j < 2; j++) {
      int at = i + 16 * j;
      const __m256i s[6] = {load(p[5] + at), plus(p[4] + at, p[6] + at), plus(p[3] + at, p[7] + at),
                            plus(p[2] + at, p[8] + at), plus(p[1] + at, p[9] + at), plus(p[0] + at, p[10] + at)};
      half[j] = weigh(s, w);
    }
    store_bytes(dst + i, half[0], half[1]);
    if (i == n - 32) return;
  }
}

static void blur(struct engine *e) {
  int n = 4 * e->w, next = 0;
  uint16_t *ring = e->tmp + 4 * (e->w + 2 * RADIUS);
  for (int y = 0; y < e->h; y++) {
    for (; next < least(y + RADIUS + 1, e->h); next++) {
      widen(e->img + (size_t)next * n, e->tmp, e->w);
      blur_along(e->tmp, in_ring(ring, next, n), n);
    }
    blur_across(ring, y, e->h, e->img + (size_t)y * n, n);
  }
}

// The first of the twelve inputs of output o, of a line of n inputs.
static int first_input(int o, int n) { return least(most(2 * o - 5, 0), n - TAPS); }

// The weights of output o of n.
static const int16_t *weights_of(int o, int n) { return HALF[o < EDGES ? o : most(EDGES, o - (n - 2 * EDGES - 1))]; }

static int clamped(int acc) { return least(most(acc >> SHIFT, 0), 255); }

// One output pixel, of twelve input pixels.
static void halve_pixel(const uint8_t *src, uint16_t *dst, const int16_t *k) {
  for (int c = 0; c < 4; c++) {
    int acc = ROUND;
    for (int t = 0; t < TAPS; t++) acc += k[t] * src[4 * t + c];
    dst[c] = (uint16_t)clamped(acc);
  }
}

// Writes n pairs of pixels, each as R0 R1 G0 G1 B0 B1 A0 A1: one dot product takes two taps of all channels.
static void pair_up(const uint8_t *src, uint16_t *dst, int n) {
  for (int i = 0;; i = least(i + 2, n - 2)) {
    __m128i a = _mm_loadu_si128((const __m128i *)(src + 8 * i)), b = _mm_loadu_si128((const __m128i *)(src + 8 * i + 4));
    __m128i first = _mm_cvtepu8_epi16(_mm_unpacklo_epi8(a, b)), second = _mm_cvtepu8_epi16(_mm_unpackhi_epi8(a, b));
    store(dst + 8 * i, _mm256_set_m128i(second, first));
    if (i == n - 2) return;
  }
}

// n outputs of the same weights, at least six, from the pairs: a vector has two of them.
static void halve_inner(const uint16_t *pairs, uint16_t *dst, int n) {
  const int16_t *k = HALF[EDGES];
  const __m256i w[6] = {two(k), two(k + 2), two(k + 4), two(k + 6), two(k + 8), two(k + 10)};
  for (int o = 0;; o = least(o + 4, n - 4)) {
    __m256i a = _mm256_set1_epi32(ROUND), b = a;
    for (int t = 0; t < 6; t++) {
      a = _mm256_add_epi32(a, _mm256_madd_epi16(load(pairs + 8 * (o + t)), w[t]));
      b = _mm256_add_epi32(b, _mm256_madd_epi16(load(pairs + 8 * (o + 2 + t)), w[t]));
    }
    __m256i four = _mm256_packs_epi32(shifted(a), shifted(b)); // outputs 0 2 | 1 3
    four = _mm256_permute4x64_epi64(_mm256_min_epi16(_mm256_max_epi16(four, _mm256_setzero_si256()), _mm256_set1_epi16(255)), 0xd8);
    store(dst + 4 * o, four);
    if (o == n - 4) return;
  }
}

// The halving's first pass: a row of w pixels to the numbers of w/2.
static void halve_along(const uint8_t *src, uint16_t *pairs, uint16_t *dst, int w) {
  int ow = w / 2;
  for (int i = 0; i < EDGES; i++) {
    halve_pixel(src, dst + 4 * i, weights_of(i, ow));
    halve_pixel(src + 4 * (w - TAPS), dst + 4 * (ow - 1 - i), weights_of(ow - 1 - i, ow));
  }
  pair_up(src + 4, pairs, ow - 1);
  halve_inner(pairs, dst + 4 * EDGES, ow - 2 * EDGES);
}

// The halving's second pass, of twelve rows with symmetric weights.
static void halve_across(uint16_t *const p[TAPS], uint8_t *dst, int n) {
  const int16_t *k = HALF[EDGES];
  const __m256i w[3] = {two(k), two(k + 2), two(k + 4)};
  for (int i = 0;; i = least(i + 32, n - 32)) {
    __m256i half[2];
    for (int j = 0; j < 2; j++) {
      __m256i s[6];
      for (int t = 0; t < 6; t++) s[t] = plus(p[t] + i + 16 * j, p[TAPS - 1 - t] + i + 16 * j);
      half[j] = weigh(s, w);
    }
    store_bytes(dst + i, half[0], half[1]);
    if (i == n - 32) return;
  }
}

static void halve_across_edge(uint16_t *const p[TAPS], uint8_t *dst, int n, const int16_t *k) {
  for (int i = 0; i < n; i++) {
    int acc = ROUND;
    for (int t = 0; t < TAPS; t++) acc += k[t] * p[t][i];
    dst[i] = (uint8_t)clamped(acc);
  }
}

static void halve(struct engine *e) {
  int n = 2 * e->w, next = 0;
  uint16_t *ring = e->tmp + 4 * e->w;
  for (int y = 0; y < e->h / 2; y++) {
    int first = first_input(y, e->h);
    for (; next < first + TAPS; next++) halve_along(e->img + (size_t)next * 4 * e->w, e->tmp, in_ring(ring, next, n), e->w);
    uint16_t *p[TAPS];
    for (int t = 0; t < TAPS; t++) p[t] = in_ring(ring, first + t, n);
    const int16_t *k = weights_of(y, e->h / 2);
    if (k == HALF[EDGES]) {
      halve_across(p, e->out + (size_t)y * n, n);
    } else {
      halve_across_edge(p, e->out + (size_t)y * n, n, k);
    }
  }
}

static int reserve(struct engine *e, int w, int h) {
  if (e->w == w && e->h == h) return 0;
  free(e->img), free(e->tmp), free(e->out);
  size_t size = (size_t)w * h * 4;
  *e = (struct engine){.w = w, .h = h, .img = malloc(size), .tmp = malloc(104 * (size_t)w + 80), .out = malloc(size / 4)};
  return e->img && e->tmp && e->out ? 0 : -1;
}

uint8_t *engine_run(struct engine *e, const uint8_t *input, int w, int h) {
  if (reserve(e, w, h)) return NULL;
  memcpy(e->img, input, (size_t)w * h * 4);
  blur(e);
  halve(e);
  uint8_t *result = malloc((size_t)w * h);
  if (result) memcpy(result, e->out, (size_t)w * h);
  return result;
}
