/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

#pragma once

/**
 * @file
 * @ingroup     pkg_msfcnn
 * @brief       Where the pixels of a stage lie: whole tensors, windows, saved pixels, halos, rings
 */

#include "msfcnn.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief   Marks what compilers take for smaller if it is inlined everywhere, and is not; whether
 *          there may be more code than is needed, for what is frequent
 */
#ifdef __OPTIMIZE_SIZE__
#  define MSFCNN_ONE_COPY   __attribute__((noinline))
#  define MSFCNN_UNROLL     0
#else
#  define MSFCNN_ONE_COPY
#  define MSFCNN_UNROLL     1
#endif

/**
 * @brief   Whether shortcuts for what is frequent are left out: the engine is built small, with
 *          portable kernels
 */
#if defined(__OPTIMIZE_SIZE__) && !(defined(MSFCNN_FALLBACK) && MSFCNN_FALLBACK)
#  define MSFCNN_SMALL      1
#else
#  define MSFCNN_SMALL      0
#endif

/**
 * @brief   The lines and pixels of its input that a kernel run reaches
 */
typedef struct {
    int first;              /**< kernel line 0; negative: padding */
    int newest;             /**< last kernel line that exists; negative: there is none */
    uint16_t end;           /**< end of the pixels that exist */
    uint16_t save;          /**< the newest line overwrites the first one, of which so many pixels
                                 can be saved; 0: it does not */
} msfcnn_reach_t;

/**
 * @brief   How lines of a tensor lie in the band that runs
 */
typedef struct {
    int8_t *first;          /**< the first slot, from some pixel on */
    size_t step;            /**< bytes from slot to slot */
    unsigned slots;         /**< line u lies in slot `u % slots` */
} msfcnn_lines_t;

/**
 * @brief   Whole lines or pixels in some parts, @p up of which make one; rounded down
 */
static inline int msfcnn_whole(int parts, unsigned up)
{
    if (up == 1) {
        return parts;
    }
    return (parts >= 0) ? parts / (int)up : -(((int)up - 1 - parts) / (int)up);
}

/**
 * @brief   Moves a tensor up, over what is dead
 */
void msfcnn_move(int8_t *to, const int8_t *from, size_t size);

/**
 * @brief   Where a tensor begins that has all its lines
 *
 * The caller's inputs are only read, but other tensors are written, too.
 */
static inline int8_t *msfcnn_base(const msfcnn_t *nn, const msfcnn_tensor_t *tensor)
{
    if (tensor->place < MSFCNN_BESIDE) {
        return nn->arena + tensor->place;
    }
    return (int8_t *)(uintptr_t)((tensor->place == MSFCNN_IMAGE)
                                 ? nn->image
                                 : nn->beside + (tensor->place - MSFCNN_BESIDE));
}

/**
 * @brief   The first tap of the next output in pixels of the input, negative: padding
 */
static inline int msfcnn_first_tap(const msfcnn_shape_t *shape, const msfcnn_position_t *at)
{
    return msfcnn_whole(at->pixel * shape->stride_v - shape->pad_v, shape->up_v);
}

/**
 * @brief   The first pixel that exists of those that an op reaches next, where the first tap is @p x
 */
static inline unsigned msfcnn_from(const msfcnn_reach_t *reach, int x)
{
    return (x < 0) ? 0 : (x > reach->end) ? reach->end : (unsigned)x;
}

/**
 * @brief   Where a resident pixel of a tensor lies, and those behind it in its line
 */
int8_t *msfcnn_at(const msfcnn_t *nn, const msfcnn_tensor_t *tensor, unsigned line, unsigned pixel);

/**
 * @brief   Where pixel @p pixel of a run of pixels lies
 */
static inline int8_t *msfcnn_in_run(const msfcnn_t *nn, const msfcnn_tensor_t *run, unsigned pixel)
{
    unsigned index = pixel - nn->at[run->writer].from;

    return nn->arena + run->place + index * run->channels;
}

/**
 * @brief   How many pixels, at most @p pixels, lie behind each other from a pixel of a ring or of
 *          shared lines on
 */
