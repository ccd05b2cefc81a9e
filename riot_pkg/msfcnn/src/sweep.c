/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Row sweep over the ops of a stage, and the runs of pixels the kernels compute
 *
 * The last op of the stage pulls: an op whose next row lacks input lets the producer of that
 * input go first. There is no recursion and no state but the next row of each op, so the sweep
 * stops wherever the network's input ends and goes on from there.
 *
 * @}
 */

#include <string.h>

#include "kernels.h"
#include "sweep.h"

/* what an op lacks for its next row, if not the row of another op of the stage */
enum {
    NOTHING = -1,
    INPUT = -2,
};

static const msfcnn_kernel_t _kernels[] = {
    [MSFCNN_CONV] = msfcnn_conv,
    [MSFCNN_DEPTHWISE] = msfcnn_depthwise,
    [MSFCNN_MAX_POOL] = msfcnn_max_pool,
    [MSFCNN_AVERAGE_POOL] = msfcnn_average_pool,
    [MSFCNN_SUM] = msfcnn_sum,
    [MSFCNN_SOFTMAX] = msfcnn_softmax,
};

/* y % rows without a division where the window is the whole tensor */
static inline unsigned _wrap(unsigned position, unsigned extent)
{
    return (position < extent) ? position : position % extent;
}

const int8_t *msfcnn_row(const msfcnn_t *nn, uint16_t tensor, unsigned y)
{
    const msfcnn_tensor_t *t = &nn->model->tensors[tensor];

    if (nn->image && tensor == nn->model->input) {
        return nn->image + (size_t)y * t->width * t->channels;
    }
    return nn->arena + t->offset + (size_t)_wrap(y, t->rows) * t->cols * t->channels;
}

static unsigned _resident_cols(const msfcnn_t *nn, uint16_t tensor)
{
    const msfcnn_tensor_t *t = &nn->model->tensors[tensor];

    return (nn->image && tensor == nn->model->input) ? t->width : t->cols;
}

/* Taps of n output pixels from (y, x) on. Pixels share the columns they have in common. */
static void _point_taps(msfcnn_t *nn, const msfcnn_op_t *op, const int8_t *pad, unsigned y,
                        unsigned x, unsigned columns)
{
    const msfcnn_tensor_t *t = &nn->model->tensors[op->input[0]];
    unsigned cols = _resident_cols(nn, op->input[0]);

    for (unsigned i = 0; i < op->kernel_h; i++) {
        /* a row or column above the input wraps around to a huge one: one comparison for both */
        unsigned in_y = y * op->stride_h + i * op->dilation_h - op->pad_top;
        const int8_t *row = (in_y < t->height) ? msfcnn_row(nn, op->input[0], in_y) : NULL;
        const int8_t **tap = nn->tap + i;
        unsigned in_x = x * op->stride_w - op->pad_left;
        for (unsigned c = 0; c < columns; c++, tap += op->kernel_h) {
            *tap = (row && in_x < t->width) ? row + (size_t)_wrap(in_x, cols) * t->channels : pad;
            in_x += op->dilation_w;
        }
    }
}

/* columns of taps from one pixel of a run to the next; 0 if the run is a single pixel */
static unsigned _column_step(const msfcnn_op_t *op)
{
    if (op->kernel_w == 1) {
        return 1;
    }
    return (op->dilation_w == 1) ? op->stride_w : 0;
}

/* longest run whose taps fit */
static unsigned _longest_run(const msfcnn_op_t *op)
{
    unsigned columns = CONFIG_MSFCNN_TAPS / op->kernel_h;
    unsigned step = _column_step(op);

    /* a 1x1 kernel of stride 2 would waste every other column: one pixel at a time */
    if (step == 0 || (op->kernel_w == 1 && op->stride_w > 1)) {
        return 1;
    }
    return (columns - op->kernel_w) / step + 1;
}

static void _describe_run(const msfcnn_t *nn, const msfcnn_op_t *op, msfcnn_run_t *run)
{
    const msfcnn_tensor_t *out = &nn->model->tensors[op->output];

    run->tap = (const int8_t *const *)nn->tap;
    run->second = NULL;
    run->pad = nn->model->pad_pixels[op->pad_pixel];
    run->out_step = out->channels;
    run->tap_step = (uint16_t)(_column_step(op) * op->kernel_h);
    run->taps = (uint16_t)(op->kernel_h * op->kernel_w);
    run->channels = nn->model->tensors[op->input[0]].channels;
}

