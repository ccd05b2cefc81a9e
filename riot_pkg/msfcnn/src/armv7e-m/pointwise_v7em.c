/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Pointwise convolution, dense layers and gathered convolution for Armv7E-M
 *
 * @}
 */

#if defined(__ARM_FEATURE_DSP) && (__ARM_FEATURE_DSP == 1)

#include "v7em.h"

void msfcnn_pointwise_v7em(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    const msfcnn_conv_v7em_t *k = op->constants;
    size_t step = op->stride_v * run->pixel_step;
    size_t taps = k->taps;
    bool copies = op->in_channels != taps;
    int8_t *patch = run->scratch;
    const int8_t *x = run->line[0];
    unsigned n;

    if (k->pairs) {
        patch += 4 * taps;
    }
    for (unsigned i = 0; i < run->pixels; i += n, x += n * step) {
        const int8_t *a = x;
        const int8_t *b = x + step;

        n = (k->pairs && (i + 1U < run->pixels)) ? 2 : 1;
        if (copies) {
            /* what follows a pixel has weights of zero, but may be no memory */
            a = memcpy(patch, a, op->in_channels);
            if (n == 2) {
                b = memcpy(patch + taps, b, op->in_channels);
            }
        }
        msfcnn_v7em_outputs(op, run, i, a, (n == 2) ? b : NULL, run->scratch);
    }
    msfcnn_v7em_clamp(op, run);
}

void msfcnn_conv_v7em(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    const msfcnn_conv_v7em_t *k = op->constants;
    int8_t *a = run->scratch;
    unsigned n;

    if (k->pairs) {
        a += 4 * (size_t)k->taps;
    }
    for (unsigned i = 0; i < run->pixels; i += n) {
        int8_t *b = NULL;

        n = 1;
        msfcnn_gather(op, run, i, 0, op->in_channels, a);
        if (k->pairs && (i + 1U < run->pixels)) {
            n = 2;
            b = a + k->taps;
            msfcnn_gather(op, run, i + 1, 0, op->in_channels, b);
        }
        msfcnn_v7em_outputs(op, run, i, a, b, run->scratch);
    }
    msfcnn_v7em_clamp(op, run);
}

#else
typedef int msfcnn_v7em_nothing_t;  /* no empty translation unit */
#endif
