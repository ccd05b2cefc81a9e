/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/*
 * Depthwise 3x3 for Xtensa without MAC16 (LX106): channel by channel, pixel by pixel.
 *
 * Every input pixel is loaded once and added to the sums of all outputs it belongs to: the one
 * that it completes, and up to two that follow. What sums begin with makes up for the zero point
 * of the input, and taps of padding are added as such. Sums have eight fraction bits, as bytes are
 * loaded without their sign, see dot_xtensa.S. Six weights have a register.
 */

#include "depthwise_asm.h"

#if MSFCNN_DEPTHWISE_XTENSA

/* msfcnn_depthwise_asm_t */
#define LINES       0
#define WEIGHTS     12
#define BIAS        16
#define MULTIPLIER  20
#define SHIFT       24
#define OUT         28
#define CHAN_STEP   32
#define CHANNELS    36
#define FIRST_STEP  40
#define LINE_STEP   44
#define EXISTS      48
#define STEP        60
#define PIXEL_STEP  64
#define END         68
#define CUT         72
#define BEFORE      76
#define WIDE        80
#define PAD         84
#define ROUNDING    92          /* of the range */
#define LOW         96
#define HIGH        100

/* on the stack */
#define PART        0           /* of the channel's factor */
#define HALF        12
#define BEGIN       16          /* what its sums begin with */
#define W20         20          /* its weights of the last line */
#define W21         24
#define W22         28
#define NEXT_COLUMN 32
#define NEXT_OUT    36
#define LOWEST      40
#define HIGHEST     44
#define BEHIND      48          /* in the first line: the column behind the last one */
#define ALL         52
#define LEFT_OUT    56
#define CUT_OFF     60          /* not 0: one more output, whose last tap is padding */
#define SAVED       64
#define FRAME       96

/* a0: the next output; a2-a4: lines; sums: a5 of the output that is complete, a6 and a7 of the next
 * ones; weights: */
#define W00         a8
#define W01         a9
#define W02         a10
#define W10         a11
#define W11         a12
#define W12         a13

    .macro  LOAD    at
    l8ui    a14, \at, 0
    slli    a14, a14, 8
    .endm

    .macro  TAKE    sum, weight
    mul16s  a15, a14, \weight
    add.n   \sum, \sum, a15
    .endm

    .macro  TAKE_LAST   sum, place
    l32i.n  a15, a1, \place
    mul16s  a15, a14, a15
    add.n   \sum, \sum, a15
    .endm

    .macro  ADVANCE
    l32i.n  a15, a1, NEXT_COLUMN
    add.n   a2, a2, a15
    add.n   a3, a3, a15
    add.n   a4, a4, a15
    .endm

    /* a column of which a6 takes these taps */
    .macro  COLUMN  first, middle, last
    LOAD    a2
    TAKE    a6, \first
    LOAD    a3
    TAKE    a6, \middle
    LOAD    a4
    TAKE_LAST a6, \last
    ADVANCE
    .endm

    /* adds a column of padding to a6 */
    .macro  PADDING first, middle, last
    l32i.n  a15, a1, \last
    add.n   a14, \first, \middle
    add.n   a14, a14, a15
    l32i.n  a15, a1, ALL
    l32i    a15, a15, PAD
    mull    a14, a14, a15
    slli    a14, a14, 8
    add.n   a6, a6, a14
    .endm

    /* stores a5, which is below 2^19, and so no product leaves 30 bits */
    .macro  OUTPUT
    srai    a5, a5, 8
    l32i.n  a14, a1, PART
    l32i.n  a15, a1, PART + 4
    mull    a14, a5, a14
    mull    a15, a5, a15
    srai    a14, a14, 10
    add.n   a14, a14, a15
    l32i.n  a15, a1, PART + 8
    srai    a14, a14, 10
    mull    a5, a5, a15
    l32i.n  a15, a1, HALF
    add.n   a5, a5, a14
    l32i.n  a14, a1, LOWEST
    add.n   a5, a5, a15
    sra     a5, a5
    bge     a5, a14, 1f
    mov.n   a5, a14
1:  l32i.n  a15, a1, HIGHEST
    l32i.n  a14, a1, NEXT_OUT
    bge     a15, a5, 2f
    mov.n   a5, a15
