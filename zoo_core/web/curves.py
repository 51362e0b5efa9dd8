"""What the plots of the board show, as records of plain values, a model and a point each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..bench.metrics.calibration import prior_weights, reliability
from ..bench.metrics.curves import Ranking, curve
from ..bench.metrics.posteriors import known
from ..bench.metrics.ranking import one_against_rest, ranking
from ..bench.results import StratumResult
from ..scores import ClassScores, ParameterScores
from .measured import Measured

__all__ = ["POINT", "confusions", "parameters", "reliabilities", "roc", "roc_points", "score_densities", "strata"]

POINT = "fpr<=1e-2"
STEPS = 150  # points of a drawn curve
PAIRS = 150  # of a true and a measured value, that are drawn of a model
BINS = 40  # of a distribution of scores
DIGITS = 4  # that a drawn number keeps

Record = dict[str, Any]


@dataclass(frozen=True)
class Ranked:
    """Images of a model in an order, for one class if there are several."""

    model: str
    name: str
    ranking: Ranking


def roc(measured: Sequence[Measured]) -> list[Record]:
    """The ROC curves, `name` being the class against the rest, or empty where there is one curve a model."""
    ranked = [one for each in measured for one in _ranked(each)]
    return [record for one in ranked for record in _roc(one)]


def roc_points(one: Ranking, least: float) -> tuple[np.ndarray, np.ndarray]:
    """FPR and TPR at corners of the exact curve, at most STEPS of them, evenly in log FPR from `least` to 1."""
    exact = curve(one.scores, one.positive)
    fpr = np.concatenate([[0.0], exact.false_positives[0] / exact.negatives[0]])
    tpr = np.concatenate([[0.0], exact.true_positives[0] / exact.positives[0]])
    corners = np.unique(np.searchsorted(fpr, np.geomspace(least, 1, STEPS), side="right") - 1)
    return np.maximum(fpr[corners], least), tpr[corners]


def strata(measured: Sequence[Measured]) -> list[Record]:
    """Completeness of lenses, false-positive rate of other images and else the first metric, by column and stratum."""
    return [
        record | {"model": one.model, "column": part.column, "stratum": part.title, "order": order}
        for one in measured
        for order, part in enumerate(one.result.strata)
        for record in _stratum(part)
    ]


def reliabilities(measured: Sequence[Measured]) -> list[Record]:
    """Share of the second of two classes against its probability, at the fractions that the probabilities assume."""
    return [record for one in measured for record in _reliability(one)]


def score_densities(measured: Sequence[Measured]) -> list[Record]:
    """Distribution of the anomaly score by class, from the 1st to the 99th percentile, the highest bin being 1."""
    return [record for one in measured for record in _densities(one)]


def parameters(measured: Sequence[Measured]) -> list[Record]:
    """True and measured values of each parameter that is known, of PAIRS images evenly spaced over the benchmark."""
    return [record for one in measured for record in _parameters(one)]


def confusions(measured: Sequence[Measured]) -> list[Record]:
    """How many images of each class were called what, where there are three answers or more."""
    return [record for one in measured for record in _confusion(one)]


def _ranked(one: Measured) -> Iterator[Ranked]:
    if (whole := ranking(one.scores, one.truth)) is not None:
        yield Ranked(one.model, "", whole)
        return
    for k, name in enumerate(one.result.heads.classes):
        if (of_class := one_against_rest(one.scores, one.truth, k)) is not None:
            yield Ranked(one.model, name, of_class)


def _roc(one: Ranked) -> list[Record]:
    least = 0.5 / max(1, int(np.sum(~one.ranking.positive)))
    points = zip(*roc_points(one.ranking, least), strict=True)
    return [{"model": one.model, "name": one.name, "fpr": _short(fpr), "tpr": _short(tpr)} for fpr, tpr in points]


def _stratum(part: StratumResult) -> Iterator[Record]:
    rates = part.rates.get(POINT)
    if rates is None:
        name, first = next(iter(part.metrics.items()), (None, None))
        if first is not None and first.value is not None:
            yield {"of": name, "share": _short(first.value), "images": sum(part.images.values())}
        return
    if rates.positives and rates.tpr_interval:
        yield _share("completeness", rates.found, rates.positives, rates.tpr_interval)
    if rates.negatives and rates.fpr_interval:
        yield _share("false-positive rate", rates.false_positives, rates.negatives, rates.fpr_interval)


def _share(of: str, found: int, images: int, interval: Sequence[float]) -> Record:
    low, high = map(_short, interval)
    return {"of": of, "share": _short(found / images), "low": low, "high": high, "images": images}


def _reliability(one: Measured) -> Iterator[Record]:
    if not isinstance(one.scores, ClassScores) or not one.scores.is_binary:
        return
    weights = _weights(one.scores, one.truth["label"])
    diagram = reliability(one.scores.probabilities, one.truth["label"], weights)
    for confidence, frequency, images in zip(*diagram, strict=True):
        yield {
            "model": one.model,
            "confidence": _short(confidence),
            "frequency": _short(frequency),
            "images": int(images),
        }


def _weights(scores: ClassScores, labels: np.ndarray) -> np.ndarray:
    """Weights of the images (N,): each class as often as the probabilities assume."""
    once = np.ones((1, len(labels)))
    return prior_weights(scores.prior, labels, once)[0] if scores.prior else once[0]


def _densities(one: Measured) -> Iterator[Record]:
    ranked = ranking(one.scores, one.truth)
    if ranked is None or ranked.probable:
        return
    lowest, highest = np.quantile(ranked.scores, [0.01, 0.99])
    edges = np.linspace(lowest, highest, BINS + 1)
    for k, name in enumerate(one.result.images):
        counts = np.histogram(ranked.scores[one.truth["label"] == k], edges)[0]
        for low, high, share in zip(edges, edges[1:], counts / max(1, counts.max()), strict=False):
            yield {
                "model": one.model,
                "class": name,
                "score": _short((low + high) / 2),
                "density": _short(share),
            }


def _parameters(one: Measured) -> Iterator[Record]:
    if not isinstance(one.scores, ParameterScores):
        return
    rows = np.unique(np.linspace(0, len(one.truth["id"]) - 1, PAIRS).astype(int))
    for name in known(one.scores, one.truth):
        columns = one.truth[name][rows], one.scores.means[name][rows], one.scores.errors[name][rows]
        for true, value, error in zip(*columns, strict=True):
            yield {
                "model": one.model,
                "parameter": name,
                "true": _short(true),
                "measured": _short(value),
                "error": _short(error),
            }


def _confusion(one: Measured) -> Iterator[Record]:
    if not one.result.confusion or (len(one.result.confusion) < 3 and ranking(one.scores, one.truth) is not None):
        return  # of two classes that are ranked the curves show more
    called = _called(one.result.images, one.result.confusion)
    for name, counts in zip(one.result.images, one.result.confusion, strict=True):
        for other, count in zip(called, counts, strict=True):
            share = _short(count / max(1, sum(counts)))
            yield {"model": one.model, "true": name, "called": other, "images": count, "share": share}


def _called(images: Mapping[str, int], confusion: Sequence[Sequence[int]]) -> list[str]:
    """The classes, and clusters that are matched with none."""
    extra = len(confusion[0]) - len(images)
    return [*images][: len(confusion[0])] + [f"left over {number + 1}" for number in range(extra)]


def _short(value: float) -> float:
    """A few digits, which are all that a plot shows."""
    return float(f"{float(value):.{DIGITS}g}")
