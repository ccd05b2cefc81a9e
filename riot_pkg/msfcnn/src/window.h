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
 * @brief   Marks what compilers take for smaller if it is inlined everywhere, and is not
 */
#ifdef __OPTIMIZE_SIZE__
#  define MSFCNN_ONE_COPY   __attribute__((noinline))
#else
#  define MSFCNN_ONE_COPY
#endif

/**
 * @brief   Some pixels of a line
 */
typedef struct {
    int8_t *at;             /**< first channel of the first pixel */
    size_t pixel_step;      /**< bytes from pixel to pixel */
    uint16_t channel_step;  /**< bytes from channel to channel */
} msfcnn_view_t;

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
 * @brief   Output channels of the running pass that an op computes
 */
unsigned msfcnn_channels(const msfcnn_t *nn, const msfcnn_op_t *op);

/**
 * @brief   A resident pixel of a tensor, and those behind it in its line
 */
msfcnn_view_t msfcnn_view(const msfcnn_t *nn, const msfcnn_tensor_t *tensor, unsigned line,
                          unsigned pixel);

/**
 * @brief   Pixel @p pixel in a run of pixels
 */
static inline msfcnn_view_t msfcnn_pixels(const msfcnn_t *nn, const msfcnn_tensor_t *run,
                                          unsigned pixel)
{
    unsigned index = pixel - nn->at[run->writer].from;

    return (msfcnn_view_t){ nn->arena + run->place + index * run->channels, run->channels, 1 };
}

/**
 * @brief   How many pixels, at most @p pixels, lie behind each other from a pixel of a ring on
 */
unsigned msfcnn_together(const msfcnn_t *nn, const msfcnn_tensor_t *ring, unsigned line,
                         unsigned pixel, unsigned pixels);

/**
 * @brief   Where op i writes its next pixels
 */
msfcnn_view_t msfcnn_target(const msfcnn_t *nn, unsigned i);

/**
 * @brief   What the next @p pixels outputs of op i read
 */
msfcnn_reach_t msfcnn_reach(const msfcnn_t *nn, unsigned i, unsigned pixels);

/**
 * @brief   Saves what the newest line is about to overwrite of the first line of a reach
 */
void msfcnn_save(msfcnn_t *nn, unsigned i, const msfcnn_reach_t *reach);

/**
 * @brief   The saved pixels of op i, from pixel @p pixel of the tensor on
 */
msfcnn_view_t msfcnn_saved(const msfcnn_t *nn, unsigned i, unsigned pixel);

/**
 * @brief   Copies what op i has just written to its second ring
 */
void msfcnn_feed(const msfcnn_t *nn, unsigned i, const msfcnn_view_t *written, unsigned pixels);

/**
 * @brief   Keeps the pixels that op i has just written for the next band, which needs some
 */
void msfcnn_keep(const msfcnn_t *nn, unsigned i, const msfcnn_view_t *written, unsigned pixels);

/**
 * @brief   Writes the next @p pixels of op i again, as they were kept in the band before
 */
void msfcnn_replay(const msfcnn_t *nn, unsigned i, const msfcnn_view_t *to, unsigned pixels);

#ifdef __cplusplus
}
#endif