static void _compute_row(msfcnn_t *nn, const msfcnn_op_t *op, unsigned y)
{
    const msfcnn_tensor_t *t = &nn->model->tensors[op->output];
    int8_t *out = nn->arena + t->offset + (size_t)_wrap(y, t->rows) * t->cols * t->channels;
    unsigned longest = _longest_run(op);
    msfcnn_run_t run;

    _describe_run(nn, op, &run);
    for (unsigned x = 0; x < t->width; x += run.pixels) {
        unsigned n = (t->width - x < longest) ? t->width - x : longest;
        run.pixels = (uint16_t)n;
        run.out = out + (size_t)_wrap(x, t->cols) * t->channels + op->channel;
        _point_taps(nn, op, run.pad, y, x, (n - 1) * _column_step(op) + op->kernel_w);
        if (op->n_inputs == 2) {
            run.second = msfcnn_row(nn, op->input[1], y) + (size_t)x * op->channels;
        }
        _kernels[op->kind](op, &run);
    }
}

/* takes one more input row; the output is there after the last one */
static void _average_row(msfcnn_t *nn, const msfcnn_op_t *op, unsigned y)
{
    const msfcnn_pool_t *k = op->constants;
    const msfcnn_tensor_t *in = &nn->model->tensors[op->input[0]];
    const msfcnn_tensor_t *out = &nn->model->tensors[op->output];
    msfcnn_acc_t *sums = (msfcnn_acc_t *)(void *)(nn->arena + k->scratch);
    msfcnn_run_t run;

    if (y == 0) {
        memset(sums, 0, in->channels * sizeof(*sums));
    }
    _describe_run(nn, op, &run);
    for (unsigned x = 0; x < in->width; x += run.pixels) {
        unsigned n = in->width - x;
        run.pixels = (uint16_t)((n < CONFIG_MSFCNN_TAPS) ? n : CONFIG_MSFCNN_TAPS);
        _point_taps(nn, op, NULL, y, x, run.pixels);
        msfcnn_global_add(sums, &run);
    }
    if (y + 1U == in->height) {
        msfcnn_global_finish(op, sums, (uint32_t)in->height * in->width,
                             nn->arena + out->offset + op->channel);
    }
}

/* rows an op goes through: those of its output, or of its input if it collects them */
static unsigned _rows(const msfcnn_t *nn, const msfcnn_op_t *op)
{
    const msfcnn_tensor_t *tensors = nn->model->tensors;

    return (op->kind == MSFCNN_GLOBAL_AVERAGE) ? tensors[op->input[0]].height
                                               : tensors[op->output].height;
}

/* the last input row that an op reads for its row y */
static unsigned _last_row_read(const msfcnn_t *nn, const msfcnn_op_t *op, unsigned y)
{
    unsigned below = y * op->stride_h + (op->kernel_h - 1U) * op->dilation_h + 1U;
    unsigned height = nn->model->tensors[op->input[0]].height;

    if (below <= op->pad_top) {
        return 0;
    }
    below -= op->pad_top;
    return ((below < height) ? below : height) - 1U;
}

/* whether op i of the stage has written row y of its output */
static int _has_row(const msfcnn_t *nn, const msfcnn_op_t *ops, unsigned i, unsigned y)
{
    if (ops[i].kind == MSFCNN_GLOBAL_AVERAGE) {
        return nn->row[i] == _rows(nn, &ops[i]);
    }
    return nn->row[i] > y;
}

/* which op of the stage must go first so that op i can compute its next row, or NOTHING, INPUT */
static int _missing(const msfcnn_t *nn, const msfcnn_op_t *ops, unsigned i)
{
    unsigned y = _last_row_read(nn, &ops[i], nn->row[i]);

    for (unsigned input = 0; input < ops[i].n_inputs; input++) {
        uint16_t tensor = ops[i].input[input];
        if (tensor == nn->model->input && y >= nn->rows_in) {
            return INPUT;
        }
        for (unsigned p = 0; p < i; p++) {
            if (ops[p].output == tensor && !_has_row(nn, ops, p, y)) {
                return (int)p;
            }
        }
    }
    return NOTHING;
}

int msfcnn_sweep(msfcnn_t *nn)
{
    const msfcnn_stage_t *stage = &nn->model->stages[nn->stage];
    const msfcnn_op_t *ops = nn->model->ops + stage->first_op;
    unsigned last = stage->n_ops - 1U;
    unsigned i = last;

    while (nn->row[last] < _rows(nn, &ops[last])) {
        int missing = _missing(nn, ops, i);
        if (missing == INPUT) {
            return 0;
        }
        if (missing != NOTHING) {
            i = (unsigned)missing;
            continue;
        }
        if (ops[i].kind == MSFCNN_GLOBAL_AVERAGE) {
            _average_row(nn, &ops[i], nn->row[i]);
        }
        else {
            _compute_row(nn, &ops[i], nn->row[i]);
        }
        nn->row[i]++;
        i = last;
    }
    return 1;
}
