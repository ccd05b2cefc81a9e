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
 * The last op pulls: an op that lacks input says how much it wants of it, and the op before it
 * goes first. There is no recursion, and every op has one position, its next line and pixel: the
 * sweep stops wherever the network's input ends and goes on from there.
 *
 * @}
 */

#include <errno.h>
#include <string.h>

#include "sweep.h"
#include "window.h"

/* what became of a step; errors of the fetch function are negative */
enum {
    STARVED,    /* the next row of the image has not arrived */
    EMITTED,    /* some pixels were written */
    NEED,       /* the op before must go first */
};

static unsigned _min(unsigned a, unsigned b)
{
    return (a < b) ? a : b;
}

/* from the band of an op's output to that of its input */
static void _input_band(const msfcnn_op_t *op, const msfcnn_position_t *at, msfcnn_position_t *in)
{
    const msfcnn_shape_t *shape = op->shape;
    unsigned before = in->high;

    in->low = in->high;     /* nothing, if everything is replayed */
    if (at->fresh < at->high && op->reads == MSFCNN_GLOBAL) {
        in->low = 0;
        in->high = op->pixels;
    }
    else if (at->fresh < at->high) {
        unsigned low = at->fresh * shape->stride_v;
        unsigned end = (at->high - 1U) * shape->stride_v +
                       (shape->kernel_v - 1U) * shape->dilation_v + 1U - shape->pad_v;
        in->low = (uint16_t)((low > shape->pad_v) ? low - shape->pad_v : 0);
        in->high = (uint16_t)_min(end, op->pixels);
    }
    in->fresh = in->low;
    if (op->halo_pixels != 0 && before > in->low) {
        in->fresh = (uint16_t)before;
    }
}

static void _begin_band(msfcnn_t *nn)
{
    const msfcnn_stage_t *stage = msfcnn_stage(nn);
    unsigned last = stage->n_ops - 1U;
    msfcnn_position_t *at = &nn->at[last];

    at->low = at->fresh = at->high;
    at->high = (uint16_t)_min((unsigned)at->low + stage->band, stage->out_pixels);
    for (unsigned i = last; i > 0; i--) {
        _input_band(msfcnn_op(nn, i), &nn->at[i], &nn->at[i - 1]);
    }
    for (unsigned i = 0; i <= last; i++) {
        nn->at[i].line = nn->at[i].run = nn->at[i].saved_from = nn->at[i].saved_to = 0;
        nn->at[i].pixel = nn->at[i].low;
    }
    nn->at[last].want = UINT16_MAX;
    nn->op = (uint16_t)last;
}

static void _begin_pass(msfcnn_t *nn)
{
    memset(nn->at, 0, sizeof(nn->at));
    _begin_band(nn);
}

void msfcnn_begin_stage(msfcnn_t *nn)
{
    const msfcnn_model_t *model = nn->model;
    const msfcnn_stage_t *stage = model->stages;
    const msfcnn_op_t *ops = model->ops;
    unsigned moved = 0;

    for (unsigned n = nn->stage; n > 0; n--, stage++) {
        ops += stage->n_ops;
        moved += stage->n_moves;
    }
    nn->running = stage;
    nn->ops = ops;
    for (unsigned n = stage->n_moves; n > 0; n--, moved++) {
        const msfcnn_move_t *move = &model->moves[moved];
        memmove(nn->arena + move->to, nn->arena + move->from, move->size);
    }
    nn->channel = 0;
    _begin_pass(nn);
}

/* after pixels of op i have been written */
static void _advance(msfcnn_t *nn, unsigned i, const msfcnn_view_t *written, unsigned pixels)
{
    msfcnn_position_t *at = &nn->at[i];

    if (msfcnn_op(nn, i)->feeds != 0) {
        msfcnn_feed(nn, i, written, pixels);
    }
    if (i + 1U < msfcnn_stage(nn)->n_ops) {
        const msfcnn_op_t *reader = msfcnn_op(nn, i + 1);
        if (reader->halo_pixels != 0) {
            msfcnn_keep(nn, i, written, pixels);
        }
        if (reader->slots == 0) {
            nn->at[i + 1].run = (uint16_t)pixels;
        }
    }
    at->pixel = (uint16_t)(at->pixel + pixels);
    if (at->pixel == at->high) {
        at->line++;
        at->pixel = at->low;
        at->saved_from = at->saved_to = 0;
    }
}

/* a fetch function that has called msfcnn_init() has put an end to this inference: busy is 0 then */
static int _load(msfcnn_t *nn, const msfcnn_view_t *to, unsigned pixels)
{
    const msfcnn_op_t *op = msfcnn_op(nn, 0);
    const msfcnn_position_t *at = &nn->at[0];

    if (nn->model->input == MSFCNN_INPUT_PULL) {
        int res = msfcnn_stage(nn)->columns
                  ? nn->fetch(nn->fetch_arg, at->pixel, at->line, pixels, 1, to->at)
                  : nn->fetch(nn->fetch_arg, at->line, at->pixel, 1, pixels, to->at);
        if (!nn->busy) {
            return -ECANCELED;
        }
        return (res < 0) ? res : EMITTED;
    }
    if (at->line >= nn->rows_in) {
        return STARVED;
    }
    memcpy(to->at, nn->image + (size_t)at->pixel * op->in_channels,
           (size_t)pixels * op->in_channels);
    return EMITTED;
}

