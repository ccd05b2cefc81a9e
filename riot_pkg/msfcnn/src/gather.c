/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Gathers the taps of a pixel, with padding
 *
 * @}
 */

#include <stdbool.h>
#include <string.h>

#include "kernels.h"

void msfcnn_gather(const msfcnn_op_t *op, const msfcnn_run_t *run, unsigned pixel,
                   unsigned channel, unsigned channels, int8_t *patch)
{
    size_t size = op->kernel_v * (size_t)channels;
    /* beyond `inside` where the pixel is padding: in front of the line it wraps around */
    unsigned first = pixel * op->stride_v - run->before;
    unsigned last = first + (op->kernel_v - 1U) * op->dilation_v;
    bool whole = (first <= last) && (last < run->inside);
    bool adjacent = (op->dilation_v == 1) && (channels == run->pixel_step);

    for (unsigned i = 0; i < op->kernel_u; i++, patch += size) {
        const int8_t *line = run->line[i];

        if (line == NULL) {
            memset(patch, op->pad_value, size);
        }
        else if (whole && adjacent) {
            memcpy(patch, line + first * run->pixel_step, size);
        }
        else {
            unsigned x = first;
            for (unsigned j = 0; j < op->kernel_v; j++, x += op->dilation_v) {
                int8_t *to = patch + j * (size_t)channels;
                if (x < run->inside) {
                    memcpy(to, line + x * run->pixel_step + channel, channels);
                }
                else {
                    memset(to, op->pad_value, channels);
                }
            }
        }
    }
}
