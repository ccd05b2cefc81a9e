/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Depthwise convolution for Armv7E-M
 *
 * A run is computed in parts of a few pixels, each of them for all channels before the next.
 *
 * @}
 */

#if defined(__ARM_FEATURE_DSP) && (__ARM_FEATURE_DSP == 1)

#include "v7em.h"

#define PART        16      /* pixels at a time */
#ifdef __OPTIMIZE_SIZE__
#  define LONG_PART PART
#else
#  define LONG_PART 32      /* straight from the lines; scratch has room for one of padding */
#endif
#define MANY        20      /* pixels for which it pays to have even addresses */
#define AT_A_TIME   4U      /* channels of interleaved lines */
#define FRONT       4       /* bytes before a line of padding that may be read */

/* some pixels of a run, and the taps that they need */
typedef struct {
    const msfcnn_op_t *op;
    const msfcnn_run_t *run;
    int8_t *out;
    unsigned pixels;
    unsigned skipped;           /* existing input pixels in front of the first tap */
    unsigned before;            /* padded taps of a line in front of those that exist */
    unsigned length;            /* existing taps of a line, up to the last one needed */
    unsigned after;             /* padded taps behind */
} part_t;

static part_t _part(const msfcnn_op_t *op, const msfcnn_run_t *run, unsigned first,
                    unsigned most)
{
    const msfcnn_shape_t *shape = op->shape;
    unsigned left = run->pixels - first;
    part_t part = { .op = op, .run = run, .pixels = (left < most) ? left : most };
    unsigned begin = first * shape->stride_v;
    unsigned end = begin + (part.pixels - 1) * shape->stride_v + shape->kernel_v;
    unsigned existing = run->before + run->inside;

    part.out = run->out + first * run->out_pixel_step;
    part.before = (begin < run->before) ? run->before - begin : 0;
    part.skipped = (begin > run->before) ? begin - run->before : 0;
    part.after = (end > existing) ? end - existing : 0;
    if (part.before + part.after >= end - begin) {
        part.before = end - begin;
        part.after = 0;
    }
    part.length = end - begin - part.before - part.after;
    return part;
}

/* input bytes that the pieces of code leave behind at stride 1 and 2, from MSFCNN_V7EM_FOUR on */
static const uint8_t _advance[2][MSFCNN_V7EM_N_PIECES - MSFCNN_V7EM_FOUR] = {
    { 4, 2, 1, 0, 1, 0, 0, 2 },
    { 0, 4, 3, 4, 2, 0, 0, 4 },
};

/* a list of pieces of code */
typedef struct {
    uintptr_t piece[LONG_PART / 2 + 2]; /* the worst: stride 2, single pixels at both ends */
    intptr_t advance;               /* bytes of a line that they leave behind */
} list_t;

/* the next piece for a part of which n pixels are left; padded: some taps do not exist */
static unsigned _piece(const part_t *part, bool padded, unsigned n)
{
    bool wide = part->op->shape->stride_v == 2;
    bool right = padded && (part->after > 0);
    bool begins = n == part->pixels;
    unsigned middle = n - (right ? 2 - n % 2 : 0);

    if (padded && begins && (part->before > 0)) {
        /* the piece for two pixels reads a fourth tap */
        bool two = (n >= (right ? 3U : 2U)) && (wide || (part->run->inside >= 4));

        return two ? MSFCNN_V7EM_TWO_LEFT : MSFCNN_V7EM_ONE_LEFT;
    }
    if (!wide && (middle >= 4)) {
        return MSFCNN_V7EM_FOUR;
    }
    if (middle >= 2) {
        return MSFCNN_V7EM_TWO;
    }
    /* the one for two pixels at the end reads the byte before */
    if (right && (n == 2) && (wide || !begins || (part->skipped > 0))) {
        return MSFCNN_V7EM_TWO_RIGHT;
    }
    return (right && (n == 1)) ? MSFCNN_V7EM_ONE_RIGHT : MSFCNN_V7EM_ONE;
}

