/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

#pragma once

/**
 * @file
 * @ingroup     pkg_msfcnn
 * @brief       RV32IM: whether dot products are assembly
 */

/**
 * @brief   Whether tiles of three pixels are assembly for RV32IM, which is fast rather than small
 */
#if defined(__riscv_mul) && (__riscv_xlen == 32) && !defined(__riscv_32e) \
    && !defined(__OPTIMIZE_SIZE__) && !(defined(MSFCNN_FALLBACK) && MSFCNN_FALLBACK)
#  define MSFCNN_DOT_RV32   1
#else
#  define MSFCNN_DOT_RV32   0
#endif
