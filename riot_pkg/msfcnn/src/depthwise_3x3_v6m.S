/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/*
 * Depthwise 3x3 for Armv6-M and Armv8-M Baseline: channel by channel, pixel by pixel.
 *
 * Every input pixel is loaded once and added to the sums of all outputs it belongs to: the one
 * that it completes, and up to two that follow. Padding is what sums begin with: it is subtracted
 * from each pixel, and what a tap of padding would add is never added.
 */

#include "v6m.h"

#if MSFCNN_V6M

/* msfcnn_depthwise_v6m_t */
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
#define PIXELS      68
#define CUT         72
#define BEFORE      76
#define WIDE        80
#define PAD         84
#define ROUNDING    92          /* of the range */
#define LOW         96
#define HIGH        100

/* on the stack: of the channel */
#define LINE        0
#define FACTOR_LOW  12
#define FACTOR_HIGH 16
#define HALF        20
#define SHIFT_BY    24
#define LEFT        28
#define NEXT        32          /* in this order */
#define NEXT_STEP   36
#define LOWEST      40
#define HIGHEST     44
#define TAPS        48
#define LEFT_OUT    84
#define FRAME       92

/* r0-r2: lines, r3: offset of the next column; sums: r6 of the output that comes next, r7, r8;
 * r9: from pixel to pixel, r10: what is subtracted, negative, r11: what sums begin with, r12: the
 * argument */

    .macro  TAKE    sum, line, column
    ldr     r5, [sp, #TAPS + 12 * \line + 4 * \column]
    muls    r5, r4
    add     \sum, r5
    .endm

    /* the pixel of a line: as which of their taps the sums take it */
    .macro  PIXEL   line, first, second, third
    ldrsb   r4, [r\line, r3]
    add     r4, r10
    TAKE    r6, \line, \first
    .if \second >= 0
    TAKE    r7, \line, \second
    .endif
    .if \third >= 0
    TAKE    r8, \line, \third
    .endif
    .endm

    .macro  COLUMN  first, second=-1, third=-1
    PIXEL   0, \first, \second, \third
    PIXEL   1, \first, \second, \third
    PIXEL   2, \first, \second, \third
    add     r3, r9
    .endm

    /* to the next pixel; behind the last of them, on to the channel's cut one if it has one */
    .macro  AGAIN loop
    ldr     r5, [sp, #LEFT]
    subs    r5, #1
    str     r5, [sp, #LEFT]
    bpl     \loop
    mov     r4, r12
    ldr     r5, [r4, #CUT]
    cmp     r5, #0
    beq     .Lnext_channel
    .endm

    /* three weights to words; those of a line that does not exist are 0 */
    .macro  EXPAND  line
    ldr     r5, [r4, #EXISTS + 4 * \line]
    .irp    i, 0, 1, 2
    ldrb    r1, [r0, #3 * \line + \i]
    sxtb    r1, r1
    ands    r1, r5
    str     r1, [sp, #TAPS + 12 * \line + 4 * \i]
    .endr
    .endm

    ENTER   msfcnn_depthwise_3x3_v6m, FRAME
    mov     r12, r0
    mov     r4, r0
    ldr     r1, [r4, #STEP]
    mov     r9, r1
    ldr     r1, [r4, #PAD]
    rsbs    r1, r1, #0
    mov     r10, r1
    ldr     r1, [r4, #PIXEL_STEP]
    str     r1, [sp, #NEXT_STEP]
    ldr     r1, [r4, #LOW]
    str     r1, [sp, #LOWEST]
    ldr     r1, [r4, #HIGH]
    str     r1, [sp, #HIGHEST]
    movs    r1, #0
    str     r1, [sp, #LEFT_OUT]

    /* r4: the argument */
.Lchannel:
    ldr     r0, [r4, #SHIFT]
    ldrb    r1, [r0]
    subs    r1, #33
    cmp     r1, #21
    bls     .Lfits
    ldr     r1, [sp, #LEFT_OUT]
    adds    r1, #1
    str     r1, [sp, #LEFT_OUT]
    b       .Lnext_channel
.Lfits:
    ldr     r2, [r4, #ROUNDING]
    lsls    r2, r1
    str     r2, [sp, #HALF]
    adds    r1, #1
    str     r1, [sp, #SHIFT_BY]
    ldr     r0, [r4, #MULTIPLIER]
    ldrh    r1, [r0]
    str     r1, [sp, #FACTOR_LOW]
    ldrh    r1, [r0, #2]
    str     r1, [sp, #FACTOR_HIGH]
    ldr     r0, [r4, #PIXELS]
    str     r0, [sp, #LEFT]
    ldr     r0, [r4, #OUT]
    str     r0, [sp, #NEXT]
    ldr     r0, [r4, #WEIGHTS]
    EXPAND  0
    EXPAND  1
    EXPAND  2
    ldr     r0, [r4, #BIAS]
    ldr     r6, [r0]
    mov     r11, r6
    mov     r7, r6
    mov     r8, r6
    ldr     r5, [r4, #BEFORE]
    ldmia   r4!, {r0-r2}
    mov     r3, sp
    stmia   r3!, {r0-r2}
    movs    r3, #0
    cmp     r5, #0
    bne     .Lbegun
    COLUMN  0
.Lbegun:
    mov     r4, r12
    ldr     r5, [r4, #WIDE]
    cmp     r5, #0
    bne     .Lwide_next
    COLUMN  1, 0
    b       .Lnarrow_next
.Lnarrow:
    COLUMN  2, 1, 0
    bl      .Loutput
    mov     r6, r7
    mov     r7, r8
    mov     r8, r11
.Lnarrow_next:
    AGAIN   .Lnarrow
    b       .Lcut
.Lwide:
    COLUMN  1
    COLUMN  2, 0
    bl      .Loutput
    mov     r6, r7
    mov     r7, r11
.Lwide_next:
    AGAIN   .Lwide
    COLUMN  1
.Lcut:
    bl      .Loutput
.Lnext_channel:
    mov     r4, r12
    mov     r7, r12
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
    mov     r4, r12
    cmp     r6, #0
    beq     .Ldone
    b       .Lchannel
.Ldone:
    ldr     r0, [sp, #LEFT_OUT]
    LEAVE   FRAME

    /* stores r6 */
.Loutput:
    /* upper half of the product, by halves: none of the sums leaves 32 bits */
    ldr     r0, [sp, #FACTOR_LOW]
    ldr     r1, [sp, #FACTOR_HIGH]
    uxth    r4, r6
    asrs    r6, #16
    movs    r5, r4
    muls    r5, r0
    lsrs    r5, #16
    muls    r0, r6
    adds    r0, r5
    muls    r4, r1
    muls    r6, r1
    uxth    r5, r0
    adds    r4, r5
    asrs    r0, #16
    asrs    r4, #16
    adds    r6, r0
    adds    r6, r4
    /* the zero point and a half, and the shift */
    ldr     r0, [sp, #HALF]
    adds    r6, r0
    ldr     r0, [sp, #SHIFT_BY]
    asrs    r6, r0
    ldr     r0, [sp, #LOWEST]
    cmp     r6, r0
    bge     .Lnot_low
    mov     r6, r0
.Lnot_low:
    ldr     r0, [sp, #HIGHEST]
    cmp     r6, r0
    ble     .Lnot_high
    mov     r6, r0
.Lnot_high:
    add     r4, sp, #NEXT
    ldmia   r4!, {r0, r1}
    strb    r6, [r0]
    adds    r0, r1
    str     r0, [sp, #NEXT]
    mov     r4, sp
    ldmia   r4!, {r0-r2}
    bx      lr
    .size   msfcnn_depthwise_3x3_v6m, . - msfcnn_depthwise_3x3_v6m

#endif
