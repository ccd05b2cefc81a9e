/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

#pragma once

/**
 * @file
 * @ingroup     pkg_msfcnn
 * @brief       The tables of a generated model: what the host tool writes and the engine reads
 *
 * Applications need nothing from this file. Everything here is constant and stays in flash.
 *
 * **Lines and pixels.** A stage sweeps line by line, and pixel by pixel along a line. Its lines
 * are rows, or columns where `columns` is set. Everything below is in these terms: `_u` is
 * across lines, `_v` along a line.
 *
 * **Tensors.** The ops of a stage are a graph: each reads one or two tensors and writes one. A
 * tensor is whole in the arena, or only a window of it is resident: a few lines, a ring of pixels
 * or a run of pixels. Any number of ops may read a tensor; several ops may write it, each its
 * channels (a concatenation).
 *
 * **Numbers.** Activations are int8 with one scale and zero point per tensor. An accumulator
 * becomes an activation by one rounding:
 *
 *     q = clamp(zero + ((acc * multiplier + (1 << (shift - 1))) >> shift))
 *
 * with a 64-bit product. The zero point of the input is folded into the bias; padded taps read
 * `pad_value`.
 */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief   Version of the tables; generated code compiles against exactly one
 */
#define MSFCNN_ABI              11

/**
 * @brief   Required alignment of the arena in bytes
 */
#define MSFCNN_ARENA_ALIGN      4

/**
 * @brief   Aligns a variable as an arena must be, in C and in C++
 */
#if defined(__GNUC__)
#  define MSFCNN_ALIGNED        __attribute__((aligned(MSFCNN_ARENA_ALIGN)))
#elif defined(__cplusplus)
#  define MSFCNN_ALIGNED        alignas(MSFCNN_ARENA_ALIGN)
#else
#  define MSFCNN_ALIGNED        _Alignas(MSFCNN_ARENA_ALIGN)
#endif

/**
 * @brief   Instead of an arena offset: the image that the caller of msfcnn_run() owns
 */
#define MSFCNN_IMAGE            UINT32_MAX

/**
 * @brief   Added to an offset: not in the arena, but in the inputs beside the image, which are the
 *          caller's, too
 */
#define MSFCNN_BESIDE           0x80000000

/**
 * @brief   In a shift: exact ties are rounded to the even neighbour, not up
 */
#define MSFCNN_TO_EVEN          0x80

/**
 * @brief   How far a product may be from a tie that is rounded to even
 *
 * 1 / 9 and such are no factors of 31 bits: a tie is off by up to half its accumulator.
 */
#define MSFCNN_TIE              (1 << 20)

/**
 * @brief   In the shift of a sum with MSFCNN_TO_EVEN: the zero point of the output is odd
 */
#define MSFCNN_ODD_ZERO         0x40

/**
 * @brief   What bilinear interpolation adds below an odd neighbour, so that ties go to the even one
 *
 * The double of what rounding leaves in doubt.
 */
#define MSFCNN_BILINEAR_GAP     4

/**
 * @brief   In the shift of a convolution's output: no accumulator reaches 2^19, whatever the input
 *
 * The shift beside it is 33 to 43, and no tie is rounded to the even neighbour. Processors that have
 * no upper half of a product need fewer instructions then; others ignore it.
 */
#define MSFCNN_SHORT            0x40

/**
 * @brief   Marks a byte array that is initialized from a string literal without its NUL
 */
#if defined(__GNUC__) && (__GNUC__ >= 15) && !defined(__clang__)
#  define MSFCNN_BYTES          __attribute__((nonstring))
#else
#  define MSFCNN_BYTES
#endif

typedef struct msfcnn_op msfcnn_op_t;
typedef struct msfcnn_run msfcnn_run_t;

/**
 * @brief   Computes a run of output pixels of an op
 */
typedef void (*msfcnn_kernel_t)(const msfcnn_op_t *op, const msfcnn_run_t *run);

/**
 * @brief   What an op looks at
 */
enum {
    MSFCNN_LOAD,            /**< the caller's rows, or what the fetch function brings */
    MSFCNN_RUN,             /**< the pixels it computes: pointwise */
    MSFCNN_PAIR,            /**< the pixels it computes, of two tensors: a sum */
    MSFCNN_GATE,            /**< the pixels it computes, and one pixel of a second tensor */
    MSFCNN_WINDOW,          /**< several lines or pixels of its input */
    MSFCNN_GLOBAL,          /**< all pixels of its input, as they arrive */
};

/**
 * @brief   How the caller hands over the image
 */
enum {
    MSFCNN_INPUT_IMAGE,     /**< whole, in the caller's memory */
    MSFCNN_INPUT_PUSH,      /**< row by row */
    MSFCNN_INPUT_PULL,      /**< a function fetches what is needed */
};

