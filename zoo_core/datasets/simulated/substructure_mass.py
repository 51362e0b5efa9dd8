"""How much substructure: the mass of the axion, or that of all subhalos, as a number to regress."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...errors import DatasetError
from ...sim.substructure import Scene
from ...tasks import Heads
from .substructure import Substructure, described, facts

if TYPE_CHECKING:
    from ...interfaces import Rows

__all__ = ["SubstructureMass", "substructure_mass"]

QUANTITIES = {
    "axion": ("vort", "axion_mass", "log10_mass"),
    "subhalos": ("sphere", "sub_mass", "log10_subhalo_mass"),
}
"""The class of lens that has it, its column in the truth of `substructure`, and the parameter."""


class SubstructureMass(Substructure):
    """Lenses of one class of `substructure`, with the logarithm of a mass.

    Arguments:
        of: "axion", whose parameter is `log10_mass`, log10 of eV; or "subhalos", `log10_subhalo_mass`, log10 of
            the solar masses of all of them.
        n, seed, difficulty, size, start, cache: as in `Substructure`.
    """

    def __init__(self, n: int, seed: int, difficulty: str, size: int, of: str, start: int, cache: Path | str | None):
        if of not in QUANTITIES:
            raise DatasetError(f"substructure_mass: of = {of!r} is not known; choose one of {list(QUANTITIES)}")
        kind, self.column, self.parameter = QUANTITIES[of]
        super().__init__("substructure_mass", n, seed, difficulty, size, (kind,), start, cache)
        self.description = described(
            "substructure_mass", "regression", Heads(parameters=(self.parameter,), units=("dex",))
        )

    def truth_of(self, rows: Rows) -> dict[str, np.ndarray]:
        """As that of `substructure`, with the parameter."""
        truth = super().truth_of(rows)
        return truth | {self.parameter: truth[self.column]}

    def targets(self) -> np.ndarray:
        """The parameter of each image, shape (n, 1); the images are made first if they were not."""
        return self.truth()[self.parameter].astype(np.float32)[:, None]

    def target(self, scene: Scene) -> list[float]:
        """As in `targets`."""
        return [float(facts(scene, 0)[self.column])]


def substructure_mass(
    n: int = 2_000,
    seed: int = 1,
    difficulty: str = "easy",
    size: int = 64,
    of: str = "axion",
    start: int = 0,
    cache: Path | str | None = None,
) -> SubstructureMass:
    """Lenses with a vortex or with subhalos, and log10 of the axion's mass (eV) or of the subhalos' (solar masses)."""
    return SubstructureMass(n=n, seed=seed, difficulty=difficulty, size=size, of=of, start=start, cache=cache)
