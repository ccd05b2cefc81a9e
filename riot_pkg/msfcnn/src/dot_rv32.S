/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/*
 * Dot products and their rounding for RV32IM: tiles of three or two pixels by four outputs.
 *
 * Twelve sums, seven pointers and six temporaries are what there are registers for; compilers spill
 * some of them. A tap of three pixels takes 7 loads for 12 products. A turn of the loop has 32 taps;
 * the first one is entered where as many are left as taps are no multiple of that, by pointers that
 * begin so far in front.
 */

#include "dot_rv32.h"

#if MSFCNN_DOT_RV32

/* msfcnn_tile_t */
#define ROUNDING    4
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
#define BIAS        52
#define MULTIPLIER  56
#define SHIFT       60
#define BLOCKS      64

/* on the stack; pointers to taps and weights are those by which the loop is entered */
#define NEXT_X      0           /* of the next tile */
#define NEXT_OUT    4
#define FIRST_X     8           /* of a block */
#define FIRST_OUT   12
#define THREES      16          /* behind the tiles of three pixels */
#define END         20          /* behind all of them */
#define WEIGHTS     24          /* of the block, like the next four */
#define BIASES      28
#define MULTIPLIERS 32
#define SHIFTS      36
#define LEFT        40          /* blocks */
#define WHOLE       44          /* taps, rounded up to whole turns */
#define ENTRY_3     48          /* of the loop */
#define ENTRY_2     52
#define PLANAR      56          /* CHAN_STEP, but 0 where that is 1 */
#define SAVED       60
#define FRAME       112

#define TURN        32          /* taps */

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
    sb      \sum, \to
    .endm

    /* an output of all pixels; shifts of registers take the lowest five bits: shift - 32 */
    .macro  STORE_ALL   n, pixels, a, to_a, b, to_b, c, to_c
    lw      t0, 4 * \n(s6)
    lbu     t2, \n(s11)
    addi    t1, t2, -1
    sll     t1, t3, t1
    STORE   \a, \to_a
    STORE   \b, \to_b
    .if \pixels == 3
    STORE   \c, \to_c
    .endif
    .endm

    /* s8: taps of its first pixel */
    .macro  TILE    pixels, entry, end, again
    lw      t0, STEP(ra)
    lw      t1, TAPS(ra)
    lw      s4, WEIGHTS(sp)
    lw      t2, WHOLE(sp)
    lw      t3, BIASES(sp)
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
    add     s11, s8, t2
    lw      a0, 0(t3)
    lw      a1, 4(t3)
    lw      a2, 8(t3)
    lw      a3, 12(t3)
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
    lw      t0, \entry(sp)
    jr      t0
.Ltaps_\pixels:
    TAP     \pixels, 0
.Lsecond_\pixels:
    .irp    n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    TAP     \pixels, \n
    .endr
    .irp    n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    TAP     \pixels, \n
    .endr
    .irp    p, s4, s5, s6, s7, s8, s9
    addi    \p, \p, TURN
    .endr
    .if \pixels == 3
    addi    s10, s10, TURN
    .endif
    bne     s8, s11, .Ltaps_\pixels
    lw      s4, LOW(ra)
    lw      s5, HIGH(ra)
    lw      s6, MULTIPLIERS(sp)
    lw      s7, PLANAR(sp)
    lw      s8, NEXT_OUT(sp)
    lw      s11, SHIFTS(sp)
    lw      t3, ROUNDING(ra)
    bnez    s7, .Lplanar_\pixels
    /* outputs of a pixel lie one behind the other */
    lw      t0, PIXEL_STEP(ra)
    add     s9, s8, t0
    .if \pixels == 3
    add     s10, s9, t0
    add     t0, s10, t0
    .else
    add     t0, s9, t0
    .endif
    sw      t0, NEXT_OUT(sp)
    STORE_ALL 0, \pixels, a0, 0(s8), a4, 0(s9), s0, 0(s10)
    STORE_ALL 1, \pixels, a1, 1(s8), a5, 1(s9), s1, 1(s10)
    STORE_ALL 2, \pixels, a2, 2(s8), a6, 2(s9), s2, 2(s10)
    STORE_ALL 3, \pixels, a3, 3(s8), a7, 3(s9), s3, 3(s10)
    lw      s8, NEXT_X(sp)
    lw      t0, \end(sp)
    bne     s8, t0, \again
    j       .Lnext_\pixels
    /* pixels of an output do */
