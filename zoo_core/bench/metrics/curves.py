"""Ranking curves, exact and of many resamples at once.

Scores are sorted, and tied scores share one threshold, so that ties count against the classifier. In resample b row i
counts weights[b, i] times; weights of one plain 1 each give the curve of the data itself.
"""

from dataclasses import dataclass

import numpy as np

__all__ = ["Curve", "Ranking", "area", "curve"]

ROUNDING = 1 + 1e-12  # a rate of 0.07 among 100 allows 7, though 0.07 x 100 may fall short of it


@dataclass(frozen=True)
class Ranking:
    """Images in an order.

    Arguments:
        scores: (N,), the higher, the likelier positive.
        positive: (N,) bool, which images are.
        probable: the scores are probabilities, so that one half is a threshold.
    """

    scores: np.ndarray
    positive: np.ndarray
    probable: bool


@dataclass(frozen=True)
class Curve:
    """Counts above each distinct score, from the highest.

    Arguments:
        thresholds: (T,), descending; an image is called positive if its score is at least the threshold.
        true_positives, false_positives: (B, T).
        positives, negatives: (B,), of all images.
    """

    thresholds: np.ndarray
    true_positives: np.ndarray
    false_positives: np.ndarray
    positives: np.ndarray
    negatives: np.ndarray

    def tpr_with_at_most(self, false_positives: float | np.ndarray) -> np.ndarray:
        """Highest TPR, (B,), at any threshold with at most so many false positives; NaN without either class.

            max over t of TPR(t) where FP(t) <= false_positives

        TPR0 allows none, TPR10 nine (Metcalf et al. 2019, A&A 625, A119).

        Example:
            >>> import numpy as np
            >>> from zoo_core.bench.metrics.curves import curve
            >>> finder = curve(np.array([0.9, 0.8, 0.7, 0.1]), np.array([True, False, True, False]))
            >>> float(finder.tpr_with_at_most(0)[0]), float(finder.tpr_with_at_most(1)[0])
            (0.5, 1.0)
        """
        allowed = np.broadcast_to(np.asarray(false_positives), self.negatives.shape)[:, None]
        best = np.max(self.true_positives * (self.false_positives <= allowed * ROUNDING), axis=1, initial=0)
        return np.where(self.negatives > 0, _ratio(best, self.positives), np.nan)

    def tpr_at_fpr(self, fpr: float) -> np.ndarray:
        """Highest TPR, (B,), at any threshold whose FPR is at most `fpr`; no interpolation.

        max over t of TPR(t) where FPR(t) <= fpr
        """
        return self.tpr_with_at_most(fpr * self.negatives)

    def threshold_with_at_most(self, false_positives: float) -> float | None:
        """Lowest threshold with at most so many false positives; None if there is none."""
        allowed = self.thresholds[self.false_positives[0] <= false_positives * ROUNDING]
        return float(allowed[-1]) if len(allowed) else None


def curve(scores: np.ndarray, positive: np.ndarray, weights: np.ndarray | None = None) -> Curve:
    """The curve of `scores` (N,) for the rows that are `positive` (N,), under `weights` (B, N)."""
    weights = np.ones((1, len(scores)), dtype=np.int64) if weights is None else weights
    order = np.argsort(-scores, kind="stable")
    ordered_scores, ordered_weights = scores[order], weights[:, order]
    last = np.append(np.diff(ordered_scores) != 0, True)[: len(scores)]
    true = np.cumsum(ordered_weights * positive[order], axis=1)
    both = np.cumsum(ordered_weights, axis=1)
    total_true, total = true[:, -1:].sum(axis=1), both[:, -1:].sum(axis=1)
    return Curve(ordered_scores[last], true[:, last], (both - true)[:, last], total_true, total - total_true)


def area(scores: np.ndarray, positive: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Area under the curve, (B,): the probability that a positive outranks a negative, ties counting one half.

        AUROC = 1 / (P N) sum_i sum_j ([s_i > s_j] + [s_i = s_j] / 2)

    i runs over the P positives, j over the N negatives. Arguments as those of `curve`.

    Source: Hanley & McNeil (1982), Radiology 143, 29 (the Wilcoxon statistic).

    Example:
        >>> import numpy as np
        >>> from zoo_core.bench.metrics.curves import area
        >>> area(np.array([0.9, 0.5, 0.5, 0.1]), np.array([True, True, False, False]))
        array([0.875])
    """
    weights = np.ones((1, len(scores)), dtype=np.int64) if weights is None else weights
    order = np.argsort(scores, kind="stable")
    true, false = order[positive[order]], order[~positive[order]]
    found, others = np.take(weights, true, axis=1), np.take(weights, false, axis=1)
    below = np.pad(np.cumsum(others, axis=1), ((0, 0), (1, 0)))  # weight of the first negatives, from the lowest
    first, last = (np.searchsorted(scores[false], scores[true], side) for side in ("left", "right"))
    outranked = np.take(below, first, axis=1)
    outranked += outranked if np.array_equal(first, last) else np.take(below, last, axis=1)
    return _ratio(np.sum(found * outranked, axis=1) / 2, found.sum(axis=1) * below[:, -1])


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    safe = np.where(denominator > 0, denominator, 1)
    return np.where(denominator > 0, numerator / safe, np.nan)
