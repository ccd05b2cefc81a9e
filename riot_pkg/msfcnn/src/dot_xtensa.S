/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/*
 * Dot products and their rounding for Xtensa without MAC16 (LX106): tiles of three or two pixels by
 * two outputs.
 *
 * Bytes are loaded without their sign. To shift an input to the upper half of 16 bits is half of
 * what extending it takes: sums have eight fraction bits. Weights are extended from whole words
 * where every output has a multiple of four of them.
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
#define IS_SHORT    44
#define OUTPUT      48          /* of each of the four: */
#define BIAS        0
#define FACTOR_LOW  4
#define FACTOR_HIGH 6
#define ROUNDING    8
#define SHIFT       12
#define PART        4           /* if all are short */
#define S_ROUNDING  16
#define S_SHIFT     20
#define SECOND      24          /* the next one */

/* on the stack */
#define TILE        0
#define WEIGHTS     4           /* of the first output, of the second one */
#define NEXT_W      12          /* likewise */
#define W_END       20          /* of the first one */
#define ODD_END     24          /* of the taps that are no multiple of four */
#define NEXT_X      28
#define NEXT_OUT    32
#define LEFT        36
#define LOW         40
#define HIGH        44
#define PIXELS      48          /* of all tiles */
#define OUTPUTS     52          /* the first of the two */
#define BEGIN       56          /* sum of the first one, of the second one */
#define INNER       64          /* where three pixels begin, where two do */
#define SAVED       72
#define FRAME       96

/* taps of four words of weights */
#define TURN        16

/* a2-a7: sums; a8-a10: pixels; a13, a14: weights */

    .macro  PIXEL   n, at, sum, second
    l8ui    a15, \at, \n
    slli    a15, a15, 8
    mul16s  a0, a15, a13
    add.n   \sum, \sum, a0
    mul16s  a15, a15, a14
    add.n   \second, \second, a15
    .endm

    .macro  ALL     pixels, n
    PIXEL   \n, a8, a2, a3
    PIXEL   \n, a9, a4, a5
    .if \pixels == 3
    PIXEL   \n, a10, a6, a7
    .endif
    .endm

    /* a11, a12: where the weights are */
    .macro  TAP     pixels, n
    l8ui    a13, a11, \n
    l8ui    a14, a12, \n
    slli    a13, a13, 24
    slli    a14, a14, 24
    srai    a13, a13, 24
    srai    a14, a14, 24
    ALL     \pixels, \n
    .endm

    /* the taps of a word, from the last to the first */
    .macro  WORD    pixels, n
    l32i.n  a11, a1, NEXT_W
    l32i.n  a12, a1, NEXT_W + 4
    l32i.n  a11, a11, \n
    l32i.n  a12, a12, \n
    srai    a13, a11, 24
    srai    a14, a12, 24
    ALL     \pixels, \n + 3
    .irp    i, 2, 1, 0
    slli    a11, a11, 8
    slli    a12, a12, 8
    srai    a13, a11, 24
    srai    a14, a12, 24
    ALL     \pixels, \n + \i
    .endr
    .endm

    .macro  SKIP    pixels, taps
    addi    a8, a8, \taps
    addi    a9, a9, \taps
    .if \pixels == 3
    addi    a10, a10, \taps
    .endif
    .endm

    /* a12: where to, a13: from one pixel to the next */
    .macro  CLAMP   sum, low
    bge     \sum, \low, 1f
    mov.n   \sum, \low
1:  l32i.n  a15, a1, HIGH
    bge     a15, \sum, 2f
    mov.n   \sum, a15
