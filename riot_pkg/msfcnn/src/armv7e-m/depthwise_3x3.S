/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/*
 * Depthwise 3x3 for Armv7E-M on planar lines: all channels of a run.
 *
 * The pixels of a run are done by pieces of code of four, two or one pixel; at an end of a line a
 * piece takes the tap that does not exist from a register. Which pieces follow each other is the
 * same for all channels: the caller lists their addresses, the last one is `next`.
 *
 * A channel has eight words, a and b being its outer and its middle weights of a kernel line:
 *     bias, a0, b0 | b1 << 16, a1, a2, s | b2 << 16, m, c     with a = first | last << 16
 * and an output is ssat8((c + (sum * m >> 32)) >> s).
 */

#if defined(__ARM_FEATURE_DSP) && (__ARM_FEATURE_DSP == 1)

    .syntax unified
    .thumb

/* registers: r0 r1 r2 lines, r3 r4 weights, r5-r8 sums, r9 r10 taps, r11 constants of the channel,
 * r12 output, lr next piece */

/* on the stack, as in msfcnn_v7em_planes_t */
#define NEXT_LINE   0
#define NEXT_OUT    12
#define END         16      /* of the constants; channels in msfcnn_v7em_planes_t */
#define PIECES      20
#define PIXEL_STEP  24
#define PAD         28      /* sign extended */
#define PAD_FIRST   32      /* as the first byte of a word, zero otherwise */
#define PAD_LAST    36      /* as the last byte */
#define FRAME       40

#define CHANNEL     32      /* bytes of constants */

