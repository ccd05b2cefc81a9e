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
    if ((run->before == 0)
        && ((run->pixels - 1) * shape->stride_v + shape->kernel_v <= run->inside)) {
        direct.end = run->pixels;
        return direct;
    }
    return msfcnn_inner(op, run);
}

/* the taps of a pixel row by row, where lines are columns */
static void _gather_rows(const msfcnn_op_t *op, const msfcnn_run_t *run, unsigned pixel,
                         int8_t *to)
{
    const msfcnn_shape_t *shape = op->shape;
    const int8_t *const *end = run->line + shape->kernel_u;
    unsigned x = pixel * shape->stride_v - run->before;     /* wraps around in front of the line */
    int8_t pad = op->pad_value;

    for (unsigned i = shape->kernel_v; i > 0; i--, x++) {
        for (const int8_t *const *line = run->line; line != end; line++) {
            if ((*line == NULL) || (x >= run->inside)) {
                for (unsigned c = op->in_channels; c > 0; c--) {
                    *to++ = pad;
                }
                continue;
            }
            const int8_t *from = *line + x * run->pixel_step;

            for (unsigned c = op->in_channels; c > 0; c--) {
                *to++ = *from++;
                MSFCNN_IN_ORDER();      /* no copy of the loop for what is not there: many bytes */
            }
        }
    }
}

/* the taps of a pixel in the order of its weights; no memcpy(), as there are few of a line */
static void _order(const int8_t *taps, unsigned lines, size_t size, int8_t *to, size_t all)
{
    int8_t *rest = to + lines * (size & ~(size_t)3);
    int8_t *end = to + all;
    int8_t *next = rest;

    for (; lines > 0; lines--) {
        size_t left = size;

        for (; left >= 4; left -= 4, taps += 4, to += 4) {
            msfcnn_v7em_store(to, msfcnn_v7em_load(taps));
        }
        for (; left > 0; left--) {
            *next++ = *taps++;
        }
    }
    for (; rest < end; rest += 4) {
        int8_t second = rest[1];
        rest[1] = rest[2];
        rest[2] = second;
    }
}

/* one pixel, or two that it expands, padding and all */
static const int8_t *_gathered(const msfcnn_op_t *op, const msfcnn_run_t *run, unsigned pixel,
                               unsigned pixels)
{
    const msfcnn_shape_t *shape = op->shape;
    size_t size = (size_t)shape->kernel_v * op->in_channels;
    size_t taps = msfcnn_v7em_taps(op);
    int8_t *patch = run->scratch;
    int8_t *room = patch + pixels * taps;
    bool ordered = size % 4 == 0;

    for (int8_t *to = patch; to < room; to += taps) {
        int8_t *from = ordered ? to : room;

        if (_are_columns(op)) {
            _gather_rows(op, run, pixel++, from);
        }
        else {
            msfcnn_gather(op, run, pixel++, 1, 0, op->in_channels, from);
        }
        if (!ordered) {
            _order(from, shape->kernel_u, size, to, taps);
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
                msfcnn_v7em_pairs(op, &blocks, n, x);
                continue;
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
