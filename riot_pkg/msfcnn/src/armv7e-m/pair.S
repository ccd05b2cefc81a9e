/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/*
 * Pointwise and gathered convolution for Armv7E-M: two pixels, or one, by four outputs.
 *
 * Two weights share a halfword: w = 256 * high + low. With S = sum of x * w and A = sum of
 * x * low, the sum of x * high is (S - A) / 256, and S - A needs no division: it is the sum of
 * x * high scaled by 256, which the multiplier's shift takes into account. An instruction that
 * separates the low weights (SXTB16) so serves two pixels by two channels of two outputs.
 *
 * A block of four outputs lies in the stream as
 *     S01 A1 S23 A3          sums before the first tap: 256 * bias0 + bias1, bias1, ...
 *     w01 w23 ...            two taps a word, in the order in which taps are expanded
 *     m0 c0 m1 c1 m2 c2 m3 c3
 *     s0 s1 s2 s3
 * and an output is ssat8((c + (sum * m >> 32)) >> s). The packing proves that this is exact.
 */

#if defined(__ARM_FEATURE_DSP) && (__ARM_FEATURE_DSP == 1)

    .syntax unified
    .thumb

/* msfcnn_v7em_blocks_t */
#define B_BLOCKS        8
#define B_OUT           16
#define B_PIXEL_STEP    20
#define B_FIRST         28
#define B_SECOND        32
#define B_PAIRS         36
#define B_LINES         40

/* msfcnn_v7em_lines_t */
#define L_FIRST         4

/* what blocks need of it is copied to the stack, as all registers are taken */
#define X           0
#define X_END       4
#define BLOCKS_END  8
#define OUT         12
#define PIXEL_STEP  16
#define CHAN_STEP   20
#define ENTRY       24
#define ALL         28
#define LINE_END    32
#define SECOND      36
#define FRAME       40

#define MANY        128     /* with more taps, loads are double */

/* r2 r3: taps of the two pixels; sums: r6 r7 r10 r11 and r8 r9 r12 lr */
    .macro PAIR_LOAD_DOUBLE
    ldrd    r2, r3, [r0], #8
    ldrd    r4, r5, [r1], #8
    .endm

/* two instructions more, but single loads overlap: a cycle less on Cortex-M4 */
    .macro PAIR_LOAD
#ifdef __OPTIMIZE_SIZE__
    PAIR_LOAD_DOUBLE