/* four or two taps of a line, r9: 0 and 2, r10: 1 and 3 */
    .macro SPLIT
    sxtb16  r9, r10
    sxtb16  r10, r10, ror #8
    .endm

    .macro LOAD line, advance
    ldr     r10, [\line], #\advance
    .endm

    .macro LOAD_LEFT line, advance
    ldr     r10, [\line], #\advance
    ldr     r9, [sp, #PAD_FIRST]
    orr     r10, r9, r10, lsl #8
    .endm

    .macro LOAD_RIGHT line, advance
    ldr     r10, [\line, #-1]
    ldr     r9, [sp, #PAD_LAST]
    orr     r10, r9, r10, lsr #8
    .endm

/* two pixels of a line at stride 1, into r5 and r6; half: of r4, where the middle weight is */
    .macro TWO load, advance, line, half, bias=r5, from=r6
    \load   \line, \advance
    SPLIT
    smlad   r5, r9, r3, \bias
    smlab\half r5, r10, r4, r5
    smlad   r6, r10, r3, \from
    smlat\half r6, r9, r4, r6
    .endm

/* four pixels of a line at stride 1 */
    .macro FOUR line, half, bias5=r5, bias6=r6, bias7=r7
    ldr     r10, [\line], #4
    SPLIT
    smlad   r5, r9, r3, \bias5
    smlab\half r5, r10, r4, r5
    smlad   r6, r10, r3, \bias6
    smlat\half r6, r9, r4, r6
    ldr     r10, [\line, #-2]
    SPLIT
    smlad   r7, r9, r3, \bias7
    smlab\half r7, r10, r4, r7
    smlad   r8, r10, r3, r8
    smlat\half r8, r9, r4, r8
    .endm

/* two pixels of a line at stride 2 */
    .macro WIDE line, half, bias=r5
    ldrsb   r7, [\line, #4]
    ldr     r10, [\line], #4
    WIDE_REST \half, \bias
    .endm

/* the same, but the first tap is a byte and the others are a word */
    .macro WIDE_ODD line, half, bias=r5
    ldr     r10, [\line, #1]
    ldrsb   r7, [\line], #4
    SPLIT
    smlabb  r5, r7, r3, \bias
    smlab\half r5, r9, r4, r5
    smlabt  r5, r10, r3, r5
    smlad   r6, r10, r3, r6
    smlat\half r6, r9, r4, r6
    .endm

    .macro WIDE_LEFT line, half, bias=r5
    ldr     r10, [\line], #3
    ldr     r9, [sp, #PAD_FIRST]
    asr     r7, r10, #24
    orr     r10, r9, r10, lsl #8
    WIDE_REST \half, \bias
    .endm

    .macro WIDE_RIGHT line, half, bias=r5
    ldr     r10, [\line], #4
    ldr     r7, [sp, #PAD]
    WIDE_REST \half, \bias
    .endm

    .macro WIDE_REST half, bias
    SPLIT
    smlad   r5, r9, r3, \bias
    smlab\half r5, r10, r4, r5
    smlatb  r6, r9, r3, r6
    smlat\half r6, r10, r4, r6
    smlabt  r6, r7, r3, r6
    .endm

/* one pixel of a line, after which r6 bytes are left behind */
    .macro ONE line, half
    ldrsb   r10, [\line]
    ldrsb   r9, [\line, #1]
    smlabb  r5, r10, r3, r5
    ldrsb   r10, [\line, #2]
    add     \line, \line, r6
    smlab\half r5, r9, r4, r5
    smlabt  r5, r10, r3, r5
    .endm

/* at the left, at stride 1 if others follow */
    .macro ONE_LEFT line, half
    ldr     r10, [sp, #PAD]
    ldrsb   r9, [\line]
    smlabb  r5, r10, r3, r5
    ldrsb   r10, [\line, #1]
    smlab\half r5, r9, r4, r5
    smlabt  r5, r10, r3, r5
    .endm

/* at the right, behind which nothing is */
    .macro ONE_RIGHT line, half
    ldrsb   r10, [\line]
    ldrsb   r9, [\line, #1]
    smlabb  r5, r10, r3, r5
    ldr     r10, [sp, #PAD]
    smlab\half r5, r9, r4, r5
    smlabt  r5, r10, r3, r5
    .endm

    .macro SCALE sums:vararg
    ldrd    r9, r10, [r11, #24]
    .irp    sum, \sums
    smmla   \sum, \sum, r9, r10
    .endr
    .irp    sum, \sums
    asr     \sum, \sum, r4
    .endr
    .irp    sum, \sums
    ssat    \sum, #8, \sum
    .endr
    .endm

/* weights of the three lines, each just before its taps */
    .macro  LINE_0 acc
    ldr     \acc, [r11]
    ldrd    r3, r4, [r11, #4]
    .endm

    .macro  LINE_1
    ldr     r3, [r11, #12]
    .endm

    .macro  LINE_2
    ldrd    r3, r4, [r11, #16]
    .endm

    .macro PIECE_TWO load, advance
    LINE_0  r6
    TWO     \load, \advance, r0, b, r6
    LINE_1
    TWO     \load, \advance, r1, t
    LINE_2
    TWO     \load, \advance, r2, t
    .endm

    .macro PIECE_WIDE wide
    LINE_0  r6
    \wide   r0, b, r6
    LINE_1
    \wide   r1, t
    LINE_2
    \wide   r2, t
    .endm

    .macro PIECE_ONE one
    LINE_0  r5
    \one   r0, b
    LINE_1
    \one   r1, t
    LINE_2
    \one   r2, t
    .endm

    .section .text.msfcnn_v7em_depthwise_3x3, "ax", %progbits
    .balign 4
    .global msfcnn_v7em_depthwise_3x3
    .thumb_func
    .type   msfcnn_v7em_depthwise_3x3, %function
/* r0: msfcnn_v7em_planes_t */
msfcnn_v7em_depthwise_3x3:
    push    {r4-r11, lr}
    sub     sp, sp, #FRAME
    ldm     r0!, {r2-r11}
    mov     lr, r7
    ldr     r12, [r0, #12]
    add     r6, r12, r6, lsl #5     /* CHANNEL bytes each */
    stm     sp, {r2-r11}
    ldm     r0, {r0, r1, r2, r11, r12}
    ldr     pc, [lr], #4

.Lnext:
    ldm     sp, {r3-r7}
    add     r0, r0, r3
    add     r1, r1, r4
    add     r2, r2, r5
    add     r12, r12, r6
    add     r11, r11, #CHANNEL
    ldr     lr, [sp, #PIECES]
    cmp     r11, r7
    beq     .Ldone
    ldr     pc, [lr], #4
.Ldone:
    add     sp, sp, #FRAME
    pop     {r4-r11, pc}

.Lfour:
    LINE_0  r8
    FOUR    r0, b, r8, r8, r8
    LINE_1
    FOUR    r1, t
    LINE_2
    FOUR    r2, t
    SCALE   r5, r6, r7, r8
    ldr     r9, [sp, #PIXEL_STEP]
    strb    r5, [r12]
    strb    r6, [r12, r9]
    add     r12, r12, r9, lsl #1
    strb    r7, [r12]
    strb    r8, [r12, r9]
    add     r12, r12, r9, lsl #1
    ldr     pc, [lr], #4
.Ltwo_left:
    PIECE_TWO LOAD_LEFT, 1
    b       .Lstore_two
.Ltwo_right:
    PIECE_TWO LOAD_RIGHT, 2
    b       .Lstore_two
.Lwide_left:
    PIECE_WIDE WIDE_LEFT
    b       .Lstore_two
.Lwide_right:
    PIECE_WIDE WIDE_RIGHT
    b       .Lstore_two
.Ltwo:
    PIECE_TWO LOAD, 2
    b       .Lstore_two
#ifndef __OPTIMIZE_SIZE__
.Lwide_odd:
    PIECE_WIDE WIDE_ODD
    b       .Lstore_two
#else
    .equ    .Lwide_odd, .Lwide
#endif
.Lwide:
    PIECE_WIDE WIDE
.Lstore_two:
    SCALE   r5, r6
    ldr     r9, [sp, #PIXEL_STEP]
    strb    r5, [r12]
    strb    r6, [r12, r9]
    add     r12, r12, r9, lsl #1
    ldr     pc, [lr], #4
.Lone_left:
    PIECE_ONE ONE_LEFT
    b       .Lstore_one
.Lone_right:
    PIECE_ONE ONE_RIGHT
    b       .Lstore_one
.Lone_wide:
    movs    r6, #2
    b       1f
.Lone:
    movs    r6, #1
1:
    PIECE_ONE ONE
.Lstore_one:
    SCALE   r5
    ldr     r9, [sp, #PIXEL_STEP]
    strb    r5, [r12]
    add     r12, r12, r9
    ldr     pc, [lr], #4
    .size   msfcnn_v7em_depthwise_3x3, . - msfcnn_v7em_depthwise_3x3

    .section .rodata.msfcnn_v7em_pieces, "a", %progbits
    .balign 4
    .global msfcnn_v7em_pieces
    .type   msfcnn_v7em_pieces, %object
msfcnn_v7em_pieces:
    .word   .Lnext + 1
    .word   .Lfour + 1
    /* stride 1, stride 2: two pixels, at the left, at the right; one, at the left, at the right;
     * two at an odd address */
    .word   .Ltwo + 1, .Ltwo_left + 1, .Ltwo_right + 1
    .word   .Lone + 1, .Lone_left + 1, .Lone_right + 1, .Ltwo + 1
    .word   .Lwide + 1, .Lwide_left + 1, .Lwide_right + 1
    .word   .Lone_wide + 1, .Lone_left + 1, .Lone_right + 1, .Lwide_odd + 1
    .size   msfcnn_v7em_pieces, . - msfcnn_v7em_pieces

#endif
