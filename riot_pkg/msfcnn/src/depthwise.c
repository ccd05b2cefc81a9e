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
 * Pixels that meet padding at an end of a line are computed one by one.
 *
 * @}
 */

#include <stdbool.h>

#include "depthwise.h"

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
#ifndef __OPTIMIZE_SIZE__
    msfcnn_pixels_t inner;      /* those that meet no padding in their lines */
#endif
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

/* one pixel, any of whose taps may be padding */
static void _one(channel_t *ch, unsigned pixel)
{
    const msfcnn_op_t *op = ch->op;
    const msfcnn_shape_t *shape = op->shape;
    const msfcnn_run_t *run = ch->run;
    const msfcnn_taps_t taps = msfcnn_taps(op, run, pixel);
    const int8_t *weights = ch->weights + taps.skipped;
    int32_t pad = op->pad_value;
    int32_t acc = ch->bias;

    for (unsigned i = 0; i < shape->kernel_u; i++, weights += shape->kernel_v) {
        if (run->line[i] != NULL) {
            const int8_t *from = _line(ch, i) + taps.first;
            const int8_t *w = weights;
            const int8_t *end = w + taps.per_line;

            for (; w != end; w++, from += taps.step) {
                acc += msfcnn_multiply(*from - pad, *w);
            }
        }
    }
    _store(ch, acc);
}

#ifndef __OPTIMIZE_SIZE__
/* four pixels; no tap at an end of a line is padding, but whole lines may be */
static APART void _four(channel_t *ch, unsigned pixel)
{
    const msfcnn_op_t *op = ch->op;
    const msfcnn_shape_t *shape = op->shape;
    size_t tap = shape->dilation_v * ch->run->pixel_step;
    size_t step = shape->stride_v * ch->run->pixel_step;
    size_t offset = pixel * step - ch->run->before * ch->run->pixel_step;
    const int8_t *w = ch->weights;
    int32_t pad = op->pad_value;
    int32_t a0 = ch->bias, a1 = a0, a2 = a0, a3 = a0;

    for (unsigned i = 0; i < shape->kernel_u; i++) {
        const int8_t *end = w + shape->kernel_v;

        if (ch->run->line[i] == NULL) {
            w = end;
            continue;
        }
        const int8_t *x0 = _line(ch, i) + offset;
        const int8_t *x1 = x0 + step;
        const int8_t *x2 = x1 + step;
        const int8_t *x3 = x2 + step;
        while (w != end) {
            int32_t weight = *w++;
            a0 += msfcnn_multiply(*x0 - pad, weight);
            a1 += msfcnn_multiply(*x1 - pad, weight);
            a2 += msfcnn_multiply(*x2 - pad, weight);
            a3 += msfcnn_multiply(*x3 - pad, weight);
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
#endif

/* all pixels of any kernel */
static void _run(channel_t *ch)
{
    unsigned i = 0;

#ifndef __OPTIMIZE_SIZE__
    while (i < ch->inner.begin) {
        _one(ch, i++);
    }
    for (; i + 4 <= ch->inner.end; i += 4) {
        _four(ch, i);
    }
#endif
    while (i < ch->run->pixels) {
        _one(ch, i++);
    }
}

/* all channels, or those that were left out */
static APART void _portable(const msfcnn_op_t *op, const msfcnn_run_t *run, bool all)
{
    const msfcnn_shape_t *shape = op->shape;
    const msfcnn_conv_t *k = op->constants;
    size_t taps = (size_t)shape->kernel_u * shape->kernel_v;
    channel_t ch = { .op = op, .run = run, .range = msfcnn_range(op) };

#ifndef __OPTIMIZE_SIZE__
    ch.inner = msfcnn_inner(op, run);
#endif

    for (unsigned c = 0, m = 0; c < run->channels; c++) {
        unsigned o = run->channel + c;

        if (!all && msfcnn_depthwise_does(k->shift[o])) {
            ch.channel++;   /* none has several outputs */
            continue;
        }
        ch.weights = k->weights + o * taps;
        ch.bias = k->bias[o];
        ch.multiplier = k->multiplier[o];
        ch.shift = k->shift[o];
        ch.out = run->out + c * (size_t)run->out_channel_step;
        _run(&ch);
        if (++m == k->group_outputs) {
            m = 0;
            ch.channel++;
        }
    }
}

/* what kernels for common shapes leave: a number of channels */
static unsigned _common(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    const msfcnn_shape_t *shape = op->shape;
    const msfcnn_conv_t *k = op->constants;

    if (MSFCNN_FALLBACK || (shape->dilation_v != 1) || (shape->stride_v > 2)
        || (k->group_outputs != 1)) {
        return run->channels;
    }
    if ((shape->kernel_u == 3) && (shape->kernel_v == 3)) {
        return msfcnn_depthwise_3x3(op, run);
    }
#if !defined(__OPTIMIZE_SIZE__)
    if ((shape->kernel_u == shape->kernel_v)
        && ((shape->kernel_v == 5) || (shape->kernel_v == 7))) {
        return msfcnn_depthwise_5x5(op, run);
    }
#endif
    return run->channels;
}

void msfcnn_depthwise(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    unsigned left = _common(op, run);

    if (left > 0) {
        _portable(op, run, left == run->channels);
    }
}
