/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @file
 * @brief   RV32 on the emulated `virt` machine and on simulated cores: start
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
    "csrw mcountinhibit, zero\n" /* cores may begin with counters that stand still */
    "call main\n"
    ".option pop\n"
    ".text\n");

/* the section attribute would not align it: mtvec wants multiples of 4, on some cores of 256 */
void __attribute__((used, aligned(256))) port_fault(void)
{
    port_exit(PORT_FAULT);
}

void port_loop(uint32_t turns)
{
    __asm__ volatile (
        "1: addi %0, %0, -1\n"
        "bnez %0, 1b\n"
        : "+r"(turns));
}
