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
 * Pixels whose taps all exist are computed straight from the lines. Others are by way of a patch:
 * the taps of 16 channels between their padding.
 *
 * @}
 */

#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 1)

#include "mve.h"

#define LANES   MSFCNN_MVE_LANES

/* words of the constants of 16 channels, beside their weights: biases, multipliers, shifts */
#define EXTRA   (LANES + LANES + LANES / 4)

static void _compute(const msfcnn_op_t *op, msfcnn_mve_depthwise_t *job)
{
    if (op->shape->kernel_v == 3) {
        msfcnn_mve_depthwise_3(job);
    }
    else {
        msfcnn_mve_depthwise_any(job);
    }
}

/* those at most 16 channels of a pixel */
static void _gather(const msfcnn_op_t *op, const msfcnn_run_t *run, unsigned pixel,
                    unsigned channel, unsigned n, int8_t *patch)
{
    const msfcnn_shape_t *shape = op->shape;
    unsigned first = pixel * shape->stride_v - run->before;

    for (unsigned i = 0; i < shape->kernel_u; i++) {
        const int8_t *line = run->line[i];
        unsigned x = first;     /* in front of the line it is beyond its end */

        for (unsigned j = shape->kernel_v; j > 0; j--, x += shape->dilation_v, patch += LANES) {
            if ((line != NULL) && (x < run->inside)) {
                msfcnn_mve_copy(patch, line + x * run->pixel_step + channel, n);
            }
            else {
                msfcnn_mve_fill(patch, op->pad_value, LANES);
            }
        }
    }
}

/* a job for some pixels, all of whose taps exist */
static msfcnn_mve_depthwise_t _job(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    const msfcnn_shape_t *shape = op->shape;

    return (msfcnn_mve_depthwise_t){
        .n_rows = shape->kernel_u,
        .zero = op->out_zero,
        .low = op->clamp_low,
        .high = op->clamp_high,
        .out_step = run->out_pixel_step,
        .pairs = shape->kernel_v / 2U,
        .odd = shape->kernel_v % 2U,
    };
}

/* words of 16 channels */
static size_t _words(const msfcnn_op_t *op)
{
    return (size_t)op->shape->kernel_u * op->shape->kernel_v * (LANES / 4) + EXTRA;
}

static const uint32_t *_constants(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    return (const uint32_t *)op->constants + run->channel / LANES * _words(op);
}

/* any pixel */
static void _patched(const msfcnn_op_t *op, const msfcnn_run_t *run, unsigned pixel)
{
    const msfcnn_shape_t *shape = op->shape;
    const int8_t **rows = run->scratch;
    int8_t *patch = (int8_t *)(rows + shape->kernel_u);
    const uint32_t *constants = _constants(op, run);
    int8_t *out = run->out + pixel * run->out_pixel_step;
    int8_t room[LANES];
    msfcnn_mve_depthwise_t job = _job(op, run);

    for (unsigned i = 0; i < shape->kernel_u; i++) {
        rows[i] = patch + i * shape->kernel_v * LANES;
    }
    job.rows = rows;
    job.step = LANES;
    job.full = 1;
    for (unsigned c = 0; c < run->channels; c += LANES, constants += _words(op)) {
        unsigned n = (run->channels - c < LANES) ? run->channels - c : LANES;

        _gather(op, run, pixel, c, n, patch);
        job.offset = 0;
        job.pixels = 1;
        job.constants = constants;
        job.out = room;
        _compute(op, &job);
        if (run->out_channel_step == 1) {
            out = msfcnn_mve_copy(out, room, n);
            continue;
        }
        for (unsigned i = 0; i < n; i++, out += run->out_channel_step) {
            *out = room[i];
        }
    }
}

/* pixels from begin to end - 1, straight from the lines */
static void _direct(const msfcnn_op_t *op, const msfcnn_run_t *run, unsigned begin, unsigned end)
{
    const msfcnn_shape_t *shape = op->shape;
    msfcnn_mve_depthwise_t job = _job(op, run);

    job.rows = run->line;
    job.step = shape->dilation_v * run->pixel_step;
    job.pixel_step = shape->stride_v * run->pixel_step;
    job.offset = (begin * shape->stride_v - run->before) * run->pixel_step;
    job.out = run->out + begin * run->out_pixel_step;
    job.pixels = end - begin;
    job.constants = _constants(op, run);
    job.full = run->channels / LANES;
    job.last = run->channels % LANES;
    _compute(op, &job);
}

void msfcnn_depthwise_mve(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    msfcnn_pixels_t direct = msfcnn_inner(op, run);
    unsigned i = 0;

    if (run->out_channel_step != 1) {
        direct.end = 0;
    }
    for (unsigned u = 0; u < op->shape->kernel_u; u++) {
        if (run->line[u] == NULL) {
            direct.end = 0;
        }
    }
    while (i < run->pixels) {
        if ((i >= direct.begin) && (i < direct.end)) {
            _direct(op, run, i, direct.end);
            i = direct.end;
        }
        else {
            _patched(op, run, i++);
        }
    }
}

#else
typedef int msfcnn_mve_nothing_t;   /* no empty translation unit */
#endif
