/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @file
 * @brief   Xtensa dc233c: start, exceptions, clock; MULSH, which this core lacks and an ESP32 has
 *
 * The exception of an illegal instruction computes it. The clock counts it as one instruction.
 */

#include <stdbool.h>

#include "port.h"

/* reset is where the code begins; offsets from VECBASE are the core's, as is the alignment */
__asm__ (
    ".section .vectors, \"ax\"\n"
    "j port_start\n"
    ".literal_position\n"
    ".align 4\n"
    ".global port_start\n"
    "port_start:\n"
    "movi a2, vectors\n"
    "wsr a2, vecbase\n"
    "movi a2, 0x0F\n"          /* after reset there are no loops, as in an exception */
    "wsr a2, ps\n"
    "rsync\n"
    "movi a1, port_stack_end\n"
    "movi a0, main\n"
    "callx0 a0\n"
    ".balign 0x1000\n"
    "vectors:\n"
    ".org vectors + 0x300\n j port_illegal\n"
    ".org vectors + 0x340\n j port_fault\n"
    ".org vectors + 0x3C0\n j port_fault\n"
    ".org vectors + 0x400\n"
    ".text\n");

/* registers while an instruction is computed, and how many were */
uint32_t port_registers[16];
uint32_t port_computed;

/* executes the same number of instructions each time; SAR stays as it is */
__asm__ (
    ".text\n"
    ".literal_position\n"
    ".align 4\n"
    "port_illegal:\n"
    "wsr a0, excsave1\n"
    "movi a0, port_registers\n"
    ".irp n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n"
    "s32i a\\n, a0, 4 * \\n\n"
    ".endr\n"
    "rsr a2, excsave1\n"
    "rsr a3, epc1\n"
    "s32i a2, a0, 0\n"
    "l8ui a4, a3, 0\n"
    "l8ui a5, a3, 1\n"
    "l8ui a6, a3, 2\n"
    "movi a7, 0xB2\n"
    "bne a6, a7, port_other\n"
    "addi a3, a3, 3\n"
    "wsr a3, epc1\n"
    "extui a4, a4, 4, 4\n"
    "extui a7, a5, 4, 4\n"
    "extui a5, a5, 0, 4\n"
    "addx4 a4, a4, a0\n"
    "addx4 a5, a5, a0\n"
    "addx4 a7, a7, a0\n"
    "l32i a4, a4, 0\n"
    "l32i a5, a5, 0\n"
    /* a4 * a5, by halves */
    "mul16u a8, a4, a5\n"
    "extui a8, a8, 16, 16\n"
    "srai a9, a5, 16\n"
    "extui a10, a4, 0, 16\n"
    "mull a10, a9, a10\n"
    "add a8, a8, a10\n"
    "srai a10, a4, 16\n"
    "mull a9, a9, a10\n"
    "extui a11, a5, 0, 16\n"
    "mull a10, a10, a11\n"
    "extui a11, a8, 0, 16\n"
    "add a10, a10, a11\n"
    "srai a8, a8, 16\n"
    "srai a10, a10, 16\n"
    "add a9, a9, a8\n"
    "add a9, a9, a10\n"
    "s32i a9, a7, 0\n"
    "movi a2, port_computed\n"
    "l32i a3, a2, 0\n"
    "addi a3, a3, 1\n"
    "s32i a3, a2, 0\n"
    ".irp n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0\n"
    "l32i a\\n, a0, 4 * \\n\n"
    ".endr\n"
    "rfe\n"
    "port_other:\n"
    "j port_fault\n");

#define TRIES   64

static uint32_t low, high;      /* of the last reading */
static uint32_t extra;          /* instructions that the computation of one takes */

/* instructions executed: a tick is 25/32 of one */
static uint64_t executed(void)
{
    uint32_t now;

    __asm__ volatile ("rsr %0, ccount" : "=r"(now));
    high += (now < low);
    low = now;
    return (((uint64_t)high << 32) | now) * 25 >> 5;
}

static uint32_t tries(bool computed)
{
    uint32_t begin = (uint32_t)executed();
    uint32_t product = 0;

    for (unsigned i = 0; i < TRIES; i++) {
        if (computed) {
            __asm__ volatile ("mulsh %0, %0, %0" : "+r"(product));
        }
        else {
            __asm__ volatile ("add %0, %0, %0" : "+r"(product));
        }
    }
    return (uint32_t)executed() - begin;
}

uint64_t port_clock(void)
{
    if (extra == 0) {
        extra = (tries(true) - tries(false) + TRIES / 2) / TRIES;
    }
    return executed() - (uint64_t)extra * port_computed;
}
