"""Random numbers and fingerprints of data sets that must never change."""

import hashlib
from collections.abc import Iterable, Iterator

import numpy as np

from ...interfaces import Dataset
from ...remembered import remembered
from .simulation import Simulated

__all__ = ["flat", "generator", "is_positive", "table_digest", "table_sha256"]


def generator(version: str, seed: int, index: int, stream: int = 0) -> np.random.Generator:
    """The random numbers of one image, independent of every other image and stream; counter-based Philox."""
    words = hashlib.sha256(f"{version}/{seed}/{stream}".encode()).digest()
    return np.random.Generator(np.random.Philox(key=[int.from_bytes(words[:8], "little"), index]))


def is_positive(index: int, fraction: float) -> bool:
    """Whether image `index` is a positive: spread evenly, so that the first n hold round(n fraction) of them."""
    return int((index + 1) * fraction + 1e-9) > int(index * fraction + 1e-9)


def table_sha256(dataset: Dataset) -> str:
    """sha256 of the whole table of a data set: of all that is drawn for a simulated one, else of the truth.

    Nothing is drawn again while the code that draws and what is kept of the images are the same.

    Raises:
        DatasetError: what is kept of the set is not what it draws.
    """
    if not isinstance(dataset, Simulated):
        return table_digest(_truth_rows(dataset))
    name = f"table {dataset.fingerprint()}"
    return remembered(name, dataset.state(), lambda: {"sha256": table_digest(dataset.drawn())})["sha256"]


def flat(value: object) -> tuple:
    """All numbers and words in nested tuples, in order."""
    if isinstance(value, tuple | list):
        return tuple(leaf for part in value for leaf in flat(part))
    return (value.item() if isinstance(value, np.generic) else value,)


def _truth_rows(dataset: Dataset) -> Iterator[tuple]:
    return zip(*(np.asarray(column).tolist() for column in dataset.truth().values()), strict=True)


def table_digest(rows: Iterable[tuple]) -> str:
    """sha256 of a table of numbers and words.

    Floats count in six significant digits: logarithms and powers differ from processor to processor in their last bits,
    and no image changes with these.
    """
    digest = hashlib.sha256()
    for row in rows:
        digest.update(";".join(_text(value) for value in row).encode() + b"\n")
    return digest.hexdigest()


def _text(value: object) -> str:
    return f"{value + 0.0:.5e}" if isinstance(value, float) else str(value)  # + 0.0: no negative zero
