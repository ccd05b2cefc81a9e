"""boards.yaml: what it may hold, one test a rule, and how boards are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from msfcnn.boards import Remote, Timeouts, Usb, find_board, load_boards
from msfcnn.boards.board import Supply
from msfcnn.errors import BoardError, UsageError
from msfcnn.isa import ISAS

GOOD = {"description": "a board", "runner": "host", "isa": "generic"}
SERIAL = {"runner": "serial", "riot": "b", "ram": "16K", "flash": "1M"}
NATIVE = {"runner": "native", "riot": "native64"}


@pytest.fixture(autouse=True)
def no_site_boards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MSFCNN_BOARDS", raising=False)


def boards_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "boards.yaml"
    path.write_text(text)
    return path


def entry(name: str = "b", **changes: str | None) -> str:
    keys = {**GOOD, **changes}
    return f"{name}:\n" + "".join(f"  {k}: {v}\n" for k, v in keys.items() if v is not None)


def complaint(tmp_path: Path, text: str) -> str:
    """The one complaint about a file."""
    with pytest.raises(BoardError) as caught:
        load_boards(boards_file(tmp_path, text))
    (problem,) = caught.value.problems
    return f"{problem.where}: {problem.what}; {problem.hint}"


def test_own_boards_are_valid() -> None:
    boards = load_boards()
    assert find_board("host").runner == "host"
    assert {b.riot for b in boards.values() if b.runner != "host"} >= {
        *("native64", "native32", "qemu-mps2-an386", "qemu-mps2-an500", "hifive1b"),
        *("esp32-wroom-32", "esp32s3-devkit", "esp32c3-devkit", "nucleo-f767zi"),
        *("stm32f746g-disco", "nucleo-f412zg", "nrf52840dk", "rpi-pico", "same54-xpro", "microbit"),
        *("nucleo-u575zi-q", "nrf5340dk-app", "rpi-pico-2-arm", "rpi-pico-2-riscv"),
        *("esp32c6-devkit", "esp32h2-devkit"),
    }
    for both in ("hifive1b", "microbit"):
        assert {b.runner for b in boards.values() if b.riot == both} == {"qemu", "serial"}


def test_all_keys(tmp_path: Path) -> None:
    usb = '{vendor: "0483", product: "374B", serial: "066A"}'
    text = entry(**SERIAL, default_max_ram="8192", clock="1.5M", usb=usb, timeout="{run: 5}")
    board = load_boards(boards_file(tmp_path, text))["b"]
    assert (board.ram, board.flash, board.default_max_ram) == (16384, 1024**2, 8192)
    assert (board.clock, board.usb) == (1_500_000, Usb(0x0483, 0x374B, "066A"))
    assert (board.timeout.run, board.timeout.flash) == (5, Timeouts().flash)


def test_remote_board(tmp_path: Path) -> None:
    text = entry(**SERIAL, remote="{labgrid: lab-3}")
    assert load_boards(boards_file(tmp_path, text))["b"].remote == Remote("labgrid", "lab-3")


def test_remote_board_with_its_own_flash_tool(tmp_path: Path) -> None:
    """And an emulator's timer, which a board behind a place may be."""
    remote = '{labgrid: lab-3, flash: "ssh {place} flash {file}"}'
    text = entry(**SERIAL, remote=remote, time_scale="0.5", timeout="{place: 7}")
    board = load_boards(boards_file(tmp_path, text))["b"]
    assert board.remote == Remote("labgrid", "lab-3", "ssh {place} flash {file}")
    assert (board.time_scale, board.timeout.place) == (0.5, 7)


@pytest.mark.parametrize("flash", ["5", "''", '"pyocd {fil}"'])
def test_flash_commands(tmp_path: Path, flash: str) -> None:
    text = complaint(tmp_path, entry(**SERIAL, remote=f"{{labgrid: p, flash: {flash}}}"))
    assert "is not a command with only {place}, {elf}, {file} in it" in text


