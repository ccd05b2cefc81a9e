/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/*
 * Dot products of pixels, one or two at a time, with blocks of four outputs, 16 taps at a time.
 *
 *     void msfcnn_mve_singles(msfcnn_mve_blocks_t *blocks);
 *     void msfcnn_mve_pairs(msfcnn_mve_blocks_t *blocks);
 *
 * The first 1 to 16 taps of a pixel stay in a register, with zeros behind them: what is read as
 * their weights beyond the last tap does not count. VMLADAV sums to even registers only. VMOV of two
 * registers to two lanes names the higher lane first, but the register of the lower one.
 *
 * A block: weights of the first taps, output after output; weights of 16 taps at a time, likewise;
 * four biases; four multipliers; four shifts as bytes, negative.
 */

#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 1)

    .syntax unified
    .thumb

/* offsets in msfcnn_mve_blocks_t */
#define X           0       /* and of the second pixel */
#define OUT         8       /* and of the second pixel */
#define X_STEP      16      /* and OUT_STEP */
#define TURNS       24
#define TAIL        28      /* and CHUNKS */
#define ZERO        36      /* and END */
#define BLOCKS      44      /* and COUNT */
#define LOW         52      /* and HIGH */
#define REST        60      /* and of the second pixel */
#define NOW         68      /* and of the second pixel */

