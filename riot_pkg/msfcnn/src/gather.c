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
    msfcnn_pixels_t inner = { 0, run->pixels };
    unsigned span = (op->kernel_v - 1U) * op->dilation_v + 1;

    while ((inner.begin < inner.end) && (inner.begin * op->stride_v < run->before)) {
        inner.begin++;
    }
    while ((inner.end > inner.begin)
           && ((inner.end - 1) * op->stride_v + span > run->before + run->inside)) {
        inner.end--;
    }
    return inner;
}

/* copies of what the bytes written could be, for all the compiler knows */
typedef struct {
    unsigned taps;              /* of a line */
    unsigned dilation;
    unsigned inside;
    size_t step;                /* bytes from one pixel to the next */
    size_t channels;
    int8_t pad;
} shape_t;

/* the taps of a line, one by one; x: the first, wrapped around in front of the line */
static int8_t *_taps(const shape_t *shape, const int8_t *line, unsigned x, int8_t *patch)
{
    const shape_t s = *shape;

    for (unsigned j = s.taps; j > 0; j--, x += s.dilation) {
        if (x >= s.inside) {
            memset(patch, s.pad, s.channels);
        }
        else if (s.channels == 3) {
            /* a colour image, read in columns */
            const int8_t *from = line + x * s.step;
            patch[0] = from[0];
            patch[1] = from[1];
            patch[2] = from[2];
        }
        else {
            memcpy(patch, line + x * s.step, s.channels);
        }
        patch += s.channels;
    }
    return patch;
}

void msfcnn_gather(const msfcnn_op_t *op, const msfcnn_run_t *run, unsigned pixel,
                   unsigned channel, unsigned channels, int8_t *patch)
{
    const shape_t shape = {
        op->kernel_v, op->dilation_v, run->inside, run->pixel_step, channels, op->pad_value,
    };
    size_t size = shape.taps * shape.channels;
    unsigned first = pixel * op->stride_v - run->before;
    unsigned last = first + (shape.taps - 1) * shape.dilation;
    bool adjacent = (first <= last) && (last < shape.inside)
                    && (channels == shape.dilation * shape.step);

    for (unsigned i = 0; i < op->kernel_u; i++) {
        const int8_t *line = run->line[i];

        if (line == NULL) {
            memset(patch, shape.pad, size);
            patch += size;
        }
        else if (adjacent) {
            memcpy(patch, line + first * shape.step, size);
            patch += size;
        }
        else {
            patch = _taps(&shape, line + channel, first, patch);
        }
    }
}
