/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Residuals for Armv7E-M: four elements at a time
 *
 * @}
 */

#if defined(__ARM_FEATURE_DSP) && (__ARM_FEATURE_DSP == 1)

#include "v7em.h"

/* elements of a pixel; the output may lie exactly on an input */
static void _line(const msfcnn_sum_t *k, const int8_t *x, const int8_t *y, int8_t *out,
                  size_t step, unsigned n)
{
    int32_t mx = k->multiplier[0];
    int32_t my = k->multiplier[1];
    int32_t offset = k->offset;
    unsigned shift = k->shift;

    for (; n >= 4; n -= 4, x += 4, y += 4) {
        uint32_t xs = msfcnn_v7em_load(x);
        uint32_t ys = msfcnn_v7em_load(y);

        for (unsigned i = 0; i < 4; i++, out += step) {
            int32_t acc = offset + msfcnn_v7em_byte(xs, i) * mx + msfcnn_v7em_byte(ys, i) * my;
            *out = msfcnn_v7em_saturate(acc >> shift);
        }
    }
    for (; n > 0; n--, x++, y++, out += step) {
        *out = msfcnn_v7em_saturate((offset + *x * mx + *y * my) >> shift);
    }
}

void msfcnn_add_v7em(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    const msfcnn_sum_t *k = op->constants;
    const int8_t *x = run->line[0];
    const int8_t *y = run->second;
    int8_t *out = run->out;
    unsigned n = run->channels;
    unsigned pixels = run->pixels;
    bool dense = (run->out_channel_step == 1) && (run->pixel_step == n)
                 && (run->second_step == n) && (run->out_pixel_step == n);

    if (k->shift >= MSFCNN_TO_EVEN) {
        msfcnn_add(op, run);
        return;
    }
    if (dense) {
        n *= pixels;
        pixels = 1;
    }
    for (; pixels > 0; pixels--) {
        _line(k, x, y, out, run->out_channel_step, n);
        x += run->pixel_step;
        y += run->second_step;
        out += run->out_pixel_step;
    }
    msfcnn_v7em_clamp(op, run);
}

#else
typedef int msfcnn_v7em_nothing_t;  /* no empty translation unit */
#endif
