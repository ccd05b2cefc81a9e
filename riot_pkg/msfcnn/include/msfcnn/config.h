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
 * @brief   Ops that one stage may fuse (22 bytes each in @ref msfcnn_t)
 */
#ifndef CONFIG_MSFCNN_STAGE_OPS
#  define CONFIG_MSFCNN_STAGE_OPS       24
#endif

/**
 * @brief   Lines that a kernel may have (a pointer each in @ref msfcnn_t)
 */
#ifndef CONFIG_MSFCNN_KERNEL_LINES
#  define CONFIG_MSFCNN_KERNEL_LINES    8
#endif

#ifdef __cplusplus
}
#endif
