// SPDX-FileCopyrightText: 2026 The msfcnn authors
// SPDX-License-Identifier: MIT

// A board around the RTL of CV32E40P: memory that answers in the next cycle, and the files, clock
// and end of the program by the calls of Arm semihosting, which it writes to two words of I/O.
//
//     simulator PROGRAM        runs an ELF file in the working directory; exit code: the program's

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <elf.h>
#include <vector>

#include "Vcv32e40p_top.h"
#include "verilated.h"

namespace {

constexpr uint32_t MEMORY = 0x80000000, MEMORY_SIZE = 64u << 20;
constexpr uint32_t IO_OPERATION = 0x10000000, IO_BLOCK = 0x10000004;

enum { SYS_OPEN = 0x01, SYS_WRITE = 0x05, SYS_READ = 0x06, SYS_EXIT_EXTENDED = 0x20 };
constexpr uint32_t MODE_READ = 1;
constexpr uint32_t FAILED = UINT32_MAX;

[[noreturn]] void stop(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(EXIT_FAILURE);
}

class Board {
public:
    explicit Board(const char *program) : memory_(MEMORY_SIZE) { load(program); }

    // a word of memory, or what the last call has returned
    uint32_t read(uint32_t address)
    {
        if (address == IO_BLOCK) {
            return result_;
        }
        uint32_t word;
        memcpy(&word, bytes(address & ~3u, sizeof(word)), sizeof(word));
        return word;
    }

    void write(uint32_t address, uint32_t word, unsigned enabled)
    {
        if (address == IO_OPERATION) {
            operation_ = word;
            return;
        }
        if (address == IO_BLOCK) {
            result_ = call(word);
            return;
        }
        uint8_t *there = bytes(address & ~3u, sizeof(word));
        for (unsigned i = 0; i < sizeof(word); i++) {
            if (enabled & (1u << i)) {
                there[i] = static_cast<uint8_t>(word >> (8 * i));
            }
        }
    }

    uint32_t entry() const { return entry_; }

private:
    std::vector<uint8_t> memory_;
    std::vector<FILE *> files_;
    uint32_t operation_ = 0, result_ = 0, entry_ = 0;

    uint8_t *bytes(uint32_t address, uint32_t size)
    {
        uint64_t offset = static_cast<uint64_t>(address) - MEMORY;
        if (address < MEMORY || offset + size > MEMORY_SIZE) {
            fprintf(stderr, "the program accesses 0x%08x, where nothing is\n", address);
            exit(EXIT_FAILURE);
        }
        return &memory_[offset];
    }

    void load(const char *program)
    {
        FILE *file = fopen(program, "rb");
        Elf32_Ehdr head;
        if (!file || fread(&head, sizeof(head), 1, file) != 1) {
            stop("the program cannot be read");
        }
        for (unsigned i = 0; i < head.e_phnum; i++) {
            Elf32_Phdr part;
            fseek(file, static_cast<long>(head.e_phoff + i * sizeof(part)), SEEK_SET);
            if (fread(&part, sizeof(part), 1, file) != 1) {
                stop("the program is not an ELF file of 32 bits");
            }
            if (part.p_type != PT_LOAD || part.p_filesz == 0) {
                continue;
            }
            fseek(file, static_cast<long>(part.p_offset), SEEK_SET);
            if (fread(bytes(part.p_paddr, part.p_filesz), part.p_filesz, 1, file) != 1) {
                stop("the program is cut off");
            }
        }
        entry_ = head.e_entry;
        fclose(file);
    }

    uint32_t call(uint32_t block)
    {
        uint32_t a = read(block);
        if (operation_ == SYS_OPEN) {
            const char *name = reinterpret_cast<const char *>(bytes(a, 1));
            FILE *file = fopen(name, read(block + 4) == MODE_READ ? "rb" : "wb");
            if (!file) {
                return FAILED;
            }
            files_.push_back(file);
            return static_cast<uint32_t>(files_.size() - 1);
        }
        if (operation_ == SYS_EXIT_EXTENDED) {
            for (FILE *file : files_) {
                fclose(file);
            }
            exit(static_cast<int>(read(block + 4)));
        }
        uint32_t size = read(block + 8);
        if (a >= files_.size() || (operation_ != SYS_READ && operation_ != SYS_WRITE)) {
            return FAILED;
        }
        uint8_t *there = bytes(read(block + 4), size);
        size_t done = operation_ == SYS_READ ? fread(there, 1, size, files_[a])
                                             : fwrite(there, 1, size, files_[a]);
        return size - static_cast<uint32_t>(done); // what is left over
    }
};

} // namespace

int main(int argc, char **argv)
{
    if (argc != 2) {
        stop("usage: simulator PROGRAM");
    }
    Board board(argv[1]);
    VerilatedContext context;
    Vcv32e40p_top core(&context);

    core.boot_addr_i = board.entry();
    core.mtvec_addr_i = board.entry();
    core.fetch_enable_i = 1;
    core.instr_gnt_i = 1;
    core.data_gnt_i = 1;
    for (uint64_t cycle = 0;; cycle++) {
        core.rst_ni = cycle > 4;
        core.clk_i = 0;
        core.eval();
        bool fetch = core.instr_req_o, access = core.data_req_o, store = core.data_we_o;
        uint32_t at = core.instr_addr_o, address = core.data_addr_o;
        uint32_t word = core.data_wdata_o;
        unsigned enabled = core.data_be_o;
        core.clk_i = 1;
        core.eval();
        core.instr_rvalid_i = fetch;
        core.data_rvalid_i = access;
        if (fetch) {
            core.instr_rdata_i = board.read(at);
        }
        if (access && store) {
            board.write(address, word, enabled);
        }
        else if (access) {
            core.data_rdata_i = board.read(address);
        }
    }
}
