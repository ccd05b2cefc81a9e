/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Residuals with Helium: four elements at a time
 *
 * @}
 */

#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 1)

#include "mve.h"

/* what a sum has in common, in registers */
typedef struct {
    int32_t mx;
    int32_t my;
    int32_t offset;
    int32_t shift;
    int32x4_t low;
    int32x4_t high;
} sum_t;

/* adjacent elements; the output may lie exactly on an input */
static void _line(const sum_t *sum, const int8_t *x, const int8_t *y, int8_t *out, size_t n)
{
    int32x4_t low = sum->low;
    int32x4_t high = sum->high;

    if (n == 0) {
        return;
    }
    /* a kernel's sums are in int32: neither products nor sums wrap around */
    __asm__ volatile (
        "dlstp.32 lr, %3\n"
        "1: vldrb.s32 q0, [%0], #4\n"
        "vldrb.s32 q1, [%1], #4\n"
        "vmul.i32 q0, q0, %4\n"
        "vmla.s32 q0, q1, %5\n"
        "vadd.i32 q0, q0, %6\n"
        "vshl.s32 q0, %7\n"
        "vmax.s32 q0, q0, %q8\n"
        "vmin.s32 q0, q0, %q9\n"
        "vstrb.32 q0, [%2], #4\n"
        "letp lr, 1b\n"
        : "+l"(x), "+l"(y), "+l"(out)
        : "r"(n), "r"(sum->mx), "r"(sum->my), "r"(sum->offset), "r"(sum->shift), "w"(low),
          "w"(high)
        : "q0", "q1", "lr", "memory");
}

/* one element after the other, where outputs are not adjacent */
static void _apart(const msfcnn_op_t *op, const int8_t *x, const int8_t *y, int8_t *out,
                   size_t step, unsigned n)
{
    const msfcnn_sum_t *k = op->constants;
    const msfcnn_range_t range = msfcnn_range(op);

    for (; n > 0; n--, x++, y++, out += step) {
        int32_t acc = k->offset + *x * k->multiplier[0] + *y * k->multiplier[1];

        *out = (int8_t)msfcnn_clamp(&range, acc >> k->shift);
    }
}

void msfcnn_add_mve(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    const msfcnn_sum_t *k = op->constants;
    const int8_t *x = run->line[0];
    const int8_t *y = run->second;
    int8_t *out = run->out;
    unsigned n = run->channels;
    unsigned pixels = run->pixels;
    const sum_t sum = {
        k->multiplier[0], k->multiplier[1], k->offset, -(int32_t)k->shift,
        vdupq_n_s32(op->clamp_low), vdupq_n_s32(op->clamp_high),
    };

    if (k->shift >= MSFCNN_TO_EVEN) {
        msfcnn_add(op, run);
        return;
    }
    if ((run->out_channel_step == 1) && (run->pixel_step == n) && (run->second_step == n)
        && (run->out_pixel_step == n)) {
        n *= pixels;
        pixels = 1;
    }
    for (; pixels > 0; pixels--) {
        if (run->out_channel_step == 1) {
            _line(&sum, x, y, out, n);
        }
        else {
            _apart(op, x, y, out, run->out_channel_step, n);
        }
        x += run->pixel_step;
        y += run->second_step;
        out += run->out_pixel_step;
    }
}

#else
typedef int msfcnn_mve_nothing_t;   /* no empty translation unit */
#endif
