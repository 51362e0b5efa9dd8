"""Noise recipes drawn in batches.

The same distributions as `survey.draw_training_noise` and `survey.draw_shifted_noise`, for many exposures at once, on
the device of a torch generator. A batch of recipes is a mapping from the fields of dtype NOISE to tensors of shape
(B,); a structured array of that dtype can be used in its place everywhere.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

__all__ = ["UNITS", "Draw", "NoiseTable", "column", "draw_shifted_noises", "draw_training_noises"]

NoiseTable = Mapping[str, Tensor] | np.ndarray
"""Numbers of each exposure's noise, by the fields of dtype NOISE."""

UNITS = (1e-13, 1e3)
"""Flux unit of a file: from erg/s/cm2/Hz-like units to electrons."""


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


def draw_training_noises(generator: torch.Generator, count: int) -> dict[str, Tensor]:
    """Recipes of `count` exposures of HST, JWST and Euclid, resampled; kernels that fall off from the centre."""
    draw = Draw(generator, count)
    lag_1 = draw.mixture((0.42, 0.0, 0.0), (0.4, 0.0, 0.2), (0.12, 0.15, 0.4), (0.06, 0.4, 0.65))
    return {
        "shot": draw.log_uniform(0.004, 0.08),
        "lag_1": lag_1,
        "lag_2": lag_1**2 * draw.uniform(-0.4, 0.6),
        "mottle": draw.often(0.2, 0.0, 0.2),
        "stripes": draw.often(0.15, 0.0, 0.2),
        "bias": draw.normal(0.1) + draw.often(0.06, -3.0, 3.0),
        "slope_x": draw.normal(0.06),
        "slope_y": draw.normal(0.06),
        "cosmics": draw.often(0.3, 0.0, 2.0),
        "hot": draw.often(0.2, 0.0, 2.0),
        "blanks": draw.often(0.15, 0.0, 1.0),
        "unit": draw.log_uniform(*UNITS),
    }


def draw_shifted_noises(generator: torch.Generator, count: int) -> dict[str, Tensor]:
    """Recipes of `count` exposures whose kernels have negative lobes, as Lanczos resampling leaves, and more mottle."""
    draw = Draw(generator, count)
    return {
        "shot": draw.log_uniform(0.01, 0.05),
        "lag_1": draw.uniform(0.05, 0.3),
        "lag_2": draw.uniform(-0.12, 0.0),
        "mottle": draw.often(0.5, 0.1, 0.35),
        "stripes": draw.often(0.3, 0.0, 0.3),
        "bias": draw.normal(0.3),
        "slope_x": draw.normal(0.15),
        "slope_y": draw.normal(0.15),
        "cosmics": draw.often(0.3, 0.0, 2.0),
        "hot": draw.uniform(0.0, 0.0),
        "blanks": draw.often(0.2, 0.0, 1.0),
        "unit": draw.log_uniform(*UNITS),
    }
