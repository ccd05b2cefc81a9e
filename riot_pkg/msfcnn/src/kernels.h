/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

#pragma once

/**
 * @file
 * @ingroup     pkg_msfcnn
 * @brief       What the engine and its kernels agree on
 *
 * A kernel computes a run of output pixels, see @ref msfcnn_run. It sees pointers to lines and
 * knows neither plans nor windows. Kernels do not fail.
 *
 * What the generator promises: pointwise, convolution, pools, sums and softmax read input pixels
 * whose channels are adjacent (channel_step 1); only depthwise kernels meet planar lines. Any
 * kernel may have to write planar (out_channel_step other than 1).
 */

#include "msfcnn/kernels.h"
#include "msfcnn/tables.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief   Clamps to the bounds of an op's output
 */
static inline int8_t msfcnn_clamp(const msfcnn_op_t *op, int32_t value)
{
    if (value < op->clamp_low) {
        return op->clamp_low;
    }
    return (value > op->clamp_high) ? op->clamp_high : (int8_t)value;
}

/**
 * @brief   The one rounding: accumulator to activation
 *
 * @param[in]   op          clamp and zero point of the output
 * @param[in]   acc         accumulator
 * @param[in]   multiplier  0 to 2^31 - 1
 * @param[in]   shift       1 to 62; the scaled accumulator fits in 32 bits or is clamped anyway
 */
static inline int8_t msfcnn_requantize(const msfcnn_op_t *op, int32_t acc, int32_t multiplier,
                                       unsigned shift)
{
    int64_t product = (int64_t)acc * multiplier;
    int32_t scaled;

    if (shift > 32) {
        /* the rounding is a multiple of 2^32: the upper half is enough, and cannot overflow */
        scaled = ((int32_t)(product >> 32) + (INT32_C(1) << (shift - 33))) >> (shift - 32);
    }
    else {
        product = (product + (INT64_C(1) << (shift - 1))) >> shift;
        /* beyond +-255 everything is clamped, whatever the zero point */
        scaled = (product > 255) ? 255 : (product < -255) ? -255 : (int32_t)product;
    }
    return msfcnn_clamp(op, scaled + op->out_zero);
}

/**
 * @brief   Gathers the taps of one output pixel: [kernel line][kernel pixel][channel]
 *
 * @param[in]   op          geometry
 * @param[in]   run         the run
 * @param[in]   pixel       index of the output pixel in the run
 * @param[in]   channel     first input channel
 * @param[in]   channels    number of adjacent input channels
 * @param[out]  patch       kernel_u * kernel_v * channels bytes
 */
void msfcnn_gather(const msfcnn_op_t *op, const msfcnn_run_t *run, unsigned pixel,
                   unsigned channel, unsigned channels, int8_t *patch);

#ifdef __cplusplus
}
#endif
