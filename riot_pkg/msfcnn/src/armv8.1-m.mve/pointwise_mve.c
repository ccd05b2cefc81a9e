/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       1x1 convolutions and dense layers with Helium: two pixels at a time, from their lines
 *
 * @}
 */

#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 1)

#include "mve.h"

void msfcnn_pointwise_mve(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    size_t step = op->shape->stride_v * run->pixel_step;
    const int8_t *x = run->line[0];
    unsigned n;

    for (unsigned i = 0; i < run->pixels; i += n, x += n * step) {
        n = (run->pixels - i > 1) ? 2 : 1;
        msfcnn_mve_outputs(op, run, i, n, x, step);
    }
}

#else
typedef int msfcnn_mve_nothing_t;   /* no empty translation unit */
#endif
