/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

#pragma once

/**
 * @file
 * @ingroup     pkg_msfcnn
 * @brief       Runs int8 convolutional networks in a fixed arena
 *
 * A model is generated from ONNX by the host tool: NAME.h, NAME.c and NAME_weights.c. It is
 * constant; everything that changes is in @ref msfcnn_t and in the arena. Contexts do not share
 * anything, so several models, or several contexts of one model, may run side by side.
 *
 * Images are NHWC: row by row, the channels of a pixel together, int8, quantized with the scale
 * and the zero point that NAME.h gives.
 *
 * Every function checks its arguments. A context whose msfcnn_init() has failed, or that is all
 * zero, is refused by all others. Fetch functions and probes may ask for outputs of their context;
 * to begin or to go on with an inference in it is refused with -EBUSY, and msfcnn_init() ends the
 * one that is running with -ECANCELED.
 *
 * ```c
 * static MSFCNN_ALIGNED uint8_t arena[DIGITS_ARENA_SIZE];
 * static msfcnn_t nn;
 *
 * if (msfcnn_init(&nn, &digits_model, arena, sizeof(arena)) == 0 &&
 *     msfcnn_run(&nn, image) == 0) {
 *     size_t len;
 *     const int8_t *scores = msfcnn_output(&nn, 0, &len);
 * }
 * ```
 */

#include <stddef.h>
#include <stdint.h>

#include "msfcnn/config.h"
#include "msfcnn/tables.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct msfcnn msfcnn_t;

/**
 * @brief   Called after each stage, for timing and for dumps
 *
 * @param[in]   arg     as given to msfcnn_set_probe()
 * @param[in]   nn      context
 * @param[in]   stage   index of the stage that has just ended
 */
typedef void (*msfcnn_probe_t)(void *arg, const msfcnn_t *nn, size_t stage);

/**
 * @brief   Brings a rectangle of the image from wherever it is: flash, a file, SPI
 *
 * @param[in]   arg     as given to msfcnn_run_pull()
 * @param[in]   y       first row
 * @param[in]   x       first column
 * @param[in]   height  number of rows
 * @param[in]   width   number of columns
 * @param[out]  out     height * width pixels, row by row, the channels of a pixel together
 *
 * @return  0, or a negative errno value that ends the inference
 */
typedef int (*msfcnn_fetch_t)(void *arg, unsigned y, unsigned x, unsigned height, unsigned width,
                              int8_t *out);

/**
 * @brief   Where an op of the running stage is; pixels are those of its output
 */
typedef struct {
    uint16_t line;          /**< next line */
    uint16_t pixel;         /**< next pixel of it */
    uint16_t low;           /**< first pixel of the band */
    uint16_t high;          /**< end of the band */
    uint16_t fresh;         /**< first pixel that is computed, those before are replayed */
    uint16_t want;          /**< pixels that are asked for */
    uint16_t from;          /**< first pixel in a run that it has written */
    uint16_t pitch;         /**< pixels of a slot of the lines that it writes */
    uint16_t saved_from;    /**< first input pixel that is saved; global: next input pixel */
    uint16_t saved_to;      /**< end of the saved ones; global: next input line */
    uint8_t asker;          /**< op that asks for them, MSFCNN_NONE: the stage */
    uint8_t saved_line;     /**< of shared lines: the one whose pixels are saved, its low bits */
} msfcnn_position_t;

/**
 * @brief   Context of one inference; its members are the engine's own
 */
struct msfcnn {
    const msfcnn_model_t *model;    /**< tables */
    int8_t *arena;                  /**< everything that lives longer than a call */
    const int8_t *image;            /**< the caller's image, or the row that is pushed */
    const int8_t *beside;           /**< the caller's other inputs, NULL: not there yet */
    msfcnn_fetch_t fetch;           /**< brings pixels, of networks that pull */
    void *fetch_arg;                /**< for the fetch function */
    msfcnn_probe_t probe;           /**< may be NULL */
    void *probe_arg;                /**< for the probe */
    const msfcnn_stage_t *running;  /**< stage */
    const msfcnn_op_t *ops;         /**< of the running stage */
    uint16_t stage;                 /**< index of the running one */
    uint16_t op;                    /**< of the stage, where the sweep goes on */
    uint16_t channel;               /**< first output channel of the pass */
    uint16_t rows_in;               /**< input rows that have arrived */
    uint8_t busy;                   /**< a call is computing, which may have called the application */
    msfcnn_position_t at[CONFIG_MSFCNN_STAGE_OPS];      /**< of each op of the stage */
    const int8_t *line[CONFIG_MSFCNN_KERNEL_LINES];     /**< of the run that is computed */
    msfcnn_run_t run;               /**< that is computed: here, it does not burden the stack */
};

/**
 * @brief   Prepares a context and begins the first frame
 *
 * If it fails, all other functions refuse the context.
 *
 * @param[out]  nn      context
 * @param[in]   model   NAME_model of the generated header
 * @param[in]   arena   RAM for the inference, aligned to MSFCNN_ARENA_ALIGN
 * @param[in]   size    its size, at least NAME_ARENA_SIZE
 *
 * @retval  0           success
 * @retval  -EINVAL     an argument is NULL, or the arena is not aligned
 * @retval  -ENOMEM     the arena is too small
 * @retval  -ENOTSUP    the model was generated for another engine version, or needs more than
 *                      CONFIG_MSFCNN_STAGE_OPS or CONFIG_MSFCNN_KERNEL_LINES
 */
