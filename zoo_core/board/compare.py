"""Two models on the same images: the difference of each metric with its interval, and where they disagree most."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import singledispatch
from pathlib import Path
from typing import Any

import numpy as np

from ..bench.examination import UNCOMPUTABLE, metrics_of
from ..bench.metrics.intervals import bootstraps, percentile
from ..bench.results import Result, scores_of
from ..bench.stored import measured_result
from ..catalog.measured import published_results
from ..catalog.registry import catalog
from ..errors import ResultError
from ..metric import Metric
from ..scores import AnomalyScores, ClassScores, ClusterScores, ColumnScores, ParameterScores, Scores, Truth

__all__ = ["Comparison", "Disagreement", "PairedMetric", "compare", "disputed", "paired"]


ROUNDING = 1e-4
"""Of truths in single precision, which other processors compute otherwise in the last digits, relative."""


@dataclass(frozen=True)
class PairedMetric:
    """A metric of both models.

    Arguments:
        name: of the metric.
        first, second: its values; None where it is not defined.
        difference: of the first to the second; of their distances to `ideal` where there is one.
        low, high: 95 % interval of the difference over resamples of the images, the same for both models.
            None of a metric that has no interval.
        better: id of the model that is better in more than 97.5 % of the resamples; empty if they cannot be told apart.
        ideal: see `Metric.ideal`.
    """

    name: str
    first: float | None
    second: float | None
    difference: float | None
    low: float | None
    high: float | None
    better: str
    ideal: float | None = None


@dataclass(frozen=True)
class Disagreement:
    """An image of which the two models say different things.

    Arguments:
        id: of the image.
        truth: its class, or its parameter.
        first, second: what the models say.
    """

    id: str
    truth: str
    first: float
    second: float


@dataclass(frozen=True)
class Comparison:
    """Two models on one benchmark.

    Arguments:
        first, second: ids.
        benchmark: id.
        quantity: what they disagree about, such as "p_lens".
        metrics: in the order of the benchmark.
        disagreements: the largest first.
    """

    first: str
    second: str
    benchmark: str
    quantity: str
    metrics: tuple[PairedMetric, ...]
    disagreements: tuple[Disagreement, ...]


def compare(first: str, second: str, on: str, results: str | Path | None = None, shown: int = 5) -> Comparison:
    """Compare two models by their stored predictions.

    The images are resampled a thousand times within each class, alike for both models (paired bootstrap).

    Arguments:
        first, second: ids of models that were measured.
        on: id of the benchmark.
        results: folder of the results; by default as `leaderboard`.
        shown: of the images on which they disagree most.

    Raises:
        ResultError: one was not measured, failed, or the two were not measured on the same images.
    """
    folder = published_results(results)
    (path_a, result), (path_b, result_b) = (measured_result(folder, on, name) for name in (first, second))
    try:
        return _compared(path_a, result, path_b, result_b, shown)
    except UNCOMPUTABLE as error:
        raise ResultError(
            f"{first} and {second} cannot be compared on {on}: a number cannot be computed from their predictions "
            f"({error!r}); measure both again"
        ) from error


def paired(
    metric: Metric,
    models: tuple[str, str],
    values: tuple[float | None, float | None],
    resampled: tuple[np.ndarray | None, np.ndarray | None],
) -> PairedMetric:
    """A metric of two models with the interval of its difference.

    Arguments:
        metric: with its direction.
        models: ids.
        values: of the metric, over all images; None where it is not defined.
        resampled: the metric in each resample of the images (B,), the same resamples for both; None where it has no
            interval.
    """
    first, second = values
    difference = None if first is None or second is None else metric.compared(first) - metric.compared(second)
    found = PairedMetric(metric.name, first, second, difference, low=None, high=None, better="", ideal=metric.ideal)
    if difference is None or resampled[0] is None or resampled[1] is None:
        return found
    low, high = percentile(metric.compared(resampled[0]) - metric.compared(resampled[1])) or (None, None)
    merit = metric.merit(resampled[0]) - metric.merit(resampled[1])
    better = models[0] if np.mean(merit > 0) > 0.975 else models[1] if np.mean(merit < 0) > 0.975 else ""
    return replace(found, low=low, high=high, better=better)


def disputed(first: Scores, second: Scores, result: Result, shown: int) -> list[int]:
    """Rows of the images on which two models disagree most, the most disputed first.

    Arguments:
        first, second: of the models, of the same images.
        result: of one of them.
        shown: how many.
    """
    _, values_a, values_b = _quantity(first, second, result)
    return _far_apart(values_a, values_b, shown)


def _compared(path_a: Path, result: Result, path_b: Path, result_b: Result, shown: int) -> Comparison:
    first, second, on = result.model, result_b.model, result.benchmark
    if result.task != result_b.task:
        raise ResultError(
            f"{first} was measured for {result.task}, {second} for {result_b.task}; compare like with like"
        )
    (scores_a, truth), (scores_b, other) = scores_of(path_a, result), scores_of(path_b, result_b)
    if apart := _apart(truth, other):
        raise ResultError(f"{first} and {second} were measured on other images of {on} ({apart}); measure both again")
    quantity, values_a, values_b = _quantity(scores_a, scores_b, result)
    metrics = metrics_of(result, catalog().benchmarks.get(on))
    sure = [metric for metric in metrics if metric.interval.says_how_sure]
    resampled = [bootstraps(sure, scores, truth) for scores in (scores_a, scores_b)]
    pairs = [
        paired(
            metric,
            (first, second),
            (_finite(metric.value(scores_a, truth)), _finite(metric.value(scores_b, truth))),
            (resampled[0].get(metric.name), resampled[1].get(metric.name)),
        )
        for metric in metrics
    ]
    images = _disagreements(values_a, values_b, truth, result, quantity, shown)
    return Comparison(first, second, on, quantity, tuple(pairs), images)


def _apart(first: Truth, second: Truth) -> str:
    """How the images of two results differ, those of the first model named first; empty where they do not."""
    if len(first["id"]) != len(second["id"]):
        return f"{len(first['id']):,} and {len(second['id']):,}"
    if others := int(np.sum(first["id"] != second["id"])):
        return f"{others:,} of {len(first['id']):,} differ"
    columns = [name for name in first.keys() | second.keys() if not (name in first and name in second)]
    columns += [name for name in first.keys() & second.keys() if not _same(first[name], second[name])]
    return f"their truth differs in {', '.join(sorted(columns))}" if columns else ""


def _same(first: np.ndarray, second: np.ndarray) -> bool:
    """Equal, numbers but for the rounding of single precision; what is missing in both is equal too."""
    if first.shape != second.shape:
        return False
    if first.dtype.kind == second.dtype.kind == "f":
        return np.allclose(first, second, rtol=ROUNDING, atol=0, equal_nan=True)
    return bool(np.all(first == second))


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _disagreements(
    first: np.ndarray, second: np.ndarray, truth: Truth, result: Result, quantity: str, shown: int
) -> tuple[Disagreement, ...]:
    return tuple(
        Disagreement(str(truth["id"][k]), _true(truth, k, result, quantity), float(first[k]), float(second[k]))
        for k in _far_apart(first, second, shown)
    )


def _far_apart(first: np.ndarray, second: np.ndarray, shown: int) -> list[int]:
    return np.argsort(-np.abs(first - second), kind="stable")[:shown].tolist()


def _true(truth: Mapping[str, np.ndarray], k: int, result: Result, quantity: str) -> str:
    if result.heads.classes:
        return result.heads.classes[int(truth["label"][k])]
    return f"{truth[quantity][k]:.4g}" if quantity in truth else ""


@singledispatch
def _quantity(first: Scores, second: Scores, result: Result) -> tuple[str, np.ndarray, np.ndarray]:
    """What is compared image by image, of both models (N,): by default the first array of numbers of the scores."""
    return _first_numbers(vars(first), vars(second), result)


@_quantity.register
def _(first: ClassScores, second: ClassScores, result: Result) -> tuple[str, np.ndarray, np.ndarray]:
    """The probability of the class about which the two disagree most on average."""
    apart = np.abs(first.probabilities - second.probabilities).mean(axis=0)
    k = first.probabilities.shape[1] - 1 if first.is_binary else int(np.argmax(apart))
    return f"p_{result.heads.classes[k]}", first.probabilities[:, k], second.probabilities[:, k]


@_quantity.register
def _(first: ParameterScores, second: ParameterScores, result: Result) -> tuple[str, np.ndarray, np.ndarray]:
    name = result.heads.parameters[0]
    return name, first.means[name], second.means[name]


@_quantity.register
def _(first: AnomalyScores, second: AnomalyScores, result: Result) -> tuple[str, np.ndarray, np.ndarray]:
    """Scores of two detectors have no common unit, so their ranks are compared, from 0 to 1."""
    return "rank of the anomaly score", _ranked(first.score), _ranked(second.score)


@_quantity.register
def _(first: ClusterScores, second: ClusterScores, result: Result) -> tuple[str, np.ndarray, np.ndarray]:
    """Clusters of two models have no common number, so their certainties are compared."""
    return "largest probability", first.probabilities.max(axis=1), second.probabilities.max(axis=1)


@_quantity.register
def _(first: ColumnScores, second: ColumnScores, result: Result) -> tuple[str, np.ndarray, np.ndarray]:
    """The first number of each image."""
    return _first_numbers(first.columns, second.columns, result)


def _first_numbers(
    first: Mapping[str, Any], second: Mapping[str, Any], result: Result
) -> tuple[str, np.ndarray, np.ndarray]:
    for name, values in first.items():
        if np.ndim(values) == 1 and np.asarray(values).dtype.kind == "f":
            return name, values, second[name]
    raise ResultError(f"{result.task} has no number that is compared image by image")


def _ranked(score: np.ndarray) -> np.ndarray:
    return np.argsort(np.argsort(score, kind="stable"), kind="stable") / max(1, len(score) - 1)
