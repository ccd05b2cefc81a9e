/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Depthwise convolution with Helium, from interleaved lines: 16 channels at a time
 *
 * Constants of fewer channels are repeated where they fill a vector: then its lanes are pixels that
 * lie side by side.
 *
 * @}
 */

#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 1)

#include "mve.h"

#define LANES   MSFCNN_MVE_LANES

/* words of the constants of 16 channels, beside their weights: biases, multipliers, shifts */
#define EXTRA   (LANES + LANES + LANES / 4)

/* words of 16 channels */
static size_t _words(const msfcnn_op_t *op)
{
    return (size_t)op->words * (LANES / 4) + EXTRA;
}

/* pixels from begin on, whose taps are there: each member, as an initializer would clear all first */
static void _prepare(msfcnn_mve_depthwise_t *job, const msfcnn_op_t *op, const msfcnn_run_t *run,
                     unsigned begin, const void *taps)
{
    size_t full = run->channels / LANES;

    job->taps = taps;
    job->pairs = op->words / 2U;
    job->step = op->shape->dilation_v * run->pixel_step;
    job->zero = op->out_zero;
    job->low = op->clamp_low;
    job->high = op->clamp_high;
    job->offset = 0;
    job->out = run->out + begin * run->out_pixel_step;
    job->next = op->shape->stride_v * run->pixel_step - full * LANES;
    job->out_next = run->out_pixel_step - full * LANES;
    job->constants = (const uint32_t *)op->constants + run->channel / LANES * _words(op);
    job->full = full;
    job->last = run->channels % LANES;
    job->pixels = 1;
    job->odd = op->words % 2U;
}

/* the taps of a pixel, behind 16 bytes of padding */
static msfcnn_mve_tap_t *_table(const msfcnn_op_t *op, const msfcnn_run_t *run, unsigned pixel)
{
    const msfcnn_shape_t *shape = op->shape;
    int8_t *pad = run->scratch;
    msfcnn_mve_tap_t *table = (msfcnn_mve_tap_t *)(void *)(pad + LANES);
    msfcnn_mve_tap_t *tap = table;
    unsigned first = pixel * shape->stride_v - run->before;

    msfcnn_mve_fill(pad, op->pad_value, LANES);
    for (unsigned i = 0; i < shape->kernel_u; i++) {
        const int8_t *line = run->line[i];
        unsigned inside = (line != NULL) ? run->inside : 0;
        unsigned x = first;     /* in front of the line it is beyond its end */

        for (unsigned j = shape->kernel_v; j > 0; j--, x += shape->dilation_v) {
            *tap++ = (x < inside) ? (msfcnn_mve_tap_t){ line + x * run->pixel_step, UINT32_MAX }
                                  : (msfcnn_mve_tap_t){ pad, 0 };
        }
    }
    return table;
}

/* outputs that are not adjacent, 16 channels by 16 */
static void _apart(msfcnn_mve_depthwise_t *job, const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    int8_t room[LANES];
    int8_t *out = job->out;
    size_t begin = job->offset;

    for (unsigned c = 0; c < run->channels; c += LANES, job->constants += _words(op)) {
        unsigned n = (run->channels - c < LANES) ? run->channels - c : LANES;

        job->offset = begin + c;
        job->out = room;
        job->pixels = 1;
        job->full = 0;
        job->last = n;
        msfcnn_mve_depthwise_any(job);
        for (unsigned i = 0; i < n; i++, out += run->out_channel_step) {
            *out = room[i];
        }
    }
}

/* pixels from begin to end - 1, which have the same padding */
static void _tabled(const msfcnn_op_t *op, const msfcnn_run_t *run, unsigned begin, unsigned end)
{
    const msfcnn_mve_tap_t *table = _table(op, run, begin);
    msfcnn_mve_depthwise_t job;

    if (run->out_channel_step == 1) {
        _prepare(&job, op, run, begin, table);
        job.pixels = end - begin;
        msfcnn_mve_depthwise_any(&job);
        return;
    }
    for (unsigned i = begin; i < end; i++) {
        _prepare(&job, op, run, i, table);
        job.offset = (i - begin) * op->shape->stride_v * run->pixel_step;
        _apart(&job, op, run);
    }
}

/* as many pixels as fill a vector */
static unsigned _abreast(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    unsigned channels = run->channels;
    bool adjacent = (run->pixel_step == channels) && (run->out_pixel_step == channels)
                    && (op->shape->stride_v == 1);

    return (adjacent && (channels < LANES) && (LANES % channels == 0)) ? LANES / channels : 1;
}

/* 3x3, pixels from begin to end - 1, straight from the lines */
static void _direct(const msfcnn_op_t *op, const msfcnn_run_t *run, unsigned begin, unsigned end)
{
    msfcnn_mve_depthwise_t job;
    unsigned abreast = _abreast(op, run);
    unsigned pixels = end - begin;

    _prepare(&job, op, run, begin, run->line);
    job.offset = (begin * op->shape->stride_v - run->before) * run->pixel_step;
    if ((abreast > 1) && (pixels >= abreast)) {
        msfcnn_mve_depthwise_t wide = job;

        wide.pixels = pixels / abreast;
        wide.next = 0;          /* pixels are adjacent */
        wide.out_next = 0;
        wide.full = 1;
        wide.last = 0;
        msfcnn_mve_depthwise_3x3(&wide);
        job.offset = wide.offset;
        job.out = wide.out;
        pixels %= abreast;
        if (pixels == 0) {
            return;
        }
    }
    job.pixels = pixels;
    msfcnn_mve_depthwise_3x3(&job);
}

/* whether all kernel lines exist, of a kernel that is 3x3 */
static bool _is_direct(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    return (op->shape->kernel_u == 3) && (op->shape->kernel_v == 3) && (run->out_channel_step == 1)
           && (run->line[0] != NULL) && (run->line[1] != NULL) && (run->line[2] != NULL);
}

void msfcnn_depthwise_mve(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    msfcnn_pixels_t inner = msfcnn_inner(op, run);
    bool direct = _is_direct(op, run);
    unsigned i = 0;

    while (i < run->pixels) {
        if ((i < inner.begin) || (i >= inner.end)) {
            _tabled(op, run, i, i + 1);
            i++;
            continue;
        }
        if (direct) {
            _direct(op, run, i, inner.end);
        }
        else {
            _tabled(op, run, i, inner.end);
        }
        i = inner.end;
    }
}

#else
typedef int msfcnn_mve_nothing_t;   /* no empty translation unit */
#endif
