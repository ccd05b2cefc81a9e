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

/* copies of what the bytes written could be, for all the compiler knows */
typedef struct {
    unsigned taps;              /* of a line */
    unsigned dilation;
    unsigned inside;
    size_t step;                /* bytes from one pixel to the next */
    size_t channels;
    int8_t pad;
} geometry_t;

/* the taps of a line, one by one; x: the first, wrapped around in front of the line */
static int8_t *_taps(const geometry_t *geometry, const int8_t *line, unsigned x, int8_t *patch)
{
    const geometry_t g = *geometry;

    for (unsigned j = g.taps; j > 0; j--, x += g.dilation) {
        if (x >= g.inside) {
            memset(patch, g.pad, g.channels);
        }
#ifndef __OPTIMIZE_SIZE__
        else if (g.channels == 3) {
            /* a colour image, read in columns */
            const int8_t *from = line + x * g.step;
            patch[0] = from[0];
            patch[1] = from[1];
            patch[2] = from[2];
        }
#endif
        else {
            memcpy(patch, line + x * g.step, g.channels);
        }
        patch += g.channels;
    }
    return patch;
}

#ifndef __OPTIMIZE_SIZE__
/* the taps of a line that lie one behind the other */
static inline void _adjacent(int8_t *patch, const int8_t *from, size_t size)
{
    /* three pixels of a colour or a grey image: less than a call takes */
    typedef struct {
        int8_t byte[9];
    } nine_t;
    typedef struct {
        int8_t byte[3];
    } three_t;

    if (size == sizeof(nine_t)) {
        *(nine_t *)(void *)patch = *(const nine_t *)(const void *)from;
        return;
    }
    if (size == sizeof(three_t)) {
        *(three_t *)(void *)patch = *(const three_t *)(const void *)from;
        return;
    }
    memcpy(patch, from, size);
}
#endif

#ifndef __OPTIMIZE_SIZE__
/* some pixels whose taps lie one behind the other in every line: what a line needs is found once */
typedef struct {
    unsigned pixels;
    size_t advance;             /* bytes of a line from a pixel's taps to the next pixel's */
    size_t patch;               /* bytes of all taps of a pixel */
    int8_t pad;
} row_t;

static inline void _row(row_t row, int8_t *patch, const int8_t *from, size_t size)
{
    for (; row.pixels > 0; row.pixels--) {
        if (from == NULL) {
            memset(patch, row.pad, size);
        }
        else {
            _adjacent(patch, from, size);
            from += row.advance;
        }
        patch += row.patch;
    }
}

static void _rows(row_t row, const int8_t *const *line, const int8_t *const *end, size_t offset,
                  int8_t *patch, size_t size)
{
    for (; line != end; line++, patch += size) {
        const int8_t *from = (*line == NULL) ? NULL : *line + offset;

        if (size == 9) {
            _row(row, patch, from, 9);
        }
        else if (size == 3) {
            _row(row, patch, from, 3);
        }
        else {
            _row(row, patch, from, size);
        }
    }
}
#endif

void msfcnn_gather(const msfcnn_op_t *op, const msfcnn_run_t *run, unsigned pixel,
                   unsigned pixels, unsigned channel, unsigned channels, int8_t *patch)
{
    const msfcnn_shape_t *shape = op->shape;
    const geometry_t g = {
        shape->kernel_v, shape->dilation_v, run->inside, run->pixel_step, channels, op->pad_value,
    };
    const int8_t *const *end = run->line + shape->kernel_u;
    size_t size = g.taps * g.channels;
    unsigned first = pixel * shape->stride_v - run->before;

    for (; pixels > 0; pixels--, first += shape->stride_v) {
#ifndef __OPTIMIZE_SIZE__
        unsigned last = first + (g.taps - 1) * g.dilation;
        /* in front of the line `first` wraps around to beyond its end */
        bool adjacent = (first < g.inside) && (last < g.inside)
                        && (channels == g.dilation * g.step);

        if (adjacent && (pixels > 1)) {
            row_t row = { 1, shape->stride_v * g.step, shape->kernel_u * size, g.pad };
            size_t offset = first * g.step;

            while ((row.pixels < pixels) && (last + shape->stride_v < g.inside)) {
                row.pixels++;
                last += shape->stride_v;
                first += shape->stride_v;
            }
            _rows(row, run->line, end, offset, patch, size);
            patch += row.pixels * row.patch;
            pixels -= row.pixels - 1;
            continue;
        }
#endif

        for (const int8_t *const *line = run->line; line != end; line++) {
            if (*line == NULL) {
                memset(patch, g.pad, size);
                patch += size;
            }
#ifndef __OPTIMIZE_SIZE__
            else if (adjacent) {
                _adjacent(patch, *line + first * g.step, size);
                patch += size;
            }
#endif
            else {
                patch = _taps(&g, *line + channel, first, patch);
            }
        }
    }
}
