"""From predictions and truth to the numbers of a result."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import singledispatch

import numpy as np

from ..metric import Binomial, Metric
from ..scores import ClassScores, ClusterScores, Scores, Truth
from ..tasks import Heads
from .metrics.clustering import matched_confusion
from .metrics.contingency import contingency
from .metrics.curves import Ranking
from .metrics.intervals import binomial, bootstraps, percentile
from .metrics.operating import OperatingPoint, operating_points, rates
from .metrics.ranking import ranking
from .metrics.strata import Stratum, completed, strata
from .results import ALL, Estimate, StratumResult

__all__ = ["Summary", "summarise", "values_alone"]

Strata = Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class Summary:
    """What follows from the predictions; see `results.Result`."""

    images: dict[str, int]
    metrics: dict[str, Estimate]
    confusion: list[list[int]]
    operating_points: list[OperatingPoint]
    strata: list[StratumResult]


def summarise(scores: Scores, truth: Truth, metrics: Sequence[Metric], heads: Heads, declared: Strata) -> Summary:
    """All numbers of a result.

    Arguments:
        scores, truth: of all images.
        metrics: in the order of the benchmark.
        heads: of the truth.
        declared: the strata of the benchmark.
    """
    return Summary(
        metrics=_estimates(metrics, scores, truth),
        **_without_intervals(scores, truth, metrics, heads, declared),
    )


def values_alone(scores: Scores, truth: Truth, metrics: Sequence[Metric], heads: Heads, declared: Strata) -> Summary:
    """The same without the intervals of the metrics, which take a thousand times as long."""
    return Summary(
        metrics={metric.name: _value(metric, scores, truth) for metric in metrics},
        **_without_intervals(scores, truth, metrics, heads, declared),
    )


def _estimates(metrics: Sequence[Metric], scores: Scores, truth: Truth) -> dict[str, Estimate]:
    """The metrics, each with the interval that it asks for; the images are drawn once for all of them."""
    values = {metric.name: _value(metric, scores, truth) for metric in metrics}
    defined = [metric for metric in metrics if values[metric.name].value is not None and metric.interval.says_how_sure]
    drawn = bootstraps([one for one in defined if not isinstance(one.interval, Binomial)], scores, truth)
    for metric in defined:
        match metric.interval:
            case Binomial(counts):
                limits, method = binomial(*counts(scores, truth)), "binomial"
            case _:
                limits, method = percentile(drawn[metric.name]), "bootstrap"
        values[metric.name] = _bounded(values[metric.name], limits, method)
    return values


def _bounded(estimate: Estimate, limits: tuple[float, float] | None, method: str) -> Estimate:
    return Estimate(estimate.value, *limits, method) if limits else estimate


def _without_intervals(scores: Scores, truth: Truth, metrics: Sequence[Metric], heads: Heads, declared: Strata) -> dict:
    ranked = ranking(scores, truth)
    points = operating_points(ranked) if ranked else []
    parts = strata(truth, declared, heads.classes)
    return {
        "images": _counts(truth, heads.classes),
        "confusion": _confusion(scores, truth, len(heads.classes)),
        "operating_points": points,
        "strata": [_stratum(part, scores, truth, metrics, heads.classes, points) for part in parts],
    }


def _counts(truth: Truth, classes: Sequence[str]) -> dict[str, int]:
    if not classes:
        return {ALL: len(truth["id"])}
    return {name: int(np.sum(truth["label"] == k)) for k, name in enumerate(classes)}


def _stratum(
    part: Stratum,
    scores: Scores,
    truth: Truth,
    metrics: Sequence[Metric],
    classes: Sequence[str],
    points: Sequence[OperatingPoint],
) -> StratumResult:
    own = _rows(truth, part.rows)
    ranked = ranking(scores.at(part.rows), own)
    rows = completed(part.rows, _sides(ranking(scores, truth), truth)) if classes else part.rows
    # Against whole classes from outside only the ranking has a meaning: the class fractions are not the stratum's.
    shown = metrics[:1] if classes else metrics
    return StratumResult(
        column=part.column,
        name=part.name,
        low=part.low,
        high=part.high,
        images=_counts(own, classes),
        metrics={one.name: _value(one, scores.at(rows), _rows(truth, rows)) for one in shown},
        rates={point.name: rates(ranked, point.threshold) for point in points} if ranked else {},
    )


def _sides(ranked: Ranking | None, truth: Truth) -> np.ndarray:
    """What is ranked against what: anomalies of any kind against normal images, else every class against the rest."""
    return truth["label"] if ranked is None else ranked.positive.astype(int)


def _value(metric: Metric, scores: Scores, truth: Truth) -> Estimate:
    value = metric.value(scores, truth)
    return Estimate(value) if math.isfinite(value) else Estimate(None)


def _rows(truth: Truth, rows: np.ndarray) -> dict[str, np.ndarray]:
    return {name: values[rows] for name, values in truth.items()}


@singledispatch
def _confusion(scores: Scores, truth: Truth, classes: int) -> list[list[int]]:
    return []


@_confusion.register(ClassScores)
def _(scores: ClassScores, truth: Truth, classes: int) -> list[list[int]]:
    once = np.ones((1, len(truth["label"])))
    return contingency(truth["label"], scores.called, (classes, classes), once)[0].astype(int).tolist()


@_confusion.register(ClusterScores)
def _(scores: ClusterScores, truth: Truth, classes: int) -> list[list[int]]:
    return matched_confusion(scores, truth, classes).tolist()
