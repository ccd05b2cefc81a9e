/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

#pragma once

/**
 * @file
 * @ingroup     pkg_msfcnn
 * @brief       What can be set when the engine is compiled
 *
 * Engine and generated code must be compiled with the same values. Generated code that needs
 * more than is configured fails to compile and says which value to set.
 */

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief   Pointers to input pixels that a run of output pixels may use (in @ref msfcnn_t)
 *
 * At least the number of taps of the largest kernel of any model, 49 for 7x7. More pointers make
 * longer runs: a 3x3 kernel of stride 1 computes N / 3 - 2 pixels at a time.
 */
#ifndef CONFIG_MSFCNN_TAPS
#  define CONFIG_MSFCNN_TAPS        64
#endif

/**
 * @brief   Ops that one stage may fuse (two bytes each in @ref msfcnn_t)
 */
#ifndef CONFIG_MSFCNN_STAGE_OPS
#  define CONFIG_MSFCNN_STAGE_OPS   32
#endif

#ifdef __cplusplus
}
#endif
