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

unsigned msfcnn_channels(const msfcnn_t *nn, unsigned i)
{
    unsigned split = msfcnn_stage(nn)->split;
    unsigned left = msfcnn_op(nn, i)->out_channels - nn->channel;

    return (split != 0 && split < left) ? split : left;
}

/* a tensor of lines x pixels lies row by row, whatever a line is */
static msfcnn_view_t _whole(const msfcnn_t *nn, int8_t *base, unsigned lines, unsigned pixels,
                            size_t channels, unsigned line, unsigned pixel)
{
    size_t line_step = channels;
    size_t pixel_step = channels;

    if (msfcnn_stage(nn)->columns) {
        pixel_step *= lines;
    }
    else {
        line_step *= pixels;
    }
    return (msfcnn_view_t){ base + line * line_step + pixel * pixel_step, pixel_step, 1 };
}

/* the caller's image is only read, but views are also for writing */
static int8_t *_arena(const msfcnn_t *nn, uint32_t offset)
{
    return (offset == MSFCNN_IMAGE) ? (int8_t *)(uintptr_t)nn->image : nn->arena + offset;
}

msfcnn_view_t msfcnn_whole_input(const msfcnn_t *nn, unsigned line, unsigned pixel)
{
    const msfcnn_op_t *op = msfcnn_op(nn, 0);

    return _whole(nn, _arena(nn, msfcnn_stage(nn)->input), op->lines, op->pixels, op->in_channels,
                  line, pixel);
}

msfcnn_view_t msfcnn_slot(const msfcnn_t *nn, unsigned i, unsigned line, unsigned pixel)
{
    const msfcnn_op_t *op = msfcnn_op(nn, i);
    unsigned slot = (line < op->slots) ? line : line % op->slots;
    size_t offset = pixel - nn->at[i - 1].low;
    int8_t *base = nn->arena + op->window + (size_t)slot * op->length * op->in_channels;

    if (op->planar) {
        return (msfcnn_view_t){ base + offset, 1, op->length };
    }
    return (msfcnn_view_t){ base + offset * op->in_channels, op->in_channels, 1 };
}

msfcnn_view_t msfcnn_target(const msfcnn_t *nn, unsigned i)
{
    const msfcnn_stage_t *stage = msfcnn_stage(nn);
    const msfcnn_position_t *at = &nn->at[i];

    if (i + 1U == stage->n_ops) {
        msfcnn_view_t view = _whole(nn, nn->arena + stage->output, stage->out_lines,
                                    stage->out_pixels, stage->out_channels, at->line, at->pixel);
        view.at += stage->out_channel + nn->channel;
        return view;
    }
    const msfcnn_op_t *reader = msfcnn_op(nn, i + 1);
    if (reader->slots == 0) {
        return (msfcnn_view_t){ nn->arena + reader->window, reader->in_channels, 1 };
    }
    return msfcnn_slot(nn, i + 1, at->line, at->pixel);
}

msfcnn_reach_t msfcnn_reach(const msfcnn_t *nn, unsigned i, unsigned pixels)
{
    const msfcnn_op_t *op = msfcnn_op(nn, i);
    const msfcnn_shape_t *shape = op->shape;
    const msfcnn_position_t *at = &nn->at[i];
    msfcnn_reach_t r;

    r.first = at->line * shape->stride_u - shape->pad_u;
    r.newest = r.first + (shape->kernel_u - 1) * shape->dilation_u;
    r.slides = op->save && r.first >= 0 && r.newest < op->lines;
    if (r.newest >= op->lines) {
        r.newest = op->lines - 1;
    }
    r.x = at->pixel * shape->stride_v - shape->pad_v;
    int end = r.x + (int)(pixels - 1) * shape->stride_v +
              (shape->kernel_v - 1) * shape->dilation_v + 1;
    end = (end > op->pixels) ? op->pixels : (end < 0) ? 0 : end;
    r.end = (uint16_t)end;
    r.from = (uint16_t)((r.x < 0) ? 0 : (r.x > end) ? end : r.x);
    return r;
}

msfcnn_view_t msfcnn_saved(const msfcnn_t *nn, unsigned i, unsigned pixel)
{
    const msfcnn_op_t *op = msfcnn_op(nn, i);
    size_t offset = pixel - nn->at[i].saved_from;
    int8_t *base = nn->arena + op->window + (size_t)op->slots * op->length * op->in_channels;

    if (op->planar) {
        return (msfcnn_view_t){ base + offset, 1, op->save };
    }
    return (msfcnn_view_t){ base + offset * op->in_channels, op->in_channels, 1 };
}

/* bytes at any address: one load and one store where the processor can */
typedef struct {
    int8_t byte[4];
} four_t;

typedef struct {
    int8_t byte[2];
} two_t;

#define COPY_COLUMN(type_t)                                         \
    for (unsigned c = planes; c > 0; c--, x += from_step, y += to_step) { \
        *(type_t *)(void *)y = *(const type_t *)(const void *)x;    \
    }                                                               \
    n = sizeof(type_t)

/* a few pixels of all planes before the next: they are too few for a call for each plane, and the
 * copy may be one of what lies a little further on */
static void _copy_planes(int8_t *to, size_t to_step, const int8_t *from, size_t from_step,
                         unsigned planes, unsigned pixels)
{
    unsigned n;

    for (; pixels > 0; pixels -= n, to += n, from += n) {
        const int8_t *x = from;
        int8_t *y = to;

        if (pixels >= 4) {
            COPY_COLUMN(four_t);
        }
        else if (pixels >= 2) {
            COPY_COLUMN(two_t);
        }
        else {
            COPY_COLUMN(int8_t);
        }
    }
}