.Lplanar_\pixels:
    addi    t0, s8, \pixels
    sw      t0, NEXT_OUT(sp)
    STORE_ALL 0, \pixels, a0, 0(s8), a4, 1(s8), s0, 2(s8)
    add     s8, s8, s7
    STORE_ALL 1, \pixels, a1, 0(s8), a5, 1(s8), s1, 2(s8)
    add     s8, s8, s7
    STORE_ALL 2, \pixels, a2, 0(s8), a6, 1(s8), s2, 2(s8)
    add     s8, s8, s7
    STORE_ALL 3, \pixels, a3, 0(s8), a7, 1(s8), s3, 2(s8)
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
    /* t1: taps that the first turn leaves out */
    lw      t0, TAPS(ra)
    neg     t1, t0
    andi    t1, t1, TURN - 1
    add     t0, t0, t1
    sw      t0, WHOLE(sp)
    lla     t2, .Ltaps_3
    lla     t3, .Lsecond_3
    sub     t3, t3, t2
    mul     t3, t3, t1
    add     t2, t2, t3
    sw      t2, ENTRY_3(sp)
    lla     t2, .Ltaps_2
    lla     t3, .Lsecond_2
    sub     t3, t3, t2
    mul     t3, t3, t1
    add     t2, t2, t3
    sw      t2, ENTRY_2(sp)
    lw      t0, CHAN_STEP(ra)
    addi    t2, t0, -1
    snez    t2, t2
    neg     t2, t2
    and     t0, t0, t2
    sw      t0, PLANAR(sp)
    lw      t0, X_THREES(ra)
    sub     t0, t0, t1
    sw      t0, THREES(sp)
    lw      t0, X_END(ra)
    sub     t0, t0, t1
    sw      t0, END(sp)
    lw      s8, X(ra)
    sub     s8, s8, t1
    sw      s8, FIRST_X(sp)
    lw      t0, W(ra)
    sub     t0, t0, t1
    sw      t0, WEIGHTS(sp)
    lw      t0, OUT(ra)
    sw      t0, FIRST_OUT(sp)
    sw      t0, NEXT_OUT(sp)
    lw      t0, BIAS(ra)
    sw      t0, BIASES(sp)
    lw      t0, MULTIPLIER(ra)
    sw      t0, MULTIPLIERS(sp)
    lw      t0, SHIFT(ra)
    sw      t0, SHIFTS(sp)
    lw      t0, BLOCKS(ra)
    sw      t0, LEFT(sp)
    j       .Lnext_3
.Lthree:
    TILE    3, ENTRY_3, THREES, .Lthree
.Lnext_3:
    lw      t0, THREES(sp)
    beq     s8, t0, .Lnext_2
    j       .Lthree
.Ltwo:
    TILE    2, ENTRY_2, END, .Ltwo
.Lnext_2:
    lw      t0, END(sp)
    beq     s8, t0, .Lblock
    j       .Ltwo
.Lblock:
    lw      t0, LEFT(sp)
    addi    t0, t0, -1
    beqz    t0, .Lreturn
    sw      t0, LEFT(sp)
    lw      t0, TAPS(ra)
    lw      t1, WEIGHTS(sp)
    slli    t0, t0, 2
    add     t1, t1, t0
    sw      t1, WEIGHTS(sp)
    lw      t0, CHAN_STEP(ra)
    lw      t1, FIRST_OUT(sp)
    slli    t0, t0, 2
    add     t1, t1, t0
    sw      t1, FIRST_OUT(sp)
    sw      t1, NEXT_OUT(sp)
    lw      t0, BIASES(sp)
    addi    t0, t0, 16
    sw      t0, BIASES(sp)
    lw      t0, MULTIPLIERS(sp)
    addi    t0, t0, 16
    sw      t0, MULTIPLIERS(sp)
    lw      t0, SHIFTS(sp)
    addi    t0, t0, 4
    sw      t0, SHIFTS(sp)
    lw      s8, FIRST_X(sp)
    j       .Lnext_3
.Lreturn:
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
