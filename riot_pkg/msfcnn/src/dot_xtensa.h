/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

#pragma once

/**
 * @file
 * @ingroup     pkg_msfcnn
 * @brief       Xtensa: whether dot products are assembly
 */

/**
 * @brief   Whether tiles are assembly for Xtensa, which is fast rather than small
 *
 * Only for calls without register windows and cores without MAC16, as the LX106 of the ESP8266.
 */
#if defined(__XTENSA_CALL0_ABI__) && !defined(__OPTIMIZE_SIZE__) \
    && !(defined(MSFCNN_FALLBACK) && MSFCNN_FALLBACK) \
    && !(defined(__XCHAL_HAVE_MAC16) && __XCHAL_HAVE_MAC16)
#  define MSFCNN_DOT_XTENSA     1
#else
#  define MSFCNN_DOT_XTENSA     0
#endif
