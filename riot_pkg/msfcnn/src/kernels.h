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
 * A kernel computes a run of output pixels. It sees pointers to the input pixels under its taps
 * and knows neither plans nor windows: padding, ring wrap, stride and dilation are in the
 * pointers. Kernels do not fail.
 */

#include "msfcnn/tables.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief   A run of output pixels
 *
 * Tap t of pixel i is the input pixel `tap[i * tap_step + t]`, t < @p taps, counted column by
 * column. Neighbouring pixels share columns where they can.
 */
typedef struct {
    const int8_t *const *tap;   /**< input pixels */
    const int8_t *second;       /**< first pixel of the second input of a sum */
    const int8_t *pad;          /**< the pixel that padded taps point to */
    int8_t *out;                /**< first output pixel, at the first channel to write */
    size_t out_step;            /**< bytes from one output pixel to the next */
    uint16_t tap_step;          /**< pointers from one pixel's taps to the next one's */
    uint16_t taps;              /**< taps of a pixel */
    uint16_t pixels;            /**< length of the run */
    uint16_t channels;          /**< of an input pixel */
} msfcnn_run_t;

/**
 * @brief   Computes a run of pixels of one kind of op
 */
typedef void (*msfcnn_kernel_t)(const msfcnn_op_t *op, const msfcnn_run_t *run);

void msfcnn_conv(const msfcnn_op_t *op, const msfcnn_run_t *run);
void msfcnn_depthwise(const msfcnn_op_t *op, const msfcnn_run_t *run);
void msfcnn_max_pool(const msfcnn_op_t *op, const msfcnn_run_t *run);
void msfcnn_average_pool(const msfcnn_op_t *op, const msfcnn_run_t *run);
void msfcnn_sum(const msfcnn_op_t *op, const msfcnn_run_t *run);
void msfcnn_softmax(const msfcnn_op_t *op, const msfcnn_run_t *run);

/**
 * @brief   An int32 that lives in the byte arena
 */
typedef int32_t __attribute__((may_alias)) msfcnn_acc_t;

/**
 * @brief   Adds a run of pixels to the sums of their channels
 *
 * @param[in,out]   sums    one per channel
 * @param[in]       run     the pixels, one tap each
 */
void msfcnn_global_add(msfcnn_acc_t *sums, const msfcnn_run_t *run);

/**
 * @brief   Turns sums over @p pixels pixels into averages
 */
void msfcnn_global_finish(const msfcnn_op_t *op, const msfcnn_acc_t *sums, uint32_t pixels,
                          int8_t *out);

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
    int64_t scaled = ((int64_t)acc * multiplier + (INT64_C(1) << (shift - 1))) >> shift;

    /* beyond +-255 everything is clamped, whatever the zero point */
    if (scaled > 255) {
        return op->clamp_high;
    }
    if (scaled < -255) {
        return op->clamp_low;
    }
    return msfcnn_clamp(op, (int32_t)scaled + op->out_zero);
}

#ifdef __cplusplus
}
#endif
