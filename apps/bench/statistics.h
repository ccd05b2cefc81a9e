/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

#pragma once

/**
 * @file
 * @brief   Statistics of a sample of times, in integers
 */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief   Of a sample; all in its unit, rounded to the nearest
 */
typedef struct {
    uint32_t mean;      /**< arithmetic mean */
    uint32_t median;    /**< of an even count the mean of the middle two */
    uint32_t min;       /**< smallest value */
    uint32_t max;       /**< largest value */
    uint32_t low;       /**< the mean of all there could be is above it ... */
    uint32_t high;      /**< ... and below it, with 95 % confidence */
} statistics_t;

/**
 * @brief   Computes the statistics, sorts the values
 *
 * @param[out]      out     result
 * @param[in,out]   values  the sample
 * @param[in]       count   10 to 1000
 *
 * The values may lie up to ten million apart.
 */
void statistics(statistics_t *out, uint32_t *values, size_t count);

#ifdef __cplusplus
}
#endif
