/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       1x1 convolutions and dense layers with Helium: straight from their lines
 *
 * @}
 */

#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 1)

#include "mve.h"

void msfcnn_pointwise_mve(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    size_t step = op->shape->stride_v * run->pixel_step;

    msfcnn_mve_outputs(op, run, 0, run->pixels, run->line[0], step);
}

#else
typedef int msfcnn_mve_nothing_t;   /* no empty translation unit */
#endif
