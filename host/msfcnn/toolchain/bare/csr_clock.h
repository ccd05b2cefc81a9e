/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

#pragma once

/**
 * @file
 * @brief   A counter of RISC-V as the clock: define PORT_COUNTER as its name in quotes
 */

#include "port.h"

uint64_t port_clock(void)
{
    uint32_t high, low, again;

    do {
        __asm__ volatile (
            ".option push\n"
            ".option arch, +zicsr\n"
            "csrr %0, " PORT_COUNTER "h\n"
            "csrr %1, " PORT_COUNTER "\n"
            "csrr %2, " PORT_COUNTER "h\n"
            ".option pop\n"
            : "=r"(high), "=r"(low), "=r"(again));
    } while (high != again);
    return (uint64_t)high << 32 | low;
}
