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

void msfcnn_conv(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    const msfcnn_shape_t *shape = op->shape;
    const msfcnn_conv_t *k = op->constants;
    size_t taps = (size_t)shape->kernel_u * shape->kernel_v * k->group_inputs;
    int8_t *a = run->scratch;
    unsigned n;

    for (unsigned i = 0; i < run->pixels; i += 2) {
        int8_t *b = (i + 1U < run->pixels) ? a + taps : NULL;
        unsigned group = run->channel / k->group_outputs;
        unsigned in_group = run->channel % k->group_outputs;

        for (unsigned c = 0; c < run->channels; c += n, group++, in_group = 0) {
            unsigned first = group * k->group_inputs;

            n = k->group_outputs - in_group;
            if (n > run->channels - c) {
                n = run->channels - c;
            }
            msfcnn_gather(op, run, i, first, k->group_inputs, a);
            if (b != NULL) {
                msfcnn_gather(op, run, i + 1, first, k->group_inputs, b);
            }
            msfcnn_dot(op, run, a, b, taps, i, c, n);
        }
    }
}
