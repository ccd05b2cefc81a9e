/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       What pointwise layers and convolutions with Helium have in common
 *
 * @}
 */

#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 1)

#include "mve.h"

static void _compute(msfcnn_mve_blocks_t *blocks, const uint32_t *first, size_t count,
                     size_t words, unsigned pixels)
{
    blocks->blocks = first;
    blocks->count = count;
    blocks->blocks_end = first + count * words;
    if (pixels == 2) {
        msfcnn_mve_pair(blocks);
    }
    else {
        msfcnn_mve_single(blocks);
    }
}

/* a block of which n outputs exist, or whose outputs are not adjacent */
static void _apart(msfcnn_mve_blocks_t *blocks, const uint32_t *block, size_t words,
                   unsigned pixels, const msfcnn_run_t *run, int8_t *out, unsigned n)
{
    int8_t room[2 * MSFCNN_MVE_BLOCK];

    blocks->out[0] = room;
    blocks->out[1] = room + MSFCNN_MVE_BLOCK;
    _compute(blocks, block, 1, words, pixels);
    for (unsigned i = 0; i < n; i++, out += run->out_channel_step) {
        out[0] = room[i];
        if (pixels == 2) {
            out[run->out_pixel_step] = room[MSFCNN_MVE_BLOCK + i];
        }
    }
}

void msfcnn_mve_outputs(const msfcnn_op_t *op, const msfcnn_run_t *run, unsigned pixel,
                        unsigned pixels, const int8_t *x, size_t step)
{
    size_t taps = op->words;
    size_t words = taps + MSFCNN_MVE_BLOCK_EXTRA;
    size_t chunks = (taps - 1) / MSFCNN_MVE_LANES;
    size_t tail = taps - MSFCNN_MVE_LANES * chunks;
    const int8_t *y = (pixels == 2) ? x + step : x;
    const uint32_t *block = (const uint32_t *)op->constants
                            + run->channel / MSFCNN_MVE_BLOCK * words;
    int8_t *out = run->out + pixel * run->out_pixel_step;
    unsigned left = run->channels;
    msfcnn_mve_blocks_t blocks = {
        .x = { x, y },
        .rest = { x + tail, y + tail },
        .tail = tail,
        .chunks = chunks,
        .out = { out, out + run->out_pixel_step },
        .zero = op->out_zero,
        .low = op->clamp_low,
        .high = op->clamp_high,
    };

    if ((run->out_channel_step == 1) && (left >= MSFCNN_MVE_BLOCK)) {
        unsigned full = left / MSFCNN_MVE_BLOCK;

        _compute(&blocks, block, full, words, pixels);
        block += full * words;
        out += full * MSFCNN_MVE_BLOCK;
        left -= full * MSFCNN_MVE_BLOCK;
    }
    while (left > 0) {
        unsigned n = (left < MSFCNN_MVE_BLOCK) ? left : MSFCNN_MVE_BLOCK;

        _apart(&blocks, block, words, pixels, run, out, n);
        block += words;
        out += n * (size_t)run->out_channel_step;
        left -= n;
    }
}

#else
typedef int msfcnn_mve_nothing_t;   /* no empty translation unit */
#endif
