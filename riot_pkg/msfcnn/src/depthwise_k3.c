/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Depthwise convolution 3x3, portable: channel by channel
 *
 * Every input pixel is loaded once and added to the sums of all outputs that it belongs to; the
 * weights stay in registers where there are enough of them.
 *
 * @}
 */

#include <stdbool.h>

#include "depthwise.h"
#include "depthwise_asm.h"

#if !MSFCNN_FALLBACK && !MSFCNN_DEPTHWISE_ASM

#define TAPS            9
#define COMMON_SHIFT    33U         /* the least of common factors, see msfcnn_is_common() */
#define MOST_BIAS       (1 << 21)   /* a sum is below, too: 8 bits more are left */

/* what all channels have in common */
typedef struct {
    msfcnn_range_t range;
    bool exists[3];             /* whether a line does */
    bool before;                /* the first tap of the first pixel is padding */
    bool cut;                   /* the last tap of the last pixel is padding */
    unsigned pixels;            /* but the cut one */
    int32_t pad;
    size_t out_step;            /* bytes from one output pixel to the next */
} all_t;

/* a channel */
typedef struct {
    const int8_t *line[3];      /* one that does not exist is another one */
    const int8_t *weights;
    int32_t bias;
    int32_t by;                 /* what sums are multiplied by before they are scaled */
    msfcnn_depthwise_scale_t scale;
    int8_t *out;
} channel_t;

/* where there are registers for the weights, not for three pixels beside them */
#if defined(__XTENSA__)
#  define NEXT_LINE()
#else
#  define NEXT_LINE()   MSFCNN_IN_ORDER()
#endif

/* an input pixel of a line, for the sums whose last, middle and first tap of that line it is */
#define TAKE(x, last, middle, first, u, v, w)           \
    do {                                                \
        int32_t taken = x;                              \
        last += msfcnn_multiply(taken, w);              \
        middle += msfcnn_multiply(taken, v);            \
        first += msfcnn_multiply(taken, u);             \
        NEXT_LINE();                                    \
    } while (0)

/* the next column of input pixels */
#define COLUMN(last, middle, first)                     \
    do {                                                \
        TAKE(MSFCNN_PIXEL(*x0), last, middle, first, w0, w1, w2);   \
        TAKE(MSFCNN_PIXEL(*x1), last, middle, first, w3, w4, w5);   \
        TAKE(MSFCNN_PIXEL(*x2), last, middle, first, w6, w7, w8);   \
        x0 += step;                                     \
        x1 += step;                                     \
        x2 += step;                                     \
    } while (0)

#define STORE(sum)                                      \
    do {                                                \
        *out = (int8_t)msfcnn_depthwise_output(&range, MSFCNN_SUM(sum, bias), scale);  \
        out += out_step;                                \
        MSFCNN_IN_ORDER();                              \
    } while (0)

static inline void _channel(const all_t *all, const channel_t *ch, size_t step, bool wide)
{
    const msfcnn_range_t range = all->range;
    const msfcnn_depthwise_scale_t scale = ch->scale;
    const int8_t *w = ch->weights;
    int32_t w0 = w[0], w1 = w[1], w2 = w[2];
    int32_t w3 = w[3], w4 = w[4], w5 = w[5];
    int32_t w6 = w[6], w7 = w[7], w8 = w[8];
    int32_t bias = ch->bias;
    size_t out_step = all->out_step;
    int8_t *out = ch->out;
    const int8_t *x0 = ch->line[0];
    const int8_t *x1 = ch->line[1];
    const int8_t *x2 = ch->line[2];
    int32_t pad = all->pad;
    unsigned n = all->pixels;
    int32_t a, b, c;            /* sums of the next outputs */
    int32_t none = 0;           /* of no output, and optimized away */

    if (ch->by != 1) {
        w0 *= ch->by, w1 *= ch->by, w2 *= ch->by;
        w3 *= ch->by, w4 *= ch->by, w5 *= ch->by;
        w6 *= ch->by, w7 *= ch->by, w8 *= ch->by;
        bias *= ch->by;
    }
    /* what lines of padding would add is in the bias, and others are read in their place */
    if (!all->exists[0]) {
        w0 = w1 = w2 = 0;
    }
    if (!all->exists[1]) {
        w3 = w4 = w5 = 0;
    }
    if (!all->exists[2]) {
        w6 = w7 = w8 = 0;
    }
    /* cheaper than to subtract it from each pixel */
    bias -= pad * (w0 + w1 + w2 + w3 + w4 + w5 + w6 + w7 + w8);
    pad = MSFCNN_PIXEL(pad);
    MSFCNN_OPAQUE(out_step);
    a = MSFCNN_BEGIN(bias);
    if (all->before) {
        a += msfcnn_multiply(pad, w0 + w3 + w6);
    }
    else {
        COLUMN(none, none, a);
    }
#ifdef __OPTIMIZE_SIZE__
    /* one loop for both strides, with a column of which one wants nothing */
    b = MSFCNN_BEGIN(bias);
    if (!wide) {
        COLUMN(none, a, b);
    }
    for (n += all->cut; n > 0; n--) {
        if (wide) {
            COLUMN(none, a, none);
        }
        c = MSFCNN_BEGIN(bias);
        if (all->cut && (n == 1)) {
            a += msfcnn_multiply(pad, w2 + w5 + w8);
        }
        else {
            COLUMN(a, b, c);
        }
        STORE(a);
        a = wide ? c : b;
        b = c;
    }
#else
    if (wide) {
        for (; n > 0; n--) {
            COLUMN(none, a, none);
            b = MSFCNN_BEGIN(bias);
            COLUMN(a, none, b);
            STORE(a);
            a = b;
        }
        if (all->cut) {
            COLUMN(none, a, none);
        }
    }
    else {
        b = MSFCNN_BEGIN(bias);
        COLUMN(none, a, b);
        for (; n >= 3; n -= 3) {
            c = MSFCNN_BEGIN(bias);
            COLUMN(a, b, c);
            STORE(a);
            a = MSFCNN_BEGIN(bias);
            COLUMN(b, c, a);
            STORE(b);
            b = MSFCNN_BEGIN(bias);
            COLUMN(c, a, b);
            STORE(c);
        }
        for (; n > 0; n--) {
            c = MSFCNN_BEGIN(bias);
            COLUMN(a, b, c);
            STORE(a);
            a = b;
            b = c;
        }
    }
    if (all->cut) {
        a += msfcnn_multiply(pad, w2 + w5 + w8);
        STORE(a);
    }
#endif
    (void)none;
}

