"""The serial port of a board, found by what its USB bridge reports."""

from __future__ import annotations

from msfcnn.boards import Usb
from msfcnn.errors import AbsentError, Problem


def find_port(board: str, usb: Usb) -> str:
    """The one port that matches. Raises AbsentError if there is none, or more than one."""
    from serial.tools import list_ports

    ports = [p for p in list_ports.comports() if _matches(p.vid, p.pid, p.serial_number, usb)]
    if len(ports) == 1:
        return str(ports[0].device)
    if not ports:
        what = f"no serial port with {_wanted(usb)}"
        hint = "connect it; `python -m serial.tools.list_ports -v` shows what is connected"
    else:
        found = ", ".join(f"{p.device} (serial {p.serial_number})" for p in ports)
        what = f"more than one serial port with {_wanted(usb)}: {found}"
        hint = f"give usb: serial: of {board} in a file named by $MSFCNN_BOARDS, or set PORT"
    raise AbsentError(Problem(board, what, hint))


def _matches(vendor: int | None, product: int | None, serial: str | None, usb: Usb) -> bool:
    pairs = ((usb.vendor, vendor), (usb.product, product), (usb.serial, serial))
    return all(wanted is None or wanted == found for wanted, found in pairs)


def _wanted(usb: Usb) -> str:
    """How a board's USB port is described to a person who has to plug it in."""
    words = []
    if usb.vendor is not None:
        words.append(f"vendor {usb.vendor:04x}")
    if usb.product is not None:
        words.append(f"product {usb.product:04x}")
    if usb.serial is not None:
        words.append(f"serial number {usb.serial}")
    return ", ".join(words)