#else
    ldr     r3, [r0, #4]
    ldr     r2, [r0], #8
    ldr     r5, [r1, #4]
    ldr     r4, [r1], #8
#endif
    .endm

/* the second pixel's sums begin as those of the first, or where they are */
    .macro PAIR_SUMS s01=r8, s1=r9, s23=r12, s3=lr
    smlad   r8, r3, r4, \s01
    smlad   r6, r2, r4, r6
    sxtb16  r4, r4
    smlad   r12, r3, r5, \s23
    smlad   r10, r2, r5, r10
    sxtb16  r5, r5
    smlad   r9, r3, r4, \s1
    smlad   r7, r2, r4, r7
    smlad   lr, r3, r5, \s3
    smlad   r11, r2, r5, r11
    .endm

    .macro PAIR_STEP load=PAIR_LOAD
    \load
    PAIR_SUMS
    .endm

/* eight steps, entered after the first one of a block */
    .macro PAIR_STEPS name, load
\name\()_7:
    PAIR_STEP \load
    PAIR_STEP \load
\name\()_5:
    PAIR_STEP \load
    PAIR_STEP \load
\name\()_3:
    PAIR_STEP \load
    PAIR_STEP \load
\name\()_1:
    PAIR_STEP \load
    ldr     r2, [sp, #X_END]
    cmp     r0, r2
    .endm

/* four channels of either pixel, to 16 bytes of pairs; flags stay */
    .macro EXPAND_STEP a=r0, b=r1, to=r3
    ldr     r4, [\a], #4
    ldr     r5, [\b], #4
    sxtb16  r6, r4, ror #8
    sxtb16  r7, r5, ror #8
    sxtb16  r4, r4
    sxtb16  r5, r5
    stm     \to!, {r4-r7}
    .endm

    .section .text.msfcnn_v7em_pair, "ax", %progbits
    .balign 4
    .global msfcnn_v7em_pair
    .thumb_func
    .type   msfcnn_v7em_pair, %function
msfcnn_v7em_pair:
    push    {r4-r11, lr}
    sub     sp, sp, #FRAME
    ldm     r0, {r2-r8}
    strd    r2, r3, [sp, #X]
    strd    r5, r6, [sp, #BLOCKS_END]
    strd    r7, r8, [sp, #PIXEL_STEP]
    sub     r7, r3, r2
    ubfx    r5, r7, #4, #2
    adr     r6, .Lpair_entries
#ifndef __OPTIMIZE_SIZE__
    cmp     r7, #4 * MANY
    it      hi
    addhi   r6, r6, #16
#endif
    ldr     r5, [r6, r5, lsl #2]
    strd    r5, r0, [sp, #ENTRY]
    mov     r1, r4
.Lpair_next:
    ldr     r8, [sp, #ALL]
    ldr     r3, [sp, #X]
    ldr     r10, [r8, #B_LINES]
    cmp     r10, #0
    bne     .Lpair_lines
    ldr     r0, [r8, #B_FIRST]
    cbz     r0, .Lpair_expanded
    ldr     r2, [sp, #X_END]
    ldr     r1, [r8, #B_SECOND]
    sub     r2, r2, r3
    add     r4, r0, r1, lsl #1
    str     r4, [r8, #B_FIRST]
    add     r1, r1, r0
#ifdef __OPTIMIZE_SIZE__
    lsrs    r2, r2, #4
1:
    EXPAND_STEP
#else
    lsrs    r2, r2, #5      /* steps / 2, carry: an odd one */
    bcc     1f
    EXPAND_STEP             /* leaves the flags */
    beq     2f
1:
    EXPAND_STEP
    EXPAND_STEP
#endif
    subs    r2, r2, #1
    bne     1b
2:
.Lpair_expanded:
    ldr     r8, [sp, #ALL]
    ldr     r0, [sp, #X]
    ldr     r1, [r8, #B_BLOCKS]
.Lpair_block:
    ldm     r1!, {r6, r7, r10, r11}
    PAIR_LOAD
    PAIR_SUMS r6, r7, r10, r11
    ldr     pc, [sp, #ENTRY]
    .balign 4
.Lpair_entries:
    .word   .Lfew_7 + 1, .Lfew_1 + 1, .Lfew_3 + 1, .Lfew_5 + 1
#ifndef __OPTIMIZE_SIZE__
    .word   .Lmany_7 + 1, .Lmany_1 + 1, .Lmany_3 + 1, .Lmany_5 + 1
.Lmany_8:
    PAIR_STEP PAIR_LOAD_DOUBLE
    PAIR_STEPS .Lmany, PAIR_LOAD_DOUBLE
    bne     .Lmany_8
    b       .Lpair_scale
#endif
.Lfew_8:
    PAIR_STEP
    PAIR_STEPS .Lfew, PAIR_LOAD
    bne     .Lfew_8
.Lpair_scale:
    ldm     r1!, {r2-r5}
    sub     r6, r6, r7
    sub     r8, r8, r9
    sub     r10, r10, r11
    sub     r12, r12, lr
    smmla   r6, r6, r2, r3
    smmla   r8, r8, r2, r3
    smmla   r7, r7, r4, r5
    smmla   r9, r9, r4, r5
    ldm     r1!, {r2-r5}
    smmla   r10, r10, r2, r3
    smmla   r12, r12, r2, r3
    smmla   r11, r11, r4, r5
    smmla   lr, lr, r4, r5
    ldm     r1!, {r2-r5}
    asr     r6, r6, r2
    asr     r8, r8, r2
    asr     r7, r7, r3
    asr     r9, r9, r3
    asr     r10, r10, r4
    asr     r12, r12, r4
    asr     r11, r11, r5
    asr     lr, lr, r5
    ldr     r2, [sp, #OUT]
    ldr     r3, [sp, #PIXEL_STEP]
    ldr     r4, [sp, #CHAN_STEP]
    ldr     r5, [sp, #BLOCKS_END]
    ldr     r0, [sp, #X]
    ssat    r6, #8, r6
    ssat    r8, #8, r8
    strb    r6, [r2]
    strb    r8, [r2, r3]
    add     r2, r2, r4
    ssat    r7, #8, r7
    ssat    r9, #8, r9
    strb    r7, [r2]
    strb    r9, [r2, r3]
    add     r2, r2, r4
    ssat    r10, #8, r10
    ssat    r12, #8, r12
    strb    r10, [r2]
    strb    r12, [r2, r3]
    add     r2, r2, r4
    ssat    r11, #8, r11
    ssat    lr, #8, lr
    strb    r11, [r2]
    strb    lr, [r2, r3]
    add     r2, r2, r4
    str     r2, [sp, #OUT]
    cmp     r1, r5
    bne     .Lpair_block
    /* the next two pixels, if there are more */
    ldr     r0, [sp, #ALL]
    ldr     r4, [r0, #B_PAIRS]
    ldr     r2, [r0, #B_OUT]
    subs    r4, r4, #1
    add     r2, r2, r3, lsl #1
    str     r4, [r0, #B_PAIRS]
    str     r2, [r0, #B_OUT]
    str     r2, [sp, #OUT]
    bne     .Lpair_next
    add     sp, sp, #FRAME
    pop     {r4-r11, pc}
/* the taps of two pixels, kernel line by kernel line */
.Lpair_lines:
    mov     r12, r3
    /* lines, first, pairs of the rest; fours and rest of a line */
    ldm     r10, {r0-r2, r4, r5, r8, r9}
    str     r4, [sp, #LINE_END]
    str     r5, [sp, #SECOND]
    add     r3, r1, r5, lsl #1
    str     r3, [r10, #L_FIRST]
    movs    r3, #2          /* to the next pair of the rest: 2 and 6 by turns */
.Llines_line:
    ldr     r10, [r0], #4
    ldr     r11, [sp, #SECOND]
    add     r10, r10, r1
    add     r11, r11, r10
    cmp     r8, #0
    beq     .Llines_rest
#ifdef __OPTIMIZE_SIZE__
    mov     lr, r8
.Llines_eight:
    EXPAND_STEP r10, r11, r12
#else
    lsrs    lr, r8, #1      /* carry: an odd one */
    bcc     .Llines_eight
    EXPAND_STEP r10, r11, r12
    beq     .Llines_rest
.Llines_eight:
    EXPAND_STEP r10, r11, r12
    EXPAND_STEP r10, r11, r12
#endif
    subs    lr, lr, #1
    bne     .Llines_eight
.Llines_rest:
    movs    lr, r9
    beq     .Llines_next
.Llines_one:
    ldrsb   r4, [r10], #1
    ldrsb   r5, [r11], #1
    strh    r4, [r2]
    strh    r5, [r2, #4]
    add     r2, r2, r3
    rsb     r3, r3, #8
    subs    lr, lr, #1
    bne     .Llines_one
.Llines_next:
    ldr     r4, [sp, #LINE_END]
    cmp     r0, r4
    bne     .Llines_line
    b       .Lpair_expanded
    .size   msfcnn_v7em_pair, . - msfcnn_v7em_pair

/* of a single pixel, four steps a turn, or two */
#ifdef __OPTIMIZE_SIZE__
#define SINGLE_BITS 1
#else
#define SINGLE_BITS 2
#endif

/* r2 r3: four taps; sums: r6 r7 r10 r11 */
    .macro SINGLE_STEP
    ldr     r2, [r0], #4
    ldrd    r4, r5, [r1], #8
    sxtb16  r3, r2, ror #8
    sxtb16  r2, r2
    smlad   r6, r2, r4, r6
    smlad   r10, r2, r5, r10
    sxtb16  r4, r4
    sxtb16  r5, r5
    smlad   r7, r2, r4, r7
    smlad   r11, r2, r5, r11
    ldrd    r4, r5, [r1], #8
    smlad   r6, r3, r4, r6
    smlad   r10, r3, r5, r10
    sxtb16  r4, r4
    sxtb16  r5, r5
    smlad   r7, r3, r4, r7
    smlad   r11, r3, r5, r11
    .endm

    .section .text.msfcnn_v7em_single, "ax", %progbits
    .balign 4
    .global msfcnn_v7em_single
    .thumb_func
    .type   msfcnn_v7em_single, %function
msfcnn_v7em_single:
    push    {r4-r11, lr}
    ldm     r0, {r2-r8}
    sub     sp, sp, #8
    str     r2, [sp, #X]
    sub     r9, r3, r2
    ubfx    r9, r9, #2, #SINGLE_BITS
    adr     r10, .Lsingle_entries
    ldr     r9, [r10, r9, lsl #2]
    mov     r12, r3
    mov     r1, r4
    str     r5, [sp, #4]
    mov     lr, r6
.Lsingle_block:
    ldr     r0, [sp, #X]
    ldm     r1!, {r6, r7, r10, r11}
    bx      r9
    .balign 4
.Lsingle_entries:
#if SINGLE_BITS == 2
    .word   .Lsingle_turn + 1, .Lsingle_1 + 1, .Lsingle_2 + 1, .Lsingle_3 + 1
.Lsingle_turn:
    SINGLE_STEP
.Lsingle_3:
    SINGLE_STEP
.Lsingle_2:
#else
    .word   .Lsingle_turn + 1, .Lsingle_1 + 1
.Lsingle_turn:
#endif
    SINGLE_STEP
.Lsingle_1:
    SINGLE_STEP
    cmp     r0, r12
    bne     .Lsingle_turn
    ldm     r1!, {r2-r5}
    sub     r6, r6, r7
    sub     r10, r10, r11
    smmla   r6, r6, r2, r3
    smmla   r7, r7, r4, r5
    ldm     r1!, {r2-r5}
    smmla   r10, r10, r2, r3
    smmla   r11, r11, r4, r5
    ldm     r1!, {r2-r5}
    asr     r6, r6, r2
    asr     r7, r7, r3
    asr     r10, r10, r4
    asr     r11, r11, r5
    ssat    r6, #8, r6
    ssat    r7, #8, r7
    ssat    r10, #8, r10
    ssat    r11, #8, r11
    strb    r6, [lr]
    add     lr, lr, r8
    strb    r7, [lr]
    add     lr, lr, r8
    strb    r10, [lr]
    add     lr, lr, r8
    strb    r11, [lr]
    add     lr, lr, r8
    ldr     r2, [sp, #4]
    cmp     r1, r2
    bne     .Lsingle_block
    add     sp, sp, #8
    pop     {r4-r11, pc}
    .size   msfcnn_v7em_single, . - msfcnn_v7em_single

    .section .text.msfcnn_v7em_expand, "ax", %progbits
    .balign 4
    .global msfcnn_v7em_expand
    .thumb_func
    .type   msfcnn_v7em_expand, %function
msfcnn_v7em_expand:
    push    {r4-r7, lr}
1:
    EXPAND_STEP
    subs    r2, r2, #1
    bne     1b
    pop     {r4-r7, pc}
    .size   msfcnn_v7em_expand, . - msfcnn_v7em_expand

#endif
