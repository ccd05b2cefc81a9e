"""Several builds at a time, which end at once when the user has had enough.

Not concurrent.futures: its pools wait for running work on Ctrl-C, and a build may take minutes.
Threads suffice, for the work is done by compilers and emulators.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from msfcnn.firmware.process import Stopped, stop_when

_ENDING = 3.0  # seconds for programs to be ended; whoever computes is not waited for

Task = TypeVar("Task")
Result = TypeVar("Result")


def run_parallel(
    tasks: Sequence[Task], work: Callable[[Task], Result], parallel: int
) -> tuple[Result, ...]:
    """The result of each task, in their order; `parallel` of them run at a time.

    An exception of a task, or of the caller's thread (such as KeyboardInterrupt), ends all
    programs that tasks have started with `run_bounded`, starts no further task and is raised.
    """
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for index in range(len(tasks)):
        waiting.put(index)
    results: dict[int, Result] = {}
    raised: list[BaseException] = []
    stop = threading.Event()
    ended = threading.Semaphore(0)  # Thread.join() is of no use once it has been interrupted

    def take_tasks() -> None:
        """One worker: takes the next task until none is left, an error was raised, or it has
        to stop.
        """
        stop_when(stop)
        try:
            while not stop.is_set():
                index = waiting.get_nowait()
                results[index] = work(tasks[index])
        except (queue.Empty, Stopped):
            pass
        except BaseException as error:
            raised.append(error)
            stop.set()
        finally:
            ended.release()

    running = parallel
    for _ in range(running):  # daemons: the interpreter does not wait for one that is planning
        threading.Thread(target=take_tasks, daemon=True).start()
    try:
        while running:
            ended.acquire()
            running -= 1
    except BaseException:
        stop.set()
        deadline = time.monotonic() + _ENDING
        while running and ended.acquire(timeout=max(0.0, deadline - time.monotonic())):
            running -= 1
        raise
    if raised:
        raise raised[0]
    return tuple(results[index] for index in range(len(tasks)))
