/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/*
 * Calls kernels as the table in cases.inc says and compares every byte of the output buffer.
 * Writes a result for each case to the file "results".
 */

#include <stdint.h>
#include <string.h>

#include "msfcnn/kernels.h"
#include "port.h"

#define FILL        0x5A
#define BUFFER      16384
#define GUARD       16

typedef struct {
    msfcnn_op_t op;
    msfcnn_run_t run;
    const int8_t *expected;     /* NULL: nothing is written yet */
    size_t size;                /* bytes of the output buffer */
    size_t scratch;             /* bytes that the kernel may use */
    int in_place;               /* 1: the output lies on line 0, 2: on the second input */
} kernel_case_t;

enum { EQUAL, DIFFERENT, OUTSIDE, TOO_LARGE };

typedef struct {
    int32_t verdict;            /* EQUAL, ... */
    int32_t offset;             /* of the first byte that is not as expected */
    int32_t found;
    int32_t ticks;              /* of the port's clock */
} result_t;

#include "cases.inc"

static int8_t _out[GUARD + BUFFER + GUARD];
static int8_t _scratch[BUFFER + GUARD] __attribute__((aligned(4)));

static int _untouched(const int8_t *bytes)
{
    for (unsigned i = 0; i < GUARD; i++) {
        if (bytes[i] != FILL) {
            return 0;
        }
    }
    return 1;
}

static result_t _compare(const kernel_case_t *c, const int8_t *out)
{
    result_t result = { EQUAL, 0, 0, 0 };

    for (size_t i = 0; i < c->size; i++) {
        if (out[i] != c->expected[i]) {
            result.verdict = DIFFERENT;
            result.offset = (int32_t)i;
            result.found = out[i];
            return result;
        }
    }
    if (!_untouched(_out) || !_untouched(out + c->size) || !_untouched(_scratch + c->scratch)) {
        result.verdict = OUTSIDE;
    }
    return result;
}

static result_t _try(const kernel_case_t *c)
{
    msfcnn_run_t run = c->run;
    const int8_t *own_line[1];
    int8_t *out = _out + GUARD;

    if ((c->size > BUFFER) || (c->scratch > BUFFER)) {
        return (result_t){ TOO_LARGE, 0, 0, 0 };
    }
    memset(_out, FILL, sizeof(_out));
    memset(_scratch + c->scratch, FILL, GUARD);
    if (c->in_place == 1) {
        memcpy(out, run.line[0], c->size);
        own_line[0] = out;
        run.line = own_line;
    }
    else if (c->in_place == 2) {
        memcpy(out, run.second, c->size);
        run.second = out;
    }
    run.out = (c->expected != NULL) ? out : NULL;
    run.scratch = _scratch;
    uint64_t begin = port_clock();
    c->op.kernel(&c->op, &run);
    uint64_t end = port_clock();
    result_t result = _compare(c, out);
    result.ticks = (int32_t)(end - begin);
    return result;
}

int main(void)
{
    int file = port_open("results", PORT_WRITE);

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        result_t result = _try(&cases[i]);

        if (port_write(file, &result, sizeof(result)) != 0) {
            port_exit(1);
        }
    }
    port_exit(0);
}
