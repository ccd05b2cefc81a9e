/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Functions of one value: sigmoid, hard-swish and whatever else is a table
 *
 * The output may lie exactly on the input: each byte is read before it is written.
 *
 * @}
 */

#include "kernels.h"

void msfcnn_lookup(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    const int8_t *table = ((const msfcnn_lookup_t *)op->constants)->table;
    const int8_t *x = run->line[0];
    size_t step = run->out_channel_step;

    for (unsigned i = 0; i < run->pixels; i++, x += run->pixel_step) {
        int8_t *out = run->out + i * run->out_pixel_step;

        for (unsigned c = 0; c < run->channels; c++, out += step) {
            *out = table[(uint8_t)x[c]];
        }
    }
}
