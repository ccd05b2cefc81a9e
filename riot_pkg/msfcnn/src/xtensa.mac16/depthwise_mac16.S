/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/*
 * Depthwise 3x3 with MAC16: channel by channel, pixel by pixel.
 *
 * A column of three inputs is loaded once for all outputs that it belongs to: as upper bytes of 16
 * bits, the first two lines in one register, the third one in another. Eight weights are in the
 * registers of MAC16. What sums begin with makes up for the zero point of the input, and taps of
 * padding are added as such. Sums have eight fraction bits, see mac16.h.
 */

#include "mac16.h"

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
#define RANGE_ROUNDING  92

/* on the stack, behind what is saved: */
#define ALL         16
#define LEFT_OUT    20
#define BEGIN       24          /* what the channel's sums begin with */
#define FACTOR      28
#define ROUNDING    32
#define NEXT_OUT    36
#define BEHIND      40          /* in the first line: the column behind the last one */
#define CUT_OFF     44          /* not 0: one more output, whose last tap is padding */
#define PAD_PAIR    48          /* a column of padding */
#define PAD_THIRD   52
#define KEPT        56
#define FRAME       80

#define MARKED_SHORT    6       /* bit of a shift: MSFCNN_SHORT */
#define FRACTION        8       /* bits of sums */

/* a2-a4: lines, a12: the next output, a13: from one column to the next */
#define W22         a11

    .macro  LOAD    pair, third
    l8ui    \pair, a2, 0
    l8ui    a14, a3, 0
    l8ui    \third, a4, 0
    slli    \pair, \pair, 8
    slli    a14, a14, 24
    slli    \third, \third, 8
    or      \pair, \pair, a14
    add     a2, a2, a13
    add     a3, a3, a13
    add     a4, a4, a13
    .endm

    .macro  LOAD_PAD    pair, third
    l32i    \pair, a1, PAD_PAIR
    l32i    \third, a1, PAD_THIRD
    .endm

    /* stores the output of three columns, clamped to int8 */
    .macro  OUTPUT  pair_a, third_a, pair_b, third_b, pair_c, third_c
    mul.da.ll   m0, \pair_a
    mula.da.hh  m0, \pair_a
    mula.da.ll  m1, \pair_b
    mula.da.hh  m1, \pair_b
    mula.ad.ll  \pair_c, m2
    mula.ad.hh  \pair_c, m2
    mula.ad.ll  \third_a, m3
    mula.ad.lh  \third_b, m3
    mula.aa.ll  \third_c, W22
    l32i    a15, a1, BEGIN
    rsr.acclo   a14
    add     a14, a14, a15
    l32i    a15, a1, FACTOR
#if !defined(__XCHAL_HAVE_MUL32_HIGH) || !__XCHAL_HAVE_MUL32_HIGH
    s32i    a2, a1, KEPT
    s32i    a3, a1, KEPT + 4
    s32i    a4, a1, KEPT + 8
#endif
    MSFCNN_MULTIPLY_HIGH    a14, a15, a2, a3, a4
#if !defined(__XCHAL_HAVE_MUL32_HIGH) || !__XCHAL_HAVE_MUL32_HIGH
    l32i    a2, a1, KEPT
    l32i    a3, a1, KEPT + 4
    l32i    a4, a1, KEPT + 8
#endif
    l32i    a15, a1, ROUNDING
    add     a14, a14, a15
    l32i    a15, a1, NEXT_OUT
    sra     a14, a14
    clamps  a14, a14, 7
    s8i     a14, a12, 0
    add     a12, a12, a15
    .endm

    /* the last output, or none: goes on where columns are loaded */
    .macro  LAST_NARROW pair_c, third_c, output
    l32i    a14, a1, CUT_OFF
    movi    a15, 0
    beqz    a14, .Lend
    s32i    a15, a1, CUT_OFF
    LOAD_PAD    \pair_c, \third_c
    j       \output
    .endm

    .macro  LAST_WIDE   pair_b, third_b, pair_c, third_c, output
    l32i    a14, a1, CUT_OFF
    movi    a15, 0
    beqz    a14, .Lend
    s32i    a15, a1, CUT_OFF
    LOAD    \pair_b, \third_b
    s32i    a2, a1, BEHIND
    LOAD_PAD    \pair_c, \third_c
    j       \output
    .endm

    /* to a14, the weight n; those of a line that does not exist are 0 by a7 */
    .macro  WEIGHT  n
    l8ui    a14, a3, \n
    sext    a14, a14, 7
    and     a14, a14, a7
    add     a5, a5, a14
    .endm

    /* two weights to a register of MAC16, the first one in the lower half */
    .macro  WEIGHTS_TO  register, n, exists_n, m, exists_m
    l32i    a7, a2, \exists_n
    WEIGHT  \n
    extui   a15, a14, 0, 16
    l32i    a7, a2, \exists_m
    WEIGHT  \m
    slli    a14, a14, 16
    or      a15, a15, a14
    wsr.\register   a15
    .endm

    .section .text.msfcnn_depthwise_3x3_asm, "ax", @progbits
    .align  4
    .global msfcnn_depthwise_3x3_asm
    .type   msfcnn_depthwise_3x3_asm, @function
msfcnn_depthwise_3x3_asm:
    MSFCNN_ENTER    FRAME
    movi    a3, 0
    s32i    a2, a1, ALL
    s32i    a3, a1, LEFT_OUT
    l32i    a4, a2, PIXEL_STEP
    l32i    a7, a2, PAD
    s32i    a4, a1, NEXT_OUT
    extui   a7, a7, 0, 8
    slli    a8, a7, 8
    slli    a7, a7, 24
    s32i    a8, a1, PAD_THIRD
    or      a7, a7, a8
    s32i    a7, a1, PAD_PAIR

    /* a2: the argument */