/* the same at even addresses, as a word at an odd one takes three accesses; `at`: of a piece's first
 * tap */
static unsigned _aligned(const part_t *part, unsigned piece, uintptr_t at)
{
#ifndef __OPTIMIZE_SIZE__
    bool wide = part->op->shape->stride_v == 2;

    if (wide && (piece == MSFCNN_V7EM_TWO) && (at % 2 != 0)) {
        return MSFCNN_V7EM_TWO_ODD;
    }
    /* four pixels a piece follow */
    if (!wide && (piece == MSFCNN_V7EM_TWO_LEFT) && (at % 2 == 0) && (part->pixels >= MANY)) {
        return MSFCNN_V7EM_ONE_LEFT;
    }
#else
    (void)part;
    (void)at;
#endif
    return piece;
}

static void _choose(list_t *list, const part_t *part, bool padded, const int8_t *taps)
{
    unsigned wide = part->op->shape->stride_v - 1U;
    uintptr_t *next = list->piece;
    unsigned took;

    list->advance = 0;
    for (unsigned n = part->pixels; n > 0; n -= took) {
        unsigned piece = _piece(part, padded, n);

        piece = _aligned(part, piece, (uintptr_t)(taps + list->advance));
        took = (piece == MSFCNN_V7EM_FOUR) ? 4
               : (piece < MSFCNN_V7EM_ONE) || (piece == MSFCNN_V7EM_TWO_ODD) ? 2 : 1;
        list->advance += _advance[wide][piece - MSFCNN_V7EM_FOUR];
        *next++ = msfcnn_v7em_pieces[piece + wide * MSFCNN_V7EM_STRIDE_2];
    }
    *next = msfcnn_v7em_pieces[MSFCNN_V7EM_NEXT];
}

static size_t _step(const msfcnn_run_t *run, unsigned i)
{
    return (i == 0) ? run->first_step : run->channel_step;
}

/* constants of a channel of the run */
static const uint32_t *_constants(const part_t *part, unsigned channel)
{
    const uint32_t *constants = part->op->constants;

    return constants + (part->run->channel + channel) * part->op->words;
}

/* bytes from behind the last output of a channel to the next one's first */
static intptr_t _next_out(const part_t *part)
{
    const msfcnn_run_t *run = part->run;

    return run->out_channel_step - (intptr_t)(part->pixels * run->out_pixel_step);
}

/* the pieces for n channels from one on; lines are set */
static void _do_planes(msfcnn_v7em_planes_t *planes, const part_t *part, const list_t *list,
                       unsigned channel, unsigned n)
{
    const msfcnn_run_t *run = part->run;
    uint8_t pad = (uint8_t)part->op->pad_value;

    planes->next_out = _next_out(part);
    planes->channels = n;
    planes->pieces = list->piece;
    planes->pixel_step = run->out_pixel_step;
    planes->pad = part->op->pad_value;
    planes->pad_first = pad;
    planes->pad_last = (uint32_t)pad << 24;
    planes->constants = _constants(part, channel);
    planes->out = part->out + channel * run->out_channel_step;
    msfcnn_v7em_depthwise_3x3(planes);
}

/* all channels, straight from the lines */
static __attribute__((noinline)) void _direct_3x3(const part_t *part)
{
    const msfcnn_run_t *run = part->run;
    msfcnn_v7em_planes_t planes;
    list_t list;

    _choose(&list, part, true, run->line[1] + part->skipped);
    for (unsigned i = 0; i < 3; i++) {
        const int8_t *line = run->line[i];
        int8_t *none = run->scratch;

        planes.next_line[i] = -list.advance;
        if (line != NULL) {
            planes.line[i] = line + part->skipped;
            planes.next_line[i] += (intptr_t)_step(run, i);
        }
        else {
            memset(none, part->op->pad_value, FRONT + part->length);
            planes.line[i] = none + FRONT;
        }
    }
    _do_planes(&planes, part, &list, 0, run->channels);
}

