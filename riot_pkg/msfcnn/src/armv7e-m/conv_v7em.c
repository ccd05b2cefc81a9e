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
    msfcnn_pixels_t direct = msfcnn_inner(op, run);

    if ((op->dilation_v != 1) || (op->in_channels != run->pixel_step)) {
        direct.end = 0;
    }
    for (unsigned i = 0; i < op->kernel_u; i++) {
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
    const msfcnn_conv_v7em_t *k = op->constants;
    unsigned kernel_lines = op->kernel_u;
    size_t size = (size_t)op->kernel_v * op->in_channels;
    size_t rest = (kernel_lines * (size % 4) + 3) / 4 * 4;
    msfcnn_pixels_t direct = _direct(op, run);
    int8_t *x = run->scratch;
    int8_t *patch = x + (k->pairs ? 4U : 1U) * k->taps;
    int8_t *room = patch + 2 * (size_t)k->taps;
    const int8_t **gathered = (const int8_t **)(void *)(room + 2 * rest);
    msfcnn_v7em_lines_t pair = {
        .fours = size / 4,
        .rest = size % 4,
        .rest_first = room,
        .rest_second = room + rest,
        .x = x,
    };
    unsigned n;

    for (unsigned i = 0; i < run->pixels; i += n) {
        n = (k->pairs && (i + 1U < run->pixels)) ? 2 : 1;
        if ((n == 2) && (i >= direct.begin) && (i + 1 < direct.end)) {
            pair.line = run->line;
            pair.first = (ptrdiff_t)((i * op->stride_v - run->before) * run->pixel_step);
            pair.second = (ptrdiff_t)(op->stride_v * run->pixel_step);
        }
        else {
            for (unsigned p = 0; p < n; p++) {
                msfcnn_gather(op, run, i + p, 0, op->in_channels, patch + p * k->taps);
            }
            if (n == 1) {
                _order(patch, kernel_lines, size, x);
                msfcnn_v7em_outputs(op, run, i, n, x);
                continue;
            }
            for (unsigned u = 0; u < kernel_lines; u++) {
                gathered[u] = patch + u * size;
            }
            pair.line = gathered;
            pair.first = 0;
            pair.second = k->taps;
        }
        pair.line_end = pair.line + kernel_lines;
        int8_t *end = msfcnn_v7em_expand_lines(&pair);
        if (rest > 0) {
            msfcnn_v7em_expand(room, room + rest, rest / 4, end);
        }
        msfcnn_v7em_outputs(op, run, i, n, x);
    }
    msfcnn_v7em_clamp(op, run);
}

#else
typedef int msfcnn_v7em_nothing_t;  /* no empty translation unit */
#endif
