"""Drawing the parameters of scenes ahead, in processes of their own."""

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import TypeVar

import torch

from ...processes import end_with_parent

__all__ = ["drawn_ahead", "processes_beside"]

T = TypeVar("T")
AHEAD = 2  # tasks in flight for each process
MOST_PROCESSES = 12


def drawn_ahead(draw: Callable[[int, int], T], spans: Iterable[tuple[int, int]], processes: int) -> Generator[T]:
    """Results of `draw` for each span, in order; with `processes` = 0 here, when they are asked for.

    The processes are spawned, as forked ones do not survive torch, and end with this one or when the generator is
    closed. Where they cannot start, as from a script without `if __name__ == "__main__"`, everything is drawn here.
    """
    if not processes:
        yield from (draw(*span) for span in spans)
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(processes, mp_context=context, initializer=end_with_parent)
    try:
        yield from _in_order(pool, draw, iter(spans), AHEAD * processes)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def processes_beside(device: torch.device, tasks: int) -> int:
    """How many draw ahead of a device: none of a CPU, which renders slower than one core draws."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return 0 if device.type == "cpu" else min(cores - 1, tasks, MOST_PROCESSES)


def _in_order(
    pool: ProcessPoolExecutor, draw: Callable[[int, int], T], spans: Iterable[tuple[int, int]], ahead: int
) -> Generator[T]:
    waiting: deque[tuple[tuple[int, int], Future[T] | None]] = deque()
    spans = iter(spans)
    while True:
        for span in islice(spans, ahead - len(waiting)):
            waiting.append((span, _submitted(pool, draw, span)))
        if not waiting:
            return
        span, future = waiting.popleft()
        yield _result(future, draw, span)


def _submitted(pool: ProcessPoolExecutor, draw: Callable[[int, int], T], span: tuple[int, int]) -> Future[T] | None:
    try:
        return pool.submit(draw, *span)
    except BrokenProcessPool:
        return None


def _result(future: Future[T] | None, draw: Callable[[int, int], T], span: tuple[int, int]) -> T:
    try:
        return draw(*span) if future is None else future.result()
    except BrokenProcessPool:
        return draw(*span)
