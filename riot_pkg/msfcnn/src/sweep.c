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
#include "ready.h"
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

/* the end of the stage that is to compute its next line: of several the one that is furthest
 * behind; MSFCNN_NONE if the band is complete */
static unsigned _next_end(msfcnn_t *nn)
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

/* up, over what is dead; in words where that is possible: small C libraries move bytes */
static void _move(int8_t *to, const int8_t *from, size_t size)
{
    uint32_t word;

    if (MSFCNN_SMALL || to < from || (size_t)(to - from) % sizeof(word)) {
        memmove(to, from, size);
        return;
    }
    to += size;
    from += size;
    for (; size && (uintptr_t)to % sizeof(word); size--) {
        *--to = *--from;
    }
    for (; size >= sizeof(word); size -= sizeof(word)) {
        to -= sizeof(word);
        from -= sizeof(word);
        memcpy(&word, __builtin_assume_aligned(from, sizeof(word)), sizeof(word));
        memcpy(__builtin_assume_aligned(to, sizeof(word)), &word, sizeof(word));
    }
    for (; size; size--) {
        *--to = *--from;
    }
}

void msfcnn_begin_stage(msfcnn_t *nn)
{
    const msfcnn_model_t *model = nn->model;
    const msfcnn_stage_t *stage = &model->stages[nn->stage];

    nn->running = stage;
    nn->ops = model->ops + stage->first_op;
    for (unsigned n = 0; n < stage->n_moves; n++) {
        const msfcnn_move_t *move = &model->moves[stage->first_move + n];
        _move(nn->arena + move->to, nn->arena + move->from, move->size);
    }
    nn->channel = 0;
    msfcnn_begin_pass(nn);
    nn->op = (uint16_t)_next_end(nn);
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
        n = msfcnn_available(nn, i, op->input, line, pixel, n);
        if (n == 0) {
            return NEED;
        }
        int last = line + 1U == op->lines && n == left;
        msfcnn_run_t *run = msfcnn_describe(nn, op, n, last ? to : NULL);
        nn->line[0] = msfcnn_at(nn, op->input, line, pixel);
        run->first = line == 0 && pixel == 0;
        run->scratch = nn->arena + op->sums;
        op->kernel(op, run);
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
            return EMITTED;
        default:
            msfcnn_compute_run(nn, op, at, to, pixels);
            return EMITTED;
    }
}

/* pixels that the band before has computed; whether some were asked for that it has not */
static int _replay(msfcnn_t *nn, const msfcnn_op_t *op, msfcnn_position_t *at)
{
    const msfcnn_tensor_t *output = op->output;
    unsigned n = _min(_min(at->want, op->run), (unsigned)(at->fresh - at->pixel));

    if (output->kind >= MSFCNN_SHARED) {
        n = msfcnn_make_room(nn, output, at->line, at->pixel, n);
    }
    int8_t *to = msfcnn_target(nn, op, at);
    msfcnn_replay(nn, op, at, to, n);
    return _advance(nn, op, at, to, n);
}

static int _step(msfcnn_t *nn, unsigned i)
{
    const msfcnn_op_t *op = &nn->ops[i];
    msfcnn_position_t *at = &nn->at[i];
    msfcnn_reach_t reach;

    if (at->pixel < at->fresh) {
        return _replay(nn, op, at);
    }
    unsigned n = _min(_min(at->want, op->run), (unsigned)(at->high - at->pixel));
    if (op->output->kind >= MSFCNN_SHARED) {
        n = msfcnn_make_room(nn, op->output, at->line, at->pixel, n);
    }
    if (!msfcnn_ready(nn, i, op, at, &n, &reach)) {
        return NEED;
    }
    int8_t *to = msfcnn_target(nn, op, at);
    int res = _compute(nn, i, op, at, &reach, to, n);
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
            i = _next_end(nn);
            if (i == MSFCNN_NONE && !msfcnn_next_band(nn)) {
                return 1;
            }
        }
    }
}
