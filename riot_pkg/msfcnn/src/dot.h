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

/**
 * @brief   Where outputs go, and their constants
 *
 * Of the next output, whose pointers are advanced with it.
 */
typedef struct {
    const int32_t *bias;
    const int32_t *multiplier;
    const uint8_t *shift;
    int8_t *out;
    size_t channel_step;        /**< bytes from one output to the next */
    msfcnn_range_t range;
    size_t pixel_step;          /**< bytes to the same output of the next pixel */
} msfcnn_outputs_t;

/**
 * @brief   One pixel by blocks of four outputs, on Armv6-M
 *
 * @param[in]   a       taps of the pixel
 * @param[in]   taps    number of taps
 * @param[in]   w       weights of the first output
 * @param[in]   blocks  number of blocks, not 0
 * @param[in]   to      the outputs; pointers are left as they are
 */
void msfcnn_dot_v6m(const int8_t *a, size_t taps, const int8_t *w, unsigned blocks,
                    const msfcnn_outputs_t *to);

#ifdef __cplusplus
}
#endif
