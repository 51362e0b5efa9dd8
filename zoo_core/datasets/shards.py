"""Finished images of a simulated set, kept on disk so that they are simulated once."""

import logging
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from tokenize import TokenError
from typing import TypeVar
from zipfile import BadZipFile

import numpy as np

from ..errors import DatasetError
from ..files import stamp, whole

__all__ = ["ImageShards", "kept_or_made", "read_array", "write_array"]

log = logging.getLogger("zoo")

Made = tuple[np.ndarray, np.ndarray]
Kept = TypeVar("Kept")
SIZE = 500  # images a file
DAMAGED = (EOFError, ValueError, TypeError, SyntaxError, MemoryError, TokenError, BadZipFile)  # what np.load raises


class ImageShards:
    """Images and truth in files of SIZE images, made when they are first asked for.

    Arguments:
        folder: holds one file a shard; the caller names it for what it holds.
        count: number of images.
        make: called with (start, stop); returns images and structured truth of these rows.
    """

    def __init__(self, folder: Path, count: int, make: Callable[[int, int], Made]):
        self.folder, self.count, self.make = folder, count, make

    def images(self, rows: np.ndarray) -> np.ndarray:
        """The images of these rows."""
        return self._collected(rows, lambda shard: self._shard(shard)[0])

    def blocks(self) -> list[Made]:
        """Images, memory mapped, and truth of each file."""
        return [self._shard(shard) for shard in range(-(-self.count // SIZE))]

    def truth(self, rows: np.ndarray) -> np.ndarray:
        """The truth of these rows."""
        return self._collected(rows, lambda shard: self._shard(shard)[1])

    def state(self) -> str:
        """Changes with the truth that is kept."""
        return stamp(sorted(map(str, self.folder.glob("*.truth.npy"))))

    def kept(self) -> Iterator[tuple[int, int, np.ndarray | None]]:
        """First row, the row after the last, and truth of each shard; None where it is not made yet."""
        for start in range(0, self.count, SIZE):
            stop = min(start + SIZE, self.count)
            yield start, stop, read_array(self._files(start // SIZE)[1], stop - start)

    def check(
        self, dataset: str, start: int, kept: np.ndarray, expected: np.ndarray, measured: Collection[str]
    ) -> None:
        """Compare the kept truth of the rows from `start` on with what is drawn; not the columns that are measured.

        Raises:
            DatasetError: they differ.
        """
        for name in (name for name in expected.dtype.names or () if name not in measured):
            ours, theirs = expected[name], kept[name]
            differs = (theirs != ours) & ((theirs == theirs) | (ours == ours))  # NaN is as good as NaN
            for row in np.flatnonzero(differs)[:1]:
                raise DatasetError(
                    f"{dataset}: image {start + row} in {self.folder} has {name} = {theirs[row]}, this version draws "
                    f"{ours[row]}; delete that folder to make the images again"
                )

    def _collected(self, rows: np.ndarray, part: Callable[[int], np.ndarray]) -> np.ndarray:
        shards = rows // SIZE
        parts = {shard: part(shard) for shard in np.unique(shards).tolist() or [0]}
        like = next(iter(parts.values()))
        collected = np.empty((len(rows), *like.shape[1:]), like.dtype)
        for shard, held in parts.items():
            collected[shards == shard] = held[rows[shards == shard] - shard * SIZE]
        return collected

    def _files(self, shard: int) -> tuple[Path, Path]:
        images, truth = (self.folder / f"{shard:05d}.{kind}.npy" for kind in ("images", "truth"))
        return images, truth

    def _shard(self, shard: int) -> Made:
        start, stop = shard * SIZE, min((shard + 1) * SIZE, self.count)

        def make() -> None:
            for path, array in zip(self._files(shard), self.make(start, stop), strict=True):
                write_array(path, array)

        return kept_or_made(lambda: self._kept(shard, stop - start), make)

    def _kept(self, shard: int, rows: int) -> Made | None:
        images, truth = self._files(shard)
        found = read_array(images, rows, mapped=True), read_array(truth, rows)
        return None if found[0] is None or found[1] is None else (found[0], found[1])


def kept_or_made(read: Callable[[], Kept | None], make: Callable[[], None]) -> Kept:
    """What is kept in files, which are made if they are not there or damaged.

    Arguments:
        read: what is there; None if it must be made.
        make: leaves it there.
    """
    if (kept := read()) is not None:
        return kept
    make()
    made = read()
    assert made is not None
    return made


def read_array(path: Path, rows: int, mapped: bool = False) -> np.ndarray | None:
    """The array of `write_array`; None if it is not there, or is damaged and must be made again.

    Arguments:
        path: of the file.
        rows: that it must have.
        mapped: leave it on the disk until it is looked at.
    """
    if not path.exists():
        return None
    try:
        found = np.load(path, mmap_mode="r" if mapped else None, allow_pickle=False)
    except DAMAGED as error:
        log.warning("%s: damaged (%s), so it is made again", path, " ".join(str(error).split()))
        return None
    return found if isinstance(found, np.ndarray) and found.shape[:1] == (rows,) else None


def write_array(path: Path, array: np.ndarray) -> None:
    """An array as an NPY file that is never there in part, whoever else writes it."""
    with whole(path) as part, part.open("wb") as stream:
        np.save(stream, array, allow_pickle=False)
