/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/*
 * Runs many plans on the same images, each in an arena of exactly its size on the heap, where the
 * sanitizer guards both ends. Usage: plans IMAGES RESULTS; the program is linked with the models.
 *
 * RESULTS takes, for every plan and image, what each stage wrote and the outputs. For each plan a
 * line on stdout tells which bytes of the arena were never written: begin and end of each piece.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "msfcnn.h"

extern const msfcnn_model_t *const plans[];
extern const size_t arena_sizes[];      /* as the headers announce them */
extern const size_t n_plans;

static size_t plan;
static const uint8_t fill[2] = { 0xa5, 0x5a };

static void check(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "plan %u: %s\n", (unsigned)plan, what);
        exit(1);
    }
}

static void *allocate(size_t size)
{
    void *bytes = malloc(size);

    check(bytes != NULL, "no memory");
    return bytes;
}

static void dump_stage(void *arg, const msfcnn_t *nn, size_t stage)
{
    size_t len;
    const int8_t *values = msfcnn_stage_output(nn, stage, &len);

    fwrite(values, 1, len, arg);
}

static int fetch(void *arg, unsigned y, unsigned x, unsigned height, unsigned width, int8_t *out)
{
    const msfcnn_model_t *model = plans[plan];
    const int8_t *image = arg;

    check(y + height <= model->height && x + width <= model->width, "fetches beyond the image");
    for (unsigned row = y; row < y + height; row++, out += (size_t)width * model->channels) {
        memcpy(out, image + ((size_t)row * model->width + x) * model->channels,
               (size_t)width * model->channels);
    }
    return 0;
}

static void push(msfcnn_t *nn, const int8_t *image)
{
    size_t len = (size_t)nn->model->width * nn->model->channels;
    int8_t *row = allocate(len);

    msfcnn_begin(nn);
    for (unsigned y = 0; y < nn->model->height; y++) {
        memcpy(row, image + y * len, len);
        check(msfcnn_push_row(nn, row) == (y + 1U == nn->model->height), "a row is refused");
        memset(row, 0x33, len);     /* the row may be reused when the call returns */
    }
    free(row);
}

/* the other way in than msfcnn_run(), if the plan has one */
static void run_again(msfcnn_t *nn, int8_t *image)
{
    if (nn->model->input == MSFCNN_INPUT_PUSH) {
        push(nn, image);
    }
    else if (nn->model->input == MSFCNN_INPUT_PULL) {
        check(msfcnn_run_pull(nn, fetch, image) == 0, "msfcnn_run_pull() fails");
    }
    else {
        check(msfcnn_run(nn, image) == 0, "msfcnn_run() fails");
    }
}

/* on both images, the second time without anything in between */
static void run_plan(int8_t *images[2], FILE *results)
{
    const msfcnn_model_t *model = plans[plan];
    msfcnn_t nn;
    size_t size = arena_sizes[plan], len;
    uint8_t *arena = allocate(size), *kept = allocate(size);
    int8_t *outputs[2][8];

    check(msfcnn_init(&nn, model, arena, size) == 0, "msfcnn_init() fails");
    check(model->n_outputs <= 8, "too many outputs");
    memset(kept, 1, size);
    msfcnn_set_probe(&nn, dump_stage, results);
    for (unsigned i = 0; i < 2; i++) {
        memset(arena, fill[i], size);
        check(msfcnn_run(&nn, images[i]) == 0, "msfcnn_run() fails");
        for (size_t b = 0; b < size; b++) {
            kept[b] &= (arena[b] == fill[i]);
        }
        for (size_t k = 0; k < model->n_outputs; k++) {
            const int8_t *values = msfcnn_output(&nn, k, &len);
            outputs[i][k] = allocate(len);
            memcpy(outputs[i][k], values, len);
            fwrite(values, 1, len, results);
        }
    }
    msfcnn_set_probe(&nn, NULL, NULL);
    for (unsigned i = 0; i < 2; i++) {
        run_again(&nn, images[i]);
        for (size_t k = 0; k < model->n_outputs; k++) {
            const int8_t *values = msfcnn_output(&nn, k, &len);
            check(memcmp(values, outputs[i][k], len) == 0, "gives other bytes the second time");
            free(outputs[i][k]);
        }
    }
    for (size_t b = 0, begin = 0; b < size; b++) {
        begin = (b > 0 && kept[b - 1]) ? begin : b;
        if (kept[b] && (b + 1 == size || !kept[b + 1])) {
            printf("%lu %lu ", (unsigned long)begin, (unsigned long)b + 1);
        }
    }
    printf("\n");
    free(kept);
    free(arena);
}

int main(int argc, char **argv)
{
    int8_t *images[2];
    size_t len = (size_t)plans[0]->height * plans[0]->width * plans[0]->channels;

    check(argc == 3, "usage: plans IMAGES RESULTS");
    FILE *source = fopen(argv[1], "rb"), *results = fopen(argv[2], "wb");
    check(source && results, "cannot open the files");
    for (unsigned i = 0; i < 2; i++) {
        images[i] = allocate(len);
        check(fread(images[i], 1, len, source) == len, "two images are wanted");
    }
    for (plan = 0; plan < n_plans; plan++) {
        run_plan(images, results);
    }
    check(fclose(results) == 0, "cannot write the results");
    fclose(source);
    free(images[0]);
    free(images[1]);
    return 0;
}
