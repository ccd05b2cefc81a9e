/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/*
 * Dot products and their rounding for Xtensa without MAC16 (LX106): tiles of three or two pixels by
 * two outputs.
 *
 * Bytes are loaded without their sign. To shift an input to the upper half of 16 bits is half of
 * what extending it takes: sums have eight fraction bits.
 */

#include "dot_xtensa.h"

#if MSFCNN_DOT_XTENSA

/* msfcnn_tile_t */
#define RANGE_LOW   8
#define RANGE_HIGH  12
#define TAPS        16
#define STEP        20
#define PIXEL_STEP  24
#define CHAN_STEP   28
#define X           32
#define W           36
#define OUT         40
#define OUTPUT      44          /* of each of the four: */
#define BIAS        0
#define FACTOR_LOW  4
#define FACTOR_HIGH 6
#define ROUNDING    8
#define SHIFT       12

/* on the stack */
#define TILE        0
#define WEIGHTS     4           /* of the first one */
#define WEIGHTS_END 8
#define ODD_END     12          /* of the taps that are no multiple of four */
#define NEXT_X      16
#define NEXT_OUT    20
#define LEFT        24
#define LOW         28
#define HIGH        32
#define PIXELS      36          /* of all tiles */
#define OUTPUTS     40          /* the first of the two */
#define SAVED       44
#define FRAME       64

/* a2-a7: sums; a8-a10: pixels, a11, a12: weights */

    .macro  PIXEL   n, at, sum, second
    l8ui    a15, \at, \n
    slli    a15, a15, 8
    mul16s  a0, a15, a13
    add.n   \sum, \sum, a0
    mul16s  a15, a15, a14
    add.n   \second, \second, a15
    .endm

    .macro  TAP     pixels, n
    l8ui    a13, a11, \n
    l8ui    a14, a12, \n
    slli    a13, a13, 24
    slli    a14, a14, 24
    srai    a13, a13, 24
    srai    a14, a14, 24
    PIXEL   \n, a8, a2, a3
    PIXEL   \n, a9, a4, a5
    .if \pixels == 3
    PIXEL   \n, a10, a6, a7
    .endif
    .endm

    .macro  SKIP    pixels, taps
    addi.n  a8, a8, \taps
    addi.n  a9, a9, \taps
    .if \pixels == 3
    addi.n  a10, a10, \taps
    .endif
    addi.n  a11, a11, \taps
    addi.n  a12, a12, \taps
    .endm

/* a8: lower half of the factor, a9: upper half, a10: zero point and a half, a11: bias, a12: where
 * to, a13: from one pixel to the next */
    .macro  STORE   sum
    srai    \sum, \sum, 8
    add.n   \sum, \sum, a11
    /* upper half of the product, by halves: none of the sums leaves 32 bits */
    extui   a14, \sum, 0, 16
    srai    \sum, \sum, 16
    mul16u  a15, a14, a8
    mull    a0, \sum, a8
    extui   a15, a15, 16, 16
    add.n   a15, a15, a0
    mull    a14, a14, a9
    mull    \sum, \sum, a9
    extui   a0, a15, 0, 16
    add.n   a14, a14, a0
    srai    a15, a15, 16
    srai    a14, a14, 16
    add.n   \sum, \sum, a15
    add.n   \sum, \sum, a14
    /* the zero point and a half, and the shift */
    add.n   \sum, \sum, a10
    sra     \sum, \sum
    l32i.n  a14, a1, LOW
    l32i.n  a15, a1, HIGH
    bge     \sum, a14, 1f
    mov.n   \sum, a14
1:  bge     a15, \sum, 2f
    mov.n   \sum, a15
2:  s8i     \sum, a12, 0
    add.n   a12, a12, a13
    .endm

    .macro  STORE_ALL   pixels, n, a, b, c
    l32i.n  a15, a1, OUTPUTS
    l32i.n  a14, a15, 16 * \n + SHIFT
    l16ui   a8, a15, 16 * \n + FACTOR_LOW
    l16ui   a9, a15, 16 * \n + FACTOR_HIGH
    l32i.n  a10, a15, 16 * \n + ROUNDING
    l32i.n  a11, a15, 16 * \n + BIAS
    ssr     a14
    STORE   \a
    STORE   \b
    .if \pixels == 3
    STORE   \c
    .endif
    .endm

    /* a3: pixels left */
    .macro  TILE_OF pixels
    addi    a3, a3, -\pixels
    s32i.n  a3, a1, LEFT
    l32i.n  a15, a1, TILE
    l32i.n  a8, a1, NEXT_X
    l32i.n  a13, a15, STEP
    l32i.n  a11, a1, WEIGHTS
    l32i.n  a12, a1, WEIGHTS_END
    add.n   a9, a8, a13
    .if \pixels == 3
    add.n   a10, a9, a13
    add.n   a13, a10, a13
    .else
    add.n   a13, a9, a13
    .endif
    s32i.n  a13, a1, NEXT_X
    l32i.n  a13, a1, ODD_END
    movi.n  a2, 0
    movi.n  a3, 0
    movi.n  a4, 0
    movi.n  a5, 0
    .if \pixels == 3
    movi.n  a6, 0
    movi.n  a7, 0
    .endif
    beq     a11, a13, 4f