/* what makes a large factor a common one: products of so few taps leave room; 0 if there is none */
static int32_t _multiple(unsigned shift, int32_t bias)
{
#if MSFCNN_HALVES || defined(__OPTIMIZE_SIZE__)
    (void)bias;
    return msfcnn_depthwise_does(shift);
#else
    if (msfcnn_depthwise_does(shift)) {
        return 1;
    }
    return ((COMMON_SHIFT - shift <= 8) && (bias < MOST_BIAS) && (bias > -MOST_BIAS))
           ? (int32_t)1 << (COMMON_SHIFT - shift) : 0;
#endif
}

/* all channels but those whose factor is uncommon; says how many these are */
static inline unsigned _channels(const all_t *all, const msfcnn_op_t *op, const msfcnn_run_t *run,
                                 size_t step, bool wide)
{
    const msfcnn_conv_t *k = op->constants;
    const int32_t *bias = k->bias + run->channel;
    const int32_t *multiplier = k->multiplier + run->channel;
    const uint8_t *shift = k->shift + run->channel;
    const int8_t *other = (run->line[1] != NULL) ? run->line[1] : run->line[2];
    size_t other_step = run->channel_step;
    size_t first_step = run->first_step;
    unsigned left = 0;
    channel_t ch = {
        .line = { run->line[0], run->line[1], run->line[2] },
        .weights = k->weights + run->channel * (size_t)TAPS,
        .out = run->out,
    };

    if (other == NULL) {
        other = run->line[0];
        other_step = first_step;
    }
    if (ch.line[0] == NULL) {
        ch.line[0] = other;
        first_step = other_step;
    }
    ch.line[1] = all->exists[1] ? ch.line[1] : other;
    ch.line[2] = all->exists[2] ? ch.line[2] : other;
    for (unsigned c = run->channels; c > 0; c--) {
        ch.by = _multiple(*shift, *bias);
        if (ch.by != 0) {
            ch.bias = *bias;
            ch.scale = msfcnn_depthwise_scale(&all->range, *multiplier,
                                              (ch.by == 1) ? *shift : COMMON_SHIFT);
            _channel(all, &ch, step, wide);
        }
        else {
            left++;
        }
        ch.line[0] += first_step;
        ch.line[1] += other_step;
        ch.line[2] += other_step;
        ch.weights += TAPS;
        ch.out += run->out_channel_step;
        bias++;
        multiplier++;
        shift++;
    }
    return left;
}

unsigned msfcnn_depthwise_3x3(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    unsigned stride = op->shape->stride_v;
    unsigned end = (run->pixels - 1U) * stride + 3;
    unsigned there = run->before + run->inside;
    unsigned beyond = (end > there) ? end - there : 0;
    const all_t all = {
        .range = msfcnn_range(op),
        .exists = { run->line[0] != NULL, run->line[1] != NULL, run->line[2] != NULL },
        .before = run->before > 0,
        .cut = beyond > 0,
        .pixels = run->pixels - beyond,
        .pad = op->pad_value,
        .out_step = run->out_pixel_step,
    };

    if ((run->before > 1) || (beyond > 1) || !(all.exists[0] || all.exists[1] || all.exists[2])) {
        return run->channels;
    }
#ifdef __OPTIMIZE_SIZE__
    /* one copy for all */
    return _channels(&all, op, run, run->pixel_step, stride == 2);
#else
    if (run->pixel_step == 1) {
        return (stride == 1) ? _channels(&all, op, run, 1, false)
                             : _channels(&all, op, run, 1, true);
    }
    return (stride == 1) ? _channels(&all, op, run, run->pixel_step, false)
                         : _channels(&all, op, run, run->pixel_step, true);
#endif
}

#else
typedef int msfcnn_not_3x3_t;   /* C wants something in every file */
#endif
