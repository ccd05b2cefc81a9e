/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/*
 * Dot products and their rounding for RV32IM: tiles of three or two pixels by four outputs.
 *
 * Twelve sums, seven pointers and six temporaries are what there are registers for; compilers spill
 * some of them. A tap of three pixels takes 7 loads for 12 products.
 */

#include "dot_rv32.h"

#if MSFCNN_DOT_RV32

/* msfcnn_tile_t */
#define LOW         8
#define HIGH        12
#define TAPS        16
#define STEP        20
#define PIXEL_STEP  24
#define CHAN_STEP   28
#define X           32
#define W           36
#define OUT         40
#define X_THREES    44
#define X_END       48
#define OUTPUT      52          /* of each of the four: */
#define BIAS        0
#define MULTIPLIER  4
#define ROUNDING    8
#define SHIFT       12

/* on the stack */
#define NEXT_X      0
#define NEXT_OUT    4
#define SAVED       8
#define FRAME       64

/* ra: the tile; s4-s7: weights, s8-s10: pixels, s11: the end of s8; a0-a3, a4-a7, s0-s3: sums */

    .macro  PIXEL   n, at, s0, s1, s2, s3
    lb      t4, \n(\at)
    mul     t5, t4, t0
    mul     t6, t4, t1
    add     \s0, \s0, t5
    mul     t5, t4, t2
    add     \s1, \s1, t6
    mul     t6, t4, t3
    add     \s2, \s2, t5
    add     \s3, \s3, t6
    .endm

    .macro  TAP     pixels, n
    lb      t0, \n(s4)
    lb      t1, \n(s5)
    lb      t2, \n(s6)
    lb      t3, \n(s7)
    PIXEL   \n, s8, a0, a1, a2, a3
    PIXEL   \n, s9, a4, a5, a6, a7
    .if \pixels == 3
    PIXEL   \n, s10, s0, s1, s2, s3
    .endif
    .endm

    .macro  SKIP    pixels, taps
    .irp    p, s4, s5, s6, s7, s8, s9
    addi    \p, \p, \taps
    .endr
    .if \pixels == 3
    addi    s10, s10, \taps
    .endif
    .endm

    .macro  STORE   sum, to
    mulh    \sum, \sum, t0
    add     \sum, \sum, t1
    sra     \sum, \sum, t2
#ifdef __riscv_zbb
    max     \sum, \sum, s4
    min     \sum, \sum, s5
#else
    bge     \sum, s4, 1f
    mv      \sum, s4
1:  ble     \sum, s5, 2f
    mv      \sum, s5
2:
#endif
    sb      \sum, 0(\to)
    .endm

/* s4: smallest output, s5: largest, s7: to the next output; s8-s10: where, for each pixel */
    .macro  STORE_ALL   pixels, n, a, b, c
    lw      t0, OUTPUT + 16 * \n + MULTIPLIER(ra)
    lw      t1, OUTPUT + 16 * \n + ROUNDING(ra)
    lw      t2, OUTPUT + 16 * \n + SHIFT(ra)
    STORE   \a, s8
    STORE   \b, s9
    .if \pixels == 3
    STORE   \c, s10
    .endif
    .if \n < 3
    add     s8, s8, s7
    add     s9, s9, s7
    .if \pixels == 3
    add     s10, s10, s7
    .endif
    .endif
    .endm

    /* s8: taps of its first pixel */
    .macro  TILE    pixels
    lw      t0, STEP(ra)
    lw      t1, TAPS(ra)
    lw      s4, W(ra)
    add     s9, s8, t0
    .if \pixels == 3
    add     s10, s9, t0
    add     t0, t0, s10
    .else
    add     t0, t0, s9
    .endif
    sw      t0, NEXT_X(sp)
    add     s5, s4, t1
    add     s6, s5, t1
    add     s7, s6, t1
    add     s11, s8, t1
    lw      a0, OUTPUT + BIAS(ra)
    lw      a1, OUTPUT + 16 + BIAS(ra)
    lw      a2, OUTPUT + 32 + BIAS(ra)
    lw      a3, OUTPUT + 48 + BIAS(ra)
    mv      a4, a0
    mv      a5, a1
    mv      a6, a2
    mv      a7, a3
    .if \pixels == 3
    mv      s0, a0
    mv      s1, a1
    mv      s2, a2
    mv      s3, a3
    .endif
    /* those that are no multiple of eight, then the others */
    andi    t0, t1, 7
    beqz    t0, 4f
    andi    t0, t1, 1
    beqz    t0, 1f
    TAP     \pixels, 0
    SKIP    \pixels, 1
