"""Metrics of maps of the convergence, of the numbers that `mass_comparison` gives for each image."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ...metric import Metric
from .columns import of_column
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
        _error("kappa_error", "rms", np.median, "median over images of the rms error of log10 kappa, dex"),
        _error("kappa_error_inside", "rms_inside", np.median, "the same of the pixels within the Einstein radius"),
        _error("mass_error", "mass", _median_size, "median of |mass within the Einstein radius over the true one - 1|"),
        Metric(
            "mass_bias",
            TASK,
            of_column("mass", np.median),
            summary="median of mass within the Einstein radius over the true one - 1",
            ideal=0.0,
        ),
        _share_within(1, "map_coverage", "share of pixels within one stated sigma; 0.683 if the errors are right"),
        _share_within(2, "map_coverage_2", "share of pixels within two stated sigma; 0.954"),
    ]


def _error(name: str, column: str, average: Callable[[np.ndarray], Any], summary: str) -> Metric:
    return Metric(name, TASK, of_column(column, average), higher_is_better=False, summary=summary)


def _share_within(sigmas: int, name: str, summary: str) -> Metric:
    return Metric(name, TASK, of_column(f"within_{sigmas}", np.mean), summary=summary, ideal=NOMINAL[sigmas])


def _median_size(values: np.ndarray) -> float:
    return float(np.median(np.abs(values)))
