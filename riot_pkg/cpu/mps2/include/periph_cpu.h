/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

#pragma once

/**
 * @file
 * @ingroup     cpu
 * @brief       Peripherals of the MPS2 boards
 */

#include <stdint.h>

#include "cpu.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PROVIDES_PM_OFF             /**< pm_off() ends the emulation */
#define PERIPH_TIMER_PROVIDES_SET   /**< timer_set() cannot miss a short timeout */

/**
 * @brief   ARM's CMSDK UART
 */
typedef struct {
    volatile uint32_t data;         /**< byte to send, byte received */
    volatile uint32_t state;        /**< MPS2_UART_TX_FULL, MPS2_UART_RX_FULL */
    volatile uint32_t ctrl;         /**< MPS2_UART_TX, ... */
    volatile uint32_t interrupt;    /**< MPS2_UART_IRQ_RX: pending; write it to clear it */
    volatile uint32_t divider;      /**< clock / baud rate, at least 16 */
} mps2_uart_t;

#define MPS2_UART0          ((mps2_uart_t *)0x40004000UL)   /**< on QEMU's stdio */
#define MPS2_UART_TX_FULL   (1U << 0)                       /**< mps2_uart_t::state */
#define MPS2_UART_RX_FULL   (1U << 1)                       /**< mps2_uart_t::state */
#define MPS2_UART_TX        (1U << 0)                       /**< mps2_uart_t::ctrl: send */
#define MPS2_UART_RX        (1U << 1)                       /**< mps2_uart_t::ctrl: receive */
#define MPS2_UART_RX_IRQ_ON (1U << 3)                       /**< mps2_uart_t::ctrl */
#define MPS2_UART_IRQ_RX    (1U << 1)                       /**< mps2_uart_t::interrupt */

/**
 * @brief   ARM's CMSDK timer: counts down at the clock of the core
 */
typedef struct {
    volatile uint32_t ctrl;         /**< MPS2_TIMER_ON, MPS2_TIMER_IRQ_ON */
    volatile uint32_t value;        /**< current count */
    volatile uint32_t reload;       /**< what follows 0; 0 stops the timer there */
    volatile uint32_t interrupt;    /**< 1: pending; write 1 to clear it */
} mps2_timer_t;

#define MPS2_TIMER0         ((mps2_timer_t *)0x40000000UL)  /**< compare of RIOT's timer */
#define MPS2_TIMER_ON       (1U << 0)                       /**< mps2_timer_t::ctrl */
#define MPS2_TIMER_IRQ_ON   (1U << 3)                       /**< mps2_timer_t::ctrl */

/**
 * @brief   Free-running counter of the board, at the clock / (prescale + 1)
 */
typedef struct {
    volatile uint32_t counter;      /**< current count */
    volatile uint32_t prescale;     /**< see above */
} mps2_counter_t;

#define MPS2_COUNTER        ((mps2_counter_t *)0x40028018UL)    /**< count of RIOT's timer */

#ifdef __cplusplus
}
#endif
