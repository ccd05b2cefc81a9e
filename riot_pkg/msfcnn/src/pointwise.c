/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Pointwise convolution and dense layers, portable
 *
 * @}
 */

#include "dot.h"

void msfcnn_pointwise(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    size_t step = op->shape->stride_v * run->pixel_step;
    const int8_t *x = run->line[0];

    for (unsigned i = 0; i < run->pixels; i += 2, x += 2 * step) {
        const int8_t *next = (i + 1U < run->pixels) ? x + step : NULL;

        msfcnn_dot(op, run, x, next, op->in_channels, i, 0, run->channels);
    }
}
