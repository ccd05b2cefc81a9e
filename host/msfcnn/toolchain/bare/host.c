/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @file
 * @brief   This computer: processor time in nanoseconds instead of instructions
 */

#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "port.h"

#define FILES   8

static FILE *files[FILES];

uint64_t port_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void port_loop(uint32_t turns)
{
    (void)turns; /* there is nothing to check */
}

int port_open(const char *name, int mode)
{
    for (int i = 0; i < FILES; i++) {
        if (!files[i]) {
            files[i] = fopen(name, (mode == PORT_READ) ? "rb" : "wb");
            return files[i] ? i : -1;
        }
    }
    return -1;
}

int port_read(int file, void *bytes, size_t len)
{
    return fread(bytes, 1, len, files[file]) != len;
}

int port_write(int file, const void *bytes, size_t len)
{
    return fwrite(bytes, 1, len, files[file]) != len;
}

void port_exit(int code)
{
    exit(code);
}
