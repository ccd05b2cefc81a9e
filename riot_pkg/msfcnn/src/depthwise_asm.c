/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Depthwise convolution 3x3: what the assembly is given
 *
 * @}
 */

#include <stdbool.h>

#include "depthwise.h"
#include "depthwise_asm.h"

#if MSFCNN_DEPTHWISE_ASM

#if MSFCNN_MAC16
#  include "xtensa.mac16/mac16.h"
#endif

#define TAPS    9

/* all channels; of the kernel, at most one tap at either end of a line may be padding */
typedef struct {
    const int8_t *line[3];      /* one that does not exist is another one */
    const int8_t *weights;
    const int32_t *bias;
    const int32_t *multiplier;
    const uint8_t *shift;
    int8_t *out;
    size_t channel_step;        /* bytes from one output channel to the next */
    unsigned channels;
    size_t first_step;          /* bytes from one input channel to the next, in line 0 */
    size_t line_step;           /* likewise in the others */
    uint32_t exists[3];         /* whether a line does: all bits or none */
    size_t step;                /* bytes from one input pixel to the next */
    size_t pixel_step;          /* of the output */
    size_t end;                 /* of the columns of those outputs that have their last tap */
    unsigned cut;               /* 1: there is one more, without its last tap */
    unsigned before;            /* 1: the first one's first tap is padding */
    unsigned wide;              /* 1: the stride is 2 */
    int32_t pad;
    msfcnn_range_t range;
} msfcnn_depthwise_asm_t;

/* advances pointers; leaves out channels that msfcnn_depthwise_does() denies, and counts them */
unsigned msfcnn_depthwise_3x3_asm(msfcnn_depthwise_asm_t *all);

/* the lines, and another one in place of each that does not exist; false if none does */
static bool _set_lines(msfcnn_depthwise_asm_t *all, const msfcnn_run_t *run)
{
    const int8_t *other = NULL;

    for (unsigned i = 0; i < 3; i++) {
        other = (run->line[i] != NULL) ? run->line[i] : other;
    }
    for (unsigned i = 0; i < 3; i++) {
        all->exists[i] = (run->line[i] != NULL) ? UINT32_MAX : 0;
        all->line[i] = (run->line[i] != NULL) ? run->line[i] : other;
    }
    return other != NULL;
}

unsigned msfcnn_depthwise_3x3(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    const msfcnn_conv_t *k = op->constants;
    unsigned c = run->channel;
    unsigned stride = op->shape->stride_v;
    unsigned end = (run->pixels - 1U) * stride + 3;
    unsigned there = run->before + run->inside;
    unsigned beyond = (end > there) ? end - there : 0;
    msfcnn_depthwise_asm_t all = {
        .weights = k->weights + c * TAPS,
        .bias = k->bias + c,
        .multiplier = k->multiplier + c,
        .shift = k->shift + c,
        .out = run->out,
        .channel_step = run->out_channel_step,
        .channels = run->channels,
        .first_step = run->first_step,
        .line_step = run->channel_step,
        .step = run->pixel_step,
        .pixel_step = run->out_pixel_step,
        .end = (end - beyond * stride - run->before) * run->pixel_step,
        .cut = beyond,
        .before = run->before,
        .wide = stride - 1,
        .pad = op->pad_value,
        .range = msfcnn_range(op),
    };

    if ((run->before > 1) || (beyond > 1) || !_set_lines(&all, run)) {
        return run->channels;
    }
    unsigned left = msfcnn_depthwise_3x3_asm(&all);
#if MSFCNN_MAC16
    msfcnn_mac16_clamp(op, run);
#endif
    return left;
}

#else
typedef int msfcnn_not_asm_t;   /* C wants something in every file */
#endif
