/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     cpu
 * @{
 *
 * @file
 * @brief       UART driver for the CMSDK UART
 *
 * @}
 */

#include "cpu.h"
#include "periph/uart.h"
#include "periph_conf.h"

static uart_isr_ctx_t _ctx;

int uart_init(uart_t uart, uint32_t baud, uart_rx_cb_t cb, void *arg)
{
    if (uart != UART_DEV(0)) {
        return UART_NODEV;
    }
    MPS2_UART0->divider = CLOCK_CORECLOCK / baud;
    MPS2_UART0->ctrl = MPS2_UART_TX;
    if (cb) {
        _ctx.rx_cb = cb;
        _ctx.arg = arg;
        MPS2_UART0->ctrl = MPS2_UART_TX | MPS2_UART_RX | MPS2_UART_RX_IRQ_ON;
        NVIC_EnableIRQ(UART0_RX_IRQn);
    }
    return UART_OK;
}

void uart_write(uart_t uart, const uint8_t *data, size_t len)
{
    (void)uart;
    while (len--) {
        while (MPS2_UART0->state & MPS2_UART_TX_FULL) {}
        MPS2_UART0->data = *data++;
    }
}

void uart_poweron(uart_t uart)
{
    (void)uart;
}

void uart_poweroff(uart_t uart)
{
    (void)uart;
}

void isr_uart0_rx(void)
{
    MPS2_UART0->interrupt = MPS2_UART_IRQ_RX;
    while (MPS2_UART0->state & MPS2_UART_RX_FULL) {
        _ctx.rx_cb(_ctx.arg, (uint8_t)MPS2_UART0->data);
    }
    cortexm_isr_end();
}
