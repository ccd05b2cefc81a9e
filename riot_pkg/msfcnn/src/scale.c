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

int32_t msfcnn_scale(int32_t acc, int32_t multiplier, unsigned shift)
{
    unsigned places = shift & ~(unsigned)(MSFCNN_TO_EVEN | MSFCNN_SHORT);
    int64_t product = (int64_t)acc * multiplier;
    int64_t rounding = (int64_t)1 << (places - 1);

    if ((shift & MSFCNN_TO_EVEN) != 0) {
        /* a half less one, and that one again below an odd neighbour */
        rounding += ((product >> places) & 1) - 1;
    }
    product = (product + rounding) >> places;
    int32_t low = (int32_t)product;
    /* beyond +-255 everything is clamped, whatever the zero point */
    if ((product != low) || (low < -255) || (low > 255)) {
        low = (product < 0) ? -255 : 255;
    }
    return low;
}
