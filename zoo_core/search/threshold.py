"""The threshold of a finder: where the stored results of a benchmark show the purity that is asked for."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from ..bench.metrics.classification import FEW, purity
from ..bench.metrics.curves import Curve, curve
from ..bench.metrics.intervals import binomial
from ..bench.results import Estimate, Result, read_result, scores_of
from ..errors import ArgumentError, ResultError
from ..scores import ClassScores

if TYPE_CHECKING:
    from ..models.model import Model

__all__ = ["Threshold", "require_finder", "threshold_of"]

logger = logging.getLogger("zoo")


@dataclass(frozen=True)
class Threshold:
    """A probability from which on an object is a candidate, and what that leads to on the benchmark.

    Arguments:
        value: of the probability.
        prevalence: share of lenses among the objects that are searched.
        purity: share of lenses among the candidates there; its limits are those of both rates.
        completeness: share of the lenses that become candidates.
        benchmark, domain: whose images that was measured on.
    """

    value: float
    prevalence: float
    purity: Estimate
    completeness: Estimate
    benchmark: str
    domain: str

    def __str__(self) -> str:
        return (
            f"p >= {self.value:.4g}: where {self.prevalence:g} of all objects are lenses, purity {_shown(self.purity)} "
            f"and completeness {_shown(self.completeness)}, by {self.domain} images ({self.benchmark})"
        )


def require_finder(finder: Model) -> None:
    """Raise unless the model tells lenses from other objects.

    Raises:
        ArgumentError: it is for another task, or of another number of classes than two.
    """
    if finder.task.name != "classification":
        raise ArgumentError(
            f"finder= (--finder) is {finder.id}, for {finder.task.name}; it takes a model for classification, whose "
            "second class are lenses (zoo models --task classification)"
        )
    classes = finder.heads.classes
    if len(classes) != 2:
        raise ArgumentError(
            f"finder= (--finder) is {finder.id}, of {len(classes)} classes ({', '.join(classes)}); it takes a model "
            "of two, the second of which are lenses"
        )


def threshold_of(
    finder: Model, asked: float, prevalence: float, results: Path, benchmark: str | None = None
) -> Threshold:
    """The lowest threshold at which the candidates are as pure as asked.

        purity = TPR f / (TPR f + FPR (1 - f))

    f is the prevalence. With fewer than three false positives their rate is taken as 3/N, as in the benchmarks.

    Arguments:
        finder: of two classes.
        asked: purity, between 0 and 1.
        prevalence: share of lenses among the objects that are searched.
        results: folder of stored results.
        benchmark: whose results count; None: that with the most non-lenses among those of this finder.

    Raises:
        ArgumentError: the model finds no lenses, a number is no share, or no threshold reaches the purity.
        ResultError: the finder, with these weights, has no result.
    """
    require_finder(finder)
    for name, share in (("purity", asked), ("prevalence", prevalence)):
        if not 0 < share < 1:
            raise ArgumentError(f"{name}= (--{name}) is {share:g}; give a share between 0 and 1")
    path, result = _result(finder, results, benchmark)
    scores, truth = scores_of(path, result)
    found = curve(cast(ClassScores, scores).positive, truth["label"] == 1)
    reached = np.flatnonzero(_purities(found, prevalence) >= asked)
    if not len(reached):
        raise ArgumentError(_unreachable(finder.id, asked, prevalence, found, result))
    return _at(found, int(reached[-1]), prevalence, result)


def _purities(found: Curve, prevalence: float) -> np.ndarray:
    """At each threshold, (T,)."""
    true = found.true_positives[0] / max(1, found.positives[0])
    false = np.maximum(found.false_positives[0], FEW) / max(1, found.negatives[0])
    return purity(true, false, prevalence)


def _at(found: Curve, place: int, prevalence: float, result: Result) -> Threshold:
    true, false = int(found.true_positives[0, place]), int(found.false_positives[0, place])
    positives, negatives = int(found.positives[0]), int(found.negatives[0])
    tpr, fpr = binomial(true, positives), binomial(false, negatives)
    assert tpr is not None and fpr is not None  # a purity was reached
    low, high = (float(purity(np.array(t), np.array(f), prevalence)) for t, f in ((tpr[0], fpr[1]), (tpr[1], fpr[0])))
    pure = Estimate(float(_purities(found, prevalence)[place]), low, high, "binomial")
    complete = Estimate(true / positives, tpr[0], tpr[1], "binomial")
    value = float(found.thresholds[place])
    return Threshold(value, prevalence, pure, complete, result.benchmark, result.dataset["domain"])


def _result(finder: Model, results: Path, benchmark: str | None) -> tuple[Path, Result]:
    paths = sorted(Path(results).glob(f"{benchmark or '*'}/{finder.id}.json"))
    stored = [(path, result) for path in paths if (result := read_result(path)).status == "ok"]
    usable = [(path, result) for path, result in stored if _is_of(result, finder)]
    if not usable:
        where = f" on {benchmark}" if benchmark else ""
        why = "those that are there are of other weights or settings" if stored else "there are none"
        raise ResultError(
            f"{results}: no results of {finder.id}{where} to take a threshold from ({why}); "
            f"run zoo benchmark {finder.id} --on {benchmark or 'BENCHMARK'}, or name another folder (--results)"
        )
    return max(usable, key=lambda pair: _negatives(pair[1]))


def _is_of(result: Result, finder: Model) -> bool:
    """Whether its probabilities are those that the finder gives."""
    calibration = finder.calibration
    stated = (result.hashes.get("weights"), result.hashes.get("preprocess"), result.settings.get("views"))
    assumed = (result.settings.get("temperature"), tuple(result.settings["prior"]))
    return stated == (finder.weights_sha256, finder.preprocess.digest, finder.views) and assumed == (
        calibration.temperature,
        tuple(calibration.prior or ()),
    )


def _negatives(result: Result) -> int:
    return next(iter(result.images.values()))


def _unreachable(finder: str, asked: float, prevalence: float, found: Curve, result: Result) -> str:
    reached = _purities(found, prevalence)
    best = int(np.nanargmax(reached))
    complete = found.true_positives[0, best] / max(1, found.positives[0])
    return (
        f"no threshold of {finder} gives candidates of purity {asked:g} where {prevalence:g} of all objects are "
        f"lenses, as far as {result.benchmark} can tell; the highest is {reached[best]:.2g}, at a completeness of "
        f"{complete:.2g}. Ask for less (--purity), or search objects that are chosen beforehand, with a higher "
        "--prevalence"
    )


def _shown(one: Estimate) -> str:
    return f"{one.value:.2f} ({one.low:.2f} to {one.high:.2f})"
