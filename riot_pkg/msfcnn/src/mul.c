/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Products of two inputs: gates
 *
 * The output may lie exactly on an input: each byte is read before it is written.
 *
 * @}
 */

#include "kernels.h"

void msfcnn_mul(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    const msfcnn_mul_t *k = op->constants;
    const msfcnn_range_t range = msfcnn_range(op);
    const int8_t *x = run->line[0];
    const int8_t *y = run->second;
    size_t step = run->out_channel_step;
    int32_t multiplier = k->multiplier;
    unsigned shift = k->shift;
    int32_t x_zero = k->zero[0];
    int32_t y_zero = k->zero[1];

    for (unsigned i = 0; i < run->pixels; i++, x += run->pixel_step, y += run->second_step) {
        int8_t *out = run->out + i * run->out_pixel_step;

        for (unsigned c = 0; c < run->channels; c++, out += step) {
            int32_t product = msfcnn_multiply(x[c] - x_zero, y[c] - y_zero);
            *out = (int8_t)msfcnn_requantize(&range, product, multiplier, shift);
        }
    }
}
