/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/*
 * Calls the kernels for MAC16 with register windows, from code that has none.
 *
 * Two windows fit into the registers, so that no exception has to save one.
 */

#define WINDOWS     0x40000     /* PS.WOE */

#define SAVED_PS    20
#define FRAME       32

    .text
    .literal_position
    .align  4
    /* a2: the function, a3 to a5: its arguments */
call_windowed:
    addi    a1, a1, -FRAME
    s32i    a0, a1, 0
    s32i    a12, a1, 4
    s32i    a13, a1, 8
    s32i    a14, a1, 12
    s32i    a15, a1, 16
    rsr     a6, ps
    movi    a7, WINDOWS
    s32i    a6, a1, SAVED_PS
    or      a6, a6, a7
    movi    a7, 1
    wsr.windowstart a7
    wsr     a6, ps
    rsync
    mov     a10, a3
    mov     a11, a4
    mov     a12, a5
    callx8  a2
    l32i    a6, a1, SAVED_PS
    wsr     a6, ps
    rsync
    mov     a2, a10
    l32i    a0, a1, 0
    l32i    a12, a1, 4
    l32i    a13, a1, 8
    l32i    a14, a1, 12
    l32i    a15, a1, 16
    addi    a1, a1, FRAME
    ret

    /* what the linker calls instead of a function (--wrap) */
    .macro  WRAP    name
    .literal_position
    .align  4
    .global __wrap_\name
__wrap_\name:
    mov     a5, a4
    mov     a4, a3
    mov     a3, a2
    movi    a2, windowed_\name
    j       call_windowed
    .endm

    WRAP    msfcnn_mac16_expand
    WRAP    msfcnn_mac16_outputs
    WRAP    msfcnn_depthwise_3x3_asm
