"""Draws of the posterior of each image, beside the row with its mean and errors."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from ..errors import ArgumentError
from ..files import whole
from ..images.origin import Origin
from ..tasks import Columns, Prediction, Regression
from .reading import OriginOf
from .scoring import Scorer
from .tables import unit_keyword

__all__ = ["COLUMN", "PosteriorScorer"]

COLUMN = "samples"  # of the table: the path of the draws


@dataclass(frozen=True)
class PosteriorScorer(Scorer):
    """Rows with the column `samples`, the path of a FITS table with a column a parameter and a row a draw.

    The draws of an image are a function of its key, whatever stands beside it.

    Arguments:
        draws: of each image.

    Raises:
        ArgumentError: the model states no errors, or it is not said where the draws go.
    """

    draws: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.model.task.states_errors:
            raise ArgumentError(
                f"samples= (--samples): {self.model.id} is for {self.model.task.name}; only regressors draw"
            )
        if self.outputs is None:
            raise ArgumentError(
                "samples= (--samples) are a file each; say with out_dir= (--out-dir) where to write them"
            )
        if COLUMN in self.model.heads.parameters:
            raise ArgumentError(f"{self.model.id} has a parameter {COLUMN!r}, where the paths of the draws would stand")

    @property
    def purpose(self) -> str:
        """What the rows hold."""
        return f"predictions and {self.draws} draws"

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that are predicted."""
        return (*super().columns, COLUMN)

    @property
    def origin_of(self) -> OriginOf | None:
        """What must be kept of the images."""
        return Origin.of

    def _of(self, prediction: Prediction, origins: Sequence[Origin]) -> Columns:
        assert self.outputs is not None
        posterior = cast(Regression, prediction)
        files = [self.outputs.file(origin.path) for origin in origins]
        for k, (file, origin) in enumerate(zip(files, origins, strict=True)):
            draws = posterior.at(k).samples(self.draws, _seed(origin.path))[:, 0].cpu().numpy()
            _write(file, draws, posterior, self.made_by | {"IMAGE": origin.path})
        return posterior.to_table() | {COLUMN: [str(file) for file in files]}


def _seed(key: str) -> int:
    digest = hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def _write(file: Path, draws: np.ndarray, posterior: Regression, made_by: Mapping[str, str]) -> None:
    """Draws (n, P) as a table of a FITS file, which is replaced if there is one."""
    from astropy.io import fits

    columns = [fits.Column(name, "E", array=draws[:, k]) for k, name in enumerate(posterior.parameters)]
    table = fits.BinTableHDU.from_columns(columns, name="SAMPLES")
    for number, unit in enumerate(posterior.units, 1):
        if unit:
            table.header[unit_keyword(unit, number)] = unit
    for name, value in made_by.items():
        table.header[name] = " ".join(value.split()).encode("ascii", "backslashreplace").decode()
    file.parent.mkdir(parents=True, exist_ok=True)
    with whole(file) as partial:
        fits.HDUList([fits.PrimaryHDU(), table]).writeto(partial, overwrite=True)