/**
 * @brief   How the lines and pixels of an op's output lie on those of its input
 *
 * Output line u reads the input lines (u * stride_u - pad_u) / up_u + i * dilation_u, i < kernel_u,
 * rounded down; pixels likewise.
 */
typedef struct {
    uint16_t kernel_u;          /**< lines of the kernel */
    uint16_t kernel_v;          /**< pixels of a kernel line */
    uint16_t stride_u;          /**< input lines from one output line to the next */
    uint16_t stride_v;          /**< input pixels from one output pixel to the next */
    uint16_t dilation_u;        /**< input lines from one kernel line to the next */
    uint16_t dilation_v;        /**< input pixels from one kernel pixel to the next */
    int16_t pad_u;              /**< lines before the first; below 0: the output begins behind it */
    int16_t pad_v;              /**< pixels before the first, likewise */
    uint8_t up_u;               /**< output lines for each input line; then what is above counts in
                                     parts of a line: a line has so many */
    uint8_t up_v;               /**< likewise pixels */
} msfcnn_shape_t;

/**
 * @brief   What is resident of a tensor
 */
enum {
    MSFCNN_WHOLE,           /**< all of it, rows one behind the other */
    MSFCNN_LINES,           /**< some lines; line u lies in slot `u % slots` */
    MSFCNN_PIXELS,          /**< a run of pixels, all of which are read before the next is written */
    MSFCNN_SHARED,          /**< lines for several ops; the last `save` pixels of the line that the
                                 newest one overwrites are saved, op `owner` knows which */
    MSFCNN_RING,            /**< pixels in the order in which they are written */
    MSFCNN_COPY,            /**< a ring of those pixels only that the op `owner` reads */
};

/**
 * @brief   Instead of the index of an op: there is none
 */
#define MSFCNN_NONE             UINT8_MAX

/**
 * @brief   A tensor of a stage
 */
typedef struct {
    uint32_t place;             /**< arena offset, MSFCNN_IMAGE, or MSFCNN_BESIDE + offset */
    uint32_t halo;              /**< arena offset of the pixels of the first line that are kept from
                                     band to band; those of each line behind it lie in front of
                                     them, of the last one behind the window */
    uint32_t line_step;         /**< bytes from slot to slot */
    uint32_t pixel_step;        /**< bytes from pixel to pixel */
    uint16_t channels;          /**< bytes of a pixel */
    uint16_t channel_step;      /**< bytes from channel to channel: 1, or `length` if they are
                                     planes, which depthwise kernels like */
    uint16_t slots;             /**< lines that are resident */
    uint16_t length;            /**< pixels of a slot, a run or a ring */
    uint16_t save;              /**< pixels saved from the line that the newest one overwrites; they
                                     lie behind the slots */
    uint16_t halo_pixels;       /**< pixels of a line that are kept from band to band, 0: none */
    uint8_t kind;               /**< MSFCNN_WHOLE, ... */
    uint8_t writer;             /**< op of the stage that writes it; MSFCNN_NONE: complete before */
    uint8_t n_writers;          /**< how many ops of the stage write it */
    uint8_t owner;              /**< op whose band the pixels of a ring are; of shared lines: an op
                                     that reads them */
} msfcnn_tensor_t;

/**
 * @brief   One op of a stage
 */
struct msfcnn_op {
    msfcnn_kernel_t kernel;     /**< NULL for MSFCNN_LOAD */
    const void *constants;      /**< msfcnn_conv_t, ..., or blocks of words */
    const msfcnn_shape_t *shape;    /**< its kernel */
    const msfcnn_tensor_t *input;   /**< what it reads; NULL for MSFCNN_LOAD */
    const msfcnn_tensor_t *second;  /**< second input of MSFCNN_PAIR */
    const msfcnn_tensor_t *output;  /**< what it writes */
    const msfcnn_tensor_t *copy;    /**< ring that takes what it writes, too, or NULL */
    uint32_t sums;              /**< arena offset of an int32 a channel; MSFCNN_GLOBAL only */
    uint16_t lines;             /**< lines of its input */
    uint16_t pixels;            /**< pixels of a line of its input */
    uint16_t in_channels;       /**< bytes of an input pixel */
    uint16_t out_channels;      /**< channels it writes */
    uint16_t out_channel;       /**< the first of them, where it writes a part of a concatenation */
    uint16_t out_lines;         /**< lines of its output */
    uint16_t out_pixels;        /**< pixels of a line of its output */
    uint16_t band;              /**< end of the stage: pixels of a line that a band has; else 0 */
    uint16_t words;             /**< if constants are blocks: taps of an output, rounded up to a
                                     multiple of 4, plus 1 if scratch has room for one pixel only,
                                     plus 2 if lines are columns that are taken as rows;
                                     depthwise: words of a channel. Else: pixels whose taps scratch
                                     has room for, 0: as many as usual */
    uint8_t reads;              /**< MSFCNN_LOAD, ... */
    uint8_t next_writer;        /**< another op that writes the same tensor, or MSFCNN_NONE */
    uint8_t before;             /**< an op of as many outputs that computes them before this one
                                     does, as both read the same; or MSFCNN_NONE */
    int8_t pad_value;           /**< what padded taps read */
    int8_t out_zero;            /**< zero point of the output */
    int8_t clamp_low;           /**< smallest output */
    int8_t clamp_high;          /**< largest output */
    uint8_t run;                /**< pixels its kernel computes at a time, at most; where its window
                                     slides, those of the stage */
};

