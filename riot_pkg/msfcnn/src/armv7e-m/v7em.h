/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

#pragma once

/**
 * @file
 * @ingroup     pkg_msfcnn
 * @brief       Inside of the kernels for Armv7E-M: instructions, assembly, what they share
 *
 * Words are read unaligned (LDR may, LDRD and LDM may not), so CCR.UNALIGN_TRP must be clear.
 */

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "../kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief   Words of a block's constants, beside its weights
 */
#define MSFCNN_V7EM_BLOCK_EXTRA     16

/**
 * @brief   With the words of an output's taps: lines are columns of a whole tensor
 *
 * Its kernel is square, has no dilation and at most MSFCNN_V7EM_ROWS lines.
 */
#define MSFCNN_V7EM_COLUMNS         2

/**
 * @brief   Kernel rows there may be with MSFCNN_V7EM_COLUMNS
 */
#define MSFCNN_V7EM_ROWS            7

/**
 * @brief   The taps of two pixels, kernel line by kernel line
 *
 * Taps of a kernel line are expanded by fours, as in msfcnn_v7em_expand(). What is left of each
 * line follows those of all lines: a0 a1, b0 b1, a2 a3, b2 b3, ...
 */
typedef struct {
    const int8_t *const *line;      /**< first kernel line */
    ptrdiff_t first;                /**< the first pixel's offset in a line, is moved on */
    void *rest_x;                   /**< where the taps beyond fours are expanded to */
    const int8_t *const *line_end;  /**< behind the last kernel line */
    ptrdiff_t second;               /**< from the first to the second pixel */
    size_t fours;                   /**< taps of a kernel line / 4, may be 0 */
    size_t rest;                    /**< taps of a kernel line beyond */
} msfcnn_v7em_lines_t;

/**
 * @brief   Pixels by any number of blocks of four outputs: one, or pairs
 */
typedef struct {
    const void *x;              /**< two pixels: expanded; one: its taps, multiple of 4 */
    const void *x_end;          /**< behind them */
    const uint32_t *blocks;     /**< taps + MSFCNN_V7EM_BLOCK_EXTRA words each */
    const uint32_t *blocks_end; /**< behind the last */
    int8_t *out;                /**< first output of the first pixel */
    size_t pixel_step;          /**< from there to the second pixel */
    size_t channel_step;        /**< to the next output */
    /* what follows is for pairs only */
    const int8_t *first;        /**< taps of the first pixel one behind the other, or NULL */
    size_t second;              /**< bytes from there to those of the next one */
    size_t pairs;               /**< of pixels, one behind the other; 1 if they are expanded */
    msfcnn_v7em_lines_t *lines; /**< the taps in lines, or NULL */
} msfcnn_v7em_blocks_t;

/**
 * @brief   Expands two pixels to int16 pairs
 *
 * Every four channels c of pixels a and b become a0 a2, b0 b2, a1 a3, b1 b3.
 *
 * @param[in]   a       first pixel
 * @param[in]   b       second pixel
 * @param[in]   fours   channels / 4, not 0
 * @param[out]  x       16 bytes for four channels, aligned to 4
 */
void msfcnn_v7em_expand(const int8_t *a, const int8_t *b, size_t fours, void *x);

/**
 * @brief   Outputs of two expanded pixels, or of several pairs that it expands
 *
 * @param[in,out] blocks    what they need; `first`, `out`, `pairs` and lines are moved on
 */
void msfcnn_v7em_pair(msfcnn_v7em_blocks_t *blocks);

/**
 * @brief   Outputs of a single pixel
 */
void msfcnn_v7em_single(const msfcnn_v7em_blocks_t *blocks);

/**
 * @brief   Outputs of the next pixel, or of the next two or more
 *
 * @param[in]     op        with blocks of constants
 * @param[in]     run       the run
 * @param[in,out] blocks    what it needs; `out` is moved on
 * @param[in]     pixels    1, 2, or where lines are expanded and channels are a multiple of four,
 *                          any even number
 * @param[in]     x         taps of a single pixel, or where two of them are expanded
 */
void msfcnn_v7em_outputs(const msfcnn_op_t *op, const msfcnn_run_t *run,
                         msfcnn_v7em_blocks_t *blocks, unsigned pixels, const void *x);

/**
 * @brief   Clamps what a run has written, where the op's clamp is narrower than int8
 */
void msfcnn_v7em_clamp_run(const msfcnn_op_t *op, const msfcnn_run_t *run);

/**
 * @brief   The same, without a call where there is nothing to do
 */
