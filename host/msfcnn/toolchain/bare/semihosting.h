/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

#pragma once

/**
 * @file
 * @brief   The call into the emulator
 */

#include <stdint.h>

/* a simulated core: the address of two words, of which the second one calls and holds the result */
#ifdef PORT_IO
#  define IO_OPERATION      (*(volatile uintptr_t *)(PORT_IO))
#  define IO_BLOCK          (*(volatile uintptr_t *)(PORT_IO + 4))
#endif

static inline uintptr_t semihosting_call(uintptr_t operation, const void *block)
{
#ifdef PORT_IO
    __asm__ volatile ("" ::: "memory");
    IO_OPERATION = operation;
    IO_BLOCK = (uintptr_t)block;
    __asm__ volatile ("" ::: "memory");
    return IO_BLOCK;
#elif defined(__arm__)
    register uintptr_t r0 __asm__ ("r0") = operation;
    register const void *r1 __asm__ ("r1") = block;

    __asm__ volatile ("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
#else
    register uintptr_t a0 __asm__ ("a0") = operation;
    register const void *a1 __asm__ ("a1") = block;

    /* recognized by its neighbours, which must be uncompressed and on one page */
    __asm__ volatile (
        ".option push\n"
        ".balign 16\n"
        ".option norvc\n"
        "slli x0, x0, 0x1f\n"
        "ebreak\n"
        "srai x0, x0, 7\n"
        ".option pop\n"
        : "+r"(a0) : "r"(a1) : "memory");
    return a0;
#endif
}