/**
 * @brief   A run of output pixels, as a kernel sees it
 *
 * Channel c of pixel x of kernel line i is `line[i][x * pixel_step + c * step]`, where step is
 * `first_step` for i = 0 and `channel_step` for the others, and x = 0 is the first input pixel
 * that exists. The first tap of the first output pixel is `before` pixels in front of it (padding);
 * `inside` pixels exist from there. A line that is NULL is all padding.
 */
struct msfcnn_run {
    const int8_t *const *line;  /**< kernel lines */
    const int8_t *second;       /**< first pixel of the second input of a sum */
    int8_t *out;                /**< first output pixel; global: NULL before the last run */
    void *scratch;              /**< aligned to 4 */
    size_t pixel_step;          /**< bytes from one input pixel to the next */
    size_t second_step;         /**< bytes from one pixel of the second input to the next */
    size_t out_pixel_step;      /**< bytes from one output pixel to the next */
    uint16_t channel_step;      /**< bytes from one input channel to the next */
    uint16_t first_step;        /**< likewise in line[0] */
    uint16_t out_channel_step;  /**< bytes from one output channel to the next */
    uint16_t before;            /**< padded pixels before those that exist */
    uint16_t inside;            /**< input pixels that exist */
    uint16_t pixels;            /**< output pixels; global: input pixels */
    uint16_t channel;           /**< first output channel: where bias and weights begin */
    uint16_t channels;          /**< output channels to compute, stored from out on */
    uint8_t first;              /**< global: the first run, sums begin at zero */
    uint8_t phase_u;            /**< parts of a line from the first kernel line to the output line */
    uint8_t phase_v;            /**< likewise from the first tap to the first output pixel */
};

/**
 * @brief   Constants of convolutions and dense layers
 *
 * Weights lie [output][kernel line][kernel pixel][input of the group].
 */
typedef struct {
    const int8_t *weights;      /**< as laid out above */
    const int32_t *bias;        /**< per output, the input's zero point folded in; depthwise: it
                                     is not, and pad_value is subtracted from every input */
    const int32_t *multiplier;  /**< per output */
    const uint8_t *shift;       /**< per output, 1 to 62, perhaps with MSFCNN_TO_EVEN or
                                     MSFCNN_SHORT */
    uint16_t group_inputs;      /**< input channels of a group */
    uint16_t group_outputs;     /**< output channels of a group; depthwise: the multiplier */
} msfcnn_conv_t;

/**
 * @brief   Constants of sums: q = clamp((sum of multiplier[i] * q_i + offset) >> shift)
 */
typedef struct {
    int32_t multiplier[2];      /**< of the input, of the second input; bilinear: of the weights,
                                     and of the upper half of the product with their sum */
    int32_t offset;             /**< zero points and rounding; with MSFCNN_TO_EVEN one less,
                                     bilinear: two less */
    uint8_t shift;              /**< 1 to 30; of additions and bilinear perhaps with
                                     MSFCNN_TO_EVEN, and then MSFCNN_ODD_ZERO */
} msfcnn_sum_t;

/**
 * @brief   Constants of averages
 */
typedef struct {
    const int32_t *multiplier;  /**< per number of pixels averaged, from 1; or a single one */
    const uint8_t *shift;       /**< likewise, 1 to 62, perhaps with MSFCNN_TO_EVEN */
    uint16_t n_factors;         /**< entries of the two above */
    int8_t input_zero;          /**< zero point of the input */
} msfcnn_pool_t;

/**
 * @brief   Constants of softmax: q = zero + round(exp[max - q_i] * inverse_scale / sum / 256)
 */
typedef struct {
    const uint32_t *exp;        /**< 256 entries, 23 fraction bits */
    uint32_t inverse_scale;     /**< 1 / output scale, 8 fraction bits */
} msfcnn_softmax_t;

/**
 * @brief   Constants of products: q = clamp(out_zero + requantize((x - zero[0]) * (y - zero[1])))
 */
