/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Outputs that are clamped to less than int8, which the assembly does not do
 *
 * @}
 */

#include "mac16.h"

void msfcnn_mac16_clamp(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    const msfcnn_range_t range = msfcnn_range(op);
    int8_t *pixel = run->out;

    if ((range.low == INT8_MIN) && (range.high == INT8_MAX)) {
        return;
    }
    for (unsigned i = run->pixels; i > 0; i--, pixel += run->out_pixel_step) {
        int8_t *out = pixel;

        for (unsigned c = run->channels; c > 0; c--, out += run->out_channel_step) {
            *out = (int8_t)msfcnn_clamp(&range, *out);
        }
    }
}
