/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Where the pixels of a stage lie: whole tensors, windows, saved pixels, halos, rings
 *
 * @}
 */

#include <string.h>

#include "window.h"

/* in words where that is possible: small C libraries move bytes */
void msfcnn_move(int8_t *to, const int8_t *from, size_t size)
{
    uint32_t word;

    if (!MSFCNN_UNROLL || to < from || (size_t)(to - from) % sizeof(word)) {
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

/* index of a pixel in a ring; those of a band follow each other line by line */
static MSFCNN_ONE_COPY unsigned _ring_index(const msfcnn_t *nn, const msfcnn_tensor_t *ring,
                                            unsigned line, unsigned pixel)
{
    const msfcnn_position_t *at = &nn->at[ring->owner];
    unsigned low = (ring->kind == MSFCNN_COPY) ? at->fresh : at->low;

    return (line * (at->high - low) + pixel - low) % ring->length;
}

/* whether a pixel of shared lines is saved */
static int _is_saved(const msfcnn_t *nn, const msfcnn_tensor_t *shared, unsigned line,
                     unsigned pixel)
{
    const msfcnn_position_t *at = &nn->at[shared->owner];

    return at->saved_line == (uint8_t)line && pixel < at->saved_to;
}

unsigned msfcnn_together(const msfcnn_t *nn, const msfcnn_tensor_t *tensor, unsigned line,
                         unsigned pixel, unsigned pixels)
{
    unsigned left = pixels;

    if (tensor->kind != MSFCNN_SHARED) {
        left = tensor->length - _ring_index(nn, tensor, line, pixel);
    }
    else if (_is_saved(nn, tensor, line, pixel)) {
        left = nn->at[tensor->owner].saved_to - pixel;
    }
    return (pixels < left) ? pixels : left;
}

int8_t *msfcnn_at(const msfcnn_t *nn, const msfcnn_tensor_t *tensor, unsigned line, unsigned pixel)
{
    if (tensor->kind == MSFCNN_PIXELS) {
        return msfcnn_in_run(nn, tensor, pixel);
    }
    if (tensor->kind > MSFCNN_SHARED) {
        pixel = _ring_index(nn, tensor, line, pixel);
        return nn->arena + tensor->place + pixel * tensor->pixel_step;
    }
    if (tensor->kind == MSFCNN_SHARED && _is_saved(nn, tensor, line, pixel)) {
        return msfcnn_saved(nn, &nn->ops[tensor->owner], &nn->at[tensor->owner], pixel);
    }
    msfcnn_lines_t lines = msfcnn_lines(nn, tensor, pixel);
    return lines.first + line % lines.slots * lines.step;
}

int8_t *msfcnn_target(const msfcnn_t *nn, const msfcnn_op_t *op, const msfcnn_position_t *at)
{
    const msfcnn_tensor_t *output = op->output;

    if (MSFCNN_UNROLL && output->kind == MSFCNN_PIXELS) {   /* one op writes all of it */
        return msfcnn_in_run(nn, output, at->pixel);
    }
    int8_t *to = msfcnn_at(nn, output, at->line, at->pixel);
    if (!MSFCNN_UNROLL || op->out_channel != 0) {
        to += (size_t)op->out_channel * msfcnn_channel_step(nn, output);
    }
    return to + ((op->band != 0) ? nn->channel : 0);
}

int8_t *msfcnn_saved(const msfcnn_t *nn, const msfcnn_op_t *op, const msfcnn_position_t *at,
                     unsigned pixel)
{
    const msfcnn_tensor_t *window = op->input;

    return nn->arena + window->place + (size_t)window->slots * window->line_step +
           (size_t)(pixel - at->saved_from) * window->pixel_step;
}

/* bytes at any address: one load and one store where the processor can */
typedef struct {
    int8_t byte[4];
} four_t;

typedef struct {
    int8_t byte[2];
} two_t;

#define COPY(type_t, step)                                                              \
    *(type_t *)(void *)(y + step * to_step) =                                           \
        *(const type_t *)(const void *)(x + step * from_step)

#define COPY_COLUMN(type_t)                                                             \
    for (; MSFCNN_UNROLL && planes > 3; planes -= 4) {                                  \
        COPY(type_t, 0);                                                                \
        COPY(type_t, 1);                                                                \
        COPY(type_t, 2);                                                                \
        COPY(type_t, 3);                                                                \
        x += 4 * from_step;                                                             \
        y += 4 * to_step;                                                               \
    }                                                                                   \
    for (; planes > 0; planes--, x += from_step, y += to_step) {                        \
        COPY(type_t, 0);                                                                \
    }

static void _copy_bytes(int8_t *y, size_t to_step, const int8_t *x, size_t from_step,
                        unsigned planes)
{
    COPY_COLUMN(int8_t);
}

static void _copy_twos(int8_t *y, size_t to_step, const int8_t *x, size_t from_step,
                        unsigned planes)
{
    COPY_COLUMN(two_t);
}

static void _copy_fours(int8_t *y, size_t to_step, const int8_t *x, size_t from_step,
                        unsigned planes)
{
    COPY_COLUMN(four_t);
}

/* a few pixels of all planes before the next: they are too few for a call for each plane, and the
 * copy may be one of what lies a little further on */
static void _copy_planes(int8_t *to, size_t to_step, const int8_t *from, size_t from_step,
                         unsigned planes, unsigned pixels)
{
    for (; !MSFCNN_SMALL && pixels >= 4; pixels -= 4, to += 4, from += 4) {
        _copy_fours(to, to_step, from, from_step, planes);
    }
    for (; !MSFCNN_SMALL && pixels >= 2; pixels -= 2, to += 2, from += 2) {
        _copy_twos(to, to_step, from, from_step, planes);
    }
    for (; pixels >= 1; pixels--, to++, from++) {
        _copy_bytes(to, to_step, from, from_step, planes);
    }
}

void msfcnn_save(msfcnn_t *nn, const msfcnn_op_t *op, msfcnn_position_t *at, unsigned line,
                 unsigned from, unsigned end, unsigned save)
{
    const msfcnn_tensor_t *window = op->input;

    if (at->saved_to < from) {
        at->saved_from = at->saved_to = (uint16_t)from;
    }
    unsigned drop = from - at->saved_from;
    unsigned keep = at->saved_to - from;
    unsigned more = (end > at->saved_to) ? end - at->saved_to : 0;
    unsigned pixel = at->saved_to - (unsigned)nn->at[window->writer].low;
    int8_t *slots = nn->arena + window->place;
    int8_t *saved = slots + window->slots * window->line_step;
    const int8_t *old = slots + line % window->slots * window->line_step +
                        pixel * window->pixel_step;
    unsigned planes = window->channels;

    at->saved_from = (uint16_t)from;
    at->saved_to = (uint16_t)(at->saved_to + more);
    if (window->channel_step == 1) {    /* a single plane */
        drop *= planes;
        keep *= planes;
        more *= planes;
        planes = 1;
    }
    if (MSFCNN_UNROLL && planes == 1) {
        memmove(saved, saved + drop, keep);
        memcpy(saved + keep, old, more);
        return;
    }
    _copy_planes(saved, save, saved + drop, save, planes, keep);
    _copy_planes(saved + keep, save, old, window->channel_step, planes, more);
}

/* saves the pixels of a shared line up to `end`; the first ones make room */
static void _save_shared(msfcnn_t *nn, const msfcnn_tensor_t *shared, unsigned line, unsigned end)
{
    msfcnn_position_t *at = &nn->at[shared->owner];

    if (at->saved_line != (uint8_t)line || at->saved_to == 0) {
        at->saved_line = (uint8_t)line;
        at->saved_from = at->saved_to = nn->at[shared->writer].low;
    }
    if (end > at->saved_to) {
        unsigned from = at->saved_from;
        if (end > from + shared->save) {
            from = end - shared->save;
        }
        msfcnn_save(nn, &nn->ops[shared->owner], at, line, from, end, shared->save);
    }
}

unsigned msfcnn_make_room(msfcnn_t *nn, const msfcnn_tensor_t *tensor, unsigned line,
                          unsigned pixel, unsigned pixels)
{
    if (tensor->kind != MSFCNN_SHARED) {
        return msfcnn_together(nn, tensor, line, pixel, pixels);
    }
    if (line >= tensor->slots) {
        _save_shared(nn, tensor, line - tensor->slots, pixel + pixels);
    }
    return pixels;
}

int8_t *msfcnn_shared_line(msfcnn_t *nn, const msfcnn_tensor_t *shared, unsigned line,
                           unsigned from, unsigned end)
{
    if (_is_saved(nn, shared, line, from)) {
        _save_shared(nn, shared, line, end);    /* so that all of it is in one place */
    }
    return msfcnn_at(nn, shared, line, from);
}

static void _copy(int8_t *to, size_t to_step, const int8_t *from, size_t from_step,
                  unsigned channels)
{
    if (MSFCNN_UNROLL && to_step == 1 && from_step == 1) {
        memcpy(to, from, channels);
        return;
    }
    for (; channels > 0; channels--, to += to_step, from += from_step) {
        *to = *from;
    }
}

void msfcnn_feed(const msfcnn_t *nn, const msfcnn_op_t *op, const msfcnn_position_t *at,
                 const int8_t *written, unsigned pixels)
{
    const msfcnn_position_t *reader = &nn->at[op->copy->owner];

    for (unsigned p = at->pixel; pixels > 0; pixels--, p++) {
        if (p >= reader->fresh && p < reader->high) {
            _copy(msfcnn_at(nn, op->copy, at->line, p) + op->out_channel, 1, written,
                  msfcnn_channel_step(nn, op->output), op->out_channels);
        }
        written += op->output->pixel_step;
    }
}

/* from the window to the kept pixels of a line that an op writes, from pixel p on, or back. Those
 * that are kept are the last ones before `end`; they lie as in the window */
static MSFCNN_ONE_COPY void _copy_halo(const msfcnn_t *nn, const msfcnn_op_t *op, unsigned line,
                                       unsigned p, unsigned end, int8_t *window,
                                       unsigned pixels, int back)
{
    const msfcnn_tensor_t *kept = op->output;
    size_t width = kept->halo_pixels, step = width, window_step = msfcnn_channel_step(nn, kept);
    int8_t *halo = nn->arena + kept->halo - line * width * kept->channels;
    size_t index = p + width - end;
    unsigned planes = op->out_channels;

    if (window_step != 1) {
        halo += op->out_channel * width + index;
    }
    else {                              /* pixels are the planes */
        halo += index * kept->channels + op->out_channel;
        step = kept->channels;
        window_step = kept->pixel_step;
        planes = pixels;
        pixels = op->out_channels;
    }
    if (back) {
        _copy_planes(window, window_step, halo, step, planes, pixels);
    }
    else {
        _copy_planes(halo, step, window, window_step, planes, pixels);
    }
}

void msfcnn_keep(const msfcnn_t *nn, const msfcnn_op_t *op, const msfcnn_position_t *at,
                 int8_t *written, unsigned pixels)
{
    const msfcnn_tensor_t *kept = op->output;
    unsigned p = at->pixel;
    unsigned end = p + pixels;

    /* the last ones of the band */
    if (p + kept->halo_pixels < at->high) {
        unsigned others = (unsigned)at->high - kept->halo_pixels - p;
        p += others;
        written += others * kept->pixel_step;
    }
    if (p < end) {
        _copy_halo(nn, op, at->line, p, at->high, written, end - p, 0);
    }
}

void msfcnn_replay(const msfcnn_t *nn, const msfcnn_op_t *op, const msfcnn_position_t *at,
                   int8_t *to, unsigned pixels)
{
    _copy_halo(nn, op, at->line, at->pixel, at->fresh, to, pixels, 1);
}