2:  s8i     a5, a0, 0
    add.n   a0, a0, a14
    .endm

    .macro  WEIGHT  to, n
    l8ui    \to, a3, \n
    slli    \to, \to, 24
    srai    \to, \to, 24
    and     \to, \to, a4
    add.n   a5, a5, \to
    .endm

    .section .text.msfcnn_depthwise_3x3_asm, "ax", @progbits
    .align  4
    .global msfcnn_depthwise_3x3_asm
    .type   msfcnn_depthwise_3x3_asm, @function
msfcnn_depthwise_3x3_asm:
    addi    a1, a1, -FRAME
    s32i    a0, a1, SAVED
    s32i    a12, a1, SAVED + 4
    s32i    a13, a1, SAVED + 8
    s32i    a14, a1, SAVED + 12
    s32i    a15, a1, SAVED + 16
    s32i.n  a2, a1, ALL
    l32i.n  a3, a2, STEP
    l32i    a4, a2, PIXEL_STEP
    l32i    a5, a2, LOW
    l32i    a6, a2, HIGH
    movi.n  a7, 0
    s32i.n  a3, a1, NEXT_COLUMN
    s32i.n  a4, a1, NEXT_OUT
    s32i.n  a5, a1, LOWEST
    s32i.n  a6, a1, HIGHEST
    s32i.n  a7, a1, LEFT_OUT

    /* a2: the argument */
.Lchannel:
    l32i.n  a3, a2, SHIFT
    l8ui    a4, a3, 0
    bbsi    a4, 6, .Lshort          /* MSFCNN_SHORT */
    l32i.n  a3, a1, LEFT_OUT
    addi.n  a3, a3, 1
    s32i.n  a3, a1, LEFT_OUT
    j       .Lnext_channel
.Lshort:
    addi    a4, a4, -(0x40 + 20)
    l32i    a5, a2, ROUNDING
    l32i.n  a3, a2, MULTIPLIER
    ssl     a4
    l32i.n  a3, a3, 0
    sll     a5, a5
    srai    a5, a5, 1
    ssr     a4
    s32i.n  a5, a1, HALF
    extui   a5, a3, 0, 10
    extui   a6, a3, 10, 10
    extui   a7, a3, 20, 11
    s32i.n  a5, a1, PART
    s32i.n  a6, a1, PART + 4
    s32i.n  a7, a1, PART + 8
    /* weights, and their sum; those of a line that does not exist are 0 */
    l32i.n  a3, a2, WEIGHTS
    movi.n  a5, 0
    l32i.n  a4, a2, EXISTS + 8
    WEIGHT  a6, 6
    WEIGHT  a7, 7
    WEIGHT  a8, 8
    s32i.n  a6, a1, W20
    s32i.n  a7, a1, W21
    s32i.n  a8, a1, W22
    l32i.n  a4, a2, EXISTS
    WEIGHT  W00, 0
    WEIGHT  W01, 1
    WEIGHT  W02, 2
    l32i.n  a4, a2, EXISTS + 4
    WEIGHT  W10, 3
    WEIGHT  W11, 4
    WEIGHT  W12, 5

    l32i    a4, a2, PAD
    l32i.n  a3, a2, BIAS
    mull    a5, a5, a4
    l32i.n  a3, a3, 0
    l32i    a15, a2, BEFORE
    sub     a3, a3, a5
    slli    a6, a3, 8
    mov.n   a7, a6
    s32i.n  a6, a1, BEGIN
    l32i    a5, a2, CUT
    l32i    a14, a2, END
    s32i.n  a5, a1, CUT_OFF
    l32i    a5, a2, WIDE
    l32i.n  a0, a2, OUT
    l32i.n  a4, a2, LINES + 8
    l32i.n  a3, a2, LINES + 4
    l32i.n  a2, a2, LINES
    add.n   a14, a14, a2
    s32i.n  a14, a1, BEHIND
    bnez.n  a15, .Lpadded
    COLUMN  W00, W10, W20
    j       .Lbegun
.Lpadded:
    PADDING W00, W10, W20
.Lbegun:
    beqz.n  a5, .Lnarrow_first
    j       .Lwide_next
