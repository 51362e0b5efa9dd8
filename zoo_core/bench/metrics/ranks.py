"""Who is better than whom, as far as the images can tell.

All models are resampled alike, so that a difference is judged on the same images (paired bootstrap).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .intervals import LEVEL

__all__ = ["Rank", "ranks"]


@dataclass(frozen=True)
class Rank:
    """Place among the models of a benchmark.

    Arguments:
        place: one more than the number of models that are better beyond doubt; models that cannot be told apart from
            the same ones share it.
        low, high: 95 % interval of the place over the resamples.
        mean: of the place over the resamples; orders those that share one.
    """

    place: int
    low: int
    high: int
    mean: float


def ranks(resampled: Sequence[np.ndarray], higher_is_better: bool) -> list[Rank]:
    """The rank of each model: one more than the number of models that are better in more than 97.5 % of the resamples.

        place_i = 1 + sum_j [ share of resamples with m_j > m_i exceeds (1 + 0.95) / 2 ]

    Its interval is the central one of the places over the resamples (Goldstein & Spiegelhalter 1996, J. R. Stat. Soc. A
    159, 385).

    Arguments:
        resampled: of each model the metric on each resample, (B,); the resamples are the same for all.
        higher_is_better: of the metric.

    Example:
        >>> import numpy as np
        >>> from zoo_core.bench.metrics.ranks import ranks
        >>> [rank.place for rank in ranks([np.full(99, 0.7), np.full(99, 0.9), np.full(99, 0.9)], True)]
        [3, 1, 1]
    """
    merit = np.stack(resampled) if higher_is_better else -np.stack(resampled)
    merit = np.where(np.isfinite(merit), merit, -np.inf)
    places = 1 + np.sum(merit[None] > merit[:, None], axis=1)
    tails = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
    low, high = np.quantile(places, tails, axis=1, method="closest_observation").astype(int)
    return [
        Rank(1 + sum(_better(other, own) for other in merit), int(first), int(last), float(mean))
        for own, first, last, mean in zip(merit, low, high, places.mean(axis=1), strict=True)
    ]


def _better(first: np.ndarray, second: np.ndarray) -> bool:
    """The first beats the second in all but a tail of the resamples."""
    return bool(np.mean(first > second) > (1 + LEVEL) / 2)
