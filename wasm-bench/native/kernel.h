#ifndef EDGESCOPE_KERNEL_H
#define EDGESCOPE_KERNEL_H

#include <stdint.h>

// Buffers that are kept from call to call; all zero is ready.
struct engine {
  int w, h;
  uint8_t *img, *out;
  uint16_t *tmp;
};

// Answers the input of w * h RGBA pixels blurred and halved, as w * h bytes that the caller frees, or NULL without memory. The
// sides are even and at least 24. Copying in and out belongs to the time of an operation, as it does of the other engines.
uint8_t *engine_run(struct engine *e, const uint8_t *input, int w, int h);

#endif
