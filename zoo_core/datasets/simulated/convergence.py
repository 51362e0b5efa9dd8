"""Maps of the convergence of lenses: `convergence_euclid`.

The lenses of `modelling_euclid`, drawn anew, and lenses whose mass is no single ellipsoid, each with the map of its
mass: log10 of the mean convergence over every pixel of the image, on the grid of the image.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from ...errors import DatasetError
from ...interfaces import TrainingView
from ...scores import MassMaps
from ...sim.cutouts import Cutout, deflector
from ...sim.masses import MASSES
from ...sim.rays.masses import centre_of, pixel_convergence, within_einstein_radius
from ...sim.rays.scene import LENS
from ...sim.tables import table
from ...tasks import Heads
from ..shards import ImageShards
from .convergence_bank import MapBank
from .frozen import table_digest
from .modelling import Modelling

if TYPE_CHECKING:
    from ...interfaces import Rows

__all__ = ["Convergence", "convergence_euclid"]

OBSERVED, MAP = 0, 1  # what is kept of each image
MASS = 4  # a stream of random numbers, beside those of `modelling`


class Convergence(Modelling):
    """Simulated lenses, with maps of their mass.

    log10 of the convergence kappa = Sigma / Sigma_cr, in dex, of the mean over each pixel, see
    `sim.rays.masses.pixel_convergence`; axes are those of the image, with which the map turns. External shear has no
    convergence. NaN where the image was not measured.

    Of the truth, `theta_E` is that of the ellipsoid, of a pair and of a lens with subhalos the sum of all; shape and
    slope are those of the main lens, and `mass` is the name of its kind.

    Arguments:
        telescope, n, seed, lens_light, cache: as of `Modelling`.
        masses: kinds of mass, of `sim.masses.MASSES`, which follow each other from image to image.
    """

    def __init__(
        self, telescope: str, n: int, seed: int, masses: Sequence[str], lens_light: bool, cache: Path | str | None
    ):
        super().__init__(telescope, n, seed, lens_light, cache)
        name = f"convergence_{telescope}"
        if isinstance(masses, str) or not masses or set(masses) - set(MASSES):
            raise DatasetError(f"{name}: masses = {masses!r}; give a list of {', '.join(MASSES)}")
        self.description = replace(self.description, name=name, task="convergence", heads=Heads(), symmetries=())
        self.masses = tuple(masses)

    def fingerprint(self) -> str:
        """sha256 of the arguments and of the parameters of the first images."""
        return table_digest([(super().fingerprint(), *self.masses)])

    @functools.cached_property
    def _shards(self) -> ImageShards:
        folder = self.cache / f"{self.description.name}-{self.fingerprint()[:16]}"
        return ImageShards(folder, self.n, super().make)

    def mass_of(self, row: int) -> str:
        """The kind of mass of an image."""
        return self.masses[row % len(self.masses)]

    def cutouts(self, start: int, stop: int) -> list[Cutout]:
        """What is drawn about these images, but their noise; no pixels."""
        return [
            MASSES[self.mass_of(row)](self.stream(row, MASS), cutout, self.telescope.distribution)
            for row, cutout in enumerate(super().cutouts(start, stop), start)
        ]

    def maps(self, start: int, stop: int, dtype: torch.dtype = torch.float64) -> np.ndarray:
        """log10 of the convergence of these images, (B, side, side), float32; computed in this type."""
        frame, drawn = self.telescope.frame, self.cutouts(start, stop)
        return np.stack([pixel_convergence(lenses_of(cutout), frame, dtype).log10().float() for cutout in drawn])

    def truth_of(self, rows: Rows) -> dict[str, np.ndarray]:
        """As of `Modelling`, with `label`, which is 1 as all are lenses, and `mass`."""
        truth, numbers = super().truth_of(rows), self.numbers(rows).tolist()
        kinds = np.array([self.mass_of(row) for row in numbers], dtype=str)
        return {**truth, "label": np.ones(len(numbers), np.int64), "mass": kinds}

    def read(self, rows: np.ndarray) -> np.ndarray:
        """Observed images (B, 1, side, side), float32; NaN where nothing was measured."""
        return self._shards.images(rows)[:, [OBSERVED]]

    def make(self, start: int, stop: int, device: torch.device | str = "cpu") -> tuple[np.ndarray, np.ndarray]:
        """Simulates these images, and their truth, whether or not they are kept."""
        both, truth = super().make(start, stop, device)
        return both[:, [OBSERVED]], truth

    def learned(self, truth: np.ndarray | Mapping[str, np.ndarray]) -> np.ndarray:
        """No parameters, (N, 0): what is learned are maps."""
        return np.zeros((len(truth["theta_E"]), 0), np.float32)

    def targets(self) -> np.ndarray:
        """log10 of the convergence, (n, 1, side, side), float32, dex; NaN where nothing was measured."""
        return self._shards.images(np.arange(self.n))[:, [MAP]]

    def mass_maps(self, rows: Rows) -> MassMaps:
        """The maps of these images, and which of their pixels lie within the Einstein radius."""
        numbers, frame = self.numbers(rows), self.telescope.frame
        log_kappa = self._shards.images(numbers)[:, [MAP]]
        drawn = [lenses_of(self.cutouts(row, row + 1)[0]) for row in numbers.tolist()]
        inside = [within_einstein_radius(pixel_convergence(one, frame).numpy(), centre_of(one), frame) for one in drawn]
        return MassMaps(log_kappa, np.stack(inside)[:, None])

    def training_view(self, folder: Path, device: torch.device) -> TrainingView:
        """Noise-free components and maps, kept in `folder`; brightness, noise, faults and footprint are drawn anew."""
        return MapBank(Path(folder) / f"{self.description.name}-{self.fingerprint()[:16]}", self, device)

    def exposures(self, start: int, stop: int, device: torch.device | str) -> tuple[np.ndarray, np.ndarray]:
        """Image and map of each lens (B, 2, side, side), and their truth."""
        images, truth = super().exposures(start, stop, device)
        maps = np.where(np.isnan(images[:, 0]), np.float32(np.nan), self.maps(start, stop))
        return np.stack([images[:, 0], maps], axis=1), truth


def lenses_of(cutout: Cutout) -> np.ndarray:
    """All that lenses in a cutout, a table of dtype LENS."""
    return table(cutout.masses or (deflector(cutout),), LENS)


def convergence_euclid(
    n: int = 500,
    seed: int = 1,
    masses: Sequence[str] = ("ellipsoid",),
    lens_light: bool = True,
    cache: Path | str | None = None,
) -> Convergence:
    """Lenses in 101 x 101 pixels of 0.1" and the maps of their mass; by default those of one ellipsoid each.

    Arguments:
        masses: kinds that follow each other from image to image: "ellipsoid", the elliptical power law of
            `modelling_euclid`; "pair", two of them; "subhalos", one with dark isothermal subhalos.
        n, seed, lens_light, cache: as of `modelling_euclid`.
    """
    return Convergence("euclid", n, seed, masses, lens_light, cache)
