/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

#pragma once

/**
 * @file
 * @ingroup     pkg_msfcnn
 * @brief       The kernels that generated tables name
 *
 * They are listed in kernels.def. A program holds the kernels its models use, and no others.
 */

#include "msfcnn/tables.h"

#ifdef __cplusplus
extern "C" {
#endif

#define MSFCNN_KERNEL(name, family, isa) \
    void msfcnn_##name(const msfcnn_op_t *op, const msfcnn_run_t *run);
#include "msfcnn/kernels.def"
#undef MSFCNN_KERNEL

#ifdef __cplusplus
}
#endif
