/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @file
 * @brief   Cortex-M on the emulated Arm MPS2 and MPS3 boards: start, clock
 */

#include "port.h"

#define CCR                 (*(volatile uint32_t *)0xe000ed14)
#define CCR_UNALIGN_TRP     (1u << 3)
#define CPACR               (*(volatile uint32_t *)0xe000ed88)
#define CPACR_FPU           (0xfu << 20)

/* both count virtual time: 100 per second, 25 million per second (20 million on MPS3) */
#ifdef __ARM_FEATURE_MVE
#  define FPGAIO            0x59302000u /* as secure code sees it */
#  define TICKS_PER_CLK100HZ    200000u
#else
#  define FPGAIO            0x40028000u
#  define TICKS_PER_CLK100HZ    250000u
#endif
#define FPGAIO_CLK100HZ     (*(volatile uint32_t *)(FPGAIO + 0x14))
#define FPGAIO_COUNTER      (*(volatile uint32_t *)(FPGAIO + 0x18))

#define SYSTEM_VECTORS      16

_Noreturn void port_start(void)
{
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
    CPACR |= CPACR_FPU;
    __asm__ volatile ("dsb\n isb" ::: "memory");
#endif
#if __ARM_ARCH == 6
    /* the larger core that stands in for a Cortex-M0+ must be as strict */
    CCR |= CCR_UNALIGN_TRP;
#endif
    main();
    port_exit(PORT_FAULT);
}

static void fault(void)
{
    port_exit(PORT_FAULT);
}

__attribute__((section(".vectors"), used))
static const uintptr_t vectors[SYSTEM_VECTORS] = {
    (uintptr_t)port_stack_end, (uintptr_t)port_start,
    (uintptr_t)fault, (uintptr_t)fault, (uintptr_t)fault, (uintptr_t)fault, (uintptr_t)fault,
};

uint64_t port_clock(void)
{
    uint32_t fine = FPGAIO_COUNTER;
    uint64_t coarse = (uint64_t)FPGAIO_CLK100HZ * TICKS_PER_CLK100HZ;

    /* the low word is exact, the coarse count knows how often it has wrapped */
    return coarse + (uint64_t)(int64_t)(int32_t)(fine - (uint32_t)coarse);
}

void port_loop(uint32_t turns)
{
    __asm__ volatile (
        ".syntax unified\n"
        "1: subs %0, %0, #1\n"
        "bne 1b\n"
        : "+l"(turns) :: "cc");
}
