/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/*
 * What msfcnn.h promises of its functions. IMAGE_* takes whole images, PUSH_* rows, PULL_* fetches
 * what it needs, all layer by layer; BANDS_* fetches what each band of its stages needs.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bands.h"
#include "image.h"
#include "pull.h"
#include "push.h"

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            printf("%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            failures++; \
        } \
    } while (0)

static int failures;
static MSFCNN_ALIGNED int8_t arena[IMAGE_ARENA_SIZE + PUSH_ARENA_SIZE +
                                   PULL_ARENA_SIZE + BANDS_ARENA_SIZE];
static MSFCNN_ALIGNED int8_t second_arena[IMAGE_ARENA_SIZE + PUSH_ARENA_SIZE];
static int8_t image[IMAGE_INPUT_SIZE];
static int8_t expected[IMAGE_OUTPUT_SIZE];

/* of the calls of fetch() */
typedef struct {
    const msfcnn_model_t *model;
    unsigned calls;
    unsigned fails_at;      /* this call fails, counted from 1; 0: none */
    unsigned area;          /* pixels fetched */
} source_t;

static source_t whole = { &pull_model, 0, 0, 0 };

static int fetch(void *arg, unsigned y, unsigned x, unsigned height, unsigned width, int8_t *out)
{
    source_t *source = arg;
    const msfcnn_model_t *model = source->model;

    CHECK(height > 0 && width > 0);
    CHECK(y + height <= model->height && x + width <= model->width);
    source->calls++;
    source->area += height * width;
    if (source->calls == source->fails_at) {
        return -EIO;
    }
    for (unsigned row = y; row < y + height; row++, out += width * model->channels) {
        memcpy(out, image + (row * model->width + x) * model->channels, width * model->channels);
    }
    return 1;   /* only negative values are errors */
}

static void probe_nothing(void *arg, const msfcnn_t *nn, size_t stage)
{
    (void)arg;
    (void)nn;
    (void)stage;
}

/* a context that msfcnn_init() has not prepared, whatever was in it before */
static void check_refused(msfcnn_t *nn)
{
    size_t len = 1;

    CHECK(msfcnn_run(nn, image) == -EINVAL);
    CHECK(msfcnn_push_row(nn, image) == -EINVAL);
    CHECK(msfcnn_run_pull(nn, fetch, &whole) == -EINVAL);
    CHECK(msfcnn_begin(nn) == -EINVAL);
    CHECK(msfcnn_set_probe(nn, probe_nothing, NULL) == -EINVAL);
    CHECK(msfcnn_output(nn, 0, &len) == NULL && len == 0);
    len = 1;
    CHECK(msfcnn_stage_output(nn, 0, &len) == NULL && len == 0);
}

static void check_init_fails(const msfcnn_model_t *model, void *memory, size_t size, int error)
{
    msfcnn_t nn;

    memset(&nn, 0xa5, sizeof(nn));      /* what a stack may hold */
    CHECK(msfcnn_init(&nn, model, memory, size) == error);
    check_refused(&nn);
    /* a context that worked before is refused as well */
    CHECK(msfcnn_init(&nn, &image_model, second_arena, sizeof(second_arena)) == 0);
    CHECK(msfcnn_init(&nn, model, memory, size) == error);
    check_refused(&nn);
}

static void test_init(void)
{
    msfcnn_t nn = { 0 };
    msfcnn_model_t other = image_model;

    check_refused(NULL);
    check_refused(&nn);
    CHECK(msfcnn_init(NULL, &image_model, arena, sizeof(arena)) == -EINVAL);
    check_init_fails(NULL, arena, sizeof(arena), -EINVAL);
    check_init_fails(&image_model, NULL, sizeof(arena), -EINVAL);
    check_init_fails(&image_model, arena + 1, sizeof(arena) - 1, -EINVAL);
    check_init_fails(&image_model, arena, IMAGE_ARENA_SIZE - 1, -ENOMEM);
    other.abi++;
    check_init_fails(&other, arena, sizeof(arena), -ENOTSUP);
    other = image_model;
    other.kernel_lines = CONFIG_MSFCNN_KERNEL_LINES + 1;
    check_init_fails(&other, arena, sizeof(arena), -ENOTSUP);
    other = image_model;
    other.stage_ops = CONFIG_MSFCNN_STAGE_OPS + 1;
    check_init_fails(&other, arena, sizeof(arena), -ENOTSUP);
    CHECK(msfcnn_init(&nn, &image_model, arena, IMAGE_ARENA_SIZE) == 0);
}

