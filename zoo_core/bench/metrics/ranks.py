"""Who is better than whom, as far as the images can tell.

All models are resampled alike, so that a difference is judged on the same images (paired bootstrap).
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .intervals import LEVEL

__all__ = ["Rank", "ranks"]

ONE_TAIL = (1 + LEVEL) / 2


@dataclass(frozen=True)
class Rank:
    """Place among the models of a benchmark.

    Arguments:
        place: one more than the number of models that are better beyond doubt; models that cannot be told apart from
            the same ones share it.
        low, high: 95 % interval of the place that it would have if the images were without number; `place` is in it.
        mean: of the place over the resamples; orders those that share one.
    """

    place: int
    low: int
    high: int
    mean: float


def ranks(merits: Sequence[np.ndarray]) -> list[Rank]:
    """The rank of each model: one more than the number of models that are better in more than 97.5 % of the resamples.

        place_i = 1 + sum_j [ b_ji > 0.975 ],   low_i = 1 + sum_j [ b_ji > q_i ],   high_i = n - sum_j [ b_ij > q_i ]

    b_ij is the share of resamples in which model i is better than j. The interval leaves out the places that would need
    one of the n - 1 differences of model i to have another sign than it has beyond doubt, at 95 % for all of them
    together (Mogstad, Romano, Shaikh & Wilhelm 2024, Review of Economic Studies, marginal confidence sets): q_i is such
    that 95 % of the resamples have each of these differences between its quantiles 1 - q_i and q_i (Besag et al. 1995,
    Statistical Science 10, 3, on simultaneous regions). It is 0.975 for two models, and more for more of them.

    Arguments:
        merits: of each model `Metric.merit` on each resample, (B,); the resamples are the same for all.

    Example:
        >>> import numpy as np
        >>> from zoo_core.bench.metrics.ranks import ranks
        >>> found = ranks([np.full(99, 0.7), np.full(99, 0.9), np.full(99, 0.9)])
        >>> [(rank.place, rank.low, rank.high) for rank in found]
        [(3, 3, 3), (1, 1, 2), (1, 1, 2)]
    """
    merit = _defined(np.stack(merits))
    better = np.array([np.mean(own > merit, axis=1) for own in merit])
    certain = np.array([_certain(merit, own) for own in range(len(merit))])[:, None]
    behind, ahead = better, better.T
    return [
        Rank(place=int(place), low=int(low), high=int(high), mean=float(mean))
        for place, low, high, mean in zip(
            1 + np.sum(ahead > ONE_TAIL, axis=1),
            1 + np.sum(ahead > certain, axis=1),
            len(merit) - np.sum(behind > certain, axis=1),
            1 + np.sum(ahead, axis=1),
            strict=True,
        )
    ]


def _defined(values: np.ndarray) -> np.ndarray:
    """The merits (models, B); where one is not defined, less than any that is."""
    defined = np.isfinite(values)
    return np.where(defined, values, np.min(values, where=defined, initial=0.0) - 1)


def _certain(merit: np.ndarray, own: int) -> float:
    """The share of resamples above which a difference of this model to another has a sign beyond doubt."""
    apart = np.delete(merit, own, axis=0) - merit[own]
    ordered, count = np.sort(apart, axis=1), merit.shape[1]

    def leaves_too_many_out(k: int) -> bool:
        within = (apart >= ordered[:, k - 1, None]) & (apart <= ordered[:, -k, None])
        return np.mean(within.all(axis=0)) < LEVEL

    cut = range(1, max(1, round((1 - ONE_TAIL) * count)) + 1)  # values, of each tail
    return 1 - bisect_left(cut, True, key=leaves_too_many_out) / count
