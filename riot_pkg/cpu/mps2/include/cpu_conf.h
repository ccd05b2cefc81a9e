/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

#pragma once

/**
 * @file
 * @ingroup     cpu
 * @brief       What CMSIS and RIOT's Cortex-M code want to know of the MPS2 boards
 */

#include "cpu_conf_common.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief   Exceptions of the core, and the interrupts that are used
 */
typedef enum {
    NonMaskableInt_IRQn = -14,      /**< NMI */
    HardFault_IRQn = -13,           /**< hard fault */
    MemoryManagement_IRQn = -12,    /**< MPU fault */
    BusFault_IRQn = -11,            /**< bus fault */
    UsageFault_IRQn = -10,          /**< usage fault */
    SVCall_IRQn = -5,               /**< supervisor call */
    DebugMonitor_IRQn = -4,         /**< debug monitor */
    PendSV_IRQn = -2,               /**< pendable service */
    SysTick_IRQn = -1,              /**< system tick */
    UART0_RX_IRQn = 0,              /**< a byte has come in */
    TIMER0_IRQn = 8,                /**< timer 0 has reached zero */
} IRQn_Type;

#define __NVIC_PRIO_BITS        3   /**< bits of a priority */
#define __MPU_PRESENT           1   /**< the core has an MPU */
#define __FPU_PRESENT           1   /**< the core has an FPU */
#define __Vendor_SysTickConfig  0   /**< SysTick is standard */

#ifdef CPU_CORE_CORTEX_M7
#  define __CM7_REV             0x0000U     /**< revision of the core */
#  define __FPU_DP              0           /**< RIOT uses single precision only */
#  define __ICACHE_PRESENT      0           /**< QEMU has no caches */
#  define __DCACHE_PRESENT      0           /**< QEMU has no caches */
#  define __DTCM_PRESENT        0           /**< nor tightly coupled memory */
#  include "core_cm7.h"
#else
#  define __CM4_REV             0x0001U     /**< revision of the core */
#  include "core_cm4.h"
#endif

#define CPU_DEFAULT_IRQ_PRIO    (1U)        /**< of all interrupts */
#define CPU_IRQ_NUMOF           (32U)       /**< interrupts of the board */
#define CPU_FLASH_BASE          (0x0U)      /**< ROM_START_ADDR of the makefile */

#ifdef __cplusplus
}
#endif
