"""Figures of merit of anomaly detectors: `anomaly_score`, higher where an image is stranger.

What has learned from class 0 alone is asked for all others: an image of any class above 0 is a positive.
"""

from collections.abc import Sequence

import numpy as np

from ...interfaces import Metric
from .curves import curve
from .figures import Columns, WeightedFigure, weighted

__all__ = ["anomaly_metrics"]

TASK = "anomaly"
RATES = ("1e-2", "1e-1")


def anomaly_metrics(classes: Sequence[str]) -> list[Metric]:
    """Of all anomalies; where there are several kinds, also of each against the normal images."""
    kinds = list(enumerate(classes))[1:] if len(classes) > 2 else []
    return [
        weighted("auroc", TASK, _auroc, "area under the exact ROC curve, anomalies against class 0"),
        *(weighted(f"auroc[{name}]", TASK, _auroc_of(k), f"the same, {name} against class 0") for k, name in kinds),
        *(
            weighted(f"tpr_at_fpr_{fpr}", TASK, _tpr_at(float(fpr)), f"highest TPR at an FPR of at most {fpr}")
            for fpr in RATES
        ),
    ]


def _auroc(predictions: Columns, truth: Columns, weights: np.ndarray) -> np.ndarray:
    return curve(predictions["anomaly_score"], truth["label"] > 0, weights).area()


def _auroc_of(kind: int) -> WeightedFigure:
    def figure(predictions: Columns, truth: Columns, weights: np.ndarray) -> np.ndarray:
        rows = np.isin(truth["label"], (0, kind))
        return curve(predictions["anomaly_score"][rows], truth["label"][rows] > 0, weights[:, rows]).area()

    return figure


def _tpr_at(fpr: float) -> WeightedFigure:
    def figure(predictions: Columns, truth: Columns, weights: np.ndarray) -> np.ndarray:
        return curve(predictions["anomaly_score"], truth["label"] > 0, weights).tpr_at_fpr(fpr)

    return figure
