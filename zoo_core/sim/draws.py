"""Draws: single random numbers, of the distributions that populations and surveys are composed of.

All take a generator of NumPy and draw from it in the order in which they are called: images that are frozen depend on
that order.
"""

from collections.abc import Mapping
from typing import NamedTuple, TypeVar

import numpy as np

__all__ = ["ClippedNormal", "choose", "log_uniform"]

T = TypeVar("T")


class ClippedNormal(NamedTuple):
    """A normal distribution whose tails are moved to two limits.

    >>> ClippedNormal(mean=1.0, sigma=0.1, low=0.95, high=1.05).draw(np.random.default_rng(1))
    1.0345584192064785
    """

    mean: float
    sigma: float
    low: float
    high: float

    def draw(self, rng: np.random.Generator) -> float:
        """One number."""
        return float(np.clip(rng.normal(self.mean, self.sigma), self.low, self.high))


def choose(rng: np.random.Generator, frequencies: Mapping[T, float]) -> T:
    """One of the keys, drawn with its frequency; they need not add up to one.

    >>> choose(np.random.default_rng(1), {"spiral": 0.0, "elliptical": 2.0})
    'elliptical'
    """
    weights = np.cumsum(list(frequencies.values()))
    return list(frequencies)[int(np.searchsorted(weights, rng.random() * weights[-1], side="right"))]


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """A number between low and high, even in the logarithm.

    >>> 2.0 < log_uniform(np.random.default_rng(1), 2.0, 60.0) < 60.0
    True
    """
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))
