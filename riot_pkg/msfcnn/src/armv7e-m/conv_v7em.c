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
 * @}
 */

#if defined(__ARM_FEATURE_DSP) && (__ARM_FEATURE_DSP == 1)

#include "v7em.h"

/* pixels that are expanded straight from the lines */
static msfcnn_pixels_t _direct(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    const msfcnn_shape_t *shape = op->shape;
    msfcnn_pixels_t direct = msfcnn_inner(op, run);

    if ((shape->dilation_v != 1) || (op->in_channels != run->pixel_step)) {
        direct.end = 0;
    }
    for (unsigned i = 0; i < shape->kernel_u; i++) {
        if (run->line[i] == NULL) {
            direct.end = 0;
        }
    }
    return direct;
}

/* a single pixel, in the order of its weights */
static void _order(const int8_t *taps, unsigned lines, size_t size, int8_t *to)
{
    size_t whole = size & ~(size_t)3;
    int8_t *rest = to + lines * whole;

    for (; lines > 0; lines--, taps += size, to += whole, rest += size - whole) {
        memcpy(to, taps, whole);
        memcpy(rest, taps + whole, size - whole);
    }
}

void msfcnn_conv_v7em(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    const msfcnn_shape_t *shape = op->shape;
    unsigned kernel_lines = shape->kernel_u;
    size_t size = (size_t)shape->kernel_v * op->in_channels;
    size_t taps = op->words;
    size_t rest = (kernel_lines * (size % 4) + 3) / 4 * 4;
    msfcnn_pixels_t direct = _direct(op, run);
    int8_t *patch = run->scratch;
    int8_t *room = patch + 6 * taps;
    const int8_t **gathered = (const int8_t **)(void *)(room + 2 * rest);
    msfcnn_v7em_lines_t pair = {
        .fours = size / 4,
        .rest = size % 4,
        .rest_first = room,
        .rest_second = room + rest,
        .x = patch + 2 * taps,
    };
    unsigned n;

    for (unsigned i = 0; i < run->pixels; i += n) {
        n = msfcnn_v7em_together(op, run->pixels - i);
        if ((n == 2) && (i >= direct.begin) && (i + 1 < direct.end)) {
            pair.line = run->line;
            pair.first = (ptrdiff_t)((i * shape->stride_v - run->before) * run->pixel_step);
            pair.second = (ptrdiff_t)(shape->stride_v * run->pixel_step);
        }
        else {
            for (unsigned p = 0; p < n; p++) {
                msfcnn_gather(op, run, i + p, 1, 0, op->in_channels, patch + p * taps);
            }
            if (n == 1) {
                const int8_t *x = patch;
                if (size % 4 != 0) {
                    _order(patch, kernel_lines, size, patch + taps);
                    x = patch + taps;
                }
                msfcnn_v7em_outputs(op, run, i, n, x);
                continue;
            }
            for (unsigned u = 0; u < kernel_lines; u++) {
                gathered[u] = patch + u * size;
            }
            pair.line = gathered;
            pair.first = 0;
            pair.second = (ptrdiff_t)taps;
        }
        pair.line_end = pair.line + kernel_lines;
        int8_t *end = msfcnn_v7em_expand_lines(&pair);
        if (rest > 0) {
            msfcnn_v7em_expand(room, room + rest, rest / 4, end);
        }
        msfcnn_v7em_outputs(op, run, i, n, pair.x);
    }
    msfcnn_v7em_clamp(op, run);
}

#else
typedef int msfcnn_v7em_nothing_t;  /* no empty translation unit */
#endif
