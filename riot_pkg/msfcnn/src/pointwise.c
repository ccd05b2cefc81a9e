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

    msfcnn_dot(op, run, run->line[0], step, op->in_channels, 0, run->pixels, 0, run->channels);
}
