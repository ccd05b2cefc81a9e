/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @file
 * @brief   What an emulated board must be able to do: sleep, compute with its FPU, stop
 */

#include <stdio.h>

#include "periph/pm.h"
#include "ztimer.h"

/* up to more than one lap of the timer that compares, 171 s */
static const uint32_t _asked[] = { 0, 1, 10, 100, 1000, 250000, 3000000, 400000000 };

int main(void)
{
    volatile float third = 1.0f / 3;

    printf("a third of 3000000: %ld\n", (long)(third * 3000000 + 0.5f));
    for (size_t i = 0; i < ARRAY_SIZE(_asked); i++) {
        uint32_t begin = ztimer_now(ZTIMER_USEC);
        ztimer_sleep(ZTIMER_USEC, _asked[i]);
        uint32_t slept = ztimer_now(ZTIMER_USEC) - begin;
        printf("asked %lu slept %lu\n", (unsigned long)_asked[i], (unsigned long)slept);
    }
    puts("end");
    pm_off();
    return 0;
}
