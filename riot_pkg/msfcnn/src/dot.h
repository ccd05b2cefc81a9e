/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

#pragma once

/**
 * @file
 * @ingroup     pkg_msfcnn
 * @brief       Dot products of gathered taps with weights: the core of pointwise and convolution
 */

#include "dot_rv32.h"
#include "dot_xtensa.h"
#include "kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief   Outputs of some pixels
 *
 * @param[in]   op          clamp, zero point, constants (msfcnn_conv_t)
 * @param[in]   run         where outputs go, and the channel that the first of them is
 * @param[in]   x           taps of the first pixel, as contiguous as their weights
 * @param[in]   step        bytes from the taps of a pixel to those of the next one
 * @param[in]   taps        number of taps
 * @param[in]   pixel       index in the run of the first pixel
 * @param[in]   pixels      number of pixels
 * @param[in]   first       first output channel, counted from the run's first
 * @param[in]   channels    output channels
 */
void msfcnn_dot(const msfcnn_op_t *op, const msfcnn_run_t *run, const int8_t *x, size_t step,
                size_t taps, unsigned pixel, unsigned pixels, unsigned first, unsigned channels);

/**
 * @brief   Outputs of a tile
 */
#define MSFCNN_BLOCK    4

/**
 * @brief   Whether tiles know factors that are marked with MSFCNN_SHORT
 */
#if (MSFCNN_V6M && !defined(__OPTIMIZE_SIZE__)) || MSFCNN_DOT_XTENSA
#  define MSFCNN_SHORT_TILES    1
#else
#  define MSFCNN_SHORT_TILES    0
#endif

/**
 * @brief   What an output does with its sums, ready for many pixels
 */
typedef struct {
    int32_t bias;
#if MSFCNN_SHORT_TILES
    union {
        msfcnn_scale_t scale;   /**< a common one */
        msfcnn_short_scale_t short_scale;   /**< if all outputs of the tile have one */
    };
#else
    msfcnn_scale_t scale;       /**< a common one */
#endif
} msfcnn_tile_output_t;

/**
 * @brief   A tile, or several in a row: some pixels by four outputs
 */
typedef struct {
    msfcnn_range_t range;       /**< of the outputs */
    size_t taps;                /**< of an output */
    size_t step;                /**< bytes from the taps of a pixel to those of the next one */
    size_t pixel_step;          /**< bytes from one pixel of the output to the next */
    size_t channel_step;        /**< bytes from one output to the next; if not 1, pixel_step is 1 */
    const int8_t *x;            /**< taps of the first pixel */
    const int8_t *w;            /**< weights of the first output */
    int8_t *out;                /**< the first output of the first pixel */
#if MSFCNN_SHORT_TILES
    unsigned is_short;          /**< all factors are marked with MSFCNN_SHORT */
#endif
#if MSFCNN_DOT_RV32
    const int8_t *x_threes;     /**< behind the pixels of which three make a tile */
    const int8_t *x_end;        /**< behind all pixels, whose other tiles are of two */
    const int32_t *bias;        /**< of the first output, like the next two */
    const int32_t *multiplier;
    const uint8_t *shift;       /**< outputs whose shift is no common one are wrong ones */
    unsigned blocks;            /**< of four outputs, one behind the other; 1 or more */
#endif
    msfcnn_tile_output_t output[MSFCNN_BLOCK];
} msfcnn_tile_t;

/**
 * @brief   Some pixels by blocks of four outputs, on RV32IM
 *
 * @param[in]   tile        the first of them; of 2 pixels or more. Its `output` is not used
 */
void msfcnn_dot_rv32(const msfcnn_tile_t *tile);

/**
 * @brief   Likewise on Xtensa, if there are at most MSFCNN_PIXEL_TAPS taps
 *
 * @param[in]   tile        the first of them
 * @param[in]   pixels      2 or more
 */
void msfcnn_dot_xtensa(const msfcnn_tile_t *tile, unsigned pixels);

/**
 * @brief   Some pixels by four outputs, on Armv6-M
 *
 * @param[in]   tile        the first of them
 * @param[in]   pixels      1 or more
 */
void msfcnn_dot_v6m(const msfcnn_tile_t *tile, unsigned pixels);

#ifdef __cplusplus
}
#endif
