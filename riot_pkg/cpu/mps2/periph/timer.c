/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @ingroup     cpu
 * @{
 *
 * @file
 * @brief       Timer driver: counts with the board's counter, compares with a CMSDK timer
 *
 * The counter has no compare register. The timer counts down to it at the clock of the core,
 * so a compare value far away takes several laps.
 *
 * @}
 */

#include <stdbool.h>

#include "cpu.h"
#include "irq.h"
#include "periph/timer.h"
#include "periph_conf.h"

static timer_cb_t _cb;
static void *_arg;
static uint32_t _divider;   /* clocks of the core per tick */
static uint32_t _target;    /* compare value */
static bool _armed;
static bool _last_lap;

static void _stop(void)
{
    MPS2_TIMER0->ctrl = 0;
    MPS2_TIMER0->interrupt = 1;
    NVIC_ClearPendingIRQ(TIMER0_IRQn);
}

static void _start_lap(uint32_t ticks)
{
    const uint32_t longest = UINT32_MAX / _divider - 1;

    /* a lap that is not the last one leaves enough to be late without missing the target */
    _last_lap = (ticks <= longest);
    _stop();
    MPS2_TIMER0->reload = 0;
    MPS2_TIMER0->value = (_last_lap ? ticks : longest / 2) * _divider + 1;
    MPS2_TIMER0->ctrl = MPS2_TIMER_ON | MPS2_TIMER_IRQ_ON;
}

int timer_init(tim_t dev, uint32_t freq, timer_cb_t cb, void *arg)
{
    if (dev != TIMER_DEV(0) || freq == 0 || CLOCK_CORECLOCK % freq != 0) {
        return -1;
    }
    _stop();
    _cb = cb;
    _arg = arg;
    _armed = false;
    _divider = CLOCK_CORECLOCK / freq;
    MPS2_COUNTER->prescale = _divider - 1;
    MPS2_COUNTER->counter = 0;
    NVIC_EnableIRQ(TIMER0_IRQn);
    return 0;
}

static int _set(tim_t dev, int channel, uint32_t target, uint32_t ticks)
{
    if (dev != TIMER_DEV(0) || channel != 0) {
        return -1;
    }
    _target = target;
    _armed = true;
    _start_lap(ticks);
    return 0;
}

int timer_set(tim_t dev, int channel, unsigned int timeout)
{
    unsigned state = irq_disable();
    int res = _set(dev, channel, MPS2_COUNTER->counter + timeout, timeout);

    irq_restore(state);
    return res;
}

int timer_set_absolute(tim_t dev, int channel, unsigned int value)
{
    unsigned state = irq_disable();
    int res = _set(dev, channel, value, value - MPS2_COUNTER->counter);

    irq_restore(state);
    return res;
}

int timer_clear(tim_t dev, int channel)
{
    if (dev != TIMER_DEV(0) || channel != 0) {
        return -1;
    }
    unsigned state = irq_disable();
    _armed = false;
    _stop();
    irq_restore(state);
    return 0;
}

unsigned int timer_read(tim_t dev)
{
    (void)dev;
    return MPS2_COUNTER->counter;
}

void timer_start(tim_t dev)
{
    (void)dev;
    if (_armed) {
        _start_lap(_target - MPS2_COUNTER->counter);
    }
}

void timer_stop(tim_t dev)
{
    (void)dev;
    _stop();
}

void isr_timer0(void)
{
    _stop();
    if (_armed && !_last_lap) {
        _start_lap(_target - MPS2_COUNTER->counter);
    }
    else if (_armed) {
        _armed = false;
        _cb(_arg, 0);
    }
    cortexm_isr_end();
}
