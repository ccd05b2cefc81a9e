/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       A slope per channel for what is below 0
 *
 * The output may lie exactly on the input: each byte is read before it is written.
 *
 * @}
 */

#include "kernels.h"

/* even: round ties to even where the shift says so */
static inline void _slopes(const msfcnn_op_t *op, const msfcnn_run_t *run, bool even)
{
    const msfcnn_prelu_t *k = op->constants;
    const msfcnn_range_t range = msfcnn_range(op);
    const int8_t *x = run->line[0];
    const int32_t *slope = k->slope + run->channel;
    size_t step = run->out_channel_step;

    for (unsigned i = 0; i < run->pixels; i++, x += run->pixel_step) {
        int8_t *out = run->out + i * run->out_pixel_step;

        for (unsigned c = 0; c < run->channels; c++, out += step) {
            int32_t value = x[c] - k->input_zero;
            int32_t factor = (value < 0) ? slope[c] : k->factor;

            value = msfcnn_shifted(value * factor + k->offset, k->shift,
                                   even ? k->shift / MSFCNN_TO_EVEN : 0);
            *out = (int8_t)msfcnn_clamp(&range, value);
        }
    }
}

void msfcnn_prelu(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
#ifndef __OPTIMIZE_SIZE__
    const msfcnn_prelu_t *k = op->constants;

    if (k->shift < MSFCNN_TO_EVEN) {
        _slopes(op, run, false);
        return;
    }
#endif
    _slopes(op, run, true);
}
