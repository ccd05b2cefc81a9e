/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Pooling
 *
 * @}
 */

#include "kernels.h"

void msfcnn_max_pool(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    const msfcnn_sum_t *k = op->constants;
    const int8_t *const *tap = run->tap;
    int8_t *out = run->out;

    for (unsigned i = 0; i < run->pixels; i++) {
        for (unsigned c = 0; c < run->channels; c++) {
            int32_t max = INT8_MIN;
            for (unsigned t = 0; t < run->taps; t++) {
                max = (tap[t][c] > max) ? tap[t][c] : max;
            }
            out[c] = msfcnn_clamp(op, (max * k->multiplier[0] + k->offset) >> k->shift);
        }
        tap += run->tap_step;
        out += run->out_step;
    }
}

/* index of the factor for the taps of a pixel that are not padding */
static unsigned _factor(const msfcnn_pool_t *k, const msfcnn_run_t *run, const int8_t *const *tap)
{
    unsigned n = 0;

    if (k->n_factors == 1) {
        return 0;
    }
    for (unsigned t = 0; t < run->taps; t++) {
        n += (tap[t] != run->pad);
    }
    return (n > 0) ? n - 1 : 0;
}

void msfcnn_average_pool(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    const msfcnn_pool_t *k = op->constants;
    const int8_t *const *tap = run->tap;
    int8_t *out = run->out;
    int32_t zero = run->taps * k->input_zero;

    for (unsigned i = 0; i < run->pixels; i++) {
        unsigned f = _factor(k, run, tap);
        for (unsigned c = 0; c < run->channels; c++) {
            int32_t acc = -zero;
            for (unsigned t = 0; t < run->taps; t++) {
                acc += tap[t][c];
            }
            out[c] = msfcnn_requantize(op, acc, k->multiplier[f], k->shift[f]);
        }
        tap += run->tap_step;
        out += run->out_step;
    }
}

void msfcnn_global_add(msfcnn_acc_t *sums, const msfcnn_run_t *run)
{
    for (unsigned i = 0; i < run->pixels; i++) {
        const int8_t *x = run->tap[i];
        for (unsigned c = 0; c < run->channels; c++) {
            sums[c] += x[c];
        }
    }
}

void msfcnn_global_finish(const msfcnn_op_t *op, const msfcnn_acc_t *sums, uint32_t pixels,
                          int8_t *out)
{
    const msfcnn_pool_t *k = op->constants;
    int32_t zero = (int32_t)pixels * k->input_zero;

    for (unsigned c = 0; c < op->channels; c++) {
        out[c] = msfcnn_requantize(op, sums[c] - zero, k->multiplier[0], k->shift[0]);
    }
}
