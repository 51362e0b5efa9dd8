"""Confidence intervals: the bootstrap, stratified by class and the same for all models, and exact binomial ones."""

from collections.abc import Iterator, Sequence

import numpy as np

from ...metric import Metric, resampled_together
from ...scores import Scores, Truth

__all__ = ["LEVEL", "RESAMPLES", "binomial", "bootstrap", "bootstraps", "percentile", "resamples"]

LEVEL = 0.95
RESAMPLES = 1000
SEED = 20_170_205  # any number: all models are resampled alike, so that their differences are paired
CELLS = 1_000_000  # of a block of weights: stays within the cache of a core


def resamples(groups: np.ndarray, count: int = RESAMPLES, seed: int = SEED) -> Iterator[np.ndarray]:
    """How often each row is drawn in `count` resamples with replacement within its group, in blocks (b, N).

    Source: the stratified bootstrap, Davison & Hinkley (1997), Bootstrap Methods and their Application.

    Example:
        >>> import numpy as np
        >>> from zoo_core.bench.metrics.intervals import resamples
        >>> (weights,) = resamples(np.array([0, 0, 0, 1]), count=2)
        >>> weights.sum(axis=1).tolist(), weights[:, 3].tolist()
        ([4, 4], [1, 1])
    """
    rng = np.random.Generator(np.random.Philox(key=seed))
    members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    block = max(1, min(count, CELLS // max(1, len(groups))))
    for start in range(0, count, block):
        size = min(block, count - start)
        weights = np.zeros((size, len(groups)), dtype=np.int64)
        for rows in members:
            for row, drawn in zip(weights, rng.integers(0, len(rows), (size, len(rows))), strict=True):
                row[rows] = np.bincount(drawn, minlength=len(rows))
        yield weights


def bootstrap(metric: Metric, scores: Scores, truth: Truth, count: int = RESAMPLES) -> np.ndarray:
    """The metric of each resample, (count,)."""
    return bootstraps([metric], scores, truth, count)[metric.name]


def bootstraps(
    metrics: Sequence[Metric], scores: Scores, truth: Truth, count: int = RESAMPLES
) -> dict[str, np.ndarray]:
    """By name, each metric of each resample, (count,); the resamples are the same for all metrics and models."""
    groups = truth["label"] if "label" in truth else np.zeros(len(truth["id"]), dtype=int)
    parts = [resampled_together(metrics, scores, truth, weights) for weights in resamples(groups, count)]
    return {metric.name: np.concatenate([part[metric.name] for part in parts]) for metric in metrics}


def percentile(values: np.ndarray, level: float = LEVEL) -> tuple[float, float] | None:
    """Central interval of the resamples in which the metric is defined; None if it never is.

        [G^-1((1 - level) / 2), G^-1((1 + level) / 2)],   G: the distribution of the resampled metric

    Source: Efron & Tibshirani (1993), An Introduction to the Bootstrap.

    Example:
        >>> import numpy as np
        >>> from zoo_core.bench.metrics.intervals import percentile
        >>> percentile(np.arange(101.0), level=0.5)
        (25.0, 75.0)
    """
    defined = values[np.isfinite(values)]
    if not len(defined):
        return None
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def binomial(successes: int, trials: int, level: float = LEVEL) -> tuple[float, float] | None:
    """Exact interval of a rate k / n; None without trials.

        low = B(alpha/2; k, n - k + 1),   high = B(1 - alpha/2; k + 1, n - k),   alpha = 1 - level

    B is the quantile of the beta distribution.

    Source: Clopper & Pearson (1934), Biometrika 26, 404.

    Example:
        >>> from zoo_core.bench.metrics.intervals import binomial
        >>> [round(limit, 4) for limit in binomial(0, 10)]
        [0.0, 0.3085]
    """
    if trials == 0:
        return None
    from scipy.special import betaincinv  # the leaderboard is shown in the time that it takes to import

    k, n, tail = int(successes), int(trials), (1 - level) / 2
    low = 0.0 if k == 0 else float(betaincinv(k, n - k + 1, tail))
    high = 1.0 if k == n else float(betaincinv(k + 1, n - k, 1 - tail))
    return low, high
