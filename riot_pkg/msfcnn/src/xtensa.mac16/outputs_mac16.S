/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/*
 * Dot products with MAC16: an instruction for each product, as loads come with them.
 *
 * All loads are of the word behind the one that a pointer is at. The last ones of an output bring a
 * word of the pixel that nobody uses, and the bias. Where the shift is negative, see
 * host/msfcnn/isa/mac16_packing.py, sums lose their fraction bits first.
 */

#include "mac16.h"

    .section .text.msfcnn_mac16_outputs, "ax", @progbits
    .align  4
    .global msfcnn_mac16_outputs
    .type   msfcnn_mac16_outputs, @function

    /* a3: the pixel, a4: weights, a5: fours of taps, a6: where to, a7: from one output to the next,
     * a8: behind the last weights, less a word, a11: zero */
msfcnn_mac16_outputs:
    MSFCNN_ENTER
    l32i    a3, a2, MSFCNN_MAC16_X
    l32i    a4, a2, MSFCNN_MAC16_W
    l32i    a5, a2, MSFCNN_MAC16_QUADS
    l32i    a6, a2, MSFCNN_MAC16_OUT
    l32i    a7, a2, MSFCNN_MAC16_OUT_STEP
    l32i    a8, a2, MSFCNN_MAC16_W_END
    addi    a3, a3, -4
    addi    a4, a4, -4
    addi    a8, a8, -4
    movi    a11, 0
.Loutput:
    mov     a12, a3
    ldinc   m0, a12
    ldinc   m2, a4
    mul.aa.ll   a11, a11
    loop    a5, .Lsum
    mula.dd.ll.ldinc    m1, a12, m0, m2
    mula.dd.hh.ldinc    m3, a4, m0, m2
    mula.dd.ll.ldinc    m0, a12, m1, m3
    mula.dd.hh.ldinc    m2, a4, m1, m3
.Lsum:
    l32i    a15, a4, 8
    l32i    a13, a4, 4
    rsr.m2  a14
    rsr.acclo   a12
    bltz    a15, .Lwide
    add     a12, a12, a14
    MSFCNN_MULTIPLY_HIGH    a12, a13, a14, a2, a11
#if !defined(__XCHAL_HAVE_MUL32_HIGH) || !__XCHAL_HAVE_MUL32_HIGH
    movi    a11, 0
#endif
    l32i    a14, a4, 12
    ssr     a15
    add     a12, a12, a14
    addi    a4, a4, 12
    sra     a12, a12
.Lclamp:
    clamps  a12, a12, 7
    s8i     a12, a6, 0
    add     a6, a6, a7
    bne     a4, a8, .Loutput
    MSFCNN_LEAVE

    /* an accumulator of 32 bits, or a shift that leaves no room for a zero point */
.Lwide:
    rsr.acchi   a11
    ssai    8
    src     a12, a11, a12
    add     a12, a12, a14
    MSFCNN_MULTIPLY_HIGH    a12, a13, a14, a2, a11
    l32i    a14, a4, 12
    ssr     a15
    add     a12, a12, a14
    sra     a12, a12
    srai    a15, a15, 8
    sext    a15, a15, 7
    add     a12, a12, a15
    addi    a4, a4, 12
    movi    a11, 0
    j       .Lclamp
    .size   msfcnn_mac16_outputs, . - msfcnn_mac16_outputs
