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

/* output channels of the running pass that an op computes */
static unsigned _channels(const msfcnn_t *nn, const msfcnn_op_t *op)
{
    unsigned split = nn->running->split;
    unsigned left = op->out_channels - nn->channel;

    return (split != 0 && split < left) ? split : left;
}

msfcnn_run_t *msfcnn_describe(msfcnn_t *nn, const msfcnn_op_t *op, unsigned pixels, int8_t *to)
{
    msfcnn_run_t *run = &nn->run;

    run->out = to;
    run->out_pixel_step = op->output->pixel_step;
    run->out_channel_step = op->output->channel_step;
    run->channel = nn->channel;
    run->channels = (uint16_t)_channels(nn, op);
    run->scratch = nn->arena;
    run->line = (const int8_t *const *)nn->line;
    run->before = 0;
    run->pixel_step = op->input->pixel_step;
    run->channel_step = run->first_step = op->input->channel_step;
    run->inside = run->pixels = (uint16_t)pixels;
    return run;
}

void msfcnn_compute_run(msfcnn_t *nn, const msfcnn_op_t *op, const msfcnn_position_t *at,
                        int8_t *to, unsigned pixels)
{
    msfcnn_run_t *run = msfcnn_describe(nn, op, pixels, to);

    if (!MSFCNN_SMALL && op->input->kind == MSFCNN_PIXELS) {    /* by far the most frequent */
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
static void _take_shared(msfcnn_t *nn, const msfcnn_op_t *op, const msfcnn_reach_t *reach)
{
    int line = reach->first;

    for (unsigned k = 0; k < op->shape->kernel_u; k++, line += op->shape->dilation_u) {
        if (nn->line[k] != NULL) {
            nn->line[k] = msfcnn_shared_line(nn, op->input, (unsigned)line, reach->from,
                                             reach->end);
        }
    }
}

/* where the kernel lines of a window begin; NULL: padding */
static void _take_lines(msfcnn_t *nn, const msfcnn_op_t *op, const msfcnn_reach_t *reach)
{
    const msfcnn_shape_t *shape = op->shape;
    const msfcnn_tensor_t *input = op->input;
    const int8_t *from = msfcnn_first_slot(nn, input, reach->from);
    int line = reach->first;
    int slot = -1;

    if (!MSFCNN_SMALL && line >= 0 && shape->dilation_u == 1 &&
        reach->newest - line == shape->kernel_u - 1) {      /* by far the most frequent */
        size_t step = input->line_step;
        const int8_t *end = from + input->slots * step;
        const int8_t *at = from + (unsigned)line % input->slots * step;
        for (unsigned k = 0; k < shape->kernel_u; k++) {
            nn->line[k] = at;
            at = (at + step == end) ? from : at + step;
        }
        return;
    }
    for (unsigned k = 0; k < shape->kernel_u; k++, line += shape->dilation_u) {
        nn->line[k] = NULL;
        if (line < 0 || line >= op->lines) {
            continue;
        }
        if (slot < 0) {
            slot = line % input->slots;
        }
        nn->line[k] = from + (unsigned)slot * input->line_step;
        for (slot += shape->dilation_u; slot >= input->slots;) {
            slot -= input->slots;
        }
    }
}

void msfcnn_compute_window(msfcnn_t *nn, const msfcnn_op_t *op, const msfcnn_position_t *at,
                           const msfcnn_reach_t *reach, int8_t *to, unsigned pixels)
{
    const msfcnn_tensor_t *input = op->input;

    _take_lines(nn, op, reach);
    msfcnn_run_t *run = msfcnn_describe(nn, op, (unsigned)(reach->end - reach->from), to);
    run->pixels = (uint16_t)pixels;
    run->before = (uint16_t)((reach->x < 0) ? -reach->x : 0);
    run->phase_u = reach->phase_u;
    run->phase_v = reach->phase_v;
    if (reach->slides) {
        nn->line[0] = msfcnn_saved(nn, op, at, reach->from);
        run->first_step = (input->channel_step == 1) ? 1 : input->save;
    }
    else if (input->kind == MSFCNN_SHARED) {
        _take_shared(nn, op, reach);
    }
    op->kernel(op, run);
}
