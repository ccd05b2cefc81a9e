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
 * @brief   Whether the assembly for Xtensa with MAC16 is there. The build defines this, too
 */
#ifndef MSFCNN_MAC16
#  define MSFCNN_MAC16      0
#endif

/**
 * @brief   No instruction: keeps compilers from loading so much ahead that registers run out
 */
#define MSFCNN_IN_ORDER()       __asm__ volatile ("" ::: "memory")

/**
 * @brief   No instruction: compilers make no second copy of a loop for a value that they suspect
 */
#define MSFCNN_OPAQUE(value)    __asm__ ("" : "+r" (value))

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
 * @brief   acc >> shift of a sum, with ties rounded to an even number of steps
 *
 * The sum holds a half that is `gap / 2` too small: all of the gap is added where its lower
 * neighbour is an odd number of steps from the zero point.
 *
 * @param[in]   acc         the sum
 * @param[in]   shift       0 to 30, perhaps with MSFCNN_TO_EVEN and MSFCNN_ODD_ZERO
 * @param[in]   gap         0 to round all as they are
 */
static inline int32_t msfcnn_shifted(int32_t acc, unsigned shift, int32_t gap)
{
    unsigned places = shift % MSFCNN_ODD_ZERO;
    int32_t odd = (acc >> places) ^ (int32_t)(shift / MSFCNN_ODD_ZERO);

    return (acc + (odd & 1) * gap) >> places;
}

/**
 * @brief   (acc * multiplier + (1 << (shift - 1))) >> shift, at most +-255, for any shift
 *
 * With MSFCNN_TO_EVEN in the shift, ties are rounded to the even neighbour, not up.
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
 * @brief   Factors of msfcnn_multiply() with fraction bits, for sums of few taps
 *
 * Xtensa loads bytes without their sign: to shift them to the upper half of 16 bits takes half of
 * what extending it does. A sum begins with MSFCNN_BEGIN(), one of its factors is an
 * MSFCNN_PIXEL(), it ends in MSFCNN_SUM(), and there are at most MSFCNN_PIXEL_TAPS products.
 */
#if defined(__XTENSA__)
#  define MSFCNN_PIXEL_TAPS     511
#  define MSFCNN_PIXEL(x)       ((int32_t)((uint32_t)(uint8_t)(x) << 8))
#  define MSFCNN_BEGIN(bias)    0
#  define MSFCNN_SUM(sum, bias) (((sum) >> 8) + (bias))
#else
#  define MSFCNN_PIXEL_TAPS     SIZE_MAX
#  define MSFCNN_PIXEL(x)       (x)
#  define MSFCNN_BEGIN(bias)    (bias)
#  define MSFCNN_SUM(sum, bias) (sum)
#endif

/**
 * @brief   Whether a product of 32 by 32 bits has no upper half but by halves of its factors
 *
 * Of Xtensa, compilers say since GCC 13 what there is; older ones do not multiply high.
 */
#if MSFCNN_V6M
#  define MSFCNN_HALVES     1
#elif defined(__XTENSA__) && (!defined(__XCHAL_HAVE_MUL32_HIGH) || !__XCHAL_HAVE_MUL32_HIGH)
#  define MSFCNN_HALVES     1
#else
#  define MSFCNN_HALVES     0
#endif

/**
 * @brief   Upper half of a product
 *
 * @param[in]   a   any number
 * @param[in]   b   0 to 2^31 - 1
 */
inline int32_t msfcnn_multiply_high(int32_t a, int32_t b)
{
#if MSFCNN_HALVES
    /* there is no such instruction; by halves, none of the sums leaves 32 bits */
    uint32_t a_low = (uint16_t)a;
    int32_t a_high = a >> 16;
    uint32_t b_low = (uint16_t)b;
    int32_t b_high = b >> 16;
    int32_t upper = a_high * (int32_t)b_low + (int32_t)((a_low * b_low) >> 16);
    int32_t lower = (int32_t)(a_low * (uint32_t)b_high) + (int32_t)(uint16_t)upper;

    return a_high * b_high + (upper >> 16) + (lower >> 16);
#elif defined(__XTENSA__)
    /* older compilers miss it */
    int32_t product;

    __asm__ ("mulsh %0, %1, %2" : "=a"(product) : "a"(a), "a"(b));
    return product;
#else
    return (int32_t)(((int64_t)a * b) >> 32);
#endif
}

/**
 * @brief   The shifts of common factors
 */
#define MSFCNN_COMMON_FIRST     33U
#define MSFCNN_COMMON_LAST      54U     /**< likewise */

/**
 * @brief   Whether a factor is one of the common ones: below a quarter, but not next to nothing,
 *          and without ties that are rounded to even
 */