def test_site_file_adds_boards_and_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = '{usb: {serial: "066A"}}'
    path = boards_file(tmp_path, f"nucleo-f767zi: {known}\n" + entry("mine", **SERIAL))
    monkeypatch.setenv("MSFCNN_BOARDS", str(path))
    boards = load_boards()
    assert boards["nucleo-f767zi"].usb == Usb(serial="066A")
    assert boards["nucleo-f767zi"].ram == 512 * 1024
    assert boards["mine"].riot == "b"
    assert "host" in boards


def test_site_file_with_another_isa_takes_its_core(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = boards_file(tmp_path, "esp32-wroom-32: {isa: xtensa.mac16}\nrpi-pico: {ram: 200K}\n")
    assert load_boards()["esp32-wroom-32"].core == "xtensa"
    monkeypatch.setenv("MSFCNN_BOARDS", str(path))
    boards = load_boards()
    assert (boards["esp32-wroom-32"].isa, boards["esp32-wroom-32"].core) == ("xtensa.mac16", None)
    assert boards["rpi-pico"].core == "cortex-m0"


def test_site_file_is_named_in_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("nucleo-f767zi: {ram: lots}\n")
    monkeypatch.setenv("MSFCNN_BOARDS", str(path))
    with pytest.raises(BoardError, match=r"mine\.yaml: nucleo-f767zi: ram: 'lots' is not a size"):
        load_boards()


def test_sizes_may_be_left_out_or_null(tmp_path: Path) -> None:
    board = load_boards(boards_file(tmp_path, entry(ram="null")))["b"]
    assert (board.ram, board.flash, board.default_max_ram) == (None, None, None)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.yaml: cannot be read: no such file"):
        load_boards(tmp_path / "none.yaml")


def test_syntax_error_names_the_line(tmp_path: Path) -> None:
    assert "boards.yaml: line 2: " in complaint(tmp_path, "b:\n  isa: }\n")


@pytest.mark.parametrize("text", ["", "[]", "host", "{}"])
def test_a_file_without_boards(tmp_path: Path, text: str) -> None:
    assert "boards.yaml: holds no boards; write one entry a board" in complaint(tmp_path, text)


def test_a_key_given_twice(tmp_path: Path) -> None:
    assert "line 5: the key 'b' is given twice" in complaint(tmp_path, entry() + entry())


@pytest.mark.parametrize("name", ["7", "Nucleo", "a b", "-x"])
def test_board_name(tmp_path: Path, name: str) -> None:
    text = complaint(tmp_path, entry(f"{name}"))
    assert "is not a board name; use lower-case letters" in text


@pytest.mark.parametrize("value", ["", " 5", " [a]"])
def test_entry_without_keys(tmp_path: Path, value: str) -> None:
    text = complaint(tmp_path, f"b:{value}\n")
    assert text.startswith("boards.yaml: b: has no keys; write description, runner, isa")


def test_unknown_key(tmp_path: Path) -> None:
    text = complaint(tmp_path, entry(flahs="1M"))
    assert text == "boards.yaml: b: unknown key 'flahs'; did you mean flash?"


@pytest.mark.parametrize("key", ["description", "runner", "isa"])
def test_missing_key(tmp_path: Path, key: str) -> None:
    text = complaint(tmp_path, entry(**{key: None}))
    assert text.startswith(f"boards.yaml: b: the key '{key}' is missing; write {key}: ")


@pytest.mark.parametrize("text", ["' '", "5", '"two\\nlines"'])
def test_description_is_a_line(tmp_path: Path, text: str) -> None:
    assert "description: is not a line of text" in complaint(tmp_path, entry(description=text))


def test_unknown_runner(tmp_path: Path) -> None:
    text = complaint(tmp_path, entry(runner="jtag"))
    choices = "host or native or qemu or serial"
    assert text == f"boards.yaml: b: runner: unknown runner 'jtag'; write runner: {choices}"


def test_unknown_isa(tmp_path: Path) -> None:
    text = complaint(tmp_path, entry(isa="mmx"))
    known = " or ".join(ISAS)
    assert text == f"boards.yaml: b: isa: unknown isa 'mmx'; write isa: {known}"


@pytest.mark.parametrize("key", ["ram", "flash", "default_max_ram"])
@pytest.mark.parametrize("value", ["lots", "-1", "0", "true", "[1]", "1.5"])
def test_sizes(tmp_path: Path, key: str, value: str) -> None:
    text = complaint(tmp_path, entry(**{key: value}))
    assert f"boards.yaml: b: {key}: " in text
    assert f"is not a size; write {key}: bytes, or K or M" in text


def test_default_limit_fits_into_ram(tmp_path: Path) -> None:
    text = complaint(tmp_path, entry(ram="16K", default_max_ram="16K"))
    assert "default_max_ram (16384) leaves nothing of ram (16384); lower default_max_ram" in text


@pytest.mark.parametrize("key", ["riot", "emulator"])
def test_texts(tmp_path: Path, key: str) -> None:
    keys = {"runner": "qemu", "riot": "b", "emulator": "qemu", key: "5"}
    text = complaint(tmp_path, entry(**keys))
    assert text.startswith(f"boards.yaml: b: {key}: is not a line of text; write {key}: ")


@pytest.mark.parametrize("value", ["fast", "0", "-5", "true", "16 MHz", "[1]", "9" * 400])
def test_clock(tmp_path: Path, value: str) -> None:
    text = complaint(tmp_path, entry(clock=value))
    assert "is not a clock rate; write clock: Hz, or k or M, such as 216M" in text


def test_flash_and_supply(tmp_path: Path) -> None:
    keys = {"flash_wait_states": "0", "supply": "{volts: 3, milliamperes: 4.4}"}
    board = load_boards(boards_file(tmp_path, entry(**keys)))["b"]
    assert (board.flash_wait_states, board.supply) == (0, Supply(3.0, 4.4))
    assert load_boards(boards_file(tmp_path, entry()))["b"].flash_wait_states is None


@pytest.mark.parametrize("value", ["-1", "1.5", "true", "few", "[1]"])
def test_flash_wait_states(tmp_path: Path, value: str) -> None:
    text = complaint(tmp_path, entry(flash_wait_states=value))
    assert "is not a number of cycles; write flash_wait_states: cycles, such as 7" in text


@pytest.mark.parametrize("value", ["3.3", "{}", "{volts: 3}", "{volts: 3, milliamperes: -1}"])
def test_supply(tmp_path: Path, value: str) -> None:
    with pytest.raises(BoardError, match="supply"):
        load_boards(boards_file(tmp_path, entry(supply=value)))


@pytest.mark.parametrize("value", ["slow", "0", "-1", "true", ".inf", "[1]"])
def test_time_scale(tmp_path: Path, value: str) -> None:
    keys = {"runner": "qemu", "riot": "b", "emulator": "qemu"}
    text = complaint(tmp_path, entry(**keys, time_scale=value))
    assert "is not a factor; write time_scale: the rate that RIOT takes" in text


@pytest.mark.parametrize("runner", ["native", "qemu", "serial"])
def test_runner_needs_riots_name(tmp_path: Path, runner: str) -> None:
    keys = {"runner": runner, "ram": "16K", "flash": "16K"}
    keys |= {"emulator": "qemu"} if runner == "qemu" else {}
    text = complaint(tmp_path, entry(**keys))
    assert f"b: runner {runner} needs the key 'riot'; write riot: the board's name" in text


def test_host_does_without_riot(tmp_path: Path) -> None:
    text = complaint(tmp_path, entry(riot="native64"))
    assert "runner host does without RIOT; leave riot out, or write runner: native" in text


def test_qemu_needs_an_emulator(tmp_path: Path) -> None:
    text = complaint(tmp_path, entry(runner="qemu", riot="b"))
    assert "runner qemu needs the key 'emulator'; write emulator: a command line" in text


@pytest.mark.parametrize(("key", "length"), [("ram", "RAM_LEN"), ("flash", "ROM_LEN")])
def test_serial_needs_sizes(tmp_path: Path, key: str, length: str) -> None:
    text = complaint(tmp_path, entry(**{**SERIAL, key: None}))
    assert f"runner serial needs the key '{key}'; write {key}: what RIOT's" in text
    assert text.endswith(f"{length} says")


@pytest.mark.parametrize(
    ("key", "value", "owner"),
    [
        ("emulator", "qemu", "qemu"),
        ("time_scale", "0.5", "qemu"),
        ("usb", '{serial: "1"}', "serial"),
        ("remote", "{iotlab: auto-ssh}", "serial"),
    ],
)
def test_keys_of_another_runner(tmp_path: Path, key: str, value: str, owner: str) -> None:
    text = complaint(tmp_path, entry(**NATIVE, **{key: value}))
    assert f"{key}: means nothing to runner native; leave {key} out" in text
    assert text.endswith(f"write runner: {owner}")


@pytest.mark.parametrize("value", ["5", "{}", "ttyUSB0"])
def test_usb_says_something(tmp_path: Path, value: str) -> None:
    text = complaint(tmp_path, entry(**SERIAL, usb=value))
    assert "usb: says nothing to find a port by; write usb: what its USB bridge reports" in text


def test_usb_keys(tmp_path: Path) -> None:
    text = complaint(tmp_path, entry(**SERIAL, usb='{vendr: "0483"}'))
    assert text == "boards.yaml: b: usb: unknown key 'vendr'; did you mean vendor?"


def test_the_name_is_no_key(tmp_path: Path) -> None:
    assert "b: unknown key 'name'" in complaint(tmp_path, entry() + "  name: x\n")


@pytest.mark.parametrize("key", ["vendor", "product"])
@pytest.mark.parametrize("value", ["0x0483", "1155", '"48"', "null"])
def test_usb_ids(tmp_path: Path, key: str, value: str) -> None:
    text = complaint(tmp_path, entry(**SERIAL, usb=f"{{{key}: {value}}}"))
    assert f"is not a USB id; write {key}: four hexadecimal digits in quotes" in text


@pytest.mark.parametrize("value", ["66", "''", "null"])
def test_usb_serial(tmp_path: Path, value: str) -> None:
    text = complaint(tmp_path, entry(**SERIAL, usb=f"{{serial: {value}}}"))
    assert 'is not a serial number; write serial: "TEXT", in quotes' in text


@pytest.mark.parametrize(
    "value",
    ["lab-3", "{}", "{ssh: x}", "{iotlab: 5}", "{iotlab: a, labgrid: b}", "{iotlab: a, flash: x}"],
)
def test_remote(tmp_path: Path, value: str) -> None:
    text = complaint(tmp_path, entry(**SERIAL, remote=value))
    assert "remote: is not one place; write remote: {iotlab: NODE}" in text


def test_usb_or_remote(tmp_path: Path) -> None:
    text = complaint(tmp_path, entry(**SERIAL, usb='{serial: "1"}', remote="{labgrid: p}"))
    assert "usb and remote are both given; keep usb for a board at this computer" in text


@pytest.mark.parametrize("value", ["60", "{}"])
def test_timeout_has_keys(tmp_path: Path, value: str) -> None:
    text = complaint(tmp_path, entry(timeout=value))
    assert "timeout: has no keys; write timeout: seconds, such as {flash: 60" in text


def test_timeout_keys(tmp_path: Path) -> None:
    text = complaint(tmp_path, entry(timeout="{flsh: 5}"))
    assert text == "boards.yaml: b: timeout: unknown key 'flsh'; did you mean flash?"


@pytest.mark.parametrize("value", ["0", "-1", "soon", "true", ".inf", ".nan"])
def test_timeout_seconds(tmp_path: Path, value: str) -> None:
    text = complaint(tmp_path, entry(timeout=f"{{run: {value}}}"))
    assert "are no seconds; write run: seconds, such as" in text


def test_everything_is_reported_at_once(tmp_path: Path) -> None:
    text = entry("a", isa="mmx", ram="x") + entry("b", runner=None)
    with pytest.raises(BoardError) as caught:
        load_boards(boards_file(tmp_path, text))
    assert [p.where for p in caught.value.problems] == ["boards.yaml: a"] * 2 + ["boards.yaml: b"]


def test_unknown_board_names_the_closest() -> None:
    with pytest.raises(BoardError) as caught:
        find_board("hsot")
    assert caught.value.exit_code == 5
    assert caught.value.problems[0].hint.startswith("did you mean host? the boards are: host, ")


def test_unknown_board_lists_all() -> None:
    with pytest.raises(BoardError) as caught:
        find_board("zx81")
    assert caught.value.problems[0].hint == f"the boards are: {', '.join(load_boards())}"
