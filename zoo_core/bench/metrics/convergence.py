"""Metrics of maps of the convergence, of the numbers that `mass_comparison` gives for each image."""

from collections.abc import Callable

import numpy as np

from ...metric import Bootstrap, Metric
from ...scores import ColumnScores, Truth
from .regression import NOMINAL

__all__ = ["convergence_metrics"]

TASK = "convergence"


def convergence_metrics() -> list[Metric]:
    """All metrics of maps of the convergence.

    Example:
        >>> import numpy as np
        >>> from zoo_core.bench.metrics.convergence import convergence_metrics
        >>> from zoo_core.scores import ColumnScores
        >>> metrics = {metric.name: metric for metric in convergence_metrics()}
        >>> scores = ColumnScores({"mass": np.array([-0.02, 0.01, 0.06])})
        >>> metrics["mass_error"].value(scores, {"id": np.arange(3)})
        0.02
    """
    return [
        _error("kappa_error", "rms", _median, "median over images of the rms error of log10 kappa, dex"),
        _error("kappa_error_inside", "rms_inside", _median, "the same of the pixels within the Einstein radius"),
        _error("mass_error", "mass", _median_size, "median of |mass within the Einstein radius over the true one - 1|"),
        Metric(
            "mass_bias",
            TASK,
            _of("mass", _median),
            summary="median of mass within the Einstein radius over the true one - 1",
            ideal=0.0,
        ),
        _share_within(1, "map_coverage", "share of pixels within one stated sigma; 0.683 if the errors are right"),
        _share_within(2, "map_coverage_2", "share of pixels within two stated sigma; 0.954"),
    ]


def _of(column: str, average: Callable[[np.ndarray], float]) -> Bootstrap:
    def compute(scores: ColumnScores, truth: Truth) -> float:
        return average(scores.columns[column]) if len(truth["id"]) else float("nan")

    return Bootstrap(compute)


def _error(name: str, column: str, average: Callable[[np.ndarray], float], summary: str) -> Metric:
    return Metric(name, TASK, _of(column, average), higher_is_better=False, summary=summary)


def _share_within(sigmas: int, name: str, summary: str) -> Metric:
    return Metric(name, TASK, _of(f"within_{sigmas}", _mean), summary=summary, ideal=NOMINAL[sigmas])


def _mean(values: np.ndarray) -> float:
    return float(np.mean(values))


def _median(values: np.ndarray) -> float:
    return float(np.median(values))


def _median_size(values: np.ndarray) -> float:
    return float(np.median(np.abs(values)))
