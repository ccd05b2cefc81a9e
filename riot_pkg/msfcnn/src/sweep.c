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

#include "sweep.h"
#include "window.h"

/* what became of a step; errors of the fetch function are negative */
enum {
    STARVED,    /* the next row of the image has not arrived */
    EMITTED,    /* some pixels were written */
    NEED,       /* the op that was asked must go first */
};

#define NO_DEMAND   UINT16_MAX  /* of pixels: no op has asked for any */
#define ALL         UINT16_MAX  /* pixels of a line */

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

static void _begin_pass(msfcnn_t *nn)
{
    memset(nn->at, 0, sizeof(nn->at));
    _begin_band(nn);
}

/* whether an end of the stage has lines left to compute in this band */
static int _has_lines(const msfcnn_t *nn, unsigned i)
{
    const msfcnn_position_t *at = &nn->at[i];

    return at->line < nn->ops[i].out_lines && at->low < at->high;
}

/* of several ends of the stage the one that is furthest behind; MSFCNN_NONE if the band is
 * complete */
static unsigned _slowest_end(const msfcnn_t *nn)
{
    unsigned best = MSFCNN_NONE;
    uint32_t least = UINT32_MAX;

    for (unsigned i = 0; i < nn->running->n_ops; i++) {
        const msfcnn_op_t *op = &nn->ops[i];
        const msfcnn_position_t *at = &nn->at[i];
        if (op->band == 0 || !_has_lines(nn, i)) {
            continue;
        }
        uint32_t share = ((uint32_t)at->line + 1U) * 0x10000U / op->out_lines;
        if (share < least) {
            least = share;
            best = i;
        }
    }
    return best;
}

/* the end of the stage that is to compute its next line */
static unsigned _next_end(msfcnn_t *nn)
{
    unsigned best = nn->running->n_ops - 1U;

    if (nn->running->n_ends > 1) {
        best = _slowest_end(nn);
    }
    else if (!_has_lines(nn, best)) {
        best = MSFCNN_NONE;
    }
    if (best != MSFCNN_NONE) {
        nn->at[best].want = ALL;
        nn->at[best].asker = MSFCNN_NONE;
    }
    return best;
}

/* begins the next band or pass of the stage; 0 if there is none */
static int _next_band(msfcnn_t *nn)
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
    _begin_pass(nn);
    return 1;
}

/* whether moves are worth some code: where inner loops are large, or built for an instruction set */
#if defined(__OPTIMIZE_SIZE__) && !(defined(MSFCNN_FALLBACK) && MSFCNN_FALLBACK)
#  define IN_WORDS  0
#else
#  define IN_WORDS  1
#endif