static void test_run(void)
{
    msfcnn_t nn;
    size_t len = 1;

    CHECK(msfcnn_init(&nn, &image_model, arena, IMAGE_ARENA_SIZE) == 0);
    CHECK(msfcnn_output(&nn, 0, &len) == NULL);
    CHECK(len == 0);
    CHECK(msfcnn_run(&nn, NULL) == -EINVAL);
    CHECK(msfcnn_run(NULL, image) == -EINVAL);
    CHECK(msfcnn_push_row(&nn, image) == -ENOTSUP);
    CHECK(msfcnn_run_pull(&nn, fetch, &whole) == -ENOTSUP);
    CHECK(msfcnn_run(&nn, image) == 0);
    const int8_t *output = msfcnn_output(&nn, 0, &len);
    CHECK(output && len == IMAGE_OUTPUT_SIZE);
    CHECK(msfcnn_output(&nn, image_model.n_outputs, &len) == NULL);
    CHECK(len == 0);
    memcpy(expected, output, sizeof(expected));
    memset(arena, 0x55, sizeof(arena));
    CHECK(msfcnn_run(&nn, image) == 0);
    CHECK(memcmp(msfcnn_output(&nn, 0, NULL), expected, sizeof(expected)) == 0);
}

static int push_rows(msfcnn_t *nn, unsigned first, unsigned last)
{
    size_t len = PUSH_INPUT_WIDTH * PUSH_INPUT_CHANNELS;
    int res = 0;

    for (unsigned y = first; y < last; y++) {
        CHECK(res == 0);
        res = msfcnn_push_row(nn, image + y * len);
    }
    return res;
}

static void test_push(void)
{
    msfcnn_t nn;

    CHECK(msfcnn_init(&nn, &push_model, arena, PUSH_ARENA_SIZE) == 0);
    CHECK(msfcnn_push_row(NULL, image) == -EINVAL);
    CHECK(msfcnn_push_row(&nn, NULL) == -EINVAL);
    CHECK(msfcnn_run_pull(&nn, fetch, &whole) == -ENOTSUP);
    CHECK(push_rows(&nn, 0, PUSH_INPUT_HEIGHT) == 1);
    CHECK(memcmp(msfcnn_output(&nn, 0, NULL), expected, sizeof(expected)) == 0);
    /* the frame is complete: another row belongs to none */
    CHECK(msfcnn_push_row(&nn, image) == -EALREADY);
    CHECK(memcmp(msfcnn_output(&nn, 0, NULL), expected, sizeof(expected)) == 0);
    /* a frame that is given up leaves nothing behind */
    msfcnn_begin(&nn);
    CHECK(msfcnn_output(&nn, 0, NULL) == NULL);
    CHECK(push_rows(&nn, 3, PUSH_INPUT_HEIGHT) == 0);
    msfcnn_begin(&nn);
    CHECK(push_rows(&nn, 0, PUSH_INPUT_HEIGHT) == 1);
    CHECK(memcmp(msfcnn_output(&nn, 0, NULL), expected, sizeof(expected)) == 0);
    CHECK(msfcnn_run(&nn, image) == 0);
    CHECK(memcmp(msfcnn_output(&nn, 0, NULL), expected, sizeof(expected)) == 0);
}

static void check_pull(const msfcnn_model_t *model, size_t size)
{
    msfcnn_t nn;
    source_t source = { model, 0, 0, 0 };

    CHECK(msfcnn_init(&nn, model, arena, size) == 0);
    CHECK(msfcnn_run_pull(NULL, fetch, &source) == -EINVAL);
    CHECK(msfcnn_run_pull(&nn, NULL, &source) == -EINVAL);
    CHECK(msfcnn_push_row(&nn, image) == -ENOTSUP);
    CHECK(source.calls == 0);
    CHECK(msfcnn_run_pull(&nn, fetch, &source) == 0);
    CHECK(memcmp(msfcnn_output(&nn, 0, NULL), expected, sizeof(expected)) == 0);
    /* a fetch that fails ends the inference, whenever that is; the next one is not harmed */
    unsigned calls = source.calls;
    for (unsigned at = 1; at <= calls; at += 1 + calls / 7) {
        source = (source_t){ model, 0, at, 0 };
        CHECK(msfcnn_run_pull(&nn, fetch, &source) == -EIO);
        CHECK(source.calls == at);
        CHECK(msfcnn_output(&nn, 0, NULL) == NULL);
    }
    CHECK(msfcnn_run(&nn, image) == 0);
    CHECK(memcmp(msfcnn_output(&nn, 0, NULL), expected, sizeof(expected)) == 0);
}

