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

#include <stdbool.h>

#include "msfcnn/kernels.h"
#include "msfcnn/tables.h"
#include "v6m.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief   Whether portable convolutions only do what those of an instruction set cannot
 *
 * Then they are small rather than fast. The build defines this where it adds such kernels.
 */
#ifndef MSFCNN_FALLBACK
#  define MSFCNN_FALLBACK   0
#endif

/**
 * @brief   What all outputs of an op have in common
 *
 * A copy of it stays in registers: what is stored through a pointer to bytes cannot change it.
 */
typedef struct {
    int32_t zero;               /**< zero point */
    int32_t rounding;           /**< zero point and a half, doubled */
    int32_t low;                /**< smallest output */
    int32_t high;               /**< largest output */
} msfcnn_range_t;

/**
 * @brief   The range of an op's outputs
 */
static inline msfcnn_range_t msfcnn_range(const msfcnn_op_t *op)
{
    return (msfcnn_range_t){ op->out_zero, 2 * op->out_zero + 1, op->clamp_low, op->clamp_high };
}

/**
 * @brief   Clamps to the bounds of an op's output
 */
inline int32_t msfcnn_clamp(const msfcnn_range_t *range, int32_t value)
{
    value = (value < range->low) ? range->low : value;
    return (value > range->high) ? range->high : value;
}

/**
 * @brief   (acc * multiplier + (1 << (shift - 1))) >> shift, at most +-255, for any shift
 */
int32_t msfcnn_scale(int32_t acc, int32_t multiplier, unsigned shift);

/**
 * @brief   Product of two numbers that fit in 16 bits
 */
static inline int32_t msfcnn_multiply(int32_t a, int32_t b)
{
#if defined(__XTENSA__)
    /* the smaller ones have no other multiplication, and compilers miss this one */
    int32_t product;

    __asm__ ("mul16s %0, %1, %2" : "=a"(product) : "a"(a), "a"(b));
    return product;
#else
    return a * b;
#endif
}

/**
 * @brief   Upper half of a product
 *
 * @param[in]   a   any number
 * @param[in]   b   0 to 2^31 - 1
 */
inline int32_t msfcnn_multiply_high(int32_t a, int32_t b)
{
#if MSFCNN_V6M
    /* there is no such instruction; by halves, none of the sums leaves 32 bits */
    uint32_t a_low = (uint16_t)a;
    int32_t a_high = a >> 16;
    uint32_t b_low = (uint16_t)b;
    int32_t b_high = b >> 16;
    int32_t upper = a_high * (int32_t)b_low + (int32_t)((a_low * b_low) >> 16);
    int32_t lower = (int32_t)(a_low * (uint32_t)b_high) + (int32_t)(uint16_t)upper;

    return a_high * b_high + (upper >> 16) + (lower >> 16);
#else
    return (int32_t)(((int64_t)a * b) >> 32);
#endif
}

/**
 * @brief   The one rounding: accumulator to activation
 *
 * @param[in]   range       of the outputs
 * @param[in]   acc         accumulator
 * @param[in]   multiplier  0 to 2^31 - 1
 * @param[in]   shift       1 to 62
 */
inline int32_t msfcnn_requantize(const msfcnn_range_t *range, int32_t acc, int32_t multiplier,
                                 unsigned shift)
{
    unsigned s = shift - 33;
    int32_t scaled;

    if (s <= 21) {
        /* what is added is a multiple of 2^32, so the lower half of the product does not matter;
         * the upper one is below 2^30, and so is what is added: the zero point and a half */
        scaled = msfcnn_multiply_high(acc, multiplier)
                 + (int32_t)((uint32_t)range->rounding << s);
        scaled >>= s + 1;
    }
    else {
        scaled = msfcnn_scale(acc, multiplier, shift) + range->zero;
    }
    return msfcnn_clamp(range, scaled);
}

/**
 * @brief   The taps of a pixel that are no padding
 */
typedef struct {
    size_t first;               /**< offset in each line */
    size_t step;                /**< from one to the next */
    unsigned per_line;          /**< in each line that exists */
} msfcnn_taps_t;

/**
 * @brief   The taps of a pixel of a run
 */
msfcnn_taps_t msfcnn_taps(const msfcnn_op_t *op, const msfcnn_run_t *run, unsigned pixel);

/**
 * @brief   Pixels of a run, from begin to end - 1
 */
typedef struct {
    unsigned begin;
    unsigned end;
} msfcnn_pixels_t;

/**
 * @brief   The pixels of a run that meet no padding in their lines
 */
msfcnn_pixels_t msfcnn_inner(const msfcnn_op_t *op, const msfcnn_run_t *run);

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

/**
 * @brief   Whether the shift of a channel is one that the assembly for Armv6-M can do
 */
static inline bool msfcnn_is_v6m(unsigned shift)
{
    return (shift - 33) <= 21;
}

/**
 * @brief   Computes a depthwise run on Armv6-M, if its kernel is 3x3
 *
 * @return  number of channels that are still to be computed: those whose shift it cannot do, or all
 */
unsigned msfcnn_depthwise_v6m(const msfcnn_op_t *op, const msfcnn_run_t *run);

#ifdef __cplusplus
}
#endif
