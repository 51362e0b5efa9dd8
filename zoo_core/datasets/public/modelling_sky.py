"""Real lenses whose Einstein radius has been published, of a folder of telescope images as `sky` reads it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ...errors import DatasetError
from ...interfaces import Description
from ...symmetries import recognised
from ..simulated.modelling import HEADS, heads_of
from .sky import ListedFile, Sky, rows_of, split_of

__all__ = ["ModellingSky", "modelling_sky"]


class ModellingSky(Sky):
    """Lenses with their Einstein radius; of the other parameters nothing is known.

    Arguments:
        rows, bands, pixel_scale, size: as of `Sky`.
        parameters: that a network states, as of `modelling_hst`.
    """

    def __init__(
        self,
        rows: Sequence[ListedFile],
        bands: Mapping[str, str],
        pixel_scale: float,
        size: int,
        parameters: Sequence[str] = HEADS.parameters,
    ):
        super().__init__(rows, bands, pixel_scale, size)
        self.description = Description(
            name="modelling_sky",
            version="1",
            task="regression",
            domain="real",
            bands=tuple(bands),
            pixel_scale=pixel_scale,
            heads=(heads := heads_of(parameters, "modelling_sky")),
            symmetries=recognised(heads.parameters, heads.units),
        )

    def truth(self) -> dict[str, np.ndarray]:
        """`id`, `theta_E`, the other parameters, which are NaN, and of the table `object`, `arc` and `kind`."""
        found = super().truth()
        unknown = dict.fromkeys(self.description.heads.parameters, np.full(len(self), np.nan))
        return {"id": found["id"], **unknown, **{name: found[name] for name in ("theta_E", "object", "arc", "kind")}}

    def fingerprint(self) -> str:
        """sha256 of names, sizes and Einstein radii, and of the scale."""
        radii = ";".join(f"{row.theta_E:.6f}" for row in self._rows.values())
        return hashlib.sha256(f"{super().fingerprint()} {radii}".encode()).hexdigest()


def modelling_sky(
    path: str | Path,
    split: str | None = None,
    bands: Mapping[str, str] | None = None,
    pixel_scale: float = 0.1,
    size: int = 101,
    parameters: Sequence[str] = HEADS.parameters,
    largest: float = math.inf,
) -> ModellingSky:
    """Lenses of the folder `path` whose theta_E stands in its labels.csv; arguments as of `sky`, and `parameters`
    as of `modelling_hst`.

    Arguments:
        largest: Einstein radius, arcsec; of a network that measures compact lenses others ask nothing.

    The column theta_E has to hold the Einstein radius of `docs/conventions.md`, arcsec: the mean convergence inside the
    ellipse of area pi theta_E^2 is 1, as lenstronomy has it.

    Raises:
        DatasetError: the table is missing or malformed, or it names no such lens.
    """
    bands = bands or {"VIS": "F814W"}
    rows = [
        row
        for row in rows_of(Path(path).expanduser())
        if row.label == 1 and row.theta_E <= largest and set(bands.values()) <= set(row.bands)
        if split in (None, split_of(row.name))
    ]
    if not rows:
        most = "" if math.isinf(largest) else f" of at most {largest:g} arcsec"
        raise DatasetError(
            f"modelling_sky: {path} has no lens with theta_E{most} in {', '.join(bands.values())} in the split "
            f"{split or 'all'}"
        )
    return ModellingSky(rows, bands, pixel_scale, size, parameters)
