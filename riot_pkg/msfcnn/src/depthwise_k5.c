/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Depthwise convolution 5x5 and 7x7, portable: channel by channel
 *
 * Some columns of input pixels a turn: each pixel is loaded once and added to the sums of all
 * outputs that it belongs to, and each weight is loaded once for all of these columns. Padding is
 * subtracted from each pixel, so that columns of it are left out.
 *
 * @}
 */

#include <stdbool.h>

#include "depthwise.h"

#if !MSFCNN_FALLBACK && !defined(__OPTIMIZE_SIZE__)

#define LARGEST     7           /* kernel */

/* what all channels have in common */
typedef struct {
    msfcnn_range_t range;
    size_t step;                /* bytes from one input pixel to the next */
    size_t out_step;            /* bytes from one output pixel to the next */
    unsigned before;            /* columns of padding in front */
    unsigned columns;           /* that exist and are needed */
    int pixels;                 /* of the output */
    int32_t pad;
} all_t;

/* a channel */
typedef struct {
    const int8_t *line[LARGEST];    /* NULL: it is all padding */
    size_t at;                  /* of its first pixel in each of these */
    const int8_t *weights;
    int32_t bias;
    msfcnn_depthwise_scale_t scale;
    int8_t *out;
} channel_t;

/* adds what all lines of some columns are to sums; load: x0, ... from p, taps: of a line */
#define COLUMNS(k, load, taps)                      \
    do {                                            \
        const int8_t *w = ch->weights;              \
        const int8_t *const *line = ch->line;       \
        const int8_t *const *end = line + k;        \
        MSFCNN_OPAQUE(end);                         \
        for (; line != end; line++, w += k) {       \
            const int8_t *p = *line;                \
            if (p != NULL) {                        \
                p += at;                            \
                load                                \
                taps                                \
            }                                       \
        }                                           \
    } while (0)

#define LOAD_AT(n, p)       int32_t x##n = *p + less;
#define LOAD(n)             LOAD_AT(n, p) p += step;
#define LOAD_1              LOAD(0)
#define LOAD_2              LOAD(0) LOAD(1)
#define LOAD_4              LOAD(0) LOAD(1) LOAD(2) LOAD(3)
/* the same of stride 2, those with odd taps when the others are done; compilers for Armv6-M spill
 * less if all are loaded at once */
#if MSFCNN_V6M
#  define LOAD_EVEN         LOAD_4
#  define LOAD_ODD
#else
#  define LOAD_EVEN         const int8_t *q = p + step; LOAD_AT(0, p) p += 2 * step; LOAD_AT(2, p)
#  define LOAD_ODD          LOAD_AT(1, q) q += 2 * step; LOAD_AT(3, q)
#endif

/* a tap for the sums of one column or of several */
#define ADD(sum, n)         sum += msfcnn_multiply(weight, x##n);
#define TAP(tap, adds)      { int32_t weight = MSFCNN_PIXEL(w[tap]); adds MSFCNN_IN_ORDER(); }
#define TAP_1(tap, a)       TAP(tap, ADD(a, 0))
#define TAP_2(tap, a, b)    TAP(tap, ADD(a, 0) ADD(b, 1))
#define TAP_4(tap, a, b, c, d)  TAP(tap, ADD(a, 0) ADD(b, 1) ADD(c, 2) ADD(d, 3))
#define EVEN(tap, a, b)     TAP(tap, ADD(a, 0) ADD(b, 2))
#define ODD(tap, a, b)      TAP(tap, ADD(a, 1) ADD(b, 3))

/* where there are registers, four columns of stride 1; of stride 2 there are fewer sums */
#if defined(__riscv) || defined(__aarch64__)
#  define NARROW            4
#else
#  define NARROW            2
#endif

/* stores a sum if it is that of an output, and not of one in front of the run */
#define STORE(sum)                                  \
    do {                                            \
        if ((unsigned)o < (unsigned)pixels) {       \
            *out = (int8_t)msfcnn_depthwise_output(&range, MSFCNN_SUM(sum, base), scale);  \
            out += out_step;                        \
        }                                           \
        o++;                                        \
    } while (0)

#define BEGIN(sum)          sum = MSFCNN_BEGIN(base)

