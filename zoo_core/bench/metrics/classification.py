"""Metrics of lens finders and other classifiers of two classes; the second class is the positive one.

    TPR = TP / P,  FPR = FP / N,  precision = TP / (TP + FP),  F1 = 2 TP / (2 TP + FP + FN)

P and N count the images of either class, TP and FP those of them that are called positive, FN = P - TP.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ...metric import Binomial, Bootstrap, Metric, NoInterval, WeightedBootstrap
from ...scores import ClassScores, Truth
from .calibration import brier_score, expected_calibration_error, prior_weights
from .curves import area, curve
from .tail import probability_exceeded_by

__all__ = ["FEW", "Confusion", "binary_metrics", "calibration_metrics", "confusion", "purity"]

TASK = "classification"
SURVEY_LENS_FRACTION = 1e-3
FEW = 3  # false positives; with fewer the rate is only known to be below 3/N at 95 %

Weighted = Callable[[ClassScores, Truth, np.ndarray], np.ndarray]


class Confusion(NamedTuple):
    """Counts at one threshold, (B,) each."""

    true_positives: np.ndarray
    false_positives: np.ndarray
    false_negatives: np.ndarray
    true_negatives: np.ndarray


def binary_metrics() -> list[Metric]:
    """Metrics of two classes.

    Sources: TPR0 and TPR10 are the highest TPR without a false positive and with fewer than ten of them, Metcalf et al.
    (2019), A&A 625, A119; the AUROC is that of `Curve.area`, the purity that of `purity`.

    Example:
        >>> import numpy as np
        >>> from zoo_core.bench.metrics.classification import binary_metrics
        >>> from zoo_core.scores import ClassScores
        >>> p = np.array([0.9, 0.8, 0.7, 0.1])
        >>> scores = ClassScores(np.stack([1 - p, p], axis=1))
        >>> truth = {"id": np.arange(4), "label": np.array([1, 0, 1, 0])}
        >>> {m.name: m.value(scores, truth) for m in binary_metrics() if m.name in ("auroc", "tpr0", "recall")}
        {'auroc': 0.75, 'tpr0': 0.5, 'recall': 1.0}
    """
    return [*_ranking_metrics(), *_threshold_metrics(), *calibration_metrics()]


def calibration_metrics() -> list[Metric]:
    """Metrics of the probabilities of two classes or more, see `calibration`."""
    ece = "expected calibration error, 15 equal bins (Guo et al. 2017)"
    at_prior = "as `ece`, classes weighted to the fractions that the model's probabilities assume"
    brier = "mean squared error of the probabilities (Brier 1950)"
    return [
        Metric("ece", TASK, WeightedBootstrap(_ece), higher_is_better=False, summary=ece),
        Metric("ece_at_prior", TASK, WeightedBootstrap(_ece_at_prior), higher_is_better=False, summary=at_prior),
        Metric("brier", TASK, WeightedBootstrap(_brier), higher_is_better=False, summary=brier),
    ]


def confusion(scores: np.ndarray, positive: np.ndarray, threshold: float, weights: np.ndarray) -> Confusion:
    """Counts where a score of at least the threshold calls an image positive.

    Example:
        >>> import numpy as np
        >>> from zoo_core.bench.metrics.classification import confusion
        >>> counts = confusion(np.array([0.9, 0.6, 0.2]), np.array([True, False, True]), 0.5, np.ones((1, 3), int))
        >>> counts.true_positives, counts.false_positives, counts.false_negatives
        (array([1]), array([1]), array([1]))
    """
    above = scores >= threshold
    cells = (above & positive, above & ~positive, ~above & positive, ~above & ~positive)
    return Confusion(*(weights @ cell for cell in cells))


def purity(tpr: np.ndarray, fpr: np.ndarray, lens_fraction: float) -> np.ndarray:
    """Share of lenses among the images called lens, where the fraction f of all images are lenses (Bayes' theorem).

        purity = TPR f / (TPR f + FPR (1 - f))

    Example:
        >>> import numpy as np
        >>> from zoo_core.bench.metrics.classification import purity
        >>> round(float(purity(np.array(0.75), np.array(1e-4), 1e-3)), 2)
        0.88
    """
    true, false = tpr * lens_fraction, fpr * (1 - lens_fraction)
    return np.divide(true, true + false, out=np.full(np.shape(true), np.nan), where=true + false > 0)


def _ranking_metrics() -> list[Metric]:
    tpr0 = "highest TPR without a false positive, ties against (Metcalf et al. 2019)"
    tpr10 = "highest TPR with fewer than ten false positives (Metcalf et al. 2019)"
    five_percent = "highest TPR at a false-positive rate of at most 5e-2"
    percent = "highest TPR at a false-positive rate of at most 1e-2"
    permille = "highest TPR at a false-positive rate of at most 1e-3"
    return [
        Metric("auroc", TASK, WeightedBootstrap(_auroc), summary="area under the exact ROC curve"),
        Metric("tpr0", TASK, NoInterval(_tpr0), summary=tpr0),
        Metric("tpr10", TASK, WeightedBootstrap(_tpr10), summary=tpr10),
        Metric("tpr_at_fpr_5e-2", TASK, WeightedBootstrap(_tpr_at(5e-2)), summary=five_percent),
        Metric("tpr_at_fpr_1e-2", TASK, WeightedBootstrap(_tpr_at(1e-2)), summary=percent),
        Metric("tpr_at_fpr_1e-3", TASK, WeightedBootstrap(_tpr_at(1e-3)), summary=permille),
    ]


def _threshold_metrics() -> list[Metric]:
    fpr = "share of the non-lenses with p >= 0.5"
    percent = "p above which 1e-2 of the non-lenses are expected, from the tail of their log odds (Weissman 1978)"
    survey = "precision at p >= 0.5 where one image in 1000 is a lens, FPR taken as 3/N at least"
    return [
        Metric("accuracy", TASK, Binomial(_correct), summary="share of right answers at p >= 0.5"),
        Metric("precision", TASK, Binomial(_called_right), summary="share of lenses among the images with p >= 0.5"),
        Metric("recall", TASK, Binomial(_found), summary="share of the lenses with p >= 0.5"),
        Metric("fpr", TASK, Binomial(_called_wrong), higher_is_better=False, summary=fpr),
        Metric("p_at_fpr_1e-2", TASK, Bootstrap(_threshold), higher_is_better=False, summary=percent),
        Metric("f1", TASK, WeightedBootstrap(_f1), summary="harmonic mean of precision and recall at p >= 0.5"),
        Metric("purity_1e-3", TASK, WeightedBootstrap(_survey_purity), summary=survey),
    ]


def _auroc(scores: ClassScores, truth: Truth, weights: np.ndarray) -> np.ndarray:
    return area(scores.positive, truth["label"] == 1, weights)


def _tpr0(scores: ClassScores, truth: Truth) -> float:
    return float(curve(scores.positive, truth["label"] == 1).tpr_with_at_most(0)[0])


def _tpr10(scores: ClassScores, truth: Truth, weights: np.ndarray) -> np.ndarray:
    return curve(scores.positive, truth["label"] == 1, weights).tpr_with_at_most(9)


def _tpr_at(fpr: float) -> Weighted:
    def tpr(scores: ClassScores, truth: Truth, weights: np.ndarray) -> np.ndarray:
        return curve(scores.positive, truth["label"] == 1, weights).tpr_at_fpr(fpr)

    return tpr


def _correct(scores: ClassScores, truth: Truth) -> tuple[int, int]:
    return int(np.sum(scores.called == truth["label"])), len(truth["label"])


def _called_right(scores: ClassScores, truth: Truth) -> tuple[int, int]:
    positive = scores.called == 1
    return int(np.sum(positive & (truth["label"] == 1))), int(np.sum(positive))


def _found(scores: ClassScores, truth: Truth) -> tuple[int, int]:
    lens = truth["label"] == 1
    return int(np.sum(scores.called[lens])), int(np.sum(lens))


def _called_wrong(scores: ClassScores, truth: Truth) -> tuple[int, int]:
    other = truth["label"] != 1
    return int(np.sum(scores.called[other])), int(np.sum(other))


def _threshold(scores: ClassScores, truth: Truth) -> float:
    return probability_exceeded_by(1e-2, scores.positive[truth["label"] != 1])


def _half(scores: ClassScores, truth: Truth, weights: np.ndarray) -> Confusion:
    return confusion(scores.positive, truth["label"] == 1, 0.5, weights)


def _f1(scores: ClassScores, truth: Truth, weights: np.ndarray) -> np.ndarray:
    true, false, missed, _ = _half(scores, truth, weights)
    total = 2 * true + false + missed
    return np.divide(2.0 * true, total, out=np.full(len(weights), np.nan), where=total > 0)


def _survey_purity(scores: ClassScores, truth: Truth, weights: np.ndarray) -> np.ndarray:
    """With fewer than three false positives their rate is taken as 3/N, so that the purity is a lower bound."""
    true, false, missed, rejected = _half(scores, truth, weights)
    negatives, positives = np.maximum(false + rejected, 1), np.maximum(true + missed, 1)
    return purity(true / positives, np.maximum(false, FEW) / negatives, SURVEY_LENS_FRACTION)


def _ece(scores: ClassScores, truth: Truth, weights: np.ndarray) -> np.ndarray:
    return expected_calibration_error(scores.probabilities, truth["label"], weights)


def _ece_at_prior(scores: ClassScores, truth: Truth, weights: np.ndarray) -> np.ndarray:
    if not scores.prior:
        return np.full(len(weights), np.nan)
    return _ece(scores, truth, prior_weights(scores.prior, truth["label"], weights))


def _brier(scores: ClassScores, truth: Truth, weights: np.ndarray) -> np.ndarray:
    return brier_score(scores.probabilities, truth["label"], weights)
