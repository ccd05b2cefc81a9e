/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/*
 * Calls kernels as the table in cases.inc says, and compares every byte of the output buffer.
 * Prints "passed N" or the first difference of each case that fails. Runs on anything with printf.
 */

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "msfcnn/kernels.h"

#define FILL        0x5A
#define BUFFER      16384
#define GUARD       16

typedef struct {
    const char *name;
    msfcnn_op_t op;
    msfcnn_run_t run;
    const int8_t *expected;     /* NULL: nothing is written yet */
    size_t size;                /* bytes of the output buffer */
    size_t scratch;             /* bytes that the kernel may use */
    int in_place;               /* 1: the output lies on line 0, 2: on the second input */
} kernel_case_t;

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

static int _passes(const kernel_case_t *c)
{
    msfcnn_run_t run = c->run;
    const int8_t *own_line[1];
    int8_t *out = _out + GUARD;

    if ((c->size > BUFFER) || (c->scratch > BUFFER)) {
        printf("%s: needs a larger buffer\n", c->name);
        return 0;
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
    c->op.kernel(&c->op, &run);
    for (size_t i = 0; i < c->size; i++) {
        if (out[i] != c->expected[i]) {
            printf("%s: byte %u is %d, not %d\n", c->name, (unsigned)i, out[i], c->expected[i]);
            return 0;
        }
    }
    if (!_untouched(_out) || !_untouched(out + c->size) || !_untouched(_scratch + c->scratch)) {
        printf("%s: writes outside\n", c->name);
        return 0;
    }
    return 1;
}

int main(void)
{
    unsigned total = sizeof(cases) / sizeof(cases[0]);
    unsigned passed = 0;

    for (unsigned i = 0; i < total; i++) {
        passed += (unsigned)_passes(&cases[i]);
    }
    printf("passed %u of %u\n", passed, total);
    return (passed == total) ? 0 : 1;
}
