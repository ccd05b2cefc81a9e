/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

#pragma once

/**
 * @file
 * @ingroup     pkg_msfcnn
 * @brief       Dot products of gathered taps with weights: the core of pointwise and convolution
 */

#include "kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief   Outputs of one or two pixels
 *
 * @param[in]   op          clamp, zero point, constants (msfcnn_conv_t)
 * @param[in]   run         where outputs go, and the channel that the first of them is
 * @param[in]   a           taps of a pixel, as contiguous as their weights
 * @param[in]   b           taps of the next pixel, or NULL
 * @param[in]   taps        number of taps
 * @param[in]   pixel       index in the run of the pixel of @p a
 * @param[in]   first       first output channel, counted from the run's first
 * @param[in]   channels    output channels
 */
void msfcnn_dot(const msfcnn_op_t *op, const msfcnn_run_t *run, const int8_t *a, const int8_t *b,
                size_t taps, unsigned pixel, unsigned first, unsigned channels);

#ifdef __cplusplus
}
#endif
