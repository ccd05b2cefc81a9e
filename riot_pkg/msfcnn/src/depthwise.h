/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

#pragma once

/**
 * @file
 * @ingroup     pkg_msfcnn
 * @brief       Portable depthwise convolution: what its kernels for 3x3 and for others share
 */

#include "kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief   Computes a depthwise run whose kernel is 3x3, of stride 1 or 2, without dilation
 *
 * There is one output of every input channel.
 *
 * @return  number of channels that are still to be computed: those whose shift is no common one,
 *          see msfcnn_is_common(), or all
 */
unsigned msfcnn_depthwise_3x3(const msfcnn_op_t *op, const msfcnn_run_t *run);

/**
 * @brief   Likewise, if it is 5x5 or 7x7
 */
unsigned msfcnn_depthwise_5x5(const msfcnn_op_t *op, const msfcnn_run_t *run);

#ifdef __cplusplus
}
#endif
