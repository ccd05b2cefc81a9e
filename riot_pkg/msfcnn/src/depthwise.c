/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Depthwise convolution, portable: one input channel per output
 *
 * @}
 */

#include "kernels.h"

void msfcnn_depthwise(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    const msfcnn_conv_t *k = op->constants;
    const int8_t *const *tap = run->tap;
    int8_t *out = run->out;

    for (unsigned i = 0; i < run->pixels; i++) {
        unsigned o = 0;
        for (unsigned c = 0; c < run->channels; c++) {
            for (unsigned m = 0; m < k->group_outputs; m++, o++) {
                const int8_t *w = k->weights + o;
                int32_t acc = k->bias[o];
                for (unsigned t = 0; t < run->taps; t++, w += op->channels) {
                    acc += tap[t][c] * *w;
                }
                out[o] = msfcnn_requantize(op, acc, k->multiplier[o], k->shift[o]);
            }
        }
        tap += run->tap_step;
        out += run->out_step;
    }
}