static inline void msfcnn_v7em_clamp(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
#ifndef __OPTIMIZE_SIZE__
    if ((op->clamp_low == INT8_MIN) && (op->clamp_high == INT8_MAX)) {
        return;
    }
#endif
    msfcnn_v7em_clamp_run(op, run);
}

/**
 * @brief   Pieces of code of depthwise_3x3.S, each for a few pixels
 */
enum {
    MSFCNN_V7EM_NEXT,           /**< the next channel, or the end */
    MSFCNN_V7EM_FOUR,           /**< four pixels, stride 1 only */
    MSFCNN_V7EM_TWO,            /**< two pixels; from here on once more for stride 2 */
    MSFCNN_V7EM_TWO_LEFT,       /**< the first tap is padding */
    MSFCNN_V7EM_TWO_RIGHT,      /**< the last tap is padding */
    MSFCNN_V7EM_ONE,
    MSFCNN_V7EM_ONE_LEFT,       /**< at stride 2 the last but at the right */
    MSFCNN_V7EM_ONE_RIGHT,
    MSFCNN_V7EM_TWO_ODD,        /**< stride 2: two pixels whose first tap has an odd address */
    MSFCNN_V7EM_N_PIECES,
    MSFCNN_V7EM_STRIDE_2 = MSFCNN_V7EM_N_PIECES - MSFCNN_V7EM_TWO,  /**< from stride 1 to 2 */
};

/**
 * @brief   Their addresses
 */
extern const uintptr_t msfcnn_v7em_pieces[MSFCNN_V7EM_N_PIECES + MSFCNN_V7EM_STRIDE_2];

/**
 * @brief   What a depthwise 3x3 kernel does for all channels of some pixels
 */
typedef struct {
    intptr_t next_line[3];      /**< from the end of a line to the next channel's beginning */
    intptr_t next_out;          /**< likewise of the output */
    size_t channels;            /**< at least 1 */
    const uintptr_t *pieces;    /**< addresses of code, the last is MSFCNN_V7EM_NEXT */
    size_t pixel_step;          /**< bytes from one output pixel to the next */
    int32_t pad;                /**< what a padded tap reads */
    uint32_t pad_first;         /**< likewise as the lowest byte of a word */
    uint32_t pad_last;          /**< likewise as the highest */
    const int8_t *line[3];      /**< first tap that exists, in each line */
    const uint32_t *constants;  /**< of the first channel */
    int8_t *out;                /**< first output of the first channel */
} msfcnn_v7em_planes_t;

/**
 * @brief   Depthwise 3x3 of some pixels
 */
void msfcnn_v7em_depthwise_3x3(const msfcnn_v7em_planes_t *planes);

/**
 * @brief   Computes a run of depthwise_v7em if that has few pixels and no padding
 *
 * @return  whether it has
 */
bool msfcnn_v7em_depthwise_short(const msfcnn_op_t *op, const msfcnn_run_t *run);

/**
 * @brief   Taps of an output, rounded up to a multiple of four
 */
static inline size_t msfcnn_v7em_taps(const msfcnn_op_t *op)
{
    return op->words & ~(size_t)3;
}

/**
 * @brief   What a run needs, from its first pixel on; what only pairs need is left open
 *
 * @param[in]   op      with blocks of constants
 * @param[in]   run     the run
 * @param[out]  blocks  what it needs
 */
static inline void msfcnn_v7em_begin(const msfcnn_op_t *op, const msfcnn_run_t *run,
                                     msfcnn_v7em_blocks_t *blocks)
{
    size_t words = msfcnn_v7em_taps(op) + MSFCNN_V7EM_BLOCK_EXTRA;

    blocks->blocks = (const uint32_t *)op->constants + run->channel / 4 * words;
    blocks->blocks_end = blocks->blocks + run->channels / 4 * words;
    blocks->out = run->out;
    blocks->pixel_step = run->out_pixel_step;
    blocks->channel_step = run->out_channel_step;
    blocks->lines = NULL;
}

/**
 * @brief   Outputs of pairs of pixels, where there is a multiple of four of them
 *
 * @param[in]     op        with blocks of constants
 * @param[in,out] blocks    what they need, with `first` and `second` or lines; is moved on
 * @param[in]     pixels    an even number
 * @param[out]    x         where two of them are expanded
 */
static inline void msfcnn_v7em_pairs(const msfcnn_op_t *op, msfcnn_v7em_blocks_t *blocks,
                                     unsigned pixels, int8_t *x)
{
    blocks->x = x;
    blocks->x_end = x + 4 * msfcnn_v7em_taps(op);
    blocks->pairs = pixels / 2;
    msfcnn_v7em_pair(blocks);
}

