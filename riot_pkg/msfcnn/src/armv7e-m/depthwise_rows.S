/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/*
 * Depthwise with kernel lines of five or seven pixels for Armv7E-M on planar lines: all channels
 * of a run, any number of kernel lines.
 *
 * As in depthwise_3x3.S pieces of code follow each other as the caller lists them, each for a few
 * pixels; here every tap exists. Where lines end, each channel's are copied to between padding
 * first. A channel has
 *     bias, the words of each kernel line, m, c, s
 * where a kernel line of five is w0|w2, w1|w3, w4 and one of seven is w5, w0|w2, w1|w3, w4|w6,
 * and an output is ssat8((c + (sum * m >> 32)) >> s).
 */

#if defined(__ARM_FEATURE_DSP) && (__ARM_FEATURE_DSP == 1)

    .syntax unified
    .thumb

/* on the stack, as in msfcnn_v7em_rows_t */
#define LINES       0
#define N_LINES     4
#define CONSTANTS   8
#define WORDS       12      /* bytes of constants of a channel */
#define NEXT_OUT    16
#define OUT         20
#define PIXEL_STEP  24
#define CHANNELS    28
#define PIECES      32
#define BEFORE      36      /* padded taps in front of those that are copied */
#define COPIED      40      /* bytes of a line to copy, less four */
#define COPY        44      /* code that copies them, 0: there are none */
#define NEXT_PIECE  48
#define FRAME       52

#define ROW         16      /* bytes: line, source, next, source's next */
#define ROW_NEXT    8

/* r0 line, r1 constants, r2 r3 r4 r9 weights, r5-r8 sums, r10 lr taps, r11 lines, r12 count */

