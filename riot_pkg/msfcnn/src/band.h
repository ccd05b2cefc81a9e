/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

#pragma once

/**
 * @file
 * @ingroup     pkg_msfcnn
 * @brief       Bands and passes of a stage
 */

#include "msfcnn.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief   Begins a pass over the running stage, with its first band
 */
void msfcnn_begin_pass(msfcnn_t *nn);

/**
 * @brief   Begins the next band, or the next pass
 *
 * @retval  1   there is one
 * @retval  0   the stage is complete
 */
int msfcnn_next_band(msfcnn_t *nn);

#ifdef __cplusplus
}
#endif
