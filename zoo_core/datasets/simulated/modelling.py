"""Lens modelling: `modelling_hst`, `modelling_jwst` and `modelling_euclid`.

Lenses and the parameters of their mass: an elliptical power law with external shear, with the light of the lens galaxy
or without. Each set has the pixels and PSFs of its telescope; galaxies, noise and faults are drawn alike.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import platformdirs
import torch
from torch import Tensor

from ...errors import DatasetError
from ...interfaces import Description, TrainingView
from ...sim import cutouts
from ...sim.cutouts import MEASURED, Components, Cutout
from ...sim.modelling import TELESCOPES, ellipticity
from ...sim.tables import table
from ...sim.telescope.footprint import draw_footprint, outside
from ...sim.telescope.survey import Randoms, observe
from ...symmetries import Position, Scalar, Spin2
from ...tasks import Heads
from ..shards import ImageShards
from .frozen import flat, generator, table_digest
from .modelling_bank import RESIDUAL, LensBank
from .simulation import Simulated

if TYPE_CHECKING:
    from ...interfaces import Rows

__all__ = ["HEADS", "SYMMETRIES", "TRUTH", "Modelling", "modelling_euclid", "modelling_hst", "modelling_jwst"]

HEADS = Heads(
    parameters=("theta_E", "e1", "e2", "gamma_1", "gamma_2", "lens_x", "lens_y"),
    units=("arcsec", "", "", "", "", "arcsec", "arcsec"),
)
SYMMETRIES = (Scalar("theta_E"), Spin2("e1", "e2"), Spin2("gamma_1", "gamma_2"), Position("lens_x", "lens_y"))

TRUTH = np.dtype([*(field for field in cutouts.TRUTH.descr if field[0] != "label"), ("e1", "f8"), ("e2", "f8")])
"""Of a lens, as `sim.cutouts.TRUTH`, with the ellipticity of its mass."""

BATCH = 25  # lenses rendered at once
SCENE, GRAIN, FOOTPRINT, SUBTRACTION = 0, 1, 2, 3  # streams of random numbers


class Modelling(Simulated):
    """Simulated lenses, with the parameters of their mass.

    Arguments:
        telescope: a name of `sim.modelling.TELESCOPES`.
        n: number of images.
        seed: of everything; the same (version, seed, index) is the same image for ever.
        lens_light: with the light of the lens galaxy and of its neighbours; else it is subtracted but for a residual of
            RESIDUAL, and its photon noise stays.
        cache: folder where finished images are kept between uses; None: the user's cache.
    """

    def __init__(self, telescope: str, n: int, seed: int, lens_light: bool, cache: Path | str | None):
        name = f"modelling_{telescope}"
        if n < 1:
            raise DatasetError(f"{name}: n = {n}; give n > 0")
        self.telescope = TELESCOPES[telescope]
        frame, version = self.telescope.frame, self.telescope.distribution.version
        self.description = Description(
            name, version, "regression", "simulated", ("VIS",), frame.pixel_scale, HEADS, SYMMETRIES
        )
        self.n, self.seed, self.lens_light = n, seed, lens_light
        self.cache = Path(cache or platformdirs.user_cache_dir("zoo")) / "datasets"

    def __len__(self) -> int:
        return self.n

    def read(self, rows: np.ndarray) -> np.ndarray:
        """Images (B, 1, side, side), float32; NaN where nothing was measured."""
        return self._shards.images(rows)

    def truth_of(self, rows: Rows) -> dict[str, np.ndarray]:
        """`id` and the columns of TRUTH; the images are made first if they were not."""
        numbers = self.numbers(rows)
        table = self._shards.truth(numbers)
        return {"id": np.array(self.ids(numbers)), **{name: table[name] for name in TRUTH.names or ()}}

    def targets(self) -> np.ndarray:
        """The parameters (N, 7), float32; no image is made for them."""
        truth = lens_facts(table(map(cutouts.facts, self.cutouts(0, self.n)), cutouts.TRUTH))
        return parameters_of(truth)

    def ids(self, rows: Iterable[int]) -> list[str]:
        """Name, seed and number."""
        return [f"{self.description.name}-{self.seed}-{row:06d}" for row in rows]

    @functools.cached_property
    def _shards(self) -> ImageShards:
        return ImageShards(self.cache / f"{self.description.name}-{self.fingerprint()[:16]}", self.n, self.make)

    def fingerprint(self) -> str:
        """sha256 of the arguments and of the parameters of the first images."""
        return self._fingerprint

    @functools.cached_property
    def _fingerprint(self) -> str:
        frame = self.telescope.frame
        head = (self._key, self.seed, self.n, self.lens_light, frame.side, frame.pixel_scale)
        return table_digest([(*head, self.parameter_digest(0, 64))])

    def parameter_digest(self, start: int, stop: int) -> str:
        """sha256 of every number that is drawn for these images, but their noise."""
        return table_digest(map(flat, self.cutouts(start, stop)))

    def drawn(self) -> Iterator[tuple]:
        """Every number that is drawn for each image, but its noise; the truth that is kept must agree with it."""
        for start, stop, kept in self._shards.kept():
            drawn = self.cutouts(start, stop)
            if kept is not None:
                expected = lens_facts(table(map(cutouts.facts, drawn), cutouts.TRUTH))
                self._shards.check(self.description.name, start, kept, expected, (*MEASURED, "host_flux"))
            yield from map(flat, drawn)

    def cutouts(self, start: int, stop: int) -> list[Cutout]:
        """What is drawn about these images, but their noise; no pixels."""
        distribution = self.telescope.distribution
        return [
            cutouts.draw(generator(self._key, self.seed, i, SCENE), distribution, is_lens=True)
            for i in range(start, min(stop, self.n))
        ]

    def components(self, start: int, stop: int, device: torch.device | str = "cpu") -> Components:
        """Noise-free foreground and arcs (B, side, side) on the device, the noise recipes and the truth."""
        return cutouts.expose(self.cutouts(start, stop), device=device, frame=self.telescope.frame)

    def noiseless(self, start: int, stop: int, device: torch.device | str = "cpu") -> tuple[Components, np.ndarray]:
        """The components of these images, and their truth (dtype TRUTH)."""
        made = self.components(start, stop, device)
        return made, lens_facts(made.truth)

    def make(self, start: int, stop: int, device: torch.device | str = "cpu") -> tuple[np.ndarray, np.ndarray]:
        """Simulates these images, and their truth (dtype TRUTH), whether or not they are kept."""
        parts = [self._exposures(first, min(first + BATCH, stop), device) for first in range(start, stop, BATCH)]
        return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])

    def training_view(self, folder: Path, device: torch.device) -> TrainingView:
        """Noise-free components, kept in `folder`; brightness, noise, faults and footprint are drawn each time."""
        kept = Path(folder) / f"{self.description.name}-{self.fingerprint()[:16]}"
        return LensBank(kept, self, device)

    def _exposures(self, start: int, stop: int, device: torch.device | str) -> tuple[np.ndarray, np.ndarray]:
        made, side = self.components(start, stop, device), self.telescope.frame.side
        randoms = Randoms.from_numpy(self._streams(start, stop, GRAIN), side, self.telescope.distribution.survey.slots)
        images = observe(made.foreground, made.arcs, made.noise, randoms.to(device))
        if not self.lens_light:
            images = images - self._subtracted(start, made.noise["unit"]).to(images) * made.foreground
        images = images.masked_fill(outside(side, self._footprints(start, made.truth).to(device)), torch.nan)
        return images[:, None].cpu().numpy(), lens_facts(made.truth)

    def _subtracted(self, start: int, units: np.ndarray) -> Tensor:
        """Factors (B, 1, 1) of the foregrounds, in sky sigma, that are subtracted from images in these units."""
        streams = self._streams(start, start + len(units), SUBTRACTION)
        left = np.array([RESIDUAL * rng.standard_normal() for rng in streams])
        return torch.from_numpy(units * (1 - left))[:, None, None]

    def _footprints(self, start: int, truth: np.ndarray) -> Tensor:
        """Half the widths and heights of the stamps, pixels, shape (B, 2)."""
        streams, scale = self._streams(start, start + len(truth), FOOTPRINT), self.telescope.frame.pixel_scale
        halves = [draw_footprint(rng, theta_E, scale) for rng, theta_E in zip(streams, truth["theta_E"], strict=True)]
        return torch.tensor(halves, dtype=torch.float64)

    def _streams(self, start: int, stop: int, stream: int) -> Sequence[np.random.Generator]:
        return [generator(self._key, self.seed, i, stream) for i in range(start, stop)]

    @property
    def _key(self) -> str:
        return f"{self.description.name}/{self.description.version}"


def lens_facts(truth: np.ndarray) -> np.ndarray:
    """The truth (dtype TRUTH) of lenses, from that of cutouts."""
    lenses = np.zeros(len(truth), TRUTH)
    for name in set(TRUTH.names or ()) & set(truth.dtype.names or ()):
        lenses[name] = truth[name]
    lenses["e1"], lenses["e2"] = ellipticity(truth["lens_q"], truth["lens_phi"])
    return lenses


def parameters_of(truth: np.ndarray) -> np.ndarray:
    """The parameters (N, 7), float32, of this truth (dtype TRUTH)."""
    return np.stack([truth[name] for name in HEADS.parameters], axis=1).astype(np.float32)


def modelling_hst(n: int = 2_000, seed: int = 1, lens_light: bool = True, cache: Path | str | None = None) -> Modelling:
    """Lenses in 160 x 160 pixels of 0.05" through PSFs of HST; by default the benchmark's 2,000."""
    return Modelling("hst", n, seed, lens_light, cache)


def modelling_jwst(
    n: int = 2_000, seed: int = 1, lens_light: bool = True, cache: Path | str | None = None
) -> Modelling:
    """Lenses in 256 x 256 pixels of 0.03" through PSFs of JWST."""
    return Modelling("jwst", n, seed, lens_light, cache)


def modelling_euclid(
    n: int = 2_000, seed: int = 1, lens_light: bool = True, cache: Path | str | None = None
) -> Modelling:
    """Lenses in 101 x 101 pixels of 0.1" through PSFs from those of HST to broader than Euclid's."""
    return Modelling("euclid", n, seed, lens_light, cache)
