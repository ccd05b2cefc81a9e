/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Bands and passes: which pixels of a line each op of a stage computes now
 *
 * @}
 */

#include <string.h>

#include "band.h"
#include "window.h"

#define NO_DEMAND   UINT16_MAX  /* of pixels: no op has asked for any */
static unsigned _min(unsigned a, unsigned b)
{
    return (a < b) ? a : b;
}

/* those who write a tensor must have the pixels low .. high - 1 of every line in this band */
static void _demand(msfcnn_t *nn, const msfcnn_tensor_t *tensor, unsigned low, unsigned high)
{
    for (unsigned i = tensor->writer; i != MSFCNN_NONE; i = nn->ops[i].next_writer) {
        msfcnn_position_t *at = &nn->at[i];
        at->low = (uint16_t)_min(at->low, low);
        at->high = (uint16_t)((at->high > high) ? at->high : high);
    }
}

/* from the band of an op's output to those of its inputs */
static void _input_bands(msfcnn_t *nn, unsigned i)
{
    const msfcnn_op_t *op = &nn->ops[i];
    const msfcnn_shape_t *shape = op->shape;
    const msfcnn_position_t *at = &nn->at[i];

    if (at->fresh >= at->high || op->reads == MSFCNN_LOAD) {
        return;     /* everything is replayed */
    }
    if (op->reads == MSFCNN_GLOBAL) {
        _demand(nn, op->input, 0, op->pixels);
        return;
    }
    int low = msfcnn_whole(at->fresh * shape->stride_v - shape->pad_v, shape->up_v);
    int end = msfcnn_whole((at->high - 1) * shape->stride_v - shape->pad_v, shape->up_v) +
              (shape->kernel_v - 1) * shape->dilation_v + 1;
    _demand(nn, op->input, (low > 0) ? (unsigned)low : 0, _min((unsigned)end, op->pixels));
    if (op->reads == MSFCNN_PAIR) {
        _demand(nn, op->second, at->fresh, at->high);
    }
}

/* pixels of a slot: where lines are so narrow that one more fits into what there is for saved pixels
 * and slots, none has to be overwritten */
static inline unsigned _pitch(const msfcnn_tensor_t *lines, unsigned width)
{
    unsigned pixels = (unsigned)lines->slots * lines->length + lines->save;
    unsigned pitch = pixels / (lines->slots + 1U);

    return (lines->kind == MSFCNN_LINES && lines->save != 0 && width <= pitch) ? pitch
                                                                               : lines->length;
}

/* the pixels that op i must deliver in the next band, when all that read them have been asked */
static void _begin_band_of(msfcnn_t *nn, unsigned i)
{
    const msfcnn_op_t *op = &nn->ops[i];
    msfcnn_position_t *at = &nn->at[i];
    uint16_t done = at->fresh;

    if (op->band != 0 && done < op->out_pixels) {
        at->low = (uint16_t)_min(at->low, done);
        unsigned high = _min((unsigned)done + op->band, op->out_pixels);
        at->high = (uint16_t)((at->high > high) ? at->high : high);
    }
    if (at->low == NO_DEMAND) {
        at->low = done;
    }
    at->fresh = at->low;
    if (op->output->halo_pixels != 0 && done > at->low) {
        at->fresh = done;
    }
    at->line = at->saved_from = at->saved_to = at->want = 0;
    at->pixel = at->low;
    if (!MSFCNN_SMALL) {
        at->pitch = (uint16_t)_pitch(op->output, (unsigned)at->high - at->low);
    }
}

static void _begin_band(msfcnn_t *nn)
{
    unsigned n_ops = nn->running->n_ops;

    for (unsigned i = 0; i < n_ops; i++) {
        nn->at[i].fresh = nn->at[i].high;   /* what the bands before have computed */
        nn->at[i].low = NO_DEMAND;
    }
    for (unsigned i = n_ops; i-- > 0;) {
        _begin_band_of(nn, i);
        _input_bands(nn, i);
    }
}

void msfcnn_begin_pass(msfcnn_t *nn)
{
    memset(nn->at, 0, sizeof(nn->at));
    nn->run.line = (const int8_t *const *)nn->line;
    nn->run.scratch = nn->arena;
    _begin_band(nn);
}

unsigned msfcnn_next_end(msfcnn_t *nn)
{
    unsigned best = MSFCNN_NONE;
    uint32_t least = UINT32_MAX;

    for (unsigned i = 0; i < nn->running->n_ops; i++) {
        const msfcnn_op_t *op = &nn->ops[i];
        const msfcnn_position_t *at = &nn->at[i];
        if (op->band == 0 || at->line >= op->out_lines || at->low >= at->high) {
            continue;
        }
        uint32_t share = ((uint32_t)at->line + 1U) * 0x10000U / op->out_lines;
        if (share < least) {
            least = share;
            best = i;
        }
    }
    if (best != MSFCNN_NONE) {
        nn->at[best].want = MSFCNN_ALL;
        nn->at[best].asker = MSFCNN_NONE;
    }
    return best;
}

int msfcnn_next_band(msfcnn_t *nn)
{
    const msfcnn_stage_t *stage = nn->running;

    for (unsigned i = 0; i < stage->n_ops; i++) {
        if (nn->ops[i].band != 0 && nn->at[i].high < nn->ops[i].out_pixels) {
            _begin_band(nn);
            return 1;
        }
    }
    if (stage->split == 0 ||
        nn->channel + stage->split >= nn->ops[stage->n_ops - 1U].out_channels) {
        return 0;
    }
    nn->channel = (uint16_t)(nn->channel + stage->split);
    msfcnn_begin_pass(nn);
    return 1;
}