.Lnarrow_first:
    LOAD    a2
    TAKE    a6, W01
    TAKE    a7, W00
    LOAD    a3
    TAKE    a6, W11
    TAKE    a7, W10
    LOAD    a4
    TAKE_LAST a6, W21
    TAKE_LAST a7, W20
    ADVANCE
    j       .Lnarrow_next
.Lnarrow:
    LOAD    a2
    mul16s  a15, a14, W02
    add.n   a5, a6, a15
    mul16s  a15, a14, W01
    add.n   a6, a7, a15
    mul16s  a15, a14, W00
    l32i.n  a7, a1, BEGIN
    add.n   a7, a7, a15
    LOAD    a3
    TAKE    a5, W12
    TAKE    a6, W11
    TAKE    a7, W10
    LOAD    a4
    TAKE_LAST a5, W22
    TAKE_LAST a6, W21
    TAKE_LAST a7, W20
    ADVANCE
    OUTPUT
.Lnarrow_next:
    l32i.n  a15, a1, BEHIND
    beq     a2, a15, .Lend
    j       .Lnarrow
.Lwide:
    COLUMN  W01, W11, W21
    LOAD    a2
    mul16s  a15, a14, W02
    add.n   a5, a6, a15
    mul16s  a15, a14, W00
    l32i.n  a6, a1, BEGIN
    add.n   a6, a6, a15
    LOAD    a3
    TAKE    a5, W12
    TAKE    a6, W10
    LOAD    a4
    TAKE_LAST a5, W22
    TAKE_LAST a6, W20
    ADVANCE
.Lstore:
    OUTPUT
.Lwide_next:
    l32i.n  a15, a1, BEHIND
    beq     a2, a15, .Lend
    j       .Lwide
.Lend:
    l32i.n  a14, a1, CUT_OFF
    beqz.n  a14, .Lnext_channel
    movi.n  a14, 0
    s32i.n  a14, a1, CUT_OFF
    l32i.n  a15, a1, ALL
    l32i    a15, a15, WIDE
    beqz.n  a15, .Lcut
    COLUMN  W01, W11, W21
    s32i.n  a2, a1, BEHIND
.Lcut:
    PADDING W02, W12, W22
    mov.n   a5, a6
    j       .Lstore
.Lnext_channel:
    l32i.n  a2, a1, ALL
    l32i.n  a15, a2, FIRST_STEP
    l32i.n  a14, a2, LINE_STEP
    l32i.n  a3, a2, LINES
    l32i.n  a4, a2, LINES + 4
    l32i.n  a5, a2, LINES + 8
    add.n   a3, a3, a15
    add.n   a4, a4, a14
    add.n   a5, a5, a14
    s32i.n  a3, a2, LINES
    s32i.n  a4, a2, LINES + 4
    s32i.n  a5, a2, LINES + 8
    l32i.n  a3, a2, WEIGHTS
    l32i.n  a4, a2, BIAS
    l32i.n  a5, a2, MULTIPLIER
    l32i.n  a6, a2, SHIFT
    l32i.n  a7, a2, OUT
    l32i.n  a15, a2, CHAN_STEP
    l32i.n  a14, a2, CHANNELS
    addi.n  a3, a3, 9
    addi.n  a4, a4, 4
    addi.n  a5, a5, 4
    addi.n  a6, a6, 1
    add.n   a7, a7, a15
    addi.n  a14, a14, -1
    s32i.n  a3, a2, WEIGHTS
    s32i.n  a4, a2, BIAS
    s32i.n  a5, a2, MULTIPLIER
    s32i.n  a6, a2, SHIFT
    s32i.n  a7, a2, OUT
    s32i.n  a14, a2, CHANNELS
    beqz.n  a14, .Ldone
    j       .Lchannel
.Ldone:
    l32i.n  a2, a1, LEFT_OUT
    l32i    a0, a1, SAVED
    l32i    a12, a1, SAVED + 4
    l32i    a13, a1, SAVED + 8
    l32i    a14, a1, SAVED + 12
    l32i    a15, a1, SAVED + 16
    addi    a1, a1, FRAME
    ret.n
    .size   msfcnn_depthwise_3x3_asm, . - msfcnn_depthwise_3x3_asm

#endif

/* elsewhere the file is empty, but linkers want to know of the stack */
#if defined(__linux__) && defined(__ELF__)
    .section .note.GNU-stack, "", %progbits
#endif
