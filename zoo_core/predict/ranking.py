"""The best-ranked images of a run."""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

__all__ = ["RankedImage", "best"]


@dataclass(frozen=True)
class RankedImage:
    """One image of a ranking.

    Arguments:
        index: of its row.
        row: all columns.
        score: by which it is ranked; None where nothing ranks.
    """

    index: int
    row: dict[str, Any]
    score: float | None


def best(pieces: Iterable[pa.Table], column: str | None, count: int) -> list[RankedImage]:
    """The usable images with the highest scores, the first of equals first; without a column, the first ones."""
    usable = _usable(pieces, column)
    if column is None:
        return [one for one, _ in zip(usable, range(count), strict=False)]
    return heapq.nsmallest(count, usable, key=lambda one: (-(one.score or 0.0), one.index))


def _usable(pieces: Iterable[pa.Table], column: str | None) -> Iterator[RankedImage]:
    index = 0
    for piece in pieces:
        for row in piece.to_pylist():
            if row["status"] == "ok":
                yield RankedImage(index, row, row[column] if column else None)
            index += 1