/* what all kernels begin with; the sum of the next output is a, of that after it b, ... */
#define PREPARE(k, stride)                          \
    const msfcnn_range_t range = all->range;        \
    const msfcnn_depthwise_scale_t scale = ch->scale;         \
    int32_t less = -all->pad;   /* what is added takes any register on Armv6-M */   \
    const int32_t base = ch->bias;                  \
    const size_t step = all->step;                  \
    size_t out_step = all->out_step;                \
    const int pixels = all->pixels;                 \
    int8_t *out = ch->out;                          \
    unsigned n = all->columns;                      \
    size_t at = ch->at;         /* of the next column, in its line */   \
    /* the next output, whose last tap the next (even) column is */     \
    int o = ((int)(all->before + all->before % stride) - (k - 1)) / stride;     \
    int32_t a, b, c, d, e, f;                       \
    MSFCNN_OPAQUE(less)

static void _5x5(const all_t *all, const channel_t *ch)
{
    PREPARE(5, 1);

    a = b = c = d = MSFCNN_BEGIN(base);
#if NARROW == 4
    for (; n >= 4; n -= 4, at += 4 * step) {
        int32_t g, h;

        e = f = g = h = MSFCNN_BEGIN(base);
        COLUMNS(5, LOAD_4,
                TAP_4(0, e, f, g, h) TAP_4(1, d, e, f, g) TAP_4(2, c, d, e, f)
                TAP_4(3, b, c, d, e) TAP_4(4, a, b, c, d));
        STORE(a);
        STORE(b);
        STORE(c);
        STORE(d);
        a = e;
        b = f;
        c = g;
        d = h;
    }
#endif
    for (; n >= 2; n -= 2, at += 2 * step) {
        e = f = MSFCNN_BEGIN(base);
        COLUMNS(5, LOAD_2,
                TAP_2(0, e, f) TAP_2(1, d, e) TAP_2(2, c, d) TAP_2(3, b, c) TAP_2(4, a, b));
        STORE(a);
        STORE(b);
        a = c;
        b = d;
        c = e;
        d = f;
    }
    if (n > 0) {
        e = MSFCNN_BEGIN(base);
        COLUMNS(5, LOAD_1, TAP_1(0, e) TAP_1(1, d) TAP_1(2, c) TAP_1(3, b) TAP_1(4, a));
        STORE(a);
        a = b;
        b = c;
        c = d;
        d = e;
    }
    while (o < pixels) {
        STORE(a);
        a = b;
        b = c;
        c = d;
    }
}

static void _7x7(const all_t *all, const channel_t *ch)
{
    PREPARE(7, 1);

    a = b = c = d = e = f = MSFCNN_BEGIN(base);
#if NARROW == 4
    for (; n >= 4; n -= 4, at += 4 * step) {
        int32_t g, h, i, j;

        g = h = i = j = MSFCNN_BEGIN(base);
        COLUMNS(7, LOAD_4,
                TAP_4(0, g, h, i, j) TAP_4(1, f, g, h, i) TAP_4(2, e, f, g, h)
                TAP_4(3, d, e, f, g) TAP_4(4, c, d, e, f) TAP_4(5, b, c, d, e)
                TAP_4(6, a, b, c, d));
        STORE(a);
        STORE(b);
        STORE(c);
        STORE(d);
        a = e;
        b = f;
        c = g;
        d = h;
        e = i;
        f = j;
    }
#endif
    for (; n >= 2; n -= 2, at += 2 * step) {
        int32_t g, h;

        g = h = MSFCNN_BEGIN(base);
        COLUMNS(7, LOAD_2,
                TAP_2(0, g, h) TAP_2(1, f, g) TAP_2(2, e, f) TAP_2(3, d, e) TAP_2(4, c, d)
                TAP_2(5, b, c) TAP_2(6, a, b));
        STORE(a);
        STORE(b);
        a = c;
        b = d;
        c = e;
        d = f;
        e = g;
        f = h;
    }
    if (n > 0) {
        int32_t g = MSFCNN_BEGIN(base);

        COLUMNS(7, LOAD_1,
                TAP_1(0, g) TAP_1(1, f) TAP_1(2, e) TAP_1(3, d) TAP_1(4, c) TAP_1(5, b)
                TAP_1(6, a));
        STORE(a);
        a = b;
        b = c;
        c = d;
        d = e;
        e = f;
        f = g;
    }
    while (o < pixels) {
        STORE(a);
        a = b;
        b = c;
        c = d;
        d = e;
        e = f;
    }
}

