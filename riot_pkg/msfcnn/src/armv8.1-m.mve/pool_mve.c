/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Pooling with Helium: maxima of 16 channels at a time, sums of four
 *
 * @}
 */

#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 1)

#include "mve.h"

#define LANES   MSFCNN_MVE_LANES
#define WORDS   4U              /* of a vector */

/* outputs of at most four channels, their bytes being in 32-bit lanes */
static void _store(const msfcnn_run_t *run, int8_t *out, unsigned channel, int32x4_t values,
                   const msfcnn_range_t *range)
{
    uint32_t step = run->out_channel_step;
    mve_pred16_t there = vctp32q(run->channels - channel);
    uint32x4_t offsets = vmulq_n_u32(vidupq_n_u32(0, 1), step);

    values = vmaxq_s32(values, vdupq_n_s32(range->low));
    values = vminq_s32(values, vdupq_n_s32(range->high));
    if (step == 1) {
        vstrbq_p_s32(out + channel, values, there);
    }
    else {
        vstrbq_scatter_offset_p_s32(out + channel * step, offsets, values, there);
    }
}

/* the maximum of at most 16 channels */
static int8x16_t _max(const msfcnn_op_t *op, const msfcnn_run_t *run, const msfcnn_taps_t *taps,
                      unsigned channel)
{
    mve_pred16_t there = vctp8q(run->channels - channel);
    int8x16_t max = vdupq_n_s8(INT8_MIN);

    for (unsigned i = 0; i < op->shape->kernel_u; i++) {
        if (run->line[i] != NULL) {
            const int8_t *x = run->line[i] + taps->first + channel;

            for (unsigned j = taps->per_line; j > 0; j--, x += taps->step) {
                max = vmaxq_s8(max, vldrbq_z_s8(x, there));
            }
        }
    }
    return max;
}

void msfcnn_max_pool_mve(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    const msfcnn_sum_t *k = op->constants;
    const msfcnn_range_t range = msfcnn_range(op);
    int8_t room[LANES];

    for (unsigned i = 0; i < run->pixels; i++) {
        int8_t *out = run->out + i * run->out_pixel_step;
        msfcnn_taps_t taps = msfcnn_taps(op, run, i);

        for (unsigned c = 0; c < run->channels; c += WORDS) {
            if (c % LANES == 0) {
                vstrbq_s8(room, _max(op, run, &taps, c));
            }
            int32x4_t acc = vmulq_n_s32(vldrbq_s32(room + c % LANES), k->multiplier[0]);
            acc = vshlq_r_s32(vaddq_n_s32(acc, k->offset), -(int32_t)k->shift);
            _store(run, out, c, acc, &range);
        }
    }
}

/* adds pixels of at most four channels */
static int32x4_t _sum(int32x4_t sums, const int8_t *x, size_t step, unsigned pixels,
                      mve_pred16_t there)
{
    for (; pixels > 0; pixels--, x += step) {
        sums = vaddq_s32(sums, vldrbq_z_s32(x, there));
    }
    return sums;
}

/* outputs of at most four channels, from sums without zero points */
static void _scale(const msfcnn_pool_t *k, const msfcnn_run_t *run, int8_t *out, unsigned channel,
                   int32x4_t sums, unsigned factor, const msfcnn_range_t *range)
{
    int32_t multiplier = k->multiplier[factor];
    unsigned shift = k->shift[factor];
    int32_t room[WORDS];

    if ((shift >= 32) && (shift < MSFCNN_TO_EVEN)) {
        /* what VQDMULH drops is less than one of what VRSHL rounds */
        sums = vqdmulhq_n_s32(sums, multiplier);
        sums = vrshlq_n_s32(sums, 31 - (int32_t)shift);
        sums = vaddq_n_s32(sums, range->zero);
    }
    else {
        vstrwq_s32(room, sums);
        for (unsigned i = 0; i < WORDS; i++) {
            room[i] = msfcnn_requantize(range, room[i], multiplier, shift);
        }
        sums = vldrwq_s32(room);
    }
    _store(run, out, channel, sums, range);
}

void msfcnn_average_pool_mve(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    const msfcnn_pool_t *k = op->constants;
    const msfcnn_range_t range = msfcnn_range(op);

    for (unsigned i = 0; i < run->pixels; i++) {
        int8_t *out = run->out + i * run->out_pixel_step;
        msfcnn_taps_t taps = msfcnn_taps(op, run, i);

        for (unsigned c = 0; c < run->channels; c += WORDS) {
            mve_pred16_t there = vctp32q(run->channels - c);
            int32x4_t sums = vdupq_n_s32(0);
            unsigned n = 0;

            for (unsigned u = 0; u < op->shape->kernel_u; u++) {
                if (run->line[u] != NULL) {
                    sums = _sum(sums, run->line[u] + taps.first + c, taps.step, taps.per_line,
                                there);
                    n += taps.per_line;
                }
            }
            sums = vsubq_n_s32(sums, (int32_t)n * k->input_zero);
            _scale(k, run, out, c, sums, ((k->n_factors > 1) && (n > 0)) ? n - 1 : 0, &range);
        }
    }
}

void msfcnn_global_average_mve(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    const msfcnn_pool_t *k = op->constants;
    const msfcnn_range_t range = msfcnn_range(op);
    int32_t *kept = run->scratch;
    int32_t zero = (int32_t)op->lines * op->pixels * k->input_zero;

    for (unsigned c = 0; c < run->channels; c += WORDS) {
        mve_pred16_t there = vctp32q(run->channels - c);
        int32x4_t sums = run->first ? vdupq_n_s32(0) : vldrwq_z_s32(kept + c, there);

        sums = _sum(sums, run->line[0] + c, run->pixel_step, run->pixels, there);
        if (run->out == NULL) {
            vstrwq_p_s32(kept + c, sums, there);
        }
        else {
            _scale(k, run, run->out, c, vsubq_n_s32(sums, zero), 0, &range);
        }
    }
}

#else
typedef int msfcnn_mve_nothing_t;   /* no empty translation unit */
#endif
