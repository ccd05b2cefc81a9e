/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     cpu
 * @{
 *
 * @file
 * @brief       Interrupt vectors
 *
 * @}
 */

#include "vectors_cortexm.h"

void dummy_handler(void)
{
    dummy_handler_default();
}

WEAK_DEFAULT void isr_uart0_rx(void);
WEAK_DEFAULT void isr_timer0(void);

ISR_VECTOR(1) const isr_t vector_cpu[CPU_IRQ_NUMOF] = {
    [UART0_RX_IRQn] = isr_uart0_rx,
    [UART0_RX_IRQn + 1 ... TIMER0_IRQn - 1] = dummy_handler,
    [TIMER0_IRQn] = isr_timer0,
    [TIMER0_IRQn + 1 ... CPU_IRQ_NUMOF - 1] = dummy_handler,
};
