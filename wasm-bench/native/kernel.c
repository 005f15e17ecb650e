// The kernels of SPEC.md in C, for loadgen bench: the recipe of ../wasm/kernel.ts. Its inner loops are there twice: avx2.c has
// them by hand, 256 bits wide instead of 128 (engine c), plain.c leaves it to the compiler to make vectors of them (c-plain).

#include "kernel.h"

#include <stdlib.h>
#include <string.h>

#include "inner.h"

enum { RING = 12 };

const int16_t BLUR[6] = {3926, 3278, 1910, 777, 220, 44};

const int16_t HALF[2 * EDGES + 1][TAPS] = {
    {7728, 7728, 2346, -1154, -589, 261, 64, 0, 0, 0, 0, 0},
    {-1075, 2187, 7202, 7204, 2187, -1075, -549, 243, 60, 0, 0, 0},
    {248, -559, -1096, 2228, 7340, 7341, 2228, -1096, -559, 248, 61, 0},
    {60, 247, -557, -1092, 2220, 7314, 7314, 2220, -1092, -557, 247, 60},
    {0, 61, 248, -559, -1096, 2228, 7340, 7341, 2228, -1096, -559, 248},
    {0, 0, 0, 60, 243, -549, -1075, 2187, 7202, 7204, 2187, -1075},
    {0, 0, 0, 0, 0, 64, 261, -589, -1154, 2346, 7728, 7728},
};

static uint16_t *in_ring(uint16_t *ring, int y, int n) { return ring + (size_t)(y % RING) * n; }

// Widens a row of w pixels, with its first and last pixel five times more beyond its ends.
static void pad(const uint8_t *src, uint16_t *dst, int w) {
  for (int x = 0; x < RADIUS; x++) {
    for (int c = 0; c < 4; c++) {
      dst[4 * x + c] = src[c];
      dst[4 * (w + RADIUS + x) + c] = src[4 * (w - 1) + c];
    }
  }
  widen(src, dst + 4 * RADIUS, 4 * w);
}

static void blur(struct engine *e) {
  int n = 4 * e->w, next = 0;
  uint16_t *ring = e->tmp + 4 * (e->w + 2 * RADIUS);
  for (int y = 0; y < e->h; y++) {
    for (; next < least(y + RADIUS + 1, e->h); next++) {
      pad(e->img + (size_t)next * n, e->tmp, e->w);
      blur_along(e->tmp, in_ring(ring, next, n), n);
    }
    const uint16_t *p[2 * RADIUS + 1]; // beyond the edge the row of the edge counts
    for (int d = -RADIUS; d <= RADIUS; d++) p[d + RADIUS] = in_ring(ring, least(most(y + d, 0), e->h - 1), n);
    blur_across(p, e->img + (size_t)y * n, n);
  }
}

// The first of the twelve inputs of output o, of a line of n inputs.
static int first_input(int o, int n) { return least(most(2 * o - 5, 0), n - TAPS); }

// The weights of output o of n.
static const int16_t *weights_of(int o, int n) { return HALF[o < EDGES ? o : most(EDGES, o - (n - 2 * EDGES - 1))]; }

// The halving's first pass: a row of w pixels to the numbers of w/2.
static void halve_along(const uint8_t *src, uint16_t *pairs, uint16_t *dst, int w) {
  int ow = w / 2;
  for (int i = 0; i < EDGES; i++) {
    halve_pixel(src, dst + 4 * i, weights_of(i, ow));
    halve_pixel(src + 4 * (w - TAPS), dst + 4 * (ow - 1 - i), weights_of(ow - 1 - i, ow));
  }
  halve_inner(src + 4 * first_input(EDGES, w), pairs, dst + 4 * EDGES, ow - 2 * EDGES);
}

static void halve_across_edge(const uint16_t *const p[TAPS], uint8_t *dst, int n, const int16_t *k) {
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
    const uint16_t *p[TAPS];
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
