/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

#pragma once

/**
 * @file
 * @ingroup     boards
 * @brief       ARM's MPS2 FPGA boards, as QEMU emulates them
 */

#include "cpu.h"
