"""Metrics from the functions that define them."""

from collections.abc import Callable, Mapping

import numpy as np

from ...interfaces import Metric

__all__ = ["Columns", "Counts", "WeightedFigure", "rate", "weighted"]

Columns = Mapping[str, np.ndarray]
Counts = Callable[[Columns, Columns], tuple[int, int]]
WeightedFigure = Callable[[Columns, Columns, np.ndarray], np.ndarray]


def weighted(
    name: str,
    task: str,
    figure: WeightedFigure,
    summary: str,
    interval: str = "bootstrap",
    higher_is_better: bool = True,
) -> Metric:
    """A metric whose resamples are computed together: `figure` takes weights (B, N) and returns (B,)."""

    def compute(predictions: Columns, truth: Columns) -> float:
        once = np.ones((1, len(truth["id"])), dtype=np.int64)
        return float(figure(predictions, truth, once)[0])

    return Metric(name, task, compute, higher_is_better, interval, resample=figure, summary=summary)


def rate(name: str, task: str, counts: Counts, summary: str, higher_is_better: bool = True) -> Metric:
    """Successes over trials, with an exact binomial interval; NaN without trials."""

    def compute(predictions: Columns, truth: Columns) -> float:
        successes, trials = counts(predictions, truth)
        return successes / trials if trials else float("nan")

    return Metric(name, task, compute, higher_is_better, "binomial", counts, summary=summary)
