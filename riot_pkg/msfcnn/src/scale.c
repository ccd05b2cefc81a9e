/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Scaling of accumulators by factors that are rarely that large or small
 *
 * @}
 */

#include "kernels.h"

/* one copy of each, for where they are too large to be inlined */
extern inline int32_t msfcnn_clamp(const msfcnn_range_t *range, int32_t value);
extern inline int32_t msfcnn_multiply_high(int32_t a, int32_t b);
extern inline bool msfcnn_is_common(unsigned shift);
extern inline msfcnn_scale_t msfcnn_common_scale(const msfcnn_range_t *range, int32_t multiplier,
                                                 unsigned shift);
extern inline int32_t msfcnn_requantize_common(const msfcnn_range_t *range, int32_t acc,
                                               msfcnn_scale_t scale);
extern inline int32_t msfcnn_requantize(const msfcnn_range_t *range, int32_t acc,
                                        int32_t multiplier, unsigned shift);

/* one copy at -Os */
#ifdef __OPTIMIZE_SIZE__
#  define SHARED    __attribute__((noinline))
#else
#  define SHARED    inline
#endif

/* a product without its last places, rounded, ties up */
static SHARED int64_t _rounded(int64_t product, unsigned places)
{
    return ((product >> (places - 1)) + 1) >> 1;
}

int32_t msfcnn_scale(int32_t acc, int32_t multiplier, unsigned shift)
{
    unsigned places = shift & ~(unsigned)(MSFCNN_TO_EVEN | MSFCNN_SHORT);
    int64_t product = (int64_t)acc * multiplier;
    int32_t even = (shift & MSFCNN_TO_EVEN) / MSFCNN_TO_EVEN;
    /* what is close to a tie goes up, or down if that is odd */
    int64_t rounded = _rounded(product + even * MSFCNN_TIE, places);

    if ((rounded & even) != 0) {
        rounded = _rounded(product - MSFCNN_TIE, places);
    }
    int32_t low = (int32_t)rounded;
    /* beyond +-255 everything is clamped, whatever the zero point */
    if ((rounded != low) || (low < -255) || (low > 255)) {
        low = (rounded < 0) ? -255 : 255;
    }
    return low;
}