.Lchannel:
    l32i    a3, a2, SHIFT
    l8ui    a4, a3, 0
    bbsi    a4, MARKED_SHORT, .Lshort
    l32i    a3, a1, LEFT_OUT
    addi    a3, a3, 1
    s32i    a3, a1, LEFT_OUT
    j       .Lnext_channel
.Lshort:
    extui   a4, a4, 0, MARKED_SHORT
    addi    a4, a4, FRACTION - 32
    l32i    a5, a2, RANGE_ROUNDING
    l32i    a3, a2, MULTIPLIER
    ssl     a4
    l32i    a3, a3, 0
    sll     a5, a5
    srai    a5, a5, 1
    s32i    a3, a1, FACTOR
    s32i    a5, a1, ROUNDING
    ssr     a4
    /* weights, and their sum */
    l32i    a3, a2, WEIGHTS
    movi    a5, 0
    WEIGHTS_TO  m0, 0, EXISTS, 3, EXISTS + 4
    WEIGHTS_TO  m1, 1, EXISTS, 4, EXISTS + 4
    WEIGHTS_TO  m2, 2, EXISTS, 5, EXISTS + 4
    WEIGHTS_TO  m3, 6, EXISTS + 8, 7, EXISTS + 8
    WEIGHT  8
    mov     W22, a14
    l32i    a4, a2, PAD
    l32i    a3, a2, BIAS
    mull    a5, a5, a4
    l32i    a3, a3, 0
    l32i    a6, a2, CUT
    sub     a3, a3, a5
    slli    a3, a3, FRACTION
    s32i    a3, a1, BEGIN
    s32i    a6, a1, CUT_OFF
    l32i    a5, a2, BEFORE
    l32i    a15, a2, WIDE
    l32i    a13, a2, STEP
    l32i    a12, a2, OUT
    l32i    a6, a2, END
    l32i    a4, a2, LINES + 8
    l32i    a3, a2, LINES + 4
    l32i    a2, a2, LINES
    add     a6, a6, a2
    s32i    a6, a1, BEHIND
    beqz    a5, .Lload_first
    LOAD_PAD    a5, a8
    j       .Lbegin
.Lload_first:
    LOAD    a5, a8
.Lbegin:
    bnez    a15, .Lwide
    LOAD    a6, a9
    j       .Lnarrow_1

    /* pairs: a5, a6, a7; thirds: a8, a9, a10 */
.Llast_1:
    LAST_NARROW a7, a10, .Loutput_1
.Llast_2:
    LAST_NARROW a5, a8, .Loutput_2
.Lnarrow_1:
    l32i    a14, a1, BEHIND
    beq     a2, a14, .Llast_1
    LOAD    a7, a10
.Loutput_1:
    OUTPUT  a5, a8, a6, a9, a7, a10
    l32i    a14, a1, BEHIND
    beq     a2, a14, .Llast_2
    LOAD    a5, a8
.Loutput_2:
    OUTPUT  a6, a9, a7, a10, a5, a8
    l32i    a14, a1, BEHIND
    beq     a2, a14, .Llast_3
    LOAD    a6, a9
.Loutput_3:
    OUTPUT  a7, a10, a5, a8, a6, a9
    j       .Lnarrow_1
.Llast_3:
    LAST_NARROW a6, a9, .Loutput_3

.Llast_wide_1:
    LAST_WIDE   a6, a9, a7, a10, .Lwide_output_1
.Lwide:
    l32i    a14, a1, BEHIND
    beq     a2, a14, .Llast_wide_1
    LOAD    a6, a9
    LOAD    a7, a10
.Lwide_output_1:
    OUTPUT  a5, a8, a6, a9, a7, a10
    l32i    a14, a1, BEHIND
    beq     a2, a14, .Llast_wide_2
    LOAD    a6, a9
    LOAD    a5, a8
.Lwide_output_2:
    OUTPUT  a7, a10, a6, a9, a5, a8
    j       .Lwide
.Llast_wide_2:
    LAST_WIDE   a6, a9, a5, a8, .Lwide_output_2

.Lend:
    l32i    a2, a1, ALL
.Lnext_channel:
    l32i    a15, a2, FIRST_STEP
    l32i    a14, a2, LINE_STEP
    l32i    a3, a2, LINES
    l32i    a4, a2, LINES + 4
    l32i    a5, a2, LINES + 8
    add     a3, a3, a15
    add     a4, a4, a14
    add     a5, a5, a14
    s32i    a3, a2, LINES
    s32i    a4, a2, LINES + 4
    s32i    a5, a2, LINES + 8
    l32i    a3, a2, WEIGHTS
    l32i    a4, a2, BIAS
    l32i    a5, a2, MULTIPLIER
    l32i    a6, a2, SHIFT
    l32i    a7, a2, OUT
    l32i    a15, a2, CHAN_STEP
    l32i    a14, a2, CHANNELS
    addi    a3, a3, 9
    addi    a4, a4, 4
    addi    a5, a5, 4
    addi    a6, a6, 1
    add     a7, a7, a15
    addi    a14, a14, -1
    s32i    a3, a2, WEIGHTS
    s32i    a4, a2, BIAS
    s32i    a5, a2, MULTIPLIER
    s32i    a6, a2, SHIFT
    s32i    a7, a2, OUT
    s32i    a14, a2, CHANNELS
    beqz    a14, .Ldone
    j       .Lchannel
.Ldone:
    l32i    a2, a1, LEFT_OUT
    MSFCNN_LEAVE    FRAME
    .size   msfcnn_depthwise_3x3_asm, . - msfcnn_depthwise_3x3_asm
