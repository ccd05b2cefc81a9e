/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Sweep over the ops of a stage
 *
 * An end of the stage pulls: an op that lacks input says how much it wants of it, and the op that
 * writes it goes first, for as many pixels. What one reader has asked for waits in the tensor's
 * window for the others. There is no recursion, and every op has one position, its next line and
 * pixel: the sweep stops wherever the network's input ends and goes on from there.
 *
 * @}
 */

#include <errno.h>
#include <string.h>

#include "band.h"
#include "compute.h"
#include "sweep.h"

/* what became of a step; errors of the fetch function are negative */
enum {
    STARVED,    /* the next row of the image has not arrived */
    EMITTED,    /* some pixels were written, and more were asked for */
    DONE,       /* all that were asked for */
    NEED,       /* the op that was asked must go first */
};

static unsigned _min(unsigned a, unsigned b)
{
    return (a < b) ? a : b;
}

void msfcnn_begin_stage(msfcnn_t *nn)
{
    const msfcnn_model_t *model = nn->model;
    const msfcnn_stage_t *stage = &model->stages[nn->stage];

    nn->running = stage;
    nn->ops = model->ops + stage->first_op;
    for (unsigned n = 0; n < stage->n_moves; n++) {
        const msfcnn_move_t *move = &model->moves[stage->first_move + n];
        msfcnn_move(nn->arena + move->to, nn->arena + move->from, move->size);
    }
    nn->channel = 0;
    msfcnn_begin_pass(nn);
    nn->op = (uint16_t)msfcnn_next_end(nn);
}

/* after pixels of an op have been written: whether more of it was asked for */
static int _advance(msfcnn_t *nn, const msfcnn_op_t *op, msfcnn_position_t *at, int8_t *written,
                    unsigned pixels)
{
    const msfcnn_tensor_t *output = op->output;
    unsigned end = at->pixel + pixels;

    if (op->copy != NULL) {
        msfcnn_feed(nn, op, at, written, pixels);
    }
    if (end + output->halo_pixels > at->high && output->halo_pixels != 0) {
        msfcnn_keep(nn, op, at, written, pixels);
    }
    at->pixel = (uint16_t)end;
    if (end == at->high) {
        at->line++;
        at->pixel = at->low;
        at->want = 0;
        if (op->input != NULL && op->input->kind != MSFCNN_SHARED) {
            at->saved_from = at->saved_to = 0;
        }
        return DONE;
    }
    if (at->want != MSFCNN_ALL) {
        at->want = (uint16_t)(at->want - pixels);
    }
    /* of a run nothing more is written before it has been read */
    return (at->want != 0 && output->kind != MSFCNN_PIXELS) ? EMITTED : DONE;
}

