/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

#pragma once

/**
 * @file
 * @ingroup     pkg_msfcnn
 * @brief       Calls of kernels
 */

#include "window.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief   Describes what a kernel sees of its output and of so many pixels of its input
 */
msfcnn_run_t *msfcnn_describe(msfcnn_t *nn, const msfcnn_op_t *op, unsigned pixels, int8_t *to);

/**
 * @brief   Computes the next pixels of an op from the same pixels of its inputs
 */
void msfcnn_compute_run(msfcnn_t *nn, const msfcnn_op_t *op, const msfcnn_position_t *at,
                        int8_t *to, unsigned pixels);

/**
 * @brief   Computes the next pixels of an op from what its kernel reaches
 */
void msfcnn_compute_window(msfcnn_t *nn, const msfcnn_op_t *op, const msfcnn_position_t *at,
                           const msfcnn_reach_t *reach, int8_t *to, unsigned pixels);

#ifdef __cplusplus
}
#endif
