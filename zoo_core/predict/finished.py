"""A run that has come to its end."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
from astropy.table import Table

from .hats import is_hats_name, write_hats
from .ranking import RankedImage, best
from .run import Run
from .shards import Shards
from .tables import is_folder, shortened, to_astropy, write_table

if TYPE_CHECKING:
    from ..models.model import Model

__all__ = ["Finished", "facts_of"]

logger = logging.getLogger("zoo")


def facts_of(model: Model, pixel_scale: float | None, command: str) -> dict[str, str]:
    """What made the rows, for the metadata of their table."""
    return {
        "model": model.id,
        "weights_sha256": str(model.weights_sha256),
        "zoo_version": version("zoo-core"),
        "pixel_scale": "of each image" if pixel_scale is None else f"{pixel_scale:g} arcsec",
        "command": command,
    }


@dataclass(frozen=True)
class Finished:
    """All rows of a run, a thousand of them in memory at a time.

    Arguments:
        run: that made them.
        failed: how many have status `error`.
    """

    run: Run
    failed: int

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.run.images)

    def table(self) -> Table:
        """The table of all rows."""
        rows = pa.concat_tables(self.pieces(), promote_options="permissive")
        return to_astropy(rows.replace_schema_metadata(dict(self._shards.facts)), self._shards.units)

    def write(self, out: Path) -> None:
        """Writes a file of the format that its extension names, or a folder whose files are the shards."""
        if is_folder(out):
            self._shards.agree(self.run.count)
        elif is_hats_name(out):
            self._write_hats(out)
        else:
            write_table(out, self.pieces, self._shards.units, self._shards.facts, self.run.scorer.columns)

    def _write_hats(self, out: Path) -> None:
        self._shards.agree(self.run.count)
        lost = write_hats(self._shards.paths(self.run.count), out, self.run.images.margin)
        if lost:
            logger.warning("%s: %d rows have no position and are left out", out, lost)

    def pieces_in_text(self) -> Iterator[pa.Table]:
        """One pass over all rows, their numbers with the digits that a table in text has."""
        return (shortened(piece, self.run.scorer.columns) for piece in self.pieces())

    def pieces(self) -> Iterator[pa.Table]:
        """One pass over all rows."""
        return self.run.pieces()

    @property
    def _shards(self) -> Shards:
        return self.run.shards

    def best(self, count: int) -> list[RankedImage]:
        """The best-ranked images."""
        model = self.run.scorer.model
        ranking = model.task.ranking(model.heads)
        return best(self.pieces(), ranking and ranking.column, count)
