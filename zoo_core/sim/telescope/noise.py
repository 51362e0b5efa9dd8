"""Noise of exposures: what it is made of, and how it varies within a survey.

The noise of an exposure is drawn alone, with numbers of NumPy, where images must stay the same for ever, and in batches
on the device of a torch generator in training; both from the same ranges. A batch is a mapping from the fields of
`Noise` to tensors of shape (B,); a structured array of dtype NOISE can be used in its place everywhere.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..draws import log_uniform
from ..tables import dtype_of

__all__ = [
    "COARSE",
    "NOISE",
    "UNITS",
    "Draw",
    "Noise",
    "NoiseTable",
    "column",
    "draw_shifted_noise",
    "draw_shifted_noises",
    "draw_training_noise",
    "draw_training_noises",
]

COARSE = 4  # pixels over which the mottle is correlated

UNITS = (1e-13, 1e3)
"""Flux unit of a file: from erg/s/cm2/Hz-like units to electrons."""

NoiseTable = Mapping[str, Tensor] | np.ndarray
"""Numbers of each exposure's noise, by the fields of `Noise`."""

Range = tuple[float, float]
"""Low and high."""

Part = tuple[float, float, float]
"""Share of the exposures, low and high."""


class Noise(NamedTuple):
    """The noise of one exposure; by default that of the sky alone, in its own unit."""

    shot: float = 0.0  # variance per unit flux, in units of the sky's variance per sky sigma
    lag_1: float = 0.0  # weight of the next pixel in the kernel that correlates the noise, along x and y
    lag_2: float = 0.0  # weight of the one after
    mottle: float = 0.0  # amplitude of the noise that is correlated over COARSE pixels
    stripes: float = 0.0  # amplitude of the noise that is constant along a row
    bias: float = 0.0  # zero point
    slope_x: float = 0.0  # background gradient, over half the frame
    slope_y: float = 0.0
    cosmics: float = 0.0  # expected number in the frame
    hot: float = 0.0  # expected number of hot pixels
    blanks: float = 0.0  # expected number of unmeasured areas
    unit: float = 1.0  # flux unit of the file


NOISE = dtype_of(Noise)


@dataclass(frozen=True)
class NoiseRanges:
    """Between which numbers the fields of `Noise` vary within a survey; all chosen, wider than one survey needs.

    Arguments:
        shot: even in the logarithm.
        lag_1: kernels of several kinds.
        lag_2: for surveys whose kernels fall off from the centre, in units of lag_1 squared.
        mottle, stripes, cosmics, hot, blanks: in a share of the exposures, else zero.
        bias: standard deviation of the zero point.
        offset: added to the zero point in a share of the exposures: a sky that was not subtracted.
        slope: standard deviation of either gradient.
    """

    shot: Range
    lag_1: tuple[Part, ...]
    lag_2: Range
    mottle: Part
    stripes: Part
    bias: float
    slope: float
    cosmics: Part
    blanks: Part
    hot: Part = (0.0, 0.0, 0.0)
    offset: Part = (0.0, 0.0, 0.0)


TRAINING_RANGES = NoiseRanges(
    shot=(0.004, 0.08),
    lag_1=((0.42, 0.0, 0.0), (0.4, 0.0, 0.2), (0.12, 0.15, 0.4), (0.06, 0.4, 0.65)),
    lag_2=(-0.4, 0.6),
    mottle=(0.2, 0.0, 0.2),
    stripes=(0.15, 0.0, 0.2),
    bias=0.1,
    offset=(0.06, -3.0, 3.0),
    slope=0.06,
    cosmics=(0.3, 0.0, 2.0),
    hot=(0.2, 0.0, 2.0),
    blanks=(0.15, 0.0, 1.0),
)
"""Resampled exposures of HST, JWST and Euclid."""

SHIFTED_RANGES = NoiseRanges(
    shot=(0.01, 0.05),
    lag_1=((1.0, 0.05, 0.3),),
    lag_2=(-0.12, 0.0),
    mottle=(0.5, 0.1, 0.35),
    stripes=(0.3, 0.0, 0.3),
    bias=0.3,
    slope=0.15,
    cosmics=(0.3, 0.0, 2.0),
    blanks=(0.2, 0.0, 1.0),
)
"""Kernels with negative lobes, as Lanczos resampling leaves, and more mottle."""


def column(recipes: NoiseTable, name: str, like: Tensor) -> Tensor:
    """One field of the recipes in the type and on the device of `like`, shape (B, 1, 1)."""
    return torch.as_tensor(recipes[name]).to(like)[:, None, None]


