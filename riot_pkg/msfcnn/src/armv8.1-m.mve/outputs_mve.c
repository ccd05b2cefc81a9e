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

/* some pixels by some blocks, whose outputs are adjacent */
static void _compute(msfcnn_mve_blocks_t *job, unsigned pixels, const int8_t *x, size_t step,
                     int8_t *out, size_t out_step)
{
    if (pixels > 1) {
        job->x[0] = x;
        job->x[1] = x + step;
        job->out[0] = out;
        job->out[1] = out + out_step;
        job->x_step = 2 * step;
        job->out_step = 2 * out_step;
        job->turns = pixels / 2;
        msfcnn_mve_pairs(job);
        x += (pixels - 1) * step;
        out += (pixels - 1) * out_step;
    }
    if (pixels % 2 == 1) {
        job->x[0] = x;
        job->out[0] = out;
        job->turns = 1;
        msfcnn_mve_singles(job);
    }
}

/* a block of which n outputs exist, or whose outputs are not adjacent */
static void _apart(msfcnn_mve_blocks_t *job, const msfcnn_run_t *run, unsigned pixels,
                   const int8_t *x, size_t step, int8_t *out, unsigned n)
{
    int8_t room[2 * MSFCNN_MVE_BLOCK];
    unsigned together;

    for (; pixels > 0; pixels -= together, x += together * step) {
        together = (pixels > 1) ? 2 : 1;
        _compute(job, together, x, step, room, MSFCNN_MVE_BLOCK);
        for (unsigned p = 0; p < together; p++, out += run->out_pixel_step) {
            for (unsigned i = 0; i < n; i++) {
                out[i * (size_t)run->out_channel_step] = room[p * MSFCNN_MVE_BLOCK + i];
            }
        }
    }
}

void msfcnn_mve_outputs(const msfcnn_op_t *op, const msfcnn_run_t *run, unsigned pixel,
                        unsigned pixels, const int8_t *x, size_t step)
{
    size_t taps = op->words;
    size_t words = taps + MSFCNN_MVE_BLOCK_EXTRA;
    size_t chunks = (taps - 1) / MSFCNN_MVE_LANES;
    int8_t *out = run->out + pixel * run->out_pixel_step;
    unsigned left = run->channels;
    unsigned full = (run->out_channel_step == 1) ? left / MSFCNN_MVE_BLOCK : 0;
    msfcnn_mve_blocks_t job;    /* an initializer would clear all of it first, byte by byte */

    job.tail = taps - MSFCNN_MVE_LANES * chunks;
    job.chunks = chunks;
    job.zero = op->out_zero;
    job.low = op->clamp_low;
    job.high = op->clamp_high;
    job.count = full;
    job.blocks = (const uint32_t *)op->constants + run->channel / MSFCNN_MVE_BLOCK * words;
    job.blocks_end = job.blocks + full * words;
    if (full > 0) {
        _compute(&job, pixels, x, step, out, run->out_pixel_step);
        out += full * MSFCNN_MVE_BLOCK;
        left -= full * MSFCNN_MVE_BLOCK;
    }
    job.count = 1;
    while (left > 0) {
        unsigned n = (left < MSFCNN_MVE_BLOCK) ? left : MSFCNN_MVE_BLOCK;

        job.blocks = job.blocks_end;
        job.blocks_end += words;
        _apart(&job, run, pixels, x, step, out, n);
        out += n * (size_t)run->out_channel_step;
        left -= n;
    }
}

#else
typedef int msfcnn_mve_nothing_t;   /* no empty translation unit */
#endif
