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
 * Taps that are padding are rare: pixels that meet them at an end of a line take the slow way.
 *
 * @}
 */

#include <stdbool.h>

#include "kernels.h"

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
    *ch->out = msfcnn_requantize(&ch->range, acc, ch->multiplier, ch->shift);
    ch->out += ch->run->out_pixel_step;
}

/* the first pixel of line i that exists, in this channel */
static const int8_t *_line(const channel_t *ch, unsigned i)
{
    const msfcnn_run_t *run = ch->run;

    return run->line[i] + ch->channel * (size_t)((i == 0) ? run->first_step : run->channel_step);
}

/* one pixel, any of whose taps may be padding */
static void _checked(channel_t *ch, unsigned pixel)
{
    const msfcnn_op_t *op = ch->op;
    const msfcnn_run_t *run = ch->run;
    const int8_t *w = ch->weights;
    int32_t pad = op->pad_value;
    int32_t acc = ch->bias;

    for (unsigned i = 0; i < op->kernel_u; i++) {
        unsigned inside = (run->line[i] != NULL) ? run->inside : 0;
        const int8_t *line = (inside > 0) ? _line(ch, i) : NULL;
        /* in front of the line this wraps around to beyond its end */
        unsigned x = pixel * op->stride_v - run->before;

        for (unsigned j = op->kernel_v; j > 0; j--, x += op->dilation_v) {
            int32_t value = (x < inside) ? line[x * run->pixel_step] : pad;

            acc += msfcnn_multiply(value, *w++);
        }
    }
    _store(ch, acc);
}

/* n pixels, at most four; no tap at an end of a line is padding, but whole lines may be */
static void _four(channel_t *ch, unsigned pixel, unsigned n)
{
    const msfcnn_op_t *op = ch->op;
    size_t tap = op->dilation_v * ch->run->pixel_step;
    size_t step = op->stride_v * ch->run->pixel_step;
    size_t offset = pixel * step - ch->run->before * ch->run->pixel_step;
    const int8_t *w = ch->weights;
    int32_t a0 = ch->bias, a1 = a0, a2 = a0, a3 = a0;
    /* those that do not exist are computed where the last one is */
    size_t second = (n > 1) ? step : 0;
    size_t third = (n > 2) ? 2 * step : 0;
    size_t fourth = (n > 3) ? 3 * step : 0;

    for (unsigned i = 0; i < op->kernel_u; i++) {
        const int8_t *end = w + op->kernel_v;

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
        const int8_t *x1 = x0 + second;
        const int8_t *x2 = x0 + third;
        const int8_t *x3 = x0 + fourth;
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
    if (n > 1) {
        _store(ch, a1);
    }
    if (n > 2) {
        _store(ch, a2);
    }
    if (n > 3) {
        _store(ch, a3);
    }
}

/* pixels of a 3x3 kernel none of whose taps is padding */
static void _inner_3x3(channel_t *ch, unsigned pixel, unsigned n)
{
    const msfcnn_op_t *op = ch->op;
    size_t tap = op->dilation_v * ch->run->pixel_step;
    size_t step = op->stride_v * ch->run->pixel_step;
    size_t offset = pixel * step - ch->run->before * ch->run->pixel_step;
    const int8_t *x0 = _line(ch, 0) + offset;
    const int8_t *x1 = _line(ch, 1) + offset;
    const int8_t *x2 = _line(ch, 2) + offset;
    const int8_t *w = ch->weights;
    int32_t w0 = w[0], w1 = w[1], w2 = w[2];
    int32_t w3 = w[3], w4 = w[4], w5 = w[5];
    int32_t w6 = w[6], w7 = w[7], w8 = w[8];
    const msfcnn_range_t range = ch->range;
    int32_t bias = ch->bias;
    int32_t multiplier = ch->multiplier;
    unsigned shift = ch->shift;
    size_t out_step = ch->run->out_pixel_step;
    int8_t *out = ch->out;

    ch->out += n * out_step;
    for (; n > 0; n--, x0 += step, x1 += step, x2 += step, out += out_step) {
        int32_t acc = bias;

        acc += msfcnn_multiply(x0[0], w0);
        acc += msfcnn_multiply(x1[0], w3);
        acc += msfcnn_multiply(x2[0], w6);
        acc += msfcnn_multiply(x0[tap], w1);
        acc += msfcnn_multiply(x1[tap], w4);
        acc += msfcnn_multiply(x2[tap], w7);
        acc += msfcnn_multiply(x0[2 * tap], w2);
        acc += msfcnn_multiply(x1[2 * tap], w5);
        acc += msfcnn_multiply(x2[2 * tap], w8);
        *out = msfcnn_requantize(&range, acc, multiplier, shift);
    }
}

void msfcnn_depthwise(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    const msfcnn_conv_t *k = op->constants;
    size_t taps = (size_t)op->kernel_u * op->kernel_v;
    channel_t ch = { .op = op, .run = run, .range = msfcnn_range(op) };
    unsigned span = (op->kernel_v - 1U) * op->dilation_v + 1;
    unsigned begin = 0;
    unsigned end = run->pixels;
    bool is_3x3 = (op->kernel_u == 3) && (op->kernel_v == 3) && (run->line[0] != NULL)
                  && (run->line[1] != NULL) && (run->line[2] != NULL);

    /* pixels begin to end - 1 meet no padding in their lines */
    while ((begin < end) && (begin * op->stride_v < run->before)) {
        begin++;
    }
    while ((end > begin) && ((end - 1) * op->stride_v + span > run->before + run->inside)) {
        end--;
    }
    for (unsigned c = 0, m = 0; c < run->channels; c++) {
        unsigned o = run->channel + c;
        unsigned i = 0;

        ch.weights = k->weights + o * taps;
        ch.bias = k->bias[o];
        ch.multiplier = k->multiplier[o];
        ch.shift = k->shift[o];
        ch.out = run->out + c * (size_t)run->out_channel_step;
        while (i < begin) {
            _checked(&ch, i++);
        }
        if (is_3x3 && (begin < end)) {
            _inner_3x3(&ch, begin, end - begin);
            i = end;
        }
        for (; i < end; i += 4) {
            _four(&ch, i, (end - i < 4) ? end - i : 4);
        }
        for (i = end; i < run->pixels; i++) {
            _checked(&ch, i);
        }
        if (++m == k->group_outputs) {
            m = 0;
            ch.channel++;
        }
    }
}
