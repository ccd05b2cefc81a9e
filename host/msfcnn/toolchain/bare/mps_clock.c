/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @file
 * @brief   The clock of the emulated Arm MPS2 and MPS3 boards
 */

#include "port.h"

/* both count virtual time: 100 per second, 25 million per second (20 million on MPS3) */
#ifdef __ARM_FEATURE_MVE
#  define FPGAIO            0x59302000u /* as secure code sees it */
#  define TICKS_PER_CLK100HZ    200000u
#elif defined(__ARM_ARCH_8M_MAIN__)
#  define FPGAIO            0x50302000u /* likewise */
#  define TICKS_PER_CLK100HZ    200000u
#else
#  define FPGAIO            0x40028000u
#  define TICKS_PER_CLK100HZ    250000u
#endif
#define FPGAIO_CLK100HZ     (*(volatile uint32_t *)(FPGAIO + 0x14))
#define FPGAIO_COUNTER      (*(volatile uint32_t *)(FPGAIO + 0x18))

uint64_t port_clock(void)
{
    uint32_t fine = FPGAIO_COUNTER;
    uint64_t coarse = (uint64_t)FPGAIO_CLK100HZ * TICKS_PER_CLK100HZ;

    /* the low word is exact, the coarse count knows how often it has wrapped */
    return coarse + (uint64_t)(int64_t)(int32_t)(fine - (uint32_t)coarse);
}
