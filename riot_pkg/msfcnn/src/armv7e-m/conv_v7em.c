/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Convolution of any kernel, without groups, for Armv7E-M
 *
 * Taps are in the order of their weights: of each kernel line as many as are a multiple of four,
 * then what is left of each of them. So pixels are expanded straight from the lines.
 *
 * Where lines are columns of a whole tensor, the taps of a kernel row lie one behind the other, and
 * those of a kernel line do not. Weights are those for rows then, which are taken for lines.
 *
 * @}
 */

#if defined(__ARM_FEATURE_DSP) && (__ARM_FEATURE_DSP == 1)

#include "v7em.h"

#define ROWS    MSFCNN_V7EM_ROWS

static bool _are_columns(const msfcnn_op_t *op)
{
    return (op->words & MSFCNN_V7EM_COLUMNS) != 0;
}

/* pixels that are expanded straight from the lines */
static msfcnn_pixels_t _direct(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    const msfcnn_shape_t *shape = op->shape;
    msfcnn_pixels_t direct = { 0, 0 };

    if ((shape->dilation_v != 1)
        || ((op->in_channels != run->pixel_step) && !_are_columns(op))) {
        return direct;
    }
    for (unsigned i = 0; i < shape->kernel_u; i++) {
        if (run->line[i] == NULL) {
            return direct;
        }
    }
#ifndef __OPTIMIZE_SIZE__
    if ((run->before == 0)
        && ((run->pixels - 1) * shape->stride_v + shape->kernel_v <= run->inside)) {
        direct.end = run->pixels;
        return direct;
    }
#endif
    return msfcnn_inner(op, run);
}

/* the taps of a pixel in the order of its weights, padding and all; there are few of a line, as those
 * of many channels mostly lie in order */
static __attribute__((noinline)) void _gather(const msfcnn_op_t *op, const msfcnn_run_t *run,
                                              unsigned pixel, int8_t *to, int8_t *end)
{
    const msfcnn_shape_t *shape = op->shape;
    size_t size = (size_t)shape->kernel_v * op->in_channels;
    bool columns = _are_columns(op);
    unsigned first = pixel * shape->stride_v - run->before;     /* wraps around in front */
    int8_t *rest = to + shape->kernel_u * (size & ~(size_t)3);
    int8_t *next = rest;

    for (unsigned i = 0; i < shape->kernel_u; i++) {
        int8_t *whole = to + (size & ~(size_t)3);

        for (unsigned j = 0; j < shape->kernel_v; j++) {
            const int8_t *line = run->line[columns ? j : i];
            unsigned x = first + (columns ? i : j) * shape->dilation_v;
            bool exists = (line != NULL) && (x < run->inside);
            const int8_t *from = exists ? line + x * run->pixel_step : &op->pad_value;

            for (unsigned c = op->in_channels; c > 0; c--, from += exists) {
                *((to < whole) ? to++ : next++) = *from;
            }
        }
    }
    /* fours as they are expanded */
    for (; rest < end; rest += 4) {
        int8_t second = rest[1];
        rest[1] = rest[2];
        rest[2] = second;
    }
}

/* one pixel, or two that it expands */
static inline const int8_t *_gathered(const msfcnn_op_t *op, const msfcnn_run_t *run,
                                      unsigned pixel, unsigned pixels)
{
    size_t taps = msfcnn_v7em_taps(op);
    int8_t *patch = run->scratch;
    int8_t *room = patch + pixels * taps;

    if ((op->shape->kernel_v * op->in_channels % 4 == 0) && !_are_columns(op)) {
        msfcnn_gather(op, run, pixel, pixels, 0, op->in_channels, patch);
    }
    else {
        for (int8_t *to = patch; to < room; to += taps) {
            _gather(op, run, pixel++, to, to + taps);
        }
    }
    if (pixels == 1) {
        return patch;
    }
    msfcnn_v7em_expand(patch, patch + taps, taps / 4, room);
    return room;
}

void msfcnn_conv_v7em(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    const msfcnn_shape_t *shape = op->shape;
    size_t size = (size_t)shape->kernel_v * op->in_channels;
    size_t step = shape->stride_v * run->pixel_step;
    int8_t *x = (int8_t *)run->scratch + 2 * msfcnn_v7em_taps(op);
    msfcnn_pixels_t direct = _direct(op, run);
    const int8_t *rows[ROWS];
    msfcnn_v7em_blocks_t blocks;
    msfcnn_v7em_lines_t lines = {
        .line = run->line,
        .line_end = run->line + shape->kernel_u,
        .second = (ptrdiff_t)step,
        .fours = size / 4,
        .rest = size % 4,
        .rest_x = x + shape->kernel_u * (size / 4 * 16),
    };
    unsigned n;

    if (_are_columns(op) && (direct.end > 0)) {
        for (unsigned i = 0; i < shape->kernel_v; i++) {
            rows[i] = run->line[0] + i * run->pixel_step;
        }
        lines.line = rows;
        lines.line_end = rows + shape->kernel_v;
    }
    msfcnn_v7em_begin(op, run, &blocks);
    for (unsigned i = 0; i < run->pixels; i += n) {
        const int8_t *taps = x;

        n = msfcnn_v7em_together(op, run->pixels - i);
        if ((n == 2) && (i >= direct.begin) && (i + 1 < direct.end)) {
            lines.first = (ptrdiff_t)(i * step - run->before * run->pixel_step);
            blocks.lines = &lines;
            if (run->channels % 4 == 0) {
                n = (direct.end - i) & ~1U;
            }
        }
        else {
            taps = _gathered(op, run, i, n);
            blocks.lines = NULL;
        }
        msfcnn_v7em_outputs(op, run, &blocks, n, taps);
    }
    msfcnn_v7em_clamp(op, run);
}

#else
typedef int msfcnn_v7em_nothing_t;  /* no empty translation unit */
#endif
