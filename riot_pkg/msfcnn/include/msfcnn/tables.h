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
 * **Windows.** A tensor is H x W x C bytes, of which `rows` x `cols` pixels are resident: pixel
 * (y, x) lives at `((y % rows) * cols + x % cols) * C`. A whole tensor has rows = H and cols = W,
 * a line buffer has a few rows. The engine knows no other difference between the two.
 *
 * **Numbers.** Activations are int8 with one scale and zero point per tensor. An accumulator
 * becomes an activation by one rounding:
 *
 *     q = clamp(zero + ((acc * multiplier + (1 << (shift - 1))) >> shift))
 *
 * with a 64-bit product. The zero point of the input is folded into the bias; padded taps read a
 * pixel that is filled with that zero point.
 */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief   Version of the tables; generated code compiles against exactly one
 */
#define MSFCNN_ABI              1

/**
 * @brief   Required alignment of the arena in bytes
 */
#define MSFCNN_ARENA_ALIGN      4

/**
 * @brief   Marks a byte array that is initialized from a string literal without its NUL
 */
#if defined(__GNUC__) && (__GNUC__ >= 15) && !defined(__clang__)
#  define MSFCNN_BYTES          __attribute__((nonstring))
#else
#  define MSFCNN_BYTES
#endif

/**
 * @brief   What an op computes
 */
enum {
    MSFCNN_CONV,            /**< convolution, dense layer; constants: msfcnn_conv_t */
    MSFCNN_DEPTHWISE,       /**< one input channel per output; constants: msfcnn_conv_t */
    MSFCNN_MAX_POOL,        /**< constants: msfcnn_sum_t */
    MSFCNN_AVERAGE_POOL,    /**< constants: msfcnn_pool_t */
    MSFCNN_GLOBAL_AVERAGE,  /**< takes its input row by row; constants: msfcnn_pool_t */
    MSFCNN_SUM,             /**< one or two rescaled inputs; constants: msfcnn_sum_t */
    MSFCNN_SOFTMAX,         /**< over the channels of a pixel; constants: msfcnn_softmax_t */
};

/**
 * @brief   A tensor and its window in the arena
 */
typedef struct {
    uint32_t offset;        /**< of the window in the arena */
    uint16_t height;        /**< rows of the tensor */
    uint16_t width;         /**< columns of the tensor */
    uint16_t channels;      /**< bytes of a pixel */
    uint16_t rows;          /**< resident rows */
    uint16_t cols;          /**< resident columns */
} msfcnn_tensor_t;

/**
 * @brief   One op; everything that depends on its kind is behind @p constants
 *
 * Output row r reads the input rows r * stride_h - pad_top + i * dilation_h, i < kernel_h, columns
 * likewise. Ops without a kernel have kernel, stride and dilation 1.
 */
typedef struct {
    uint8_t kind;           /**< MSFCNN_CONV, ... */
    uint8_t n_inputs;       /**< 1 or 2 */
    uint8_t kernel_h;       /**< rows of the kernel */
    uint8_t kernel_w;       /**< columns of the kernel */
    uint8_t stride_h;       /**< input rows from one output row to the next */
    uint8_t stride_w;       /**< input columns from one output column to the next */
    uint8_t dilation_h;     /**< input rows from one kernel row to the next */
    uint8_t dilation_w;     /**< input columns from one kernel column to the next */
    uint8_t pad_top;        /**< rows above the input */
    uint8_t pad_left;       /**< columns left of the input */
    uint8_t pad_pixel;      /**< index of the pixel that padded taps read */
    int8_t out_zero;        /**< zero point of the output */
    int8_t clamp_low;       /**< smallest output */
    int8_t clamp_high;      /**< largest output */
    uint16_t input[2];      /**< tensors read */
    uint16_t output;        /**< tensor written */
    uint16_t channel;       /**< first channel written: not 0 behind a concatenation */
    uint16_t channels;      /**< number of channels written */
    const void *constants;  /**< msfcnn_conv_t, ... */
} msfcnn_op_t;

/**
 * @brief   Constants of convolutions and dense layers
 *
 * Taps are counted column by column: tap = column * kernel_h + row. Weights lie
 * [output][tap][input of the group], those of a depthwise op [tap][output].
 */
typedef struct {
    const int8_t *weights;      /**< as laid out above */
    const int32_t *bias;        /**< per output, the input's zero point folded in */
    const int32_t *multiplier;  /**< per output */
    const uint8_t *shift;       /**< per output, 1 to 62 */
    uint16_t group_inputs;      /**< input channels of a group */
    uint16_t group_outputs;     /**< output channels of a group; depthwise: the multiplier */
} msfcnn_conv_t;

/**
 * @brief   Constants of sums: q = clamp((sum of multiplier[i] * q_i + offset) >> shift)
 */
typedef struct {
    int32_t multiplier[2];      /**< per input */
    int32_t offset;             /**< zero points and rounding */
    uint8_t shift;              /**< 1 to 30 */
} msfcnn_sum_t;

/**
 * @brief   Constants of averages
 */
typedef struct {
    const int32_t *multiplier;  /**< per number of pixels averaged, from 1; or a single one */
    const uint8_t *shift;       /**< likewise */
    uint32_t scratch;           /**< arena offset of int32 sums; global average only */
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
 * @brief   Ops that are executed together, row by row
 */
typedef struct {
    uint16_t first_op;          /**< index of the first */
    uint16_t n_ops;             /**< at most CONFIG_MSFCNN_STAGE_OPS */
} msfcnn_stage_t;

/**
 * @brief   A whole network with its plan
 */
typedef struct {
    uint32_t abi;                       /**< MSFCNN_ABI of the generator */
    uint32_t arena_size;                /**< bytes of RAM the plan needs */
    const msfcnn_tensor_t *tensors;     /**< all tensors */
    const msfcnn_op_t *ops;             /**< in execution order */
    const msfcnn_stage_t *stages;       /**< in execution order */
    const uint16_t *outputs;            /**< tensors the network returns */
    const int8_t *const *pad_pixels;    /**< padding, see msfcnn_op_t::pad_pixel */
    uint16_t n_stages;                  /**< number of stages */
    uint16_t n_outputs;                 /**< number of outputs */
    uint16_t input;                     /**< tensor the network reads */
    uint16_t input_stage;               /**< last stage that reads it */
    uint16_t taps;                      /**< CONFIG_MSFCNN_TAPS it needs */
    uint16_t stage_ops;                 /**< CONFIG_MSFCNN_STAGE_OPS it needs */
    uint8_t pushed;                     /**< the input has a window in the arena */
} msfcnn_model_t;

#ifdef __cplusplus
}
#endif
