/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @file
 * @brief   RV32 on the emulated `virt` machine: start, clock
 */

#include "port.h"

__asm__ (
    ".option push\n"
    ".option arch, +zicsr\n"
    ".section .vectors, \"ax\"\n"
    ".global port_start\n"
    "port_start:\n"
    "la sp, port_stack_end\n"
    "la t0, port_fault\n"
    "csrw mtvec, t0\n"
    "call main\n"
    ".option pop\n"
    ".text\n");

/* the section attribute would not align it: mtvec wants multiples of 4 */
void __attribute__((used, aligned(4))) port_fault(void)
{
    port_exit(PORT_FAULT);
}

uint64_t port_clock(void)
{
    uint32_t high, low, again;

    do {
        __asm__ volatile (
            ".option push\n"
            ".option arch, +zicsr\n"
            "csrr %0, minstreth\n"
            "csrr %1, minstret\n"
            "csrr %2, minstreth\n"
            ".option pop\n"
            : "=r"(high), "=r"(low), "=r"(again));
    } while (high != again);
    return (uint64_t)high << 32 | low;
}

void port_loop(uint32_t turns)
{
    __asm__ volatile (
        "1: addi %0, %0, -1\n"
        "bnez %0, 1b\n"
        : "+r"(turns));
}