2:  s8i     \sum, a12, 0
    add.n   a12, a12, a13
    .endm

    /* a8: lower half of the factor, a9: upper half, a10: zero point and a half, a11: bias */
    .macro  LONG    sum
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
    CLAMP   \sum, a14
    .endm

    .macro  ALL_LONG    pixels, n, a, b, c
    l32i.n  a15, a1, OUTPUTS
    l32i.n  a14, a15, SECOND * \n + SHIFT
    l16ui   a8, a15, SECOND * \n + FACTOR_LOW
    l16ui   a9, a15, SECOND * \n + FACTOR_HIGH
    l32i.n  a10, a15, SECOND * \n + ROUNDING
    l32i.n  a11, a15, SECOND * \n + BIAS
    ssr     a14
    LONG    \a
    LONG    \b
    .if \pixels == 3
    LONG    \c
    .endif
    .endm

    /* a0: smallest output, a8-a10: parts of the factor, a11: zero point and a half */
    .macro  SHORT   sum
    srai    \sum, \sum, 8
    mull    a14, \sum, a8
    mull    a15, \sum, a9
    srai    a14, a14, 10
    add.n   a14, a14, a15
    mull    \sum, \sum, a10
    srai    a14, a14, 10
    add.n   a14, a14, a11
    add.n   \sum, \sum, a14
    sra     \sum, \sum
    CLAMP   \sum, a0
    .endm

    .macro  ALL_SHORT   pixels, n, a, b, c
    l32i.n  a15, a1, OUTPUTS
    l32i.n  a14, a15, SECOND * \n + S_SHIFT
    l32i.n  a8, a15, SECOND * \n + PART
    l32i.n  a9, a15, SECOND * \n + PART + 4
    l32i.n  a10, a15, SECOND * \n + PART + 8
    l32i.n  a11, a15, SECOND * \n + S_ROUNDING
    ssr     a14
    SHORT   \a
    SHORT   \b
    .if \pixels == 3
    SHORT   \c
    .endif
    .endm

    /* to the second output of the first pixel; a12 is where the next tiles store */
    .macro  NEXT
    l32i.n  a15, a1, TILE
    l32i.n  a14, a1, NEXT_OUT
    l32i.n  a15, a15, CHAN_STEP
    s32i.n  a12, a1, NEXT_OUT
    add.n   a12, a14, a15
    .endm

    /* a3: pixels left */
    .macro  TILE_OF pixels
    addi    a3, a3, -\pixels
    s32i.n  a3, a1, LEFT
    l32i.n  a15, a1, TILE
    l32i.n  a8, a1, NEXT_X
    l32i.n  a13, a15, STEP
    l32i.n  a11, a1, WEIGHTS
    l32i.n  a12, a1, WEIGHTS + 4
    add.n   a9, a8, a13
    .if \pixels == 3
    add.n   a10, a9, a13
    add.n   a13, a10, a13
    .else
    add.n   a13, a9, a13
    .endif
    s32i.n  a13, a1, NEXT_X
    l32i    a15, a1, INNER + 4 * (3 - \pixels)
    l32i.n  a2, a1, BEGIN
    l32i.n  a3, a1, BEGIN + 4
    mov.n   a4, a2
    mov.n   a5, a3
    .if \pixels == 3
    mov.n   a6, a2
    mov.n   a7, a3
    .endif
    jx      a15

    /* by bytes: those that are no multiple of four, then the others */
.Lodd\pixels:
    l32i.n  a13, a1, ODD_END
    beq     a11, a13, 4f
3:  TAP     \pixels, 0
    SKIP    \pixels, 1
    addi.n  a11, a11, 1
    addi.n  a12, a12, 1
    l32i.n  a13, a1, ODD_END
    bne     a11, a13, 3b
    l32i.n  a13, a1, W_END
    bne     a11, a13, 4f
    j       .Lsums\pixels
4:  TAP     \pixels, 0
    TAP     \pixels, 1
    TAP     \pixels, 2
    TAP     \pixels, 3
    SKIP    \pixels, 4
    addi.n  a11, a11, 4
    addi.n  a12, a12, 4
    l32i.n  a13, a1, W_END
    beq     a11, a13, .Lsums\pixels
    j       4b

    /* by words; they begin as many taps in front as the first turn leaves out */
.Lturn_1_\pixels:
    s32i.n  a11, a1, NEXT_W
    s32i.n  a12, a1, NEXT_W + 4
    j       1f
.Lturn_2_\pixels:
    s32i.n  a11, a1, NEXT_W
    s32i.n  a12, a1, NEXT_W + 4
    j       2f
.Lturn_3_\pixels:
    s32i.n  a11, a1, NEXT_W
    s32i.n  a12, a1, NEXT_W + 4
    j       3f
.Lturn_4_\pixels:
    s32i.n  a11, a1, NEXT_W
    s32i.n  a12, a1, NEXT_W + 4
4:  WORD    \pixels, 0
3:  WORD    \pixels, 4
2:  WORD    \pixels, 8
1:  WORD    \pixels, 12
    SKIP    \pixels, TURN
    l32i.n  a11, a1, NEXT_W
    l32i.n  a12, a1, NEXT_W + 4
    l32i.n  a13, a1, W_END
    addi    a11, a11, TURN
    addi    a12, a12, TURN
    s32i.n  a11, a1, NEXT_W
    s32i.n  a12, a1, NEXT_W + 4
    beq     a11, a13, .Lsums\pixels
    j       4b

.Lsums\pixels:
    l32i.n  a15, a1, TILE
    l32i.n  a12, a1, NEXT_OUT
    l32i.n  a13, a15, PIXEL_STEP
    l32i.n  a14, a15, IS_SHORT
    beqz.n  a14, 6f
    l32i.n  a0, a1, LOW
    ALL_SHORT   \pixels, 0, a2, a4, a6
    NEXT
    ALL_SHORT   \pixels, 1, a3, a5, a7
    j       7f
