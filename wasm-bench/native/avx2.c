// The inner loops in AVX2.

#include <immintrin.h>
#include <string.h>

#include "inner.h"

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

void widen(const uint8_t *src, uint16_t *dst, int n) {
  int i = 0;
  for (; i + 16 <= n; i += 16) store(dst + i, _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(src + i))));
  for (; i < n; i++) dst[i] = src[i];
}

// The last step redoes numbers that are already there, here and below.
void blur_along(const uint16_t *src, uint16_t *dst, int n) {
  const __m256i w[3] = {two(BLUR), two(BLUR + 2), two(BLUR + 4)};
  for (int i = 0;; i = least(i + 16, n - 16)) {
    const uint16_t *p = src + i;
    const __m256i s[6] = {load(p + 20), plus(p + 16, p + 24), plus(p + 12, p + 28), plus(p + 8, p + 32), plus(p + 4, p + 36), plus(p, p + 40)};
    store(dst + i, weigh(s, w));
    if (i == n - 16) return;
  }
}

void blur_across(const uint16_t *const p[2 * RADIUS + 1], uint8_t *dst, int n) {
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

// Writes n pairs of pixels, each as R0 R1 G0 G1 B0 B1 A0 A1: one dot product takes two taps of all channels.
static void pair_up(const uint8_t *src, uint16_t *dst, int n) {
  for (int i = 0;; i = least(i + 2, n - 2)) {
    __m128i a = _mm_loadu_si128((const __m128i *)(src + 8 * i)), b = _mm_loadu_si128((const __m128i *)(src + 8 * i + 4));
    __m128i first = _mm_cvtepu8_epi16(_mm_unpacklo_epi8(a, b)), second = _mm_cvtepu8_epi16(_mm_unpackhi_epi8(a, b));
    store(dst + 8 * i, _mm256_set_m128i(second, first));
    if (i == n - 2) return;
  }
}

// A vector has two outputs.
void halve_inner(const uint8_t *src, uint16_t *pairs, uint16_t *dst, int n) {
  pair_up(src, pairs, n + 5);
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

void halve_across(const uint16_t *const p[TAPS], uint8_t *dst, int n) {
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
