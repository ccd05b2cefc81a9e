/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Dot products, portable: two pixels by several outputs, or one by four
 *
 * @}
 */

#include "dot.h"

/* outputs of a pixel computed together: an input byte is loaded once for all of them */
#define BLOCK       4

/* likewise of two pixels, where twice as many sums would not stay in registers */
#if defined(__riscv) || defined(__aarch64__)
#  define PAIR_BLOCK            4
#  define FOR_PAIRS(macro, x)   macro(0, x) macro(1, x) macro(2, x) macro(3, x)
#else
#  define PAIR_BLOCK            2
#  define FOR_PAIRS(macro, x)   macro(0, x) macro(1, x)
#endif

/* taps a turn of the innermost loop */
#ifdef __OPTIMIZE_SIZE__
#  define UNROLL    2
#else
#  define UNROLL    4
#endif

/* no instruction: keeps compilers from loading so many taps ahead that registers run out */
#define IN_ORDER()  __asm__ volatile ("" ::: "memory")

/* a tap of a pixel for each output of a block */
#define TAP_1(t)                            \
    do {                                    \
        int32_t x = a[t];                   \
        a0 += msfcnn_multiply(x, w0[t]);    \
        a1 += msfcnn_multiply(x, w1[t]);    \
        a2 += msfcnn_multiply(x, w2[t]);    \
        a3 += msfcnn_multiply(x, w3[t]);    \
    } while (0)

/* the same for two pixels and output n, or what else is done for it */
#define PAIR_BEGIN(n, _)                    \
    const int8_t *w##n = w + n * taps;      \
    int32_t a##n = 0, b##n = 0;
#define PAIR_TAP(n, t)                      \
    do {                                    \
        int32_t weight = w##n[t];           \
        a##n += msfcnn_multiply(x, weight); \
        b##n += msfcnn_multiply(y, weight); \
    } while (0);
#define PAIR_SKIP(n, taps)  w##n += taps;
#define PAIR_STORE(n, _)    _store_two(to, a##n, b##n);

#define TAP_2(t)                            \
    do {                                    \
        int32_t x = a[t], y = b[t];         \
        FOR_PAIRS(PAIR_TAP, t)              \
    } while (0)

static inline void _store(msfcnn_outputs_t *to, int32_t a)
{
    *to->out = (int8_t)msfcnn_requantize(&to->range, a + *to->bias++, *to->multiplier++,
                                         *to->shift++);
    to->out += to->channel_step;
}

/* loads before it stores: a byte stored could be anything, for all the compiler knows */
static inline void _store_two(msfcnn_outputs_t *to, int32_t a, int32_t b)
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

/* _blocks(): as many outputs as there are in whole blocks; says how many */
#if MSFCNN_V6M
static unsigned _blocks(msfcnn_outputs_t *to, const int8_t *a, const int8_t *b, const int8_t *w,
                        size_t taps, unsigned channels)
{
    unsigned whole = channels - channels % BLOCK;

    if (whole > 0) {
        int8_t *out = to->out;

        msfcnn_dot_v6m(a, taps, w, whole / BLOCK, to);
        if (b != NULL) {
            to->out = out + to->pixel_step;
            msfcnn_dot_v6m(b, taps, w, whole / BLOCK, to);
        }
        to->out = out + whole * to->channel_step;
        to->bias += whole;
        to->multiplier += whole;
        to->shift += whole;
    }
    return whole;
}
#else
static void _block(msfcnn_outputs_t *to, const int8_t *a, const int8_t *w0, size_t taps)
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

static void _pair_block(msfcnn_outputs_t *to, const int8_t *a, const int8_t *b, const int8_t *w,
                        size_t taps)
{
    FOR_PAIRS(PAIR_BEGIN, )
    for (; taps >= UNROLL; taps -= UNROLL, a += UNROLL, b += UNROLL) {
        TAP_2(0);
        IN_ORDER();
        TAP_2(1);
#if UNROLL > 2
        IN_ORDER();
        TAP_2(2);
        IN_ORDER();
        TAP_2(3);
#endif
        FOR_PAIRS(PAIR_SKIP, UNROLL)
    }
    for (; taps > 0; taps--, a++, b++) {
        TAP_2(0);
        FOR_PAIRS(PAIR_SKIP, 1)
    }
    FOR_PAIRS(PAIR_STORE, )
}

static unsigned _blocks(msfcnn_outputs_t *to, const int8_t *a, const int8_t *b, const int8_t *w,
                        size_t taps, unsigned channels)
{
    unsigned left = channels;

    if (b != NULL) {
        for (; left >= PAIR_BLOCK; left -= PAIR_BLOCK, w += PAIR_BLOCK * taps) {
            _pair_block(to, a, b, w, taps);
        }
    }
    else {
        for (; left >= BLOCK; left -= BLOCK, w += BLOCK * taps) {
            _block(to, a, w, taps);
        }
    }
    return channels - left;
}
#endif

void msfcnn_dot(const msfcnn_op_t *op, const msfcnn_run_t *run, const int8_t *a, const int8_t *b,
                size_t taps, unsigned pixel, unsigned first, unsigned channels)
{
    const msfcnn_conv_t *k = op->constants;
    unsigned c = run->channel + first;
    const int8_t *w = k->weights + c * taps;
    msfcnn_outputs_t to = {
        .range = msfcnn_range(op),
        .out = run->out + pixel * run->out_pixel_step + first * (size_t)run->out_channel_step,
        .pixel_step = run->out_pixel_step,
        .channel_step = run->out_channel_step,
        .bias = k->bias + c,
        .multiplier = k->multiplier + c,
        .shift = k->shift + c,
    };

    unsigned done = MSFCNN_FALLBACK ? 0 : _blocks(&to, a, b, w, taps, channels);

    w += done * taps;
    channels -= done;
    for (; channels > 0; channels--, w += taps) {
        if (b != NULL) {
            _store_two(&to, _dot(a, w, taps), _dot(b, w, taps));
        }
        else {
            _store(&to, _dot(a, w, taps));
        }
    }
}
