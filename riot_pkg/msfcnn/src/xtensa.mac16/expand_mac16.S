/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/*
 * Expands bytes to 16 bits for MAC16, four at a time: each becomes the upper half of 16 bits.
 *
 * Whole words are read; none that holds no byte of the input.
 */

#include "mac16.h"

    .section .text.msfcnn_mac16_expand, "ax", @progbits
    .literal_position
    .align  4
    .global msfcnn_mac16_expand
    .type   msfcnn_mac16_expand, @function

    /* a7: bytes; to a3, by the mask a6 */
    .macro  EXPAND
    and     a8, a7, a6
    slli    a7, a7, 8
    and     a7, a7, a6
    s32i    a8, a3, 0
    s32i    a7, a3, 4
    addi    a3, a3, 8
    .endm

    /* a2: from, a3: to, a4: taps */
msfcnn_mac16_expand:
    MSFCNN_ENTER
    movi    a6, 0xFF00FF00
    extui   a5, a2, 0, 2
    bnez    a5, .Lskewed
    addi    a4, a4, 3
    srli    a4, a4, 2
    loop    a4, .Ldone
    l32i    a7, a2, 0
    addi    a2, a2, 4
    EXPAND
.Ldone:
    MSFCNN_LEAVE

    /* a9: the word that the next four begin in */
.Lskewed:
    ssa8l   a2
    sub     a2, a2, a5
    l32i    a9, a2, 0
    srli    a10, a4, 2
    extui   a4, a4, 0, 2
    loopnez a10, .Lrest
    l32i    a10, a2, 4
    addi    a2, a2, 4
    src     a7, a10, a9
    mov     a9, a10
    EXPAND
.Lrest:
    beqz    a4, .Ldone
    add     a4, a4, a5
    bltui   a4, 5, .Llast
    l32i    a10, a2, 4
.Llast:
    src     a7, a10, a9
    EXPAND
    MSFCNN_LEAVE
    .size   msfcnn_mac16_expand, . - msfcnn_mac16_expand
