"""Programs for boards without boards: make's complaints, ELF files, results, processes."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

import msfcnn
from msfcnn import zoo
from msfcnn.boards import Remote, Timeouts, Usb, find_board, load_boards
from msfcnn.cli.occupancy import board_table, boards_table
from msfcnn.errors import AbsentError, BoardError, UsageError
from msfcnn.firmware import building, labgrid, riot
from msfcnn.firmware.building import Built, Request, build, build_many
from msfcnn.firmware.diagnose import build_error
from msfcnn.firmware.elf import Image, Section, read_image
from msfcnn.firmware.paths import check_directories, for_make
from msfcnn.firmware.port import find_port
from msfcnn.firmware.process import Finished, run_bounded
from msfcnn.firmware.results import Results, is_end, parse_results
from msfcnn.firmware.tally import tally_image
from msfcnn.firmware.trial import judge, run_program, try_out
from msfcnn.render import to_text
from msfcnn.report.code import code_report
from msfcnn.verdict.program import ProgramReport
from msfcnn.verifier import measuring

DIGITS = Path("apps/digits/digits.onnx")


@pytest.fixture
def digits(repo_root: Path) -> Path:
    return repo_root / DIGITS


def failure(board: str, output: str, code: int | None = 2) -> BoardError:
    return build_error(find_board(board), Finished(code, output, 1.0), Path("/RIOT"))


# --- what a failed build means


@pytest.mark.parametrize(
    ("board", "tool", "hint"),
    [
        ("nucleo-f767zi", "arm-none-eabi-gcc", "apt install gcc-arm-none-eabi"),
        ("hifive1b", "riscv64-unknown-elf-gcc", "picolibc-riscv64-unknown-elf"),
        ("esp32-wroom-32", "xtensa-esp32-elf-gcc", "/RIOT/dist/tools/esptools/install.sh esp32,"),
        ("esp32s2-devkit", "xtensa-esp32s2-elf-gcc", "install.sh esp32s2,"),
        ("esp32s3-devkit", "xtensa-esp32s3-elf-gcc", "install.sh esp32s3,"),
        ("esp32c3-devkit", "riscv32-esp-elf-gcc", "install.sh esp32c3,"),
        ("esp32c6-devkit", "riscv32-esp-elf-gcc", "install.sh esp32c6,"),
        ("esp32h2-devkit", "riscv32-esp-elf-gcc", "install.sh esp32h2,"),
        ("hifive1b", "qemu-system-riscv32", "apt install qemu-system-misc"),
    ],
)
def test_a_missing_tool_is_named_with_its_source(board: str, tool: str, hint: str) -> None:
    text = f"\x1b[1;31mCompiler {tool} is required but not found in PATH.  Aborting.\x1b[0m\n"
    error = failure(board, text)
    assert isinstance(error, AbsentError)
    assert error.exit_code == 5
    (problem,) = error.problems
    assert (problem.where, problem.what) == (board, f"{tool} not found")
    assert hint in problem.hint


def test_vendor_headers_that_riot_would_clone() -> None:
    text = "fatal: unable to access 'https://github.com/ARM-software/CMSIS_5/': Could not resolve"
    error = failure("rpi-pico", text)
    assert isinstance(error, AbsentError)
    assert "could not clone" in error.problems[0].what
    assert "https://github.com/ARM-software/CMSIS_5 " in error.problems[0].what
    assert "insteadOf https://github.com/ARM-software/CMSIS_5" in error.problems[0].hint


def test_kernels_that_the_core_cannot_run() -> None:
    text = (
        'k.h:3:4: \x1b[01;31m\x1b[Kerror: \x1b[m\x1b[K#error "msfcnn: x needs MAC16; use isa y"\n'
        '    3 | #  error "msfcnn: x needs MAC16; use isa y"\n'
    )
    (problem,) = failure("hifive1b", text).problems
    assert (problem.what, problem.hint) == ("x needs MAC16", "use isa y")


def test_a_make_that_is_killed() -> None:
    error = failure("microbit", "", code=-9)
    assert error.exit_code == 5
    assert error.problems[0].what == "RIOT's make was ended by signal 9 (Killed)"
    assert "fewer boards" in error.problems[0].hint


def test_too_little_ram() -> None:
    error = failure("microbit", "ld: region `ram' overflowed by 16320 bytes\n")
    assert not isinstance(error, AbsentError)
    assert error.problems[0].what == "the program is 16,320 bytes too large for its RAM"
    assert error.problems[0].hint == "give a lower ram="


def test_a_printf_that_newlib_needs_can_be_done_without() -> None:
    text = "fatal: unable to access 'https://github.com/mpaland/printf/': Could not resolve host"
    error = failure("nucleo-f767zi", text)
    assert isinstance(error, AbsentError)
    assert "install picolibc" in error.problems[0].hint
    assert "picolibc-arm-none-eabi" in error.problems[0].hint


def test_a_package_that_cannot_be_fetched() -> None:
    text = (
        "fatal: git upload-pack: not our ref dc2e\n"
        "make[1]: *** [RIOT/pkg/pkg.mk:144: build/pkg/picosdk/.pkg-state.git-patched] Error 128\n"
    )
    error = failure("rpi-pico-2-arm", text)
    assert isinstance(error, AbsentError)
    assert error.problems[0].what.startswith("RIOT could not fetch its package picosdk: fatal: git")


def test_what_riot_has_not_for_a_board() -> None:
    stop = "RIOT/Makefile.include:1058: *** You can let the build continue.  Stop.\n"
    text = f"There are unsatisfied feature requirements: periph_timer\n{stop}"
    (problem,) = failure("rpi-pico-2-arm", text).problems
    assert problem.what.startswith("RIOT has no periph_timer for this board")
    assert "app=digits" in problem.hint
    text = f"Some feature requirements are blacklisted: newlib\n{stop}"
    (problem,) = failure("esp32c6-devkit", text).problems
    assert problem.what == "it needs newlib, which FEATURES_BLACKLIST excludes"


def test_what_our_makefile_says_comes_through() -> None:
    text = "msfcnn: event.onnx: event.h would hide it\nmsfcnn: rename the file\nmake: *** [x]\n"
    (problem,) = failure("native64", text).problems
    assert (problem.what, problem.hint) == ("event.onnx: event.h would hide it", "rename the file")


def test_paths_that_make_does_not_take(tmp_path: Path) -> None:
    plain, strange = tmp_path / "net.onnx", tmp_path / "a b" / "my $net.onnx"
    strange.parent.mkdir()
    strange.write_text("x")
    link = tmp_path / "in" / "my_net.onnx"
    assert for_make(plain, link) == plain
    assert for_make(strange, link) == link
    assert for_make(strange, link) == link  # again, over the first
    assert link.read_text() == "x"
    with pytest.raises(UsageError) as caught:
        check_directories({"RIOT": tmp_path / "a b", "here": tmp_path, "there": tmp_path / "c#"})
    assert ["RIOT" in p.what or "there" in p.what for p in caught.value.problems] == [True, True]


def test_too_little_ram_below_a_stack() -> None:
    text = (
        "ld: section .stack VMA [80003f00,80003fff] overlaps section .bss VMA [8000005c,800040ff]\n"
        "ld: region `ram' overflowed by 0 bytes\n"
    )
    assert "is 512 bytes too large for its RAM" in failure("hifive1b", text).problems[0].what


@pytest.mark.parametrize(
    ("text", "what"),
    [
        # .bss itself fits, what lies behind it does not: GNU ld names no region
        (
            "ld: section .stack VMA [80003f00,80003fff] overlaps section .noinit"
            " VMA [80003e00,80003f6b]\ncollect2: error: ld returned 1 exit status\n",
            "108 bytes too large for its RAM",
        ),
        (
            "ld: section .noinit VMA [20003e00,20003f6b] overlaps section .stack"
            " VMA [20003f00,20003fff]\ncollect2: error: ld returned 1 exit status\n",
            "108 bytes too large for its RAM",
        ),
        (
            "ld: address 0x20004010 of a.elf section `.noinit' is not within region `ram'\n"
            "collect2: error: ld returned 1 exit status\n",
            "too large for its RAM",
        ),
        (
            "ld.lld: error: section '.bss' will not fit in region 'ram': overflowed by 7 bytes\n",
            "7 bytes too large for its RAM",
        ),
        (
            "ld: section .data LMA [08010000,0801000f] overlaps section .rodata"
            " LMA [08000000,08010003]\ncollect2: error: ld returned 1 exit status\n",
            "4 bytes too large for its flash",
        ),
        ("ld: region `dram0_0_seg' overflowed by 9 bytes\n", "9 bytes too large for its RAM"),
        ("ld: region `iram0_2_seg' overflowed by 9 bytes\n", "9 bytes too large for its flash"),
        ("ld: region `iram0_0_seg' overflowed by 9 bytes\n", "large for its instruction RAM"),
    ],
)
def test_what_is_too_large(text: str, what: str) -> None:
    assert what in failure("hifive1b", text).problems[0].what


def test_too_little_flash() -> None:
    error = failure("microbit", "ld: region `rom' overflowed by 12 bytes\n")
    assert "12 bytes too large for its flash" in error.problems[0].what


def test_build_takes_too_long() -> None:
    error = failure("microbit", "", code=None)
    assert error.problems[0].what == "the build did not end within 900 s"


def test_our_own_error_comes_through() -> None:
    text = "make: ...\nerror: x.onnx: no such file\n  hint: look\nmake: *** [x] Error 2\n"
    problem = failure("native64", text).problems[0]
    assert (problem.what, problem.hint) == ("x.onnx: no such file", "look")


def test_unknown_failure_shows_the_first_error() -> None:
    text = "gcc main.c\nmain.c:3: error: no such thing\nmake: *** [main.o] Error 1\n"
    assert failure("native64", text).problems[0].what.endswith("main.c:3: error: no such thing")


# --- RIOT and its make


def test_without_riot_there_is_advice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RIOTBASE", str(tmp_path))
    with pytest.raises(AbsentError) as caught:
        riot.riot_base()
    assert str(tmp_path) in caught.value.problems[0].what
    assert "git clone https://github.com/RIOT-OS/RIOT" in caught.value.problems[0].hint
    assert "board=host does without" in caught.value.problems[0].hint


def firmware(tmp_path: Path, board: str, monkeypatch: pytest.MonkeyPatch) -> riot.Firmware:
    (tmp_path / "Makefile.include").touch()
    monkeypatch.setenv("RIOTBASE", str(tmp_path))
    return riot.Firmware(find_board(board), tmp_path, tmp_path / "b", tmp_path / "p", {"A": "1"})


def test_the_state_of_an_outer_make_does_not_get_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MSFCNN_MAX_RAM"):
        monkeypatch.setenv(name, "1")
    env = riot.environment(firmware(tmp_path, "native64", monkeypatch), libc=False)
    assert not {"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MSFCNN_MAX_RAM"} & set(env)
    assert (env["BOARD"], env["A"], env["HOME"]) == ("native64", "1", os.environ["HOME"])


def test_an_emulator_is_riots_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env = riot.environment(firmware(tmp_path, "hifive1b", monkeypatch), libc=False)
    assert env["TERMPROG"] == "qemu-system-riscv32"
    assert env["TERMFLAGS"].endswith("-kernel $(ELFFILE)")


def test_places_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / "site.yaml"
    site.write_text(
        "nrf52840dk: {remote: {iotlab: auto-ssh}, usb: null}\n"
        "rpi-pico: {remote: {labgrid: pico 1}}\n"
    )
    monkeypatch.setenv("MSFCNN_BOARDS", str(site))
    env = riot.environment(firmware(tmp_path, "nrf52840dk", monkeypatch), libc=False)
    assert env["IOTLAB_NODE"] == "auto-ssh"
    env = riot.environment(firmware(tmp_path, "rpi-pico", monkeypatch), libc=False)
    assert (env["TERMPROG"], env["TERMFLAGS"]) == ("labgrid-client", "-p 'pico 1' console")
    assert env["FLASHER"] == "labgrid-client"
    assert env["FFLAGS"] == "-p 'pico 1' bootstrap $(FLASHFILE)"


def test_a_place_with_a_flash_tool_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site.yaml"
    remote = '{labgrid: p, flash: "ssh bench-pc load {place} {elf}"}'
    site.write_text(f"rpi-pico: {{remote: {remote}}}\n")
    monkeypatch.setenv("MSFCNN_BOARDS", str(site))
    env = riot.environment(firmware(tmp_path, "rpi-pico", monkeypatch), libc=False)
    assert (env["FLASHER"], env["FFLAGS"]) == ("ssh", "bench-pc load p $(ELFFILE)")


def test_labgrid_without_a_coordinator(monkeypatch: pytest.MonkeyPatch) -> None:
    """The board is absent, and where the coordinator was looked for is said."""
    pytest.importorskip("labgrid")
    monkeypatch.setenv("LG_COORDINATOR", "127.0.0.1:9")
    board = dataclasses.replace(find_board("rpi-pico"), remote=Remote("labgrid", "p"))
    with pytest.raises(AbsentError) as caught, labgrid.acquired(board):
        pass
    (problem,) = caught.value.problems
    assert problem.where == "rpi-pico"
    assert problem.what.startswith("labgrid place p: ")
    assert "127.0.0.1:9" in problem.hint


def test_unknown_application_lists_all(repo_root: Path) -> None:
    with pytest.raises(BoardError) as caught:
        riot.application_directory("bnch")
    assert "bench, digits, stream" in caught.value.problems[0].hint


def test_port_by_id(monkeypatch: pytest.MonkeyPatch) -> None:
    from serial.tools import list_ports, list_ports_common

    def port(device: str, serial: str) -> list_ports_common.ListPortInfo:
        info = list_ports_common.ListPortInfo(device, skip_link_detection=True)
        info.vid, info.pid, info.serial_number = 0x0483, 0x374B, serial
        return info

    there = [port("/dev/ttyACM0", "066A"), port("/dev/ttyACM1", "066B")]
    monkeypatch.setattr(list_ports, "comports", lambda: there)
    assert find_port("b", Usb(0x0483, serial="066B")) == "/dev/ttyACM1"
    board = dataclasses.replace(find_board("nucleo-f767zi"), usb=Usb(serial="066A"))
    monkeypatch.delenv("PORT", raising=False)
    known = {"PORT": "/dev/ttyACM0", "DEBUG_ADAPTER_ID": "066A"}
    assert riot.port_variables(board) == known
    with pytest.raises(AbsentError, match="no serial port with vendor 1366"):
        find_port("b", Usb(0x1366))
    with pytest.raises(AbsentError, match=r"more than one .* ttyACM0 \(serial 066A\)|/dev/ttyACM1"):
        find_port("b", Usb(0x0483, 0x374B))


# --- sizes


def image(stored: Mapping[str, int], symbols: Mapping[str, int]) -> Image:
    sections = (
        Section(".text", 0, 1000, stored=True, ram=False),
        Section(".data", 0x2000, 20, stored=True, ram=True),
        Section(".bss", 0x2100, 500, stored=False, ram=True),
    )
    return Image(sections, stored, symbols)


def test_tally_adds_up() -> None:
    stored = {
        "/bin/msfcnn/engine.o": 300,
        "/bin/msfcnn_model_x/x.o": 20,
        "/bin/msfcnn_model_x/x_weights.o": 400,
        "/bin/core/msg.o": 100,
    }
    symbols = {"arena": 256, "nn": 64, "main_stack": 100, "isr_stack": 10, "other": 9}
    size = tally_image(image(stored, symbols), 4096, 1024)
    assert (size.engine, size.tables, size.weights, size.flash_rest) == (300, 20, 400, 300)
    assert (size.arena, size.state, size.stack, size.static_rest) == (256, 64, 110, 90)
    assert (size.flash, size.ram, size.free) == (1020, 520, 504)


def test_image_of_a_linked_program(tmp_path: Path, require_tool: Callable[[str], str]) -> None:
    """Against what size and nm say about a bare-metal program."""
    gcc, size = require_tool("arm-none-eabi-gcc"), require_tool("arm-none-eabi-size")
    (tmp_path / "a.c").write_text(
        "const char table[1000] = {1}; int used = 5; char arena[3000];\n"
        "int _start(int i) { return table[i] + used + arena[i]; }\n"
    )
    (tmp_path / "x.ld").write_text(
        "MEMORY { rom (rx) : ORIGIN = 0x0, LENGTH = 64K\n"
        " ram (rwx) : ORIGIN = 0x20000000, LENGTH = 16K }\n"
        "SECTIONS { .text : { *(.text*) *(.rodata*) } > rom\n"
        " .data : { *(.data*) } > ram AT > rom\n"
        " .bss : { *(.bss*) *(COMMON) } > ram }\n"
    )
    elf = tmp_path / "a.elf"
    words = [gcc, "-mcpu=cortex-m4", "-nostdlib", "-c", "a.c", "-o", "a.o"]
    subprocess.run(words, cwd=tmp_path, check=True)
    words = [gcc, "-nostdlib", "a.o", "-o", str(elf), "-Tx.ld", "-Wl,-Map=a.map"]
    subprocess.run(words, cwd=tmp_path, check=True)
    said = subprocess.run([size, str(elf)], capture_output=True, text=True, check=True).stdout
    text, data, bss = map(int, said.splitlines()[1].split()[:3])
    found = read_image(elf)
    assert (found.flash, found.ram) == (text + data, data + bss)
    assert found.stored == {"a.o": text + data}
    assert found.symbols == {"used": 4, "arena": 3000}


# like an ESP32: code in RAM, flash that is mapped twice, sections of no content with a write flag
REGIONS = """
MEMORY {
 iram0_0_seg (RX) : ORIGIN = 0x40080000, LENGTH = 128K
 iram0_2_seg (RX) : ORIGIN = 0x400D0020, LENGTH = 3M
 dram0_0_seg (RW) : ORIGIN = 0x3FFB0000, LENGTH = 180736
 drom0_0_seg (R) : ORIGIN = 0x3F400020, LENGTH = 4M
 rtc_slow_seg (RW) : ORIGIN = 0x50000000, LENGTH = 8K
}
SECTIONS {
 .iram0.text : { *(.fast*) } > iram0_0_seg
 .dram0.data : { *(.data*) } > dram0_0_seg
 .noinit (NOLOAD) : { *(.noinit*) } > dram0_0_seg
 .dram0.bss (NOLOAD) : { *(.bss*) *(COMMON) } > dram0_0_seg
 .flash.text : { *(.text*) } > iram0_2_seg
 .flash_rodata_dummy (NOLOAD) : { . += SIZEOF(.flash.text); *(.dummy*) } > drom0_0_seg
 .flash.rodata : { *(.rodata*) *(.kept*) } > drom0_0_seg
 .rtc.bss (NOLOAD) : { *(.rtc*) } > rtc_slow_seg
 /DISCARD/ : { *(.ARM*) *(.comment) }
}
"""


def test_image_is_counted_by_memory_regions(
    tmp_path: Path, require_tool: Callable[[str], str]
) -> None:
    gcc, size = require_tool("arm-none-eabi-gcc"), require_tool("arm-none-eabi-size")
    (tmp_path / "a.c").write_text(
        "const char table[1000] = {1}; int used = 5; char arena[3000];\n"
        '__attribute__((section(".kept"))) int kept[50] = {1};\n'  # written to, says its flag
        '__attribute__((section(".noinit"))) char noinit[70];\n'
        '__attribute__((section(".dummy"))) char dummy[700];\n'
        '__attribute__((section(".rtc"))) char slow[90];\n'
        '__attribute__((section(".fast"))) int fast(int i) { return arena[i] + noinit[i]; }\n'
        "int _start(int i) { return table[i] + used + kept[i] + dummy[i] + slow[i] + fast(i); }\n"
    )
    (tmp_path / "x.ld").write_text(REGIONS)
    elf = tmp_path / "a.elf"
    words = [gcc, "-mcpu=cortex-m4", "-mlong-calls", "-nostdlib", "a.c", "-o", str(elf)]
    words += ["-Tx.ld", "-Wl,-Map=a.map"]
    subprocess.run(words, cwd=tmp_path, check=True, stderr=subprocess.DEVNULL)
    said = subprocess.run([size, "-A", str(elf)], capture_output=True, text=True, check=True)
    rows = [line.split() for line in said.stdout.splitlines() if line.startswith(".")]
    sizes = {row[0]: int(row[1]) for row in rows}
    found = read_image(elf)
    assert sizes[".dram0.bss"] == 3000
    assert sizes[".flash.rodata"] == 1200
    assert found.ram == sizes[".dram0.data"] + sizes[".dram0.bss"] + sizes[".noinit"]
    stored = (".iram0.text", ".dram0.data", ".flash.text", ".flash.rodata")
    assert found.flash == sum(sizes[name] for name in stored)
    assert found.symbols == {"used": 4, "arena": 3000, "noinit": 70}


def test_sizes_that_contradict_or_exceed_the_board_are_problems() -> None:
    symbols = {"arena": 600}  # more than the RAM sections hold
    (problem,) = tally_image(image({}, symbols), 4096, 1024).problems("b")
    assert "static_rest would be -80" in problem.what
    (ram, flash) = tally_image(image({}, {}), 1000, 500).problems("b")
    assert "takes 520 of 500 bytes of RAM" in ram.what
    assert "takes 1,020 of 1,000 bytes of flash" in flash.what
    assert not list(tally_image(image({}, {}), 4096, 1024).problems("b"))


def test_the_image_that_the_caller_keeps_counts() -> None:
    size = tally_image(image({}, {}), None, 1024, 700)
    assert (size.image_in_ram, size.free, size.free_with_image) == (False, 504, -196)
    size = tally_image(image({}, {"image": 300}), None, 1024, 300)
    assert (size.image_in_ram, size.free, size.free_with_image) == (True, 504, 504)
    assert size.data()["free_with_image"] == 504


@pytest.mark.parametrize(
    ("kept", "what"),
    [(0, "504 free"), (500, "504 free, 4 with an image there"), (700, "196 too few for an image")],
)
def test_the_verdict_of_a_run_counts_the_image(
    kept: int, what: str, digits: Path, tmp_path: Path
) -> None:
    built = dataclasses.replace(
        build(on_host(digits, tmp_path)), tally=tally_image(image({}, {}), 4096, 1024, kept)
    )
    (ram,) = (c for c in judge(built, Results((), ended=True)) if c.name == "RAM")
    assert ram.holds
    assert what in ram.what


def test_a_small_board_is_told_that_an_image_in_ram_does_not_fit(digits: Path) -> None:
    size = tally_image(image({}, {}), 4096, 1024, 700)
    planned = code_report(msfcnn.generate(digits))
    found = ProgramReport(
        board="b", model="m", application="bench", program="m.elf", planned=planned, tally=size
    )
    text = to_text((board_table(found),), None, color=False)
    assert re.search(r"image +kept in flash +700", text)
    assert re.search(r"RAM with the image there +1,220 of 1,024\n +missing +196\n", text)
    text = to_text((boards_table([found, found]),), None, color=False)
    assert "an image in RAM does not fit (196 bytes missing)" in text


def test_unreadable_program(tmp_path: Path) -> None:
    (tmp_path / "a.elf").write_text("nothing")
    (tmp_path / "a.map").write_text("nothing")
    with pytest.raises(BoardError, match=r"a\.elf: cannot be read"):
        read_image(tmp_path / "a.elf")


# --- what a program prints


def test_results_of_a_terminal() -> None:
    text = """main(): This is RIOT!
