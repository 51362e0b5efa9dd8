"""Reading and preparing images, in other processes while the network works on those before."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from ..errors import ImageError, ZooError
from ..images.image import RawImage
from ..images.preprocess import Prepared, Preprocess

__all__ = ["Job", "PreparedBatch", "Unreadable", "default_workers", "prepared"]

AHEAD = 3  # batches in flight for each worker
WORTH_WORKERS = 256  # images below which starting processes costs more than it saves
SAME_SCALE = 0.01  # relative difference of pixel scales that is no contradiction


@dataclass(frozen=True)
class Unreadable:
    """An image that could not be read, and why."""

    id: str
    path: str
    reason: str


@dataclass(frozen=True, eq=False)
class PreparedBatch:
    """Images ready for the network, and the rows of the table that they and the unusable ones belong to.

    Arguments:
        ids, paths, messages: one a row.
        usable: (rows,) which rows have pixels.
        pixels: (usable rows, bands, size, size) float32, finite.
        contradicted: rows whose header gives another pixel scale than the one that was passed.
    """

    ids: tuple[str, ...]
    paths: tuple[str, ...]
    messages: tuple[str, ...]
    usable: np.ndarray
    pixels: np.ndarray
    contradicted: int = 0


Job = Callable[[], Iterable[RawImage | Unreadable]]


def default_workers(n_images: int, device: str) -> int:
    """Processes that keep a network busy: none for a few images, one less than the cores beside a CPU network."""
    if n_images < WORTH_WORKERS:
        return 0
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores if device == "cpu" else max(1, cores - 1)


def prepared(
    jobs: Iterable[Job], preprocess: Preprocess, pixel_scale: float | None, workers: int
) -> Iterator[PreparedBatch]:
    """The jobs' images, prepared, in the order of the jobs; with `workers` = 0 in this thread."""
    if workers == 0:
        yield from (prepare(job, preprocess, pixel_scale) for job in jobs)
        return
    with _pool(workers) as pool:
        yield from _in_order(pool, iter(jobs), preprocess, pixel_scale, AHEAD * workers)


def prepare(job: Job, preprocess: Preprocess, pixel_scale: float | None) -> PreparedBatch:
    """The images of one job, prepared."""
    rows = [_row(image, preprocess, pixel_scale) for image in job()]
    shape = (0, len(preprocess.bands), preprocess.size, preprocess.size)
    pixels = [row.prepared.pixels for row in rows if row.prepared is not None]
    return PreparedBatch(
        ids=tuple(row.id for row in rows),
        paths=tuple(row.path for row in rows),
        messages=tuple(row.message for row in rows),
        usable=np.array([row.prepared is not None for row in rows], dtype=bool),
        pixels=np.stack(pixels) if pixels else np.empty(shape, np.float32),
        contradicted=sum(row.contradicted for row in rows),
    )


@dataclass(frozen=True, eq=False)
class _Row:
    id: str
    path: str
    message: str
    prepared: Prepared | None = None
    contradicted: bool = False


def _row(image: RawImage | Unreadable, preprocess: Preprocess, pixel_scale: float | None) -> _Row:
    if isinstance(image, Unreadable):
        return _Row(image.id, image.path, _one_line(image.reason))
    try:
        ready = preprocess.prepare(image, pixel_scale)
    except ImageError as error:
        return _Row(image.id, image.path, _one_line(str(error)))
    contradicts = _contradicts(pixel_scale, image.pixel_scale)
    notes = [
        f"{ready.blank} pixels blank" if ready.blank else "",
        f"{ready.padded} pixels padded" if ready.padded else "",
        f"pixel scale {pixel_scale:g} used, the header says {image.pixel_scale:.4g}" if contradicts else "",
    ]
    return _Row(image.id, image.path, "; ".join(filter(None, notes)), ready, contradicts)


def _contradicts(given: float | None, header: float | None) -> bool:
    return given is not None and header is not None and abs(given / header - 1) > SAME_SCALE


def _one_line(message: str) -> str:
    return " ".join(message.split())


def _in_order(
    pool: Executor, jobs: Iterator[Job], preprocess: Preprocess, pixel_scale: float | None, ahead: int
) -> Iterator[PreparedBatch]:
    waiting: deque[Future[PreparedBatch]] = deque()
    try:
        for job in jobs:
            waiting.append(pool.submit(prepare, job, preprocess, pixel_scale))
            if len(waiting) >= ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool as error:
        raise ZooError("a process that reads images was killed, perhaps for its memory; use fewer --workers") from error


@contextmanager
def _pool(workers: int) -> Iterator[Executor]:
    pool = _executor(workers)
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _executor(workers: int) -> Executor:
    # Forked processes start at once and need no `if __name__ == "__main__"` in the caller's script. They only read and
    # prepare, in numpy; where forking is not safe, threads do the same.
    if sys.platform.startswith("linux"):
        return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("fork"))
    return ThreadPoolExecutor(workers)
