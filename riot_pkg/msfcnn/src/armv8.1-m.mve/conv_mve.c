/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Convolution of any kernel, without groups, with Helium: from the taps of some pixels
 *
 * @}
 */

#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 1)

#include "mve.h"

#define PATCHES     256U        /* bytes of taps that are gathered at a time, of 2 to 8 pixels */
#define HALF        8U          /* lanes of 16 bits */

/* how the taps of a kernel line lie, of pixels that meet no padding there */
typedef struct {
    size_t size;                /* bytes */
    bool adjacent;              /* or, if they fit in a vector, at these offsets: */
    uint16x8_t low;
    uint16x8_t high;
} line_t;

/* pixels whose taps are gathered at a time */
static unsigned _together(size_t taps)
{
    size_t n = PATCHES / taps / 2 * 2;

    return (n < 2) ? 2 : (n > 8) ? 8 : (unsigned)n;
}

static line_t _line(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    size_t channels = op->in_channels;
    size_t step = op->shape->dilation_v * run->pixel_step;
    line_t line = { .size = op->shape->kernel_v * channels, .adjacent = channels == step };
    uint16_t offsets[MSFCNN_MVE_LANES] = { 0 };

    if (!line.adjacent && (line.size <= MSFCNN_MVE_LANES)) {
        for (size_t i = 0, from = 0; i < line.size; from += step) {
            for (size_t c = 0; c < channels; c++) {
                offsets[i++] = (uint16_t)(from + c);
            }
        }
        line.low = vldrhq_u16(offsets);
        line.high = vldrhq_u16(offsets + HALF);
    }
    return line;
}

/* pixels whose taps are copied line by line */
static msfcnn_pixels_t _direct(const msfcnn_op_t *op, const msfcnn_run_t *run, const line_t *line)
{
    msfcnn_pixels_t direct = msfcnn_inner(op, run);
    size_t reach = op->shape->kernel_v * op->shape->dilation_v * run->pixel_step;

    if (!line->adjacent && ((line->size > MSFCNN_MVE_LANES) || (reach > UINT16_MAX))) {
        direct.end = 0;
    }
    return direct;
}

/* the taps of one of them */
static void _taps(const msfcnn_op_t *op, const msfcnn_run_t *run, const line_t *line,
                  unsigned pixel, int8_t *to)
{
    const msfcnn_shape_t *shape = op->shape;
    size_t offset = (pixel * shape->stride_v - run->before) * run->pixel_step;
    size_t size = line->size;

    for (unsigned i = 0; i < shape->kernel_u; i++, to += size) {
        const uint8_t *from = (const uint8_t *)run->line[i];

        if (from == NULL) {
            msfcnn_mve_fill(to, op->pad_value, size);
        }
        else if (line->adjacent) {
            msfcnn_mve_copy(to, run->line[i] + offset, size);
        }
        else {
            mve_pred16_t there = vctp16q(size);

            from += offset;
            vstrbq_p_u16((uint8_t *)to, vldrbq_gather_offset_z_u16(from, line->low, there), there);
            if (size > HALF) {
                there = vctp16q(size - HALF);
                vstrbq_p_u16((uint8_t *)to + HALF,
                             vldrbq_gather_offset_z_u16(from, line->high, there), there);
            }
        }
    }
}

void msfcnn_conv_mve(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    size_t taps = op->words;
    int8_t *patch = run->scratch;
    line_t line = _line(op, run);
    msfcnn_pixels_t direct = _direct(op, run, &line);
    unsigned together = _together(taps);
    unsigned n;

    for (unsigned i = 0; i < run->pixels; i += n) {
        n = (run->pixels - i < together) ? run->pixels - i : together;
        for (unsigned p = 0; p < n; p++) {
            if ((i + p >= direct.begin) && (i + p < direct.end)) {
                _taps(op, run, &line, i + p, patch + p * taps);
            }
            else {
                msfcnn_gather(op, run, i + p, 0, op->in_channels, patch + p * taps);
            }
        }
        msfcnn_mve_outputs(op, run, i, n, patch, taps);
    }
}

#else
typedef int msfcnn_mve_nothing_t;   /* no empty translation unit */
#endif
