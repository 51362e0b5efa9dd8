"""A run over many images: what is there already, what is missing, and the missing shards made."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import islice, repeat
from threading import Lock

import numpy as np
import pyarrow as pa

from .at_once import AtOnce
from .images import Images
from .options import Progress
from .parallel import in_processes, in_threads
from .reading import PreparedBatch, prepare
from .scoring import Scorer
from .shards import SHARD, Shards

__all__ = ["Run"]

POSITION = ("ra", "dec")  # columns
N_NAMING = 4  # columns that name an image: id, path, status, message

logger = logging.getLogger("zoo")

Work = Callable[[], tuple[pa.Table, bool]]


@dataclass(frozen=True)
class Run:
    """The rows of all images, in shards.

    Arguments:
        scorer: makes rows of prepared images.
        images: in the order of the rows.
        shards: where finished rows are kept.
        pixel_scale: arcsec, overrides the headers; or None.
        at_once: images in a batch, processes that read, threads that compute.
    """

    scorer: Scorer
    images: Images
    shards: Shards
    pixel_scale: float | None
    at_once: AtOnce

    def finish(self, progress: Progress | None) -> None:
        """Make the shards that are not there yet."""
        keys = {number: self._key(number) for number in range(self.count)}
        missing = [number for number, key in keys.items() if not self.shards.has(number, key)]
        done = len(self.images) - sum(stop - start for start, stop in map(self.span, missing))
        with closing(self._rows(missing)) as batches:
            for number in missing:
                rows = []
                for batch in islice(batches, len(self._parts(number))):
                    rows.append(batch)
                    done += len(batch)
                    if progress:
                        progress(done, len(self.images))
                table = pa.concat_tables(rows, promote_options="permissive")
                self.shards.write(number, self._with_catalog(table, number), keys[number])

    def missing(self) -> Iterator[int]:
        """The shards that are not there yet."""
        there = self.shards
        return (n for n in range(self.count) if not (there.exists(n) and there.has(n, self._key(n))))

    @property
    def count(self) -> int:
        """Number of shards; a run without images has one, which is empty."""
        return -(-len(self.images) // SHARD) or 1

    def span(self, number: int) -> tuple[int, int]:
        """The images of a shard: the first, and the one after the last."""
        return number * SHARD, min((number + 1) * SHARD, len(self.images))

    def pieces(self) -> Iterator[pa.Table]:
        """All rows in order; without columns of positions where no image has one."""
        nowhere = self.images.on_sky and self.shards.lack(POSITION[0], self.count)
        return (rows.drop_columns([*POSITION]) if nowhere else rows for rows in self.shards.all(self.count))

    def failed(self) -> int:
        """Rows with status `error`."""
        return self.shards.failed(self.count)

    def _rows(self, numbers: list[int]) -> Generator[pa.Table]:
        """Rows of the images of these shards, a batch at a time, in order."""
        jobs = (self.images.job(*part) for number in numbers for part in self._parts(number))
        reads = (
            partial(prepare, job, self.scorer.model.preprocess, self.pixel_scale, self.scorer.origin_of) for job in jobs
        )
        workers, threads = self.at_once.workers, self.at_once.threads
        with closing(in_processes(reads, workers)) as batches:
            # Without processes that read, whichever thread computes a batch also reads it.
            tasks = map(self._scored, batches) if workers else map(self._read_and_scored, reads, repeat(Lock()))
            contradicted = False
            with closing(in_threads(tasks, threads)) as scored:
                for rows, contradicts in scored:
                    if contradicts and not contradicted:
                        logger.warning(
                            "headers differ from the pixel scale of %g arcsec, which is used", self.pixel_scale
                        )
                    contradicted = contradicted or contradicts
                    yield rows

    def _scored(self, batch: PreparedBatch) -> Work:
        def task() -> tuple[pa.Table, bool]:
            rows = self.scorer.rows(batch)
            return _located(rows, batch.sky) if self.images.on_sky else rows, batch.contradicted > 0

        return task

    def _read_and_scored(self, read: Callable[[], PreparedBatch], lock: Lock) -> Work:
        def task() -> tuple[pa.Table, bool]:
            with lock:  # two threads that both need the interpreter take twice as long in all
                batch = read()
            return self._scored(batch)()

        return task

    def _key(self, number: int) -> str:
        """What the rows of a shard depend on."""
        model = self.scorer.model
        identity = {
            "weights": model.weights_sha256,
            "preprocess": model.preprocess.digest,
            "trained_at": model.preprocess.trained_at,
            "symmetries": repr(model.spec.symmetries if model.spec else ()),
            "heads": repr(model.heads),
            "calibration": repr(model.calibration),
            "familiarity": repr(model.familiarity),
            "views": model.views,
            **model.conditions,
            "precision": self.scorer.precision,
            "purpose": self.scorer.purpose,
            "pixel_scale": self.pixel_scale,
            "outputs": self.scorer.outputs and self.scorer.outputs.identity,
            "images": self.images.identity(*self.span(number)),
        }
        return hashlib.sha256(json.dumps(identity).encode()).hexdigest()

    def _with_catalog(self, rows: pa.Table, number: int) -> pa.Table:
        """The columns with those that are kept of a catalogue, before those of the task."""
        columns = self.images.carried(*self.span(number))
        if columns is None:
            return rows
        for place, name in enumerate(columns.column_names, N_NAMING + 2 * self.images.on_sky):
            rows = rows.add_column(place, name, columns[name])
        return rows

    def _parts(self, number: int) -> list[tuple[int, int]]:
        (start, stop), step = self.span(number), self.at_once.batch_size
        return [(first, min(first + step, stop)) for first in range(start, max(stop, start + 1), step)]


def _located(rows: pa.Table, sky: np.ndarray) -> pa.Table:
    """The columns with `ra` and `dec` before those of the task, null where unknown."""
    for place, (name, values) in enumerate(zip(POSITION, sky.T, strict=True), N_NAMING):
        rows = rows.add_column(place, name, pa.array(values, pa.float64(), from_pandas=True))
    return rows