inline bool msfcnn_is_common(unsigned shift)
{
    return ((shift & ~(unsigned)MSFCNN_SHORT) - MSFCNN_COMMON_FIRST)
           <= MSFCNN_COMMON_LAST - MSFCNN_COMMON_FIRST;
}

/**
 * @brief   A common factor, made ready for many accumulators
 */
typedef struct {
    int32_t multiplier;         /**< 0 to 2^31 - 1 */
    int32_t rounding;           /**< zero point and a half, in units of the product's upper half */
    unsigned shift;             /**< of the product's upper half */
} msfcnn_scale_t;

/**
 * @brief   Makes a factor ready
 *
 * @param[in]   range       of the outputs
 * @param[in]   multiplier  0 to 2^31 - 1
 * @param[in]   shift       a common one
 */
inline msfcnn_scale_t msfcnn_common_scale(const msfcnn_range_t *range, int32_t multiplier,
                                          unsigned shift)
{
    shift &= ~(unsigned)MSFCNN_SHORT;
    return (msfcnn_scale_t){ multiplier, (int32_t)((uint32_t)range->rounding << (shift - 33)),
                             shift - 32 };
}

/**
 * @brief   The one rounding, where the factor is a common one
 *
 * What is added is a multiple of 2^32, so the lower half of the product does not matter; the upper
 * one is below 2^30, and so is what is added.
 */
inline int32_t msfcnn_requantize_common(const msfcnn_range_t *range, int32_t acc,
                                        msfcnn_scale_t scale)
{
    return msfcnn_clamp(range, (msfcnn_multiply_high(acc, scale.multiplier) + scale.rounding)
                               >> scale.shift);
}

/**
 * @brief   A factor that is marked with MSFCNN_SHORT, made ready for many accumulators
 */
typedef struct {
    int32_t part[3];            /**< of the multiplier: 10, 10 and 11 bits, the lowest first */
    int32_t rounding;           /**< zero point and a half, in units of 2^20 */
    unsigned shift;             /**< of what is beyond the lowest 20 bits of the product */
} msfcnn_short_scale_t;

/**
 * @brief   Makes a factor ready that is marked with MSFCNN_SHORT
 */
static inline msfcnn_short_scale_t msfcnn_short_scale(const msfcnn_range_t *range,
                                                      int32_t multiplier, unsigned shift)
{
    shift &= ~(unsigned)MSFCNN_SHORT;
    return (msfcnn_short_scale_t){
        { multiplier & 0x3FF, (multiplier >> 10) & 0x3FF, multiplier >> 20 },
        (int32_t)((uint32_t)range->rounding << (shift - 21)), shift - 20,
    };
}

/**
 * @brief   The one rounding, where the factor is marked with MSFCNN_SHORT
 *
 * No product of a part leaves 30 bits, and neither does what is added.
 */
static inline int32_t msfcnn_requantize_short(const msfcnn_range_t *range, int32_t acc,
                                              msfcnn_short_scale_t scale)
{
    int32_t product = (acc * scale.part[0] >> 10) + acc * scale.part[1];

    product = (product >> 10) + acc * scale.part[2];
    return msfcnn_clamp(range, (product + scale.rounding) >> scale.shift);
}

/**
 * @brief   The one rounding: accumulator to activation
 *
 * @param[in]   range       of the outputs
 * @param[in]   acc         accumulator
 * @param[in]   multiplier  0 to 2^31 - 1
 * @param[in]   shift       1 to 62, perhaps with MSFCNN_TO_EVEN or MSFCNN_SHORT
 */
inline int32_t msfcnn_requantize(const msfcnn_range_t *range, int32_t acc, int32_t multiplier,
                                 unsigned shift)
{
    if (msfcnn_is_common(shift)) {
        return msfcnn_requantize_common(range, acc, msfcnn_common_scale(range, multiplier, shift));
    }
    return msfcnn_clamp(range, msfcnn_scale(acc, multiplier, shift) + range->zero);
}

/**
 * @brief   The taps of a pixel that are no padding
 */
typedef struct {
    size_t first;               /**< offset in each line */
    size_t step;                /**< from one to the next */
    unsigned per_line;          /**< in each line that exists */
    unsigned skipped;           /**< in front of them in each line: padding */
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
 * @brief   Gathers the taps of output pixels: [pixel][kernel line][kernel pixel][channel]
 *
 * @param[in]   op          geometry
 * @param[in]   run         the run
 * @param[in]   pixel       index of the first output pixel in the run
 * @param[in]   pixels      number of output pixels
 * @param[in]   channel     first input channel
 * @param[in]   channels    number of adjacent input channels
 * @param[out]  patch       kernel_u * kernel_v * channels bytes a pixel
 */
void msfcnn_gather(const msfcnn_op_t *op, const msfcnn_run_t *run, unsigned pixel,
                   unsigned pixels, unsigned channel, unsigned channels, int8_t *patch);

#ifdef __cplusplus
}
#endif
