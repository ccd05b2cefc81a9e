/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @file
 * @brief   The clock of a RISC-V core that counts cycles
 */

#define PORT_COUNTER    "mcycle"
#include "csr_clock.h"
