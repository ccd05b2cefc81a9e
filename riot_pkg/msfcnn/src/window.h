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
 *          loops may have several turns in one
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
 * @brief   The input pixels of a kernel run, in lines and pixels of the input
 */
typedef struct {
    int first;              /**< kernel line 0; negative: padding */
    int newest;             /**< last kernel line that exists; negative: there is none */
    int x;                  /**< first tap of the first pixel; negative: padding */
    uint16_t from;          /**< first pixel that exists */
    uint16_t end;           /**< end of those that exist */
    uint8_t phase_u;        /**< parts of a line behind the first kernel line */
    uint8_t phase_v;        /**< parts of a pixel behind the first tap */
    uint8_t slides;         /**< the newest line overwrites the first one, which is saved */
} msfcnn_reach_t;

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
 * @brief   The first line that is resident of a tensor of lines, from a pixel on
 */
int8_t *msfcnn_first_slot(const msfcnn_t *nn, const msfcnn_tensor_t *tensor, unsigned pixel);

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
 * @brief   What the next @p pixels outputs of an op read
 */
void msfcnn_reach(const msfcnn_op_t *op, const msfcnn_position_t *at, unsigned pixels,
                  msfcnn_reach_t *reach);

/**
 * @brief   Saves the pixels @p from to @p end - 1 of a line that an op reads; those in front are
 *          no longer needed
 */
void msfcnn_save(msfcnn_t *nn, const msfcnn_op_t *op, msfcnn_position_t *at, unsigned line,
                 unsigned from, unsigned end);

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
