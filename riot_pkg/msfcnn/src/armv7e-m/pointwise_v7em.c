/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Pointwise convolution and dense layers for Armv7E-M
 *
 * @}
 */

#if defined(__ARM_FEATURE_DSP) && (__ARM_FEATURE_DSP == 1)

#include "v7em.h"

void msfcnn_pointwise_v7em(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    size_t step = op->shape->stride_v * run->pixel_step;
    size_t taps = msfcnn_v7em_taps(op);
    bool copies = op->in_channels != taps;
    int8_t *patch = run->scratch;
    int8_t *pair = patch + (copies ? 2 * taps : 0);
    const int8_t *x = run->line[0];
    msfcnn_v7em_blocks_t blocks;
    unsigned done = 0;
    unsigned n;

    msfcnn_v7em_begin(op, run, &blocks);
    if (!copies && (run->channels % 4 == 0)
        && (msfcnn_v7em_together(op, run->pixels) == 2)) {
        done = run->pixels & ~1U;
        blocks.first = x;
        blocks.second = step;
        msfcnn_v7em_pairs(op, &blocks, done, pair);
        x += done * step;
    }
    for (unsigned i = done; i < run->pixels; i += n, x += n * step) {
        const int8_t *a = x;
        const int8_t *b = x + step;

        n = msfcnn_v7em_together(op, run->pixels - i);
        if (copies) {
            /* what follows a pixel has weights of zero, but may be no memory */
            a = memcpy(patch, a, op->in_channels);
            if (n == 2) {
                b = memcpy(patch + taps, b, op->in_channels);
            }
        }
        if (n == 2) {
            msfcnn_v7em_expand(a, b, taps / 4, pair);
            a = pair;
        }
        msfcnn_v7em_outputs(op, run, &blocks, n, a);
    }
    msfcnn_v7em_clamp(op, run);
}

#else
typedef int msfcnn_v7em_nothing_t;  /* no empty translation unit */
#endif
