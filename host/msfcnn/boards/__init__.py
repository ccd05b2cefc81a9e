"""The boards that msfcnn builds for, read from boards.yaml.

`board` is what an entry may say, `load` reads files of entries. How a board is built for and run is
in `firmware`; what its processor can do is in `isa`, at the name that the entry gives.
"""

from msfcnn.boards.board import FLASH_HOLES, RUNNERS, Board, Remote, Timeouts, Usb
from msfcnn.boards.load import find_board, find_boards, load_boards

__all__ = [
    "FLASH_HOLES",
    "RUNNERS",
    "Board",
    "Remote",
    "Timeouts",
    "Usb",
    "find_board",
    "find_boards",
    "load_boards",
]
