/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Gathers the taps of a pixel, with padding
 *
 * @}
 */

#include <stdbool.h>
#include <string.h>

#include "kernels.h"

msfcnn_pixels_t msfcnn_inner(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    const msfcnn_shape_t *shape = op->shape;
    msfcnn_pixels_t inner = { 0, run->pixels };
    unsigned span = (shape->kernel_v - 1U) * shape->dilation_v + 1;

    while ((inner.begin < inner.end) && (inner.begin * shape->stride_v < run->before)) {
        inner.begin++;
    }
    while ((inner.end > inner.begin)
           && ((inner.end - 1) * shape->stride_v + span > run->before + run->inside)) {
        inner.end--;
    }
    return inner;
}

/* how one goes from pixel to pixel: apart, so that it stays in registers */
typedef struct {
    unsigned stride;
    size_t patch;               /* bytes of all taps of a pixel */
#ifndef __OPTIMIZE_SIZE__
    size_t step;                /* bytes from one pixel of a line to the next */
    unsigned adjacent;          /* taps from a pixel in front of this lie one behind the other */
#endif
} walk_t;

#ifndef __OPTIMIZE_SIZE__
/* the first pixel of a line from which on some taps are beyond its end; 0 if none are adjacent */
static inline unsigned _adjacent(const msfcnn_op_t *op, const msfcnn_run_t *run, unsigned channels)
{
    const msfcnn_shape_t *shape = op->shape;
    unsigned span = (shape->kernel_v - 1U) * shape->dilation_v;

    return ((channels == shape->dilation_v * (size_t)run->pixel_step) && (span < run->inside))
           ? run->inside - span : 0;
}
#endif

/* the taps of a line, one by one; x: the first, wrapped around in front of the line. They are few,
 * and other loops do better without this one in their function */
static __attribute__((noinline))
void _taps(const msfcnn_op_t *op, const msfcnn_run_t *run, size_t channels, const int8_t *line,
           unsigned x, int8_t *patch)
{
    /* copies of what the bytes written could be, for all the compiler knows */
    unsigned taps = op->shape->kernel_v;
    unsigned dilation = op->shape->dilation_v;
    unsigned inside = run->inside;
    size_t step = run->pixel_step;
    int8_t pad = op->pad_value;

    for (unsigned j = taps; j > 0; j--, x += dilation) {
        if (x >= inside) {
            memset(patch, pad, channels);
        }
#ifndef __OPTIMIZE_SIZE__
        else if (channels == 3) {
            /* a colour image, read in columns */
            const int8_t *from = line + x * step;
            patch[0] = from[0];
            patch[1] = from[1];
            patch[2] = from[2];
        }
#endif
        else {
            memcpy(patch, line + x * step, channels);
        }
        patch += channels;
    }
}

#ifndef __OPTIMIZE_SIZE__
/* what three pixels of a colour or a grey image have: less than a call takes */
typedef struct {
    int8_t byte[9];
} nine_t;
typedef struct {
    int8_t byte[3];
} three_t;

static inline void _copy(int8_t *to, const int8_t *from, size_t size)
{
    if (size == sizeof(nine_t)) {
        *(nine_t *)(void *)to = *(const nine_t *)(const void *)from;
    }
    else if (size == sizeof(three_t)) {
        *(three_t *)(void *)to = *(const three_t *)(const void *)from;
    }
    else {
        memcpy(to, from, size);
    }
}
#endif

/* the taps of some pixels in a line, of which each has so many bytes */
static inline void _line(const msfcnn_op_t *op, const msfcnn_run_t *run, size_t channels,
                         walk_t walk, const int8_t *line, unsigned x, unsigned pixels,
                         int8_t *patch, size_t size)
{
    while (pixels > 0) {
#ifndef __OPTIMIZE_SIZE__
        if (x < walk.adjacent) {
            const int8_t *from = line + x * walk.step;

            do {
                _copy(patch, from, size);
                from += walk.stride * walk.step;
                x += walk.stride;
                patch += walk.patch;
            } while ((--pixels > 0) && (x < walk.adjacent));
            continue;
        }
#else
        (void)size;
#endif
        _taps(op, run, channels, line, x, patch);
        x += walk.stride;
        patch += walk.patch;
        pixels--;
    }
}

void msfcnn_gather(const msfcnn_op_t *op, const msfcnn_run_t *run, unsigned pixel,
                   unsigned pixels, unsigned channel, unsigned channels, int8_t *patch)
{
    const msfcnn_shape_t *shape = op->shape;
    size_t size = shape->kernel_v * (size_t)channels;
    const walk_t walk = {
        .stride = shape->stride_v,
        .patch = shape->kernel_u * size,
#ifndef __OPTIMIZE_SIZE__
        .step = run->pixel_step,
        .adjacent = _adjacent(op, run, channels),
#endif
    };
    unsigned first = pixel * shape->stride_v - run->before;

    for (unsigned i = 0; i < shape->kernel_u; i++, patch += size) {
        const int8_t *line = run->line[i];

        if (line == NULL) {
            for (unsigned n = 0; n < pixels; n++) {
                memset(patch + n * walk.patch, op->pad_value, size);
            }
            continue;
        }
        line += channel;
#ifndef __OPTIMIZE_SIZE__
        if (size == sizeof(nine_t)) {
            _line(op, run, channels, walk, line, first, pixels, patch, sizeof(nine_t));
            continue;
        }
        if (size == sizeof(three_t)) {
            _line(op, run, channels, walk, line, first, pixels, patch, sizeof(three_t));
            continue;
        }
#endif
        _line(op, run, channels, walk, line, first, pixels, patch, size);
    }
}
