/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

#pragma once

/**
 * @file
 * @ingroup     pkg_msfcnn
 * @brief       Armv6-M and Armv8-M Baseline: whether they are compiled for, what assembly shares
 */

/**
 * @brief   Whether inner loops are assembly for Armv6-M and Armv8-M Baseline
 *
 * There compilers run out of the eight registers that take part in more than additions.
 */
#if defined(__ARM_ARCH_6M__) || defined(__ARM_ARCH_8M_BASE__)
#  define MSFCNN_V6M        1
#else
#  define MSFCNN_V6M        0
#endif

#ifdef __ASSEMBLER__
#if MSFCNN_V6M
    .syntax unified
    .thumb

    /* begins a function that keeps so many bytes on the stack */
    .macro  ENTER name, frame
    .section .text.\name, "ax", %progbits
    .balign 4
    .global \name
    .thumb_func
    .type   \name, %function
\name:
    push    {r4-r7, lr}
    mov     r4, r8
    mov     r5, r9
    mov     r6, r10
    mov     r7, r11
    push    {r4-r7}
    sub     sp, #\frame
    .endm

    /* returns from it */
    .macro  LEAVE frame
    add     sp, #\frame
    pop     {r4-r7}
    mov     r8, r4
    mov     r9, r5
    mov     r10, r6
    mov     r11, r7
    pop     {r4-r7, pc}
    .endm
#endif

/* elsewhere the files are empty, but linkers want to know of the stack */
#if defined(__linux__) && defined(__ELF__)
    .section .note.GNU-stack, "", %progbits
#endif
#endif
