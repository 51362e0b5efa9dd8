"""Operating points of whatever ranks images: a threshold, and what is above it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .classification import FEW, purity
from .curves import Ranking, curve
from .intervals import binomial

__all__ = ["OperatingPoint", "Rates", "operating_points", "rates"]

LENS_FRACTIONS = (1e-3, 1e-4)


@dataclass(frozen=True)
class Rates:
    """Counts at a threshold, and the rates with their exact 95 % intervals (None without images of the class)."""

    found: int
    positives: int
    false_positives: int
    negatives: int
    tpr_interval: tuple[float, float] | None
    fpr_interval: tuple[float, float] | None


@dataclass(frozen=True)
class OperatingPoint:
    """One threshold of a ranking.

    Arguments:
        name: how it was chosen.
        threshold: an image is called a lens if its score is at least this; None: none is.
        rates: on the whole benchmark.
        purity: by lens fraction of a survey ("1e-03"), at this threshold; empty where scores are no probabilities.
        purity_is_lower_bound: fewer than three false positives, so that their rate is taken as 3/N.
    """

    name: str
    threshold: float | None
    rates: Rates
    purity: dict[str, float]
    purity_is_lower_bound: bool


def operating_points(ranking: Ranking) -> list[OperatingPoint]:
    """Where FPR <= 1e-2, FPR <= 1e-3, and with fewer than ten false positives and none.

    Where scores are probabilities one half is a threshold too, and the purities in a survey are stated. With fewer than
    three false positives their rate is taken as 3/N, its upper limit at 95 % if there is none (Hanley & Lippman-Hand
    1983, JAMA 249, 1743).

    Example:
        >>> import numpy as np
        >>> from zoo_core.bench.metrics.operating import operating_points
        >>> from zoo_core.bench.metrics.curves import Ranking
        >>> images = Ranking(np.array([0.9, 0.8, 0.3, 0.1]), np.array([True, False, True, False]), probable=True)
        >>> [(point.name, point.threshold, point.rates.found) for point in operating_points(images)][:2]
        [('p>=0.5', 0.5, 1), ('fpr<=1e-2', 0.9, 1)]
    """
    ordered = curve(ranking.scores, ranking.positive)
    negatives = int(np.sum(~ranking.positive))
    allowed = {"fpr<=1e-2": 1e-2 * negatives, "fpr<=1e-3": 1e-3 * negatives, "fp<10": 9, "fp<1": 0}
    thresholds = {name: ordered.threshold_with_at_most(count) for name, count in allowed.items()}
    points = {"p>=0.5": 0.5} | thresholds if ranking.probable else thresholds
    fractions = LENS_FRACTIONS if ranking.probable else ()
    return [_operating_point(name, rates(ranking, limit), limit, fractions) for name, limit in points.items()]


def rates(ranking: Ranking, threshold: float | None) -> Rates:
    """What is at or above the threshold, with the intervals of `binomial`."""
    positive = ranking.positive
    called = ranking.scores >= (np.inf if threshold is None else threshold)
    found, positives = int(np.sum(called & positive)), int(np.sum(positive))
    false, negatives = int(np.sum(called & ~positive)), int(np.sum(~positive))
    return Rates(found, positives, false, negatives, binomial(found, positives), binomial(false, negatives))


def _operating_point(name: str, measured: Rates, threshold: float | None, fractions: Sequence[float]) -> OperatingPoint:
    tpr = np.array(measured.found / max(1, measured.positives))
    fpr = np.array(max(measured.false_positives, FEW) / max(1, measured.negatives))
    pure = {f"{fraction:.0e}": float(purity(tpr, fpr, fraction)) for fraction in fractions}
    return OperatingPoint(name, threshold, measured, pure, measured.false_positives < FEW)
