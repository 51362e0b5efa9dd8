"""Doing several things at once, with results in order: networks in threads, readers in processes."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from threading import Lock
from typing import TypeVar

import torch

from ..errors import ZooError
from ..processes import end_with_parent

__all__ = ["cores", "in_processes", "in_threads"]

T = TypeVar("T")
AHEAD = 3  # tasks in flight for each worker


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_threads(tasks: Iterable[Callable[[], T]], threads: int) -> Generator[T]:
    """Results of tasks that compute with torch; several at once, each on one core; with `threads` = 1 as usual.

    A network's small batches on one core each are a fifth faster than one batch on all of them.
    """
    if threads == 1:
        yield from (task() for task in tasks)
        return
    with _one_core_each, _closing(ThreadPoolExecutor(threads)) as pool:
        yield from _in_order(pool, tasks, threads + 1)


def in_processes(tasks: Iterable[Callable[[], T]], processes: int) -> Generator[T]:
    """Results of tasks that read and compute without torch; with `processes` = 0 here.

    Raises:
        ZooError: a process was killed.
    """
    if processes == 0:
        yield from (task() for task in tasks)
        return
    try:
        with _closing(_forked(processes)) as pool:
            yield from _in_order(pool, tasks, AHEAD * processes)
    except BrokenProcessPool as error:
        raise ZooError("a process that reads images was killed, perhaps for its memory; use fewer --workers") from error


def _in_order(pool: Executor, tasks: Iterable[Callable[[], T]], ahead: int) -> Iterator[T]:
    waiting: deque[Future[T]] = deque()
    for task in tasks:
        waiting.append(pool.submit(task))
        if len(waiting) >= ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _forked(processes: int) -> Executor:
    # Forked processes start at once and need no `if __name__ == "__main__"` in the caller's script; they never call
    # torch, whose threads do not survive a fork. Where forking is not safe, threads do the same.
    if sys.platform.startswith("linux"):
        return ProcessPoolExecutor(processes, multiprocessing.get_context("fork"), end_with_parent)
    return ThreadPoolExecutor(processes)


@contextmanager
def _closing(pool: Executor) -> Iterator[Executor]:
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


class _OneCoreEach:
    """While anybody is inside, torch computes on one core; when the last one leaves, on as many as before.

    The number is the process's, and calls may overlap: whoever leaves first must not give the others all cores, and
    whoever enters second must not take the one core for what was before.
    """

    def __init__(self) -> None:
        self._lock, self._inside, self._before = Lock(), 0, 1

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._before = torch.get_num_threads()
            self._inside += 1
            torch.set_num_threads(1)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                torch.set_num_threads(self._before)


_one_core_each = _OneCoreEach()
