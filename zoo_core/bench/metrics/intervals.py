"""Confidence intervals: the bootstrap, stratified by class and shared by all models of a benchmark, and exact binomial.

Sources: Efron & Tibshirani (1993); Clopper & Pearson (1934), Biometrika 26, 404.
"""

from collections.abc import Iterator, Mapping

import numpy as np
from scipy.stats import binomtest

from ...interfaces import Metric
from .figures import Columns, WeightedFigure

__all__ = ["LEVEL", "RESAMPLES", "binomial", "bootstrap", "percentile", "resamples"]

LEVEL = 0.95
RESAMPLES = 1000
SEED = 20_170_205  # any number: all models are resampled alike, so that their differences are paired
CELLS = 1_000_000  # of a block of weights: stays within the cache of a core


def resamples(groups: np.ndarray, count: int = RESAMPLES, seed: int = SEED) -> Iterator[np.ndarray]:
    """How often each row is drawn in `count` resamples with replacement within its group, in blocks (b, N)."""
    rng = np.random.Generator(np.random.Philox(key=seed))
    members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    block = max(1, min(count, CELLS // max(1, len(groups))))
    for start in range(0, count, block):
        size = min(block, count - start)
        weights = np.zeros((size, len(groups)), dtype=np.int64)
        for rows in members:
            weights[:, rows] = _multiplicities(rng, len(rows), size)
        yield weights


def bootstrap(metric: Metric, predictions: Columns, truth: Columns, count: int = RESAMPLES) -> np.ndarray:
    """The metric of each resample, (count,)."""
    groups = truth["label"] if "label" in truth else np.zeros(len(truth["id"]), dtype=int)
    evaluate = metric.resample or _one_by_one(metric)
    return np.concatenate([evaluate(predictions, truth, weights) for weights in resamples(groups, count)])


def percentile(values: np.ndarray, level: float = LEVEL) -> tuple[float, float] | None:
    """Central interval of the resamples in which the metric is defined; None if it never is."""
    defined = values[np.isfinite(values)]
    if not len(defined):
        return None
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def binomial(successes: int, trials: int, level: float = LEVEL) -> tuple[float, float] | None:
    """Exact (Clopper-Pearson) interval of a rate; None without trials."""
    if trials == 0:
        return None
    interval = binomtest(int(successes), int(trials)).proportion_ci(level, method="exact")
    return float(interval.low), float(interval.high)


def _multiplicities(rng: np.random.Generator, rows: int, size: int) -> np.ndarray:
    drawn = rng.integers(0, rows, (size, rows)) + np.arange(size)[:, None] * rows
    return np.bincount(drawn.ravel(), minlength=size * rows).reshape(size, rows)


def _one_by_one(metric: Metric) -> WeightedFigure:
    def evaluate(predictions: Columns, truth: Columns, weights: np.ndarray) -> np.ndarray:
        drawn = [np.repeat(np.arange(weights.shape[1]), row) for row in weights]
        return np.array([metric.compute(_Drawn(predictions, rows), _Drawn(truth, rows)) for rows in drawn])

    return evaluate


class _Drawn(Mapping[str, np.ndarray]):
    """Some rows of a table; a column is copied only when it is asked for."""

    def __init__(self, columns: Columns, rows: np.ndarray):
        self.columns, self.rows = columns, rows

    def __getitem__(self, name: str) -> np.ndarray:
        return self.columns[name][self.rows]

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)
