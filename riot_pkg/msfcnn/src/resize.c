/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Larger maps: blocks of pixels, and bilinear interpolation
 *
 * Output pixel i of a run lies `phase_v + i * stride_v` parts of an input pixel, which has `up_v`
 * of them, behind the first tap of the run.
 *
 * @}
 */

#include "kernels.h"

void msfcnn_upsample(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    const msfcnn_upsample_t *k = op->constants;
    const msfcnn_range_t range = msfcnn_range(op);
    const int8_t *x = run->line[0] + run->phase_u * k->step_u;
    unsigned place = run->phase_v;
    unsigned up = op->shape->up_v;

    for (unsigned i = 0; i < run->pixels; i++, place++) {
        int8_t *out = run->out + i * run->out_pixel_step;

        if (place == up) {
            place = 0;
            x += run->pixel_step;
        }
        const int8_t *in = x + place * k->step_v;
        for (unsigned c = run->channels; c > 0; c--) {
            *out = (int8_t)msfcnn_clamp(&range, (*in * k->multiplier + k->offset) >> k->shift);
            in += k->channel_step;
            out += run->out_channel_step;
        }
    }
}

void msfcnn_bilinear(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    /* a copy, which no output can overwrite */
    const msfcnn_sum_t k = *(const msfcnn_sum_t *)op->constants;
    const msfcnn_shape_t *shape = op->shape;
    const msfcnn_range_t range = msfcnn_range(op);
    const int8_t *upper = run->line[0];
    const int8_t *lower = run->line[1];
    size_t upper_step = run->first_step;
    size_t lower_step = run->channel_step;

    /* beyond the first and the last line that line counts */
    if (upper == NULL) {
        upper = lower;
        upper_step = lower_step;
    }
    else if (lower == NULL) {
        lower = upper;
        lower_step = upper_step;
    }
    int32_t down = run->phase_u * k.multiplier[0];
    int32_t up = shape->up_u * k.multiplier[0] - down;
    size_t step = run->out_channel_step;
    int32_t right = run->phase_v;
    int32_t x = -(int32_t)run->before;

    for (unsigned i = 0; i < run->pixels; i++, right += shape->stride_v) {
        int8_t *out = run->out + i * run->out_pixel_step;

        for (; right >= shape->up_v; right -= shape->up_v) {
            x++;
        }
        int32_t left = shape->up_v - right;
        /* likewise beyond the first and the last pixel */
        size_t next = ((x < 0) || (x + 1 == run->inside)) ? 0 : run->pixel_step;
        size_t first = (x > 0) ? (unsigned)x * run->pixel_step : 0;
        const int8_t *a = upper + first;
        const int8_t *b = lower + first;
        int32_t up_left = up * left;
        int32_t up_right = up * right;
        int32_t down_left = down * left;
        int32_t down_right = down * right;

        for (unsigned n = run->channels; n > 0; n--) {
            int32_t acc = up_left * *a + up_right * a[next]
                          + down_left * *b + down_right * b[next];

            acc = msfcnn_multiply_high(acc, k.multiplier[1]) + k.offset;
            acc = msfcnn_shifted(acc, k.shift, MSFCNN_BILINEAR_GAP);
            *out = (int8_t)msfcnn_clamp(&range, acc);
            a += upper_step;
            b += lower_step;
            out += step;
        }
    }
}
