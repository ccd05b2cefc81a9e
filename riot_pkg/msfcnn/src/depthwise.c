/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Depthwise convolution, portable: channel by channel
 *
 * Pixels that meet padding at an end of a line are computed one by one, but those of 3x3 kernels.
 *
 * @}
 */

#include <stdbool.h>

#include "kernels.h"

#if MSFCNN_V6M
/* with fewer registers, compilers do better with functions that are small */
#  define APART     __attribute__((noinline))
#else
#  define APART
#endif

/* a channel of the input lines, and the constants of one of its outputs */
typedef struct {
    const msfcnn_op_t *op;
    const msfcnn_run_t *run;
    msfcnn_range_t range;
    const int8_t *weights;
    int32_t bias;
    int32_t multiplier;
    unsigned shift;
    unsigned channel;           /* of the input */
    int8_t *out;                /* the next output */
} channel_t;

static inline void _store(channel_t *ch, int32_t acc)
{
    *ch->out = (int8_t)msfcnn_requantize(&ch->range, acc, ch->multiplier, ch->shift);
    ch->out += ch->run->out_pixel_step;
}

/* the first pixel of line i that exists, in this channel */
static const int8_t *_line(const channel_t *ch, unsigned i)
{
    const msfcnn_run_t *run = ch->run;

    return run->line[i] + ch->channel * (size_t)((i == 0) ? run->first_step : run->channel_step);
}

/* what a pixel whose taps are all padding would add up to */
static int32_t _padding(const channel_t *ch)
{
    const msfcnn_shape_t *shape = ch->op->shape;
    const int8_t *w = ch->weights;
    int32_t sum = 0;

    for (size_t n = (size_t)shape->kernel_u * shape->kernel_v; n > 0; n--) {
        sum += *w++;
    }
    return ch->bias + sum * ch->op->pad_value;
}

/* one pixel, any of whose taps may be padding; padding: see there */
static void _one(channel_t *ch, unsigned pixel, int32_t padding)
{
    const msfcnn_op_t *op = ch->op;
    const msfcnn_shape_t *shape = op->shape;
    const msfcnn_run_t *run = ch->run;
    size_t step = shape->dilation_v * run->pixel_step;
    int32_t pad = op->pad_value;
    int32_t acc = padding;
    unsigned n = shape->kernel_v;
    unsigned skipped = 0;
    /* in front of the line this wraps around to beyond its end */
    unsigned x = pixel * shape->stride_v - run->before;

    for (; (n > 0) && (x >= run->inside); n--, skipped++) {
        x += shape->dilation_v;
    }
    while ((n > 0) && (x + (n - 1) * shape->dilation_v >= run->inside)) {
        n--;
    }
    for (unsigned i = 0; (n > 0) && (i < shape->kernel_u); i++) {
        if (run->line[i] != NULL) {
            const int8_t *from = _line(ch, i) + x * run->pixel_step;
            const int8_t *w = ch->weights + i * shape->kernel_v + skipped;
            const int8_t *end = w + n;

            for (; w != end; w++, from += step) {
                acc += msfcnn_multiply(*from - pad, *w);
            }
        }
    }
    _store(ch, acc);
}

/* four pixels; no tap at an end of a line is padding, but whole lines may be */
static APART void _four(channel_t *ch, unsigned pixel)
{
    const msfcnn_op_t *op = ch->op;
    const msfcnn_shape_t *shape = op->shape;
    size_t tap = shape->dilation_v * ch->run->pixel_step;
    size_t step = shape->stride_v * ch->run->pixel_step;
    size_t offset = pixel * step - ch->run->before * ch->run->pixel_step;
    const int8_t *w = ch->weights;
    int32_t a0 = ch->bias, a1 = a0, a2 = a0, a3 = a0;

    for (unsigned i = 0; i < shape->kernel_u; i++) {
        const int8_t *end = w + shape->kernel_v;

        if (ch->run->line[i] == NULL) {
            int32_t sum = 0;
            while (w != end) {
                sum += *w++;
            }
            sum *= op->pad_value;
            a0 += sum;
            a1 += sum;
            a2 += sum;
            a3 += sum;
            continue;
        }
        const int8_t *x0 = _line(ch, i) + offset;
        const int8_t *x1 = x0 + step;
        const int8_t *x2 = x1 + step;
        const int8_t *x3 = x2 + step;
        while (w != end) {
            int32_t weight = *w++;
            a0 += msfcnn_multiply(*x0, weight);
            a1 += msfcnn_multiply(*x1, weight);
            a2 += msfcnn_multiply(*x2, weight);
            a3 += msfcnn_multiply(*x3, weight);
            x0 += tap;
            x1 += tap;
            x2 += tap;
            x3 += tap;
        }
    }
    _store(ch, a0);
    _store(ch, a1);
    _store(ch, a2);
    _store(ch, a3);
}

/* the next input pixel of three lines; x counts them and is wrapped around in front of a line */
#define COLUMN(p, q, r)                     \
    do {                                    \
        if (x < inside) {                   \
            p = *x0;                        \
            q = *x1;                        \
            r = *x2;                        \
            x0 += step;                     \
            x1 += step;                     \
            x2 += step;                     \
        }                                   \
        else {                              \
            p = q = r = pad;                \
        }                                   \
        x++;                                \
    } while (0)