int msfcnn_init(msfcnn_t *nn, const msfcnn_model_t *model, void *arena, size_t size);

/**
 * @brief   Runs the network on a whole image
 *
 * The image is only read, and only during the call. A frame that was begun with
 * msfcnn_push_row() is dropped.
 *
 * @param[in,out]   nn      context
 * @param[in]       image   NAME_INPUT_SIZE bytes; a whole NAME_inputs_t if the network has several
 *                          inputs
 *
 * @retval  0           success, see msfcnn_output()
 * @retval  -EINVAL     an argument is NULL or the context was not initialized
 * @retval  -EBUSY      called from a fetch function or a probe of this context
 * @retval  -ECANCELED  a probe has called msfcnn_init()
 */
int msfcnn_run(msfcnn_t *nn, const int8_t *image);

/**
 * @brief   Names the other inputs of a network whose image is pushed or pulled
 *
 * Networks with one input have none, and msfcnn_run() takes all inputs at once. They stay the
 * caller's and must not change until the inference has ended; those of the next one may lie
 * elsewhere.
 *
 * @param[in,out]   nn      context
 * @param[in]       inputs  the other inputs, one behind the other as in a NAME_inputs_t
 *
 * @retval  0           success
 * @retval  -EINVAL     an argument is NULL or the context was not initialized
 * @retval  -EBUSY      called from a fetch function or a probe of this context
 */
int msfcnn_set_inputs(msfcnn_t *nn, const int8_t *inputs);

/**
 * @brief   Runs the network on an image that a function brings piece by piece
 *
 * The network must have been generated for pulled input (`--input pull`). Pixels may be asked for
 * more than once, and in any order.
 *
 * @param[in,out]   nn      context
 * @param[in]       fetch   brings a rectangle of the image
 * @param[in]       arg     its first argument
 *
 * @retval  0           success, see msfcnn_output()
 * @retval  -EINVAL     an argument is NULL, the context was not initialized, or other inputs are
 *                      missing, see msfcnn_set_inputs()
 * @retval  -ENOTSUP    the network was generated for another kind of input
 * @retval  -EBUSY      called from a fetch function or a probe of this context
 * @retval  -ECANCELED  @p fetch or a probe has called msfcnn_init()
 * @retval  <0          what @p fetch returned
 */
int msfcnn_run_pull(msfcnn_t *nn, msfcnn_fetch_t fetch, void *arg);

/**
 * @brief   Begins a new frame for msfcnn_push_row(); drops one that is not complete
 *
 * @param[in,out]   nn      context
 *
 * @retval  0           success
 * @retval  -EINVAL     @p nn is NULL or was not initialized
 * @retval  -EBUSY      called from a fetch function or a probe of this context
 */
int msfcnn_begin(msfcnn_t *nn);

/**
 * @brief   Takes the next row of the image, computes what it makes possible
 *
 * The row may be reused when the call returns. The network must have been generated for pushed
 * input (`--input push`).
 *
 * @param[in,out]   nn      context
 * @param[in]       row     NAME_INPUT_WIDTH * NAME_INPUT_CHANNELS bytes
 *
 * @retval  0           more rows are needed
 * @retval  1           this was the last row of the frame, see msfcnn_output()
 * @retval  -EINVAL     an argument is NULL, the context was not initialized, or other inputs are
 *                      missing, see msfcnn_set_inputs()
 * @retval  -ENOTSUP    the network was generated for another kind of input
 * @retval  -EBUSY      called from a probe of this context
 * @retval  -ECANCELED  a probe has called msfcnn_init()
 * @retval  -EALREADY   the frame is complete, msfcnn_begin() begins the next one
 */
int msfcnn_push_row(msfcnn_t *nn, const int8_t *row);

/**
 * @brief   An output of the last complete inference
 *
 * @param[in]   nn      context
 * @param[in]   index   which output, 0 for most networks
 * @param[out]  len     its size in bytes, may be NULL
 *
 * @return  NHWC values in the arena, valid until the next inference begins
 * @return  NULL, and a length of 0, if the index is too large or the inference is not complete
 */
const int8_t *msfcnn_output(const msfcnn_t *nn, size_t index, size_t *len);

/**
 * @brief   Has a function called after each stage
 *
 * @param[in,out]   nn      context
 * @param[in]       probe   the function, NULL for none
 * @param[in]       arg     its first argument
 *
 * @retval  0           success
 * @retval  -EINVAL     @p nn is NULL or was not initialized
 */
int msfcnn_set_probe(msfcnn_t *nn, msfcnn_probe_t probe, void *arg);

/**
 * @brief   The tensor that a stage has written, for a probe
 *
 * @param[in]   nn      context
 * @param[in]   stage   the stage the probe was called for
 * @param[out]  len     bytes of the tensor, may be NULL
 *
 * @return  its values, NHWC, until the probe returns; a concatenation may be written in several
 *          stages
 * @return  NULL, and a length of 0, if there is no such stage or it has not ended yet
 */
const int8_t *msfcnn_stage_output(const msfcnn_t *nn, size_t stage, size_t *len);

#ifdef __cplusplus
}
#endif
