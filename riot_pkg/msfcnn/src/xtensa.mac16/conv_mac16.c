/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Convolutions without groups and dense layers with MAC16, pixel by pixel
 *
 * @}
 */

#include "mac16.h"

/* the outputs of each pixel, whose taps are expanded in scratch */
static msfcnn_mac16_t _job(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    size_t block = op->words / 2U + MSFCNN_MAC16_EXTRA;
    const uint32_t *w = (const uint32_t *)op->constants + run->channel * block;

    return (msfcnn_mac16_t){
        .x = run->scratch,
        .w = w,
        .w_end = w + run->channels * block,
        .quads = op->words / 4U,
        .out = run->out,
        .out_step = run->out_channel_step,
    };
}

void msfcnn_pointwise_mac16(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    msfcnn_mac16_t job = _job(op, run);
    size_t step = op->shape->stride_v * run->pixel_step;
    const int8_t *from = run->line[0];

    for (unsigned i = 0; i < run->pixels; i++, from += step, job.out += run->out_pixel_step) {
        msfcnn_mac16_expand(from, run->scratch, op->in_channels);
        msfcnn_mac16_outputs(&job);
    }
    msfcnn_mac16_clamp(op, run);
}

void msfcnn_conv_mac16(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    msfcnn_mac16_t job = _job(op, run);
    unsigned taps = op->words;
    /* behind what is expanded, and the word that is read with it */
    int8_t *gathered = (int8_t *)run->scratch + 2U * taps + sizeof(uint32_t);

    for (unsigned i = 0; i < run->pixels; i++, job.out += run->out_pixel_step) {
        msfcnn_gather(op, run, i, 1, 0, op->in_channels, gathered);
        msfcnn_mac16_expand(gathered, run->scratch, taps);
        msfcnn_mac16_outputs(&job);
    }
    msfcnn_mac16_clamp(op, run);
}