/* the rows of a patch: the lines of a channel between their padding */
static size_t _pitch(const msfcnn_op_t *op)
{
    const msfcnn_shape_t *shape = op->shape;

    return (PART - 1U) * shape->stride_v + shape->kernel_v;
}

static void _choose_rows(const part_t *part, list_t *list)
{
    const msfcnn_op_t *op = part->op;
    const msfcnn_shape_t *shape = op->shape;
    uintptr_t *next = list->piece;
    const uintptr_t *piece = msfcnn_v7em_row_pieces + 1 + 3 * (shape->stride_v - 1)
                             + 6 * (shape->kernel_v > 5);

    for (unsigned n = part->pixels / 4; n > 0; n--) {
        *next++ = piece[0];
    }
    if (part->pixels & 2) {
        *next++ = piece[1];
    }
    if (part->pixels & 1) {
        *next++ = piece[2];
    }
    *next = msfcnn_v7em_row_pieces[0];
    list->advance = (intptr_t)(part->pixels * shape->stride_v);
}

/* the pieces for n channels from one on; rows are set, and copied from lines if there is padding */
static void _do_rows(const part_t *part, const list_t *list, bool copies, unsigned channel,
                     unsigned n)
{
    const msfcnn_op_t *op = part->op;
    const msfcnn_run_t *run = part->run;
    const msfcnn_v7em_rows_t rows = {
        .rows = run->scratch,
        .n_rows = op->shape->kernel_u,
        .constants = _constants(part, channel),
        .size = op->words * sizeof(uint32_t),
        .next_out = _next_out(part),
        .out = part->out + channel * run->out_channel_step,
        .pixel_step = run->out_pixel_step,
        .channels = n,
        .pieces = list->piece,
        .before = part->before,
        .copied = copies ? part->length : 0,
    };

    msfcnn_v7em_depthwise_rows(&rows);
}

/* kernel lines of five or seven pixels */
static __attribute__((noinline)) void _rows(const part_t *part)
{
    const msfcnn_op_t *op = part->op;
    const msfcnn_shape_t *shape = op->shape;
    const msfcnn_run_t *run = part->run;
    msfcnn_v7em_row_t *row = run->scratch;
    int8_t *patch = (int8_t *)(row + shape->kernel_u);
    bool direct = (part->before == 0) && (part->after == 0);
    list_t list;

    _choose_rows(part, &list);
    memset(patch, op->pad_value, (direct ? 1U : shape->kernel_u) * _pitch(op));
    for (unsigned i = 0; i < shape->kernel_u; i++, row++) {
        const int8_t *line = run->line[i];
        intptr_t step = (intptr_t)_step(run, i);

        if (line != NULL) {
            line += part->skipped;
        }
        *row = (msfcnn_v7em_row_t){ patch, NULL, -list.advance, 0 };
        if (!direct) {
            row->line += (intptr_t)(i * _pitch(op)) + list.advance;
            row->source = line;
            row->source_next = (size_t)step;
        }
        else if (line != NULL) {
            row->line = (int8_t *)(uintptr_t)line;
            row->next += step;
        }
    }
    _do_rows(part, &list, !direct, 0, run->channels);
}

/* the taps of n channels, at most four, to the rows of as many patches */
static __attribute__((noinline)) void _transpose(const part_t *part, unsigned channel, unsigned n,
                                                 int8_t *patch)
{
    const msfcnn_op_t *op = part->op;
    const msfcnn_shape_t *shape = op->shape;
    const msfcnn_run_t *run = part->run;
    size_t pitch = _pitch(op);
    size_t size = shape->kernel_u * pitch;
    size_t step = run->pixel_step;

    for (unsigned i = 0; i < shape->kernel_u; i++, patch += pitch) {
        if (run->line[i] == NULL) {
            continue;
        }
        const int8_t *from = run->line[i] + part->skipped * step + channel * _step(run, i);
        int8_t *to = patch + part->before;
        int8_t *end = to + part->length;

#ifndef __OPTIMIZE_SIZE__
        for (; (n == AT_A_TIME) && (to != end); from += step, to++) {
            uint32_t taps = msfcnn_v7em_load(from);

            to[0] = (int8_t)taps;
            to[size] = (int8_t)(taps >> 8);
            to[2 * size] = (int8_t)(taps >> 16);
            to[3 * size] = (int8_t)(taps >> 24);
        }
#endif
        for (; to != end; from += step, to++) {
            for (unsigned c = 0; c < n; c++) {
                to[c * size] = from[c];
            }
        }
    }
}