/* r11: the blocks; r7: taps in q6 and q7; leaves bounds in q4 and q5 */
.macro BEGIN
    push    {r3-r11, lr}
    vpush   {d8-d15}
    mov     r11, r0
    ldrd    r0, r2, [r11, #LOW]
    vdup.32 q4, r0
    vdup.32 q5, r2
    ldrd    r7, r0, [r11, #TAIL]
    vctp.8  r7
.endm

/* the first taps to q6 and q7, to where outputs go in r1 and r3, blocks to r5 and their number to
   lr; moves on to the next pixels */
.macro NEXT pixels
    ldrd    r1, r3, [r11, #X]
    ldrd    r6, r8, [r11, #X_STEP]
    vpst
    vldrbt.u8 q6, [r1]
.if \pixels == 2
    vpst
    vldrbt.u8 q7, [r3]
.endif
    add     r0, r1, r6
    add     r2, r3, r6
    strd    r0, r2, [r11, #X]
    add     r0, r1, r7
    add     r2, r3, r7
    strd    r0, r2, [r11, #REST]
    ldrd    r1, r3, [r11, #OUT]
    add     r0, r1, r8
    add     r2, r3, r8
    strd    r0, r2, [r11, #OUT]
    ldrd    r5, lr, [r11, #BLOCKS]
.endm

.macro FINISH
    ldr     r6, [r11, #TURNS]
    subs    r6, r6, #1
    str     r6, [r11, #TURNS]
    bne     0b
    vpop    {d8-d15}
    pop     {r3-r11, pc}
.endm

/* the weights of the next output */
.macro WEIGHTS to, advance
.ifc \advance, any
    vldrb.u8 \to, [r5]
    add     r5, r5, r7
.else
    vldrb.u8 \to, [r5], #\advance
.endif
.endm

/* sums in q0 (and q1) to outputs; zero: the register with the zero point */
.macro SCALE pixels, zero
    vldrw.u32 q2, [r5], #16
    vldrw.u32 q3, [r5], #16
    vadd.i32 q0, q0, q2
.if \pixels == 2
    vadd.i32 q1, q1, q2
.endif
    vldrb.s32 q2, [r5], #4
    vqdmulh.s32 q0, q0, q3
.if \pixels == 2
    vqdmulh.s32 q1, q1, q3
.endif
    vrshl.s32 q0, q0, q2
    vadd.i32 q0, q0, \zero
    vmax.s32 q0, q0, q4
    vmin.s32 q0, q0, q5
.if \pixels == 2
    vrshl.s32 q1, q1, q2
    vadd.i32 q1, q1, \zero
    vmax.s32 q1, q1, q4
    vmin.s32 q1, q1, q5
.endif
.endm

/* all blocks of pixels with at most 16 taps */
.macro SHORT pixels, advance
    ldr     r9, [r11, #ZERO]
0:
    NEXT    \pixels
    dls     lr, lr
1:
    WEIGHTS q2, \advance
    WEIGHTS q3, \advance
    vmladav.s8 r0, q6, q2
    vmladav.s8 r2, q6, q3
.if \pixels == 2
    vmladav.s8 r8, q7, q2
    vmladav.s8 r10, q7, q3
.endif
    WEIGHTS q2, \advance
    WEIGHTS q3, \advance
    vmladav.s8 r4, q6, q2
    vmladav.s8 r6, q6, q3
    vmov    q0[2], q0[0], r0, r4
    vmov    q0[3], q0[1], r2, r6
.if \pixels == 2
    vmladav.s8 r4, q7, q2
    vmladav.s8 r6, q7, q3
    vmov    q1[2], q1[0], r8, r4
    vmov    q1[3], q1[1], r10, r6
.endif
    SCALE   \pixels, r9
    vstrb.32 q0, [r1], #4
.if \pixels == 2
    vstrb.32 q1, [r3], #4
.endif
    le      lr, 1b
    FINISH
.endm

/* one chunk of weights: 16 taps of four outputs */
.macro CHUNK pixels
    vldrb.u8 q0, [r1], #16
    vldrb.u8 q2, [r5], #64
    vldrb.u8 q3, [r5, #-48]
.if \pixels == 2
    vldrb.u8 q1, [r3], #16
.endif
    vmladava.s8 r0, q0, q2
    vmladava.s8 r2, q0, q3
.if \pixels == 2
    vmladava.s8 r8, q1, q2
    vmladava.s8 r10, q1, q3
.endif
    vldrb.u8 q2, [r5, #-32]
    vldrb.u8 q3, [r5, #-16]
    vmladava.s8 r4, q0, q2
    vmladava.s8 r6, q0, q3
.if \pixels == 2
    vmladava.s8 r12, q1, q2
    vmladava.s8 lr, q1, q3
.endif
.endm

/* all blocks of pixels with more taps */
.macro LONG pixels
0:
    NEXT    \pixels
    strd    r1, r3, [r11, #NOW]
1:
    WEIGHTS q2, any
    WEIGHTS q3, any
    vmladav.s8 r0, q6, q2
    vmladav.s8 r2, q6, q3
.if \pixels == 2
    vmladav.s8 r8, q7, q2
    vmladav.s8 r10, q7, q3
.endif
    WEIGHTS q2, any
    WEIGHTS q3, any
    vmladav.s8 r4, q6, q2
    vmladav.s8 r6, q6, q3
.if \pixels == 2
    vmladav.s8 r12, q7, q2
    vmladav.s8 lr, q7, q3
    ldrd    r1, r3, [r11, #REST]
    ldr     r9, [r11, #TAIL + 4]
2:
    CHUNK   2
    subs    r9, r9, #1
    bne     2b
    vmov    q1[2], q1[0], r8, r12
    vmov    q1[3], q1[1], r10, lr
.else
    ldr     r1, [r11, #REST]
    ldr     lr, [r11, #TAIL + 4]
    dls     lr, lr
2:
    CHUNK   1
    le      lr, 2b
.endif
    vmov    q0[2], q0[0], r0, r4
    vmov    q0[3], q0[1], r2, r6
    ldrd    r9, r6, [r11, #ZERO]
    ldrd    r1, r3, [r11, #NOW]
    SCALE   \pixels, r9
    vstrb.32 q0, [r1], #4
.if \pixels == 2
    vstrb.32 q1, [r3], #4
.endif
    strd    r1, r3, [r11, #NOW]
    cmp     r5, r6
    bne     1b
    FINISH
.endm

.macro PIXELS name, pixels
    .section .text.\name, "ax", %progbits
    .balign 4
    .global \name
    .type   \name, %function
    .thumb_func
\name:
    BEGIN
    cmp     r0, #0
    bne     5f
    cmp     r7, #8
    beq     3f
    cmp     r7, #16
    beq     4f
    SHORT   \pixels, any
3:
    SHORT   \pixels, 8
4:
    SHORT   \pixels, 16
5:
    LONG    \pixels
    .size   \name, . - \name
.endm

    PIXELS  msfcnn_mve_singles, 1
    PIXELS  msfcnn_mve_pairs, 2

#endif

    .section .note.GNU-stack, "", %progbits
