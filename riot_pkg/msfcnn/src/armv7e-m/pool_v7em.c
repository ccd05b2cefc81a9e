/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Pooling for Armv7E-M: four channels at a time
 *
 * @}
 */

#if defined(__ARM_FEATURE_DSP) && (__ARM_FEATURE_DSP == 1)

#include "v7em.h"

#define LANE_TAPS   255     /* whose sum fits in 16 bits: no line of a kernel has more */

/* fewer than four channels are read as zeros behind those that exist */
static inline uint32_t _load(const int8_t *from, unsigned n)
{
    uint32_t word = 0;

    if (n >= 4) {
        return msfcnn_v7em_load(from);
    }
    memcpy(&word, from, n);
    return word;
}

static uint32_t _max(const msfcnn_op_t *op, const msfcnn_run_t *run, const msfcnn_taps_t *taps,
                     unsigned c, unsigned n)
{
    uint32_t max = 0x80808080U;

    for (unsigned i = 0; i < op->shape->kernel_u; i++) {
        if (run->line[i] != NULL) {
            const int8_t *x = run->line[i] + taps->first + c;
            for (unsigned j = taps->per_line; j > 0; j--, x += taps->step) {
                max = msfcnn_v7em_max(_load(x, n), max);
            }
        }
    }
    return max;
}

void msfcnn_max_pool_v7em(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    const msfcnn_sum_t *k = op->constants;
    const msfcnn_range_t range = msfcnn_range(op);

    for (unsigned i = 0; i < run->pixels; i++) {
        int8_t *out = run->out + i * run->out_pixel_step;
        msfcnn_taps_t taps = msfcnn_taps(op, run, i);

        for (unsigned c = 0; c < run->channels; c += 4) {
            unsigned n = run->channels - c;
            uint32_t max = _max(op, run, &taps, c, n);
            for (unsigned b = 0; (b < 4) && (b < n); b++, out += run->out_channel_step) {
                int32_t acc = msfcnn_v7em_byte(max, b) * k->multiplier[0] + k->offset;
                *out = (int8_t)msfcnn_clamp(&range, acc >> k->shift);
            }
        }
    }
}

/* adds up to LANE_TAPS pixels of up to four channels */
static __attribute__((noinline)) void _accumulate(int32_t *sums, const int8_t *x, size_t step,
                                                  unsigned pixels, unsigned n)
{
    uint32_t even = 0;
    uint32_t odd = 0;

    for (; pixels > 0; pixels--, x += step) {
        uint32_t v = _load(x, n);
        even = msfcnn_v7em_add_even(even, v);
        odd = msfcnn_v7em_add_odd(odd, v);
    }
    uint32_t lanes[2] = { even, odd };
    for (unsigned b = 0; (b < 4) && (b < n); b++) {
        sums[b] += (int16_t)(lanes[b & 1] >> (8 * (b & 2)));
    }
}

void msfcnn_average_pool_v7em(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    const msfcnn_pool_t *k = op->constants;
    const msfcnn_range_t range = msfcnn_range(op);
    for (unsigned i = 0; i < run->pixels; i++) {
        int8_t *out = run->out + i * run->out_pixel_step;
        msfcnn_taps_t taps = msfcnn_taps(op, run, i);

        for (unsigned c = 0; c < run->channels; c += 4) {
            unsigned n = run->channels - c;
            int32_t sums[4] = { 0 };
            unsigned count = 0;

            for (unsigned u = 0; u < op->shape->kernel_u; u++) {
                if (run->line[u] != NULL) {
                    _accumulate(sums, run->line[u] + taps.first + c, taps.step, taps.per_line, n);
                    count += taps.per_line;
                }
            }
            unsigned f = ((k->n_factors > 1) && (count > 0)) ? count - 1 : 0;
            int32_t zero = (int32_t)count * k->input_zero;
            for (unsigned b = 0; (b < 4) && (b < n); b++, out += run->out_channel_step) {
                int32_t acc = sums[b] - zero;
                *out = (int8_t)msfcnn_requantize(&range, acc, k->multiplier[f], k->shift[f]);
            }
        }
    }
}

void msfcnn_global_average_v7em(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    const msfcnn_pool_t *k = op->constants;
    const msfcnn_range_t range = msfcnn_range(op);
    int32_t *sums = run->scratch;
    const int8_t *x = run->line[0];

    if (run->first) {
        memset(sums, 0, run->channels * sizeof(sums[0]));
    }
    for (unsigned n, left = run->pixels; left > 0; left -= n, x += n * run->pixel_step) {
        n = (left < LANE_TAPS) ? left : LANE_TAPS;
        for (unsigned c = 0; c < run->channels; c += 4) {
            _accumulate(sums + c, x + c, run->pixel_step, n, run->channels - c);
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

#else
typedef int msfcnn_v7em_nothing_t;  /* no empty translation unit */
#endif
