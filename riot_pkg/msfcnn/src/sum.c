/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Sums of one or two rescaled tensors: residuals, changes of scale, concatenations
 *
 * The output may lie where an input lies: each byte is read before it is written.
 *
 * @}
 */

#include "kernels.h"

static void _rescale(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    const msfcnn_sum_t *k = op->constants;

    for (unsigned i = 0; i < run->pixels; i++) {
        const int8_t *x = run->tap[i];
        int8_t *out = run->out + i * run->out_step;
        for (unsigned c = 0; c < op->channels; c++) {
            out[c] = msfcnn_clamp(op, (x[c] * k->multiplier[0] + k->offset) >> k->shift);
        }
    }
}

static void _add(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    const msfcnn_sum_t *k = op->constants;
    const int8_t *y = run->second;

    for (unsigned i = 0; i < run->pixels; i++, y += op->channels) {
        const int8_t *x = run->tap[i];
        int8_t *out = run->out + i * run->out_step;
        for (unsigned c = 0; c < op->channels; c++) {
            int32_t acc = k->offset + x[c] * k->multiplier[0] + y[c] * k->multiplier[1];
            out[c] = msfcnn_clamp(op, acc >> k->shift);
        }
    }
}

void msfcnn_sum(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    if (op->n_inputs == 1) {
        _rescale(op, run);
    }
    else {
        _add(op, run);
    }
}
