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

unsigned msfcnn_channels(const msfcnn_t *nn, const msfcnn_op_t *op)
{
    unsigned split = nn->running->split;
    unsigned left = op->out_channels - nn->channel;

    return (split != 0 && split < left) ? split : left;
}

/* the caller's inputs are only read, but views are also for writing */
static int8_t *_base(const msfcnn_t *nn, const msfcnn_tensor_t *tensor)
{
    if (tensor->place < MSFCNN_BESIDE) {
        return nn->arena + tensor->place;
    }
    return (int8_t *)(uintptr_t)((tensor->place == MSFCNN_IMAGE)
                                 ? nn->image
                                 : nn->beside + (tensor->place - MSFCNN_BESIDE));
}

/* index of a pixel in a ring; those of a band follow each other line by line */
static unsigned _ring_index(const msfcnn_t *nn, const msfcnn_tensor_t *ring, unsigned line,
                            unsigned pixel)
{
    const msfcnn_position_t *at = &nn->at[ring->owner];
    unsigned low = (ring->kind == MSFCNN_COPY) ? at->fresh : at->low;

    return (line * (at->high - low) + pixel - low) % ring->length;
}

unsigned msfcnn_together(const msfcnn_t *nn, const msfcnn_tensor_t *ring, unsigned line,
                         unsigned pixel, unsigned pixels)
{
    unsigned left = ring->length - _ring_index(nn, ring, line, pixel);

    return (pixels < left) ? pixels : left;
}

msfcnn_view_t msfcnn_view(const msfcnn_t *nn, const msfcnn_tensor_t *tensor, unsigned line,
                          unsigned pixel)
{
    msfcnn_view_t view = { _base(nn, tensor), tensor->pixel_step, tensor->channel_step };

    if (tensor->kind <= MSFCNN_LINES) {
        unsigned slot = (line < tensor->slots) ? line : line % tensor->slots;
        view.at += (size_t)slot * tensor->line_step;
        if (tensor->kind == MSFCNN_LINES) {
            pixel -= nn->at[tensor->writer].low;
        }
    }
    else if (tensor->kind == MSFCNN_PIXELS) {
        pixel -= nn->at[tensor->writer].from;
    }
    else {
        pixel = _ring_index(nn, tensor, line, pixel);
    }
    view.at += pixel * view.pixel_step;
    return view;
}

msfcnn_view_t msfcnn_target(const msfcnn_t *nn, unsigned i)
{
    const msfcnn_op_t *op = &nn->ops[i];
    const msfcnn_position_t *at = &nn->at[i];

    if (op->output->kind == MSFCNN_PIXELS) {    /* one op writes all of it */
        return msfcnn_pixels(nn, op->output, at->pixel);
    }
    msfcnn_view_t view = msfcnn_view(nn, op->output, at->line, at->pixel);
    view.at += (size_t)op->out_channel * view.channel_step;
    if (op->band != 0) {
        view.at += nn->channel;
    }
    return view;
}

msfcnn_reach_t msfcnn_reach(const msfcnn_t *nn, unsigned i, unsigned pixels)
{
    const msfcnn_op_t *op = &nn->ops[i];
    const msfcnn_shape_t *shape = op->shape;
    const msfcnn_position_t *at = &nn->at[i];
    msfcnn_reach_t r;

    int parts = at->line * shape->stride_u - shape->pad_u;
    r.first = msfcnn_whole(parts, shape->up_u);
    r.phase_u = (uint8_t)(parts - r.first * shape->up_u);
    r.newest = r.first + (shape->kernel_u - 1) * shape->dilation_u;
    r.slides = op->input->save && r.first >= 0 && r.newest < op->lines;
    if (r.newest >= op->lines) {
        r.newest = op->lines - 1;
    }
    parts = at->pixel * shape->stride_v - shape->pad_v;
    r.x = msfcnn_whole(parts, shape->up_v);
    r.phase_v = (uint8_t)(parts - r.x * shape->up_v);
    int end = msfcnn_whole(parts + (int)(pixels - 1) * shape->stride_v, shape->up_v) +
              (shape->kernel_v - 1) * shape->dilation_v + 1;
    end = (end > op->pixels) ? op->pixels : (end < 0) ? 0 : end;
    r.end = (uint16_t)end;
    r.from = (uint16_t)((r.x < 0) ? 0 : (r.x > end) ? end : r.x);
    return r;
}