[{"result": "output", "image": 0, "output": 0, "crc": 7, "expected": 7}, {"exit_status": 0}]
[{"result": "output", "image": 1, "output": 0, "crc": 8, "expected": 9}, {"exit_status": 1}]
[{"result": "latency", "median_us": 945}, {"exit_status": 0}]
[{"result": "ram", "arena": 10, "engine": 20, "stack": 30, "stack_size": 40, "heap": 0}, {}]
[{"result": "cut off
[{"result": "end", "failures": 1}, {"exit_status": 1}]
"""
    results = parse_results(text)
    assert [(o.image, o.right) for o in results.outputs] == [(0, True), (1, False)]
    assert (results.arena, results.state, results.stack, results.stack_size) == (10, 20, 30, 40)
    assert (results.heap, results.median_us, results.failures) == (0, 945, ("output",))
    assert results.ended
    assert not parse_results(text[: text.index('[{"result": "end"')]).ended
    assert [is_end(line) for line in text.splitlines()].index(True) == 6


def test_times_of_an_emulated_timer() -> None:
    told = {"result": "latency", "n": 4, "mean_us": 8, "median_us": 6, "max_us": 10}
    results = parse_results(f'[{json.dumps(told)}, {{"exit_status": 0}}]')
    scaled = results.scaled(0.5)
    assert scaled.median_us == 3
    assert scaled.latency == {**told, "mean_us": 4, "median_us": 3, "max_us": 5}
    assert results.scaled(1.0) == results
    assert parse_results("").scaled(0.5) == parse_results("")


# --- processes


def test_a_process_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    script = tmp_path / "hang.sh"
    script.write_text("trap '' TERM HUP INT\necho begun\nsleep 60 &\necho $! >child\nsleep 60\n")
    begin = time.monotonic()
    done = run_bounded(["sh", str(script)], 1.0, cwd=tmp_path)
    assert (done.code, done.output) == (None, "begun\n")
    assert time.monotonic() - begin < 15
    child = int((tmp_path / "child").read_text())
    deadline = time.monotonic() + 5
    while _runs(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _runs(child)


def _runs(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False


def test_a_process_is_ended_when_it_has_said_enough() -> None:
    code = "import time; print('a', flush=True); print('end', flush=True); time.sleep(60)"
    done = run_bounded([sys.executable, "-c", code], 30, until=lambda line: line == "end")
    assert done.stopped
    assert done.seconds < 20


def test_exit_code_and_errors_of_a_process() -> None:
    code = "import sys; sys.stderr.write('bad'); sys.exit(3)"
    assert run_bounded([sys.executable, "-c", code], 30).code == 3
    assert run_bounded([sys.executable, "-c", code], 30).output == "bad"


# --- a terminal, with a Makefile in RIOT's place


def terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recipe: str, seconds: float
) -> Finished:
    from msfcnn.firmware.terminal import run_on_board

    made = firmware(tmp_path, "native64", monkeypatch)
    (tmp_path / "Makefile").write_text(f"cleanterm:\n\t@{recipe}\n")
    board = dataclasses.replace(made.board, timeout=Timeouts(run=seconds))
    return run_on_board(dataclasses.replace(made, board=board))


def test_terminal_of_a_program_that_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = '[{\\"result\\": \\"end\\"}, {}]'
    done = terminal(tmp_path, monkeypatch, f'echo "{line}"; sleep 60', 30)
    assert done.seconds < 20
    assert parse_results(done.output).ended


def test_terminal_of_a_program_that_breaks_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = terminal(tmp_path, monkeypatch, "echo panic", 30)
    assert done.code == 0
    assert done.output.strip() == "panic"


def test_terminal_of_a_program_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child = tmp_path / "child"
    recipe = f"echo begun; trap '' INT HUP TERM; sleep 60 & echo $$! >{child}; sleep 60"
    done = terminal(tmp_path, monkeypatch, recipe, 1)
    assert done.code is None
    assert done.output.strip() == "begun"
    assert done.seconds < 20
    deadline = time.monotonic() + 5
    while _runs(int(child.read_text())) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _runs(int(child.read_text()))


# --- the host, for real


def on_host(model: Path, root: Path) -> Request:
    return Request(find_board("host"), model, root=root)


def test_host_program_passes(digits: Path, tmp_path: Path) -> None:
    trial = try_out(on_host(digits, tmp_path))
    assert trial.passed, trial.checks
    assert len(trial.results.outputs) == 4
    assert trial.results.arena == trial.built.generated.layout.peak_ram
    size = trial.built.tally
    assert size is None or size.flash == size.engine + size.tables + size.weights + size.flash_rest


def replace_program(built: Built, script: str) -> None:
    built.program.write_text(f"#!/bin/sh\n{script}\n")
    built.program.chmod(0o755)


def test_program_that_writes_a_wrong_byte(digits: Path, tmp_path: Path) -> None:
    built = build(on_host(digits, tmp_path))
    real = built.program.with_name("real")
    built.program.rename(real)
    flip = "printf '\\177' | dd of=$2 bs=1 seek=10 conv=notrunc 2>/dev/null"
    replace_program(built, f"{real} $1 $2 && {flip}")
    (outputs,) = (c for c in judge(built, run_program(built)) if c.name == "outputs")
    assert not outputs.holds
    assert "1 of 4 differ, first that of image 1" in outputs.what


def test_program_that_fails(digits: Path, tmp_path: Path) -> None:
    built = build(on_host(digits, tmp_path))
    replace_program(built, "echo no luck; exit 3")
    with pytest.raises(BoardError, match="host: the program failed: no luck"):
        run_program(built)


def test_one_of_many_that_fails_does_not_stop_the_others(
    digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RIOTBASE", str(tmp_path))
    there = Request(find_board("native64"), digits, root=tmp_path)
    absent, host = build_many([there, on_host(digits, tmp_path)])
    assert isinstance(absent.error, AbsentError)
    assert host.built is not None
    assert host.built.program.is_file()


# --- with RIOT


@pytest.fixture(scope="session")
def riot_base() -> Path:
    try:
        return riot.riot_base()
    except BoardError as error:
        pytest.skip(f"RIOT not found: {error.problems[0].hint}")


@pytest.mark.parametrize("board", [b.name for b in load_boards().values() if b.ram])
def test_sizes_of_boards_are_what_riot_says(
    board: str, riot_base: Path, tmp_path: Path, require_tool: Callable[[str], str]
) -> None:
    require_tool("make")
    ours = find_board(board)
    application = riot.application_directory("digits")  # needs less of RIOT's port than bench
    asked = riot.Firmware(ours, application, tmp_path / "b", tmp_path / "p", {})
    ram, rom = riot.ask(asked, ["RAM_LEN", "ROM_LEN"])
    assert ours.ram == _length(ram)
    if rom:  # RIOT leaves the flash of ESP32 to Espressif's tools
        assert ours.flash == _length(rom)


def _length(text: str) -> int:
    return int(text[:-1]) * 1024 if text.endswith("K") else int(text, 0)


def test_application_with_a_model_of_its_own(
    riot_base: Path, tmp_path: Path, require_tool: Callable[[str], str]
) -> None:
    require_tool("make")
    other = tmp_path / "other.onnx"
    other.write_bytes(zoo.build("ds-cnn").SerializeToString())
    request = Request(find_board("native64"), other, application="digits", root=tmp_path)
    with pytest.raises(UsageError, match=r"the application has a model of its own, digits\.onnx"):
        build(request)


def test_a_model_in_a_path_with_spaces_is_built(
    digits: Path, riot_base: Path, tmp_path: Path, require_tool: Callable[[str], str]
) -> None:
    require_tool("make")
    other = tmp_path / "a b" / "my net.onnx"
    other.parent.mkdir()
    other.write_bytes(digits.read_bytes())
    images = digits.with_name("digits_test.npz").read_bytes()
    other.with_name("my net_test.npz").write_bytes(images)
    trial = try_out(Request(find_board("native64"), other, root=tmp_path / "build"))
    assert trial.passed, trial.checks
    header = trial.built.program.parent / "stored" / "stored.h"
    assert "stored_labels[STORED_COUNT] = { -1" not in header.read_text()  # not random ones


def test_the_applications_own_limit_does_not_count(
    digits: Path, riot_base: Path, tmp_path: Path, require_tool: Callable[[str], str]
) -> None:
    """apps/digits has MSFCNN_MAX_RAM ?= 8K; what is planned here has no such bound."""
    require_tool("make")
    request = Request(find_board("native64"), digits, application="digits", root=tmp_path)
    for bounds in ({}, {"max_macs": 1.2}, {"max_ram": 9000, "max_macs": 1.5}):
        asked = dataclasses.replace(request, **bounds)
        told = riot.ask(building.firmware(asked), ["MSFCNN_MAX_RAM", "MSFCNN_MAX_MACS"])
        wanted = (asked.options.max_ram, asked.options.max_macs)
        assert told == tuple("" if bound is None else str(bound) for bound in wanted)


def test_boards_and_host_take_the_same_images(
    digits: Path, riot_base: Path, tmp_path: Path, require_tool: Callable[[str], str]
) -> None:
    """A network that happens to be called like the bundled one does not get its images."""
    require_tool("make")
    other = tmp_path / "digits.onnx"
    other.write_bytes(digits.read_bytes())
    assert measuring.test_images(other) is None
    request = Request(find_board("native64"), other, root=tmp_path)
    assert asked_for_images(request) == ""
    assert asked_for_images(dataclasses.replace(request, model=digits)) == str(
        measuring.test_images(digits)
    )
    # and where RIOT's make is called by hand
    by_hand = dataclasses.replace(building.firmware(request), variables={})
    for model in (digits, other):
        made = dataclasses.replace(by_hand, variables={"MSFCNN_MODEL": str(model)})
        (named,) = riot.ask(made, ["STORED_IMAGES"])
        assert named == str(measuring.test_images(model) or "")


def asked_for_images(request: Request) -> str:
    (value,) = riot.ask(building.firmware(request), ["STORED_IMAGES"])
    return value


def test_espressifs_toolchain_is_asked_for(
    riot_base: Path, repo_root: Path, tmp_path: Path, require_tool: Callable[[str], str]
) -> None:
    require_tool("make")
    if shutil.which("xtensa-esp32-elf-gcc"):
        pytest.skip("Espressif's toolchain is installed here")
    request = Request(find_board("esp32-wroom-32"), repo_root / DIGITS, root=tmp_path)
    with pytest.raises(AbsentError) as caught:
        build(request)
    assert caught.value.problems[0].what == "xtensa-esp32-elf-gcc not found"
    assert "esptools/install.sh esp32," in caught.value.problems[0].hint
    log = (request.directory / "make.log").read_text()
    assert 'for "esp32-wroom-32" with CPU "esp32"' in log  # the dependencies were resolved
    assert (request.directory / "gen" / "digits.c").is_file()
