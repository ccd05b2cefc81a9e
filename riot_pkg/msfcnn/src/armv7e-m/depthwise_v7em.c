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

static part_t _part(const msfcnn_op_t *op, const msfcnn_run_t *run, unsigned first)
{
    unsigned left = run->pixels - first;
    part_t part = { .op = op, .run = run, .pixels = (left < PART) ? left : PART };
    unsigned begin = first * op->stride_v;
    unsigned end = begin + (part.pixels - 1) * op->stride_v
                   + (op->kernel_v - 1U) * op->dilation_v + 1;
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

/* input bytes that the pieces of code leave behind, beginning with MSFCNN_V7EM_TWO */
static const uint8_t _advance[2][MSFCNN_V7EM_STRIDE_2] = {
    { 2, 1, 0, 1, 0, 1, 0 },
    { 4, 3, 4, 2, 1, 1, 0 },
};

/* a list of pieces of code */
typedef struct {
    uintptr_t piece[PART / 2 + 4];  /* the worst: stride 2, odd ends */
    unsigned n;
    unsigned wide;              /* stride 2 */
    unsigned advance;           /* bytes of a line that they leave behind */
} list_t;

static void _add(list_t *list, unsigned piece)
{
    unsigned index = piece + (list->wide ? MSFCNN_V7EM_STRIDE_2 : 0);

    list->piece[list->n++] = msfcnn_v7em_pieces[index];
    list->advance += _advance[list->wide][piece - MSFCNN_V7EM_TWO];
}

static void _choose(list_t *list, const part_t *part)
{
    unsigned n = part->pixels;
    bool right = part->after > 0;

    list->n = 0;
    list->wide = part->op->stride_v == 2;
    list->advance = 0;
    if (part->before > 0) {
        /* the piece for two pixels reads a fourth tap */
        bool two = ((n > 2) || ((n == 2) && !right))
                   && (list->wide || (part->run->inside >= 4));

        _add(list, two ? MSFCNN_V7EM_TWO_LEFT
                   : ((n == 1) && right) ? MSFCNN_V7EM_ONE_BOTH : MSFCNN_V7EM_ONE_LEFT);
        n -= two ? 2 : 1;
    }
    /* the one for two pixels at the end reads the byte before */
    bool two = right && (n >= 2) && !(n & 1)
               && (list->wide || (n > 2) || (list->n > 0) || (part->skipped > 0));
    unsigned middle = n - (two ? 2 : (n & 1) ? 1 : (right && (n > 0)) ? 2 : 0);

    for (; !list->wide && (middle >= 4); middle -= 4, n -= 4) {
        list->piece[list->n++] = msfcnn_v7em_pieces[MSFCNN_V7EM_FOUR];
        list->advance += 4;
    }
    for (; middle >= 2; middle -= 2, n -= 2) {
        _add(list, MSFCNN_V7EM_TWO);
    }
    if (two) {
        _add(list, MSFCNN_V7EM_TWO_RIGHT);
        n -= 2;
    }
    for (; n > 0; n--) {
        _add(list, (right && (n == 1)) ? MSFCNN_V7EM_ONE_RIGHT : MSFCNN_V7EM_ONE);
    }
    list->piece[list->n] = msfcnn_v7em_pieces[MSFCNN_V7EM_NEXT];
}

static size_t _step(const msfcnn_run_t *run, unsigned i)
{
    return (i == 0) ? run->first_step : run->channel_step;
}

/* all channels, straight from the lines */
static __attribute__((noinline)) void _direct_3x3(const part_t *part)
{
    const msfcnn_op_t *op = part->op;
    const msfcnn_run_t *run = part->run;
    const msfcnn_depthwise_v7em_t *k = op->constants;
    uint8_t pad = (uint8_t)op->pad_value;
    list_t list;

    _choose(&list, part);
    msfcnn_v7em_planes_t planes = {
        .next_out = run->out_channel_step - (intptr_t)(part->pixels * run->out_pixel_step),
        .channels = run->channels,
        .pieces = list.piece,
        .pixel_step = run->out_pixel_step,
        .pad = op->pad_value,
        .pad_first = pad,
        .pad_last = (uint32_t)pad << 24,
        .constants = k->channels + run->channel * k->words,
        .out = part->out,
    };

    for (unsigned i = 0; i < 3; i++) {
        const int8_t *line = run->line[i];
        int8_t *none = run->scratch;

        planes.next_line[i] = -(intptr_t)list.advance;
        if (line != NULL) {
            planes.line[i] = line + part->skipped;
            planes.next_line[i] += (intptr_t)_step(run, i);
        }
        else {
            memset(none, op->pad_value, FRONT + part->length);
            planes.line[i] = none + FRONT;
        }
    }
    msfcnn_v7em_depthwise_3x3(&planes);
}

static void _copy(int8_t *to, const int8_t *from, unsigned n)
{
    if (n >= 4) {
        msfcnn_v7em_copy(to, from, n);
        return;
    }
    while (n > 0) {
        n--;
        to[n] = from[n];
    }
}

/* the rows of a patch: the lines of a channel between their padding */
static size_t _pitch(const msfcnn_op_t *op)
{
    return (PART - 1U) * op->stride_v + op->kernel_v;
}

static void _copy_lines(const part_t *part, unsigned channel, int8_t *patch)
{
    const msfcnn_run_t *run = part->run;
    size_t pitch = _pitch(part->op);

    for (unsigned i = 0; i < part->op->kernel_u; i++, patch += pitch) {
        if (run->line[i] != NULL) {
            _copy(patch + part->before, run->line[i] + part->skipped + channel * _step(run, i),
                  part->length);
        }
    }
}

/* channel by channel, by way of a patch */
static __attribute__((noinline)) void _padded_3x3(const part_t *part)
{
    const msfcnn_op_t *op = part->op;
    const msfcnn_run_t *run = part->run;
    const msfcnn_depthwise_v7em_t *k = op->constants;
    part_t inner = { .op = op, .run = run, .pixels = part->pixels };
    int8_t *patch = run->scratch;
    list_t list;

    _choose(&list, &inner);
    memset(patch, op->pad_value, 3 * _pitch(op));
    msfcnn_v7em_planes_t planes = {
        .channels = 1,
        .pieces = list.piece,
        .pixel_step = run->out_pixel_step,
        .line = { patch, patch + _pitch(op), patch + 2 * _pitch(op) },
        .constants = k->channels + run->channel * k->words,
        .out = part->out,
    };
    for (unsigned c = 0; c < run->channels; c++) {
        _copy_lines(part, c, patch);
        msfcnn_v7em_depthwise_3x3(&planes);
        planes.constants += k->words;
        planes.out += run->out_channel_step;
    }
}

/* at most: as many for four pixels as there are, one for two, one for one, the next channel */
#define ROW_PIECES  (PART / 4 + 3)

static void _choose_rows(const part_t *part, uintptr_t *list)
{
    const msfcnn_op_t *op = part->op;
    const uintptr_t *piece = msfcnn_v7em_row_pieces + 1 + 3 * (op->stride_v - 1)
                             + 6 * (op->kernel_v > 5);

    for (unsigned n = part->pixels / 4; n > 0; n--) {
        *list++ = piece[0];
    }
    if (part->pixels & 2) {
        *list++ = piece[1];
    }
    if (part->pixels & 1) {
        *list++ = piece[2];
    }
    *list = msfcnn_v7em_row_pieces[0];
}

/* kernel lines of five or seven pixels */
static __attribute__((noinline)) void _rows(const part_t *part)
{
    const msfcnn_op_t *op = part->op;
    const msfcnn_run_t *run = part->run;
    const msfcnn_depthwise_v7em_t *k = op->constants;
    msfcnn_v7em_row_t *row = run->scratch;
    int8_t *patch = (int8_t *)(row + op->kernel_u);
    bool direct = (part->before == 0) && (part->after == 0);
    intptr_t back = -(intptr_t)(part->pixels * op->stride_v);
    uintptr_t pieces[ROW_PIECES];

    _choose_rows(part, pieces);
    memset(patch, op->pad_value, (direct ? 1U : op->kernel_u) * _pitch(op));

    msfcnn_v7em_rows_t rows = {
        .rows = row,
        .n_rows = op->kernel_u,
        .constants = k->channels + run->channel * k->words,
        .size = k->words * sizeof(uint32_t),
        .out = part->out,
        .next_out = run->out_channel_step - (intptr_t)(part->pixels * run->out_pixel_step),
        .channels = run->channels,
        .pieces = pieces,
        .pixel_step = run->out_pixel_step,
        .copied = direct ? 0 : part->length,
        .before = part->before,
    };
    for (unsigned i = 0; i < op->kernel_u; i++) {
        const int8_t *line = run->line[i];
        size_t step = _step(run, i);

        row[i] = (msfcnn_v7em_row_t){ direct ? patch : patch + i * _pitch(op), back, NULL, step };
        if (line != NULL) {
            line += part->skipped;
            if (direct) {
                row[i].line = (int8_t *)(uintptr_t)line;
                row[i].next += (intptr_t)step;
            }
            else {
                row[i].source = line;
            }
        }
    }
    msfcnn_v7em_depthwise_rows(&rows);
}

/* the taps of n channels of interleaved lines, at most four, to the rows of as many patches */
static void _transpose(const part_t *part, unsigned channel, unsigned n, int8_t *patch)
{
    const msfcnn_op_t *op = part->op;
    const msfcnn_run_t *run = part->run;
    size_t pitch = _pitch(op);
    size_t size = op->kernel_u * pitch;
    size_t step = run->pixel_step;

    for (unsigned i = 0; i < op->kernel_u; i++, patch += pitch) {
        if (run->line[i] == NULL) {
            continue;
        }
        const int8_t *from = run->line[i] + part->skipped * step + channel;
        int8_t *to = patch + part->before;
        int8_t *end = to + part->length;

        for (; (n == AT_A_TIME) && (to != end); from += step, to++) {
            uint32_t taps = msfcnn_v7em_load(from);

            to[0] = (int8_t)taps;
            to[size] = (int8_t)(taps >> 8);
            to[2 * size] = (int8_t)(taps >> 16);
            to[3 * size] = (int8_t)(taps >> 24);
        }
        for (; to != end; from += step, to++) {
            for (unsigned c = 0; c < n; c++) {
                to[c * size] = from[c];
            }
        }
    }
}

/* a few channels at a time, from interleaved lines by way of patches */
static void _interleaved(const part_t *part)
{
    const msfcnn_op_t *op = part->op;
    const msfcnn_run_t *run = part->run;
    const msfcnn_depthwise_v7em_t *k = op->constants;
    msfcnn_v7em_row_t *row = run->scratch;
    int8_t *patch = (int8_t *)(row + op->kernel_u);
    intptr_t next = (intptr_t)(op->kernel_u * _pitch(op));
    intptr_t next_out = run->out_channel_step - (intptr_t)(part->pixels * run->out_pixel_step);
    part_t inner = { .op = op, .run = run, .pixels = part->pixels };
    const uint32_t *constants = k->channels + run->channel * k->words;
    int8_t *out = part->out;
    bool is_3x3 = op->kernel_v == 3;
    list_t list;    /* its pieces serve both */
    unsigned n;

    if (is_3x3) {
        _choose(&list, &inner);
        next -= (intptr_t)list.advance;
    }
    else {
        _choose_rows(part, list.piece);
        next -= (intptr_t)(part->pixels * op->stride_v);
    }
    memset(patch, op->pad_value, AT_A_TIME * op->kernel_u * _pitch(op));
    for (unsigned c = 0; c < run->channels; c += n) {
        n = (run->channels - c < AT_A_TIME) ? run->channels - c : AT_A_TIME;
        _transpose(part, c, n, patch);
        if (is_3x3) {
            msfcnn_v7em_depthwise_3x3(&(msfcnn_v7em_planes_t){
                .next_line = { next, next, next },
                .next_out = next_out,
                .channels = n,
                .pieces = list.piece,
                .pixel_step = run->out_pixel_step,
                .line = { patch, patch + _pitch(op), patch + 2 * _pitch(op) },
                .constants = constants,
                .out = out,
            });
        }
        else {
            for (unsigned i = 0; i < op->kernel_u; i++) {
                row[i].line = patch + i * _pitch(op);
                row[i].next = next;
            }
            msfcnn_v7em_depthwise_rows(&(msfcnn_v7em_rows_t){
                .rows = row,
                .n_rows = op->kernel_u,
                .constants = constants,
                .size = k->words * sizeof(uint32_t),
                .out = out,
                .next_out = next_out,
                .channels = n,
                .pieces = list.piece,
                .pixel_step = run->out_pixel_step,
            });
        }
        constants += n * k->words;
        out += n * (size_t)run->out_channel_step;
    }
}

void msfcnn_depthwise_v7em(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    for (unsigned first = 0; first < run->pixels; first += PART) {
        part_t part = _part(op, run, first);

        if (op->kernel_v != 3) {
            _rows(&part);
        }
        else if ((part.before <= 1) && (part.after <= 1) && (part.length > 0)) {
            _direct_3x3(&part);
        }
        else {
            _padded_3x3(&part);
        }
    }
    msfcnn_v7em_clamp(op, run);
}

void msfcnn_depthwise_interleaved_v7em(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    for (unsigned first = 0; first < run->pixels; first += PART) {
        part_t part = _part(op, run, first);

        _interleaved(&part);
    }
    msfcnn_v7em_clamp(op, run);
}

#else
typedef int msfcnn_v7em_nothing_t;  /* no empty translation unit */
#endif
