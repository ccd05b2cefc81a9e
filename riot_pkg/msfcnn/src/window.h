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
    uint8_t slides;         /**< the newest line overwrites the first one, which is saved */
} msfcnn_reach_t;

static inline const msfcnn_stage_t *msfcnn_stage(const msfcnn_t *nn)
{
    return nn->running;
}

static inline const msfcnn_op_t *msfcnn_op(const msfcnn_t *nn, unsigned i)
{
    return nn->ops + i;
}

/**
 * @brief   Output channels of the running pass that op i computes
 */
unsigned msfcnn_channels(const msfcnn_t *nn, unsigned i);

/**
 * @brief   Pixel @p pixel of line @p line of the whole tensor that the stage reads
 */
msfcnn_view_t msfcnn_whole_input(const msfcnn_t *nn, unsigned line, unsigned pixel);

/**
 * @brief   Where op i writes its next pixels
 */
msfcnn_view_t msfcnn_target(const msfcnn_t *nn, unsigned i);

/**
 * @brief   What the next @p pixels outputs of op i read
 */
msfcnn_reach_t msfcnn_reach(const msfcnn_t *nn, unsigned i, unsigned pixels);

/**
 * @brief   Line @p line of the window of op i > 0, from pixel @p pixel of the tensor on
 */
msfcnn_view_t msfcnn_slot(const msfcnn_t *nn, unsigned i, unsigned line, unsigned pixel);

/**
 * @brief   Saves what the newest line is about to overwrite of the first line of a reach
 */
void msfcnn_save(msfcnn_t *nn, unsigned i, const msfcnn_reach_t *reach);

/**
 * @brief   The saved pixels of op i, from pixel @p pixel of the tensor on
 */
msfcnn_view_t msfcnn_saved(const msfcnn_t *nn, unsigned i, unsigned pixel);

/**
 * @brief   The second input of op i at its next pixel
 *
 * @param[in]       nn      context
 * @param[in]       i       op
 * @param[in,out]   pixels  how many are wanted; how many lie there one behind the other
 */
msfcnn_view_t msfcnn_second(const msfcnn_t *nn, unsigned i, unsigned *pixels);

/**
 * @brief   Copies what op i has just written to the ring of the residual that it feeds
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
