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
    if (model->abi != MSFCNN_ABI || model->taps > CONFIG_MSFCNN_TAPS ||
        model->stage_ops > CONFIG_MSFCNN_STAGE_OPS) {
        return -ENOTSUP;
    }
    if (size < model->arena_size) {
        return -ENOMEM;
    }
    nn->model = model;
    nn->arena = arena;
    return 0;
}

void msfcnn_begin(msfcnn_t *nn)
{
    nn->stage = 0;
    nn->rows_in = 0;
    memset(nn->row, 0, sizeof(nn->row));
}

/* computes what the rows that have arrived allow */
static void _advance(msfcnn_t *nn)
{
    while (nn->stage < nn->model->n_stages && msfcnn_sweep(nn)) {
        size_t stage = nn->stage++;
        memset(nn->row, 0, sizeof(nn->row));
        if (nn->probe) {
            nn->probe(nn->probe_arg, nn, stage);
        }
    }
}

int msfcnn_push_row(msfcnn_t *nn, const int8_t *row)
{
    if (!nn || !row || !nn->model) {
        return -EINVAL;
    }
    const msfcnn_model_t *model = nn->model;
    const msfcnn_tensor_t *in = &model->tensors[model->input];

    if (!model->pushed) {
        return -ENOTSUP;
    }
    if (nn->rows_in == in->height) {
        return -EALREADY;
    }
    /* once no stage reads the input any more, others may use its window */
    if (nn->stage <= model->input_stage) {
        size_t len = (size_t)in->width * in->channels;
        memcpy(nn->arena + in->offset + (nn->rows_in % in->rows) * len, row, len);
    }
    nn->rows_in++;
    _advance(nn);
    return nn->rows_in == in->height;
}

int msfcnn_run(msfcnn_t *nn, const int8_t *image)
{
    if (!nn || !image || !nn->model) {
        return -EINVAL;
    }
    const msfcnn_tensor_t *in = &nn->model->tensors[nn->model->input];

    msfcnn_begin(nn);
    if (!nn->model->pushed) {
        nn->image = image;
        nn->rows_in = in->height;
        _advance(nn);
        nn->image = NULL;
        return 0;
    }
    for (unsigned y = 0; y < in->height; y++) {
        msfcnn_push_row(nn, image + (size_t)y * in->width * in->channels);
    }
    return 0;
}

static const int8_t *_tensor(const msfcnn_t *nn, uint16_t index, size_t *len)
{
    const msfcnn_tensor_t *t = &nn->model->tensors[index];

    if (len) {
        *len = (size_t)t->height * t->width * t->channels;
    }
    return msfcnn_row(nn, index, 0);
}

const int8_t *msfcnn_output(const msfcnn_t *nn, size_t index, size_t *len)
{
    if (len) {
        *len = 0;
    }
    if (!nn || !nn->model || nn->stage < nn->model->n_stages || index >= nn->model->n_outputs) {
        return NULL;
    }
    return _tensor(nn, nn->model->outputs[index], len);
}

void msfcnn_set_probe(msfcnn_t *nn, msfcnn_probe_t probe, void *arg)
{
    nn->probe = probe;
    nn->probe_arg = arg;
}

const int8_t *msfcnn_stage_output(const msfcnn_t *nn, size_t stage, size_t *len)
{
    const msfcnn_stage_t *s = &nn->model->stages[stage];

    return _tensor(nn, nn->model->ops[s->first_op + s->n_ops - 1U].output, len);
}
