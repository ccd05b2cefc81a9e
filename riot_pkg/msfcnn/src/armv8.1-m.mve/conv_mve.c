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

/* pieces of at most 16 bytes, from each pixel to its patch; compilers cannot be told of VPR */
static void _pieces(int8_t *to, size_t to_step, const int8_t *from, size_t step, size_t size,
                    unsigned n)
{
    uint32_t kept;

    __asm__ volatile (
        "vmrs %2, p0\n"
        "vctp.8 %5\n"
        "dls lr, %6\n"
        "1: vpst\n"
        "vldrbt.u8 q0, [%1]\n"
        "add %1, %1, %4\n"
        "vpst\n"
        "vstrbt.8 q0, [%0]\n"
        "add %0, %0, %3\n"
        "le lr, 1b\n"
        "vmsr p0, %2\n"
        : "+r"(to), "+r"(from), "=&r"(kept)
        : "r"(to_step), "r"(step), "r"(size), "r"(n)
        : "q0", "lr", "memory");
}

/* likewise, of at most eight bytes that are not adjacent */
static void _scattered(int8_t *to, size_t to_step, const int8_t *from, size_t step, size_t size,
                       unsigned n, uint16x8_t offsets)
{
    uint32_t kept;

    __asm__ volatile (
        "vmrs %2, p0\n"
        "vctp.16 %5\n"
        "dls lr, %6\n"
        "1: vpst\n"
        "vldrbt.u16 q0, [%1, %q7]\n"
        "add %1, %1, %4\n"
        "vpst\n"
        "vstrbt.16 q0, [%0]\n"
        "add %0, %0, %3\n"
        "le lr, 1b\n"
        "vmsr p0, %2\n"
        : "+l"(to), "+r"(from), "=&r"(kept)
        : "r"(to_step), "r"(step), "r"(size), "r"(n), "w"(offsets)
        : "q0", "lr", "memory");
}

/* the taps of n of them, kernel line by kernel line */
static void _taps(const msfcnn_op_t *op, const msfcnn_run_t *run, const line_t *line,
                  unsigned pixel, unsigned n, int8_t *to)
{
    const msfcnn_shape_t *shape = op->shape;
    size_t step = shape->stride_v * run->pixel_step;
    size_t offset = pixel * step - run->before * run->pixel_step;
    size_t size = line->size;
    size_t taps = op->words;

    for (unsigned i = 0; i < shape->kernel_u; i++, to += size) {
        const int8_t *from = run->line[i];

        if (from == NULL) {
            for (unsigned p = 0; p < n; p++) {
                msfcnn_mve_fill(to + p * taps, op->pad_value, size);
            }
            continue;
        }
        from += offset;
        if (!line->adjacent) {
            _scattered(to, taps, from, step, size, n, line->low);
            if (size > HALF) {
                _scattered(to + HALF, taps, from, step, size - HALF, n, line->high);
            }
        }
        else if (size <= MSFCNN_MVE_LANES) {
            _pieces(to, taps, from, step, size, n);
        }
        else {
            for (unsigned p = 0; p < n; p++, from += step) {
                msfcnn_mve_copy(to + p * taps, from, size);
            }
        }
    }
}

/* the taps of n pixels */
static void _gather(const msfcnn_op_t *op, const msfcnn_run_t *run, const line_t *line,
                    const msfcnn_pixels_t *direct, unsigned pixel, unsigned n, int8_t *to)
{
    unsigned end = pixel + n;
    unsigned together;

    for (; pixel < end; pixel += together, to += together * op->words) {
        together = 1;
        if ((pixel >= direct->begin) && (pixel < direct->end)) {
            together = ((direct->end < end) ? direct->end : end) - pixel;
            _taps(op, run, line, pixel, together, to);
        }
        else {
            msfcnn_gather(op, run, pixel, 1, 0, op->in_channels, to);
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
        _gather(op, run, &line, &direct, i, n, patch);
        msfcnn_mve_outputs(op, run, i, n, patch, taps);
    }
}

#else
typedef int msfcnn_mve_nothing_t;   /* no empty translation unit */
#endif
