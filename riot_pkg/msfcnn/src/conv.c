/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Convolution and dense layers, portable: two pixels by four outputs
 *
 * @}
 */

#include "kernels.h"

/* outputs computed together: an input byte is loaded once for all of them */
#define BLOCK 4

static int32_t _dot(const int8_t *const *tap, unsigned taps, size_t first, unsigned depth,
                    const int8_t *weights)
{
    int32_t acc = 0;

    for (unsigned t = 0; t < taps; t++) {
        const int8_t *x = tap[t] + first;
        for (unsigned c = 0; c < depth; c++) {
            acc += x[c] * *weights++;
        }
    }
    return acc;
}

/* acc[0..3] are the outputs of the pixel at `a`, acc[4..7] those of the pixel at `b` */
static void _dot_block(const int8_t *const *a, const int8_t *const *b, unsigned taps,
                       size_t first, unsigned depth, const int8_t *weights, size_t row,
                       int32_t acc[2 * BLOCK])
{
    const int8_t *w0 = weights;
    const int8_t *w1 = w0 + row;
    const int8_t *w2 = w1 + row;
    const int8_t *w3 = w2 + row;
    int32_t a0 = 0, a1 = 0, a2 = 0, a3 = 0;
    int32_t b0 = 0, b1 = 0, b2 = 0, b3 = 0;

    for (unsigned t = 0; t < taps; t++) {
        const int8_t *xa = a[t] + first;
        const int8_t *xb = b[t] + first;
        for (unsigned c = 0; c < depth; c++) {
            int32_t va = xa[c];
            int32_t vb = xb[c];
            int32_t w = *w0++;
            a0 += va * w;
            b0 += vb * w;
            w = *w1++;
            a1 += va * w;
            b1 += vb * w;
            w = *w2++;
            a2 += va * w;
            b2 += vb * w;
            w = *w3++;
            a3 += va * w;
            b3 += vb * w;
        }
    }
    acc[0] = a0;
    acc[1] = a1;
    acc[2] = a2;
    acc[3] = a3;
    acc[4] = b0;
    acc[5] = b1;
    acc[6] = b2;
    acc[7] = b3;
}

/* outputs o .. o + n - 1 of the pixels i and j, which are the same at the odd end of a run */
static void _outputs(const msfcnn_op_t *op, const msfcnn_run_t *run, unsigned o, unsigned n,
                     unsigned i, unsigned j)
{
    const msfcnn_conv_t *k = op->constants;
    const int8_t *const *a = run->tap + (size_t)i * run->tap_step;
    const int8_t *const *b = run->tap + (size_t)j * run->tap_step;
    size_t first = (size_t)(o / k->group_outputs) * k->group_inputs;
    size_t row = (size_t)run->taps * k->group_inputs;
    const int8_t *weights = k->weights + o * row;
    int32_t acc[2 * BLOCK];

    if (n == BLOCK) {
        _dot_block(a, b, run->taps, first, k->group_inputs, weights, row, acc);
    }
    else {
        for (unsigned m = 0; m < n; m++, weights += row) {
            acc[m] = _dot(a, run->taps, first, k->group_inputs, weights);
            acc[BLOCK + m] = _dot(b, run->taps, first, k->group_inputs, weights);
        }
    }
    int8_t *out_a = run->out + i * run->out_step + o;
    int8_t *out_b = run->out + j * run->out_step + o;
    for (unsigned m = 0; m < n; m++) {
        unsigned c = o + m;
        out_a[m] = msfcnn_requantize(op, acc[m] + k->bias[c], k->multiplier[c], k->shift[c]);
        out_b[m] = msfcnn_requantize(op, acc[BLOCK + m] + k->bias[c], k->multiplier[c],
                                     k->shift[c]);
    }
}

void msfcnn_conv(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    const msfcnn_conv_t *k = op->constants;

    for (unsigned i = 0; i < run->pixels; i += 2) {
        unsigned j = (i + 1 < run->pixels) ? i + 1 : i;
        unsigned n;
        for (unsigned o = 0; o < op->channels; o += n) {
            unsigned left = k->group_outputs - o % k->group_outputs;
            n = (left < BLOCK) ? left : BLOCK;
            _outputs(op, run, o, n, i, j);
        }
    }
}
