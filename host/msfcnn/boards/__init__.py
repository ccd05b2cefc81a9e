"""The boards that msfcnn builds for, read from boards.yaml."""

from msfcnn.boards.board import RUNNERS, Board
from msfcnn.boards.load import find_board, load_boards

__all__ = ["RUNNERS", "Board", "find_board", "load_boards"]
