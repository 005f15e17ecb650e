// The inner loops in plain C, for the compiler to make vectors of.

#include "inner.h"

// The weighted sum of what at(d) is at distances d of -5 to 5.
#define BLURRED(at)                                                                                                \
  ((ROUND + BLUR[0] * at(0) + BLUR[1] * (at(-1) + at(1)) + BLUR[2] * (at(-2) + at(2)) + BLUR[3] * (at(-3) + at(3)) + \
    BLUR[4] * (at(-4) + at(4)) + BLUR[5] * (at(-5) + at(5))) >> SHIFT)

void widen(const uint8_t *restrict src, uint16_t *restrict dst, int n) {
  for (int i = 0; i < n; i++) dst[i] = src[i];
}

void blur_along(const uint16_t *restrict src, uint16_t *restrict dst, int n) {
#define AT(d) src[i + 4 * (d + RADIUS)]
  for (int i = 0; i < n; i++) dst[i] = (uint16_t)BLURRED(AT);
#undef AT
}

void blur_across(const uint16_t *const p[2 * RADIUS + 1], uint8_t *restrict dst, int n) {
#define AT(d) p[d + RADIUS][i]
  for (int i = 0; i < n; i++) dst[i] = (uint8_t)BLURRED(AT);
#undef AT
}

void halve_inner(const uint8_t *src, uint16_t *pairs, uint16_t *dst, int n) {
  (void)pairs;
  for (int o = 0; o < n; o++) halve_pixel(src + 8 * o, dst + 4 * o, HALF[EDGES]);
}

void halve_across(const uint16_t *const p[TAPS], uint8_t *restrict dst, int n) {
  const int16_t *k = HALF[EDGES];
  for (int i = 0; i < n; i++) {
    dst[i] = (uint8_t)clamped(ROUND + k[0] * (p[0][i] + p[11][i]) + k[1] * (p[1][i] + p[10][i]) + k[2] * (p[2][i] + p[9][i]) +
                              k[3] * (p[3][i] + p[8][i]) + k[4] * (p[4][i] + p[7][i]) + k[5] * (p[5][i] + p[6][i]));
  }
}