/**
 * @brief   How many pixels are computed together, of so many that are left: 1 or 2
 */
static inline unsigned msfcnn_v7em_together(const msfcnn_op_t *op, unsigned left)
{
    return ((left > 1) && (op->words % 2 == 0)) ? 2 : 1;
}

/**
 * @brief   Reads a word at any address
 */
static inline uint32_t msfcnn_v7em_load(const void *from)
{
    uint32_t word;

    memcpy(&word, from, sizeof(word));
    return word;
}

/**
 * @brief   Writes a word at any address
 */
static inline void msfcnn_v7em_store(void *to, uint32_t word)
{
    memcpy(to, &word, sizeof(word));
}

/**
 * @brief   Pieces of code of depthwise_rows.S: the next channel, then four, two or one pixel
 *
 * For five taps a line at stride 1 and 2, for seven taps at stride 1 and 2.
 */
extern const uintptr_t msfcnn_v7em_row_pieces[1 + 4 * 3];

/**
 * @brief   A kernel line
 */
typedef struct {
    int8_t *line;               /**< the next taps to read; is only written if it is a copy */
    const int8_t *source;       /**< what is copied there before each channel, or NULL */
    intptr_t next;              /**< from the end of a line to the next channel's beginning */
    size_t source_next;         /**< from there to the next channel's */
} msfcnn_v7em_row_t;

/**
 * @brief   What a depthwise kernel of five or seven taps a line does for some pixels
 */
typedef struct {
    msfcnn_v7em_row_t *rows;    /**< are moved on; at their ends if sources are copied */
    size_t n_rows;              /**< at least 1 */
    const uint32_t *constants;  /**< of the first channel */
    size_t size;                /**< bytes of constants of a channel */
    intptr_t next_out;          /**< from behind the last output to the next channel's first */
    int8_t *out;                /**< first output of the first channel */
    size_t pixel_step;          /**< bytes from one output pixel to the next */
    size_t channels;            /**< at least 1 */
    const uintptr_t *pieces;    /**< addresses of code, the last one is the next channel's */
    size_t before;              /**< bytes in front of where sources are copied to */
    size_t copied;              /**< bytes to copy from each source, at most 39; 0: none */
} msfcnn_v7em_rows_t;

/**
 * @brief   Depthwise of some pixels, without padding
 */
void msfcnn_v7em_depthwise_rows(const msfcnn_v7em_rows_t *rows);

/**
 * @brief   Byte 0 to 3 of a word, signed
 */
static inline int32_t msfcnn_v7em_byte(uint32_t word, unsigned index)
{
    return (int8_t)(word >> (8 * index));
}

/**
 * @brief   Saturates to int8
 */
static inline int8_t msfcnn_v7em_saturate(int32_t value)
{
    __asm__ ("ssat %0, #8, %0" : "+r"(value));
    return (int8_t)value;
}

/**
 * @brief   The larger of each pair of signed bytes
 *
 * Assembly, as <arm_acle.h> of GCC and of clang are not the same, and clang may be given GCC's.
 */
static inline uint32_t msfcnn_v7em_max(uint32_t a, uint32_t b)
{
    uint32_t larger;
    __asm__ ("ssub8 %0, %1, %2\n\tsel %0, %1, %2" : "=&r"(larger) : "r"(a), "r"(b));
    return larger;
}

/**
 * @brief   The smaller of each pair of signed bytes
 */
static inline uint32_t msfcnn_v7em_min(uint32_t a, uint32_t b)
{
    uint32_t smaller;
    __asm__ ("ssub8 %0, %2, %1\n\tsel %0, %1, %2" : "=&r"(smaller) : "r"(a), "r"(b));
    return smaller;
}

/**
 * @brief   Adds bytes 0 and 2 of a word, signed, to two sums of 16 bits
 */
static inline uint32_t msfcnn_v7em_add_even(uint32_t sums, uint32_t word)
{
    __asm__ ("sxtab16 %0, %0, %1" : "+r"(sums) : "r"(word));
    return sums;
}

/**
 * @brief   Adds bytes 1 and 3 of a word, signed, to two sums of 16 bits
 */
static inline uint32_t msfcnn_v7em_add_odd(uint32_t sums, uint32_t word)
{
    __asm__ ("sxtab16 %0, %0, %1, ror #8" : "+r"(sums) : "r"(word));
    return sums;
}

#ifdef __cplusplus
}
#endif
