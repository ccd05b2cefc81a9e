/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Softmax over the channels of a pixel, from a table of exponentials
 *
 * The output may lie exactly on the input: each byte is read before it is written.
 *
 * @}
 */

#include "kernels.h"

static void _pixel(const msfcnn_op_t *op, unsigned channels, const int8_t *x, int8_t *out,
                   size_t out_step)
{
    const msfcnn_softmax_t *k = op->constants;
    const msfcnn_range_t range = msfcnn_range(op);
    int32_t max = INT8_MIN;
    uint64_t sum = 0;

    for (unsigned c = 0; c < channels; c++) {
        max = (x[c] > max) ? x[c] : max;
    }
    for (unsigned c = 0; c < channels; c++) {
        sum += k->exp[max - x[c]];
    }
    sum <<= 8;  /* the fraction bits of inverse_scale */
    for (unsigned c = 0; c < channels; c++, out += out_step) {
        uint64_t share = (uint64_t)k->exp[max - x[c]] * k->inverse_scale;
        /* below 2^25, as no exponential is larger than their sum */
        uint32_t rounded = (uint32_t)((share + sum / 2) / sum);
        /* a share is at most 1: only absurd scales get beyond the range of int8 */
        *out = (int8_t)msfcnn_clamp(&range, (rounded > 512 ? 512 : (int32_t)rounded) + range.zero);
    }
}

void msfcnn_softmax(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    const int8_t *x = run->line[0];

    for (unsigned i = 0; i < run->pixels; i++, x += run->pixel_step) {
        _pixel(op, run->channels, x, run->out + i * run->out_pixel_step, run->out_channel_step);
    }
}
