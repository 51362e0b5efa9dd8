"""Figures of merit of lens finders and other classifiers of two classes.

The second class is the positive one and `p_<class>` its probability. A figure is a function of the predictions, the
truth and weights (B, N), and returns one value a resample.
"""

from typing import NamedTuple

import numpy as np

from ...interfaces import Metric
from .calibration import brier_score, expected_calibration_error, prior_weights
from .curves import curve
from .figures import Columns, WeightedFigure, rate, weighted

__all__ = [
    "Confusion",
    "binary_metrics",
    "calibration_metrics",
    "called",
    "confusion",
    "positive_scores",
    "probabilities",
    "purity",
]

TASK = "classification"
SURVEY_LENS_FRACTION = 1e-3


class Confusion(NamedTuple):
    """Counts at one threshold, (B,) each."""

    true_positives: np.ndarray
    false_positives: np.ndarray
    false_negatives: np.ndarray
    true_negatives: np.ndarray


def binary_metrics() -> list[Metric]:
    """Of two classes."""
    tpr0 = "highest TPR without a false positive, ties against (Metcalf et al. 2019)"
    tpr10 = "highest TPR with fewer than ten false positives (Metcalf et al. 2019)"
    survey = "precision at p >= 0.5 where one image in 1000 is a lens, FPR taken as 3/N at least"
    return [
        weighted("auroc", TASK, _auroc, "area under the exact ROC curve"),
        weighted("tpr0", TASK, _tpr_below(1), tpr0, interval="none"),
        weighted("tpr10", TASK, _tpr_below(10), tpr10),
        weighted("tpr_at_fpr_5e-2", TASK, _tpr_at(5e-2), "highest TPR at a false-positive rate of at most 5e-2"),
        weighted("tpr_at_fpr_1e-2", TASK, _tpr_at(1e-2), "highest TPR at a false-positive rate of at most 1e-2"),
        weighted("tpr_at_fpr_1e-3", TASK, _tpr_at(1e-3), "highest TPR at a false-positive rate of at most 1e-3"),
        rate("accuracy", TASK, _correct, "share of right answers at p >= 0.5"),
        rate("precision", TASK, _called_right, "share of lenses among the images with p >= 0.5"),
        rate("recall", TASK, _found, "share of the lenses with p >= 0.5"),
        rate("fpr", TASK, _called_wrong, "share of the non-lenses with p >= 0.5", higher_is_better=False),
        weighted("f1", TASK, _f1, "harmonic mean of precision and recall at p >= 0.5"),
        weighted("purity_1e-3", TASK, _survey_purity, survey),
        *calibration_metrics(),
    ]


def calibration_metrics() -> list[Metric]:
    """Of two classes or more."""
    at_prior = "as `ece`, classes weighted to the fractions that the model's probabilities assume"
    return [
        weighted(
            "ece", TASK, _ece, "expected calibration error, 15 equal bins (Guo et al. 2017)", higher_is_better=False
        ),
        weighted("ece_at_prior", TASK, _ece_at_prior, at_prior, higher_is_better=False),
        weighted("brier", TASK, _brier, "mean squared error of the probabilities (Brier 1950)", higher_is_better=False),
    ]


def positive_scores(predictions: Columns) -> np.ndarray:
    """Probability of the positive class of two, (N,)."""
    (scores,) = probabilities(predictions).T
    return scores


def probabilities(predictions: Columns) -> np.ndarray:
    """The columns `p_<class>`, (N, K); of two classes only that of the positive one, (N, 1)."""
    return np.stack([values for name, values in predictions.items() if name.startswith("p_")], axis=1)


def called(predictions: Columns) -> np.ndarray:
    """Index of the class that is called, (N,): the most probable one; of two classes the positive one at p >= 0.5."""
    p = probabilities(predictions)
    return (p[:, 0] >= 0.5).astype(int) if p.shape[1] == 1 else p.argmax(axis=1)


