"""From predictions and truth to the numbers of a result."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..interfaces import Metric
from ..tasks import Heads
from .metrics.classification import called
from .metrics.clustering import matched_confusion
from .metrics.contingency import contingency
from .metrics.figures import Columns
from .metrics.intervals import binomial, bootstrap, percentile
from .metrics.operating import OperatingPoint, operating_points, rates
from .metrics.ranking import ranking
from .metrics.strata import Stratum, completed, strata
from .results import Estimate, StratumResult

__all__ = ["Summary", "estimate", "summarise"]


@dataclass(frozen=True)
class Summary:
    """What follows from the predictions; see `results.Result`."""

    images: dict[str, int]
    metrics: dict[str, Estimate]
    confusion: list[list[int]]
    operating_points: list[OperatingPoint]
    strata: list[StratumResult]


def summarise(
    task: str,
    predictions: Columns,
    truth: Columns,
    metrics: Sequence[Metric],
    heads: Heads,
    declared_strata: Mapping[str, Sequence[float]],
) -> Summary:
    """All numbers of a result."""
    ranked = ranking(task, predictions, truth)
    points = operating_points(*ranked, probable=task == "classification") if ranked else []
    parts = strata(truth, declared_strata, heads.classes)
    return Summary(
        images=_counts(truth, heads.classes),
        metrics={metric.name: estimate(metric, predictions, truth) for metric in metrics},
        confusion=_CONFUSION[task](predictions, truth, len(heads.classes)) if task in _CONFUSION else [],
        operating_points=points,
        strata=[_stratum(part, task, predictions, truth, metrics, heads, points) for part in parts],
    )


def estimate(metric: Metric, predictions: Columns, truth: Columns) -> Estimate:
    """The metric, with the interval that it asks for."""
    value = metric.compute(predictions, truth)
    if not math.isfinite(value):
        return Estimate(None)
    interval = _interval(metric, predictions, truth)
    return Estimate(value, *interval, metric.interval) if interval else Estimate(value)


def _interval(metric: Metric, predictions: Columns, truth: Columns) -> tuple[float, float] | None:
    if metric.interval == "binomial" and metric.counts is not None:
        return binomial(*metric.counts(predictions, truth))
    return percentile(bootstrap(metric, predictions, truth)) if metric.interval == "bootstrap" else None


def _counts(truth: Columns, classes: Sequence[str]) -> dict[str, int]:
    if not classes:
        return {"all": len(truth["id"])}
    return {name: int(np.sum(truth["label"] == k)) for k, name in enumerate(classes)}


def _stratum(
    part: Stratum,
    task: str,
    predictions: Columns,
    truth: Columns,
    metrics: Sequence[Metric],
    heads: Heads,
    points: Sequence[OperatingPoint],
) -> StratumResult:
    own, ranked = _rows(truth, part.rows), ranking(task, _rows(predictions, part.rows), _rows(truth, part.rows))
    rows = completed(part.rows, _sides(task, truth)) if heads.classes else part.rows
    # Against whole classes from outside only the ranking has a meaning: the class fractions are not the stratum's.
    figures = metrics[:1] if heads.classes else metrics
    return StratumResult(
        column=part.column,
        name=part.name,
        low=part.low,
        high=part.high,
        images=_counts(own, heads.classes),
        metrics={one.name: _plain(one, _rows(predictions, rows), _rows(truth, rows)) for one in figures},
        rates={point.name: rates(*ranked, point.threshold) for point in points} if ranked else {},
    )


def _sides(task: str, truth: Columns) -> np.ndarray:
    """What is ranked against what: anomalies of any kind against normal images, else every class against the rest."""
    return (truth["label"] > 0).astype(int) if task == "anomaly" else truth["label"]


def _plain(metric: Metric, predictions: Columns, truth: Columns) -> Estimate:
    value = metric.compute(predictions, truth)
    return Estimate(value) if math.isfinite(value) else Estimate(None)


def _rows(columns: Columns, rows: np.ndarray) -> dict[str, np.ndarray]:
    return {name: values[rows] for name, values in columns.items()}


def _called_classes(predictions: Columns, truth: Columns, classes: int) -> list[list[int]]:
    once = np.ones((1, len(truth["label"])))
    return contingency(truth["label"], called(predictions), (classes, classes), once)[0].astype(int).tolist()


def _called_clusters(predictions: Columns, truth: Columns, classes: int) -> list[list[int]]:
    return matched_confusion(predictions, truth, classes).tolist()


_CONFUSION: Mapping[str, Callable[[Columns, Columns, int], list[list[int]]]] = {
    "classification": _called_classes,
    "clustering": _called_clusters,
}
