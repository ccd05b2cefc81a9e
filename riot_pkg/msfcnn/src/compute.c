/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Calls of kernels: what they see of windows and whole tensors
 *
 * @}
 */

#include "compute.h"

__attribute__((noinline)) msfcnn_run_t *msfcnn_describe(msfcnn_t *nn, const msfcnn_op_t *op, unsigned pixels, int8_t *to)
{
    msfcnn_run_t *run = &nn->run;
    const msfcnn_tensor_t *input = op->input;
    const msfcnn_tensor_t *output = op->output;
    unsigned split = nn->running->split;
    unsigned channels = op->out_channels;

    if (split != 0 && channels - nn->channel > split) {
        channels = split;
    }
    else {
        channels -= nn->channel;
    }
    run->out = to;
    run->out_pixel_step = output->pixel_step;
    run->out_channel_step = msfcnn_channel_step(nn, output);
    run->channel = nn->channel;
    run->channels = (uint16_t)channels;
    run->phase_u = run->phase_v = 0;
    run->pixel_step = input->pixel_step;
    run->channel_step = msfcnn_channel_step(nn, input);
    run->pixels = (uint16_t)pixels;
    return run;
}

void msfcnn_compute_run(msfcnn_t *nn, const msfcnn_op_t *op, const msfcnn_position_t *at,
                        int8_t *to, unsigned pixels)
{
    msfcnn_run_t *run = msfcnn_describe(nn, op, pixels, to);

    run->before = 0;
    run->inside = (uint16_t)pixels;
    run->first_step = run->channel_step;
    if (MSFCNN_UNROLL && op->input->kind == MSFCNN_PIXELS) {    /* by far the most frequent */
        nn->line[0] = msfcnn_in_run(nn, op->input, at->pixel);
    }
    else {
        nn->line[0] = msfcnn_at(nn, op->input, at->line, at->pixel);
    }
    if (op->reads == MSFCNN_PAIR) {
        run->second = msfcnn_at(nn, op->second, at->line, at->pixel);
        run->second_step = op->second->pixel_step;
    }
    else if (op->reads == MSFCNN_GATE) {
        run->second = msfcnn_at(nn, op->second, 0, 0);
        run->second_step = 0;
    }
    op->kernel(op, run);
}

/* kernel lines of shared lines, one of which may be saved elsewhere */
static void _take_shared(msfcnn_t *nn, const msfcnn_op_t *op, const msfcnn_reach_t *reach,
                         unsigned from)
{
    int line = reach->first;

    for (unsigned k = 0; k < op->shape->kernel_u; k++, line += op->shape->dilation_u) {
        if (nn->line[k] != NULL) {
            nn->line[k] = msfcnn_shared_line(nn, op->input, (unsigned)line, from, reach->end);
        }
    }
}

/* where the kernel lines of a window begin; NULL: padding */
static __attribute__((noinline)) void _take_lines(msfcnn_t *nn, const msfcnn_op_t *op, int line, unsigned from)
{
    const msfcnn_shape_t *shape = op->shape;
    const msfcnn_lines_t lines = msfcnn_lines(nn, op->input, from);
    const int8_t **to = nn->line;

    if (MSFCNN_UNROLL && line >= 0 && shape->dilation_u == 1 &&
        line + shape->kernel_u <= op->lines) {      /* by far the most frequent */
        const int8_t *end = lines.first + lines.slots * lines.step;
        const int8_t *at = lines.first + (unsigned)line % lines.slots * lines.step;
        for (unsigned k = shape->kernel_u; k > 0; k--) {
            *to++ = at;
            at += lines.step;
            at = (at == end) ? lines.first : at;
        }
        return;
    }
    for (unsigned k = shape->kernel_u; k > 0; k--, line += shape->dilation_u) {
        *to = NULL;
        if (line >= 0 && line < op->lines) {
            *to = MSFCNN_SMALL ? msfcnn_at(nn, op->input, (unsigned)line, from)
                               : lines.first + (unsigned)line % lines.slots * lines.step;
        }
        to++;
    }
}

void msfcnn_compute_window(msfcnn_t *nn, const msfcnn_op_t *op, const msfcnn_position_t *at,
                           const msfcnn_reach_t *reach, int8_t *to, unsigned pixels)
{
    const msfcnn_tensor_t *input = op->input;
    msfcnn_run_t *run = msfcnn_describe(nn, op, pixels, to);
    const msfcnn_shape_t *shape = op->shape;
    int parts = at->pixel * shape->stride_v - shape->pad_v;
    int x = msfcnn_whole(parts, shape->up_v);
    unsigned from = msfcnn_from(reach, x);

    _take_lines(nn, op, reach->first, from);
    run->inside = (uint16_t)(reach->end - from);
    run->before = (uint16_t)((x < 0) ? -x : 0);
    run->first_step = run->channel_step;
    if (!MSFCNN_UNROLL || shape->up_u != 1 || shape->up_v != 1) {
        int line = at->line * shape->stride_u - shape->pad_u;
        run->phase_u = (uint8_t)(line - reach->first * shape->up_u);
        run->phase_v = (uint8_t)(parts - x * shape->up_v);
    }
    if (reach->save != 0) {
        nn->line[0] = msfcnn_saved(nn, op, at, from);
        run->first_step = (input->channel_step == 1) ? 1 : reach->save;
    }
    else if (input->kind == MSFCNN_SHARED) {
        _take_shared(nn, op, reach, from);
    }
    op->kernel(op, run);
}
