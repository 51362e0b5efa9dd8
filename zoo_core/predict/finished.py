"""A run that has come to its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
from astropy.table import Table

from .images import Images
from .ranking import Ranked, best
from .scoring import units_of
from .tables import to_astropy, write_table

if TYPE_CHECKING:
    from ..models.model import Model

__all__ = ["Finished"]


@dataclass(frozen=True)
class Finished:
    """All rows of a run, a thousand of them in memory at a time.

    Arguments:
        model: what made them.
        images: in the order of the rows.
        pixel_scale: that was passed.
        pieces: each call passes over all rows once.
        rows, failed: how many; how many of them have status `error`.
    """

    model: Model
    images: Images
    pixel_scale: float | None
    pieces: Callable[[], Iterator[pa.Table]]
    rows: int
    failed: int

    def table(self) -> Table:
        """All of them."""
        return to_astropy(pa.concat_tables(self.pieces(), promote_options="permissive"), units_of(self.model))

    def write(self, out: Path) -> None:
        """As a file of the format that its extension names."""
        write_table(out, self.pieces, units_of(self.model))

    def best(self, count: int) -> list[Ranked]:
        """The best-ranked images."""
        ranking = self.model.task.ranking(self.model.heads)
        return best(self.pieces(), ranking and ranking.column, count)
