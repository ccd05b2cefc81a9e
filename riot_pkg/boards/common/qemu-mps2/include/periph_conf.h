/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

#pragma once

/**
 * @file
 * @ingroup     boards
 * @brief       Peripherals of the MPS2 boards that RIOT uses
 */

#include "periph_cpu.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CLOCK_CORECLOCK     (25000000U)     /**< all of the board runs at 25 MHz */

#define UART_NUMOF          (1U)            /**< stdio */

#define TIMER_NUMOF         (1U)            /**< at any frequency that divides 25 MHz */
#define TIMER_CHANNEL_NUMOF (1U)            /**< one compare value */

#ifdef __cplusplus
}
#endif
