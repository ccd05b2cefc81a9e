/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @file
 * @brief   The clock of a cycle model: a file in which the emulator's plugin counts
 */

#include "port.h"
#include "semihosting.h"

#define SYS_SEEK            0x0a

uint64_t port_clock(void)
{
    static int file;
    static int opened;
    uint64_t cycles = 0;

    if (!opened) {
        file = port_open("cycles", PORT_READ);
        opened = 1;
    }
    uintptr_t begin[] = { (uintptr_t)file, 0 };
    semihosting_call(SYS_SEEK, begin);
    if (port_read(file, &cycles, sizeof(cycles)) != 0) {
        port_exit(PORT_FAULT);
    }
    return cycles;
}
