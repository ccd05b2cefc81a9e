"""The boards that msfcnn builds for, read from boards.yaml."""

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
