/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/*
 * Dot products and their rounding for Armv6-M and Armv8-M Baseline (Cortex-M0, M0+, M1, M23): tiles
 * of one pixel by four outputs.
 *
 * Only eight registers take part in more than additions. Five of them point behind the taps and
 * the weights of the outputs, one counts up to 0; the sums are in high registers.
 */

#include "v6m.h"

#if MSFCNN_V6M

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
#ifdef __OPTIMIZE_SIZE__
#  define SHORT_TILES   0
#  define OUTPUT    44          /* of each of the four, its bias first; then: */
#  define FACTOR    48
#  define NEXT      16
#else
#  define SHORT_TILES   1
#  define IS_SHORT  44
#  define OUTPUT    48
#  define FACTOR    52
#  define NEXT      24
#endif

/* on the stack: what a tile begins with, in this order */
#define X_END       0
#define W_END       4           /* of four outputs */
#define BIASES      20
#define COUNT       36          /* taps, negative */
#define TILE        40
#define NEXT_OUT    44
#define LEFT        48
#define FRAME       52

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

    /* r0: a sum below 2^19, so no product leaves 30 bits; r4: parts of its factor and what follows,
     * then those of the next output; r6: where to, r7: from one output to the next, lr: smallest,
     * r12: largest */
    .macro  SHORT   sum
    mov     r5, \sum
    ldmia   r4!, {r0-r2}
    muls    r0, r5
    asrs    r0, #10
    muls    r1, r5
    adds    r0, r1
    asrs    r0, #10
    muls    r2, r5
    adds    r0, r2
    ldmia   r4!, {r1-r3}
    adds    r0, r1
    asrs    r0, r2
    cmp     r0, lr
    bge     1f
    mov     r0, lr
1:  cmp     r0, r12
    ble     2f
    mov     r0, r12
2:  strb    r0, [r6]
    adds    r6, r7
    .endm

    /* r0: msfcnn_tile_t, r1: pixels */
    ENTER   msfcnn_dot_v6m, FRAME
    str     r0, [sp, #TILE]
    str     r1, [sp, #LEFT]
    ldr     r1, [r0, #OUT]
    str     r1, [sp, #NEXT_OUT]
    ldr     r1, [r0, #RANGE_LOW]
    mov     lr, r1
    ldr     r1, [r0, #RANGE_HIGH]
    mov     r12, r1
    ldr     r7, [r0, #TAPS]
    rsbs    r1, r7, #0
    str     r1, [sp, #COUNT]
    ldr     r1, [r0, #X]
    ldr     r2, [r0, #W]
    adds    r1, r7
    adds    r2, r7
    adds    r3, r2, r7
    adds    r4, r3, r7
    adds    r5, r4, r7
    mov     r6, sp
    stmia   r6!, {r1-r5}
    ldr     r1, [r0, #OUTPUT]
    ldr     r2, [r0, #OUTPUT + NEXT]
    ldr     r3, [r0, #OUTPUT + 2 * NEXT]
    ldr     r4, [r0, #OUTPUT + 3 * NEXT]
    stmia   r6!, {r1-r4}
.Lpixel:
    mov     r6, sp
    ldmia   r6!, {r0-r4}
    ldmia   r6!, {r5, r7}
    mov     r8, r5
    mov     r9, r7
    ldmia   r6!, {r5, r7}
    mov     r10, r5
    mov     r11, r7
    ldr     r5, [r6]
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

    ldr     r4, [sp, #TILE]
    ldr     r6, [sp, #NEXT_OUT]
    ldr     r7, [r4, #PIXEL_STEP]
    adds    r7, r6
    str     r7, [sp, #NEXT_OUT]
    ldr     r7, [r4, #STEP]
    ldr     r5, [sp, #X_END]
    adds    r5, r7
    str     r5, [sp, #X_END]
    ldr     r7, [r4, #CHAN_STEP]
#if SHORT_TILES
    ldr     r5, [r4, #IS_SHORT]
    cmp     r5, #0
    bne     .Lshort
#endif
    adds    r4, #FACTOR
    mov     r0, r8
    bl      .Llong
    mov     r0, r9
    bl      .Llong
    mov     r0, r10
    bl      .Llong
    mov     r0, r11
    bl      .Llong
    ldr     r5, [sp, #TILE]
    ldr     r5, [r5, #RANGE_LOW]
    mov     lr, r5
#if SHORT_TILES
    b       .Lstored
.Lshort:
    adds    r4, #FACTOR
    SHORT   r8
    SHORT   r9
    SHORT   r10
    SHORT   r11
.Lstored:
#endif
    ldr     r7, [sp, #LEFT]
    subs    r7, #1
    str     r7, [sp, #LEFT]
    beq     .Lend
    b       .Lpixel
.Lend:
    LEAVE   FRAME

    /* stores r0 and goes on to the next output */
.Llong:
    /* upper half of the product, by halves: none of the sums leaves 32 bits */
    ldrh    r1, [r4]
    ldrh    r2, [r4, #2]
    uxth    r3, r0
    asrs    r0, #16
    movs    r5, r3
    muls    r5, r1
    lsrs    r5, #16
    muls    r1, r0
    adds    r1, r5
    muls    r3, r2
    muls    r0, r2
    uxth    r2, r1
    adds    r3, r2
    asrs    r1, #16
    asrs    r3, #16
    adds    r0, r1
    adds    r0, r3
    /* the zero point and a half, and the shift */
    ldr     r1, [r4, #4]
    adds    r0, r1
    ldr     r1, [r4, #8]
    asrs    r0, r1
    ldr     r1, [sp, #TILE]
    ldr     r2, [r1, #RANGE_LOW]
    ldr     r3, [r1, #RANGE_HIGH]
    cmp     r0, r2
    bge     1f
    mov     r0, r2
1:  cmp     r0, r3
    ble     2f
    mov     r0, r3
2:  strb    r0, [r6]
    adds    r6, r7
    adds    r4, #NEXT
    bx      lr
    .size   msfcnn_dot_v6m, . - msfcnn_dot_v6m

#endif
