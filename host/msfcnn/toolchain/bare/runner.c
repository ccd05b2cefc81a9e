/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @file
 * @brief   Measures a generated model on a machine without an operating system
 *
 * Reads SETUP (two uint32: images, turns of the calibration loop) and IMAGES, writes OUTPUTS (all
 * outputs of every image) and FACTS (uint64 each): a pair of clock readings; the loop; the loop
 * with twice the turns; bytes of stack; bytes of context; ticks of every stage of the first image;
 * ticks of a call of an empty kernel; calls and ticks of every op's kernel; ticks of every whole
 * inference. Python subtracts what the measuring itself takes.
 *
 * Compile with -DRUNNER_HEADER='"NAME.h"' -DRUNNER_MODEL=NAME_model, RUNNER_ARENA, RUNNER_IMAGE
 * (sizes in bytes), RUNNER_STAGES and RUNNER_OPS.
 */

#include "msfcnn.h"
#include "port.h"
#include RUNNER_HEADER

#define PAINT   0xa5c3a5c3u

#define NO_FILE     2
#define NO_INIT     3
#define NO_RUN      4

typedef struct {
    uint64_t begin;
    uint64_t end[RUNNER_STAGES];
} stages_t;

typedef struct {
    msfcnn_kernel_t kernel;
    uint64_t calls;
    uint64_t ticks;
} count_t;

static _Alignas(8) uint8_t arena[RUNNER_ARENA];
static _Alignas(8) int8_t image[RUNNER_IMAGE];
static msfcnn_t nn;
static stages_t stages;

/* the model with other kernels: they count, and call its own */
static msfcnn_model_t counted;
static msfcnn_op_t ops[RUNNER_OPS];
static count_t counts[RUNNER_OPS];

static void put(int file, uint64_t value)
{
    if (port_write(file, &value, sizeof(value)) != 0) {
        port_exit(NO_FILE);
    }
}

static int open_file(const char *name, int mode)
{
    int file = port_open(name, mode);

    if (file < 0) {
        port_exit(NO_FILE);
    }
    return file;
}

static void end_of_stage(void *arg, const msfcnn_t *context, size_t stage)
{
    (void)context;
    ((stages_t *)arg)->end[stage] = port_clock();
}

static uint64_t time_loop(uint32_t turns)
{
    uint64_t begin = port_clock();

    if (turns) {
        port_loop(turns);
    }
    return port_clock() - begin;
}

/* ticks of one inference, and how far down its stack went */
static uint64_t __attribute__((noinline)) time_run(uintptr_t *stack)
{
#ifdef PORT_STACK
    /* volatile, so that no call of memset() paints its own frame */
    uintptr_t sp = port_sp();
    for (volatile uint32_t *p = port_stack; (uintptr_t)p < sp; p++) {
        *p = PAINT;
    }
#endif
    uint64_t begin = port_clock();
    int res = msfcnn_run(&nn, image);
    uint64_t end = port_clock();

    if (res != 0) {
        port_exit(NO_RUN);
    }
#ifdef PORT_STACK
    volatile uint32_t *low = port_stack;
    while (*low == PAINT && (uintptr_t)low < sp) {
        low++;
    }
    *stack = sp - (uintptr_t)low;
#else
    *stack = 0;
#endif
    return end - begin;
}

static void time_stages(void)
{
    msfcnn_set_probe(&nn, end_of_stage, &stages);
    stages.begin = port_clock();
    if (msfcnn_run(&nn, image) != 0) {
        port_exit(NO_RUN);
    }
    msfcnn_set_probe(&nn, NULL, NULL);
}

static void count_kernel(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    count_t *count = &counts[op - ops];
    uint64_t begin = port_clock();

    count->kernel(op, run);
    count->ticks += port_clock() - begin;
    count->calls++;
}

static void empty_kernel(const msfcnn_op_t *op, const msfcnn_run_t *run)
{
    (void)op;
    (void)run;
}

static void count_kernels(int facts)
{
    counts[0].kernel = empty_kernel;
    count_kernel(ops, NULL);
    put(facts, counts[0].ticks);
    counts[0] = (count_t){ 0 };

    counted = RUNNER_MODEL;
    counted.ops = ops;
    for (size_t i = 0; i < RUNNER_OPS; i++) {
        ops[i] = RUNNER_MODEL.ops[i];
        counts[i].kernel = ops[i].kernel;
        ops[i].kernel = count_kernel;
    }
    if (msfcnn_init(&nn, &counted, arena, sizeof(arena)) != 0 || msfcnn_run(&nn, image) != 0) {
        port_exit(NO_RUN);
    }
    for (size_t i = 0; i < RUNNER_OPS; i++) {
        put(facts, counts[i].calls);
        put(facts, counts[i].ticks);
    }
    if (msfcnn_init(&nn, &RUNNER_MODEL, arena, sizeof(arena)) != 0) {
        port_exit(NO_INIT);
    }
}

static void write_outputs(int file)
{
    for (size_t i = 0; i < RUNNER_MODEL.n_outputs; i++) {
        size_t len;
        const int8_t *values = msfcnn_output(&nn, i, &len);
        if (port_write(file, values, len) != 0) {
            port_exit(NO_FILE);
        }
    }
}

int main(void)
{
    uint32_t setup[2];
    uintptr_t stack;
    int source = open_file("setup", PORT_READ);
    int images = open_file("images", PORT_READ);
    int outputs = open_file("outputs", PORT_WRITE);
    int facts = open_file("facts", PORT_WRITE);

    if (port_read(source, setup, sizeof(setup)) != 0) {
        port_exit(NO_FILE);
    }
    if (msfcnn_init(&nn, &RUNNER_MODEL, arena, sizeof(arena)) != 0) {
        port_exit(NO_INIT);
    }
    put(facts, time_loop(0));
    put(facts, time_loop(setup[1]));
    put(facts, time_loop(2 * setup[1]));
    for (uint32_t i = 0; i < setup[0]; i++) {
        if (port_read(images, image, sizeof(image)) != 0) {
            port_exit(NO_FILE);
        }
        uint64_t ticks = time_run(&stack);
        write_outputs(outputs);
        if (i == 0) {
            time_stages();
            put(facts, stack);
            put(facts, sizeof(nn));
            for (size_t stage = 0; stage < RUNNER_STAGES; stage++) {
                put(facts, stages.end[stage] -
                    (stage ? stages.end[stage - 1] : stages.begin));
            }
            count_kernels(facts);
        }
        put(facts, ticks);
    }
    port_exit(0);
}