1:  sub     t0, s11, s8
    andi    t0, t0, 2
    beqz    t0, 2f
    TAP     \pixels, 0
    TAP     \pixels, 1
    SKIP    \pixels, 2
2:  sub     t0, s11, s8
    andi    t0, t0, 4
    beqz    t0, 3f
    TAP     \pixels, 0
    TAP     \pixels, 1
    TAP     \pixels, 2
    TAP     \pixels, 3
    SKIP    \pixels, 4
3:  beq     s8, s11, 6f
4:
    .if \pixels == 3
    /* sixteen a turn */
    sub     t0, s11, s8
    andi    t0, t0, 8
    beqz    t0, 8f
    .irp    n, 0, 1, 2, 3, 4, 5, 6, 7
    TAP     3, \n
    .endr
    SKIP    3, 8
    beq     s8, s11, 6f
8:  .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    TAP     3, \n
    .endr
    SKIP    3, 16
    bne     s8, s11, 8b
    .else
    TAP     \pixels, 0
    TAP     \pixels, 1
    TAP     \pixels, 2
    TAP     \pixels, 3
    TAP     \pixels, 4
    TAP     \pixels, 5
    TAP     \pixels, 6
    TAP     \pixels, 7
    SKIP    \pixels, 8
    bne     s8, s11, 4b
    .endif
6:  lw      s4, LOW(ra)
    lw      s5, HIGH(ra)
    lw      s6, PIXEL_STEP(ra)
    lw      s7, CHAN_STEP(ra)
    lw      s8, NEXT_OUT(sp)
    add     s9, s8, s6
    .if \pixels == 3
    add     s10, s9, s6
    add     t0, s10, s6
    .else
    add     t0, s9, s6
    .endif
    sw      t0, NEXT_OUT(sp)
    STORE_ALL \pixels, 0, a0, a4, s0
    STORE_ALL \pixels, 1, a1, a5, s1
    STORE_ALL \pixels, 2, a2, a6, s2
    STORE_ALL \pixels, 3, a3, a7, s3
    lw      s8, NEXT_X(sp)
    .endm

    .section .text.msfcnn_dot_rv32, "ax", @progbits
    .balign 4
    .global msfcnn_dot_rv32
    .type   msfcnn_dot_rv32, @function
msfcnn_dot_rv32:
    addi    sp, sp, -FRAME
    sw      ra, SAVED(sp)
    sw      s0, SAVED + 4(sp)
    sw      s1, SAVED + 8(sp)
    sw      s2, SAVED + 12(sp)
    sw      s3, SAVED + 16(sp)
    sw      s4, SAVED + 20(sp)
    sw      s5, SAVED + 24(sp)
    sw      s6, SAVED + 28(sp)
    sw      s7, SAVED + 32(sp)
    sw      s8, SAVED + 36(sp)
    sw      s9, SAVED + 40(sp)
    sw      s10, SAVED + 44(sp)
    sw      s11, SAVED + 48(sp)
    mv      ra, a0
    lw      s8, X(a0)
    lw      t0, OUT(a0)
    sw      t0, NEXT_OUT(sp)
    j       .Lnext
.Lthree:
    TILE    3
.Lnext:
    lw      t0, X_THREES(ra)
    bne     s8, t0, .Lthree
    j       .Lnext_two
.Ltwo:
    TILE    2
.Lnext_two:
    lw      t0, X_END(ra)
    bne     s8, t0, .Ltwo
    lw      ra, SAVED(sp)
    lw      s0, SAVED + 4(sp)
    lw      s1, SAVED + 8(sp)
    lw      s2, SAVED + 12(sp)
    lw      s3, SAVED + 16(sp)
    lw      s4, SAVED + 20(sp)
    lw      s5, SAVED + 24(sp)
    lw      s6, SAVED + 28(sp)
    lw      s7, SAVED + 32(sp)
    lw      s8, SAVED + 36(sp)
    lw      s9, SAVED + 40(sp)
    lw      s10, SAVED + 44(sp)
    lw      s11, SAVED + 48(sp)
    addi    sp, sp, FRAME
    ret
    .size   msfcnn_dot_rv32, . - msfcnn_dot_rv32

#endif

/* elsewhere the file is empty, but linkers want to know of the stack */
#if defined(__linux__) && defined(__ELF__)
    .section .note.GNU-stack, "", %progbits
#endif
