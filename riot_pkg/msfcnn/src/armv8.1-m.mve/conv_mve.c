/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Convolution of any kernel, without groups, with Helium: from the taps of two pixels
 *
 * @}
 */

#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 1)

#include "mve.h"

/* the taps of a pixel that has no padding in its lines, where those of a line are adjacent */
static void _taps(const msfcnn_op_t *op, const msfcnn_run_t *run, unsigned pixel, int8_t *to)
{
    const msfcnn_shape_t *shape = op->shape;
    size_t size = (size_t)shape->kernel_v * op->in_channels;
    size_t offset = (pixel * shape->stride_v - run->before) * run->pixel_step;

    for (unsigned i = 0; i < shape->kernel_u; i++) {
        const int8_t *line = run->line[i];

        to = (line != NULL) ? msfcnn_mve_copy(to, line + offset, size)
                            : msfcnn_mve_fill(to, op->pad_value, size);
    }
}

void msfcnn_conv_mve(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    size_t taps = op->words;
    int8_t *patch = run->scratch;
    msfcnn_pixels_t direct = msfcnn_inner(op, run);
    unsigned n;

    if ((op->shape->dilation_v != 1) || (op->in_channels != run->pixel_step)) {
        direct.end = 0;
    }
    for (unsigned i = 0; i < run->pixels; i += n) {
        n = (run->pixels - i > 1) ? 2 : 1;
        for (unsigned p = 0; p < n; p++) {
            if ((i + p >= direct.begin) && (i + p < direct.end)) {
                _taps(op, run, i + p, patch + p * taps);
            }
            else {
                msfcnn_gather(op, run, i + p, 0, op->in_channels, patch + p * taps);
            }
        }
        msfcnn_mve_outputs(op, run, i, n, patch, taps);
    }
}

#else
typedef int msfcnn_mve_nothing_t;   /* no empty translation unit */
#endif
