/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @file
 * @brief   Files by Arm semihosting, which RISC-V has taken over
 */

#include "port.h"
#include "semihosting.h"

#define SYS_OPEN            0x01
#define SYS_WRITE           0x05
#define SYS_READ            0x06
#define SYS_EXIT_EXTENDED   0x20

#define MODE_READ           1       /* rb */
#define MODE_WRITE          5       /* wb */
#define APPLICATION_EXIT    0x20026

static size_t length(const char *text)
{
    size_t n = 0;

    while (text[n]) {
        n++;
    }
    return n;
}

int port_open(const char *name, int mode)
{
    uintptr_t block[] = {
        (uintptr_t)name, (mode == PORT_READ) ? MODE_READ : MODE_WRITE, length(name)
    };

    return (int)semihosting_call(SYS_OPEN, block);
}

int port_read(int file, void *bytes, size_t len)
{
    uintptr_t block[] = { (uintptr_t)file, (uintptr_t)bytes, len };

    return (int)semihosting_call(SYS_READ, block); /* what is left over */
}

int port_write(int file, const void *bytes, size_t len)
{
    uintptr_t block[] = { (uintptr_t)file, (uintptr_t)bytes, len };

    return (int)semihosting_call(SYS_WRITE, block);
}

void port_exit(int code)
{
    uintptr_t block[] = { APPLICATION_EXIT, (uintptr_t)code };

    for (;;) {
        semihosting_call(SYS_EXIT_EXTENDED, block);
    }
}
