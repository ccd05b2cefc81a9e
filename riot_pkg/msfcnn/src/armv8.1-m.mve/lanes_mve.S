/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/*
 * Depthwise convolution of some pixels: 16 channels at a time.
 *
 *     void msfcnn_mve_depthwise_3x3(msfcnn_mve_depthwise_t *job);     3x3, all taps exist
 *     void msfcnn_mve_depthwise_any(msfcnn_mve_depthwise_t *job);     from a table of taps
 *
 * Products of two taps are summed in 16 bits, which the generator has made sure suffices, and then
 * added to sums of 32. Those are of the channels 0 4 8 12, 2 6 10 14, 1 5 9 13, 3 7 11 15: widening
 * takes every other one, and narrowing puts them back.
 *
 * Constants of 16 channels: biases in that order; 16 weights a tap; multipliers in that order;
 * shifts as bytes, negative, in that order.
 */

#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 1)

    .syntax unified
    .thumb

/* offsets in msfcnn_mve_depthwise_t */
#define TAPS        0       /* and the number of pairs */
#define STEP        8
#define ZERO        12
#define LOW         16
#define HIGH        20
#define OFFSET      24      /* and the first output */
#define NEXT        32      /* from behind the full blocks to the next pixel, and of outputs */
#define CONSTANTS   40
#define FULL        44
#define LAST        48
#define PIXELS      52
#define ODD         56

/* the next tap of a kernel line */
.macro INPUT_line partial
.if \partial
    vpst
    vldrbt.u8 q6, [r1]
.else
    vldrb.u8 q6, [r1]
.endif
    add     r1, r1, r5
.endm

/* the last one */
.macro INPUT_end partial
.if \partial
    vpst
    vldrbt.u8 q6, [r1]
.else
    vldrb.u8 q6, [r1]
.endif
.endm

/* the next tap of a table, where padding stays in its place */
.macro INPUT_table partial
    ldrd    r1, r6, [r3], #8
    and     r6, r6, r4
    add     r1, r1, r6
.if \partial
    vpst
    vldrbt.u8 q6, [r1]
.else
    vldrb.u8 q6, [r1]
.endif
.endm

/* products of a tap, for a beginning */
.macro FIRST from, partial
    INPUT_\from \partial
    vldrb.u8 q7, [r2], #16
    vmullb.s8 q4, q6, q7
    vmullt.s8 q5, q6, q7
.endm

/* products of another tap; there is no register for its weights beside one for products */
.macro SECOND from, partial
    INPUT_\from \partial
    vldrb.u8 q7, [r2]
    vmullb.s8 q7, q6, q7
    vadd.i16 q4, q4, q7
    vldrb.u8 q7, [r2], #16
    vmullt.s8 q7, q6, q7
    vadd.i16 q5, q5, q7
.endm

.macro WIDEN
    vmovlb.s16 q6, q4
    vadd.i32 q0, q0, q6
    vmovlt.s16 q4, q4
    vadd.i32 q1, q1, q4
    vmovlb.s16 q6, q5
    vadd.i32 q2, q2, q6
    vmovlt.s16 q5, q5
    vadd.i32 q3, q3, q5
.endm

/* all taps */
.macro SUM kind, partial
.ifc \kind, 3x3
    ldrd    r1, r3, [r12]
    ldr     r6, [r12, #8]
    add     r1, r1, r4
    FIRST   line, \partial
    SECOND  line, \partial
    WIDEN
    FIRST   end, \partial
    add     r1, r3, r4
    SECOND  line, \partial
    WIDEN
    FIRST   line, \partial
    SECOND  end, \partial
    WIDEN
    add     r1, r6, r4
    FIRST   line, \partial
    SECOND  line, \partial
    WIDEN
    FIRST   end, \partial
    WIDEN
.else
    mov     r3, r12
    ldr     lr, [r0, #TAPS + 4]
    wls     lr, lr, 2f
1:
    FIRST   table, \partial
    SECOND  table, \partial
    WIDEN
    le      lr, 1b
2:
    ldr     r6, [r0, #ODD]
    cbz     r6, 3f
    FIRST   table, \partial
    WIDEN
3:
.endif
.endm

.macro SCALE sums
    vldrb.s32 q4, [r2], #4
    vrshl.s32 \sums, \sums, q4
.endm

/* 16 channels of a pixel, in q0 */
.macro BLOCK kind, partial
    vldrw.u32 q0, [r2], #16
    vldrw.u32 q1, [r2], #16
    vldrw.u32 q2, [r2], #16
    vldrw.u32 q3, [r2], #16
    SUM     \kind, \partial
    vldrw.u32 q4, [r2], #16
    vldrw.u32 q5, [r2], #16
    vldrw.u32 q6, [r2], #16
    vldrw.u32 q7, [r2], #16
    vqdmulh.s32 q0, q0, q4
    vqdmulh.s32 q1, q1, q5
    vqdmulh.s32 q2, q2, q6
    vqdmulh.s32 q3, q3, q7
    SCALE   q0
    SCALE   q1
    SCALE   q2
    SCALE   q3
    vqmovnb.s32 q0, q0
    vqmovnt.s32 q0, q1
    vqmovnb.s32 q2, q2
    vqmovnt.s32 q2, q3
    vqadd.s16 q0, q0, r7
    vqadd.s16 q2, q2, r7
    vdup.8  q4, r9
    vdup.8  q5, r10
    vqmovnb.s16 q0, q0
    vqmovnt.s16 q0, q2
    vmax.s8 q0, q0, q4
    vmin.s8 q0, q0, q5
.endm

.macro DEPTHWISE name, kind
    .section .text.\name, "ax", %progbits
    .balign 4
    .global \name
    .type   \name, %function
    .thumb_func
\name:
    push    {r3-r11, lr}
    vpush   {d8-d15}
    ldrd    r5, r7, [r0, #STEP]
    ldrd    r9, r10, [r0, #LOW]
    ldr     r12, [r0, #TAPS]
    ldrd    r4, r8, [r0, #OFFSET]
    ldr     lr, [r0, #PIXELS]
5:
    ldrd    r2, r11, [r0, #CONSTANTS]
    cmp     r11, #0
    beq     7f
6:
    BLOCK   \kind, 0
    add     r4, r4, #16
    vstrb.8 q0, [r8], #16
    subs    r11, r11, #1
    bne     6b
7:
    ldr     r6, [r0, #LAST]
    cmp     r6, #0
    beq     8f
    vctp.8  r6
    BLOCK   \kind, 1
    vpst
    vstrbt.8 q0, [r8]
8:
    ldrd    r3, r6, [r0, #NEXT]
    add     r4, r4, r3
    add     r8, r8, r6
.ifc \kind, any
    /* its taps are counted in lr */
    ldr     lr, [r0, #PIXELS]
    sub     lr, lr, #1
    str     lr, [r0, #PIXELS]
    cmp     lr, #0
.else
    subs    lr, lr, #1
.endif
    bne     5b
    strd    r4, r8, [r0, #OFFSET]
    vpop    {d8-d15}
    pop     {r3-r11, pc}
    .size   \name, . - \name
.endm

    DEPTHWISE msfcnn_mve_depthwise_3x3, 3x3
    DEPTHWISE msfcnn_mve_depthwise_any, any

#endif

    .section .note.GNU-stack, "", %progbits
