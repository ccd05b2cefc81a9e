/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @file
 * @brief   Integer routines that the ESP8266 has in its ROM and the compiler's library leaves out
 *
 * Their costs are about those of the ROM: it too multiplies by 16-bit halves, divides bit by bit.
 */

#include <stdint.h>

uint32_t __udivsi3(uint32_t n, uint32_t d);
uint32_t __umodsi3(uint32_t n, uint32_t d);
int32_t __divsi3(int32_t n, int32_t d);
uint64_t __muldi3(uint64_t a, uint64_t b);
uint64_t __udivdi3(uint64_t n, uint64_t d);

static uint32_t divide(uint32_t n, uint32_t d, uint32_t *rest)
{
    uint32_t quotient = 0;
    unsigned bit = 0;

    while (bit < 31 && (d << bit) >> bit == d && (d << bit) <= n >> 1) {
        bit++;
    }
    for (int i = (int)bit; i >= 0; i--) {
        uint32_t part = d << i;
        quotient <<= 1;
        if ((part >> i) == d && part <= n) {
            n -= part;
            quotient |= 1;
        }
    }
    *rest = n;
    return quotient;
}

uint32_t __udivsi3(uint32_t n, uint32_t d)
{
    uint32_t rest;

    return divide(n, d, &rest);
}

uint32_t __umodsi3(uint32_t n, uint32_t d)
{
    uint32_t rest;

    divide(n, d, &rest);
    return rest;
}

int32_t __divsi3(int32_t n, int32_t d)
{
    uint32_t rest;
    uint32_t quotient = divide((n < 0) ? 0u - (uint32_t)n : (uint32_t)n,
                               (d < 0) ? 0u - (uint32_t)d : (uint32_t)d, &rest);

    return (int32_t)(((n < 0) != (d < 0)) ? 0u - quotient : quotient);
}

uint64_t __muldi3(uint64_t a, uint64_t b)
{
    uint32_t a0 = (uint32_t)a & 0xffff, a1 = (uint32_t)a >> 16;
    uint32_t b0 = (uint32_t)b & 0xffff, b1 = (uint32_t)b >> 16;
    uint32_t low = a0 * b0;
    uint32_t mid = a1 * b0 + (low >> 16);
    uint32_t carry = mid >> 16;
    uint32_t high = a1 * b1 + carry;

    mid = (mid & 0xffff) + a0 * b1;
    high += mid >> 16;
    high += (uint32_t)(a >> 32) * (uint32_t)b + (uint32_t)a * (uint32_t)(b >> 32);
    return (uint64_t)high << 32 | (mid << 16 | (low & 0xffff));
}

uint64_t __udivdi3(uint64_t n, uint64_t d)
{
    uint64_t rest = 0, quotient = 0;

    for (int i = 63; i >= 0; i--) {
        rest = rest << 1 | ((n >> i) & 1);
        quotient <<= 1;
        if (rest >= d) {
            rest -= d;
            quotient |= 1;
        }
    }
    return quotient;
}
