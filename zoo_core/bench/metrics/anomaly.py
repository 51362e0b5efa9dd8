"""Metrics of anomaly detectors.

A detector that has learned from class 0 alone is asked for all others: an image of any class above 0 is a positive.
"""

from collections.abc import Callable, Sequence

import numpy as np

from ...metric import Metric, WeightedBootstrap
from ...scores import AnomalyScores, Truth
from .curves import area, curve

__all__ = ["anomaly_metrics"]

TASK = "anomaly"
RATES = ("1e-2", "1e-1")

Weighted = Callable[[AnomalyScores, Truth, np.ndarray], np.ndarray]


def anomaly_metrics(classes: Sequence[str]) -> list[Metric]:
    """Metrics of all anomalies; where there are several kinds, also of each against the normal images.

    Example:
        >>> from zoo_core.bench.metrics.anomaly import anomaly_metrics
        >>> [metric.name for metric in anomaly_metrics(["no", "sphere", "vort"])]
        ['auroc', 'auroc[sphere]', 'auroc[vort]', 'tpr_at_fpr_1e-2', 'tpr_at_fpr_1e-1']
    """
    kinds = list(enumerate(classes))[1:] if len(classes) > 2 else []
    return [
        _metric("auroc", _auroc, "area under the exact ROC curve, anomalies against class 0"),
        *(_metric(f"auroc[{name}]", _auroc_of(k), f"the same, {name} against class 0") for k, name in kinds),
        *(
            _metric(f"tpr_at_fpr_{fpr}", _tpr_at(float(fpr)), f"highest TPR at an FPR of at most {fpr}")
            for fpr in RATES
        ),
    ]


def _metric(name: str, compute: Weighted, summary: str) -> Metric:
    return Metric(name, TASK, WeightedBootstrap(compute), summary=summary)


def _auroc(scores: AnomalyScores, truth: Truth, weights: np.ndarray) -> np.ndarray:
    return area(scores.score, truth["label"] > 0, weights)


def _auroc_of(kind: int) -> Weighted:
    def auroc(scores: AnomalyScores, truth: Truth, weights: np.ndarray) -> np.ndarray:
        rows = np.isin(truth["label"], (0, kind))
        return area(scores.score[rows], truth["label"][rows] > 0, weights[:, rows])

    return auroc


def _tpr_at(fpr: float) -> Weighted:
    def tpr(scores: AnomalyScores, truth: Truth, weights: np.ndarray) -> np.ndarray:
        return curve(scores.score, truth["label"] > 0, weights).tpr_at_fpr(fpr)

    return tpr
