/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/*
 * Depthwise 3x3 for Armv6-M and Armv8-M Baseline: channel by channel, pixel by pixel.
 *
 * Every input pixel is loaded once and added to the sums of all outputs it belongs to: the one
 * that it completes, and up to two that follow. What sums begin with makes up for the zero point
 * of the input, and taps of padding are added as such.
 */

#include "depthwise_asm.h"

#if MSFCNN_DEPTHWISE_V6M

/* msfcnn_depthwise_asm_t */
#define WEIGHTS     12
#define BIAS        16
#define MULTIPLIER  20
#define SHIFT       24
#define OUT         28
#define CHAN_STEP   32
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

/* on the stack, in this order: the parts of the channel's factor, its rounding and shift, from
 * one output to the next, the next output, the lines */
#define NEXT_STEP   20
#define LINE        28
#define TAPS        40
#define ALL         76
#define LEFT_OUT    80
#define FRAME       84

/* r0-r2: lines, r3: offset of the next column; sums: r6 of the output that is complete, r7 and r8
 * of the next ones; r9: from pixel to pixel, r10: smallest output, r11: what sums begin with, r12:
 * largest output, lr: offset of the column behind the last one */

    .macro  LOAD    line
    ldrsb   r4, [r\line, r3]
    .endm

    .macro  TIMES   line, column
    ldr     r5, [sp, #TAPS + 12 * \line + 4 * \column]
    muls    r5, r4
    .endm

    .macro  TAKE    sum, line, column
    TIMES   \line, \column
    add     \sum, r5
    .endm

    /* a column of which r7 takes this tap */
    .macro  COLUMN  column
    LOAD    0
    TAKE    r7, 0, \column
    LOAD    1
    TAKE    r7, 1, \column
    LOAD    2
    TAKE    r7, 2, \column
    add     r3, r9
    .endm

    /* adds a column of padding to a sum */
    .macro  PADDING sum, column
    ldr     r0, [sp, #TAPS + 4 * \column]
    ldr     r1, [sp, #TAPS + 12 + 4 * \column]
    ldr     r2, [sp, #TAPS + 24 + 4 * \column]
    adds    r0, r1
    adds    r0, r2
    ldr     r1, [r4, #PAD]
    muls    r0, r1
    adds    \sum, r0
    .endm

    /* stores r6, which is below 2^19, and so no product leaves 30 bits */
    .macro  OUTPUT
    mov     r4, sp
    ldmia   r4!, {r0-r2}
    muls    r0, r6
    asrs    r0, #10
    muls    r1, r6
    adds    r0, r1
    asrs    r0, #10
    muls    r2, r6
    adds    r0, r2
    ldmia   r4!, {r1, r2, r5}
    adds    r0, r1
    asrs    r0, r2
    cmp     r0, r10
    bge     1f
    mov     r0, r10
1:  cmp     r0, r12
    ble     2f
    mov     r0, r12
2:  ldr     r1, [r4]
    strb    r0, [r1]
    adds    r1, r5
    stmia   r4!, {r1}
    ldmia   r4!, {r0-r2}
    .endm

    ENTER   msfcnn_depthwise_3x3_asm, FRAME
    str     r0, [sp, #ALL]
    mov     r4, r0
    ldr     r1, [r4, #STEP]
    mov     r9, r1
    ldr     r1, [r4, #LOW]
    mov     r10, r1
    ldr     r1, [r4, #HIGH]
    mov     r12, r1
    ldr     r1, [r4, #END]
    mov     lr, r1
    ldr     r1, [r4, #PIXEL_STEP]
    str     r1, [sp, #NEXT_STEP]
    movs    r1, #0
    str     r1, [sp, #LEFT_OUT]

    /* r4: the argument */
.Lchannel:
    ldr     r0, [r4, #SHIFT]
    ldrb    r5, [r0]
    lsrs    r0, r5, #7              /* carry: MSFCNN_SHORT */
    bcs     .Lshort
    ldr     r1, [sp, #LEFT_OUT]
    adds    r1, #1
    str     r1, [sp, #LEFT_OUT]
    b       .Lnext_channel
.Lshort:
    subs    r5, #0x40 + 20
    ldr     r3, [r4, #ROUNDING]
    lsls    r3, r5
    asrs    r3, #1
    ldr     r0, [r4, #MULTIPLIER]
    ldr     r2, [r0]
    lsls    r0, r2, #22
    lsrs    r0, #22
    lsls    r1, r2, #12
    lsrs    r1, #22
    lsrs    r2, #20
    mov     r7, sp
    stmia   r7!, {r0-r3, r5}
    adds    r7, #4
    ldr     r0, [r4, #OUT]
    ldr     r6, [r4, #BIAS]
    ldr     r6, [r6]
    mov     r11, r6
    ldmia   r4!, {r1-r3}
    stmia   r7!, {r0-r3}
    /* weights as words, and their sum; those of a line that does not exist are 0 */
    ldr     r0, [r4]
    movs    r6, #0
    .irp    line, 0, 1, 2
    ldr     r5, [r4, #EXISTS - WEIGHTS + 4 * \line]
    ldrb    r1, [r0, #3 * \line]
    ldrb    r2, [r0, #3 * \line + 1]
    ldrb    r3, [r0, #3 * \line + 2]
    sxtb    r1, r1
    sxtb    r2, r2
    sxtb    r3, r3
    ands    r1, r5
    ands    r2, r5
    ands    r3, r5
    adds    r6, r1
    adds    r6, r2
    adds    r6, r3
    stmia   r7!, {r1-r3}
    .endr

    ldr     r4, [sp, #ALL]
    ldr     r5, [r4, #PAD]
    muls    r6, r5
    mov     r7, r11
    subs    r7, r6
    mov     r11, r7
    mov     r8, r7
    ldr     r6, [r4, #WIDE]
    ldr     r5, [r4, #BEFORE]
    movs    r3, #0
    cmp     r5, #0
    beq     .Lfirst
    PADDING r7, 0
    add     r4, sp, #LINE
    ldmia   r4!, {r0-r2}
    b       .Lbegun
.Lfirst:
    add     r4, sp, #LINE
    ldmia   r4!, {r0-r2}
    COLUMN  0
.Lbegun:
    cmp     r6, #0
    beq     .Lnarrow_first
    b       .Lwide_next
.Lnarrow_first:
    LOAD    0
    TAKE    r7, 0, 1
    TAKE    r8, 0, 0
    LOAD    1
    TAKE    r7, 1, 1
    TAKE    r8, 1, 0
    LOAD    2
    TAKE    r7, 2, 1
    TAKE    r8, 2, 0
    add     r3, r9
    b       .Lnarrow_next
.Lnarrow:
    LOAD    0
    TIMES   0, 2
    adds    r6, r7, r5
    mov     r7, r8
    TAKE    r7, 0, 1
    mov     r8, r11
    TAKE    r8, 0, 0
    LOAD    1
    TAKE    r6, 1, 2
    TAKE    r7, 1, 1
    TAKE    r8, 1, 0
    LOAD    2
    TAKE    r6, 2, 2
    TAKE    r7, 2, 1
    TAKE    r8, 2, 0
    add     r3, r9
    OUTPUT
.Lnarrow_next:
    cmp     r3, lr
    bne     .Lnarrow
    b       .Lend
.Lwide:
    COLUMN  1
    LOAD    0
    TIMES   0, 2
    adds    r6, r7, r5
    mov     r7, r11
    TAKE    r7, 0, 0
    LOAD    1
    TAKE    r6, 1, 2
    TAKE    r7, 1, 0
    LOAD    2
    TAKE    r6, 2, 2
    TAKE    r7, 2, 0
    add     r3, r9
.Lstore:
    OUTPUT
.Lwide_next:
    cmp     r3, lr
    blo     .Lwide
    bhi     .Lnext_channel
.Lend:
    /* one more output, whose last tap is padding? */
    ldr     r4, [sp, #ALL]
    ldr     r5, [r4, #CUT]
    cmp     r5, #0
    beq     .Lnext_channel
    ldr     r5, [r4, #WIDE]
    cmp     r5, #0
    beq     .Lcut
    COLUMN  1
    ldr     r4, [sp, #ALL]
.Lcut:
    PADDING r7, 2
    mov     r6, r7
    mov     r3, lr
    adds    r3, #1
    b       .Lstore
.Lnext_channel:
    ldr     r4, [sp, #ALL]
    mov     r7, r4
    ldmia   r4!, {r0-r3}
    ldr     r5, [r7, #FIRST_STEP]
    adds    r0, r5
    ldr     r5, [r7, #LINE_STEP]
    adds    r1, r5
    adds    r2, r5
    adds    r3, #9
    stmia   r7!, {r0-r3}
    ldmia   r4!, {r0-r3, r5, r6}
    adds    r0, #4
    adds    r1, #4
    adds    r2, #1
    adds    r3, r5
    subs    r6, #1
    stmia   r7!, {r0-r3, r5, r6}
    ldr     r4, [sp, #ALL]
    cmp     r6, #0
    beq     .Ldone
    b       .Lchannel
.Ldone:
    ldr     r0, [sp, #LEFT_OUT]
    LEAVE   FRAME
    .size   msfcnn_depthwise_3x3_asm, . - msfcnn_depthwise_3x3_asm

#endif
