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

/* a channel of the input lines, and the weights of an output */
typedef struct {
    const msfcnn_op_t *op;
    const msfcnn_run_t *run;
    const int8_t *weights;
    int32_t bias;
    unsigned channel;           /* of the input */
} channel_t;

/* one pixel; any of its taps may be padding */
static int32_t _checked(const channel_t *ch, unsigned pixel)
{
    const msfcnn_op_t *op = ch->op;
    const msfcnn_run_t *run = ch->run;
    const int8_t *w = ch->weights;
    int32_t acc = ch->bias;
    size_t step = run->first_step;

    for (unsigned i = 0; i < op->kernel_u; i++, step = run->channel_step) {
        const int8_t *line = run->line[i];
        unsigned inside = (line != NULL) ? run->inside : 0;
        /* in front of the line this wraps around to beyond its end */
        unsigned x = pixel * op->stride_v - run->before;

        for (unsigned j = 0; j < op->kernel_v; j++, x += op->dilation_v) {
            int32_t value = op->pad_value;
            if (x < inside) {
                value = line[x * run->pixel_step + ch->channel * step];
            }
            acc += value * *w++;
        }
    }
    return acc;
}

/* where the first tap of a pixel in line i is */
static const int8_t *_tap(const channel_t *ch, unsigned i, unsigned pixel)
{
    const msfcnn_run_t *run = ch->run;
    size_t step = (i == 0) ? run->first_step : run->channel_step;
    size_t x = pixel * (size_t)ch->op->stride_v - run->before;

    return run->line[i] + x * run->pixel_step + ch->channel * step;
}

/* one pixel; no tap at an end of the line is padding, but whole lines may be */
static int32_t _inner(const channel_t *ch, unsigned pixel)
{
    const msfcnn_op_t *op = ch->op;
    size_t step = op->dilation_v * ch->run->pixel_step;
    const int8_t *w = ch->weights;
    int32_t acc = ch->bias;

    for (unsigned i = 0; i < op->kernel_u; i++) {
        const int8_t *end = w + op->kernel_v;

        if (ch->run->line[i] == NULL) {
            while (w != end) {
                acc += op->pad_value * *w++;
            }
        }
        else {
            for (const int8_t *x = _tap(ch, i, pixel); w != end; x += step) {
                acc += *x * *w++;
            }
        }
    }
    return acc;
}

static int32_t _inner_3x3(const int8_t *const x[3], size_t offset, size_t step, const int8_t *w,
                          int32_t acc)
{
    const int8_t *x0 = x[0] + offset;
    const int8_t *x1 = x[1] + offset;
    const int8_t *x2 = x[2] + offset;

    acc += x0[0] * w[0] + x1[0] * w[3] + x2[0] * w[6];
    acc += x0[step] * w[1] + x1[step] * w[4] + x2[step] * w[7];
    acc += x0[2 * step] * w[2] + x1[2 * step] * w[5] + x2[2 * step] * w[8];
    return acc;
}

void msfcnn_depthwise(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    const msfcnn_conv_t *k = op->constants;
    size_t taps = (size_t)op->kernel_u * op->kernel_v;
    size_t step = op->dilation_v * run->pixel_step;
    channel_t ch = { .op = op, .run = run, .weights = k->weights + run->channel * taps };
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
    for (unsigned c = 0, m = 0; c < run->channels; c++, ch.weights += taps) {
        unsigned o = run->channel + c;
        int8_t *out = run->out + c * (size_t)run->out_channel_step;
        const int8_t *x[3] = { NULL, NULL, NULL };

        ch.bias = k->bias[o];
        if (is_3x3 && (begin < end)) {
            for (unsigned i = 0; i < 3; i++) {
                x[i] = _tap(&ch, i, begin);
            }
        }
        for (unsigned i = 0; i < run->pixels; i++, out += run->out_pixel_step) {
            int32_t acc;
            if ((i < begin) || (i >= end)) {
                acc = _checked(&ch, i);
            }
            else if (is_3x3) {
                size_t offset = (i - begin) * op->stride_v * run->pixel_step;
                acc = _inner_3x3(x, offset, step, ch.weights, ch.bias);
            }
            else {
                acc = _inner(&ch, i);
            }
            *out = msfcnn_requantize(op, acc, k->multiplier[o], k->shift[o]);
        }
        if (++m == k->group_outputs) {
            m = 0;
            ch.channel++;
        }
    }
}
