/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

#pragma once

/**
 * @file
 * @ingroup     pkg_msfcnn
 * @brief       Whether depthwise convolutions 3x3 are assembly, which is smaller, too
 */

#include "v6m.h"

#if defined(MSFCNN_FALLBACK) && MSFCNN_FALLBACK
#  define MSFCNN_DEPTHWISE_V6M      0
#  define MSFCNN_DEPTHWISE_XTENSA   0
#else
#  define MSFCNN_DEPTHWISE_V6M      MSFCNN_V6M
/* calls without register windows and a core without MAC16, as the LX106 of the ESP8266 */
#  if defined(__XTENSA_CALL0_ABI__) \
    && !(defined(__XCHAL_HAVE_MAC16) && __XCHAL_HAVE_MAC16)
#    define MSFCNN_DEPTHWISE_XTENSA 1
#  else
#    define MSFCNN_DEPTHWISE_XTENSA 0
#  endif
#endif

/**
 * @brief   Whether there is assembly for what is compiled for
 */
#if defined(MSFCNN_MAC16) && MSFCNN_MAC16
#  define MSFCNN_DEPTHWISE_ASM  1
#else
#  define MSFCNN_DEPTHWISE_ASM  (MSFCNN_DEPTHWISE_V6M || MSFCNN_DEPTHWISE_XTENSA)
#endif
