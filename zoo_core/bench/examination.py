"""Whether a result is what its predictions give, and whether these are of the images of its benchmark."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..catalog.specs import BenchmarkSpec
from ..errors import NotInstalledError, PluginError, ResultError, UnknownNameError
from ..metric import Binomial, Metric
from ..plugins import metrics as plugin_metrics
from ..scores import Scores, Truth
from ..tasks import task_named
from .metrics.intervals import binomial, bootstraps, percentile
from .metrics.named import select
from .remembered import Examination
from .results import Result, scores_of
from .summary import values_alone
from .truth import truth_sha256

__all__ = ["UNCOMPUTABLE", "examine", "metrics_of"]

# what metrics may raise on predictions that no model gave
UNCOMPUTABLE = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
CLOSE = 1e-9  # relative; sums of float64 in another order


def examine(
    path: Path, result: Result, spec: BenchmarkSpec | None, truth_known: str | None, every_interval: bool = False
) -> Examination:
    """Compare a result with its predictions, and these with the benchmark.

    Every metric, count, operating point and stratum is computed again; of the intervals those of shares, and that of
    the metric that ranks.

    Arguments:
        path: of the result's JSON.
        result: what it says.
        spec: of the benchmark, None if no registry lists it.
        truth_known: sha256 of ids and truth of its images, None if it is not known.
        every_interval: also those of all other metrics, which takes as long as to measure them.
    """
    try:
        scores, truth = scores_of(path, result)
        metrics = metrics_of(result, spec)
        return _examined(result, scores, truth, metrics, spec, truth_known, every_interval)
    except (ResultError, UnknownNameError, PluginError, NotInstalledError) as error:
        return Examination(str(error))
    except UNCOMPUTABLE as error:
        return Examination(f"its metrics cannot be computed from {path.stem}.parquet ({error!r})")


def _examined(
    result: Result,
    scores: Scores,
    truth: Truth,
    metrics: Sequence[Metric],
    spec: BenchmarkSpec | None,
    truth_known: str | None,
    every_interval: bool,
) -> Examination:
    of_images = [one for one in metrics if one.interval.says_how_sure and not isinstance(one.interval, Binomial)]
    first, others = metrics[0], of_images if every_interval else ()
    resampled = bootstraps([first, *(one for one in others if one.name != first.name)], scores, truth)
    faults = [
        *_faults_of_order(result, spec),
        *_faults_of_truth(truth, result, truth_known),
        *_faults_of_numbers(result, scores, truth, metrics, spec),
        *_faults_of_intervals(result, scores, truth, metrics, resampled),
    ]
    return Examination("; ".join(faults), tuple(first.merit(resampled[first.name]).tolist()))


def metrics_of(result: Result, spec: BenchmarkSpec | None) -> list[Metric]:
    """The metrics that a result holds, in its order; those of a plugin come from the one that its benchmark names.

    Raises:
        UnknownNameError, PluginError, NotInstalledError: nothing provides one of them.
    """
    available = task_named(result.task).metrics(result.heads)
    if spec is not None and not set(result.metrics) <= {metric.name for metric in available}:
        available = [*available, *plugin_metrics([spec.plugin])]
    return select(result.metrics, result.task, available)


def _faults_of_order(result: Result, spec: BenchmarkSpec | None) -> Iterator[str]:
    first = next(iter(result.metrics))
    if spec is not None and spec.metrics[0] not in (first, first.partition("[")[0]):
        yield f"its first metric is {first}, and {spec.metrics[0]} ranks on {result.benchmark}: measure it again"


def _faults_of_truth(truth: Truth, result: Result, known: str | None) -> Iterator[str]:
    if len(np.unique(truth["id"])) != len(truth["id"]):
        yield "an image is there twice in its predictions"
    if known is not None and truth_sha256(truth, result.heads) != known:
        yield f"ids and truth of its predictions are not those of {result.benchmark}"


def _faults_of_numbers(
    result: Result, scores: Scores, truth: Truth, metrics: Sequence[Metric], spec: BenchmarkSpec | None
) -> Iterator[str]:
    given = {part.column for part in result.strata}
    declared = {} if spec is None else {name: edges for name, edges in spec.strata.items() if name in given}
    again = values_alone(scores, truth, metrics, result.heads, declared)
    for name, estimate in again.metrics.items():
        if not _close(result.metrics[name].value, estimate.value):
            written = _text(result.metrics[name].value)
            yield f"{name} is {written} in the result, but {_text(estimate.value)} from its predictions"
    strata = [part for part in result.strata if part.column in declared]
    pairs = {
        "numbers of images": (result.images, again.images),
        "confusion matrix": (result.confusion, again.confusion),
        "operating points": (result.operating_points, again.operating_points),
        "strata": (strata, again.strata),
    }
    for part, (written, found) in pairs.items():
        if not _close(written, found):
            yield f"{part}: not what its predictions give"


def _faults_of_intervals(
    result: Result, scores: Scores, truth: Truth, metrics: Sequence[Metric], resampled: Mapping[str, np.ndarray]
) -> Iterator[str]:
    shares = {one.name: one.interval for one in metrics if isinstance(one.interval, Binomial)}
    known = {name: percentile(values) for name, values in resampled.items()}
    known |= {name: binomial(*one.counts(scores, truth)) for name, one in shares.items()}
    for name, limits in known.items():
        found = result.metrics[name]
        if found.low is not None and not _close((found.low, found.high), limits):
            yield f"the interval of {name} is not what its predictions give"


def _close(first: Any, second: Any) -> bool:
    """Equal, but for the last digits of numbers."""
    if is_dataclass(first) and is_dataclass(second):
        return all(_close(getattr(first, one.name), getattr(second, one.name)) for one in fields(first))
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        return first.keys() == second.keys() and all(_close(first[key], second[key]) for key in first)
    if isinstance(first, (list, tuple)) and isinstance(second, (list, tuple)):
        return len(first) == len(second) and all(map(_close, first, second))
    if isinstance(first, float) and isinstance(second, (float, int)):
        return math.isclose(first, second, rel_tol=CLOSE, abs_tol=CLOSE)
    return first == second


def _text(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.6g}"
