/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       What an op needs before it can go on, and who is asked for it
 *
 * @}
 */

#include "ready.h"

static unsigned _min(unsigned a, unsigned b)
{
    return (a < b) ? a : b;
}

/* op i cannot go on: another one computes so many pixels first */
static int _ask(msfcnn_t *nn, unsigned i, unsigned writer, unsigned want)
{
    msfcnn_position_t *at = &nn->at[writer];

    at->want = (uint16_t)want;
    at->asker = (uint8_t)i;
    at->from = at->pixel;
    nn->op = (uint16_t)writer;
    return 0;
}

/* of the ops that write a tensor the one that is furthest behind */
static unsigned _slowest(const msfcnn_t *nn, const msfcnn_tensor_t *tensor)
{
    unsigned slowest = tensor->writer;

    if (!MSFCNN_SMALL && tensor->n_writers == 1) {     /* by far the most frequent */
        return slowest;
    }

    for (unsigned i = slowest; (i = nn->ops[i].next_writer) != MSFCNN_NONE;) {
        const msfcnn_position_t *a = &nn->at[i], *b = &nn->at[slowest];
        if (a->line < b->line || (a->line == b->line && a->pixel < b->pixel)) {
            slowest = i;
        }
    }
    return slowest;
}

/* whether an op has computed a line up to a pixel; else op i has asked it for what is missing */
static int _has_come(msfcnn_t *nn, unsigned i, unsigned writer, unsigned line, unsigned end)
{
    const msfcnn_position_t *in = &nn->at[writer];

    if (in->line > line || (in->line == line && in->pixel >= end)) {
        return 1;
    }
    return _ask(nn, i, writer, (in->line < line) ? MSFCNN_ALL : end - in->pixel);
}

unsigned msfcnn_available(msfcnn_t *nn, unsigned i, const msfcnn_tensor_t *tensor, unsigned line,
                          unsigned pixel, unsigned pixels)
{
    if (tensor->writer != MSFCNN_NONE) {
        unsigned writer = _slowest(nn, tensor);
        const msfcnn_position_t *in = &nn->at[writer];

        if (in->line == line && in->pixel > pixel) {
            pixels = _min(pixels, (unsigned)(in->pixel - pixel));
        }
        else if (!_has_come(nn, i, writer, line, pixel + pixels)) {
            return 0;
        }
    }
    return (tensor->kind < MSFCNN_SHARED) ? pixels
                                          : msfcnn_together(nn, tensor, line, pixel, pixels);
}

/* what the next outputs of op i reach, and how many of so many it can compute at once */
static unsigned _reach(const msfcnn_t *nn, const msfcnn_op_t *op, const msfcnn_position_t *at,
                       unsigned pixels, msfcnn_reach_t *r)
{
    const msfcnn_shape_t *shape = op->shape;
    const msfcnn_tensor_t *input = op->input;
    int first = msfcnn_whole(at->line * shape->stride_u - shape->pad_u, shape->up_u);
    int newest = first + (shape->kernel_u - 1) * shape->dilation_u;
    int last = op->lines - 1;

    r->first = first;
    r->slides = 0;
    if (input->save != 0 && first >= 0 && newest <= last && input->kind == MSFCNN_LINES &&
        !msfcnn_is_narrow(&nn->at[input->writer], input)) {
        r->slides = 1;
        pixels = _min(pixels, nn->running->run);    /* more cannot be saved */
    }
    r->newest = (newest < last) ? newest : last;

    int parts = (at->pixel + (int)pixels - 1) * shape->stride_v - shape->pad_v;
    int end = msfcnn_whole(parts, shape->up_v) + (shape->kernel_v - 1) * shape->dilation_v + 1;
    r->end = (uint16_t)((end > op->pixels) ? op->pixels : (end < 0) ? 0 : end);
    return pixels;
}

/* whether all is there that the next pixels of op i reach; else an op has been asked for more */
static int _has_window(msfcnn_t *nn, unsigned i, const msfcnn_op_t *op, msfcnn_position_t *at,
                       const msfcnn_reach_t *reach)
{
    const msfcnn_tensor_t *window = op->input;

    if (window->writer == MSFCNN_NONE || reach->end == 0) {
        return 1;
    }
    unsigned writer = _slowest(nn, window);
    unsigned newest = (unsigned)reach->newest;
    if (_has_come(nn, i, writer, newest, reach->end)) {
        return 1;
    }
    if (reach->slides && nn->at[writer].line == newest) {
        uint8_t phase;
        unsigned from = msfcnn_from(reach, msfcnn_first_tap(op, at, &phase));
        msfcnn_save(nn, op, at, (unsigned)reach->first, from, reach->end);
    }
    return 0;
}

/* whether the op that goes before op i is as far as that will be; else it has been asked */
static int _is_ahead(msfcnn_t *nn, unsigned i, const msfcnn_op_t *op, unsigned pixels)
{
    unsigned before = op->before;

    if (before == MSFCNN_NONE || nn->at[before].low >= nn->at[before].high) {
        return 1;
    }
    unsigned end = _min(nn->at[i].pixel + pixels, nn->at[before].high);
    return _has_come(nn, i, before, nn->at[i].line, end);
}

int msfcnn_ready(msfcnn_t *nn, unsigned i, const msfcnn_op_t *op, msfcnn_position_t *at,
                 unsigned *pixels, msfcnn_reach_t *reach)
{
    switch (op->reads) {
        case MSFCNN_LOAD:
        case MSFCNN_GLOBAL:
            return 1;
        case MSFCNN_WINDOW:
            *pixels = _reach(nn, op, at, *pixels, reach);
            return _is_ahead(nn, i, op, *pixels) && _has_window(nn, i, op, at, reach);
        case MSFCNN_PAIR:
            if (op->second->kind == MSFCNN_COPY) {
                /* what comes by way of the input is written there before; no more is asked for than
                 * is read at once, as scratch may lie on what is left in a run */
                *pixels = msfcnn_together(nn, op->second, at->line, at->pixel, *pixels);
                break;
            }
            *pixels = msfcnn_available(nn, i, op->second, at->line, at->pixel, *pixels);
            if (*pixels == 0) {
                return 0;
            }
            break;
        default:
            break;
    }
    *pixels = msfcnn_available(nn, i, op->input, at->line, at->pixel, *pixels);
    return *pixels != 0;
}

