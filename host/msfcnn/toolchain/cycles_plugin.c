/*
 * SPDX-FileCopyrightText: 2026 The msfcnn authors
 * SPDX-License-Identifier: MIT
 */

/**
 * @file
 * @brief   Plugin of QEMU that counts cycles by a table of instruction timings
 *
 * Reads the file `timing` of the working directory, one @ref timing_t for each instruction of the
 * program, and keeps the cycles so far in the file `cycles` (uint64), which the program reads by
 * semihosting. QEMU translates code in blocks without jumps inside: what a block takes is added
 * before it is executed, and what it takes less or more after a jump is known by the block before.
 *
 * Debian has no header of QEMU's plugin interface: the declarations below are those of it that are
 * used here. Compile with -DPLUGIN_VERSION=1 for QEMU before 9.0, 2 since.
 */

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef uint64_t qemu_plugin_id_t;
enum { CB_NO_REGS = 0 };
enum { MEM_RW = 3 };

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
                                           void (*translated)(qemu_plugin_id_t,
                                                              struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb,
                                          void (*executed)(unsigned, void *), int flags,
                                          void *argument);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn,
                                      void (*accessed)(unsigned, uint32_t, uint64_t, void *),
                                      int flags, int rw, void *argument);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
unsigned qemu_plugin_mem_size_shift(uint32_t access);

EXPORT int qemu_plugin_version = PLUGIN_VERSION;
EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const void *qemu, int argc, char **argv);

/* one instruction, as msfcnn.cyclemodel writes it */
typedef struct {
    uint32_t address;
    uint8_t straight;       /* cycles behind the instruction before it */
    uint8_t arrived;        /* cycles behind a jump */
    int8_t jump;            /* further cycles if the next instruction is not the one behind it */
    uint8_t unaligned;      /* further cycles for each part of an unaligned access but the first */
} timing_t;

typedef struct {
    uint64_t begin, end;    /* addresses */
    uint32_t straight;      /* cycles when the block is reached without a jump */
    uint32_t arrived;       /* cycles when it is reached by one */
    int32_t jump;           /* cycles of the jump that it may end with */
} block_t;

static timing_t *timings;
static size_t n_timings;
static const block_t *last;
static volatile uint64_t *cycles;

static int compare(const void *key, const void *element)
{
    uint32_t address = *(const uint32_t *)key;
    uint32_t there = ((const timing_t *)element)->address;

    return (address > there) - (address < there);
}

/* of the emulated machine, such as what starts the program */
static bool outside(uint32_t address)
{
    return !n_timings || address < timings[0].address || address > timings[n_timings - 1].address;
}

static void executed(unsigned cpu, void *argument)
{
    const block_t *block = argument;
    bool jumped = !last || last->end != block->begin;

    (void)cpu;
    *cycles += jumped ? block->arrived : block->straight;
    if (jumped && last) {
        *cycles += (uint64_t)(int64_t)last->jump;
    }
    last = block;
}

/* words are accessed in halfwords, at odd addresses byte, halfword, byte; halfwords in bytes */
static void accessed(unsigned cpu, uint32_t access, uint64_t address, void *argument)
{
    const timing_t *timing = argument;
    uint64_t bytes = 1u << qemu_plugin_mem_size_shift(access);

    (void)cpu;
    if (address & (bytes - 1)) {
        *cycles += (bytes == 4 && (address & 1)) ? 2u * timing->unaligned : timing->unaligned;
    }
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    size_t n = qemu_plugin_tb_n_insns(tb);
    block_t *block = calloc(1, sizeof(*block));

    (void)id;
    if (!block) {
        abort();
    }
    for (size_t i = 0; i < n; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        uint32_t address = (uint32_t)qemu_plugin_insn_vaddr(insn);
        timing_t *timing = bsearch(&address, timings, n_timings, sizeof(*timings), compare);

        if (i == 0) {
            block->begin = address;
        }
        block->end = address + qemu_plugin_insn_size(insn);
        if (!timing && outside(address)) {
            continue;
        }
        if (!timing) {
            fprintf(stderr, "no timing of the instruction at 0x%x\n", (unsigned)address);
            exit(1);
        }
        block->straight += timing->straight;
        block->arrived += i ? timing->straight : timing->arrived;
        block->jump = timing->jump;
        if (timing->unaligned) {
            qemu_plugin_register_vcpu_mem_cb(insn, accessed, CB_NO_REGS, MEM_RW, timing);
        }
    }
    qemu_plugin_register_vcpu_tb_exec_cb(tb, executed, CB_NO_REGS, block);
}

static bool read_timings(void)
{
    FILE *file = fopen("timing", "rb");

    if (!file || fseek(file, 0, SEEK_END) != 0) {
        return false;
    }
    n_timings = (size_t)ftell(file) / sizeof(*timings);
    rewind(file);
    timings = malloc(n_timings * sizeof(*timings));
    bool done = timings && fread(timings, sizeof(*timings), n_timings, file) == n_timings;
    fclose(file);
    return done;
}

static bool share_cycles(void)
{
    int file = open("cycles", O_RDWR | O_CREAT | O_TRUNC, 0666);

    if (file < 0 || ftruncate(file, sizeof(*cycles)) != 0) {
        return false;
    }
    void *shared = mmap(NULL, sizeof(*cycles), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    cycles = shared;
    return shared != MAP_FAILED;
}

int qemu_plugin_install(qemu_plugin_id_t id, const void *qemu, int argc, char **argv)
{
    (void)qemu;
    (void)argc;
    (void)argv;
    if (!read_timings() || !share_cycles()) {
        fprintf(stderr, "the files 'timing' and 'cycles' cannot be used\n");
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
