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
 * @brief   Pixels that are asked for: all of the line
 */
#define MSFCNN_ALL      UINT16_MAX

/**
 * @brief   Begins a pass over the running stage, with its first band
 */
void msfcnn_begin_pass(msfcnn_t *nn);

/**
 * @brief   Asks an end of the stage for its next line: of several the one that is furthest behind
 *
 * @return  its index; MSFCNN_NONE if the band is complete
 */
unsigned msfcnn_next_end(msfcnn_t *nn);

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