void msfcnn_save(msfcnn_t *nn, unsigned i, const msfcnn_reach_t *reach)
{
    const msfcnn_op_t *op = msfcnn_op(nn, i);
    msfcnn_position_t *at = &nn->at[i];

    if (at->saved_to < reach->from) {
        at->saved_from = at->saved_to = reach->from;
    }
    unsigned drop = (unsigned)(reach->from - at->saved_from);
    unsigned keep = (unsigned)(at->saved_to - reach->from);
    unsigned more = (reach->end > at->saved_to) ? (unsigned)(reach->end - at->saved_to) : 0;
    msfcnn_view_t old = msfcnn_slot(nn, i, (unsigned)reach->first, at->saved_to);
    unsigned channels = op->in_channels;

    at->saved_from = reach->from;
    at->saved_to = (uint16_t)(at->saved_to + more);
    int8_t *saved = msfcnn_saved(nn, i, reach->from).at;
    if (op->planar) {
        if (drop > 0) {
            _copy_planes(saved, op->save, saved + drop, op->save, channels, keep);
        }
        _copy_planes(saved + keep, op->save, old.at, old.channel_step, channels, more);
        return;
    }
    if (drop > 0) {
        memmove(saved, saved + drop * channels, keep * channels);
    }
    memcpy(saved + keep * channels, old.at, more * channels);
}

static void _copy(const msfcnn_view_t *to, const msfcnn_view_t *from, unsigned channels)
{
    if (to->channel_step == 1 && from->channel_step == 1) {
        memcpy(to->at, from->at, channels);
        return;
    }
    for (unsigned c = 0; c < channels; c++) {
        to->at[(size_t)c * to->channel_step] = from->at[(size_t)c * from->channel_step];
    }
}

/* index of a pixel of a residual, in the order in which its sum reads them */
static unsigned _ring_index(const msfcnn_op_t *sum, const msfcnn_position_t *at, unsigned line,
                            unsigned pixel)
{
    unsigned index = line * (unsigned)(at->high - at->fresh) + pixel - at->fresh;

    return index % sum->delay;
}

msfcnn_view_t msfcnn_second(const msfcnn_t *nn, unsigned i, unsigned *pixels)
{
    const msfcnn_op_t *op = msfcnn_op(nn, i);
    const msfcnn_position_t *at = &nn->at[i];

    if (op->reads == MSFCNN_GATE) {
        return (msfcnn_view_t){ _arena(nn, op->beside), 0, 1 };
    }
    if (op->delay == 0) {
        return _whole(nn, _arena(nn, op->beside), op->lines, op->pixels, op->out_channels,
                      at->line, at->pixel);
    }
    unsigned index = _ring_index(op, at, at->line, at->pixel);
    if (*pixels > op->delay - index) {
        *pixels = op->delay - index;
    }
    return (msfcnn_view_t){ nn->arena + op->beside + (size_t)index * op->out_channels,
                            op->out_channels, 1 };
}

void msfcnn_feed(const msfcnn_t *nn, unsigned i, const msfcnn_view_t *written, unsigned pixels)
{
    unsigned fed = msfcnn_op(nn, i)->feeds;
    const msfcnn_op_t *op = msfcnn_op(nn, fed);
    const msfcnn_position_t *at = &nn->at[fed];
    msfcnn_view_t from = *written;

    for (unsigned p = nn->at[i].pixel; pixels > 0; pixels--, p++, from.at += from.pixel_step) {
        if (p >= at->fresh && p < at->high) {
            unsigned index = _ring_index(op, at, nn->at[i].line, p);
            msfcnn_view_t to = { nn->arena + op->beside + (size_t)index * op->out_channels,
                                 op->out_channels, 1 };
            _copy(&to, &from, op->out_channels);
        }
    }
}

/* a line of the halo that an op keeps of the tensor it reads */
static MSFCNN_ONE_COPY int8_t *_halo(const msfcnn_t *nn, const msfcnn_op_t *op, unsigned line)
{
    return nn->arena + op->halo + (size_t)line * op->halo_pixels * op->in_channels;
}

void msfcnn_keep(const msfcnn_t *nn, unsigned i, const msfcnn_view_t *written, unsigned pixels)
{
    const msfcnn_op_t *reader = msfcnn_op(nn, i + 1);
    const msfcnn_position_t *at = &nn->at[i];
    unsigned p = at->pixel;
    unsigned end = p + pixels;
    msfcnn_view_t from = *written;

    /* the last ones of the band */
    if (end + reader->halo_pixels <= at->high) {
        return;
    }
    int8_t *halo = _halo(nn, reader, at->line);
    for (; p < end; p++, from.at += from.pixel_step) {
        if (p + reader->halo_pixels >= at->high) {
            size_t offset = p % reader->halo_pixels * (size_t)reader->in_channels;
            msfcnn_view_t to = { halo + offset, reader->in_channels, 1 };
            _copy(&to, &from, reader->in_channels);
        }
    }
}

void msfcnn_replay(const msfcnn_t *nn, unsigned i, const msfcnn_view_t *to, unsigned pixels)
{
    const msfcnn_op_t *reader = msfcnn_op(nn, i + 1);
    const msfcnn_position_t *at = &nn->at[i];
    int8_t *halo = _halo(nn, reader, at->line);
    msfcnn_view_t target = *to;

    for (unsigned p = at->pixel; pixels > 0; pixels--, p++, target.at += target.pixel_step) {
        size_t offset = p % reader->halo_pixels * (size_t)reader->in_channels;
        msfcnn_view_t from = { halo + offset, reader->in_channels, 1 };
        _copy(&target, &from, reader->in_channels);
    }
}