static void test_pull(void)
{
    msfcnn_t nn;
    source_t source = { &bands_model, 0, 0, 0 };

    check_pull(&pull_model, PULL_ARENA_SIZE);
    check_pull(&bands_model, BANDS_ARENA_SIZE);
    /* bands fetch the rows that they share again */
    CHECK(msfcnn_init(&nn, &bands_model, arena, BANDS_ARENA_SIZE) == 0);
    CHECK(msfcnn_run_pull(&nn, fetch, &source) == 0);
    CHECK(source.area > BANDS_INPUT_HEIGHT * BANDS_INPUT_WIDTH);
}

/* two contexts, two models, rows in turn: nothing is shared */
static void test_interleaved(void)
{
    msfcnn_t a, b;
    unsigned half = PUSH_INPUT_HEIGHT / 2;

    CHECK(msfcnn_init(&a, &push_model, arena, PUSH_ARENA_SIZE) == 0);
    CHECK(msfcnn_init(&b, &push_model, second_arena, sizeof(second_arena)) == 0);
    push_rows(&a, 0, half);
    CHECK(push_rows(&b, 0, PUSH_INPUT_HEIGHT) == 1);
    CHECK(push_rows(&a, half, PUSH_INPUT_HEIGHT) == 1);
    CHECK(memcmp(msfcnn_output(&a, 0, NULL), expected, sizeof(expected)) == 0);
    CHECK(memcmp(msfcnn_output(&b, 0, NULL), expected, sizeof(expected)) == 0);
}

static void count_stage(void *arg, const msfcnn_t *nn, size_t stage)
{
    size_t *count = arg;
    size_t len;

    CHECK(stage == *count);
    CHECK(msfcnn_stage_output(nn, stage, &len) != NULL && len > 0);
    (*count)++;
}

static void test_probe(void)
{
    msfcnn_t nn;
    size_t count = 0;

    CHECK(msfcnn_init(&nn, &image_model, arena, IMAGE_ARENA_SIZE) == 0);
    msfcnn_set_probe(&nn, count_stage, &count);
    CHECK(msfcnn_run(&nn, image) == 0);
    CHECK(count == image_model.n_stages);
    msfcnn_set_probe(&nn, NULL, NULL);
    CHECK(msfcnn_run(&nn, image) == 0);
    CHECK(count == image_model.n_stages);
}

/* the tensors of stages that have not run, or do not exist, are not handed out */
static void test_stage_output(void)
{
    msfcnn_t nn;
    size_t len = 1;

    CHECK(msfcnn_init(&nn, &image_model, arena, IMAGE_ARENA_SIZE) == 0);
    CHECK(msfcnn_stage_output(&nn, 0, &len) == NULL && len == 0);
    CHECK(msfcnn_run(&nn, image) == 0);
    CHECK(msfcnn_stage_output(&nn, image_model.n_stages - 1U, NULL) != NULL);
    len = 1;
    CHECK(msfcnn_stage_output(&nn, image_model.n_stages, &len) == NULL && len == 0);
    CHECK(msfcnn_stage_output(&nn, SIZE_MAX, NULL) == NULL);
}

/* what a fetch function or a probe should not do with its own context */
typedef struct {
    source_t source;
    msfcnn_t *nn;
    unsigned at;            /* this call does it, counted from 1 */
    unsigned calls;
    const msfcnn_model_t *again;    /* msfcnn_init() with this model; NULL: the other calls */
    void *arena;            /* for it */
    size_t size;
    int expected;           /* what msfcnn_init() then returns */
} meddler_t;

static void meddle(meddler_t *m)
{
    if (++m->calls != m->at) {
        return;
    }
    if (m->again) {
        CHECK(msfcnn_init(m->nn, m->again, m->arena, m->size) == m->expected);
        return;
    }
    CHECK(msfcnn_begin(m->nn) == -EBUSY);
    CHECK(msfcnn_run(m->nn, image) == -EBUSY);
    CHECK(msfcnn_run_pull(m->nn, fetch, &m->source) == -EBUSY);
    CHECK(msfcnn_push_row(m->nn, image) == -EBUSY);
}