/* n channels from one on, whose taps are in patches */
static void _do_patches(const part_t *part, const list_t *list, int8_t *patch, unsigned channel,
                        unsigned n)
{
    const msfcnn_shape_t *shape = part->op->shape;
    size_t pitch = _pitch(part->op);
    intptr_t next = (intptr_t)(shape->kernel_u * pitch) - list->advance;

    if (shape->kernel_v == 3) {
        msfcnn_v7em_planes_t planes = {
            .next_line = { next, next, next },
            .line = { patch, patch + pitch, patch + 2 * pitch },
        };

        _do_planes(&planes, part, list, channel, n);
        return;
    }
    msfcnn_v7em_row_t *row = part->run->scratch;

    for (unsigned i = 0; i < shape->kernel_u; i++, patch += pitch) {
        row[i] = (msfcnn_v7em_row_t){ patch, NULL, next, 0 };
    }
    _do_rows(part, list, false, channel, n);
}

/* a few channels at a time by way of patches, which have all padding */
static __attribute__((noinline)) void _patches(const part_t *part, unsigned at_a_time)
{
    const msfcnn_op_t *op = part->op;
    const msfcnn_shape_t *shape = op->shape;
    const msfcnn_run_t *run = part->run;
    int8_t *patch = run->scratch;
    list_t list;            /* its pieces serve both */
    unsigned n;

    if (shape->kernel_v == 3) {
        _choose(&list, part, false, patch);
    }
    else {
        _choose_rows(part, &list);
        patch += shape->kernel_u * sizeof(msfcnn_v7em_row_t);
    }
    memset(patch, op->pad_value, at_a_time * shape->kernel_u * _pitch(op));
    for (unsigned c = 0; c < run->channels; c += n) {
        n = (run->channels - c < at_a_time) ? run->channels - c : at_a_time;
        _transpose(part, c, n, patch);
        _do_patches(part, &list, patch, c, n);
    }
}

/* whether there are pieces for the padding of a part */
static bool _is_direct(const part_t *part)
{
    bool both = (part->before > 0) && (part->after > 0);

    return (part->before <= 1) && (part->after <= 1) && (part->length > 0)
           && !(both && (part->pixels <= part->op->shape->stride_v));
}

static void _compute(const msfcnn_op_t *op, const msfcnn_run_t *run, bool planar)
{
    bool lines = planar && (op->shape->kernel_v == 3);
    /* a single one at the left, then four at a time */
    unsigned most = !lines ? PART : LONG_PART + (LONG_PART > PART && run->before == 1);
    part_t part;

    for (unsigned first = 0; first < run->pixels; first += part.pixels, most = LONG_PART) {
        part = _part(op, run, first, most);
        if (lines && _is_direct(&part)) {
            _direct_3x3(&part);
            continue;
        }
        if (LONG_PART > PART) {
            part = _part(op, run, first, PART);
        }
        if (!planar) {
            _patches(&part, AT_A_TIME);
        }
        else if (!lines) {
            _rows(&part);
        }
        else {
            _patches(&part, 1);
        }
    }
    msfcnn_v7em_clamp(op, run);
}

void msfcnn_depthwise_v7em(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
#ifndef __OPTIMIZE_SIZE__
    if (msfcnn_v7em_depthwise_short(op, run)) {
        return;
    }
#endif
    _compute(op, run, true);
}

void msfcnn_depthwise_interleaved_v7em(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    _compute(op, run, false);
}

#else
typedef int msfcnn_v7em_nothing_t;  /* no empty translation unit */
#endif