/* up, over what is dead; in words where that is possible: small C libraries move bytes */
static void _move(int8_t *to, const int8_t *from, size_t size)
{
    uint32_t word;

    if (!IN_WORDS || to < from || (size_t)(to - from) % sizeof(word)) {
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
    _begin_pass(nn);
    nn->op = (uint16_t)_next_end(nn);
}

/* after pixels of op i have been written */
static void _advance(msfcnn_t *nn, unsigned i, const msfcnn_view_t *written, unsigned pixels)
{
    const msfcnn_op_t *op = &nn->ops[i];
    msfcnn_position_t *at = &nn->at[i];

    if (op->copy != NULL) {
        msfcnn_feed(nn, i, written, pixels);
    }
    if (op->output->halo_pixels != 0) {
        msfcnn_keep(nn, i, written, pixels);
    }
    at->pixel = (uint16_t)(at->pixel + pixels);
    if (at->want != ALL) {
        at->want = (uint16_t)(at->want - pixels);
    }
    if (at->pixel == at->high) {
        at->line++;
        at->pixel = at->low;
        at->saved_from = at->saved_to = at->want = 0;
    }
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

    if (tensor->n_writers == 1) {
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

/* how many of so many pixels of a tensor are there, one behind the other; if 0, the op that writes
 * them has been asked */
static unsigned _available(msfcnn_t *nn, unsigned i, const msfcnn_tensor_t *tensor, unsigned line,
                           unsigned pixel, unsigned pixels)
{
    if (tensor->writer != MSFCNN_NONE) {
        unsigned writer = _slowest(nn, tensor);
        const msfcnn_position_t *in = &nn->at[writer];

        if (in->line < line || (in->line == line && in->pixel <= pixel)) {
            unsigned want = (in->line < line) ? ALL : pixel + pixels - in->pixel;
            return (unsigned)_ask(nn, i, writer, want);
        }
        if (in->line == line) {
            pixels = _min(pixels, (unsigned)(in->pixel - pixel));
        }
    }
    return (tensor->kind < MSFCNN_RING) ? pixels
                                        : msfcnn_together(nn, tensor, line, pixel, pixels);
}

/* whether all is there that the next pixels of op i reach; else an op has been asked for more */
static int _has_window(msfcnn_t *nn, unsigned i, const msfcnn_reach_t *reach)
{
    const msfcnn_tensor_t *window = nn->ops[i].input;

    if (window->writer == MSFCNN_NONE || reach->end == 0) {
        return 1;
    }
    unsigned writer = _slowest(nn, window);
    const msfcnn_position_t *in = &nn->at[writer];
    if (in->line > reach->newest || (in->line == reach->newest && in->pixel >= reach->end)) {
        return 1;
    }
    if (in->line < reach->newest) {
        return _ask(nn, i, writer, ALL);
    }
    if (reach->slides) {
        msfcnn_save(nn, i, reach);
    }
    return _ask(nn, i, writer, (unsigned)(reach->end - in->pixel));
}

static int _load(msfcnn_t *nn, unsigned i, const msfcnn_view_t *to, unsigned pixels)
{
    const msfcnn_op_t *op = &nn->ops[i];
    const msfcnn_position_t *at = &nn->at[i];

    if (nn->model->input == MSFCNN_INPUT_PULL) {
        int res = nn->running->columns
                  ? nn->fetch(nn->fetch_arg, at->pixel, at->line, pixels, 1, to->at)
                  : nn->fetch(nn->fetch_arg, at->line, at->pixel, 1, pixels, to->at);
        if (!nn->busy) {
            return -ECANCELED;      /* it has called msfcnn_init() */
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

/* what a kernel sees of its output and of so many pixels of its input */
static MSFCNN_ONE_COPY msfcnn_run_t *_describe(msfcnn_t *nn, unsigned i, const msfcnn_view_t *from,
                               unsigned pixels, const msfcnn_view_t *to)
{
    msfcnn_run_t *run = &nn->run;

    run->out = to->at;
    run->out_pixel_step = to->pixel_step;
    run->out_channel_step = to->channel_step;
    run->channel = nn->channel;
    run->channels = (uint16_t)msfcnn_channels(nn, &nn->ops[i]);
    run->scratch = nn->arena;
    run->line = (const int8_t *const *)nn->line;
    run->before = 0;
    run->pixel_step = from->pixel_step;
    run->channel_step = run->first_step = from->channel_step;
    run->inside = run->pixels = (uint16_t)pixels;
    return run;
}

static void _compute_run(msfcnn_t *nn, unsigned i, const msfcnn_view_t *to, unsigned pixels)
{
    const msfcnn_op_t *op = &nn->ops[i];
    const msfcnn_position_t *at = &nn->at[i];
    msfcnn_view_t from;

    if (op->input->kind == MSFCNN_PIXELS) {     /* by far the most frequent */
        from = msfcnn_pixels(nn, op->input, at->pixel);
    }
    else {
        from = msfcnn_view(nn, op->input, at->line, at->pixel);
    }
    msfcnn_run_t *run = _describe(nn, i, &from, pixels, to);
    nn->line[0] = from.at;
    if (op->reads == MSFCNN_PAIR) {
        from = msfcnn_view(nn, op->second, at->line, at->pixel);
        run->second = from.at;
        run->second_step = from.pixel_step;
    }
    else if (op->reads == MSFCNN_GATE) {
        run->second = msfcnn_view(nn, op->second, 0, 0).at;
        run->second_step = 0;
    }
    op->kernel(op, run);
}

static void _compute_window(msfcnn_t *nn, unsigned i, const msfcnn_reach_t *reach,
                            const msfcnn_view_t *to, unsigned pixels)
{
    const msfcnn_op_t *op = &nn->ops[i];
    const msfcnn_shape_t *shape = op->shape;
    const msfcnn_tensor_t *input = op->input;
    msfcnn_view_t from = msfcnn_view(nn, input, 0, reach->from);
    int line = reach->first;
    int slot = -1;

    for (unsigned k = 0; k < shape->kernel_u; k++, line += shape->dilation_u) {
        nn->line[k] = NULL;
        if (line < 0 || line >= op->lines) {
            continue;
        }
        if (slot < 0) {
            slot = line % input->slots;
        }
        nn->line[k] = from.at + (unsigned)slot * input->line_step;
        for (slot += shape->dilation_u; slot >= input->slots;) {
            slot -= input->slots;
        }
    }
    msfcnn_run_t *run = _describe(nn, i, &from, (unsigned)(reach->end - reach->from), to);
    run->pixels = (uint16_t)pixels;
    run->before = (uint16_t)((reach->x < 0) ? -reach->x : 0);
    run->phase_u = reach->phase_u;
    run->phase_v = reach->phase_v;
    if (reach->slides) {
        from = msfcnn_saved(nn, i, reach->from);
        nn->line[0] = from.at;
        run->first_step = from.channel_step;
    }
    op->kernel(op, run);
}

/* a run of input pixels for an average over all; the output comes with the last */
static int _compute_global(msfcnn_t *nn, unsigned i, const msfcnn_view_t *target)
{
    const msfcnn_op_t *op = &nn->ops[i];
    msfcnn_position_t *at = &nn->at[i];
    msfcnn_view_t to = *target;

    for (;;) {
        unsigned line = at->saved_to, pixel = at->saved_from;
        unsigned left = (unsigned)(op->pixels - pixel);
        unsigned n = (op->input->writer == MSFCNN_NONE) ? left : _min(left, nn->running->run);
        n = _available(nn, i, op->input, line, pixel, n);
        if (n == 0) {
            return NEED;
        }
        int last = line + 1U == op->lines && n == left;
        msfcnn_view_t from = msfcnn_view(nn, op->input, line, pixel);
        to.at = last ? target->at : NULL;
        msfcnn_run_t *run = _describe(nn, i, &from, n, &to);
        nn->line[0] = from.at;
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

/* whether op i can compute now, and how many pixels at most; else an op has been asked for more */
static int _ready(msfcnn_t *nn, unsigned i, unsigned *pixels, msfcnn_reach_t *reach)
{
    const msfcnn_op_t *op = &nn->ops[i];
    const msfcnn_position_t *at = &nn->at[i];

    switch (op->reads) {
        case MSFCNN_LOAD:
        case MSFCNN_GLOBAL:
            return 1;
        case MSFCNN_WINDOW:
            *reach = msfcnn_reach(nn, i, *pixels);
            return _has_window(nn, i, reach);
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

static int _compute(msfcnn_t *nn, unsigned i, const msfcnn_reach_t *reach,
                    const msfcnn_view_t *to, unsigned pixels)
{
    switch (nn->ops[i].reads) {
        case MSFCNN_LOAD:
            return _load(nn, i, to, pixels);
        case MSFCNN_GLOBAL:
            return _compute_global(nn, i, to);
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
    const msfcnn_tensor_t *output = nn->ops[i].output;
    const msfcnn_position_t *at = &nn->at[i];
    unsigned n = _min(_min(at->want, nn->running->run), (unsigned)(at->high - at->pixel));
    int replays = at->pixel < at->fresh;
    msfcnn_reach_t reach;
    int res = EMITTED;

    if (output->kind >= MSFCNN_RING) {
        n = msfcnn_together(nn, output, at->line, at->pixel, n);
    }
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
        if (res == NEED) {
            i = nn->op;
            continue;
        }
        const msfcnn_position_t *at = &nn->at[i];
        if (at->want != 0 && nn->ops[i].output->kind != MSFCNN_PIXELS) {
            continue;
        }
        i = at->asker;
        while (i == MSFCNN_NONE) {
            i = _next_end(nn);
            if (i == MSFCNN_NONE && !_next_band(nn)) {
                return 1;
            }
        }
    }
}