msfcnn_view_t msfcnn_saved(const msfcnn_t *nn, unsigned i, unsigned pixel)
{
    const msfcnn_tensor_t *window = nn->ops[i].input;
    size_t offset = pixel - nn->at[i].saved_from;
    int8_t *base = nn->arena + window->place + (size_t)window->slots * window->line_step;

    return (msfcnn_view_t){ base + offset * window->pixel_step, window->pixel_step,
                            (window->channel_step == 1) ? 1 : window->save };
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
    const msfcnn_tensor_t *window = nn->ops[i].input;
    msfcnn_position_t *at = &nn->at[i];

    if (at->saved_to < reach->from) {
        at->saved_from = at->saved_to = reach->from;
    }
    unsigned drop = (unsigned)(reach->from - at->saved_from);
    unsigned keep = (unsigned)(at->saved_to - reach->from);
    unsigned more = (reach->end > at->saved_to) ? (unsigned)(reach->end - at->saved_to) : 0;
    msfcnn_view_t old = msfcnn_view(nn, window, (unsigned)reach->first, at->saved_to);
    unsigned channels = window->channels;

    at->saved_from = reach->from;
    at->saved_to = (uint16_t)(at->saved_to + more);
    int8_t *saved = msfcnn_saved(nn, i, reach->from).at;
    if (old.channel_step != 1) {
        if (drop > 0) {
            _copy_planes(saved, window->save, saved + drop, window->save, channels, keep);
        }
        _copy_planes(saved + keep, window->save, old.at, old.channel_step, channels, more);
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

void msfcnn_feed(const msfcnn_t *nn, unsigned i, const msfcnn_view_t *written, unsigned pixels)
{
    const msfcnn_op_t *op = &nn->ops[i];
    const msfcnn_position_t *at = &nn->at[op->copy->owner];
    msfcnn_view_t from = *written;

    for (unsigned p = nn->at[i].pixel; pixels > 0; pixels--, p++, from.at += from.pixel_step) {
        if (p >= at->fresh && p < at->high) {
            msfcnn_view_t to = msfcnn_view(nn, op->copy, nn->at[i].line, p);
            to.at += op->out_channel;
            _copy(&to, &from, op->out_channels);
        }
    }
}

/* the line of kept pixels that belongs to the line which op i writes */
static MSFCNN_ONE_COPY int8_t *_halo(const msfcnn_t *nn, unsigned i)
{
    const msfcnn_op_t *op = &nn->ops[i];
    const msfcnn_tensor_t *kept = op->output;

    return nn->arena + kept->halo + op->out_channel +
           (size_t)nn->at[i].line * kept->halo_pixels * kept->channels;
}

void msfcnn_keep(const msfcnn_t *nn, unsigned i, const msfcnn_view_t *written, unsigned pixels)
{
    const msfcnn_op_t *op = &nn->ops[i];
    const msfcnn_position_t *at = &nn->at[i];
    unsigned halo_pixels = op->output->halo_pixels;
    unsigned p = at->pixel;
    unsigned end = p + pixels;
    msfcnn_view_t from = *written;

    /* the last ones of the band */
    if (end + halo_pixels <= at->high) {
        return;
    }
    if (p + halo_pixels < at->high) {
        unsigned others = at->high - halo_pixels - p;
        p += others;
        from.at += others * from.pixel_step;
    }
    msfcnn_view_t to = { _halo(nn, i), op->output->channels, 1 };
    int8_t *begin = to.at;
    unsigned index = p % halo_pixels;
    for (to.at += index * to.pixel_step; p < end; p++) {
        _copy(&to, &from, op->out_channels);
        from.at += from.pixel_step;
        to.at += to.pixel_step;
        if (++index == halo_pixels) {
            index = 0;
            to.at = begin;
        }
    }
}

void msfcnn_replay(const msfcnn_t *nn, unsigned i, const msfcnn_view_t *to, unsigned pixels)
{
    const msfcnn_tensor_t *kept = nn->ops[i].output;
    int8_t *begin = _halo(nn, i);
    unsigned index = nn->at[i].pixel % kept->halo_pixels;
    msfcnn_view_t from = { begin + (size_t)index * kept->channels, kept->channels, 1 };
    msfcnn_view_t target = *to;

    for (; pixels > 0; pixels--) {
        _copy(&target, &from, nn->ops[i].out_channels);
        target.at += target.pixel_step;
        from.at += from.pixel_step;
        if (++index == kept->halo_pixels) {
            index = 0;
            from.at = begin;
        }
    }
}
