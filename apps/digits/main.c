/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @file
 * @brief   Classifies a few handwritten digits that are stored in flash
 */

#include <stdio.h>

#include "kernel_defines.h"
#include "msfcnn.h"
#include "periph/pm.h"

#include "digits.h"
#include "stored.h"

static MSFCNN_ALIGNED uint8_t arena[DIGITS_ARENA_SIZE];
static msfcnn_t nn;

static int largest(const int8_t *scores, size_t len)
{
    size_t best = 0;

    for (size_t i = 1; i < len; i++) {
        best = (scores[i] > scores[best]) ? i : best;
    }
    return (int)best;
}

int main(void)
{
    unsigned right = 0;

    int res = msfcnn_init(&nn, &digits_model, arena, sizeof(arena));
    if (res != 0) {
        printf("msfcnn_init() = %d\n", res);
    }
    for (unsigned i = 0; res == 0 && i < STORED_COUNT; i++) {
        res = msfcnn_run(&nn, stored_images[i]);
        if (res != 0) {
            printf("msfcnn_run() = %d\n", res);
            break;
        }
        size_t len;
        const int8_t *scores = msfcnn_output(&nn, 0, &len);
        int digit = largest(scores, len);
        printf("image %u: a %d, %s\n", i, digit, (digit == stored_labels[i]) ? "right" : "wrong");
        right += (digit == stored_labels[i]);
    }
    printf("%u of %u right, %u bytes of arena\n", right, STORED_COUNT, DIGITS_ARENA_SIZE);
    if (IS_USED(MODULE_PERIPH_PM)) {    /* the RP2350 on its RISC-V cores has none */
        pm_off();
    }
    return 0;
}