typedef struct {
    int32_t multiplier;         /**< 0 to 2^31 - 1 */
    uint8_t shift;              /**< 1 to 62, perhaps with MSFCNN_TO_EVEN */
    int8_t zero[2];             /**< zero points of the input, of the second input */
} msfcnn_mul_t;

/**
 * @brief   Constants of a function of one value
 */
typedef struct {
    const int8_t *table;        /**< 256 outputs, by the input as an unsigned byte */
} msfcnn_lookup_t;

/**
 * @brief   Constants of a slope per channel: q = clamp(((x - input_zero) * factor + offset) >> shift)
 */
typedef struct {
    const int32_t *slope;       /**< per channel the factor of what is below the zero point */
    int32_t factor;             /**< of all else */
    int32_t offset;             /**< zero point and rounding; with MSFCNN_TO_EVEN one less */
    uint8_t shift;              /**< 1 to 30, perhaps with MSFCNN_TO_EVEN and MSFCNN_ODD_ZERO */
    int8_t input_zero;          /**< zero point of the input */
} msfcnn_prelu_t;

/**
 * @brief   Instead of an input channel of msfcnn_select_t: `pad_value` of the op
 */
#define MSFCNN_SELECT_PAD       UINT16_MAX

/**
 * @brief   Constants of a choice of channels, each rescaled as by msfcnn_sum_t
 */
typedef struct {
    const uint16_t *index;      /**< per output the input channel, or MSFCNN_SELECT_PAD */
    int32_t multiplier;         /**< of the input */
    int32_t offset;             /**< zero points and rounding */
    uint8_t shift;              /**< 1 to 30 */
} msfcnn_select_t;

/**
 * @brief   Constants of blocks of pixels, each rescaled as by msfcnn_sum_t
 *
 * Output channel c of line u and pixel v of its block is the input channel
 * c * channel_step + u * step_u + v * step_v.
 */
typedef struct {
    int32_t multiplier;         /**< of the input */
    int32_t offset;             /**< zero points and rounding */
    uint8_t shift;              /**< 1 to 30 */
    uint16_t step_u;            /**< as above */
    uint16_t step_v;            /**< as above */
    uint16_t channel_step;      /**< as above */
} msfcnn_upsample_t;

/**
 * @brief   Bytes that change their place before a stage
 */
typedef struct {
    uint32_t to;                /**< arena offset */
    uint32_t from;              /**< arena offset */
    uint32_t size;              /**< bytes */
} msfcnn_move_t;

/**
 * @brief   Ops that are executed together
 *
 * Its ends, the ops that write what is needed after the stage, are computed in bands of `band`
 * pixels of every line. Where `split` is set, the sweep runs once for every `split` channels of the
 * output. The scratch of its kernels is at the beginning of the arena.
 */
typedef struct {
    uint16_t first_op;          /**< index of its first op */
    uint16_t first_move;        /**< index of the first of what must be moved before */
    uint16_t split;             /**< output channels of a pass, 0: all */
    uint8_t n_ops;              /**< at most CONFIG_MSFCNN_STAGE_OPS */
    uint8_t n_moves;            /**< what must be moved before */
    uint8_t n_ends;             /**< ops that write what is needed after the stage */
    uint8_t run;                /**< pixels a kernel computes at a time, at most, where its window
                                     slides */
    uint8_t columns;            /**< lines are columns */
} msfcnn_stage_t;

/**
 * @brief   A network output
 */
typedef struct {
    uint32_t offset;            /**< in the arena */
    uint32_t size;              /**< bytes */
} msfcnn_output_t;

/**
 * @brief   A whole network with its plan
 */
typedef struct {
    uint32_t abi;                       /**< MSFCNN_ABI of the generator */
    uint32_t arena_size;                /**< bytes of RAM the plan needs */
    uint32_t beside;                    /**< bytes of the inputs beside the image */
    const msfcnn_op_t *ops;             /**< of all stages */
    const msfcnn_stage_t *stages;       /**< in execution order */
    const msfcnn_move_t *moves;         /**< of all stages, NULL if there are none */
    const msfcnn_output_t *outputs;     /**< what the network returns */
    uint16_t n_stages;                  /**< number of stages */
    uint16_t n_outputs;                 /**< number of outputs */
    uint16_t height;                    /**< rows of the image */
    uint16_t width;                     /**< columns of the image */
    uint16_t channels;                  /**< bytes of a pixel of the image */
    uint16_t kernel_lines;              /**< CONFIG_MSFCNN_KERNEL_LINES it needs */
    uint8_t stage_ops;                  /**< CONFIG_MSFCNN_STAGE_OPS it needs */
    uint8_t input;                      /**< MSFCNN_INPUT_IMAGE, ... */
} msfcnn_model_t;

#ifdef __cplusplus
}
#endif