/* whether the window of op i > 0 has what its next pixels reach; asks for what is missing */
static int _has_window(msfcnn_t *nn, unsigned i, const msfcnn_reach_t *reach)
{
    msfcnn_position_t *in = &nn->at[i - 1];

    if (reach->end == 0 || in->line > reach->newest) {
        return 1;
    }
    if (in->line < reach->newest) {
        in->want = UINT16_MAX;
        return 0;
    }
    if (in->pixel >= reach->end) {
        return 1;
    }
    if (reach->slides) {
        msfcnn_save(nn, i, reach);
    }
    in->want = (uint16_t)(reach->end - in->pixel);
    return 0;
}

/* what a kernel sees of its output and of so many pixels of its input */
static MSFCNN_ONE_COPY msfcnn_run_t *_describe(msfcnn_t *nn, unsigned i, const msfcnn_view_t *from,
                               unsigned pixels, const msfcnn_view_t *to)
{
    msfcnn_run_t *run = &nn->run;

    run->out = to->at;
    run->out_pixel_step = to->pixel_step;
    run->out_channel_step = to->channel_step;
    run->channel = nn->channel;
    run->channels = (uint16_t)msfcnn_channels(nn, i);
    run->scratch = nn->arena;
    run->line = (const int8_t *const *)nn->line;
    run->before = 0;
    run->pixel_step = from->pixel_step;
    run->channel_step = run->first_step = from->channel_step;
    run->inside = run->pixels = (uint16_t)pixels;
    return run;
}

/* pixels that lie one behind the other, for ops that read those they compute */
static msfcnn_view_t _run_input(const msfcnn_t *nn, unsigned i)
{
    const msfcnn_op_t *op = msfcnn_op(nn, i);

    if (i == 0) {
        return msfcnn_whole_input(nn, nn->at[0].line, nn->at[0].pixel);
    }
    return (msfcnn_view_t){ nn->arena + op->window, op->in_channels, 1 };
}

static void _compute_run(msfcnn_t *nn, unsigned i, const msfcnn_view_t *to, unsigned pixels)
{
    const msfcnn_op_t *op = msfcnn_op(nn, i);
    msfcnn_view_t from = _run_input(nn, i);
    msfcnn_run_t *run = _describe(nn, i, &from, pixels, to);

    nn->line[0] = from.at;
    if (op->reads != MSFCNN_PAIR && op->reads != MSFCNN_GATE) {
        op->kernel(op, run);
        return;
    }
    /* the ring of a residual may begin anew within the run */
    unsigned begin = nn->at[i].pixel;
    for (unsigned n; pixels > 0; pixels -= n) {
        n = pixels;
        msfcnn_view_t second = msfcnn_second(nn, i, &n);
        run->second = second.at;
        run->second_step = second.pixel_step;
        run->pixels = (uint16_t)n;
        op->kernel(op, run);
        nn->line[0] += n * run->pixel_step;
        run->out += n * run->out_pixel_step;
        nn->at[i].pixel = (uint16_t)(nn->at[i].pixel + n);
    }
    nn->at[i].pixel = (uint16_t)begin;
}

static msfcnn_view_t _kernel_line(const msfcnn_t *nn, unsigned i, const msfcnn_reach_t *reach,
                                  unsigned line)
{
    return (i == 0) ? msfcnn_whole_input(nn, line, reach->from)
                    : msfcnn_slot(nn, i, line, reach->from);
}

static void _compute_window(msfcnn_t *nn, unsigned i, const msfcnn_reach_t *reach,
                            const msfcnn_view_t *to, unsigned pixels)
{
    const msfcnn_op_t *op = msfcnn_op(nn, i);
    const msfcnn_shape_t *shape = op->shape;
    msfcnn_view_t from = { NULL, 0, 1 };
    int line = reach->first;

    for (unsigned k = 0; k < shape->kernel_u; k++, line += shape->dilation_u) {
        nn->line[k] = NULL;
        if (line >= 0 && line < op->lines) {
            from = _kernel_line(nn, i, reach, (unsigned)line);
            nn->line[k] = from.at;
        }
    }
    msfcnn_run_t *run = _describe(nn, i, &from, (unsigned)(reach->end - reach->from), to);
    run->pixels = (uint16_t)pixels;
    run->before = (uint16_t)((reach->x < 0) ? -reach->x : 0);
    if (reach->slides) {
        from = msfcnn_saved(nn, i, reach->from);
        nn->line[0] = from.at;
        run->first_step = from.channel_step;
    }
    op->kernel(op, run);
}

