/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

#pragma once

/**
 * @file
 * @ingroup     pkg_msfcnn
 * @brief       Inside of the kernels for Armv8.1-M with Helium (MVE)
 *
 * Vectors of bytes are read unaligned, others are aligned to their elements.
 */

#include <arm_mve.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "../kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief   Outputs of a block
 */
#define MSFCNN_MVE_BLOCK        4

/**
 * @brief   Words of a block's constants, beside its weights
 */
#define MSFCNN_MVE_BLOCK_EXTRA  9

/**
 * @brief   Bytes of a vector
 */
#define MSFCNN_MVE_LANES        16U

/**
 * @brief   Pixels, one or two at a time, by any number of blocks; dot_mve.S knows the offsets
 */
typedef struct {
    const int8_t *x[2];         /**< taps of the first pixels; are moved on */
    int8_t *out[2];             /**< their first outputs; are moved on */
    size_t x_step;              /**< bytes from those taps to the next */
    size_t out_step;            /**< likewise of the outputs */
    size_t turns;               /**< how often, at least 1; is counted down */
    size_t tail;                /**< taps that come first, 1 to 16 */
    size_t chunks;              /**< 16 taps each, behind those */
    int32_t zero;               /**< zero point of the output */
    const uint32_t *blocks_end; /**< behind the last block */
    const uint32_t *blocks;     /**< taps + MSFCNN_MVE_BLOCK_EXTRA words each */
    size_t count;               /**< of blocks, at least 1 */
    int32_t low;                /**< smallest output */
    int32_t high;               /**< largest output */
    uintptr_t room[4];          /**< for dot_mve.S */
} msfcnn_mve_blocks_t;

/**
 * @brief   Outputs of single pixels
 */
void msfcnn_mve_singles(msfcnn_mve_blocks_t *blocks);

/**
 * @brief   Outputs of pairs of pixels
 */
void msfcnn_mve_pairs(msfcnn_mve_blocks_t *blocks);

/**
 * @brief   Outputs of some pixels, stored where the run wants them
 *
 * @param[in]   op      with blocks of constants, op->words taps an output
 * @param[in]   run     the run
 * @param[in]   pixel   index in the run of the first pixel
 * @param[in]   pixels  at least 1
 * @param[in]   x       taps of the first pixel
 * @param[in]   step    bytes from the taps of one pixel to those of the next
 */
void msfcnn_mve_outputs(const msfcnn_op_t *op, const msfcnn_run_t *run, unsigned pixel,
                        unsigned pixels, const int8_t *x, size_t step);

/**
 * @brief   A tap of the first pixel
 */
typedef struct {
    const int8_t *from;         /**< its first channel */
    uint32_t moves;             /**< UINT32_MAX, or 0 for padding: the same for all */
} msfcnn_mve_tap_t;

/**
 * @brief   What a depthwise kernel does for some pixels; lanes_mve.S knows the offsets
 */
typedef struct {
    const void *taps;           /**< three kernel lines, or a table of msfcnn_mve_tap_t */
    size_t pairs;               /**< of taps in the table */
    size_t step;                /**< bytes from one tap of a line to the next */
    int32_t zero;               /**< zero point of the output */
    int32_t low;                /**< smallest output */
    int32_t high;               /**< largest output */
    size_t offset;              /**< from the taps to the first pixel's; is moved on */
    int8_t *out;                /**< first output; is moved on */
    size_t next;                /**< from behind the full blocks of a pixel's taps to the next */
    size_t out_next;            /**< likewise of the outputs */
    const uint32_t *constants;  /**< of the first channel */
    size_t full;                /**< blocks of 16 channels */
    size_t last;                /**< channels beyond */
    size_t pixels;              /**< at least 1; may be counted down */
    size_t odd;                 /**< whether there is a tap beside the pairs */
} msfcnn_mve_depthwise_t;

/**
 * @brief   Depthwise 3x3 of some pixels, all of whose taps exist
 */
void msfcnn_mve_depthwise_3x3(msfcnn_mve_depthwise_t *job);

/**
 * @brief   Depthwise of some pixels that have the same padding
 */
void msfcnn_mve_depthwise_any(msfcnn_mve_depthwise_t *job);

/**
 * @brief   Copies bytes
 *
 * @return  behind the copy
 */
static inline int8_t *msfcnn_mve_copy(int8_t *to, const int8_t *from, size_t n)
{
    int8_t *end = to + n;

    __asm__ volatile (
        "wlstp.8 lr, %2, 2f\n"
        "1: vldrb.u8 q0, [%1], #16\n"
        "vstrb.8 q0, [%0], #16\n"
        "letp lr, 1b\n"
        "2:\n"
        : "+r"(to), "+r"(from) : "r"(n) : "q0", "lr", "memory");
    return end;
}

/**
 * @brief   Fills bytes
 *
 * @return  behind them
 */
static inline int8_t *msfcnn_mve_fill(int8_t *to, int8_t value, size_t n)
{
    int8_t *end = to + n;

    __asm__ volatile (
        "vdup.8 q0, %1\n"
        "wlstp.8 lr, %2, 2f\n"
        "1: vstrb.8 q0, [%0], #16\n"
        "letp lr, 1b\n"
        "2:\n"
        : "+r"(to) : "r"(value), "r"(n) : "q0", "lr", "memory");
    return end;
}

#ifdef __cplusplus
}
#endif