static void _5x5_wide(const all_t *all, const channel_t *ch)
{
    PREPARE(5, 2);

    a = b = MSFCNN_BEGIN(base);
    if ((all->before % 2 > 0) && (n > 0)) {
        COLUMNS(5, LOAD_1, TAP_1(1, b) TAP_1(3, a));
        n--;
        at += step;
    }
    for (; n >= 4; n -= 4, at += 4 * step) {
        c = d = MSFCNN_BEGIN(base);
        COLUMNS(5, LOAD_EVEN,
                EVEN(0, c, d) EVEN(2, b, c) EVEN(4, a, b) LOAD_ODD ODD(1, c, d) ODD(3, b, c));
        STORE(a);
        STORE(b);
        a = c;
        b = d;
    }
    while (n > 0) {
        c = MSFCNN_BEGIN(base);
        COLUMNS(5, LOAD_1, TAP_1(0, c) TAP_1(2, b) TAP_1(4, a));
        STORE(a);
        a = b;
        b = c;
        n--;
        at += step;
        if (n > 0) {
            COLUMNS(5, LOAD_1, TAP_1(1, b) TAP_1(3, a));
            n--;
            at += step;
        }
    }
    while (o < pixels) {
        STORE(a);
        a = b;
    }
    (void)e;
    (void)f;
}

static void _7x7_wide(const all_t *all, const channel_t *ch)
{
    PREPARE(7, 2);

    a = b = c = MSFCNN_BEGIN(base);
    if ((all->before % 2 > 0) && (n > 0)) {
        COLUMNS(7, LOAD_1, TAP_1(1, c) TAP_1(3, b) TAP_1(5, a));
        n--;
        at += step;
    }
    for (; n >= 4; n -= 4, at += 4 * step) {
        d = e = MSFCNN_BEGIN(base);
        COLUMNS(7, LOAD_EVEN,
                EVEN(0, d, e) EVEN(2, c, d) EVEN(4, b, c) EVEN(6, a, b)
                LOAD_ODD ODD(1, d, e) ODD(3, c, d) ODD(5, b, c));
        STORE(a);
        STORE(b);
        a = c;
        b = d;
        c = e;
    }
    while (n > 0) {
        d = MSFCNN_BEGIN(base);
        COLUMNS(7, LOAD_1, TAP_1(0, d) TAP_1(2, c) TAP_1(4, b) TAP_1(6, a));
        STORE(a);
        a = b;
        b = c;
        c = d;
        n--;
        at += step;
        if (n > 0) {
            COLUMNS(7, LOAD_1, TAP_1(1, c) TAP_1(3, b) TAP_1(5, a));
            n--;
            at += step;
        }
    }
    while (o < pixels) {
        STORE(a);
        a = b;
        b = c;
    }
    (void)f;
}

unsigned msfcnn_depthwise_5x5(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    const msfcnn_conv_t *k = op->constants;
    unsigned kernel = op->shape->kernel_v;
    unsigned stride = op->shape->stride_v;
    unsigned end = (run->pixels - 1U) * stride + kernel;
    unsigned there = run->before + run->inside;
    ptrdiff_t first_more = (ptrdiff_t)run->first_step - run->channel_step;
    unsigned left = 0;
    const all_t all = {
        .range = msfcnn_range(op),
        .step = run->pixel_step,
        .out_step = run->out_pixel_step,
        .before = run->before,
        .columns = ((end < there) ? end : there) - run->before,
        .pixels = run->pixels,
        .pad = op->pad_value,
    };
    channel_t ch = { .weights = k->weights + run->channel * (size_t)(kernel * kernel),
                     .out = run->out };

    if ((run->before >= kernel) || (end >= there + kernel)) {
        return run->channels;
    }
    for (unsigned i = 0; i < kernel; i++) {
        ch.line[i] = run->line[i];
    }
    for (unsigned c = 0; c < run->channels; c++) {
        unsigned o = run->channel + c;

        if (msfcnn_depthwise_does(k->shift[o])) {
            ch.bias = k->bias[o];
            ch.scale = msfcnn_depthwise_scale(&all.range, k->multiplier[o], k->shift[o]);
            if (stride == 1) {
                ((kernel == 5) ? _5x5 : _7x7)(&all, &ch);
            }
            else {
                ((kernel == 5) ? _5x5_wide : _7x7_wide)(&all, &ch);
            }
        }
        else {
            left++;
        }
        if (ch.line[0] != NULL) {
            ch.line[0] += first_more;
        }
        ch.at += run->channel_step;
        ch.weights += kernel * kernel;
        ch.out += run->out_channel_step;
    }
    return left;
}

#else
typedef int msfcnn_not_5x5_t;   /* C wants something in every file */
#endif
