/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Convolution of any kernel and grouping, portable
 *
 * @}
 */

#include "dot.h"

/* pixels whose taps are gathered at a time: few take little room */
#define FEW_TAPS            32
#ifdef __OPTIMIZE_SIZE__
#  define GATHERED(op, taps)    1U      /* tiles are of one pixel then */
#else
#  define GATHERED(op, taps)    (((op)->words > 0) ? (op)->words : ((taps) <= FEW_TAPS) ? 6U : 2U)
#endif

void msfcnn_conv(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    const msfcnn_shape_t *shape = op->shape;
    const msfcnn_conv_t *k = op->constants;
    size_t taps = (size_t)shape->kernel_u * shape->kernel_v * k->group_inputs;
    unsigned pixels = GATHERED(op, taps);
    unsigned n;

    for (unsigned i = 0; i < run->pixels; i += pixels) {
        unsigned group = run->channel / k->group_outputs;
        unsigned in_group = run->channel % k->group_outputs;

        if (pixels > run->pixels - i) {
            pixels = run->pixels - i;
        }
        for (unsigned c = 0; c < run->channels; c += n, group++, in_group = 0) {
            unsigned first = group * k->group_inputs;

            n = k->group_outputs - in_group;
            if (n > run->channels - c) {
                n = run->channels - c;
            }
            msfcnn_gather(op, run, i, pixels, first, k->group_inputs, run->scratch);
            msfcnn_dot(op, run, run->scratch, taps, taps, i, pixels, c, n);
        }
    }
}
