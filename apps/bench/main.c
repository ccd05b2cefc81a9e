/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @file
 * @brief   Measures a network: are its bytes right, how long does it take, what RAM does it need
 *
 * Every result is a line of JSON in the format of RIOT's test_utils_result_output; its last
 * member is the exit status.
 */

#include <string.h>

#include "checksum/crc32.h"
#include "malloc_monitor.h"
#include "msfcnn.h"
#include "periph/pm.h"
#include "test_utils/result_output.h"
#include "thread.h"
#include "ztimer.h"

#include "statistics.h"
#include "stored.h"

#ifdef CPU_NATIVE
#  define STACK     (THREAD_STACKSIZE_DEFAULT)
#else
#  define STACK     (BENCH_STACK ? BENCH_STACK : 1024)
#endif
#define RUNS        BENCH_RUNS
#define CHUNK       16      /* stages whose times are held at once */
#define IMAGE_SIZE  (STORED_HEIGHT * STORED_WIDTH * STORED_CHANNELS)

_Static_assert(RUNS >= 10 && RUNS <= 1000, "statistics want 10 to 1000 runs");

static MSFCNN_ALIGNED uint8_t arena[STORED_ARENA_SIZE];
static msfcnn_t nn;
static char WORD_ALIGNED stack[STACK];
static size_t stack_used;
static size_t heap_used;
static turo_t out;
static unsigned failures;

/* what the measuring thread is to do, and what it found */
static struct {
    unsigned image;             /* of the stored ones */
    unsigned runs;              /* of that image */
    uint32_t us[RUNS];          /* time of each */
    size_t first;               /* first stage to time */
    uint32_t stage_us[CHUNK];   /* time of each stage from there */
    uint32_t now;               /* when the last stage ended */
    int result;                 /* of the engine */
} job;

#if defined(BENCH_INPUT_pull)
static int fetch(void *arg, unsigned y, unsigned x, unsigned height, unsigned width, int8_t *to)
{
    const unsigned *image = arg;
    const size_t len = width * STORED_CHANNELS;

    for (unsigned row = 0; row < height; row++) {
        size_t first = ((size_t)(y + row) * STORED_WIDTH + x) * STORED_CHANNELS;
        memcpy(&to[row * len], &stored_images[*image][first], len);
    }
    return 0;
}
#endif

static int infer(unsigned image)
{
#if defined(BENCH_INPUT_push) || defined(BENCH_INPUT_pull)
    if (STORED_INPUT_SIZE > IMAGE_SIZE) {   /* other inputs lie behind the image */
        msfcnn_set_inputs(&nn, &stored_images[image][IMAGE_SIZE]);
    }
#endif
#if defined(BENCH_INPUT_push)
    const int8_t *row = stored_images[image];
    int res = 0;

    msfcnn_begin(&nn);
    for (unsigned y = 0; res == 0; y++) {
        res = msfcnn_push_row(&nn, &row[y * STORED_WIDTH * STORED_CHANNELS]);
    }
    return (res == 1) ? 0 : res;
#elif defined(BENCH_INPUT_pull)
    return msfcnn_run_pull(&nn, fetch, &image);
#else
    return msfcnn_run(&nn, stored_images[image]);
#endif
}

static void stage_ended(void *arg, const msfcnn_t *net, size_t stage)
{
    uint32_t now = ztimer_now(ZTIMER_USEC);

    (void)arg;
    (void)net;
    if (stage >= job.first && stage - job.first < CHUNK) {
        job.stage_us[stage - job.first] = now - job.now;
    }
    job.now = now;
}

static void *measure(void *arg)
{
    size_t heap_before = malloc_monitor_get_usage_current();

    (void)arg;
    malloc_monitor_reset_high_watermark();
    job.result = 0;
    for (unsigned i = 0; job.result == 0 && i < job.runs; i++) {
        uint32_t begin = ztimer_now(ZTIMER_USEC);
        job.now = begin;
        job.result = infer(job.image);
        job.us[i] = ztimer_now(ZTIMER_USEC) - begin;
    }
    size_t heap = malloc_monitor_get_usage_high_watermark() - heap_before;
    heap_used = (heap > heap_used) ? heap : heap_used;
    return NULL;
}

