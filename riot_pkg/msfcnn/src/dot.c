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

/* taps a turn of the innermost loop */
#ifdef __OPTIMIZE_SIZE__
#  define UNROLL    2
#else
#  define UNROLL    4
#endif

/* no instruction: keeps compilers from loading so many taps ahead that registers run out */
#define IN_ORDER()  __asm__ volatile ("" ::: "memory")

/* one tap of one or two pixels for each output of a block */
#define TAP_1(t)                            \
    do {                                    \
        int32_t x = a[t];                   \
        a0 += msfcnn_multiply(x, w0[t]);    \
        a1 += msfcnn_multiply(x, w1[t]);    \
        a2 += msfcnn_multiply(x, w2[t]);    \
        a3 += msfcnn_multiply(x, w3[t]);    \
    } while (0)

#define TAP_2(t)                            \
    do {                                    \
        int32_t x = a[t], y = b[t], w;      \
        w = w0[t];                          \
        a0 += msfcnn_multiply(x, w);        \
        b0 += msfcnn_multiply(y, w);        \
        w = w1[t];                          \
        a1 += msfcnn_multiply(x, w);        \
        b1 += msfcnn_multiply(y, w);        \
        w = w2[t];                          \
        a2 += msfcnn_multiply(x, w);        \
        b2 += msfcnn_multiply(y, w);        \
        w = w3[t];                          \
        a3 += msfcnn_multiply(x, w);        \
        b3 += msfcnn_multiply(y, w);        \
    } while (0)

/* where outputs go, and their constants */
typedef struct {
    msfcnn_range_t range;
    int8_t *out;
    size_t pixel_step;
    size_t channel_step;
    const int32_t *bias;
    const int32_t *multiplier;
    const uint8_t *shift;
} outputs_t;

static inline void _store(outputs_t *to, int32_t a)
{
    *to->out = (int8_t)msfcnn_requantize(&to->range, a + *to->bias++, *to->multiplier++,
                                         *to->shift++);
    to->out += to->channel_step;
}

/* loads before it stores: a byte stored could be anything, for all the compiler knows */
static inline void _store_two(outputs_t *to, int32_t a, int32_t b)
{
    int32_t bias = *to->bias++;
    int32_t multiplier = *to->multiplier++;
    unsigned shift = *to->shift++;
    int8_t *out = to->out;
    int8_t *second = out + to->pixel_step;

    a = msfcnn_requantize(&to->range, a + bias, multiplier, shift);
    b = msfcnn_requantize(&to->range, b + bias, multiplier, shift);
    to->out = out + to->channel_step;
    *out = (int8_t)a;
    *second = (int8_t)b;
}

static int32_t _dot(const int8_t *a, const int8_t *w, size_t taps)
{
    int32_t acc = 0;

    for (size_t t = 0; t < taps; t++) {
        acc += msfcnn_multiply(a[t], w[t]);
    }
    return acc;
}

static void _block(outputs_t *to, const int8_t *a, const int8_t *w0, size_t taps)
{
    const int8_t *w1 = w0 + taps;
    const int8_t *w2 = w1 + taps;
    const int8_t *w3 = w2 + taps;
    int32_t a0 = 0, a1 = 0, a2 = 0, a3 = 0;

    for (; taps >= 2; taps -= 2, a += 2, w0 += 2, w1 += 2, w2 += 2, w3 += 2) {
        TAP_1(0);
        IN_ORDER();
        TAP_1(1);
    }
    if (taps > 0) {
        TAP_1(0);
    }
    _store(to, a0);
    _store(to, a1);
    _store(to, a2);
    _store(to, a3);
}

static void _block_of_two(outputs_t *to, const int8_t *a, const int8_t *b, const int8_t *w0,
                          size_t taps)
{
    const int8_t *w1 = w0 + taps;
    const int8_t *w2 = w1 + taps;
    const int8_t *w3 = w2 + taps;
    int32_t a0 = 0, a1 = 0, a2 = 0, a3 = 0;
    int32_t b0 = 0, b1 = 0, b2 = 0, b3 = 0;

    for (; taps >= UNROLL; taps -= UNROLL, a += UNROLL, b += UNROLL, w0 += UNROLL, w1 += UNROLL,
         w2 += UNROLL, w3 += UNROLL) {
        TAP_2(0);
        IN_ORDER();
        TAP_2(1);
#if UNROLL > 2
        IN_ORDER();
        TAP_2(2);
        IN_ORDER();
        TAP_2(3);
#endif
    }
    for (; taps > 0; taps--, a++, b++, w0++, w1++, w2++, w3++) {
        TAP_2(0);
    }
    _store_two(to, a0, b0);
    _store_two(to, a1, b1);
    _store_two(to, a2, b2);
    _store_two(to, a3, b3);
}

void msfcnn_dot(const msfcnn_op_t *op, const msfcnn_run_t *run, const int8_t *a, const int8_t *b,
                size_t taps, unsigned pixel, unsigned first, unsigned channels)
{
    const msfcnn_conv_t *k = op->constants;
    unsigned c = run->channel + first;
    const int8_t *w = k->weights + c * taps;
    outputs_t to = {
        .range = msfcnn_range(op),
        .out = run->out + pixel * run->out_pixel_step + first * (size_t)run->out_channel_step,
        .pixel_step = run->out_pixel_step,
        .channel_step = run->out_channel_step,
        .bias = k->bias + c,
        .multiplier = k->multiplier + c,
        .shift = k->shift + c,
    };

    for (; !MSFCNN_FALLBACK && (channels >= BLOCK); channels -= BLOCK, w += BLOCK * taps) {
        if (b != NULL) {
            _block_of_two(&to, a, b, w, taps);
        }
        else {
            _block(&to, a, w, taps);
        }
    }
    for (; channels > 0; channels--, w += taps) {
        if (b != NULL) {
            _store_two(&to, _dot(a, w, taps), _dot(b, w, taps));
        }
        else {
            _store(&to, _dot(a, w, taps));
        }
    }
}
