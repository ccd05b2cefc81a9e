/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

#pragma once

/**
 * @file
 * @ingroup     pkg_msfcnn
 * @brief       Xtensa with MAC16 (ESP32: LX6, ESP32-S3: LX7): what its kernels share
 *
 * MAC16 multiplies halves of words and adds up 40 bits; of both factors the next word is loaded
 * meanwhile. Inputs are therefore expanded to 16 bits, four at a time, as upper bytes: a word has
 * the taps 1 and 3, the next one the taps 0 and 2. Weights are 16 bits in the same order. Sums
 * have eight fraction bits, and so have biases.
 */

/* what the core has: compilers say it since GCC 13, a header of the core else */
#if defined(__XTENSA__) && !defined(__XCHAL_HAVE_MAC16)
#  if __has_include(<xtensa/config/core-isa.h>)
#    include <xtensa/config/core-isa.h>
#    define __XCHAL_HAVE_MAC16          XCHAL_HAVE_MAC16
#    define __XCHAL_HAVE_LOOPS          XCHAL_HAVE_LOOPS
#    define __XCHAL_HAVE_CLAMPS         XCHAL_HAVE_CLAMPS
#    define __XCHAL_HAVE_SEXT           XCHAL_HAVE_SEXT
#    define __XCHAL_HAVE_MUL32_HIGH     XCHAL_HAVE_MUL32_HIGH
#  endif
#endif
#if !defined(__XCHAL_HAVE_MAC16) || !__XCHAL_HAVE_MAC16 || !__XCHAL_HAVE_LOOPS \
    || !__XCHAL_HAVE_CLAMPS || !__XCHAL_HAVE_SEXT
#  error "msfcnn: xtensa.mac16 needs a core with MAC16, loops, CLAMPS and SEXT; use isa generic"
#endif

/* msfcnn_mac16_t */
#define MSFCNN_MAC16_X          0
#define MSFCNN_MAC16_W          4
#define MSFCNN_MAC16_QUADS      8
#define MSFCNN_MAC16_OUT        12
#define MSFCNN_MAC16_OUT_STEP   16
#define MSFCNN_MAC16_W_END      20

#ifdef __ASSEMBLER__

/* of a function that calls no other; a2 to a15 may be used, and the frame from 16 on */
    .macro  MSFCNN_ENTER    frame = 16
#ifdef __XTENSA_CALL0_ABI__
    addi    a1, a1, -\frame
    s32i    a12, a1, 0
    s32i    a13, a1, 4
    s32i    a14, a1, 8
    s32i    a15, a1, 12
#else
    entry   a1, \frame + 16
#endif
    .endm

    .macro  MSFCNN_LEAVE    frame = 16
#ifdef __XTENSA_CALL0_ABI__
    l32i    a12, a1, 0
    l32i    a13, a1, 4
    l32i    a14, a1, 8
    l32i    a15, a1, 12
    addi    a1, a1, \frame
    ret
#else
    retw
#endif
    .endm

/* sum = upper half of sum * factor; without the instruction by halves, with three registers more */
    .macro  MSFCNN_MULTIPLY_HIGH    sum, factor, a, b, c
#if defined(__XCHAL_HAVE_MUL32_HIGH) && __XCHAL_HAVE_MUL32_HIGH
    mulsh   \sum, \sum, \factor
#else
    mul16u  \a, \sum, \factor
    srai    \b, \sum, 16
    extui   \a, \a, 16, 16
    extui   \c, \factor, 0, 16
    mull    \c, \b, \c
    add     \a, \a, \c
    extui   \c, \factor, 16, 16
    mull    \b, \b, \c
    mul16u  \sum, \sum, \c
    extui   \c, \a, 0, 16
    srai    \a, \a, 16
    add     \sum, \sum, \c
    srai    \sum, \sum, 16
    add     \a, \a, \b
    add     \sum, \sum, \a
#endif
    .endm

#else /* __ASSEMBLER__ */

#include "../kernels.h"

/**
 * @brief   Words of an output beside its weights: bias, multiplier, shift, zero point and a half
 */
#define MSFCNN_MAC16_EXTRA      4

/**
 * @brief   Dot products of a pixel with the weights of some outputs
 */
typedef struct {
    const uint32_t *x;          /**< its taps, expanded; one word more can be read */
    const uint32_t *w;          /**< blocks of the outputs: weights and MSFCNN_MAC16_EXTRA words */
    unsigned quads;             /**< taps of an output, divided by four */
    int8_t *out;                /**< the first output */
    size_t out_step;            /**< bytes from one output to the next */
    const uint32_t *w_end;      /**< behind the blocks, of 1 or more outputs */
} msfcnn_mac16_t;

/**
 * @brief   Expands taps to upper bytes of 16 bits
 *
 * @param[in]   from    the first of them
 * @param[out]  to      two words for each four of them, aligned to 4
 * @param[in]   taps    how many; what is left of a last four is anything
 */
void msfcnn_mac16_expand(const int8_t *from, uint32_t *to, unsigned taps);

/**
 * @brief   Outputs of a pixel, clamped to int8
 *
 * @param[in]   job     what to multiply
 */
void msfcnn_mac16_outputs(const msfcnn_mac16_t *job);

/**
 * @brief   Clamps the outputs of a run, if int8 is not what they are clamped to
 *
 * @param[in]   op      its bounds
 * @param[in]   run     where the outputs are
 */
void msfcnn_mac16_clamp(const msfcnn_op_t *op, const msfcnn_run_t *run);

#endif /* __ASSEMBLER__ */
