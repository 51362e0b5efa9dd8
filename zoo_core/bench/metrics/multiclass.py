"""Metrics of classifiers of three classes and more."""

from collections.abc import Callable, Sequence

import numpy as np

from ...metric import Binomial, Metric, WeightedBootstrap
from ...scores import ClassScores, Truth
from .classification import TASK, calibration_metrics
from .contingency import contingency
from .curves import area

__all__ = ["multiclass_metrics"]

Weighted = Callable[[ClassScores, Truth, np.ndarray], np.ndarray]


def multiclass_metrics(classes: Sequence[str]) -> list[Metric]:
    """Metrics of so many classes, as a whole and one by one.

    Example:
        >>> import numpy as np
        >>> from zoo_core.bench.metrics.multiclass import multiclass_metrics
        >>> from zoo_core.scores import ClassScores
        >>> macro_auroc = multiclass_metrics(["no", "sphere", "vort"])[0]
        >>> macro_auroc.value(ClassScores(np.eye(3)), {"id": np.arange(3), "label": np.arange(3)})
        1.0
    """
    return [
        _metric("macro_auroc", _macro_auroc, "area under the ROC curve of a class against the rest, mean"),
        *(_metric(f"auroc[{name}]", _auroc_of(k), _against_the_rest(name)) for k, name in enumerate(classes)),
        Metric(
            "accuracy", TASK, Binomial(_correct), summary="share of images whose most probable class is the true one"
        ),
        _metric("macro_f1", _macro_f1, "harmonic mean of precision and recall, mean over the classes"),
        *calibration_metrics(),
    ]


def _metric(name: str, compute: Weighted, summary: str) -> Metric:
    return Metric(name, TASK, WeightedBootstrap(compute), summary=summary)


def _against_the_rest(name: str) -> str:
    return f"area under the ROC curve of {name} against the rest"


def _auroc_of(k: int) -> Weighted:
    def auroc(scores: ClassScores, truth: Truth, weights: np.ndarray) -> np.ndarray:
        return area(scores.probabilities[:, k], truth["label"] == k, weights)

    return auroc


def _macro_auroc(scores: ClassScores, truth: Truth, weights: np.ndarray) -> np.ndarray:
    """1/K sum_k AUROC of class k against the rest."""
    classes = scores.probabilities.shape[1]
    return np.mean([_auroc_of(k)(scores, truth, weights) for k in range(classes)], axis=0)


def _correct(scores: ClassScores, truth: Truth) -> tuple[int, int]:
    return int(np.sum(scores.called == truth["label"])), len(truth["label"])


def _macro_f1(scores: ClassScores, truth: Truth, weights: np.ndarray) -> np.ndarray:
    """1/K sum_k 2 TP_k / (2 TP_k + FP_k + FN_k); of a class that neither is there nor is called it is zero."""
    classes = scores.probabilities.shape[1]
    table = contingency(truth["label"], scores.called, (classes, classes), weights)
    right, total = np.diagonal(table, axis1=1, axis2=2), table.sum(axis=1) + table.sum(axis=2)
    return np.mean(np.divide(2 * right, total, out=np.zeros_like(right), where=total > 0), axis=1)
