/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @file
 * @brief   The clock of a RISC-V core that counts instructions
 */

#define PORT_COUNTER    "minstret"
#include "csr_clock.h"
