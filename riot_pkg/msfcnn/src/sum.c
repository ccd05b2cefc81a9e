/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Sums of one or two rescaled inputs: residuals, changes of scale, concatenations
 *
 * The output may lie exactly on an input: each byte is read before it is written.
 *
 * @}
 */

#include "kernels.h"

#ifdef __OPTIMIZE_SIZE__
#  define SHARED    __attribute__((noinline))
#else
#  define SHARED    inline
#endif

/* even: 1 to round ties to even, not up; a constant for the compiler where speed counts */
static inline void _lines(const msfcnn_op_t *op, const msfcnn_run_t *run, const int8_t *y,
                          size_t y_step, int32_t n, int32_t even)
{
    const msfcnn_sum_t *k = op->constants;
    const msfcnn_range_t range = msfcnn_range(op);
    const int8_t *x = run->line[0];
    unsigned channels = run->channels;
    size_t step = run->out_channel_step;
    int32_t offset = k->offset;
    unsigned shift = k->shift;
    int32_t m = k->multiplier[0];

    for (unsigned i = 0; i < run->pixels; i++, x += run->pixel_step, y += y_step) {
        int8_t *out = run->out + i * run->out_pixel_step;

        for (unsigned c = 0; c < channels; c++, out += step) {
            int32_t acc = offset + x[c] * m + y[c] * n;

            *out = (int8_t)msfcnn_clamp(&range, msfcnn_shifted(acc, shift, even));
        }
    }
}

/* y: the second input, or anything if n is 0 */
static SHARED void _sum(const msfcnn_op_t *op, const msfcnn_run_t *run, const int8_t *y,
                        size_t y_step, int32_t n)
{
    const msfcnn_sum_t *k = op->constants;

#if defined(__OPTIMIZE_SIZE__) && defined(__ARM_FEATURE_DSP)
    /* one loop for all: additions without ties have kernels of their own here */
    _lines(op, run, y, y_step, n, k->shift / MSFCNN_TO_EVEN);
#else
    if (k->shift >= MSFCNN_TO_EVEN) {
        _lines(op, run, y, y_step, n, 1);
    }
    else {
        _lines(op, run, y, y_step, n, 0);
    }
#endif
}

void msfcnn_rescale(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    _sum(op, run, run->line[0], run->pixel_step, 0);
}

void msfcnn_add(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    const msfcnn_sum_t *k = op->constants;

    _sum(op, run, run->second, run->second_step, k->multiplier[1]);
}
