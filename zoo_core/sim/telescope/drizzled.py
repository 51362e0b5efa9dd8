"""Noise and faults of drizzled exposures, few or many: correlated over one pixel or several, with what they leave.

One function draws them with numbers of NumPy, where images must stay the same for ever, and with those of torch in
batches.
"""

from typing import Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor

from ..draws import log_uniform
from .noise import UNITS, Draw, Noise

__all__ = ["EVENTS", "draw_drizzled_noise", "draw_drizzled_noises"]

EVENTS = 40
"""Slots for faults in one image: a single exposure of half an hour has dozens of cosmic rays in ten arcsec."""

SHOT = (0.003, 0.1)  # low and high, in the logarithm

LAG_1 = ((0.12, 0.0, 0.0), (0.58, 0.02, 0.22), (0.2, 0.15, 0.4), (0.1, 0.4, 0.75))
"""Share of the exposures, low and high: not correlated, weakly, as drizzling on finer pixels leaves it, and strongly.
docs/simulator.md compares the correlation that results with that of telescope images."""

LAG_2 = (-0.4, 0.7)  # in units of lag_1 squared; kernels with negative lobes have it below zero

MOTTLE, STRIPES = (0.35, 0.0, 0.25), (0.15, 0.0, 0.2)  # chance, low and high, in sky sigma
BIAS, SLOPE = 0.1, 0.08  # standard deviations of what a sky that was fitted leaves, in sky sigma
FALSE_BIAS, FALSE_SLOPE = (0.08, -3.0, 3.0), (0.08, -1.5, 1.5)  # chance, low and high, where that fit failed

COSMICS = ((0.66, 0.0, 0.0), (0.22, 0.0, 3.0), (0.12, 5.0, 32.0))
"""Share of the exposures, low and high number of cosmic rays: combined of many exposures, of few, and single ones."""

HOT, BLANKS = (0.2, 0.0, 3.0), (0.15, 0.0, 1.0)  # chance, low and high number

# All of these are chosen, wider than one survey needs, so that a network learns none by heart; see `noise`.

T = TypeVar("T", float, Tensor, covariant=True)


class Numbers(Protocol[T]):
    """Where random numbers come from, see `noise.Draw`."""

    def uniform(self, low: float, high: float) -> T: ...
    def log_uniform(self, low: float, high: float) -> T: ...
    def normal(self, sigma: float) -> T: ...
    def often(self, chance: float, low: float, high: float) -> T: ...
    def mixture(self, *parts: tuple[float, float, float]) -> T: ...


class One:
    """The numbers of one exposure; as `noise.Draw`.

    Arguments:
        rng: where they come from.
    """

    def __init__(self, rng: np.random.Generator):
        self.rng = rng

    def uniform(self, low: float, high: float) -> float:
        """Between `low` and `high`."""
        return float(self.rng.uniform(low, high))

    def log_uniform(self, low: float, high: float) -> float:
        """Between `low` and `high`, evenly in the logarithm."""
        return log_uniform(self.rng, low, high)

    def normal(self, sigma: float) -> float:
        """Gaussian about zero."""
        return float(self.rng.normal(0, sigma))

    def often(self, chance: float, low: float, high: float) -> float:
        """Between `low` and `high` with this chance, else zero."""
        return self.uniform(low, high) * float(self.rng.random() < chance)

    def mixture(self, *parts: tuple[float, float, float]) -> float:
        """Uniform in one of several ranges, which are given as (share of the exposures, low, high)."""
        shares = [share for share, _, _ in parts]
        _, low, high = parts[self.rng.choice(len(parts), p=shares)]
        return self.uniform(low, high)


def _drawn(draw: Numbers[T]) -> dict[str, T]:
    """The fields of dtype NOISE."""
    lag_1 = draw.mixture(*LAG_1)
    return {
        "shot": draw.log_uniform(*SHOT),
        "lag_1": lag_1,
        "lag_2": lag_1**2 * draw.uniform(*LAG_2),
        "mottle": draw.often(*MOTTLE),
        "stripes": draw.often(*STRIPES),
        "bias": draw.normal(BIAS) + draw.often(*FALSE_BIAS),
        "slope_x": draw.normal(SLOPE) + draw.often(*FALSE_SLOPE),
        "slope_y": draw.normal(SLOPE) + draw.often(*FALSE_SLOPE),
        "cosmics": draw.mixture(*COSMICS),
        "hot": draw.often(*HOT),
        "blanks": draw.often(*BLANKS),
        "unit": draw.log_uniform(*UNITS),
    }


def draw_drizzled_noises(generator: torch.Generator, count: int) -> dict[str, Tensor]:
    """Recipes of `count` exposures."""
    return _drawn(Draw(generator, count))


def draw_drizzled_noise(rng: np.random.Generator) -> Noise:
    """The recipe of one exposure."""
    return Noise(**_drawn(One(rng)))