/* taps at an offset: lr the first and the third, r10 the second and the fourth; the first of a
 * line move r0 on to the next piece's */
    .macro TAPS offset
    .if \offset
    ldr     r10, [r0, #(\offset - ADVANCE)]
    .else
    ldr     r10, [r0], #ADVANCE
    .endif
    sxtb16  lr, r10
    sxtb16  r10, r10, ror #8
    .endm

    .macro FIVE
    ldr     r0, [r11]
    ldm     r1!, {r3, r4, r9}
    .endm

    .macro SEVEN
    ldr     r0, [r11]
    ldm     r1!, {r2, r3, r4, r9}
    .endm

/* the first taps of an output: w0 to w3 at lr and r10 */
    .macro HEAD sum
    smlad   \sum, lr, r3, \sum
    smlad   \sum, r10, r4, \sum
    .endm

    .macro LINE_5_FOUR
    FIVE
    TAPS    0
    HEAD    r5
    smlad   r6, r10, r3, r6
    TAPS    2
    HEAD    r7
    smlatb  r5, lr, r9, r5
    smlad   r6, lr, r4, r6
    smlatb  r6, r10, r9, r6
    smlad   r8, r10, r3, r8
    TAPS    4
    smlatb  r7, lr, r9, r7
    smlad   r8, lr, r4, r8
    smlatb  r8, r10, r9, r8
    .endm

    .macro LINE_5_TWO
    FIVE
    TAPS    0
    HEAD    r5
    smlad   r6, r10, r3, r6
    TAPS    2
    smlatb  r5, lr, r9, r5
    smlad   r6, lr, r4, r6
    smlatb  r6, r10, r9, r6
    .endm

/* one pixel at either stride: r6 */
    .macro LINE_5_ONE
    FIVE
    ldr     r10, [r0]
    sxtb16  lr, r10
    sxtb16  r10, r10, ror #8
    HEAD    r5
    ldrsb   r10, [r0, #4]
    add     r0, r0, r6
    smlabb  r5, r10, r9, r5
    .endm

/* stride 2 */
    .macro LINE_5_FOUR_WIDE
    FIVE
    TAPS    0
    HEAD    r5
    TAPS    2
    HEAD    r6
    smlatb  r5, lr, r9, r5
    TAPS    4
    HEAD    r7
    smlatb  r6, lr, r9, r6
    TAPS    6
    HEAD    r8
    smlatb  r7, lr, r9, r7
    ldrsb   r10, [r0, #(10 - ADVANCE)]
    smlabb  r8, r10, r9, r8
    .endm

    .macro LINE_5_TWO_WIDE
    FIVE
    TAPS    0
    HEAD    r5
    TAPS    2
    HEAD    r6
    smlatb  r5, lr, r9, r5
    ldrsb   r10, [r0, #(6 - ADVANCE)]
    smlabb  r6, r10, r9, r6
    .endm

    .macro LINE_7_FOUR
    SEVEN
    TAPS    0
    HEAD    r5
    smlad   r6, r10, r3, r6
    TAPS    2
    HEAD    r7
    smlad   r6, lr, r4, r6
    smlad   r8, r10, r3, r8
    TAPS    4
    smlad   r5, lr, r9, r5
    smlabb  r5, r10, r2, r5
    smlad   r6, r10, r9, r6
    smlatb  r6, lr, r2, r6
    smlatb  r7, r10, r2, r7
    smlad   r8, lr, r4, r8
    TAPS    6
    smlad   r7, lr, r9, r7
    smlad   r8, r10, r9, r8
    smlatb  r8, lr, r2, r8
    .endm

    .macro LINE_7_TWO
    SEVEN
    TAPS    0
    HEAD    r5
    smlad   r6, r10, r3, r6
    TAPS    2
    smlad   r6, lr, r4, r6
    TAPS    4
    smlad   r5, lr, r9, r5
    smlabb  r5, r10, r2, r5
    smlad   r6, r10, r9, r6
    smlatb  r6, lr, r2, r6
    .endm

    .macro LINE_7_ONE
    SEVEN
    ldr     r10, [r0]
    sxtb16  lr, r10
    sxtb16  r10, r10, ror #8
    HEAD    r5
    ldr     r10, [r0, #3]
    add     r0, r0, r6
    sxtb16  lr, r10
    sxtb16  r10, r10, ror #8
    smlad   r5, r10, r9, r5
    smlatb  r5, lr, r2, r5
    .endm

/* the last taps of an output: w4 to w6 at lr and r10 */
    .macro TAIL sum
    smlad   \sum, lr, r9, \sum
    smlabb  \sum, r10, r2, \sum
    .endm

    .macro LINE_7_FOUR_WIDE
    SEVEN
    TAPS    0
    HEAD    r5
    TAPS    2
    HEAD    r6
    TAPS    4
    TAIL    r5
    HEAD    r7
    TAPS    6
    TAIL    r6
    HEAD    r8
    TAPS    8
    TAIL    r7
    TAPS    9
    smlad   r8, r10, r9, r8
    smlatb  r8, lr, r2, r8
    .endm

    .macro LINE_7_TWO_WIDE
    SEVEN
    TAPS    0
    HEAD    r5
    TAPS    2
    HEAD    r6
    TAPS    4
    TAIL    r5
    TAPS    5
    smlad   r6, r10, r9, r6
    smlatb  r6, lr, r2, r6
    .endm

/* sums: from r5 on; advance: input pixels; store: the code behind, unless it follows */
    .macro PIECE line, advance, store, sums:vararg
    ldr     r1, [sp, #CONSTANTS]
    ldrd    r11, r12, [sp, #LINES]
    ldr     r5, [r1], #4
    .irp    sum, \sums
    .ifnc   \sum, r5
    mov     \sum, r5
    .endif
    .endr
    .set    ADVANCE, \advance
9:
    \line
    str     r0, [r11], #ROW
    subs    r12, r12, #1
    bne     9b
    .ifnb   \store
    b       \store
    .endif
    .endm

    .macro SCALE sums:vararg
    ldm     r1, {r3, r4, r9}
    ldrd    r0, r1, [sp, #OUT]
    .irp    sum, \sums
    smmla   \sum, \sum, r3, r4
    .endr
    .irp    sum, \sums
    asr     \sum, \sum, r9
    .endr
    .irp    sum, \sums
    ssat    \sum, #8, \sum
    .endr
    .endm

    .section .text.msfcnn_v7em_depthwise_rows, "ax", %progbits
    .balign 4
    .global msfcnn_v7em_depthwise_rows
    .thumb_func
    .type   msfcnn_v7em_depthwise_rows, %function
/* r0: msfcnn_v7em_rows_t */
msfcnn_v7em_depthwise_rows:
    push    {r4-r11, lr}
    sub     sp, sp, #FRAME
    ldm     r0, {r2-r12}
    movs    r0, #0
    cmp     r12, #0
    beq     1f
    subs    r12, r12, #4
    adr     r0, .Lbytes
    blo     1f
    add     r1, r12, #3
    lsrs    r1, r1, #2      /* words in front of the last */
    adr     r0, .Llast_word
    sub     r0, r0, r1, lsl #2
1:
    stm     sp, {r2-r12}
    str     r0, [sp, #COPY]
.Lchannel:
    ldr     r7, [sp, #COPY]
    cbnz    r7, .Lcopy
.Lfirst_piece:
    ldr     r2, [sp, #PIECES]
    ldr     r3, [r2], #4
    str     r2, [sp, #NEXT_PIECE]
    bx      r3

.Lnext:
    ldr     r7, [sp, #COPY]
    cbnz    r7, 2f          /* copying moves the lines on */
    ldrd    r11, r12, [sp, #LINES]
1:
    ldr     r4, [r11, #ROW_NEXT]
    ldr     r3, [r11]
    subs    r12, r12, #1
    add     r3, r3, r4
    str     r3, [r11], #ROW
    bne     1b
2:
    add     r0, sp, #CONSTANTS
    ldm     r0, {r1-r6}     /* constants, words, next_out, out, pixel_step, channels */
    add     r1, r1, r2
    add     r4, r4, r3
    subs    r6, r6, #1
    stm     r0, {r1-r6}
    bne     .Lchannel
    add     sp, sp, #FRAME
    pop     {r4-r11, pc}

/* to the beginning of all lines, and the sources of a channel to there: words, of which the last
 * may overlap, or single bytes */
.Lcopy:
    ldrd    r11, r12, [sp, #LINES]
    ldrd    r9, r10, [sp, #BEFORE]
    orr     r8, r7, #1
1:
    ldm     r11, {r3-r6}    /* line, source, next, source's next */
    add     r3, r3, r5
    add     r6, r6, r4
    cbz     r4, .Lno_source
    strd    r3, r6, [r11], #ROW
    add     r3, r3, r9
    bx      r8
    .irp    offset, 32, 28, 24, 20, 16, 12, 8, 4, 0
    ldr     r5, [r4, #\offset]
    str     r5, [r3, #\offset]
    .endr
.Llast_word:
    ldr     r5, [r4, r10]
    str     r5, [r3, r10]
.Lcopied:
    subs    r12, r12, #1
    bne     1b
    b       .Lfirst_piece
.Lno_source:
    str     r3, [r11], #ROW
    b       .Lcopied
    .balign 4
.Lbytes:
    add     r6, r10, #4
2:
    subs    r6, r6, #1
    ldrb    r5, [r4, r6]
    strb    r5, [r3, r6]
    bne     2b
    b       .Lcopied

.L5_four:
    PIECE   LINE_5_FOUR, 4, .Lstore_four, r5, r6, r7, r8
.L5_four_wide:
    PIECE   LINE_5_FOUR_WIDE, 8, .Lstore_four, r5, r6, r7, r8
.L7_four_wide:
    PIECE   LINE_7_FOUR_WIDE, 8, .Lstore_four, r5, r6, r7, r8
.L7_four:
    PIECE   LINE_7_FOUR, 4, , r5, r6, r7, r8
.Lstore_four:
    SCALE   r5, r6, r7, r8
    strb    r5, [r0]
    strb    r6, [r0, r1]
    add     r0, r0, r1, lsl #1
    strb    r7, [r0]
    strb    r8, [r0, r1]
    add     r0, r0, r1, lsl #1
.Lnext_piece:
    ldr     r2, [sp, #NEXT_PIECE]
    str     r0, [sp, #OUT]
    ldr     r3, [r2], #4
    str     r2, [sp, #NEXT_PIECE]
    bx      r3
.L5_two:
    PIECE   LINE_5_TWO, 2, .Lstore_two, r5, r6
.L5_two_wide:
    PIECE   LINE_5_TWO_WIDE, 4, .Lstore_two, r5, r6
.L7_two_wide:
    PIECE   LINE_7_TWO_WIDE, 4, .Lstore_two, r5, r6
.L7_two:
    PIECE   LINE_7_TWO, 2, , r5, r6
.Lstore_two:
    SCALE   r5, r6
    strb    r5, [r0]
    strb    r6, [r0, r1]
    add     r0, r0, r1, lsl #1
    b       .Lnext_piece
.L5_one_wide:
    movs    r6, #2
    b       1f
.L5_one:
    movs    r6, #1
1:
    PIECE   LINE_5_ONE, 0, .Lstore_one, r5
.L7_one_wide:
    movs    r6, #2
    b       1f
.L7_one:
    movs    r6, #1
1:
    PIECE   LINE_7_ONE, 0, , r5
.Lstore_one:
    SCALE   r5
    strb    r5, [r0]
    add     r0, r0, r1
    b       .Lnext_piece
    .size   msfcnn_v7em_depthwise_rows, . - msfcnn_v7em_depthwise_rows

    .section .rodata.msfcnn_v7em_row_pieces, "a", %progbits
    .balign 4
    .global msfcnn_v7em_row_pieces
    .type   msfcnn_v7em_row_pieces, %object
/* next; for five, for seven taps: four, two, one pixel at stride 1, at stride 2 */
msfcnn_v7em_row_pieces:
    .word   .Lnext + 1
    .word   .L5_four + 1, .L5_two + 1, .L5_one + 1
    .word   .L5_four_wide + 1, .L5_two_wide + 1, .L5_one_wide + 1
    .word   .L7_four + 1, .L7_two + 1, .L7_one + 1
    .word   .L7_four_wide + 1, .L7_two_wide + 1, .L7_one_wide + 1
    .size   msfcnn_v7em_row_pieces, . - msfcnn_v7em_row_pieces

#endif
