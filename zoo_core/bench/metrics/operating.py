"""Operating points of whatever ranks images: a threshold, and what is above it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .classification import purity
from .curves import curve
from .intervals import binomial

__all__ = ["OperatingPoint", "Rates", "operating_points", "rates"]

LENS_FRACTIONS = (1e-3, 1e-4)
FEW = 3  # false positives; with fewer the rate is only known to be below 3/N at 95 %


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


def operating_points(scores: np.ndarray, positive: np.ndarray, *, probable: bool) -> list[OperatingPoint]:
    """Where FPR <= 1e-2, FPR <= 1e-3, and with fewer than ten false positives and none.

    Arguments:
        probable: scores are probabilities of a lens: one half is a threshold too, and purities in a survey are stated.
    """
    ranking = curve(scores, positive)
    negatives = int(np.sum(~positive))
    allowed = {"fpr<=1e-2": 1e-2 * negatives, "fpr<=1e-3": 1e-3 * negatives, "fp<10": 9, "fp<1": 0}
    thresholds = {name: ranking.threshold_with_at_most(count) for name, count in allowed.items()}
    points = {"p>=0.5": 0.5} | thresholds if probable else thresholds
    fractions = LENS_FRACTIONS if probable else ()
    return [_operating_point(name, threshold, scores, positive, fractions) for name, threshold in points.items()]


def rates(scores: np.ndarray, positive: np.ndarray, threshold: float | None) -> Rates:
    """What is at or above the threshold."""
    called = scores >= (np.inf if threshold is None else threshold)
    found, positives = int(np.sum(called & positive)), int(np.sum(positive))
    false, negatives = int(np.sum(called & ~positive)), int(np.sum(~positive))
    return Rates(found, positives, false, negatives, binomial(found, positives), binomial(false, negatives))


def _operating_point(
    name: str, threshold: float | None, scores: np.ndarray, positive: np.ndarray, fractions: Sequence[float]
) -> OperatingPoint:
    measured = rates(scores, positive, threshold)
    tpr = np.array(measured.found / max(1, measured.positives))
    fpr = np.array(max(measured.false_positives, FEW) / max(1, measured.negatives))
    pure = {f"{fraction:.0e}": float(purity(tpr, fpr, fraction)) for fraction in fractions}
    return OperatingPoint(name, threshold, measured, pure, measured.false_positives < FEW)
