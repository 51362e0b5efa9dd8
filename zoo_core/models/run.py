"""A run over many images: what is there already, what is missing, and the missing shards made."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice

import pyarrow as pa
import pyarrow.compute as pc

from .inputs import Images
from .reading import PreparedBatch, prepared
from .scoring import Scorer
from .shards import Shards

__all__ = ["SHARD", "Progress", "Run"]

SHARD = 1024  # rows; a killed run loses at most so many

logger = logging.getLogger("zoo")

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Run:
    """The rows of all images, in shards.

    Arguments:
        scorer: makes rows of prepared images.
        images: in the order of the rows.
        shards: where finished rows are kept.
        pixel_scale: arcsec, overrides the headers; or None.
        batch_size: images at once.
        workers: processes that read and prepare, 0 for none.
    """

    scorer: Scorer
    images: Images
    shards: Shards
    pixel_scale: float | None
    batch_size: int
    workers: int

    def finish(self, progress: Progress | None) -> None:
        """Make the shards that are not there yet."""
        keys = {number: self._key(number) for number in range(self._count())}
        missing = [number for number, key in keys.items() if not self.shards.has(number, key)]
        done = len(self.images) - sum(stop - start for start, stop in map(self._span, missing))
        with closing(self._batches(missing)) as batches:
            for number in missing:
                rows = []
                for batch in islice(batches, len(self._parts(number))):
                    rows.append(self.scorer.rows(batch))
                    done += len(batch.ids)
                    if progress:
                        progress(done, len(self.images))
                self.shards.write(number, pa.concat_tables(rows, promote_options="permissive"), keys[number])

    def pieces(self) -> Iterator[pa.Table]:
        """All rows in order."""
        return self.shards.all(self._count())

    def failed(self) -> int:
        """Rows with status `error`."""
        return sum(pc.sum(pc.equal(piece["status"], "error")).as_py() or 0 for piece in self.pieces())

    def _batches(self, numbers: list[int]) -> Generator[PreparedBatch]:
        jobs = (self.images.job(*part) for number in numbers for part in self._parts(number))
        told = False
        for batch in prepared(jobs, self.scorer.model.preprocess, self.pixel_scale, self.workers):
            if batch.contradicted and not told:
                told = True
                logger.warning("headers differ from the pixel scale of %g arcsec, which is used", self.pixel_scale)
            yield batch

    def _key(self, number: int) -> str:
        """What the rows of a shard depend on."""
        model = self.scorer.model
        told = {
            "weights": model.weights_sha256,
            "preprocess": model.preprocess.digest,
            "heads": repr(model.heads),
            "views": model.views,
            "precision": self.scorer.precision,
            "pixel_scale": self.pixel_scale,
            "out_dir": str(self.scorer.out_dir),
            "images": self.images.keys(*self._span(number)),
        }
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()

    def _count(self) -> int:
        return -(-len(self.images) // SHARD) or 1

    def _span(self, number: int) -> tuple[int, int]:
        return number * SHARD, min((number + 1) * SHARD, len(self.images))

    def _parts(self, number: int) -> list[tuple[int, int]]:
        start, stop = self._span(number)
        return [
            (first, min(first + self.batch_size, stop)) for first in range(start, max(stop, start + 1), self.batch_size)
        ]
