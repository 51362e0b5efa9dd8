"""A run that has come to its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
from astropy.table import Table

from .images import Images
from .ranking import RankedImage, best
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
        command: that asked for them.
        rows, failed: how many; how many of them have status `error`.
    """

    model: Model
    images: Images
    pixel_scale: float | None
    command: str
    pieces: Callable[[], Iterator[pa.Table]]
    rows: int
    failed: int

    def table(self) -> Table:
        """All of them."""
        rows = pa.concat_tables(self.pieces(), promote_options="permissive")
        return to_astropy(rows.replace_schema_metadata(self.facts), self._units)

    def write(self, out: Path) -> None:
        """As a file of the format that its extension names."""
        write_table(out, self.pieces, self._units, self.facts)

    @property
    def _units(self) -> dict[str, str]:
        return self.model.task.units(self.model.heads)

    @property
    def facts(self) -> dict[str, str]:
        """What made the rows, for the metadata of their table."""
        scale = "of each image" if self.pixel_scale is None else f"{self.pixel_scale:g} arcsec"
        return {
            "model": self.model.id,
            "weights_sha256": str(self.model.weights_sha256),
            "zoo_version": version("zoo-core"),
            "pixel_scale": scale,
            "command": self.command,
        }

    def best(self, count: int) -> list[RankedImage]:
        """The best-ranked images."""
        ranking = self.model.task.ranking(self.model.heads)
        return best(self.pieces(), ranking and ranking.column, count)
