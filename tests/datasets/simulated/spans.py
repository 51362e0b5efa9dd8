"""What other processes are told to draw: a module of its own, since they import it, and nothing heavy."""

import multiprocessing
import os

__all__ = ["die", "square"]


def square(start: int, stop: int) -> tuple[int, int]:
    return start * start, os.getpid()


def die(start: int, stop: int) -> int:
    if multiprocessing.parent_process() is not None:
        os._exit(1)
    return start
