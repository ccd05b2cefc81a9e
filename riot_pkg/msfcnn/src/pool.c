/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Pooling
 *
 * @}
 */

#include <string.h>

#include "kernels.h"

msfcnn_taps_t msfcnn_taps(const msfcnn_op_t *op, const msfcnn_run_t *run, unsigned pixel)
{
    const msfcnn_shape_t *shape = op->shape;
    msfcnn_taps_t taps = { .step = shape->dilation_v * run->pixel_step };
    /* in front of the line this wraps around to beyond its end */
    unsigned x = pixel * shape->stride_v - run->before;

    for (unsigned j = 0; j < shape->kernel_v; j++, x += shape->dilation_v) {
        if (x < run->inside) {
            if (taps.per_line == 0) {
                taps.first = x * run->pixel_step;
                taps.skipped = j;
            }
            taps.per_line++;
        }
    }
    return taps;
}

/* one copy for both at -Os */
#ifdef __OPTIMIZE_SIZE__
#  define SHARED    __attribute__((noinline))
#else
#  define SHARED    inline
#endif

/* the largest of a pixel's taps in a channel, or their sum */
static SHARED int32_t _reduce(const msfcnn_op_t *op, const msfcnn_run_t *run,
                              const msfcnn_taps_t *taps, unsigned c, bool largest)
{
    int32_t found = largest ? INT8_MIN : 0;

    for (unsigned i = 0; i < op->shape->kernel_u; i++) {
        if (run->line[i] != NULL) {
            const int8_t *x = run->line[i] + taps->first + c;
            for (unsigned j = taps->per_line; j > 0; j--, x += taps->step) {
                found = !largest ? found + *x : (*x > found) ? *x : found;
            }
        }
    }
    return found;
}

void msfcnn_max_pool(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    const msfcnn_sum_t *k = op->constants;
    const msfcnn_range_t range = msfcnn_range(op);

    for (unsigned i = 0; i < run->pixels; i++) {
        int8_t *out = run->out + i * run->out_pixel_step;
        msfcnn_taps_t taps = msfcnn_taps(op, run, i);

        for (unsigned c = 0; c < run->channels; c++, out += run->out_channel_step) {
            int32_t max = _reduce(op, run, &taps, c, true);
            *out = (int8_t)msfcnn_clamp(&range, (max * k->multiplier[0] + k->offset) >> k->shift);
        }
    }
}

void msfcnn_average_pool(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    const msfcnn_pool_t *k = op->constants;
    const msfcnn_range_t range = msfcnn_range(op);
    unsigned lines = 0;

    for (unsigned i = 0; i < op->shape->kernel_u; i++) {
        lines += (run->line[i] != NULL);
    }
    for (unsigned i = 0; i < run->pixels; i++) {
        int8_t *out = run->out + i * run->out_pixel_step;
        msfcnn_taps_t taps = msfcnn_taps(op, run, i);
        unsigned n = lines * taps.per_line;
        unsigned f = ((k->n_factors > 1) && (n > 0)) ? n - 1 : 0;
        int32_t zero = (int32_t)n * k->input_zero;

        for (unsigned c = 0; c < run->channels; c++, out += run->out_channel_step) {
            int32_t acc = _reduce(op, run, &taps, c, false) - zero;
            *out = (int8_t)msfcnn_requantize(&range, acc, k->multiplier[f], k->shift[f]);
        }
    }
}

void msfcnn_global_average(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    const msfcnn_pool_t *k = op->constants;
    const msfcnn_range_t range = msfcnn_range(op);
    int32_t *sums = run->scratch;
    const int8_t *x = run->line[0];

    if (run->first) {
        memset(sums, 0, run->channels * sizeof(sums[0]));
    }
    for (unsigned i = 0; i < run->pixels; i++, x += run->pixel_step) {
        for (unsigned c = 0; c < run->channels; c++) {
            sums[c] += x[c];
        }
    }
    if (run->out != NULL) {
        int32_t zero = (int32_t)op->lines * op->pixels * k->input_zero;

        for (unsigned c = 0; c < run->channels; c++) {
            run->out[c * (size_t)run->out_channel_step] =
                (int8_t)msfcnn_requantize(&range, sums[c] - zero, k->multiplier[0], k->shift[0]);
        }
    }
}
