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
#include <string.h>

#include "msfcnn.h"
#include "sweep.h"

int msfcnn_init(msfcnn_t *nn, const msfcnn_model_t *model, void *arena, size_t size)
{
    if (!nn || !model || !arena || (uintptr_t)arena % MSFCNN_ARENA_ALIGN) {
        return -EINVAL;
    }
    memset(nn, 0, sizeof(*nn));
    if (model->abi != MSFCNN_ABI || model->stage_ops > CONFIG_MSFCNN_STAGE_OPS ||
        model->kernel_lines > CONFIG_MSFCNN_KERNEL_LINES) {
        return -ENOTSUP;
    }
    if (size < model->arena_size) {
        return -ENOMEM;
    }
    nn->model = model;
    nn->arena = arena;
    msfcnn_begin(nn);
    return 0;
}

void msfcnn_begin(msfcnn_t *nn)
{
    nn->stage = 0;
    nn->rows_in = 0;
    msfcnn_begin_stage(nn);
}

/* computes what the input allows; negative if it could not be fetched */
static int _advance(msfcnn_t *nn)
{
    while (nn->stage < nn->model->n_stages) {
        int res = msfcnn_sweep(nn);
        if (res <= 0) {
            return res;
        }
        size_t stage = nn->stage++;
        if (nn->probe) {
            nn->probe(nn->probe_arg, nn, stage);
        }
        if (nn->stage < nn->model->n_stages) {
            msfcnn_begin_stage(nn);
        }
    }
    return 0;
}

int msfcnn_push_row(msfcnn_t *nn, const int8_t *row)
{
    if (!nn || !row || !nn->model) {
        return -EINVAL;
    }
    if (nn->model->input != MSFCNN_INPUT_PUSH) {
        return -ENOTSUP;
    }
    if (nn->rows_in == nn->model->height) {
        return -EALREADY;
    }
    nn->image = row;
    nn->rows_in++;
    _advance(nn);
    nn->image = NULL;
    return nn->rows_in == nn->model->height;
}

int msfcnn_run_pull(msfcnn_t *nn, msfcnn_fetch_t fetch, void *arg)
{
    if (!nn || !fetch || !nn->model) {
        return -EINVAL;
    }
    if (nn->model->input != MSFCNN_INPUT_PULL) {
        return -ENOTSUP;
    }
    msfcnn_begin(nn);
    nn->fetch = fetch;
    nn->fetch_arg = arg;
    return _advance(nn);
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

int msfcnn_run(msfcnn_t *nn, const int8_t *image)
{
    if (!nn || !image || !nn->model) {
        return -EINVAL;
    }
    const msfcnn_model_t *model = nn->model;

    if (model->input == MSFCNN_INPUT_PUSH) {
        msfcnn_begin(nn);
        for (unsigned y = 0; y < model->height; y++) {
            msfcnn_push_row(nn, image + y * _row_bytes(model));
        }
        return 0;
    }
    nn->image = image;
    if (model->input == MSFCNN_INPUT_PULL) {
        msfcnn_run_pull(nn, _fetch_image, nn);
    }
    else {
        msfcnn_begin(nn);
        _advance(nn);
    }
    nn->image = NULL;
    return 0;
}

const int8_t *msfcnn_output(const msfcnn_t *nn, size_t index, size_t *len)
{
    if (len) {
        *len = 0;
    }
    if (!nn || !nn->model || nn->stage < nn->model->n_stages || index >= nn->model->n_outputs) {
        return NULL;
    }
    if (len) {
        *len = nn->model->outputs[index].size;
    }
    return nn->arena + nn->model->outputs[index].offset;
}

void msfcnn_set_probe(msfcnn_t *nn, msfcnn_probe_t probe, void *arg)
{
    nn->probe = probe;
    nn->probe_arg = arg;
}

const int8_t *msfcnn_stage_output(const msfcnn_t *nn, size_t stage, size_t *len)
{
    const msfcnn_stage_t *s = &nn->model->stages[stage];

    if (len) {
        *len = (size_t)s->out_lines * s->out_pixels * s->out_channels;
    }
    return nn->arena + s->output;
}
