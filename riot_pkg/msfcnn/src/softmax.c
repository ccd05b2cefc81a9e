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
 * The output may lie where the input lies: each byte is read before it is written.
 *
 * @}
 */

#include "kernels.h"

static void _pixel(const msfcnn_op_t *op, const int8_t *x, int8_t *out)
{
    const msfcnn_softmax_t *k = op->constants;
    int32_t max = INT8_MIN;
    uint64_t sum = 0;

    for (unsigned c = 0; c < op->channels; c++) {
        max = (x[c] > max) ? x[c] : max;
    }
    for (unsigned c = 0; c < op->channels; c++) {
        sum += k->exp[max - x[c]];
    }
    sum <<= 8;  /* the fraction bits of inverse_scale */
    for (unsigned c = 0; c < op->channels; c++) {
        uint64_t share = (uint64_t)k->exp[max - x[c]] * k->inverse_scale;
        uint64_t rounded = (2 * share + sum) / (2 * sum);
        /* a share is at most 1: only absurd scales get beyond the range of int8 */
        out[c] = msfcnn_clamp(op, (rounded > 512 ? 512 : (int32_t)rounded) + op->out_zero);
    }
}

void msfcnn_softmax(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    for (unsigned i = 0; i < run->pixels; i++) {
        _pixel(op, run->tap[i], run->out + i * run->out_step);
    }
}
