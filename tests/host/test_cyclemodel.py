"""Cycle models: examples of the reference manuals."""

from __future__ import annotations

import struct

import pytest

from msfcnn.cyclemodel import MODELS, Instruction, disassembled, encoded

LISTING = """
program:     file format elf32-littlearm

Disassembly of section .text:

70000000 <start>:
70000000:\te92d 41f0 \tstmdb\tsp!, {r4, r5, r6, r7, r8, lr}
70000004:\t461c      \tmov\tr4, r3
70000006:\te9dd 7606 \tldrd\tr7, r6, [sp, #24]
7000000a:\tb16c      \tcbz\tr4, 70000026 <start+0x26>
7000000c:\tf44f 720c \tmov.w\tr2, #560\t@ 0x230
70000010:\t20004000 \t.word\t0x20004000
70000014:\tbf00      \tnop
"""


def m4(*lines: str, size: int = 2) -> list[int]:
    """Cycles of consecutive instructions, each of `size` bytes."""
    words = [line.partition(" ") for line in lines]
    program = [Instruction(n * size, size, name, rest) for n, (name, _, rest) in enumerate(words)]
    return [timing.straight for timing in MODELS["cortex-m4"](program)]


def test_a_listing_is_read_without_its_data() -> None:
    found = disassembled(LISTING)
    assert [i.address & 0xFF for i in found] == [0, 4, 6, 10, 12, 20]
    assert [i.size for i in found] == [4, 2, 4, 2, 4, 2]
    assert found[2].arguments == ("r7", "r6", "[sp, #24]")
    assert found[3].operands == "r4, 70000026"
    assert found[4].operands == "r2, #560"
    assert found[0].arguments == ("sp!", "{r4, r5, r6, r7, r8, lr}")


@pytest.mark.parametrize(
    ("lines", "cycles"),
    [
        (("ldr r0, [r1]", "ldr r1, [r2]"), 3),
        (("ldr r0, [r1, r2]", "str r0, [r3, #20]"), 3),
        (("ldr r0, [r1, r2]", "str r1, [r3, r2]"), 3),
        (("ldr r0, [r1, r5]", "ldr r1, [r2, #0]", "ldr r2, [r3, #4]"), 4),
        (("ldr r0, [r1]", "ldr r2, [r0]"), 4),
        (("ldr r0, [r1], #4", "ldr r2, [r1]"), 4),
        (("str r0, [r1]", "ldr r2, [r3]"), 3),
        (("str r0, [r1, r2]", "nop "), 3),
        (("ldrd r0, r1, [r2]", "ldr r3, [r4]"), 5),
        (("strd r0, r1, [r2]",), 3),
        (("ldm r0!, {r1, r2, r3}",), 4),
        (("push {r4-r7, lr}",), 6),
        (("add r1, r1, #4", "ldr r0, [r1]"), 4),
        (("smlad r0, r1, r2, r3", "ldr r4, [r5]"), 3),
        (("smull r0, r1, r2, r3", "ldr r4, [r1]"), 4),
        (("cmp r1, #4", "ldr r0, [r1]"), 3),
        (("mla r0, r1, r2, r3",), 1),
        (("udiv r0, r1, r2",), 12),
        (("vmov r0, s1", "vmov r0, r1, d0"), 3),
    ],
)
def test_cortex_m4_takes_what_its_manual_says(lines: tuple[str, ...], cycles: int) -> None:
    assert sum(m4(*lines)) == cycles


@pytest.mark.parametrize(
    ("line", "refill"),
    [
        ("b 1000", 1),
        ("bne.n 1000", 1),
        ("bl 1000", 1),
        ("cbz r0, 1000", 1),
        ("bx lr", 2),
        ("blx r3", 2),
        ("mov pc, r0", 2),
        ("pop {r4, pc}", 3),
        ("ldr pc, [r0]", 3),
        ("tbb [pc, r0]", 3),
        ("bic r0, r0, #1", 0),
        ("bfi r0, r1, #0, #8", 0),
        ("add r0, r1", 0),
        ("ldr r0, [r1]", 0),
    ],
)
def test_cortex_m4_refills_its_pipeline_after_jumps(line: str, refill: int) -> None:
    name, _, rest = line.partition(" ")
    (timing,) = MODELS["cortex-m4"]([Instruction(0, 2, name, rest)])
    assert timing.jump == refill


def test_a_jump_to_a_wide_instruction_fetches_twice_unless_it_is_aligned() -> None:
    at = [Instruction(0, 2, "nop"), Instruction(2, 4, "nop.w"), Instruction(8, 4, "nop.w")]
    narrow, crossing, aligned = MODELS["cortex-m4"](at)
    assert (narrow.arrived, crossing.arrived, aligned.arrived) == (1, 2, 1)
    assert (narrow.straight, crossing.straight, aligned.straight) == (1, 1, 1)