3:  TAP     \pixels, 0
    SKIP    \pixels, 1
    l32i.n  a13, a1, ODD_END
    bne     a11, a13, 3b
    l32i.n  a13, a1, WEIGHTS_END
    beq     a11, a13, 5f
4:  TAP     \pixels, 0
    TAP     \pixels, 1
    TAP     \pixels, 2
    TAP     \pixels, 3
    SKIP    \pixels, 4
    l32i.n  a13, a1, WEIGHTS_END
    bne     a11, a13, 4b
5:  l32i.n  a15, a1, TILE
    l32i.n  a12, a1, NEXT_OUT
    l32i.n  a13, a15, PIXEL_STEP
    STORE_ALL \pixels, 0, a2, a4, a6
    l32i.n  a15, a1, TILE
    l32i.n  a14, a1, NEXT_OUT
    l32i.n  a15, a15, CHAN_STEP
    s32i.n  a12, a1, NEXT_OUT
    add.n   a12, a14, a15
    STORE_ALL \pixels, 1, a3, a5, a7
    l32i.n  a3, a1, LEFT
    .endm

    .section .text.msfcnn_dot_xtensa, "ax", @progbits
    .align  4
    .global msfcnn_dot_xtensa
    .type   msfcnn_dot_xtensa, @function
msfcnn_dot_xtensa:
    addi    a1, a1, -FRAME
    s32i.n  a0, a1, SAVED
    s32i.n  a12, a1, SAVED + 4
    s32i.n  a13, a1, SAVED + 8
    s32i.n  a14, a1, SAVED + 12
    s32i.n  a15, a1, SAVED + 16
    s32i.n  a2, a1, TILE
    s32i.n  a3, a1, PIXELS
    l32i.n  a8, a2, RANGE_LOW
    l32i.n  a9, a2, RANGE_HIGH
    s32i.n  a8, a1, LOW
    s32i.n  a9, a1, HIGH
    l32i.n  a6, a2, W
    l32i.n  a5, a2, OUT
    addi    a4, a2, OUTPUT
.Louts:
    /* a2: tile, a3: pixels, a4: outputs, a5: where to, a6: weights */
    l32i.n  a7, a2, TAPS
    l32i.n  a8, a2, X
    s32i.n  a4, a1, OUTPUTS
    s32i.n  a5, a1, NEXT_OUT
    s32i.n  a6, a1, WEIGHTS
    s32i.n  a8, a1, NEXT_X
    add.n   a8, a6, a7
    s32i.n  a8, a1, WEIGHTS_END
    extui   a7, a7, 0, 2
    add.n   a7, a6, a7
    s32i.n  a7, a1, ODD_END
    /* four pixels are two times two, so that none is left alone */
.Lnext:
    beqi    a3, 3, .Lthree
    bgeui   a3, 5, .Lthree
    j       .Ltwo
.Lthree:
    TILE_OF 3
    beqz.n  a3, .Ldone
    j       .Lnext
.Ltwo:
    TILE_OF 2
    beqz.n  a3, .Ldone
    j       .Ltwo
.Ldone:
    l32i.n  a2, a1, TILE
    l32i.n  a4, a1, OUTPUTS
    addi    a5, a2, OUTPUT
    bne     a4, a5, .Lend
    /* once again for the last two outputs */
    addi    a4, a4, 32
    l32i.n  a3, a1, PIXELS
    l32i.n  a5, a2, OUT
    l32i.n  a7, a2, CHAN_STEP
    l32i.n  a6, a2, W
    l32i.n  a8, a2, TAPS
    addx2   a5, a7, a5
    addx2   a6, a8, a6
    j       .Louts
.Lend:
    l32i.n  a0, a1, SAVED
    l32i.n  a12, a1, SAVED + 4
    l32i.n  a13, a1, SAVED + 8
    l32i.n  a14, a1, SAVED + 12
    l32i.n  a15, a1, SAVED + 16
    addi    a1, a1, FRAME
    ret.n
    .size   msfcnn_dot_xtensa, . - msfcnn_dot_xtensa

#endif

/* elsewhere the file is empty, but linkers want to know of the stack */
#if defined(__linux__) && defined(__ELF__)
    .section .note.GNU-stack, "", %progbits
#endif