/* in a thread of its own, which ends before this function does: what stack it needs is known */
static void run_job(unsigned image, unsigned runs)
{
    job.image = image;
    job.runs = runs;
    thread_create(stack, sizeof(stack), THREAD_PRIORITY_MAIN - 1, THREAD_CREATE_STACKTEST,
                  measure, NULL, "measure");
    size_t used = sizeof(stack) - measure_stack_free_internal(stack, sizeof(stack));
    stack_used = (used > stack_used) ? used : stack_used;
}

static void number(const char *key, uint32_t value)
{
    turo_dict_key(&out, key);
    turo_u32(&out, value);
}

static void text(const char *key, const char *value)
{
    turo_dict_key(&out, key);
    turo_string(&out, value);
}

static void open_result(const char *kind)
{
    turo_init(&out);
    turo_container_open(&out);
    turo_dict_open(&out);
    text("result", kind);
}

static void close_result(int status)
{
    turo_dict_close(&out);
    turo_container_close(&out, status);
    failures += (status != 0);
}

static void report_model(int res)
{
    open_result("model");
    text("model", STORED_NAME);
    text("board", RIOT_BOARD);
    text("input", BENCH_INPUT);
    number("images", STORED_COUNT);
    number("stages", STORED_MODEL.n_stages);
    close_result(res);
}

static void report_output(unsigned image, unsigned index)
{
    size_t len;
    const int8_t *values = msfcnn_output(&nn, index, &len);
    uint32_t crc = values ? crc32(values, len) : 0;
    int right = (values && job.result == 0 && crc == stored_crcs[image][index]);

    open_result("output");
    number("image", image);
    number("output", index);
    number("bytes", (uint32_t)len);
    number("crc", crc);
    number("expected", stored_crcs[image][index]);
    close_result(right ? 0 : 1);
}

static void report_latency(void)
{
    statistics_t time;

    run_job(0, RUNS);
    statistics(&time, job.us, RUNS);
    open_result("latency");
    number("runs", RUNS);
    number("mean_us", time.mean);
    number("median_us", time.median);
    number("min_us", time.min);
    number("max_us", time.max);
    number("low95_us", time.low);
    number("high95_us", time.high);
    close_result(job.result);
}

static void report_stages(void)
{
    msfcnn_set_probe(&nn, stage_ended, NULL);
    for (job.first = 0; job.first < STORED_MODEL.n_stages; job.first += CHUNK) {
        run_job(0, 1);
        for (size_t i = 0; i < CHUNK && job.first + i < STORED_MODEL.n_stages; i++) {
            open_result("stage");
            number("stage", (uint32_t)(job.first + i));
            number("us", job.stage_us[i]);
            close_result(job.result);
        }
    }
    msfcnn_set_probe(&nn, NULL, NULL);
}

static void report_ram(void)
{
    open_result("ram");
    number("arena", sizeof(arena));
    number("engine", sizeof(nn));
    number("stack", (uint32_t)stack_used);
    number("stack_size", sizeof(stack));
    number("heap", (uint32_t)heap_used);
    close_result((heap_used == 0 && stack_used < sizeof(stack)) ? 0 : 1);
}

int main(void)
{
    int res = msfcnn_init(&nn, &STORED_MODEL, arena, sizeof(arena));

    report_model(res);
    for (unsigned image = 0; res == 0 && image < STORED_COUNT; image++) {
        run_job(image, 1);
        for (unsigned index = 0; index < STORED_OUTPUTS; index++) {
            report_output(image, index);
        }
    }
    if (res == 0) {
        report_latency();
        report_stages();
        report_ram();
    }
    open_result("end");
    number("failures", failures);
    close_result(failures != 0);
    pm_off();
    return 0;
}
