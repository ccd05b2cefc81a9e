/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

#pragma once

/**
 * @file
 * @brief   What the benchmark's program needs of a machine: a clock, files, its stack
 */

#include <stddef.h>
#include <stdint.h>

#define PORT_READ   0
#define PORT_WRITE  1

#define PORT_FAULT  70      /* exit code of an exception */

/**
 * @brief   The machine's clock, in ticks that never wrap
 */
uint64_t port_clock(void);

/**
 * @brief   Executes a loop of exactly two instructions a turn
 *
 * @param[in]   turns   at least 1
 */
void port_loop(uint32_t turns);

/**
 * @brief   Opens a file of the emulator's working directory
 *
 * @return  a handle, negative if it cannot be opened
 */
int port_open(const char *name, int mode);

/**
 * @brief   Reads or writes all of @p len bytes
 *
 * @return  0 on success
 */
int port_read(int file, void *bytes, size_t len);
int port_write(int file, const void *bytes, size_t len);

/**
 * @brief   Ends the program, and the emulator with it
 */
_Noreturn void port_exit(int code);

int main(void);

#if defined(__arm__)
#  define PORT_STACK    "mov %0, sp"
#elif defined(__riscv)
#  define PORT_STACK    "mv %0, sp"
#elif defined(__xtensa__)
#  define PORT_STACK    "mov %0, a1"
#endif

#ifdef PORT_STACK
/* the stack's region, from the linker script */
extern uint32_t port_stack[];
extern uint32_t port_stack_end[];

static inline uintptr_t port_sp(void)
{
    uintptr_t sp;

    __asm__ volatile (PORT_STACK : "=r"(sp));
    return sp;
}
#endif
