/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     cpu
 * @{
 *
 * @file
 * @brief       Start of the CPU, and the end of the emulation
 *
 * @}
 */

#include "cpu.h"
#include "kernel_init.h"
#include "periph/init.h"
#include "periph/pm.h"

#define SEMIHOSTING_EXIT            (0x18U)
#define SEMIHOSTING_EXIT_SUCCESS    (0x20026U)

void cpu_init(void)
{
    cortexm_init();
    early_init();
    periph_init();
}

void pm_off(void)
{
    register uint32_t call __asm__("r0") = SEMIHOSTING_EXIT;
    register uint32_t reason __asm__("r1") = SEMIHOSTING_EXIT_SUCCESS;

    irq_disable();
    __asm__ volatile ("bkpt 0xab" : : "r"(call), "r"(reason) : "memory");
    while (1) {}
}
