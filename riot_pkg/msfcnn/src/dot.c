/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Dot products, portable: two pixels by four outputs
 *
 * @}
 */

#include "dot.h"

/* outputs computed together: an input byte is loaded once for all of them */
#define BLOCK 4

static int32_t _dot(const int8_t *a, const int8_t *w, size_t taps, int32_t acc)
{
    for (size_t t = 0; t < taps; t++) {
        acc += a[t] * w[t];
    }
    return acc;
}

static void _dot_1x4(const int8_t *a, const int8_t *w, size_t taps, int32_t acc[BLOCK])
{
    const int8_t *w0 = w;
    const int8_t *w1 = w0 + taps;
    const int8_t *w2 = w1 + taps;
    const int8_t *w3 = w2 + taps;
    int32_t a0 = acc[0], a1 = acc[1], a2 = acc[2], a3 = acc[3];

    for (const int8_t *end = w1; w0 != end;) {
        int32_t x = *a++;
        a0 += x * *w0++;
        a1 += x * *w1++;
        a2 += x * *w2++;
        a3 += x * *w3++;
    }
    acc[0] = a0;
    acc[1] = a1;
    acc[2] = a2;
    acc[3] = a3;
}

/* acc_a are the outputs of the pixel at a, acc_b those of the pixel at b */
static void _dot_2x4(const int8_t *a, const int8_t *b, const int8_t *w, size_t taps,
                     int32_t acc_a[BLOCK], int32_t acc_b[BLOCK])
{
    const int8_t *w0 = w;
    const int8_t *w1 = w0 + taps;
    const int8_t *w2 = w1 + taps;
    const int8_t *w3 = w2 + taps;
    int32_t a0 = acc_a[0], a1 = acc_a[1], a2 = acc_a[2], a3 = acc_a[3];
    int32_t b0 = acc_b[0], b1 = acc_b[1], b2 = acc_b[2], b3 = acc_b[3];

    for (const int8_t *end = w1; w0 != end;) {
        int32_t xa = *a++;
        int32_t xb = *b++;
        int32_t weight = *w0++;
        a0 += xa * weight;
        b0 += xb * weight;
        weight = *w1++;
        a1 += xa * weight;
        b1 += xb * weight;
        weight = *w2++;
        a2 += xa * weight;
        b2 += xb * weight;
        weight = *w3++;
        a3 += xa * weight;
        b3 += xb * weight;
    }
    acc_a[0] = a0;
    acc_a[1] = a1;
    acc_a[2] = a2;
    acc_a[3] = a3;
    acc_b[0] = b0;
    acc_b[1] = b1;
    acc_b[2] = b2;
    acc_b[3] = b3;
}

/* n results of the channels from c on */
static void _store(const msfcnn_op_t *op, const msfcnn_run_t *run, int8_t *out,
                   const int32_t *acc, unsigned c, unsigned n)
{
    const msfcnn_conv_t *k = op->constants;

    for (unsigned i = 0; i < n; i++, out += run->out_channel_step) {
        *out = msfcnn_requantize(op, acc[i], k->multiplier[c + i], k->shift[c + i]);
    }
}

void msfcnn_dot(const msfcnn_op_t *op, const msfcnn_run_t *run, const int8_t *a, const int8_t *b,
                size_t taps, unsigned pixel, unsigned first, unsigned channels)
{
    const msfcnn_conv_t *k = op->constants;
    unsigned c = run->channel + first;
    const int8_t *w = k->weights + c * taps;
    int8_t *out = run->out + pixel * run->out_pixel_step + first * (size_t)run->out_channel_step;
    int32_t acc_a[BLOCK];
    int32_t acc_b[BLOCK];

    while (channels > 0) {
        unsigned n = (channels < BLOCK) ? channels : BLOCK;

        for (unsigned i = 0; i < n; i++) {
            acc_a[i] = acc_b[i] = k->bias[c + i];
        }
        if (n < BLOCK) {
            for (unsigned i = 0; i < n; i++) {
                acc_a[i] = _dot(a, w + i * taps, taps, acc_a[i]);
                acc_b[i] = (b != NULL) ? _dot(b, w + i * taps, taps, acc_b[i]) : 0;
            }
        }
        else if (b != NULL) {
            _dot_2x4(a, b, w, taps, acc_a, acc_b);
        }
        else {
            _dot_1x4(a, w, taps, acc_a);
        }
        _store(op, run, out, acc_a, c, n);
        if (b != NULL) {
            _store(op, run, out + run->out_pixel_step, acc_b, c, n);
        }
        w += n * taps;
        out += n * (size_t)run->out_channel_step;
        c += n;
        channels -= n;
    }
}
