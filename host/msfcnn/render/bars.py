"""Progress bars on the standard error stream, for people who watch."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Bars = Callable[[str], Callable[[int, int], None]]


@contextmanager
def progress_bars() -> Iterator[Bars]:
    """A function that begins a bar with a title; what it returns moves the bar: (done, total).

    A bar that is complete disappears. Where nobody watches, nothing is shown.
    """
    if not sys.stderr.isatty():
        yield lambda _: lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as shown:

        def begin(title: str) -> Callable[[int, int], None]:
            task = shown.add_task(title, total=None)

            def move(done: int, total: int) -> None:
                shown.update(task, completed=done, total=total, visible=done < total)

            return move

        yield begin
