/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @file
 * @brief   Xtensa on the emulated `sim` machine: files, copies
 */

#include "port.h"

#define CALL_EXIT   1
#define CALL_READ   3
#define CALL_WRITE  4
#define CALL_OPEN   5

void __attribute__((used)) port_fault(void)
{
    port_exit(PORT_FAULT);
}

void port_loop(uint32_t turns)
{
    __asm__ volatile (
        "1: addi %0, %0, -1\n"
        "bnez %0, 1b\n"
        : "+r"(turns));
}

static int call(int number, uintptr_t a, uintptr_t b, uintptr_t c)
{
    register uintptr_t a2 __asm__ ("a2") = (uintptr_t)number;
    register uintptr_t a3 __asm__ ("a3") = a;
    register uintptr_t a4 __asm__ ("a4") = b;
    register uintptr_t a5 __asm__ ("a5") = c;

    __asm__ volatile ("simcall" : "+r"(a2), "+r"(a3) : "r"(a4), "r"(a5) : "memory");
    return (int)a2;
}

int port_open(const char *name, int mode)
{
    return call(CALL_OPEN, (uintptr_t)name, (uintptr_t)mode, 0);
}

static int transfer(int number, int file, uintptr_t bytes, size_t len)
{
    while (len) {
        int done = call(number, (uintptr_t)file, bytes, len);
        if (done <= 0) {
            return -1;
        }
        bytes += (uintptr_t)done;
        len -= (size_t)done;
    }
    return 0;
}

int port_read(int file, void *bytes, size_t len)
{
    return transfer(CALL_READ, file, (uintptr_t)bytes, len);
}

int port_write(int file, const void *bytes, size_t len)
{
    return transfer(CALL_WRITE, file, (uintptr_t)bytes, len);
}

void port_exit(int code)
{
    for (;;) {
        call(CALL_EXIT, (uintptr_t)code, 0, 0);
    }
}

/* this compiler comes without a C library; the loops must not become calls of themselves */
#define NO_PATTERNS     __attribute__((optimize("no-tree-loop-distribute-patterns")))

NO_PATTERNS void *memset(void *to, int value, size_t len)
{
    for (uint8_t *p = to; len; len--) {
        *p++ = (uint8_t)value;
    }
    return to;
}

NO_PATTERNS void *memcpy(void *to, const void *from, size_t len)
{
    const uint8_t *source = from;

    for (uint8_t *p = to; len; len--) {
        *p++ = *source++;
    }
    return to;
}

NO_PATTERNS void *memmove(void *to, const void *from, size_t len)
{
    const uint8_t *source = from;
    uint8_t *p = to;

    if (p <= source) {
        return memcpy(to, from, len);
    }
    while (len > 0) {
        len--;
        p[len] = source[len];
    }
    return to;
}
