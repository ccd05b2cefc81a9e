/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

#pragma once

/**
 * @file
 * @brief   What the engine uses of <errno.h>, for a compiler without a C library
 */

#define ENOMEM      12
#define EBUSY       16
#define EINVAL      22
#define ENOTSUP     95
#define EALREADY    114
#define ECANCELED   125
