/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

#pragma once

/**
 * @file
 * @ingroup     pkg_msfcnn
 * @brief       How a stage runs: which op computes which pixels next
 */

#include "msfcnn.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief   Begins the stage nn->stage
 */
void msfcnn_begin_stage(msfcnn_t *nn);

/**
 * @brief   Computes as much of the running stage as the input allows
 *
 * Can be called again when more rows of the input have arrived; it goes on where it was.
 *
 * @retval  1   the stage is complete
 * @retval  0   the next row of the network's input is missing
 * @retval  <0  the fetch function has failed, or has prepared the context anew
 */
int msfcnn_sweep(msfcnn_t *nn);

#ifdef __cplusplus
}
#endif