/* one more run of input pixels for an average over all; the output comes with the last */
static void _accumulate(msfcnn_t *nn, unsigned i, const msfcnn_view_t *from, unsigned pixels,
                        int first, int last)
{
    const msfcnn_op_t *op = msfcnn_op(nn, i);
    msfcnn_view_t to = msfcnn_target(nn, i);

    if (!last) {
        to.at = NULL;
    }
    msfcnn_run_t *run = _describe(nn, i, from, pixels, &to);
    nn->line[0] = from->at;
    run->first = (uint8_t)first;
    run->scratch = nn->arena + op->beside;
    op->kernel(op, run);
}

static int _global(msfcnn_t *nn, unsigned i)
{
    const msfcnn_op_t *op = msfcnn_op(nn, i);
    msfcnn_position_t *at = &nn->at[i];

    if (i == 0) {
        for (unsigned line = 0; line < op->lines; line++) {
            msfcnn_view_t from = msfcnn_whole_input(nn, line, 0);
            _accumulate(nn, i, &from, op->pixels, line == 0, line + 1U == op->lines);
        }
        return EMITTED;
    }
    if (at->run > 0) {
        msfcnn_view_t from = _run_input(nn, i);
        int complete = nn->at[i - 1].line == op->lines;
        _accumulate(nn, i, &from, at->run, at->saved_to == 0, complete);
        at->saved_to = 1;   /* there are sums */
        at->run = 0;
        if (complete) {
            return EMITTED;
        }
    }
    nn->at[i - 1].want = UINT16_MAX;
    return NEED;
}

/* whether the op can compute up to so many pixels now; else it asks the op before it for more */
static int _ready(msfcnn_t *nn, unsigned i, unsigned *pixels, msfcnn_reach_t *reach)
{
    uint8_t reads = msfcnn_op(nn, i)->reads;
    msfcnn_position_t *at = &nn->at[i];

    if (reads == MSFCNN_WINDOW) {
        *reach = msfcnn_reach(nn, i, *pixels);
        return i == 0 || _has_window(nn, i, reach);
    }
    if (i == 0 || reads == MSFCNN_GLOBAL) {
        return 1;
    }
    if (at->run == 0) {
        nn->at[i - 1].want = (uint16_t)*pixels;
        return 0;
    }
    *pixels = at->run;
    at->run = 0;
    return 1;
}

static int _compute(msfcnn_t *nn, unsigned i, const msfcnn_reach_t *reach,
                    const msfcnn_view_t *to, unsigned pixels)
{
    switch (msfcnn_op(nn, i)->reads) {
        case MSFCNN_LOAD:
            return _load(nn, to, pixels);
        case MSFCNN_GLOBAL:
            return _global(nn, i);
        case MSFCNN_WINDOW:
            _compute_window(nn, i, reach, to, pixels);
            return EMITTED;
        default:
            _compute_run(nn, i, to, pixels);
            return EMITTED;
    }
}

static int _step(msfcnn_t *nn, unsigned i)
{
    msfcnn_position_t *at = &nn->at[i];
    unsigned n = _min(_min(at->want, msfcnn_stage(nn)->run), (unsigned)(at->high - at->pixel));
    int replays = at->pixel < at->fresh;
    msfcnn_reach_t reach;
    int res = EMITTED;

    if (replays) {
        n = _min(n, (unsigned)(at->fresh - at->pixel));
    }
    else if (!_ready(nn, i, &n, &reach)) {
        return NEED;
    }
    msfcnn_view_t to = msfcnn_target(nn, i);
    if (replays) {
        msfcnn_replay(nn, i, &to, n);
    }
    else {
        res = _compute(nn, i, &reach, &to, n);
    }
    if (res == EMITTED) {
        _advance(nn, i, &to, n);
    }
    return res;
}

/* the next band or pass of the stage; 0 if there is none */
static int _next_band(msfcnn_t *nn)
{
    const msfcnn_stage_t *stage = msfcnn_stage(nn);
    unsigned last = stage->n_ops - 1U;

    if (nn->at[last].high < stage->out_pixels) {
        _begin_band(nn);
        return 1;
    }
    if (stage->split == 0 || nn->channel + stage->split >= msfcnn_op(nn, last)->out_channels) {
        return 0;
    }
    nn->channel = (uint16_t)(nn->channel + stage->split);
    _begin_pass(nn);
    return 1;
}

int msfcnn_sweep(msfcnn_t *nn)
{
    const msfcnn_stage_t *stage = msfcnn_stage(nn);
    unsigned last = stage->n_ops - 1U;
    unsigned i = nn->op;

    for (;;) {
        int res = _step(nn, i);
        if (res == NEED) {
            i--;
        }
        else if (res == STARVED) {
            nn->op = (uint16_t)i;
            return res;
        }
        else if (res < 0) {
            return res;     /* the context may not be the one it was, see _load() */
        }
        else if (i < last) {
            i++;
        }
        else if (nn->at[last].line == stage->out_lines && !_next_band(nn)) {
            return 1;
        }
    }
}