def test_nothing_overlaps_with_a_load_on_the_other_side_of_a_jump() -> None:
    program = [Instruction(0, 2, "ldr", "r0, [r1]"), Instruction(2, 2, "ldr", "r2, [r3]")]
    _, second = MODELS["cortex-m4"](program)
    assert (second.straight, second.arrived) == (1, 2)


def test_a_table_holds_addresses_and_cycles() -> None:
    program = [Instruction(0x100, 2, "bx", "lr"), Instruction(0x80, 4, "ldr.w", "r0, [r1]")]
    table = encoded(MODELS["cortex-m4"](program))
    assert struct.unpack("<IBBBBIBBBB", table) == (0x80, 2, 2, 0, 1, 0x100, 1, 1, 2, 0)


def rv(model: str, *lines: str) -> list[int]:
    """Cycles of consecutive RV32 instructions, each of two bytes."""
    words = [line.partition(" ") for line in lines]
    program = [Instruction(n * 2, 2, name, rest) for n, (name, _, rest) in enumerate(words)]
    return [timing.straight for timing in MODELS[model](program)]


@pytest.mark.parametrize(
    ("lines", "fe310", "cv32e40p"),
    [
        (("lw a0,0(a1)", "add a2,a0,a3"), 3, 3),
        (("lb a0,0(a1)", "add a2,a0,a3"), 4, 3),
        (("lb a0,0(a1)", "add a2,a3,a3", "add a2,a0,a3"), 4, 3),
        (("lw a0,0(a1)", "sw a0,0(a2)"), 3, 3),
        (("sw a0,0(a1)", "lw a0,0(a1)"), 2, 2),
        (("mul a0,a1,a2", "add a3,a0,a3"), 6, 2),
        (("mul a0,a1,a2", "mul a3,a4,a5"), 6, 2),
        (("mul a0,a1,a2", "add a3,a3,a4", "mul a4,a4,a5"), 6, 3),
        (("mulh a0,a1,a2", "add a3,a3,a4"), 2, 6),
        (("addi a0,a0,1", "addi a0,a0,1"), 2, 2),
        (("lw a0,0(a1)", "bnez a0,1000"), 3, 3),
    ],
)
def test_risc_v_stalls_where_the_manuals_say(
    lines: tuple[str, ...], fe310: int, cv32e40p: int
) -> None:
    assert sum(rv("fe310", *lines)) == fe310
    assert sum(rv("cv32e40p", *lines)) == cv32e40p


def test_branches_of_risc_v() -> None:
    back, forward = Instruction(0x2000, 2, "bnez", "a0,1000"), Instruction(0, 2, "beqz", "a0,1000")
    back_at, forward_at = MODELS["fe310"]([back])[0], MODELS["fe310"]([forward])[0]
    assert (back_at.straight, back_at.straight + back_at.jump) == (4, 1)
    assert (forward_at.straight, forward_at.straight + forward_at.jump) == (1, 4)
    (plain,) = MODELS["cv32e40p"]([back])
    assert (plain.straight, plain.straight + plain.jump) == (1, 3)
    jump, wide = MODELS["cv32e40p"](
        [Instruction(0, 2, "j", "1002"), Instruction(2, 4, "lui", "a0")]
    )
    assert (jump.straight + jump.jump, wide.straight, wide.arrived) == (2, 1, 2)


def test_where_a_branch_leads_nothing_is_waited_for() -> None:
    program = [
        Instruction(0x1000, 2, "lw", "a0,0(a1)"),
        Instruction(0x1002, 2, "addi", "a0,a0,1"),
        Instruction(0x1004, 2, "bnez", "a0,1002"),
    ]
    assert [t.straight for t in MODELS["fe310"](program)] == [1, 1, 4]


@pytest.mark.parametrize(
    ("line", "plus", "plain"),
    [
        ("muls r0, r1", (1, 1), (1, 1)),
        ("ldr r0, [r1, #4]", (2, 2), (2, 2)),
        ("strb r0, [r1, r2]", (2, 2), (2, 2)),
        ("ldmia r0!, {r1, r2, r3}", (4, 4), (4, 4)),
        ("push {r4-r7, lr}", (6, 6), (6, 6)),
        ("pop {r4, pc}", (3, 5), (3, 6)),
        ("bne.n 1000", (1, 2), (1, 3)),
        ("bl 1000", (3, 3), (4, 4)),
        ("bx lr", (1, 2), (1, 3)),
        ("mov pc, r0", (1, 2), (1, 3)),
        ("bics r0, r1", (1, 1), (1, 1)),
    ],
)
def test_cortex_m0_without_and_with_a_jump(
    line: str, plus: tuple[int, int], plain: tuple[int, int]
) -> None:
    name, _, rest = line.partition(" ")
    for model, (without, jumping) in {"cortex-m0plus": plus, "cortex-m0": plain}.items():
        (timing,) = MODELS[model]([Instruction(0, 2, name, rest)])
        assert (timing.straight, timing.straight + timing.jump) == (without, jumping)
