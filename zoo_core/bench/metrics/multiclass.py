"""Figures of merit of classifiers of three classes and more, which have one column `p_<class>` each, in their order."""

from collections.abc import Sequence

import numpy as np

from ...interfaces import Metric
from .classification import TASK, calibration_metrics, called, probabilities
from .contingency import contingency
from .curves import curve
from .figures import Columns, WeightedFigure, rate, weighted

__all__ = ["multiclass_metrics"]


def multiclass_metrics(classes: Sequence[str]) -> list[Metric]:
    """Of so many classes, as a whole and one by one."""
    one_by_one = [
        weighted(f"auroc[{name}]", TASK, _auroc_of(k), f"area under the ROC curve of {name} against the rest")
        for k, name in enumerate(classes)
    ]
    return [
        weighted("macro_auroc", TASK, _macro_auroc, "area under the ROC curve of a class against the rest, mean"),
        *one_by_one,
        rate("accuracy", TASK, _correct, "share of images whose most probable class is the true one"),
        weighted("macro_f1", TASK, _macro_f1, "harmonic mean of precision and recall, mean over the classes"),
        *calibration_metrics(),
    ]


def _auroc_of(k: int) -> WeightedFigure:
    def figure(predictions: Columns, truth: Columns, weights: np.ndarray) -> np.ndarray:
        return curve(probabilities(predictions)[:, k], truth["label"] == k, weights).area()

    return figure


def _macro_auroc(predictions: Columns, truth: Columns, weights: np.ndarray) -> np.ndarray:
    classes = probabilities(predictions).shape[1]
    return np.mean([_auroc_of(k)(predictions, truth, weights) for k in range(classes)], axis=0)


def _correct(predictions: Columns, truth: Columns) -> tuple[int, int]:
    return int(np.sum(called(predictions) == truth["label"])), len(truth["label"])


def _macro_f1(predictions: Columns, truth: Columns, weights: np.ndarray) -> np.ndarray:
    """A class that neither is there nor is called has the F1 zero, as scikit-learn has it."""
    classes = probabilities(predictions).shape[1]
    table = contingency(truth["label"], called(predictions), (classes, classes), weights)
    right, total = np.diagonal(table, axis1=1, axis2=2), table.sum(axis=1) + table.sum(axis=2)
    return np.mean(np.divide(2 * right, total, out=np.zeros_like(right), where=total > 0), axis=1)
