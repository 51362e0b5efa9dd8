"""The same scenes at different stages of their making: `restoration_space`.

Lenses and look-alikes as `finding_space` draws them, observed, and as they were before the noise, or before the
light of the lens galaxy was added to its arcs. All images are in units of the sky's noise.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NoReturn

import numpy as np
import torch
from torch import Generator, Tensor

from ...errors import DatasetError
from ...interfaces import TrainingView
from ...scores import NoiseFree
from ...sim import cutouts
from ...sim.cutouts import FRAME, Components, Cutout, Distribution
from ...sim.rays.scene import POINT, Profile
from ...sim.telescope.exposures import defocused, exposed, shortened
from ...sim.telescope.noise import Draw
from ...sim.telescope.survey import SHIFTED, TRAINING, Survey
from ...sim.versions import VERSIONS
from ...tasks import Heads
from ..shards import ImageShards
from .bank import Bank, SceneSource
from .finding import Finding
from .frozen import table_digest

if TYPE_CHECKING:
    from ...interfaces import Rows

__all__ = ["RestorationBank", "RestorationSpace", "restoration_space"]

TARGETS = ("denoise", "deblend")
OBSERVED, FOREGROUND, ARCS = 0, 1, 2  # stages of an image that are kept
RATIO, NOISE = 3, 4  # streams of random numbers, beside those of `finding`
SAME = (1.0, 1.0)
LARGEST_RATIO = 100.0

NOISES: Mapping[str, Survey] = {"resampled": TRAINING, "lanczos": SHIFTED, "drizzled": VERSIONS[2].survey}
"""Exposures of HST, JWST and Euclid as they are resampled; with kernels of negative lobes; and as they are drizzled, of
few or many exposures."""

Target = Literal["denoise", "deblend"]
Noises = Literal["resampled", "lanczos", "drizzled"]


class RestorationSpace(Finding):
    """Observed scenes, and what they were before.

    Arguments:
        n, seed, lens_fraction, cache: as of `Finding`.
        target: "denoise" for all light without the noise, "deblend" for the arcs alone, which are nothing where there
            is no lens.
        version: of the scenes, see `sim.versions`.
        noise: whose noise the images have, of `NOISES`; None: that of the version.
        ratio: lowest and highest factor by which the exposures are shorter than those.
        tells_ratio: whether `targets` have a second plane, in each pixel of which is the ratio.
    """

    def __init__(
        self,
        n: int,
        seed: int,
        lens_fraction: float,
        target: Target,
        version: int,
        cache: Path | str | None,
        noise: Noises | None = None,
        ratio: tuple[float, float] = SAME,
        tells_ratio: bool = False,
    ):
        known = (("target", target, TARGETS), ("version", version, (*VERSIONS,)), ("noise", noise, (None, *NOISES)))
        for what, value, choice in known:
            if value not in choice:
                raise DatasetError(f"restoration_space: {what} = {value!r}; choose {' or '.join(map(str, choice))}")
        if len(ratio) != 2 or not 1 <= ratio[0] <= ratio[1] <= LARGEST_RATIO:
            raise DatasetError(
                f"restoration_space: ratio = {list(ratio)}; give the lowest and the highest, 1 to {LARGEST_RATIO:g}"
            )
        super().__init__("restoration_space", _with_noise(VERSIONS[version], noise), n, seed, lens_fraction, cache)
        self.description = replace(self.description, task="restoration", heads=Heads())
        self.target: Target = target
        self._of_version = Finding("restoration_space", VERSIONS[version], n, seed, lens_fraction, cache)
        self.noise, self.ratio, self.tells_ratio = noise, (float(ratio[0]), float(ratio[1])), tells_ratio

    def fingerprint(self) -> str:
        """sha256 of the arguments and of the parameters of the first images."""
        told = ("ratio",) if self.tells_ratio else ()
        return table_digest([(super().fingerprint(), self.target, *told)])

    @functools.cached_property
    def _of_scenes(self) -> str:
        chosen = (self.noise, *self.ratio)
        scenes = super()._of_scenes
        return scenes if chosen == (None, *SAME) else table_digest([(scenes, *map(str, chosen))])

    def cutouts(self, start: int, stop: int) -> list[Cutout]:
        """What is drawn about these images; scenes are the same whatever their noise is, arcs as bright as it asks."""
        if self.noise is None:
            return super().cutouts(start, stop)
        survey, drawn = self.distribution.survey, self._of_version.cutouts(start, stop)
        streams = (self.stream(row, NOISE) for row in range(start, start + len(drawn)))
        return [one._replace(noise=survey.draw_noise(rng)) for one, rng in zip(drawn, streams, strict=True)]

    def ratios(self, rows: np.ndarray) -> np.ndarray:
        """By which the exposures of these images are shorter, (N,), even in the logarithm."""
        low, high = np.log(self.ratio)
        return np.exp([low + (high - low) * self.stream(int(row), RATIO).random() for row in rows])

    def truth_of(self, rows: Rows) -> dict[str, np.ndarray]:
        """As of `Finding`, and `ratio` where exposures differ in length."""
        truth = super().truth_of(rows)
        return truth if self.ratio == SAME else {**truth, "ratio": self.ratios(self.numbers(rows))}

    def read(self, rows: np.ndarray) -> np.ndarray:
        """Observed images (B, 1, 101, 101), float32, in sky sigma; NaN where nothing was measured."""
        return self._shards.images(rows)[:, [OBSERVED]]

    def make(self, start: int, stop: int, device: torch.device | str = "cpu") -> tuple[np.ndarray, np.ndarray]:
        """Simulates these images, and their truth (dtype TRUTH), whether or not they are kept."""
        stages, truth = super().make(start, stop, device)
        return stages[:, [OBSERVED]], truth

    def targets(self) -> np.ndarray:
        """What is to be restored of each image, (n, 1, 101, 101), float32; NaN where nothing was measured.

        And its ratio, (n, 2, 101, 101), if that is told.
        """
        rows = np.arange(self.n)
        stages = self._shards.images(rows)
        wanted = np.where(np.isnan(stages[:, [OBSERVED]]), np.float32(np.nan), _target(stages, self.target))
        if not self.tells_ratio:
            return wanted
        planes = np.broadcast_to(self.ratios(rows)[:, None, None, None], wanted.shape)
        return np.concatenate([wanted, planes], axis=1, dtype=np.float32, casting="same_kind")

    def noise_free(self, rows: Rows) -> NoiseFree:
        """The scenes of these images without their noise."""
        numbers = self.numbers(rows)
        drawn = [self.cutouts(row, row + 1)[0] for row in numbers.tolist()]
        stages = self._shards.images(numbers)
        shot = np.array([cutout.noise.shot for cutout in drawn]) * np.sqrt(self.ratios(numbers))
        light = _target(stages, "denoise")
        sources = drawn if self.target == "denoise" else []
        return NoiseFree(
            light=light,
            target=_target(stages, self.target),
            arcs=stages[:, [ARCS]],
            sigma=np.sqrt(1 + shot[:, None, None, None] * light.clip(min=0)).astype(np.float32),
            points=_places(sources, lambda profile: profile.profile == POINT),
            galaxies=_places(sources, lambda profile: profile.profile != POINT and not profile.lensed),
        )

    def training_view(self, folder: Path, device: torch.device) -> TrainingView:
        """Noise-free scenes, kept in `folder`; brightness, twins, focus, noise and footprint are new in every batch."""
        kept = Path(folder) / f"{self.description.name}-{self._of_scenes[:16]}"
        lenses = super().targets()
        scenes = self.scenes(self.cutouts, device)
        return RestorationBank(kept, lenses, scenes, self.target, self.ratio, self.tells_ratio)

    def fresh_view(self, balanced: bool, device: torch.device, block: int = 0) -> NoReturn:
        """Refused: the scenes are those of the bank."""
        raise DatasetError(f"{self.description.name} has {self.n} scenes and makes no others; leave out `fresh`")

    @functools.cached_property
    def _shards(self) -> ImageShards:
        folder = self.cache / f"{self.description.name}-{self._of_scenes[:16]}"
        return ImageShards(folder, self.n, super().make)

    def exposures(self, start: int, stop: int, device: torch.device | str) -> tuple[np.ndarray, np.ndarray]:
        """All stages, (B, 3, 101, 101)."""
        drawn = self.cutouts(start, stop)
        made = _in_sky_sigma(cutouts.expose(drawn, self.distribution.stamps, device=device))
        if self.ratio != SAME:
            made = _shorter(made, self.ratios(np.arange(start, start + len(drawn))))
        stages = torch.stack([self.observed(made, start, drawn), made.foreground, made.arcs], dim=1)
        return stages.float().cpu().numpy(), made.truth


class RestorationBank(Bank):
    """The scenes of a `Bank`, exposed anew for every batch, with what is to be restored of each.

    Where all of them are lenses and their arcs are wanted, arcs are in every exposure.

    Arguments:
        folder, targets, scenes: as of `Bank`; `targets` are 1 for lenses.
        target: "denoise" or "deblend".
        ratio: lowest and highest factor by which exposures are shorter, new for every one.
        tells_ratio: whether what they become has a second plane, of the ratio.
    """

    def __init__(
        self,
        folder: Path,
        targets: np.ndarray,
        scenes: SceneSource,
        target: Target,
        ratio: tuple[float, float] = SAME,
        tells_ratio: bool = False,
    ):
        super().__init__(folder, targets, scenes)
        if target == "deblend" and targets.all():
            self.exposures.twins = 0.0
        self.target: Target = target
        self.ratio, self.tells_ratio = ratio, tells_ratio

    def shown(self, rows: np.ndarray, places: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """Images and what they are to become, (B, 1, side, side) each, NaN outside their footprint."""
        light, radii, _ = self.exposures.lit(self.foreground.images(rows), self._arcs(rows), places, generator)
        light, ratio = defocused(light, generator), torch.ones(len(places), device=generator.device)
        if self.ratio != SAME:
            ratio = Draw(generator, len(places)).log_uniform(*self.ratio)
            light = shortened(light, ratio)
        images = exposed(light, radii, self.exposures.survey, generator, FRAME.pixel_scale, ratio=ratio)
        wanted = light.sum(0) if self.target == "denoise" else light[1]
        wanted = wanted.masked_fill(images.isnan(), torch.nan)
        planes = [ratio.to(wanted)[:, None, None].expand_as(wanted)] if self.tells_ratio else []
        return images[:, None], torch.stack([wanted, *planes], dim=1)


def restoration_space(
    n: int = 2_000,
    seed: int = 1,
    lens_fraction: float = 0.5,
    target: Target = "denoise",
    version: int = 1,
    cache: Path | str | None = None,
    noise: Noises | None = None,
    ratio: tuple[float, float] = SAME,
    tells_ratio: bool = False,
) -> RestorationSpace:
    """Noisy and blended images, and what they were before; by default the 2,000 of the benchmark.

    Arguments:
        target: "denoise" for all light without the noise, "deblend" for the arcs alone.
        version: of the scenes: 1 or 2, as of `finding_space`.
        noise: that the images have: "resampled" exposures of HST, JWST and Euclid, those of kernels with negative
            lobes ("lanczos"), "drizzled" ones; None: that of the version.
        ratio: lowest and highest factor by which the exposures are shorter than those, such as (2, 10) of Vojtekova et
            al. (2021), MNRAS 503, 3204; the truth then has the column `ratio`.
        tells_ratio: what networks learn has a second plane, the ratio in each pixel, for those that are told it.

    Raises:
        DatasetError: there is no such target, version or noise; or n, lens_fraction or ratio cannot be used.
    """
    return RestorationSpace(n, seed, lens_fraction, target, version, cache, noise, ratio, tells_ratio)


def _with_noise(distribution: Distribution, noise: Noises | None) -> Distribution:
    """With the exposures of another survey, through the same PSFs."""
    if noise is None:
        return distribution
    return replace(distribution, survey=replace(NOISES[noise], draw_psf=distribution.survey.draw_psf))


def _shorter(made: Components, ratios: np.ndarray) -> Components:
    """As exposures that are so many times shorter show them, see `shortened`."""
    noise, truth, ratio = made.noise.copy(), made.truth.copy(), torch.from_numpy(ratios)
    noise["shot"] *= np.sqrt(ratios)
    truth["arc_snr"] /= np.sqrt(ratios)
    return Components(shortened(made.foreground, ratio), shortened(made.arcs, ratio), noise, truth)


def _in_sky_sigma(made: Components) -> Components:
    noise = made.noise.copy()
    noise["unit"] = 1.0
    return replace(made, noise=noise)


def _target(stages: np.ndarray, target: Target) -> np.ndarray:
    """What is to be restored, (B, 1, H, W), of all stages (B, 3, H, W)."""
    return stages[:, [ARCS]] if target == "deblend" else stages[:, [FOREGROUND]] + stages[:, [ARCS]]


def _places(drawn: Sequence[Cutout], wanted: Callable[[Profile], bool]) -> np.ndarray:
    """Image, row and column of each source that is wanted, (N, 3); parts of a galaxy share their place."""
    places = {
        (image, *_pixel(profile))
        for image, cutout in enumerate(drawn)
        for profile in cutout.profiles
        if wanted(profile)
    }
    inside = [place for place in sorted(places) if all(0 <= axis < FRAME.side for axis in place[1:])]
    return np.array(inside, dtype=np.int64).reshape(-1, 3)


def _pixel(profile: Profile) -> tuple[int, int]:
    centre = (FRAME.side - 1) / 2
    return round(centre + profile.y / FRAME.pixel_scale), round(centre + profile.x / FRAME.pixel_scale)
