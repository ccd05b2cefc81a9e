/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

#pragma once

/**
 * @file
 * @brief   The compiler's own integer types, for a compiler without a C library
 */

#include <stdint-gcc.h>