6:  ALL_LONG    \pixels, 0, a2, a4, a6
    NEXT
    ALL_LONG    \pixels, 1, a3, a5, a7
7:  l32i.n  a3, a1, LEFT
    .endm

    .section .text.msfcnn_dot_xtensa, "ax", @progbits
    .literal_position
    .align  4
    .global msfcnn_dot_xtensa
    .type   msfcnn_dot_xtensa, @function
msfcnn_dot_xtensa:
    addi    a1, a1, -FRAME
    s32i    a0, a1, SAVED
    s32i    a12, a1, SAVED + 4
    s32i    a13, a1, SAVED + 8
    s32i    a14, a1, SAVED + 12
    s32i    a15, a1, SAVED + 16
    s32i.n  a2, a1, TILE
    s32i.n  a3, a1, PIXELS
    l32i.n  a8, a2, RANGE_LOW
    l32i.n  a9, a2, RANGE_HIGH
    s32i.n  a8, a1, LOW
    s32i.n  a9, a1, HIGH
    l32i.n  a6, a2, W
    l32i.n  a7, a2, TAPS
    l32i.n  a5, a2, OUT
    addi    a4, a2, OUTPUT
    /* a15: by words, taps that the first turn leaves out */
    movi.n  a15, 0
    or      a8, a6, a7
    extui   a8, a8, 0, 2
    movi    a9, .Lodd3
    movi    a10, .Lodd2
    bnez.n  a8, .Lchosen
    neg     a15, a7
    extui   a15, a15, 0, 4
    movi    a9, .Lturn_4_3
    movi    a10, .Lturn_4_2
    beqz.n  a15, .Lchosen
    movi    a9, .Lturn_3_3
    movi    a10, .Lturn_3_2
    beqi    a15, 4, .Lchosen
    movi    a9, .Lturn_2_3
    movi    a10, .Lturn_2_2
    beqi    a15, 8, .Lchosen
    movi    a9, .Lturn_1_3
    movi    a10, .Lturn_1_2
.Lchosen:
    s32i    a9, a1, INNER
    s32i    a10, a1, INNER + 4
    sub     a6, a6, a15
.Louts:
    /* a2: tile, a3: pixels, a4: outputs, a5: where to, a6: weights, a7: taps */
    l32i.n  a8, a2, X
    l32i.n  a9, a2, IS_SHORT
    s32i.n  a4, a1, OUTPUTS
    s32i.n  a5, a1, NEXT_OUT
    sub     a8, a8, a15
    s32i.n  a8, a1, NEXT_X
    s32i.n  a6, a1, WEIGHTS
    extui   a10, a7, 0, 2
    add.n   a10, a6, a10
    s32i.n  a10, a1, ODD_END
    add.n   a10, a6, a7
    s32i.n  a10, a1, WEIGHTS + 4
    add.n   a10, a10, a15
    s32i.n  a10, a1, W_END
    movi.n  a10, 0
    movi.n  a11, 0
    beqz.n  a9, .Lbegin
    l32i.n  a10, a4, BIAS
    l32i.n  a11, a4, SECOND + BIAS
    slli    a10, a10, 8
    slli    a11, a11, 8
.Lbegin:
    s32i.n  a10, a1, BEGIN
    s32i.n  a11, a1, BEGIN + 4
    /* four pixels are two times two, so that none is left alone */
.Lnext:
    bgeui   a3, 5, .Lthree
    beqi    a3, 3, .Lthree
    j       .Ltwo
.Lthree:
    TILE_OF 3
    beqz.n  a3, .Ldone_near
    j       .Lnext
.Ldone_near:
    j       .Ldone
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
    addi    a4, a4, 2 * SECOND
    l32i.n  a3, a1, PIXELS
    l32i.n  a5, a2, OUT
    l32i.n  a8, a2, CHAN_STEP
    l32i.n  a6, a1, WEIGHTS
    l32i.n  a7, a2, TAPS
    addx2   a5, a8, a5
    addx2   a6, a7, a6
    neg     a15, a7
    extui   a15, a15, 0, 4
    or      a8, a6, a7
    extui   a8, a8, 0, 2
    beqz.n  a8, .Louts_near
    movi.n  a15, 0
.Louts_near:
    j       .Louts
.Lend:
    l32i    a0, a1, SAVED
    l32i    a12, a1, SAVED + 4
    l32i    a13, a1, SAVED + 8
    l32i    a14, a1, SAVED + 12
    l32i    a15, a1, SAVED + 16
    addi    a1, a1, FRAME
    ret.n
    .size   msfcnn_dot_xtensa, . - msfcnn_dot_xtensa

#endif

/* elsewhere the file is empty, but linkers want to know of the stack */
#if defined(__linux__) && defined(__ELF__)
    .section .note.GNU-stack, "", %progbits
#endif
