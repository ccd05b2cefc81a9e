/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @file
 * @brief   Runs the digits network on a bare lx106, writes the bytes of all outputs to stdout
 *
 * images.h defines the images: int8_t images[N][DIGITS_INPUT_SIZE].
 */

#include <string.h>

#include "msfcnn.h"

#include "digits.h"
#include "images.h"

enum { CALL_EXIT = 1, CALL_WRITE = 4 };

static MSFCNN_ALIGNED uint8_t arena[DIGITS_ARENA_SIZE];
static msfcnn_t nn;

__asm__ (".section .reset, \"ax\"\n"
         ".global reset\n"
         "reset:\n"
         "    j 1f\n"
         "    .align 4\n"
         "    .literal_position\n"
         "1:  movi a1, stack\n"
         "    movi a0, begin\n"
         "    jx a0\n"
         ".text\n");

/* QEMU's simulator calls */
static int sim_call(int call, int first, const void *second, size_t third)
{
    register int a2 __asm__("a2") = call;
    register int a3 __asm__("a3") = first;
    register const void *a4 __asm__("a4") = second;
    register size_t a5 __asm__("a5") = third;

    __asm__ volatile ("simcall" : "+r"(a2), "+r"(a3) : "r"(a4), "r"(a5) : "memory");
    return a2;
}

void begin(void)
{
    int res = msfcnn_init(&nn, &digits_model, arena, sizeof(arena));

    for (size_t i = 0; res == 0 && i < sizeof(images) / sizeof(images[0]); i++) {
        res = msfcnn_run(&nn, images[i]);
        size_t len;
        const int8_t *values = msfcnn_output(&nn, 0, &len);
        sim_call(CALL_WRITE, 1, values, len);
    }
    sim_call(CALL_EXIT, -res, NULL, 0);
    while (1) {}
}

void *memcpy(void *restrict to, const void *restrict from, size_t len)
{
    return memmove(to, from, len);
}

void *memmove(void *to, const void *from, size_t len)
{
    char *t = to;
    const char *f = from;

    if (t < f) {
        for (size_t i = 0; i < len; i++) {
            t[i] = f[i];
        }
    }
    else {
        while (len--) {
            t[len] = f[len];
        }
    }
    return to;
}

void *memset(void *to, int value, size_t len)
{
    char *t = to;

    while (len--) {
        *t++ = (char)value;
    }
    return to;
}

/* arithmetic that the lx106 has no instruction for and Debian's libgcc no function */

uint64_t __muldi3(uint64_t a, uint64_t b)
{
    uint64_t product = 0;

    for (; b; b >>= 1, a <<= 1) {
        product += (b & 1) ? a : 0;
    }
    return product;
}

static uint64_t divide(uint64_t n, uint64_t d, uint64_t *rest)
{
    uint64_t q = 0, r = 0;

    for (int bit = 63; bit >= 0; bit--) {
        r = (r << 1) | ((n >> bit) & 1);
        q <<= 1;
        if (r >= d) {
            r -= d;
            q |= 1;
        }
    }
    *rest = r;
    return q;
}

static int64_t signed_divide(int64_t n, int64_t d, int64_t *rest)
{
    uint64_t r;
    uint64_t q = divide((uint64_t)(n < 0 ? -n : n), (uint64_t)(d < 0 ? -d : d), &r);

    *rest = (n < 0) ? -(int64_t)r : (int64_t)r;
    return ((n < 0) != (d < 0)) ? -(int64_t)q : (int64_t)q;
}

unsigned __udivsi3(unsigned n, unsigned d)
{
    uint64_t rest;
    return (unsigned)divide(n, d, &rest);
}

unsigned __umodsi3(unsigned n, unsigned d)
{
    uint64_t rest;
    divide(n, d, &rest);
    return (unsigned)rest;
}

int __divsi3(int n, int d)
{
    int64_t rest;
    return (int)signed_divide(n, d, &rest);
}

int __modsi3(int n, int d)
{
    int64_t rest;
    signed_divide(n, d, &rest);
    return (int)rest;
}

uint64_t __udivdi3(uint64_t n, uint64_t d)
{
    uint64_t rest;
    return divide(n, d, &rest);
}

uint64_t __umoddi3(uint64_t n, uint64_t d)
{
    uint64_t rest;
    divide(n, d, &rest);
    return rest;
}

int64_t __divdi3(int64_t n, int64_t d)
{
    int64_t rest;
    return signed_divide(n, d, &rest);
}