/* op i cannot go on: another one computes so many pixels first */
static inline int _ask(msfcnn_t *nn, unsigned i, unsigned writer, unsigned want)
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

    if (MSFCNN_UNROLL && tensor->n_writers == 1) {      /* by far the most frequent */
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
static MSFCNN_ONE_COPY int _has_come(msfcnn_t *nn, unsigned i, unsigned writer, unsigned line, unsigned end)
{
    const msfcnn_position_t *in = &nn->at[writer];
    if (in->line > line || (in->line == line && in->pixel >= end)) {
        return 1;
    }
    return _ask(nn, i, writer, (in->line < line) ? MSFCNN_ALL : end - in->pixel);
}

static MSFCNN_ONE_COPY unsigned _available(msfcnn_t *nn, unsigned i, const msfcnn_tensor_t *tensor, unsigned line,
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

/* how many pixels of an op's first kernel line can be saved while the newest one overwrites it: in
 * the first band also where the pixels are kept later that the next one needs of lines to come, up
 * to those of the newest one */
static unsigned _savable(const msfcnn_t *nn, const msfcnn_op_t *op, int newest)
{
    const msfcnn_tensor_t *lines = op->input;
    const msfcnn_position_t *writer = &nn->at[lines->writer];
    unsigned save = lines->save;
    if (!MSFCNN_SMALL && lines->halo_pixels != 0 && writer->fresh == writer->low) {
        uint32_t end = lines->halo - (unsigned)newest * lines->halo_pixels * lines->channels;
        save = (end - lines->place - lines->slots * lines->line_step) / lines->channels;
        save = _min(save, lines->length);
    }
    return save;
}

/* what the next outputs of an op reach, and how many of so many it can compute at once */
static unsigned _reach(const msfcnn_t *nn, const msfcnn_op_t *op, const msfcnn_position_t *at,
                       unsigned pixels, msfcnn_reach_t *r)
{
    const msfcnn_shape_t *shape = op->shape;
    const msfcnn_tensor_t *input = op->input;
    int first = msfcnn_whole(at->line * shape->stride_u - shape->pad_u, shape->up_u);
    int newest = first + (shape->kernel_u - 1) * shape->dilation_u;
    int last = op->lines - 1;
    int span = (shape->kernel_v - 1) * shape->dilation_v + 1;

    r->first = first;
    r->save = 0;
    if (input->save != 0 && first >= 0 && newest <= last && input->kind == MSFCNN_LINES &&
        !msfcnn_is_narrow(&nn->at[input->writer], input)) {
        int most = nn->running->run;    /* that many, at least, can be saved */
        r->save = (uint16_t)_savable(nn, op, newest);
        if (!MSFCNN_SMALL && shape->up_v == 1 && (r->save - span) / shape->stride_v >= most) {
            most = (r->save - span) / shape->stride_v + 1;
        }
        pixels = _min(pixels, (unsigned)most);
    }
    r->newest = (newest < last) ? newest : last;

    int end = msfcnn_whole((at->pixel + (int)pixels - 1) * shape->stride_v - shape->pad_v,
                           shape->up_v) + span;
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
    if (reach->save != 0 && nn->at[writer].line == newest) {
        unsigned from = msfcnn_from(reach, msfcnn_first_tap(op->shape, at));
        msfcnn_save(nn, op, at, (unsigned)reach->first, from, reach->end, reach->save);
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

static int _ready(msfcnn_t *nn, unsigned i, const msfcnn_op_t *op, msfcnn_position_t *at,
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
            *pixels = _available(nn, i, op->second, at->line, at->pixel, *pixels);
            if (*pixels == 0) {
                return 0;
            }
            break;
        default:
            break;
    }
    *pixels = _available(nn, i, op->input, at->line, at->pixel, *pixels);
    return *pixels != 0;
}


static int _load(msfcnn_t *nn, const msfcnn_op_t *op, const msfcnn_position_t *at, int8_t *to,
                 unsigned pixels)
{
    if (nn->model->input == MSFCNN_INPUT_PULL) {
        unsigned y = at->line, x = at->pixel, height = 1, width = pixels;
        if (nn->running->columns) {
            y = at->pixel;
            x = at->line;
            height = pixels;
            width = 1;
        }
        int res = nn->fetch(nn->fetch_arg, y, x, height, width, to);
        if (!nn->busy) {
            return -ECANCELED;      /* it has called msfcnn_init() */
        }
        return (res < 0) ? res : EMITTED;
    }
    if (at->line >= nn->rows_in) {
        return STARVED;
    }
    memcpy(to, nn->image + (size_t)at->pixel * op->in_channels,
           (size_t)pixels * op->in_channels);
    return EMITTED;
}

/* a run of input pixels for an average over all; the output comes with the last */
static MSFCNN_ONE_COPY int _compute_global(msfcnn_t *nn, unsigned i, const msfcnn_op_t *op,
                                           msfcnn_position_t *at, int8_t *to)
{
    for (;;) {
        unsigned line = at->saved_to, pixel = at->saved_from;
        unsigned left = (unsigned)(op->pixels - pixel);
        unsigned n = (op->input->writer == MSFCNN_NONE) ? left : _min(left, nn->running->run);
        n = _available(nn, i, op->input, line, pixel, n);
        if (n == 0) {
            return NEED;
        }
        int last = line + 1U == op->lines && n == left;
        msfcnn_run_t *run = msfcnn_describe(nn, op, n, last ? to : NULL);
        nn->line[0] = msfcnn_at(nn, op->input, line, pixel);
        run->first = line == 0 && pixel == 0;
        run->scratch = nn->arena + op->sums;
        op->kernel(op, run);
        run->scratch = nn->arena;
        if (last) {
            return EMITTED;
        }
        at->saved_from = (uint16_t)((n == left) ? 0 : pixel + n);
        at->saved_to = (uint16_t)(line + (n == left));
    }
}

static int _compute(msfcnn_t *nn, unsigned i, const msfcnn_op_t *op, msfcnn_position_t *at,
                    const msfcnn_reach_t *reach, int8_t *to, unsigned pixels)
{
    switch (op->reads) {
        case MSFCNN_LOAD:
            return _load(nn, op, at, to, pixels);
        case MSFCNN_GLOBAL:
            return _compute_global(nn, i, op, at, to);
        case MSFCNN_WINDOW:
            msfcnn_compute_window(nn, op, at, reach, to, pixels);
            break;
        default:
            msfcnn_compute_run(nn, op, at, to, pixels);
    }
    return EMITTED;
}

/* whether an op only reads a run of pixels: many do, and take so little that a shortcut pays */
static inline int _reads_run(const msfcnn_op_t *op)
{
    return MSFCNN_UNROLL && op->reads == MSFCNN_RUN && op->input->kind == MSFCNN_PIXELS;
}

/* as _ready(), for those */
static inline int _has_run(msfcnn_t *nn, unsigned i, const msfcnn_op_t *op,
                           const msfcnn_position_t *at, unsigned *pixels)
{
    unsigned writer = op->input->writer;
    const msfcnn_position_t *in = &nn->at[writer];

    if (in->line > at->line) {
        return 1;
    }
    if (in->line < at->line || in->pixel <= at->pixel) {
        return _ask(nn, i, writer, (in->line < at->line) ? MSFCNN_ALL : *pixels);
    }
    *pixels = _min(*pixels, (unsigned)(in->pixel - at->pixel));
    return 1;
}

static int _step(msfcnn_t *nn, unsigned i)
{
    const msfcnn_op_t *op = &nn->ops[i];
    msfcnn_position_t *at = &nn->at[i];
    int replays = at->pixel < at->fresh;
    unsigned n = _min(_min(at->want, op->run),
                      (unsigned)((replays ? at->fresh : at->high) - at->pixel));
    msfcnn_reach_t reach;

    if (op->output->kind >= MSFCNN_SHARED) {
        n = msfcnn_make_room(nn, op->output, at->line, at->pixel, n);
    }
    if (!replays &&
        !(_reads_run(op) ? _has_run(nn, i, op, at, &n) : _ready(nn, i, op, at, &n, &reach))) {
        return NEED;
    }
    int8_t *to = msfcnn_target(nn, op, at);
    int res = EMITTED;
    if (replays) {
        msfcnn_replay(nn, op, at, to, n);
    }
    else {
        res = _compute(nn, i, op, at, &reach, to, n);
    }
    return (res == EMITTED) ? _advance(nn, op, at, to, n) : res;
}

int msfcnn_sweep(msfcnn_t *nn)
{
    unsigned i = nn->op;

    for (;;) {
        int res = _step(nn, i);
        if (res == STARVED) {
            nn->op = (uint16_t)i;
            return res;
        }
        if (res < 0) {
            return res;     /* the context may not be the one it was, see _load() */
        }
        if (res == EMITTED) {
            continue;
        }
        if (res == NEED) {
            i = nn->op;
            continue;
        }
        i = nn->at[i].asker;
        while (i == MSFCNN_NONE) {
            i = msfcnn_next_end(nn);
            if (i == MSFCNN_NONE && !msfcnn_next_band(nn)) {
                return 1;
            }
        }
    }
}