@dataclass(frozen=True)
class Draw:
    """Independent numbers, one an exposure, on the generator's device.

    Arguments:
        generator: where they come from.
        count: exposures.
    """

    generator: torch.Generator
    count: int

    def uniform(self, low: float | Tensor = 0.0, high: float | Tensor = 1.0) -> Tensor:
        """Between `low` and `high`."""
        unit = torch.rand(self.count, generator=self.generator, device=self.generator.device)
        return low + (high - low) * unit

    def log_uniform(self, low: float, high: float) -> Tensor:
        """Between `low` and `high`, evenly in the logarithm."""
        return self.uniform(math.log(low), math.log(high)).exp()

    def normal(self, sigma: float) -> Tensor:
        """Gaussian about zero."""
        return sigma * torch.randn(self.count, generator=self.generator, device=self.generator.device)

    def often(self, chance: float, low: float, high: float) -> Tensor:
        """Between `low` and `high` with this chance, else zero."""
        return self.uniform(low, high) * (self.uniform() < chance)

    def mixture(self, *parts: tuple[float, float, float]) -> Tensor:
        """Uniform in one of several ranges, which are given as (share of the exposures, low, high)."""
        kind, unit = self.uniform(), self.uniform()
        drawn, edge = torch.zeros_like(kind), 0.0
        for share, low, high in parts:
            drawn = drawn + (low + (high - low) * unit) * ((kind >= edge) & (kind < edge + share))
            edge += share
        return drawn


def draw_training_noise(rng: np.random.Generator) -> Noise:
    """A resampled exposure of HST, JWST or Euclid; a kernel that falls off from the centre.

    >>> bool(0.004 < draw_training_noise(np.random.default_rng(1)).shot < 0.08)
    True
    """
    ranges = TRAINING_RANGES
    lag_1 = _mixture(rng, ranges.lag_1)
    return Noise(
        shot=log_uniform(rng, *ranges.shot),
        lag_1=lag_1,
        lag_2=lag_1**2 * rng.uniform(*ranges.lag_2),
        mottle=_often(rng, *ranges.mottle),
        stripes=_often(rng, *ranges.stripes),
        bias=rng.normal(0, ranges.bias) + _often(rng, *ranges.offset),
        slope_x=rng.normal(0, ranges.slope),
        slope_y=rng.normal(0, ranges.slope),
        cosmics=_often(rng, *ranges.cosmics),
        hot=_often(rng, *ranges.hot),
        blanks=_often(rng, *ranges.blanks),
        unit=log_uniform(rng, *UNITS),
    )


def draw_shifted_noise(rng: np.random.Generator) -> Noise:
    """An exposure whose kernel has negative lobes; see SHIFTED_RANGES."""
    ranges = SHIFTED_RANGES
    ((_, low, high),) = ranges.lag_1
    lag_1 = rng.uniform(low, high)
    return Noise(
        shot=log_uniform(rng, *ranges.shot),
        lag_1=lag_1,
        lag_2=rng.uniform(*ranges.lag_2),
        mottle=_often(rng, *ranges.mottle),
        stripes=_often(rng, *ranges.stripes),
        bias=rng.normal(0, ranges.bias),
        slope_x=rng.normal(0, ranges.slope),
        slope_y=rng.normal(0, ranges.slope),
        cosmics=_often(rng, *ranges.cosmics),
        hot=0.0,
        blanks=_often(rng, *ranges.blanks),
        unit=log_uniform(rng, *UNITS),
    )


def _mixture(rng: np.random.Generator, parts: tuple[Part, ...]) -> float:
    """Uniform in one of several ranges; empty ones take no number of the generator, as in the frozen images."""
    drawn = [low if low == high else rng.uniform(low, high) for _, low, high in parts]
    return rng.choice(drawn, p=[share for share, _, _ in parts])


def _often(rng: np.random.Generator, chance: float, low: float, high: float) -> float:
    """A number between low and high with this chance, else zero."""
    return rng.uniform(low, high) if rng.random() < chance else 0.0


def draw_training_noises(generator: torch.Generator, count: int) -> dict[str, Tensor]:
    """As `draw_training_noise`, of `count` exposures."""
    draw, ranges = Draw(generator, count), TRAINING_RANGES
    lag_1 = draw.mixture(*ranges.lag_1)
    return {
        "shot": draw.log_uniform(*ranges.shot),
        "lag_1": lag_1,
        "lag_2": lag_1**2 * draw.uniform(*ranges.lag_2),
        "mottle": draw.often(*ranges.mottle),
        "stripes": draw.often(*ranges.stripes),
        "bias": draw.normal(ranges.bias) + draw.often(*ranges.offset),
        "slope_x": draw.normal(ranges.slope),
        "slope_y": draw.normal(ranges.slope),
        "cosmics": draw.often(*ranges.cosmics),
        "hot": draw.often(*ranges.hot),
        "blanks": draw.often(*ranges.blanks),
        "unit": draw.log_uniform(*UNITS),
    }


def draw_shifted_noises(generator: torch.Generator, count: int) -> dict[str, Tensor]:
    """As `draw_shifted_noise`, of `count` exposures."""
    draw, ranges = Draw(generator, count), SHIFTED_RANGES
    ((_, low, high),) = ranges.lag_1
    _, *hot = ranges.hot
    return {
        "shot": draw.log_uniform(*ranges.shot),
        "lag_1": draw.uniform(low, high),
        "lag_2": draw.uniform(*ranges.lag_2),
        "mottle": draw.often(*ranges.mottle),
        "stripes": draw.often(*ranges.stripes),
        "bias": draw.normal(ranges.bias),
        "slope_x": draw.normal(ranges.slope),
        "slope_y": draw.normal(ranges.slope),
        "cosmics": draw.often(*ranges.cosmics),
        "hot": draw.uniform(*hot),
        "blanks": draw.often(*ranges.blanks),
        "unit": draw.log_uniform(*UNITS),
    }
