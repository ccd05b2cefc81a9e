/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Dot products, portable: tiles of some pixels by four outputs
 *
 * An input is loaded once for all outputs of a tile, a weight once for all of its pixels.
 *
 * @}
 */

#include <stdbool.h>
#include <string.h>

#include "dot.h"

/* whether eight sums do not stay in registers: then two outputs at a time */
#if defined(__riscv) || defined(__aarch64__)
#  define TWO_OUTPUTS   0
#else
#  define TWO_OUTPUTS   1
#endif

/* taps a turn of the innermost loop */
#ifdef __OPTIMIZE_SIZE__
#  define UNROLL    1
#else
#  define UNROLL    4
#endif

/* compilers do better with the innermost loops in functions of their own */
#define APART       __attribute__((noinline))

/* an output of a pixel, any factor */
static int32_t _one(const msfcnn_tile_t *tile, const int8_t *x, const int8_t *w,
                    const msfcnn_conv_t *k, unsigned c)
{
    int32_t acc = k->bias[c];

    for (size_t t = tile->taps; t > 0; t--) {
        acc += msfcnn_multiply(*x++, *w++);
    }
    return msfcnn_requantize(&tile->range, acc, k->multiplier[c], k->shift[c]);
}

/* outputs of some pixels whose factors may be any; which: a bit for each, c: the first one */
static void _uncommon(const msfcnn_tile_t *tile, unsigned pixels, const msfcnn_conv_t *k,
                      unsigned c, unsigned which)
{
    const int8_t *w = tile->w;
    int8_t *first = tile->out;

    for (; which > 0; which >>= 1, c++, w += tile->taps, first += tile->channel_step) {
        const int8_t *x = tile->x;
        int8_t *out = first;

        for (unsigned i = (which & 1) ? pixels : 0; i > 0; i--) {
            *out = (int8_t)_one(tile, x, w, k, c);
            x += tile->step;
            out += tile->pixel_step;
        }
    }
}

#if !MSFCNN_FALLBACK && !MSFCNN_V6M

/* pixels of a tile, which are called a, b, c, as the pointers to their taps are */
#define ONE(DO, arg)        DO(a, arg)
#define TWO(DO, arg)        DO(a, arg) DO(b, arg)

/* its outputs */
#define OUTPUTS_2(DO, arg)  DO(0, arg) DO(1, arg)
#define OUTPUTS_4(DO, arg)  DO(0, arg) DO(1, arg) DO(2, arg) DO(3, arg)

#define POINT(p, step)      const int8_t *p = next; next += step;
#define WEIGHTS_2           const int8_t *w1 = w_end;
#define WEIGHTS_4           WEIGHTS_2 const int8_t *w2 = w1 + taps; const int8_t *w3 = w2 + taps;

/* the sums of a pixel: p0, p1, ... */
#define BEGIN_2(p, _)       int32_t p##0 = MSFCNN_BEGIN(k[0].bias), p##1 = MSFCNN_BEGIN(k[1].bias);
#define BEGIN_4(p, _)       int32_t p##0 = k[0].bias, p##1 = k[1].bias;     \
                            int32_t p##2 = k[2].bias, p##3 = k[3].bias;

/* adds a tap to a sum; to the sums of a pixel; to all */
#define TAKE(n, p)          p##n += msfcnn_multiply(taken, u##n);
#define ADD_2(p, t)                         \
    { int32_t taken = MSFCNN_PIXEL(p[t]); OUTPUTS_2(TAKE, p) MSFCNN_IN_ORDER(); }
#define ADD_4(p, t)                         \
    { int32_t taken = p[t]; OUTPUTS_4(TAKE, p) MSFCNN_IN_ORDER(); }
#define LOAD(n, t)          int32_t u##n = w##n[t];
#define TAP(n, t, FOR)      { OUTPUTS_##n(LOAD, t) FOR(ADD_##n, t) }

/* those that are no whole turn of the loop, then the others */
#if UNROLL == 4
#  define TAPS(n, FOR)      TAP(n, 0, FOR) TAP(n, 1, FOR) TAP(n, 2, FOR) TAP(n, 3, FOR)
#else
#  define TAPS(n, FOR)      TAP(n, 0, FOR)
#endif
/* compilers make no copies of a loop whose turns they do not know */
#if UNROLL > 1
static inline size_t _odd(size_t taps)
{
    taps %= UNROLL;
    MSFCNN_OPAQUE(taps);
    return taps;
}
#  define ODD(taps)         _odd(taps)
#else
#  define ODD(taps)         0
#endif
#define SKIP(p, taps)       p += taps;
#define SKIP_W(n, taps)     w##n += taps;
#define ALL_TAPS(n, FOR)                    \
    for (taps = ODD(taps); taps > 0; taps--) {  \
        TAP(n, 0, FOR)                      \
        FOR(SKIP, 1)                        \
        OUTPUTS_##n(SKIP_W, 1)              \
    }                                       \
    while (w0 != w_end) {                   \
        TAPS(n, FOR)                        \
        FOR(SKIP, UNROLL)                   \
        OUTPUTS_##n(SKIP_W, UNROLL)         \
    }

