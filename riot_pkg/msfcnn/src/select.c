/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Channels in another order, some of them, or with zeros between
 *
 * @}
 */

#include "kernels.h"

void msfcnn_select(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    const msfcnn_select_t *k = op->constants;
    const msfcnn_range_t range = msfcnn_range(op);
    const int8_t *x = run->line[0];
    size_t step = run->out_channel_step;

    for (unsigned i = 0; i < run->pixels; i++, x += run->pixel_step) {
        const uint16_t *index = k->index + run->channel;
        int8_t *out = run->out + i * run->out_pixel_step;

        for (unsigned c = run->channels; c > 0; c--, index++, out += step) {
            if (*index == MSFCNN_SELECT_PAD) {
                *out = op->pad_value;
            }
            else {
                *out = (int8_t)msfcnn_clamp(&range,
                                            (x[*index] * k->multiplier + k->offset) >> k->shift);
            }
        }
    }
}
