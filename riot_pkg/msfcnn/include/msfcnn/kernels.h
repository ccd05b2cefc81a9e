/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

#pragma once

/**
 * @file
 * @ingroup     pkg_msfcnn
 * @brief       The kernels that generated tables name
 *
 * A program holds the kernels its models use, and no others.
 */

#include "msfcnn/tables.h"

#ifdef __cplusplus
extern "C" {
#endif

/** @brief  1x1 convolution or dense layer; constants: msfcnn_conv_t with a single group */
void msfcnn_pointwise(const msfcnn_op_t *op, const msfcnn_run_t *run);

/**
 * @brief  Convolution of any kernel and grouping
 *
 * Scratch: the taps of two pixels of a group, of six if these are at most 32.
 */
void msfcnn_conv(const msfcnn_op_t *op, const msfcnn_run_t *run);

/** @brief  One input channel per output; constants: msfcnn_conv_t */
void msfcnn_depthwise(const msfcnn_op_t *op, const msfcnn_run_t *run);

/** @brief  Maximum of the taps that exist; constants: msfcnn_sum_t */
void msfcnn_max_pool(const msfcnn_op_t *op, const msfcnn_run_t *run);

/** @brief  Mean of the taps; constants: msfcnn_pool_t */
void msfcnn_average_pool(const msfcnn_op_t *op, const msfcnn_run_t *run);

/** @brief  Mean of all pixels, run by run; constants: msfcnn_pool_t, scratch: an int32 a channel */
void msfcnn_global_average(const msfcnn_op_t *op, const msfcnn_run_t *run);

/** @brief  Another scale, zero point or clamp; constants: msfcnn_sum_t */
void msfcnn_rescale(const msfcnn_op_t *op, const msfcnn_run_t *run);

/** @brief  Sum of two rescaled inputs; constants: msfcnn_sum_t */
void msfcnn_add(const msfcnn_op_t *op, const msfcnn_run_t *run);

/** @brief  Softmax over the channels of each pixel; constants: msfcnn_softmax_t */
void msfcnn_softmax(const msfcnn_op_t *op, const msfcnn_run_t *run);

/* For Armv7E-M (Cortex-M4, M7, M33): constants and scratch as host/msfcnn/isa/armv7em.py says */

/** @brief  As msfcnn_pointwise(); constants: blocks of four outputs, op->words + 16 words each */
void msfcnn_pointwise_v7em(const msfcnn_op_t *op, const msfcnn_run_t *run);

/** @brief  As msfcnn_conv() without groups; constants: as msfcnn_pointwise_v7em() */
void msfcnn_conv_v7em(const msfcnn_op_t *op, const msfcnn_run_t *run);

/** @brief  As msfcnn_depthwise(), planar lines only; constants: op->words words a channel */
void msfcnn_depthwise_v7em(const msfcnn_op_t *op, const msfcnn_run_t *run);

/** @brief  As msfcnn_depthwise_v7em() on interleaved lines, with the same constants */
void msfcnn_depthwise_interleaved_v7em(const msfcnn_op_t *op, const msfcnn_run_t *run);

/** @brief  As msfcnn_max_pool() */
void msfcnn_max_pool_v7em(const msfcnn_op_t *op, const msfcnn_run_t *run);

/** @brief  As msfcnn_average_pool() */
void msfcnn_average_pool_v7em(const msfcnn_op_t *op, const msfcnn_run_t *run);

/** @brief  As msfcnn_global_average() */
void msfcnn_global_average_v7em(const msfcnn_op_t *op, const msfcnn_run_t *run);

/** @brief  As msfcnn_add() */
void msfcnn_add_v7em(const msfcnn_op_t *op, const msfcnn_run_t *run);

#ifdef __cplusplus
}
#endif
