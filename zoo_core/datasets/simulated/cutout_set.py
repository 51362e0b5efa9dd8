"""What data sets of simulated cutouts have in common: lens finding and lens modelling."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from ...sim.cutouts import Cutout
from ...sim.telescope.footprint import draw_footprint
from .frozen import flat, generator, table_digest
from .simulation import Simulated

__all__ = ["FOOTPRINT", "GRAIN", "SCENE", "CutoutSet"]

SCENE, GRAIN, FOOTPRINT = 0, 1, 2  # streams of random numbers
DIGESTED = 64  # images whose parameters identify a set


class CutoutSet(Simulated):
    """Images that show one cutout each.

    Attributes:
        batch: cutouts that are rendered at once.
        measured: columns of the truth that are measured on the rendered image, so that they are not drawn.
    """

    batch: ClassVar[int]
    measured: ClassVar[tuple[str, ...]]

    @abstractmethod
    def cutouts(self, start: int, stop: int) -> list[Cutout]:
        """What is drawn about these images, but their noise; no pixels."""

    @abstractmethod
    def facts(self, drawn: Sequence[Cutout]) -> np.ndarray:
        """The truth of these cutouts, with zeros for what is measured."""

    @abstractmethod
    def exposures(self, start: int, stop: int, device: torch.device | str) -> tuple[np.ndarray, np.ndarray]:
        """These images and their truth, all at once."""

    def make(self, start: int, stop: int, device: torch.device | str = "cpu") -> tuple[np.ndarray, np.ndarray]:
        """Simulates these images, and their truth, whether or not they are kept."""
        starts = range(start, stop, self.batch)
        parts = [self.exposures(first, min(first + self.batch, stop), device) for first in starts]
        return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])

    def drawn(self) -> Iterator[tuple]:
        """Every number that is drawn for each image, but its noise; the truth that is kept must agree with it."""
        for start, stop, kept in self._shards.kept():
            drawn = self.cutouts(start, stop)
            if kept is not None:
                self._shards.check(self.description.name, start, kept, self.facts(drawn), self.measured)
            yield from map(flat, drawn)

    def parameter_digest(self, start: int = 0, stop: int = DIGESTED) -> str:
        """sha256 of every number that is drawn for these images, but their noise."""
        return table_digest(map(flat, self.cutouts(start, stop)))

    def stream(self, index: int, number: int) -> np.random.Generator:
        """The random numbers of an image that are for its scene, its grain or its footprint."""
        return generator(f"{self.description.name}/{self.description.version}", self.seed, index, number)

    def streams(self, start: int, count: int, number: int) -> list[np.random.Generator]:
        """The random numbers of so many images from `start` on."""
        return [self.stream(index, number) for index in range(start, start + count)]

    def footprints(self, start: int, theta_E: Sequence[float] | np.ndarray, pixel_scale: float) -> Tensor:
        """Half the widths and heights of the stamps, pixels, (B, 2).

        Arguments:
            start: number of the first image.
            theta_E: Einstein radius of the host of each, arcsec.
            pixel_scale: arcsec.
        """
        streams = self.streams(start, len(theta_E), FOOTPRINT)
        halves = [draw_footprint(rng, radius, pixel_scale) for rng, radius in zip(streams, theta_E, strict=True)]
        return torch.tensor(halves, dtype=torch.float64)
