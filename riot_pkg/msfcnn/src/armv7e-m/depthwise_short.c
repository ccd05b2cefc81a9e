/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Depthwise convolution for Armv7E-M: runs of few pixels without padding
 *
 * Where bands are narrow most runs are such ones, and what depthwise_v7em.c prepares takes longer
 * than these pixels do. Code that is to be small does without this.
 *
 * @}
 */

#if defined(__ARM_FEATURE_DSP) && (__ARM_FEATURE_DSP == 1) && !defined(__OPTIMIZE_SIZE__)

#include "v7em.h"

#define MOST    16      /* pixels */

/* whether a run is one of these */
static bool _is_short(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    const msfcnn_shape_t *shape = op->shape;
    const int8_t *const *line = run->line;

    return (shape->kernel_v == 3) && (run->pixels <= MOST) && (run->before == 0)
           && ((run->pixels - 1) * shape->stride_v + 3 <= run->inside)
           && (line[0] != NULL) && (line[1] != NULL) && (line[2] != NULL);
}

bool msfcnn_v7em_depthwise_short(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    if (!_is_short(op, run)) {
        return false;
    }
    unsigned wide = op->shape->stride_v - 1U;
    unsigned left = run->pixels;
    const int8_t *const *line = run->line;
    const uintptr_t *pieces = msfcnn_v7em_pieces + wide * MSFCNN_V7EM_STRIDE_2;
    uintptr_t two = pieces[(wide & (uintptr_t)line[1]) ? MSFCNN_V7EM_TWO_ODD : MSFCNN_V7EM_TWO];
    intptr_t advance = (intptr_t)(left << wide);
    uintptr_t list[MOST / 2 + 2];
    uintptr_t *next = list;
    msfcnn_v7em_planes_t planes;

    planes.next_line[0] = run->first_step - advance;
    planes.next_line[1] = planes.next_line[2] = run->channel_step - advance;
    planes.next_out = run->out_channel_step - (intptr_t)(left * run->out_pixel_step);
    planes.channels = run->channels;
    planes.pieces = list;
    planes.pixel_step = run->out_pixel_step;
    planes.line[0] = line[0];
    planes.line[1] = line[1];
    planes.line[2] = line[2];
    planes.constants = (const uint32_t *)op->constants + run->channel * op->words;
    planes.out = run->out;
    for (; !wide && (left >= 4); left -= 4) {
        *next++ = msfcnn_v7em_pieces[MSFCNN_V7EM_FOUR];
    }
    for (; left >= 2; left -= 2) {
        *next++ = two;
    }
    if (left > 0) {
        *next++ = pieces[MSFCNN_V7EM_ONE];
    }
    *next = msfcnn_v7em_pieces[MSFCNN_V7EM_NEXT];
    msfcnn_v7em_depthwise_3x3(&planes);
    msfcnn_v7em_clamp(op, run);
    return true;
}

#else
typedef int msfcnn_v7em_nothing_t;  /* no empty translation unit */
#endif
