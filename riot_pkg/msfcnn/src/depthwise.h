/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

#pragma once

/**
 * @file
 * @ingroup     pkg_msfcnn
 * @brief       Portable depthwise convolution: what its kernels for 3x3 and for others share
 */

#include "kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief   A factor made ready, of those that kernels for common shapes compute
 *
 * Without an upper half of products these are the short ones: sums of so few taps seldom are not.
 */
#if MSFCNN_HALVES
typedef msfcnn_short_scale_t msfcnn_depthwise_scale_t;
#else
typedef msfcnn_scale_t msfcnn_depthwise_scale_t;
#endif

/**
 * @brief   Whether kernels for common shapes compute an output with such a shift
 */
static inline bool msfcnn_depthwise_does(unsigned shift)
{
    return (MSFCNN_HALVES || MSFCNN_MAC16) ? (shift & MSFCNN_SHORT) != 0
                                           : msfcnn_is_common(shift);
}

/**
 * @brief   Makes a factor ready
 */
static inline msfcnn_depthwise_scale_t msfcnn_depthwise_scale(const msfcnn_range_t *range,
                                                              int32_t multiplier, unsigned shift)
{
#if MSFCNN_HALVES
    return msfcnn_short_scale(range, multiplier, shift);
#else
    return msfcnn_common_scale(range, multiplier, shift);
#endif
}

/**
 * @brief   The one rounding
 */
static inline int32_t msfcnn_depthwise_output(const msfcnn_range_t *range, int32_t acc,
                                              msfcnn_depthwise_scale_t scale)
{
#if MSFCNN_HALVES
    return msfcnn_requantize_short(range, acc, scale);
#else
    return msfcnn_requantize_common(range, acc, scale);
#endif
}

/**
 * @brief   Computes a depthwise run whose kernel is 3x3, of stride 1 or 2, without dilation
 *
 * There is one output of every input channel.
 *
 * @return  number of channels that are still to be computed: those that msfcnn_depthwise_does()
 *          denies, or all
 */
unsigned msfcnn_depthwise_3x3(const msfcnn_op_t *op, const msfcnn_run_t *run);

/**
 * @brief   Likewise, if it is 5x5 or 7x7
 */
unsigned msfcnn_depthwise_5x5(const msfcnn_op_t *op, const msfcnn_run_t *run);

#ifdef __cplusplus
}
#endif
