/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @file
 * @brief   Classifies images while they come in, row by row
 *
 * A camera delivers rows; the network works on each while the next one is on its way. Only one
 * row is ever in RAM beside the arena. Here the camera is a photo in flash.
 */

#include <stdio.h>
#include <string.h>

#include "checksum/crc32.h"
#include "kernel_defines.h"
#include "msfcnn.h"
#include "periph/pm.h"

#include "stored.h"

#define ROW (STORED_WIDTH * STORED_CHANNELS)

static MSFCNN_ALIGNED uint8_t arena[STORED_ARENA_SIZE];
static msfcnn_t nn;

/* what a camera driver would do */
static void receive_row(int8_t *row, unsigned image, unsigned y)
{
    memcpy(row, &stored_images[image][y * ROW], ROW);
}

static int classify(unsigned image)
{
    static int8_t row[ROW];
    int res = 0;

    msfcnn_begin(&nn);
    for (unsigned y = 0; res == 0; y++) {
        receive_row(row, image, y);
        res = msfcnn_push_row(&nn, row);    /* 0: go on, 1: that was the last row */
    }
    return res;
}

int main(void)
{
    int res = msfcnn_init(&nn, &STORED_MODEL, arena, sizeof(arena));

    for (unsigned i = 0; res == 0 && i < STORED_COUNT; i++) {
        res = classify(i);
        if (res == 1) {
            size_t len;
            const int8_t *scores = msfcnn_output(&nn, 0, &len);
            int right = (crc32(scores, len) == stored_crcs[i][0]);
            printf("image %u: %s\n", i, right ? "as computed on the host" : "wrong output");
            res = 0;
        }
    }
    printf("result %d, %u bytes of arena, %u of the row\n", res, STORED_ARENA_SIZE, ROW);
    if (IS_USED(MODULE_PERIPH_PM)) {    /* the RP2350 on its RISC-V cores has none */
        pm_off();
    }
    return 0;
}
