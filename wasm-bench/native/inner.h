// What avx2.c and plain.c share with kernel.c: the weights, and the loops that are written in two ways.

#ifndef EDGESCOPE_INNER_H
#define EDGESCOPE_INNER_H

#include <stddef.h>
#include <stdint.h>

enum { ROUND = 8192, SHIFT = 14, RADIUS = 5, TAPS = 12, EDGES = 3 };

extern const int16_t BLUR[RADIUS + 1];          // by distance
extern const int16_t HALF[2 * EDGES + 1][TAPS]; // of the first three outputs, of those between, of the last three

static inline int least(int a, int b) { return a < b ? a : b; }
static inline int most(int a, int b) { return a > b ? a : b; }
static inline int clamped(int acc) { return least(most(acc >> SHIFT, 0), 255); }

// Copies n bytes as 16-bit numbers.
void widen(const uint8_t *src, uint16_t *dst, int n);

// The blur's first pass: n numbers, of a row that begins five pixels before them.
void blur_along(const uint16_t *src, uint16_t *dst, int n);

// The blur's second pass: n bytes, of eleven rows.
void blur_across(const uint16_t *const p[2 * RADIUS + 1], uint8_t *dst, int n);

// The halving's first pass where all weights are the same: n outputs, at least six, of the pixels from src on. pairs is room
// for n + 5 pairs of pixels.
void halve_inner(const uint8_t *src, uint16_t *pairs, uint16_t *dst, int n);

// The halving's second pass where weights are symmetric: n bytes, of twelve rows.
void halve_across(const uint16_t *const p[TAPS], uint8_t *dst, int n);

// One output pixel, of twelve input pixels: the halving's first pass at either end.
static inline void halve_pixel(const uint8_t *src, uint16_t *dst, const int16_t *k) {
  for (int c = 0; c < 4; c++) {
    int acc = ROUND;
    for (int t = 0; t < TAPS; t++) acc += k[t] * src[4 * t + c];
    dst[c] = (uint16_t)clamped(acc);
  }
}

#endif
