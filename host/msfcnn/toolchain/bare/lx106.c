/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @file
 * @brief   Xtensa LX106: start, exceptions, clock
 */

#include "port.h"

/* reset comes first, exceptions end the program; their offsets from VECBASE are the core's */
__asm__ (
    ".section .vectors, \"ax\"\n"
    "vectors:\n j port_start\n"
    ".org vectors + 0x10\n j port_fault\n"
    ".org vectors + 0x20\n j port_fault\n"
    ".org vectors + 0x30\n j port_fault\n"
    ".org vectors + 0x50\n j port_fault\n"
    ".org vectors + 0x70\n j port_fault\n"
    ".org vectors + 0x80\n"
    ".literal_position\n"
    ".global port_start\n"
    ".align 4\n"
    "port_start:\n"
    "movi a2, vectors\n"
    "wsr a2, vecbase\n"
    "movi a1, port_stack_end\n"
    "movi a0, main\n"
    "callx0 a0\n"
    ".text\n");

static uint32_t low, high; /* of the last reading */

uint64_t port_clock(void)
{
    uint32_t now;

    __asm__ volatile ("rsr %0, ccount" : "=r"(now));
    high += (now < low);
    low = now;
    return (uint64_t)high << 32 | now;
}
