/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       What pointwise layers and convolutions on Armv7E-M have in common
 *
 * @}
 */

#if defined(__ARM_FEATURE_DSP) && (__ARM_FEATURE_DSP == 1)

#include "v7em.h"

#define BLOCK   4

static void _compute(msfcnn_v7em_blocks_t *blocks, unsigned pixels)
{
    if (pixels > 1) {
        msfcnn_v7em_pair(blocks);
    }
    else {
        msfcnn_v7em_single(blocks);
    }
}

/* the last outputs, which are fewer than a block stores */
static void _rest(const msfcnn_op_t *op, const msfcnn_run_t *run, msfcnn_v7em_blocks_t *blocks,
                  int8_t *out, unsigned pixels)
{
    unsigned rest = run->channels % BLOCK;
    const uint32_t *first = blocks->blocks;
    const uint32_t *last = blocks->blocks_end;
    int8_t room[2 * BLOCK];

    blocks->blocks = last;
    blocks->blocks_end = last + msfcnn_v7em_taps(op) + MSFCNN_V7EM_BLOCK_EXTRA;
    blocks->out = room;
    blocks->pixel_step = BLOCK;
    blocks->channel_step = 1;
    blocks->pairs = 1;
    if (run->channels > BLOCK) {
        blocks->lines = NULL;   /* they have been expanded */
    }
    _compute(blocks, pixels);
    blocks->blocks = first;
    blocks->blocks_end = last;
    blocks->pixel_step = run->out_pixel_step;
    blocks->channel_step = run->out_channel_step;
    out += (run->channels - rest) * (size_t)run->out_channel_step;
    for (unsigned i = 0; i < rest; i++, out += run->out_channel_step) {
        out[0] = room[i];
        if (pixels == 2) {
            out[run->out_pixel_step] = room[BLOCK + i];
        }
    }
}

void msfcnn_v7em_outputs(const msfcnn_op_t *op, const msfcnn_run_t *run,
                         msfcnn_v7em_blocks_t *blocks, unsigned pixels, const void *x)
{
    int8_t *out = blocks->out;

    blocks->x = x;
    blocks->x_end = (const int8_t *)x + ((pixels > 1) ? 4U : 1U) * msfcnn_v7em_taps(op);
    blocks->first = NULL;
    blocks->pairs = pixels / 2;
    if (run->channels >= BLOCK) {
        _compute(blocks, pixels);
    }
    if (run->channels % BLOCK != 0) {
        _rest(op, run, blocks, out, pixels);
    }
    blocks->out = out + pixels * run->out_pixel_step;
}

static void _clamp_line(int8_t *x, size_t n, int8_t low, int8_t high)
{
#ifndef __OPTIMIZE_SIZE__
    uint32_t lows = (uint8_t)low * 0x01010101U;
    uint32_t highs = (uint8_t)high * 0x01010101U;

    for (; n >= 4; n -= 4, x += 4) {
        uint32_t v = msfcnn_v7em_max(msfcnn_v7em_load(x), lows);
        msfcnn_v7em_store(x, msfcnn_v7em_min(v, highs));
    }
#endif
    for (; n > 0; n--, x++) {
        *x = (*x < low) ? low : (*x > high) ? high : *x;
    }
}

void msfcnn_v7em_clamp_run(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    bool planar = run->out_channel_step != 1;
    unsigned lines = planar ? run->channels : run->pixels;
    size_t length = planar ? run->pixels : run->channels;
    size_t step = planar ? run->out_channel_step : run->out_pixel_step;
    int8_t *line = run->out;

    if ((op->clamp_low == INT8_MIN) && (op->clamp_high == INT8_MAX)) {
        return;
    }
    for (; lines > 0; lines--, line += step) {
        _clamp_line(line, length, op->clamp_low, op->clamp_high);
    }
}

#else
typedef int msfcnn_v7em_nothing_t;  /* no empty translation unit */
#endif