/* output n of each pixel */
#define STORE(p, n, sum)                    \
    *to = (int8_t)msfcnn_requantize_common(&range, sum, scale); \
    to += pixel_step;
#define STORE_2(p, n)       STORE(p, n, MSFCNN_SUM(p##n, k[n].bias))
#define STORE_4(p, n)       STORE(p, n, p##n)
#define STORE_ALL(n, each)                  \
    {                                       \
        const msfcnn_scale_t scale = k[n].scale;    \
        int8_t *to = out;                   \
        each                                \
        out += tile->channel_step;          \
        MSFCNN_IN_ORDER();                  \
    }
#define STORES_2(FOR)       STORE_ALL(0, FOR(STORE_2, 0)) STORE_ALL(1, FOR(STORE_2, 1))
#define STORES_4(FOR)       STORE_ALL(0, FOR(STORE_4, 0)) STORE_ALL(1, FOR(STORE_4, 1)) \
                            STORE_ALL(2, FOR(STORE_4, 2)) STORE_ALL(3, FOR(STORE_4, 3))

/* tiles of so many pixels by n outputs, of which the first one is the block's output `first`; from
 * pixel `pixel` to `end` - 1 */
#define TILES(name, PIXELS, FOR, n)         \
static APART void name(const msfcnn_tile_t *tile, unsigned first, unsigned pixel, unsigned end) \
{                                           \
    const msfcnn_range_t range = tile->range;   \
    const msfcnn_tile_output_t *k = tile->output + first;   \
    size_t pixel_step = tile->pixel_step;   \
    int8_t *next_out = tile->out + first * tile->channel_step + pixel * pixel_step; \
    const int8_t *next = tile->x + pixel * tile->step;  \
                                            \
    for (; pixel < end; pixel += PIXELS, next_out += PIXELS * pixel_step) { \
        size_t taps = tile->taps;           \
        size_t step = tile->step;           \
        const int8_t *w0 = tile->w + first * taps;  \
        int8_t *out = next_out;             \
        const int8_t *w_end = w0 + taps;    \
        WEIGHTS_##n                         \
        FOR(POINT, step)                    \
        FOR(BEGIN_##n, )                    \
        ALL_TAPS(n, FOR)                    \
        STORES_##n(FOR)                     \
    }                                       \
}

TILES(_ones, 1, ONE, 4)
#if !MSFCNN_DOT_RV32 && !MSFCNN_DOT_XTENSA && !defined(__OPTIMIZE_SIZE__)
#  if TWO_OUTPUTS
TILES(_twos, 2, TWO, 2)
#  else
TILES(_twos, 2, TWO, 4)
#  endif
#endif

#endif

#if !MSFCNN_FALLBACK
/* four outputs of some pixels */
static void _block(const msfcnn_tile_t *tile, unsigned pixels)
{
#if MSFCNN_V6M
    msfcnn_dot_v6m(tile, pixels);
#elif MSFCNN_DOT_RV32
    _ones(tile, 0, 0, pixels);
#elif defined(__OPTIMIZE_SIZE__)
    _ones(tile, 0, 0, pixels);
#else
    /* of two outputs, so many taps fit in sums that have fraction bits */
    unsigned twos = (TWO_OUTPUTS && (tile->taps > MSFCNN_PIXEL_TAPS)) ? 0 : pixels - pixels % 2;

#  if MSFCNN_DOT_XTENSA
    if (twos > 0) {
        msfcnn_dot_xtensa(tile, pixels);
        return;
    }
#  else
    _twos(tile, 0, 0, twos);
#    if TWO_OUTPUTS
    _twos(tile, 2, 0, twos);
#    endif
#  endif
    _ones(tile, 0, twos, pixels);
#endif
}

#if MSFCNN_SHORT_TILES
/* makes four outputs ready whose factors are short; false if some are not */
static bool _prepare_short(msfcnn_tile_t *tile, const msfcnn_conv_t *k, unsigned c)
{
    const uint8_t *shift = k->shift + c;

    tile->is_short = shift[0] & shift[1] & shift[2] & shift[3] & MSFCNN_SHORT;
    for (unsigned n = 0; (tile->is_short != 0) && (n < MSFCNN_BLOCK); n++, c++) {
        tile->output[n].bias = k->bias[c];
        tile->output[n].short_scale = msfcnn_short_scale(&tile->range, k->multiplier[c], shift[n]);
    }
    return tile->is_short != 0;
}
#endif

/* makes four outputs ready, but those whose factors are not common: a bit for each of them */
static unsigned _prepare(msfcnn_tile_t *tile, const msfcnn_conv_t *k, unsigned c, unsigned pixels)
{
    unsigned uncommon = 0;

#if MSFCNN_SHORT_TILES
    tile->is_short = 0;
    if ((pixels > 1) && _prepare_short(tile, k, c)) {
        return 0;
    }
#endif
    (void)pixels;
    for (unsigned n = 0; n < MSFCNN_BLOCK; n++, c++) {
        unsigned shift = k->shift[c];

        tile->output[n].bias = k->bias[c];
        if (!msfcnn_is_common(shift)) {
            uncommon |= 1U << n;
            shift = 33;     /* for an output that is computed again */
        }
        tile->output[n].scale = msfcnn_common_scale(&tile->range, k->multiplier[c], shift);
    }
    return uncommon;
}
#endif

#if MSFCNN_DOT_RV32
/* a byte of each of four shifts */
#define FOUR(byte)  ((byte) * 0x01010101U)

/* whether all factors are common, four shifts at a time; false too where they are not aligned, or
 * no multiple of four */
static bool _are_common(const uint8_t *shift, unsigned n)
{
    uint32_t common = FOUR(0x80);

    if (((uintptr_t)shift % sizeof(uint32_t) != 0) || (n % sizeof(uint32_t) != 0)) {
        return false;
    }
    for (const uint8_t *end = shift + n; shift != end; shift += sizeof(uint32_t)) {
        uint32_t four;

        memcpy(&four, __builtin_assume_aligned(shift, sizeof(four)), sizeof(four));
        four &= ~FOUR(MSFCNN_SHORT);
        /* below 64 a sum's highest bit says that the byte is at least 33, or above 54; only bytes
         * that are not common themselves carry into others */
        common &= (four + FOUR(0x80 - MSFCNN_COMMON_FIRST))
                  & ~(four | (four + FOUR(0x7F - MSFCNN_COMMON_LAST)));
    }
    return common == FOUR(0x80);
}

/* whole blocks of outputs of several pixels; says how many outputs these are */
static unsigned _blocks(msfcnn_tile_t *tile, const msfcnn_conv_t *k, unsigned c, unsigned channels,
                        unsigned pixels)
{
    unsigned whole = channels / MSFCNN_BLOCK * MSFCNN_BLOCK;

    /* four pixels are two times two, so that none is left alone */
    tile->x_end = tile->x + pixels * tile->step;
    tile->x_threes = tile->x_end - (3 - pixels % 3) % 3 * 2 * tile->step;
    tile->bias = k->bias + c;
    tile->multiplier = k->multiplier + c;
    tile->shift = k->shift + c;
    tile->blocks = channels / MSFCNN_BLOCK;
    msfcnn_dot_rv32(tile);
    if (_are_common(tile->shift, whole)) {
        tile->w += whole * tile->taps;
        tile->out += whole * tile->channel_step;
        return whole;
    }
    for (unsigned end = c + whole; c < end; c++) {
        if (!msfcnn_is_common(k->shift[c])) {
            _uncommon(tile, pixels, k, c, 1);
        }
        tile->w += tile->taps;
        tile->out += tile->channel_step;
    }
    return whole;
}
#endif

void msfcnn_dot(const msfcnn_op_t *op, const msfcnn_run_t *run, const int8_t *x, size_t step,
                size_t taps, unsigned pixel, unsigned pixels, unsigned first, unsigned channels)
{
    const msfcnn_conv_t *k = op->constants;
    unsigned c = run->channel + first;
    unsigned end = c + channels;
    msfcnn_tile_t tile;     /* its outputs are made ready block by block */

    tile.range = msfcnn_range(op);
    tile.taps = taps;
    tile.step = step;
    tile.pixel_step = run->out_pixel_step;
    tile.channel_step = run->out_channel_step;
    tile.x = x;
    tile.w = k->weights + c * taps;
    tile.out = run->out + pixel * run->out_pixel_step + first * (size_t)run->out_channel_step;
#if MSFCNN_DOT_RV32
    if ((pixels > 1) && (channels >= MSFCNN_BLOCK)) {
        c += _blocks(&tile, k, c, channels, pixels);
    }
#endif
    while (c < end) {
        unsigned n = 1;
        unsigned uncommon = 1;

#if !MSFCNN_FALLBACK
        if (end - c >= MSFCNN_BLOCK) {
            n = MSFCNN_BLOCK;
            uncommon = _prepare(&tile, k, c, pixels);
            _block(&tile, pixels);
        }
#endif
        if (uncommon != 0) {
            _uncommon(&tile, pixels, k, c, uncommon);
        }
        c += n;
        tile.w += n * taps;
        tile.out += n * tile.channel_step;
    }
}