unsigned msfcnn_together(const msfcnn_t *nn, const msfcnn_tensor_t *tensor, unsigned line,
                         unsigned pixel, unsigned pixels);

/**
 * @brief   How many pixels, at most @p pixels, can be written to a ring or shared lines in one go
 *
 * Of shared lines those are saved first that will be overwritten.
 */
unsigned msfcnn_make_room(msfcnn_t *nn, const msfcnn_tensor_t *tensor, unsigned line,
                          unsigned pixel, unsigned pixels);

/**
 * @brief   Whether lines lie so in this band that the newest one overwrites none that is read
 *
 * The first band of a stage has more pixels than those behind it, whose lines fit one by one where
 * those of the first one share a slot.
 */
static inline int msfcnn_is_narrow(const msfcnn_position_t *writer, const msfcnn_tensor_t *lines)
{
    return !MSFCNN_SMALL && writer->pitch != lines->length;
}

/**
 * @brief   How lines lie, from a pixel on: those of the caller, whole tensors or windows of lines
 */
static inline msfcnn_lines_t msfcnn_lines(const msfcnn_t *nn, const msfcnn_tensor_t *tensor,
                                          unsigned pixel)
{
    msfcnn_lines_t lines = { NULL, tensor->line_step, tensor->slots };

    if (tensor->kind != MSFCNN_WHOLE) {
        const msfcnn_position_t *writer = &nn->at[tensor->writer];
        pixel -= writer->low;
        if (msfcnn_is_narrow(writer, tensor)) {
            lines.step = (size_t)writer->pitch * tensor->channels;
            lines.slots++;
        }
    }
    lines.first = msfcnn_base(nn, tensor) + pixel * tensor->pixel_step;
    return lines;
}

/**
 * @brief   Bytes from one channel of a tensor to the next
 */
static inline uint16_t msfcnn_channel_step(const msfcnn_t *nn, const msfcnn_tensor_t *tensor)
{
    if (MSFCNN_SMALL || tensor->channel_step == 1) {
        return tensor->channel_step;
    }
    return nn->at[tensor->writer].pitch;
}

/**
 * @brief   The pixels @p from to @p end - 1 of a shared line, one behind the other
 */
int8_t *msfcnn_shared_line(msfcnn_t *nn, const msfcnn_tensor_t *shared, unsigned line,
                           unsigned from, unsigned end);

/**
 * @brief   Where an op writes its next pixels; @p at is where it is
 */
int8_t *msfcnn_target(const msfcnn_t *nn, const msfcnn_op_t *op, const msfcnn_position_t *at);

/**
 * @brief   Saves the pixels @p from to @p end - 1 of a line that an op reads; those in front are
 *          no longer needed
 *
 * @param[in]   save    how many there is room for
 */
void msfcnn_save(msfcnn_t *nn, const msfcnn_op_t *op, msfcnn_position_t *at, unsigned line,
                 unsigned from, unsigned end, unsigned save);

/**
 * @brief   The saved pixels of an op, from pixel @p pixel of the tensor on
 */
int8_t *msfcnn_saved(const msfcnn_t *nn, const msfcnn_op_t *op, const msfcnn_position_t *at,
                     unsigned pixel);

/**
 * @brief   Copies what an op has just written to its second ring
 */
void msfcnn_feed(const msfcnn_t *nn, const msfcnn_op_t *op, const msfcnn_position_t *at,
                 const int8_t *written, unsigned pixels);

/**
 * @brief   Keeps the pixels that an op has just written for the next band, which needs some
 */
void msfcnn_keep(const msfcnn_t *nn, const msfcnn_op_t *op, const msfcnn_position_t *at,
                 int8_t *written, unsigned pixels);

/**
 * @brief   Writes the next @p pixels of an op again, as they were kept in the band before
 */
void msfcnn_replay(const msfcnn_t *nn, const msfcnn_op_t *op, const msfcnn_position_t *at,
                   int8_t *to, unsigned pixels);

#ifdef __cplusplus
}
#endif
