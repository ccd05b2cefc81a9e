/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

#pragma once

/**
 * @file
 * @ingroup     pkg_msfcnn
 * @brief       How a stage runs: which op computes which row next
 */

#include "msfcnn.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief   Computes as much of the running stage as the input allows
 *
 * Can be called again when more rows of the input have arrived; it goes on where it was.
 *
 * @retval  1   the stage is complete
 * @retval  0   the next row of the network's input is missing
 */
int msfcnn_sweep(msfcnn_t *nn);

/**
 * @brief   First byte of the pixel at the beginning of a row, wherever its window has it
 */
const int8_t *msfcnn_row(const msfcnn_t *nn, uint16_t tensor, unsigned y);

#ifdef __cplusplus
}
#endif
