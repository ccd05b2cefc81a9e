/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/*
 * Dot products and their rounding for Armv6-M and Armv8-M Baseline (Cortex-M0, M0+, M1, M23): one
 * pixel by four outputs.
 *
 * Only eight registers take part in more than additions. Five of them point behind the taps and
 * the weights of the outputs, one counts up to 0; the sums are in high registers.
 */

#include "v6m.h"

#if MSFCNN_V6M

/* the arguments and msfcnn_outputs_t, copied to the stack */
#define TAPS        0
#define N_TAPS      4
#define WEIGHTS     8
#define BLOCKS      12
#define BIAS        16
#define MULTIPLIER  20
#define SHIFT       24
#define OUT         28
#define CHAN_STEP   32
#define RANGE       36
#define ROUNDING    40
#define LOW         44
#define HIGH        48
#define FRAME       60          /* keeps the stack aligned to 8 */
#define FIFTH       (FRAME + 36)    /* argument, on the caller's */

    /* the tap of r6 for an output */
    .macro  TAKE sum, weights
    ldrsb   r7, [\weights, r5]
    muls    r7, r6
    add     \sum, r7
    .endm

    .macro  TAP
    ldrsb   r6, [r0, r5]
    TAKE    r8, r1
    TAKE    r9, r2
    TAKE    r10, r3
    TAKE    r11, r4
    adds    r5, #1
    .endm

/* r4: multipliers, r5: shifts, r6: output, r12: largest output, lr: smallest */
    .macro  OUTPUT n, sum
    ldrb    r7, [r5, #\n]
    subs    r7, #33
    cmp     r7, #21
    bhi     .Lany_shift_\n
    /* upper half of the product, by halves: none of the sums leaves 32 bits */
    mov     r0, \sum
    ldrh    r1, [r4, #4 * \n]
    ldrh    r2, [r4, #4 * \n + 2]
    uxth    r3, r0
    asrs    r0, #16
    mov     r8, r3
    muls    r3, r1
    lsrs    r3, #16
    muls    r1, r0
    adds    r1, r3
    mov     r3, r8
    muls    r3, r2
    muls    r0, r2
    uxth    r2, r1
    adds    r3, r2
    asrs    r1, #16
    asrs    r3, #16
    adds    r0, r1
    adds    r0, r3
    /* the zero point and a half, and the shift */
    ldr     r1, [sp, #ROUNDING]
    lsls    r1, r7
    adds    r0, r1
    adds    r7, #1
    asrs    r0, r7
    cmp     r0, lr
    bge     .Lnot_low_\n
    mov     r0, lr
.Lnot_low_\n:
    cmp     r0, r12
    ble     .Lstore_\n
    mov     r0, r12
.Lstore_\n:
    strb    r0, [r6]
    ldr     r1, [sp, #CHAN_STEP]
    adds    r6, r1
    .endm

/* what few networks need: shifts of scales above a half, or of next to nothing */
    .macro  ANY_SHIFT n, sum
.Lany_shift_\n:
    add     r0, sp, #RANGE
    mov     r1, \sum
    ldr     r2, [r4, #4 * \n]
    ldrb    r3, [r5, #\n]
    bl      msfcnn_requantize
    ldr     r1, [sp, #HIGH]
    mov     r12, r1
    ldr     r1, [sp, #LOW]
    mov     lr, r1
    b       .Lstore_\n
    .endm

    ENTER   msfcnn_dot_v6m, FRAME
    mov     r4, sp
    stmia   r4!, {r0-r3}
    ldr     r0, [sp, #FIFTH]
    ldmia   r0!, {r1-r3, r5, r6}
    stmia   r4!, {r1-r3, r5, r6}
    ldmia   r0!, {r1-r3, r5}
    stmia   r4!, {r1-r3, r5}
.Lblock:
    ldr     r7, [sp, #BIAS]
    ldmia   r7!, {r0-r3}
    str     r7, [sp, #BIAS]
    mov     r8, r0
    mov     r9, r1
    mov     r10, r2
    mov     r11, r3
    ldr     r5, [sp, #N_TAPS]
    ldr     r0, [sp, #TAPS]
    ldr     r1, [sp, #WEIGHTS]
    adds    r0, r5
    adds    r1, r5
    adds    r2, r1, r5
    adds    r3, r2, r5
    adds    r4, r3, r5
    str     r4, [sp, #WEIGHTS]
    rsbs    r5, r5, #0
.Lones:
    lsls    r7, r5, #30
    beq     .Lfours
    TAP
    b       .Lones
.Lfour:
    TAP
    TAP
    TAP
    TAP
.Lfours:
    cmp     r5, #0
    bne     .Lfour

    ldr     r4, [sp, #HIGH]
    mov     r12, r4
    ldr     r4, [sp, #LOW]
    mov     lr, r4
    ldr     r4, [sp, #MULTIPLIER]
    ldr     r5, [sp, #SHIFT]
    ldr     r6, [sp, #OUT]
    OUTPUT  0, r8
    OUTPUT  1, r9
    b       .Lnext_two
    /* within reach of the branches */
    ANY_SHIFT 0, r8
    ANY_SHIFT 1, r9
.Lnext_two:
    OUTPUT  2, r10
    OUTPUT  3, r11
    adds    r4, #16
    str     r4, [sp, #MULTIPLIER]
    adds    r5, #4
    str     r5, [sp, #SHIFT]
    str     r6, [sp, #OUT]
    ldr     r7, [sp, #BLOCKS]
    subs    r7, #1
    str     r7, [sp, #BLOCKS]
    beq     .Lend
    b       .Lblock
.Lend:
    LEAVE   FRAME

    ANY_SHIFT 2, r10
    ANY_SHIFT 3, r11
    .size   msfcnn_dot_v6m, . - msfcnn_dot_v6m

#endif
