/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

#pragma once

/**
 * @file
 * @ingroup     pkg_msfcnn
 * @brief       Whether an op can go on, or another one must go first
 */

#include "window.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief   Pixels that are asked for: all of the line
 */
#define MSFCNN_ALL          UINT16_MAX

/**
 * @brief   How many of @p pixels pixels of a tensor are there, one behind the other
 *
 * If 0, the op that writes them has been asked, on behalf of op @p i.
 */
unsigned msfcnn_available(msfcnn_t *nn, unsigned i, const msfcnn_tensor_t *tensor, unsigned line,
                          unsigned pixel, unsigned pixels);

/**
 * @brief   Whether op @p i can compute now
 *
 * @param[in]       i       index of the op in its stage
 * @param[in]       op      that op
 * @param[in,out]   at      where it is
 * @param[in,out]   pixels  how many it is to compute; how many it can
 * @param[out]      reach   of an op with a window: what these reach
 *
 * @retval  1   it can
 * @retval  0   another op has been asked for more: `nn->op`
 */
int msfcnn_ready(msfcnn_t *nn, unsigned i, const msfcnn_op_t *op, msfcnn_position_t *at,
                 unsigned *pixels, msfcnn_reach_t *reach);

#ifdef __cplusplus
}
#endif
