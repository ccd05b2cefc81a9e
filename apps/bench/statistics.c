/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @file
 * @brief   Statistics of a sample of times
 */

#include "statistics.h"

static void _sort(uint32_t *values, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        uint32_t value = values[i];
        size_t at = i;

        for (; at > 0 && values[at - 1] > value; at--) {
            values[at] = values[at - 1];
        }
        values[at] = value;
    }
}

static uint64_t _square_root(uint64_t value)
{
    uint64_t root = 0;

    for (uint64_t bit = (uint64_t)1 << 31; bit; bit >>= 1) {
        if ((root + bit) * (root + bit) <= value) {
            root += bit;
        }
    }
    return root;
}

/* half the 95 % interval of the mean: t * sqrt(squares / (n - 1) / n), with the quantile t of
 * Student's distribution close to 1.96 + 2.4 / (n - 1) */
static uint32_t _half_interval(const uint32_t *values, uint64_t count, uint32_t mean)
{
    uint64_t squares = 0;

    for (size_t i = 0; i < count; i++) {
        int64_t off = (int64_t)values[i] - mean;
        squares += (uint64_t)(off * off);
    }
    uint64_t error = _square_root(squares * 100 / (count - 1) / count);    /* in tenths */
    return (uint32_t)((error * (1960 + 2400 / (count - 1)) + 5000) / 10000);
}

void statistics(statistics_t *out, uint32_t *values, size_t count)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < count; i++) {
        sum += values[i];
    }
    _sort(values, count);
    out->mean = (uint32_t)((sum + count / 2) / count);
    out->median = (uint32_t)(((uint64_t)values[(count - 1) / 2] + values[count / 2] + 1) / 2);
    out->min = values[0];
    out->max = values[count - 1];
    uint32_t half = _half_interval(values, count, out->mean);
    out->low = out->mean - half;
    out->high = out->mean + half;
}