def confusion(scores: np.ndarray, positive: np.ndarray, threshold: float, weights: np.ndarray) -> Confusion:
    """Counts where a score of at least the threshold calls an image positive."""
    above = scores >= threshold
    cells = (above & positive, above & ~positive, ~above & positive, ~above & ~positive)
    return Confusion(*(weights @ cell for cell in cells))


def purity(tpr: np.ndarray, fpr: np.ndarray, lens_fraction: float) -> np.ndarray:
    """Share of lenses among the images called lens, where so many of all images are lenses."""
    true, false = tpr * lens_fraction, fpr * (1 - lens_fraction)
    return np.divide(true, true + false, out=np.full(np.shape(true), np.nan), where=true + false > 0)


def _auroc(predictions: Columns, truth: Columns, weights: np.ndarray) -> np.ndarray:
    return curve(positive_scores(predictions), truth["label"] == 1, weights).area()


def _tpr_below(false_positives: int) -> WeightedFigure:
    def figure(predictions: Columns, truth: Columns, weights: np.ndarray) -> np.ndarray:
        ranking = curve(positive_scores(predictions), truth["label"] == 1, weights)
        return ranking.tpr_with_at_most(false_positives - 1)

    return figure


def _tpr_at(fpr: float) -> WeightedFigure:
    def figure(predictions: Columns, truth: Columns, weights: np.ndarray) -> np.ndarray:
        return curve(positive_scores(predictions), truth["label"] == 1, weights).tpr_at_fpr(fpr)

    return figure


def _correct(predictions: Columns, truth: Columns) -> tuple[int, int]:
    return int(np.sum(called(predictions) == truth["label"])), len(truth["label"])


def _called_right(predictions: Columns, truth: Columns) -> tuple[int, int]:
    positive = called(predictions) == 1
    return int(np.sum(positive & (truth["label"] == 1))), int(np.sum(positive))


def _found(predictions: Columns, truth: Columns) -> tuple[int, int]:
    lens = truth["label"] == 1
    return int(np.sum(called(predictions)[lens])), int(np.sum(lens))


def _called_wrong(predictions: Columns, truth: Columns) -> tuple[int, int]:
    other = truth["label"] != 1
    return int(np.sum(called(predictions)[other])), int(np.sum(other))


def _half(predictions: Columns, truth: Columns, weights: np.ndarray) -> Confusion:
    return confusion(positive_scores(predictions), truth["label"] == 1, 0.5, weights)


def _f1(predictions: Columns, truth: Columns, weights: np.ndarray) -> np.ndarray:
    true, false, missed, _ = _half(predictions, truth, weights)
    total = 2 * true + false + missed
    return np.divide(2.0 * true, total, out=np.full(len(weights), np.nan), where=total > 0)


def _survey_purity(predictions: Columns, truth: Columns, weights: np.ndarray) -> np.ndarray:
    true, false, missed, rejected = _half(predictions, truth, weights)
    negatives, positives = np.maximum(false + rejected, 1), np.maximum(true + missed, 1)
    # With fewer than three false positives the rate is only known to be below 3/N (95 %): the purity is a lower bound.
    return purity(true / positives, np.maximum(false, 3) / negatives, SURVEY_LENS_FRACTION)


def _ece(predictions: Columns, truth: Columns, weights: np.ndarray) -> np.ndarray:
    return expected_calibration_error(probabilities(predictions), truth["label"], weights)


def _ece_at_prior(predictions: Columns, truth: Columns, weights: np.ndarray) -> np.ndarray:
    if "prior" not in predictions:
        return np.full(len(weights), np.nan)
    return _ece(predictions, truth, prior_weights(predictions["prior"], truth["label"], weights))


def _brier(predictions: Columns, truth: Columns, weights: np.ndarray) -> np.ndarray:
    return brier_score(probabilities(predictions), truth["label"], weights)
