/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @file
 * @brief   Cortex-M on the emulated Arm MPS2 and MPS3 boards: start
 */

#include "port.h"

#define CCR                 (*(volatile uint32_t *)0xe000ed14)
#define CCR_UNALIGN_TRP     (1u << 3)
#define CPACR               (*(volatile uint32_t *)0xe000ed88)
#define CPACR_FPU           (0xfu << 20)

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

void port_loop(uint32_t turns)
{
    __asm__ volatile (
        ".syntax unified\n"
        "1: subs %0, %0, #1\n"
        "bne 1b\n"
        : "+l"(turns) :: "cc");
}
