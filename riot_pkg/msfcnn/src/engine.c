/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     pkg_msfcnn
 * @{
 *
 * @file
 * @brief       Contexts, frames and stages
 *
 * @}
 */

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "msfcnn.h"
#include "sweep.h"

int msfcnn_init(msfcnn_t *nn, const msfcnn_model_t *model, void *arena, size_t size)
{
    if (!nn) {
        return -EINVAL;
    }
    memset(nn, 0, sizeof(*nn));     /* without a model no other function does anything */
    if (!model || !arena || (uintptr_t)arena % MSFCNN_ARENA_ALIGN) {
        return -EINVAL;
    }
    if (model->abi != MSFCNN_ABI || model->stage_ops > CONFIG_MSFCNN_STAGE_OPS ||
        model->kernel_lines > CONFIG_MSFCNN_KERNEL_LINES) {
        return -ENOTSUP;
    }
    if (size < model->arena_size) {
        return -ENOMEM;
    }
    nn->model = model;
    nn->arena = arena;
    return msfcnn_begin(nn);
}

#define ANY_INPUT   UINT_MAX

/* 0 if an inference may begin or go on in this context, with an image that comes this way;
 * `given`: another argument of the call, as long as it is a pointer to something */
static int _check(const msfcnn_t *nn, int given, unsigned input)
{
    if (!nn || !nn->model || !given) {
        return -EINVAL;
    }
    if (nn->busy) {
        return -EBUSY;
    }
    if (input == ANY_INPUT) {
        return 0;
    }
    if (input != nn->model->input) {
        return -ENOTSUP;
    }
    return (nn->model->beside != 0 && !nn->beside) ? -EINVAL : 0;
}

int msfcnn_begin(msfcnn_t *nn)
{
    int res = _check(nn, 1, ANY_INPUT);

    if (res == 0) {
        nn->stage = 0;
        nn->rows_in = 0;
        msfcnn_begin_stage(nn);
    }
    return res;
}

static int _run_stages(msfcnn_t *nn)
{
    while (nn->stage < nn->model->n_stages) {
        int res = msfcnn_sweep(nn);
        if (res <= 0) {
            return res;
        }
        size_t stage = nn->stage++;
        if (nn->probe) {
            nn->probe(nn->probe_arg, nn, stage);
            if (!nn->busy) {
                return -ECANCELED;
            }
        }
        if (nn->stage < nn->model->n_stages) {
            msfcnn_begin_stage(nn);
        }
    }
    return 0;
}

/* computes what the input allows; negative if it could not be fetched, or if the application has
 * prepared the context anew from inside its fetch function or probe */
static int _advance(msfcnn_t *nn)
{
    nn->busy = 1;
    int res = _run_stages(nn);
    nn->busy = 0;
    return res;
}

int msfcnn_push_row(msfcnn_t *nn, const int8_t *row)
{
    int res = _check(nn, row != NULL, MSFCNN_INPUT_PUSH);

    if (res < 0) {
        return res;
    }
    if (nn->rows_in == nn->model->height) {
        return -EALREADY;
    }
    nn->image = row;
    nn->rows_in++;
    res = _advance(nn);
    nn->image = NULL;
    return (res < 0) ? res : nn->rows_in == nn->model->height;
}

int msfcnn_set_inputs(msfcnn_t *nn, const int8_t *inputs)
{
    int res = _check(nn, inputs != NULL, ANY_INPUT);

    if (res == 0) {
        nn->beside = inputs;
    }
    return res;
}

static int _run_pull(msfcnn_t *nn, msfcnn_fetch_t fetch, void *arg)
{
    msfcnn_begin(nn);
    nn->fetch = fetch;
    nn->fetch_arg = arg;
    return _advance(nn);
}

int msfcnn_run_pull(msfcnn_t *nn, msfcnn_fetch_t fetch, void *arg)
{
    int res = _check(nn, fetch != NULL, MSFCNN_INPUT_PULL);

    return (res < 0) ? res : _run_pull(nn, fetch, arg);
}

static size_t _row_bytes(const msfcnn_model_t *model)
{
    return (size_t)model->width * model->channels;
}

/* the fetch function of msfcnn_run(): its argument is the context */
static int _fetch_image(void *arg, unsigned y, unsigned x, unsigned height, unsigned width,
                        int8_t *out)
{
    const msfcnn_t *nn = arg;
    const msfcnn_model_t *model = nn->model;
    const int8_t *from = nn->image + y * _row_bytes(model) + (size_t)x * model->channels;
    size_t len = (size_t)width * model->channels;

    for (; height > 0; height--, from += _row_bytes(model), out += len) {
        memcpy(out, from, len);
    }
    return 0;
}

static int _run_pushing(msfcnn_t *nn, const int8_t *image)
{
    int res = msfcnn_begin(nn);

    while (res == 0) {
        res = msfcnn_push_row(nn, image + nn->rows_in * _row_bytes(nn->model));
    }
    return (res < 0) ? res : 0;
}

int msfcnn_run(msfcnn_t *nn, const int8_t *image)
{
    int res = _check(nn, image != NULL, ANY_INPUT);

    if (res < 0) {
        return res;
    }
    nn->beside = image + nn->model->height * _row_bytes(nn->model);
    if (nn->model->input == MSFCNN_INPUT_PUSH) {
        res = _run_pushing(nn, image);
    }
    else {
        nn->image = image;      /* read in place, or by the fetch function */
        res = _run_pull(nn, _fetch_image, nn);
        nn->image = NULL;
    }
    nn->beside = NULL;          /* they are the caller's again */
    return res;
}

const int8_t *msfcnn_output(const msfcnn_t *nn, size_t index, size_t *len)
{
    const int8_t *values = NULL;
    size_t size = 0;

    if (nn && nn->model && nn->stage == nn->model->n_stages && index < nn->model->n_outputs) {
        values = nn->arena + nn->model->outputs[index].offset;
        size = nn->model->outputs[index].size;
    }
    if (len) {
        *len = size;
    }
    return values;
}

int msfcnn_set_probe(msfcnn_t *nn, msfcnn_probe_t probe, void *arg)
{
    if (!nn || !nn->model) {
        return -EINVAL;
    }
    nn->probe = probe;
    nn->probe_arg = arg;
    return 0;
}

const int8_t *msfcnn_stage_output(const msfcnn_t *nn, size_t stage, size_t *len)
{
    const int8_t *values = NULL;
    size_t size = 0;

    if (nn && nn->model && stage < nn->stage) {
        const msfcnn_stage_t *s = &nn->model->stages[stage];
        const msfcnn_tensor_t *out = nn->model->ops[s->first_op + s->n_ops - 1U].output;
        values = nn->arena + out->place;
        size = (size_t)out->slots * out->length * out->channels;
    }
    if (len) {
        *len = size;
    }
    return values;
}