static int meddling_fetch(void *arg, unsigned y, unsigned x, unsigned height, unsigned width,
                          int8_t *out)
{
    meddler_t *m = arg;
    int res = fetch(&m->source, y, x, height, width, out);

    meddle(m);
    return res;
}

static void meddling_probe(void *arg, const msfcnn_t *nn, size_t stage)
{
    meddler_t *m = arg;

    CHECK(nn == m->nn && stage < nn->model->n_stages);
    meddle(m);
}

/* the calls that a context refuses while it computes do it no harm, whenever they come */
static void test_busy(void)
{
    msfcnn_t nn;

    CHECK(msfcnn_init(&nn, &bands_model, arena, BANDS_ARENA_SIZE) == 0);
    for (unsigned at = 1; at < 200; at += 1 + at / 3) {
        meddler_t m = { .source = { &bands_model, 0, 0, 0 }, .nn = &nn, .at = at };
        CHECK(msfcnn_run_pull(&nn, meddling_fetch, &m) == 0);
        CHECK(memcmp(msfcnn_output(&nn, 0, NULL), expected, sizeof(expected)) == 0);
    }
    CHECK(msfcnn_init(&nn, &push_model, arena, PUSH_ARENA_SIZE) == 0);
    for (unsigned at = 1; at <= push_model.n_stages; at++) {
        meddler_t m = { .source = { &push_model, 0, 0, 0 }, .nn = &nn, .at = at };
        CHECK(msfcnn_set_probe(&nn, meddling_probe, &m) == 0);
        CHECK(msfcnn_run(&nn, image) == 0);
        CHECK(m.calls == push_model.n_stages);
        CHECK(memcmp(msfcnn_output(&nn, 0, NULL), expected, sizeof(expected)) == 0);
    }
}

static int run(msfcnn_t *nn, meddler_t *m, int from_probe)
{
    if (!from_probe) {
        return msfcnn_run_pull(nn, meddling_fetch, m);
    }
    CHECK(msfcnn_set_probe(nn, meddling_probe, m) == 0);
    return msfcnn_run(nn, image);
}

/* msfcnn_init() from inside a call ends that call; the context is what msfcnn_init() made of it */
static void check_cancelled(const msfcnn_model_t *model, size_t size, int from_probe)
{
    for (unsigned at = 1; at < 40; at += 1 + at / 3) {
        for (int fails = 0; fails <= 1; fails++) {
            msfcnn_t nn;
            meddler_t m = { .source = { model, 0, 0, 0 }, .nn = &nn, .at = at,
                            .again = &image_model, .arena = fails ? NULL : second_arena,
                            .size = sizeof(second_arena), .expected = fails ? -EINVAL : 0 };
            CHECK(msfcnn_init(&nn, model, arena, size) == 0);
            int res = run(&nn, &m, from_probe);
            if (m.calls < at) {
                return;     /* there are no more calls to meddle with */
            }
            CHECK(res == -ECANCELED);
            CHECK(m.calls == at);
            CHECK(msfcnn_output(&nn, 0, NULL) == NULL);
            if (fails) {
                check_refused(&nn);
                continue;
            }
            CHECK(msfcnn_run(&nn, image) == 0);
            CHECK(memcmp(msfcnn_output(&nn, 0, NULL), expected, sizeof(expected)) == 0);
        }
    }
}

static void test_init_from_inside(void)
{
    check_cancelled(&pull_model, PULL_ARENA_SIZE, 0);
    check_cancelled(&bands_model, BANDS_ARENA_SIZE, 0);
    check_cancelled(&image_model, IMAGE_ARENA_SIZE, 1);
    check_cancelled(&push_model, PUSH_ARENA_SIZE, 1);
    check_cancelled(&pull_model, PULL_ARENA_SIZE, 1);
}

int main(void)
{
    for (size_t i = 0; i < sizeof(image); i++) {
        image[i] = (int8_t)(i * 37 % 251 - 125);
    }
    test_init();
    test_run();
    test_push();
    test_pull();
    test_interleaved();
    test_probe();
    test_stage_output();
    test_busy();
    test_init_from_inside();
    return failures ? 1 : 0;
}