/* line i of three, or another one if it does not exist; NULL if none does */
static const int8_t *_existing(const channel_t *ch, unsigned i)
{
    for (unsigned n = 0; n < 3; n++, i = (i + 1) % 3) {
        if (ch->run->line[i] != NULL) {
            return _line(ch, i);
        }
    }
    return NULL;
}

/* all pixels of a 3x3 kernel, of stride 1 or 2: nine input pixels move through registers */
static void _run_3x3(channel_t *ch)
{
    const msfcnn_op_t *op = ch->op;
    const msfcnn_run_t *run = ch->run;
    const msfcnn_range_t range = ch->range;
    const int8_t *w = ch->weights;
    int32_t w0 = w[0], w1 = w[1], w2 = w[2];
    int32_t w3 = w[3], w4 = w[4], w5 = w[5];
    int32_t w6 = w[6], w7 = w[7], w8 = w[8];
    int32_t bias = ch->bias;
    int32_t multiplier = ch->multiplier;
    unsigned shift = ch->shift;
    size_t out_step = run->out_pixel_step;
    int8_t *out = ch->out;
    const int8_t *x0 = _existing(ch, 0);
    const int8_t *x1 = _existing(ch, 1);
    const int8_t *x2 = _existing(ch, 2);
    size_t step = run->pixel_step;
    unsigned inside = (x0 != NULL) ? run->inside : 0;
    int32_t pad = op->pad_value;
    bool wide = op->shape->stride_v == 2;
    unsigned x = 0U - run->before;
    int32_t a0, a1, a2, b0, b1, b2, c0, c1, c2;

    /* padded lines: what they add up to is known, and others are read in their place */
    if (run->line[0] == NULL) {
        bias += pad * (w0 + w1 + w2);
        w0 = w1 = w2 = 0;
    }
    if (run->line[1] == NULL) {
        bias += pad * (w3 + w4 + w5);
        w3 = w4 = w5 = 0;
    }
    if (run->line[2] == NULL) {
        bias += pad * (w6 + w7 + w8);
        w6 = w7 = w8 = 0;
    }
    COLUMN(a0, a1, a2);
    COLUMN(b0, b1, b2);
    for (unsigned n = run->pixels;; out += out_step) {
        int32_t acc = bias;

        COLUMN(c0, c1, c2);
        acc += msfcnn_multiply(a0, w0);
        acc += msfcnn_multiply(a1, w3);
        acc += msfcnn_multiply(a2, w6);
        acc += msfcnn_multiply(b0, w1);
        acc += msfcnn_multiply(b1, w4);
        acc += msfcnn_multiply(b2, w7);
        acc += msfcnn_multiply(c0, w2);
        acc += msfcnn_multiply(c1, w5);
        acc += msfcnn_multiply(c2, w8);
        *out = (int8_t)msfcnn_requantize(&range, acc, multiplier, shift);
        if (--n == 0) {
            return;
        }
        if (wide) {
            a0 = c0;
            a1 = c1;
            a2 = c2;
            COLUMN(b0, b1, b2);
        }
        else {
            a0 = b0;
            a1 = b1;
            a2 = b2;
            b0 = c0;
            b1 = c1;
            b2 = c2;
        }
    }
}

/* all pixels of any kernel; inner: those that meet no padding in their lines */
static void _run(channel_t *ch, const msfcnn_pixels_t *inner)
{
    int32_t padding = _padding(ch);
    unsigned i = 0;

    while (i < inner->begin) {
        _one(ch, i++, padding);
    }
    for (; i + 4 <= inner->end; i += 4) {
        _four(ch, i);
    }
    while (i < ch->run->pixels) {
        _one(ch, i++, padding);
    }
}

/* all channels, or those that were left out */
static APART void _portable(const msfcnn_op_t *op, const msfcnn_run_t *run, bool all)
{
    const msfcnn_shape_t *shape = op->shape;
    const msfcnn_conv_t *k = op->constants;
    size_t taps = (size_t)shape->kernel_u * shape->kernel_v;
    channel_t ch = { .op = op, .run = run, .range = msfcnn_range(op) };
    const msfcnn_pixels_t inner = msfcnn_inner(op, run);
    bool is_3x3 = !MSFCNN_FALLBACK && !MSFCNN_V6M && (shape->kernel_u == 3)
                  && (shape->kernel_v == 3) && (shape->stride_v <= 2) && (shape->dilation_v == 1);

    for (unsigned c = 0, m = 0; c < run->channels; c++) {
        unsigned o = run->channel + c;

        if (!all && msfcnn_is_v6m(k->shift[o])) {
            ch.channel++;   /* none has several outputs */
            continue;
        }
        ch.weights = k->weights + o * taps;
        ch.bias = k->bias[o];
        ch.multiplier = k->multiplier[o];
        ch.shift = k->shift[o];
        ch.out = run->out + c * (size_t)run->out_channel_step;
        if (is_3x3) {
            _run_3x3(&ch);
        }
        else {
            _run(&ch, &inner);
        }
        if (++m == k->group_outputs) {
            m = 0;
            ch.channel++;
        }
    }
}

void msfcnn_depthwise(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    unsigned left = MSFCNN_V6M ? msfcnn_depthwise_v6m(op, run) : run->channels;

    if (left > 0) {
        _portable(op, run, left == run->channels);
    }
}
