/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @file
 * @brief   Runs a generated model on this computer: images from a file, outputs to a file
 *
 * Usage: runner IMAGES OUTPUTS [STAGES]
 *
 * IMAGES holds NHWC int8 images one after the other, each with the network's other inputs behind
 * it. OUTPUTS takes all outputs of each, STAGES what each stage has written. The arena has exactly
 * the announced size and stands between guard zones. The last line on stdout is a JSON object. Exit
 * code 3: a guard zone was written to.
 *
 * Compile with -DRUNNER_HEADER='"NAME.h"' -DRUNNER_MODEL=NAME_model and, for an arena as the
 * header announces it to applications, -DRUNNER_ARENA_SIZE=NAME_ARENA_SIZE.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "msfcnn.h"
#include RUNNER_HEADER

#ifndef RUNNER_ARENA_SIZE
#  define RUNNER_ARENA_SIZE RUNNER_MODEL.arena_size
#endif

#if defined(__SANITIZE_ADDRESS__)
#  define RUNNER_ASAN 1
#elif defined(__has_feature)
#  if __has_feature(address_sanitizer)
#    define RUNNER_ASAN 1
#  endif
#endif
#ifdef RUNNER_ASAN
#  include <sanitizer/asan_interface.h>
#endif

#define GUARD 64
#define GUARD_BYTE 0x6d

static void die(const char *what, const char *which)
{
    fprintf(stderr, "runner: %s %s\n", what, which);
    exit(2);
}

static FILE *open_file(const char *name, const char *mode)
{
    FILE *file = fopen(name, mode);

    if (!file) {
        die("cannot open", name);
    }
    return file;
}

static void write_bytes(const void *bytes, size_t len, FILE *file)
{
    if (fwrite(bytes, 1, len, file) != len) {
        die("cannot write", "results");
    }
}

static void dump_stage(void *arg, const msfcnn_t *nn, size_t stage)
{
    size_t len;
    const int8_t *values = msfcnn_stage_output(nn, stage, &len);

    write_bytes(values, len, arg);
}

static int guards_hold(const uint8_t *block, size_t size)
{
    for (size_t i = 0; i < GUARD; i++) {
        if (block[i] != GUARD_BYTE || block[GUARD + size + i] != GUARD_BYTE) {
            return 0;
        }
    }
    return 1;
}

static uint8_t *make_arena(size_t size)
{
    uint8_t *block = malloc(size + 2 * GUARD);

    if (!block) {
        die("no memory for", "the arena");
    }
    memset(block, GUARD_BYTE, size + 2 * GUARD);
#ifdef RUNNER_ASAN
    __asan_poison_memory_region(block, GUARD);
    __asan_poison_memory_region(block + GUARD + size, GUARD);
#endif
    return block;
}

static void release_guards(uint8_t *block, size_t size)
{
#ifdef RUNNER_ASAN
    __asan_unpoison_memory_region(block, size + 2 * GUARD);
#endif
    (void)block;
    (void)size;
}

static void run(msfcnn_t *nn, const int8_t *image)
{
    int res = msfcnn_run(nn, image);

    if (res != 0) {
        fprintf(stderr, "runner: msfcnn_run() = %d\n", res);
        exit(2);
    }
}

/* arena bytes that an inference leaves as they were, whatever they were */
static size_t untouched(msfcnn_t *nn, uint8_t *arena, size_t size, const int8_t *image)
{
    uint8_t *kept = malloc(size + 1);
    size_t count = 0;

    if (!kept) {
        die("no memory for", "the count of touched bytes");
    }
    memset(arena, 0xa5, size);
    run(nn, image);
    for (size_t i = 0; i < size; i++) {
        kept[i] = (arena[i] == 0xa5);
    }
    memset(arena, 0x5a, size);
    run(nn, image);
    for (size_t i = 0; i < size; i++) {
        count += (kept[i] && arena[i] == 0x5a);
    }
    free(kept);
    return count;
}

int main(int argc, char **argv)
{
    static msfcnn_t nn;
    size_t image_size = (size_t)RUNNER_MODEL.height * RUNNER_MODEL.width * RUNNER_MODEL.channels +
                        RUNNER_MODEL.beside;
    size_t size = RUNNER_ARENA_SIZE;
    size_t untouched_bytes = 0;
    unsigned images = 0;
    clock_t time = 0;

    if (argc < 3) {
        die("usage:", "runner IMAGES OUTPUTS [STAGES]");
    }
    FILE *source = open_file(argv[1], "rb");
    FILE *outputs = open_file(argv[2], "wb");
    FILE *stages = (argc > 3) ? open_file(argv[3], "wb") : NULL;
    int8_t *image = malloc(image_size);
    uint8_t *block = make_arena(size);

    int res = msfcnn_init(&nn, &RUNNER_MODEL, block + GUARD, size);
    if (res != 0 || !image) {
        fprintf(stderr, "runner: msfcnn_init() = %d\n", res);
        return 2;
    }
    while (fread(image, 1, image_size, source) == image_size) {
        if (images == 0) {
            untouched_bytes = untouched(&nn, block + GUARD, size, image);
        }
        msfcnn_set_probe(&nn, stages ? dump_stage : NULL, stages);
        clock_t begin = clock();
        run(&nn, image);
        time += clock() - begin;
        msfcnn_set_probe(&nn, NULL, NULL);
        for (size_t i = 0; i < RUNNER_MODEL.n_outputs; i++) {
            size_t len;
            const int8_t *values = msfcnn_output(&nn, i, &len);
            write_bytes(values, len, outputs);
        }
        images++;
    }
    release_guards(block, size);
    int damaged = !guards_hold(block, size);
    if (fclose(outputs) != 0 || (stages && fclose(stages) != 0)) {
        die("cannot write", "results");
    }
    fclose(source);
    free(image);
    free(block);
    printf("{\"images\": %u, \"seconds\": %.6f, \"arena\": %lu, \"arena_untouched\": %lu, "
           "\"guards_hold\": %s}\n", images, (double)time / CLOCKS_PER_SEC, (unsigned long)size,
           (unsigned long)untouched_bytes, damaged ? "false" : "true");
    return damaged ? 3 : 0;
}
