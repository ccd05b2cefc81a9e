/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Scaling of accumulators by factors that are rarely that large
 *
 * @}
 */

#include "kernels.h"

int32_t msfcnn_scale_up(int32_t acc, int32_t multiplier, unsigned shift)
{
    int64_t scaled = ((int64_t)acc * multiplier + (INT64_C(1) << (shift - 1))) >> shift;

    /* beyond +-255 everything is clamped, whatever the zero point */
    return (scaled > 255) ? 255 : (scaled < -255) ? -255 : (int32_t)scaled;
}
