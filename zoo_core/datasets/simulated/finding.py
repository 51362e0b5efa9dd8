"""Lens finding with one band of a space telescope: `finding_space` and `finding_space_shifted`.

Galaxies that lens and galaxies that do not, simulated as HST, JWST and Euclid would show them at 0.1" a pixel. The
shifted set has other PSFs, other noise, other morphologies and other look-alikes; nothing is ever trained on it.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ...errors import DatasetError
from ...interfaces import Description, TrainingView
from ...sim import cutouts
from ...sim.cutouts import FRAME, MEASURED, TRUTH, Components, Cutout, Distribution
from ...sim.frame import CutoutFrame
from ...sim.sky.stamps import read_stamps
from ...sim.tables import table
from ...sim.telescope.footprint import outside
from ...sim.telescope.survey import Randoms, observe
from ...sim.versions import SHIFTED, VERSIONS
from ...tasks import Heads
from ..shards import ImageShards
from .bank import BLOCK, Bank, DrawScenes, SceneSource, fresh_scenes
from .cutout_set import GRAIN, SCENE, CutoutSet
from .examples import Examples, examples_of
from .frozen import is_positive, table_digest
from .hosts import Hosts, hosts_of
from .simulation import kept_under
from .telescope_images import read_telescope_images

__all__ = ["Finding", "finding_space", "finding_space_shifted"]

HEADS = Heads(classes=("nonlens", "lens"))
ENDLESS = 2**40  # images


class Finding(CutoutSet):
    """Simulated cutouts of lenses and look-alikes.

    Arguments:
        name: what users type.
        distribution: what is drawn.
        n: number of images.
        seed: of everything; the same (version, seed, index) is the same image for ever.
        lens_fraction: of the images.
        cache: folder where finished images are kept between uses; None: the user's cache.
        hosts: real galaxies that some of the training images show in front; `images` are simulated altogether.
        examples: real images that some of the training images are.
    """

    bands: tuple[str, ...] = ("VIS",)
    frame: CutoutFrame = FRAME
    columns = TRUTH
    batch = 50
    measured = MEASURED

    def __init__(
        self,
        name: str,
        distribution: Distribution,
        n: int,
        seed: int,
        lens_fraction: float,
        cache: Path | str | None,
        hosts: Hosts | None = None,
        examples: Examples | None = None,
    ):
        if n < 1 or not 0 <= lens_fraction <= 1:
            raise DatasetError(f"{name}: n = {n}, lens_fraction = {lens_fraction}; give n > 0 and a fraction of 0 to 1")
        self.description = Description(
            name=name,
            version=distribution.version,
            task="classification",
            domain="simulated",
            bands=self.bands,
            pixel_scale=self.frame.pixel_scale,
            heads=HEADS,
        )
        self.distribution, self.n, self.seed, self.lens_fraction = distribution, n, seed, lens_fraction
        self.cache, self.hosts, self.examples = kept_under(cache), hosts, examples

    def targets(self) -> np.ndarray:
        """1 for lenses, 0 for others."""
        return np.array([is_positive(i, self.lens_fraction) for i in range(self.n)], dtype=np.float32)

    @functools.cached_property
    def _shards(self) -> ImageShards:
        return ImageShards(self.cache / f"{self.description.name}-{self._of_scenes[:16]}", self.n, self.make)

    def fingerprint(self) -> str:
        """sha256 of the arguments and of the parameters of the first images, and of what is real."""
        real = [part.digest for part in (self.hosts, self.examples) if part is not None]
        return table_digest([(self._of_scenes, *real)]) if real else self._of_scenes

    @functools.cached_property
    def _of_scenes(self) -> str:
        head = (self.description.name, self.distribution.version, self.seed, self.n, self.lens_fraction)
        head = (*head, self.parameter_digest())
        return table_digest([head, *((stamp.R, *stamp.pixels.shape) for stamp in self.distribution.stamps)])

    def cutouts(self, start: int, stop: int) -> list[Cutout]:
        """What is drawn about these images, but their noise; no pixels."""
        rows = range(start, min(stop, self.n))
        return [
            cutouts.draw(self.stream(i, SCENE), self.distribution, is_positive(i, self.lens_fraction)) for i in rows
        ]

    def facts(self, drawn: Sequence[Cutout]) -> np.ndarray:
        """The truth (dtype TRUTH) of these cutouts, with zeros for what is measured."""
        return table(map(cutouts.facts, drawn), TRUTH)

    def components(self, start: int, stop: int, device: torch.device | str = "cpu") -> Components:
        """Noise-free foreground and arcs (B, 101, 101) on the device, the noise recipes and the truth."""
        return cutouts.expose(self.cutouts(start, stop), self.distribution.stamps, device=device)

    def exposures(self, start: int, stop: int, device: torch.device | str) -> tuple[np.ndarray, np.ndarray]:
        """These images and their truth, all at once."""
        drawn = self.cutouts(start, stop)
        made = cutouts.expose(drawn, self.distribution.stamps, device=device)
        return self.observed(made, start, drawn)[:, None].cpu().numpy(), made.truth

    def observed(self, made: Components, start: int, drawn: Sequence[Cutout]) -> Tensor:
        """Components of what was drawn of the images from `start` on, with noise and footprint, (B, 101, 101)."""
        device, radii = made.foreground.device, [cutout.host.theta_E for cutout in drawn]
        streams = self.streams(start, len(drawn), GRAIN)
        randoms = Randoms.from_numpy(streams, FRAME.side, self.distribution.survey.slots)
        images = observe(made.foreground, made.arcs, made.noise, randoms.to(device))
        footprints = self.footprints(start, radii, FRAME.pixel_scale).to(device)
        return images.masked_fill(outside(FRAME.side, footprints), torch.nan)

    def training_view(self, folder: Path, device: torch.device) -> TrainingView:
        """Noise-free components, kept in `folder`; hosts, noise, brightness and twins are drawn for every batch."""
        kept = Path(folder) / f"{self.description.name}-{self._of_scenes[:16]}"
        return Bank(kept, self.targets(), self.scenes(self.cutouts, device))

    def fresh_view(self, balanced: bool, device: torch.device, block: int = BLOCK) -> TrainingView:
        """The sequence of scenes that this data set is the beginning of; half of them lenses if balanced.

        Arguments:
            balanced, device: as of `Dataset.fresh_view`.
            block: scenes that are drawn together.
        """
        fraction = 0.5 if balanced else self.lens_fraction
        endless = type(self)(self.description.name, self.distribution, ENDLESS, self.seed, fraction, self.cache.parent)
        return fresh_scenes(replace(self.scenes(endless.cutouts, device), block=block))

    def scenes(self, draw: DrawScenes, device: torch.device) -> SceneSource:
        """What training images of these scenes are made of, on this device."""
        return SceneSource(draw, self.distribution, device, self.hosts, self.examples)


def finding_space(
    n: int = 20_000,
    seed: int = 1,
    lens_fraction: float = 0.1,
    stamps: Path | str | None = None,
    hosts: Path | str | None = None,
    painted: float = 0.5,
    real: float = 0.0,
    version: int = 1,
    cache: Path | str | None = None,
) -> Finding:
    """The training population; by default the benchmark's 20,000 images, 2,000 of them lenses.

    Arguments:
        stamps: FITS file of real galaxies that take the place of half the sources, see `sim.stamps`.
        hosts: folder of telescope images with labels.csv, see `public.sky`. Galaxies of its training split that are no
            lenses stand in front in some of the images that a network is trained on, with arcs painted on them or
            without.
        painted: share of such images.
        real: share of the images that a network is trained on that are those of the training split of `hosts`, lenses
            and galaxies, as they are.
        version: of the scenes: 1, which the benchmark is made of, or 2, closer to telescope images, see `sim.versions`.

    Raises:
        DatasetError: there is no such version; or n, lens_fraction, hosts, painted or real cannot be used.
    """
    if version not in VERSIONS:
        raise DatasetError(f"finding_space: version = {version}; there are {', '.join(map(str, VERSIONS))}")
    distribution = replace(VERSIONS[version], stamps=read_stamps(stamps) if stamps else ())
    if hosts is None and real:
        raise DatasetError(
            f"finding_space: real = {real}, but no folder of telescope images is given; pass hosts=FOLDER"
        )
    if hosts is None:
        return Finding("finding_space", distribution, n, seed, lens_fraction, cache)
    images = read_telescope_images(hosts)
    examples = examples_of(images, real) if real else None
    return Finding(
        name="finding_space",
        distribution=distribution,
        n=n,
        seed=seed,
        lens_fraction=lens_fraction,
        cache=cache,
        hosts=hosts_of(images, painted),
        examples=examples,
    )


def finding_space_shifted(
    n: int = 4_000, seed: int = 1, lens_fraction: float = 0.5, cache: Path | str | None = None
) -> Finding:
    """Other telescopes, galaxies and look-alikes; for validation only."""
    return Finding("finding_space_shifted", SHIFTED, n, seed, lens_fraction, cache)
