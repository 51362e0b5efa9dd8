"""The images of a benchmark that are scored again: how many, and which."""

import math
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..catalog.specs import BenchmarkSpec
from ..datasets.opening import open_dataset
from ..interfaces import Dataset
from .results import Result, predictions_of

__all__ = ["FEWEST", "Drawn", "images_needed"]

FEWEST = 256  # images that are scored again
MISSED = 0.05  # probability that none of the images that differ is drawn


@dataclass(frozen=True)
class Drawn:
    """The images that are scored again, with what is stored of them.

    Arguments:
        dataset: of the benchmark.
        seed: that drew them.
        rows: their numbers, rising.
        columns: stored predictions of all images.
        truth: stored truth of all images.
        pinned: the truth is known to be that of the benchmark.
    """

    dataset: Dataset
    seed: int
    rows: np.ndarray
    columns: Mapping[str, np.ndarray]
    truth: Mapping[str, np.ndarray]
    pinned: bool

    @classmethod
    def of(cls, path: Path, result: Result, spec: BenchmarkSpec, images: int | None, seed: int | None) -> "Drawn":
        """So many images of a result's benchmark, of each class alike; None: as `images_needed`, with a new seed."""
        columns, truth = predictions_of(path, result)
        chosen = secrets.randbits(32) if seed is None else seed
        groups = _groups(truth)
        needed = images_needed(result, truth) if images is None else _shared_out(images, _counts(groups))
        rows = _rows(groups, needed, chosen)
        dataset = open_dataset(spec.dataset, **spec.arguments)
        return cls(dataset, chosen, rows, columns, truth, spec.truth_sha256 is not None)

    @property
    def unseen(self) -> float:
        """Share of the images of a class that may differ at 95 %, of the class of which it is largest."""
        groups = _groups(self.truth)
        drawn, every = _counts(groups[self.rows]), _counts(groups)
        shares = [1 - MISSED ** (1 / drawn[group]) if drawn[group] < count else 0.0 for group, count in every.items()]
        return max(shares)


def images_needed(result: Result, truth: Mapping[str, np.ndarray]) -> dict[int, int]:
    """How many images of each class decide a claim: at least 256 together, as far as there are so many.

    If a share f of the images of a class had other predictions than the weights give, n random ones would all miss
    them with the probability (1 - f)^n. So with

        n = ln(0.05) / ln(1 - f)

    images that agree, less than f differ at 95 %. A metric that is a share of images, or a mean over pairs of them,
    cannot have moved by more than f of each class; here f is the distance from its value to the nearer end of its
    interval. Where parameters are measured, the distance is divided by the range of their true values.

    Returns:
        By class (0 alone where there are none).
    """
    counts = _counts(_groups(truth))
    share = _distance(result, truth)
    needed = math.ceil(math.log(MISSED) / math.log1p(-share)) if 0 < share < 1 else 0
    return {group: min(counts[group], max(needed, least)) for group, least in _shared_out(FEWEST, counts).items()}


def _distance(result: Result, truth: Mapping[str, np.ndarray]) -> float:
    """From the metric that ranks to the nearer end of its interval, in units of the range that it can have."""
    estimate = next(iter(result.metrics.values()))
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return 0.0
    ranges = [float(np.ptp(truth[name])) for name in result.heads.parameters] or [1.0]
    return min(estimate.value - estimate.low, estimate.high - estimate.value) / max(ranges[0], 1e-9)


def _groups(truth: Mapping[str, np.ndarray]) -> np.ndarray:
    return truth["label"] if "label" in truth else np.zeros(len(truth["id"]), dtype=int)


def _counts(groups: np.ndarray) -> dict[int, int]:
    """How many images each class has."""
    names, counts = np.unique(groups, return_counts=True)
    return dict(zip(names.tolist(), counts.tolist(), strict=True))


def _shared_out(images: int, counts: Mapping[int, int]) -> dict[int, int]:
    """So many images in equal parts of the classes, as far as each has so many."""
    each = math.ceil(images / len(counts))
    return {group: min(each, count) for group, count in counts.items()}


def _rows(groups: np.ndarray, needed: Mapping[int, int], seed: int) -> np.ndarray:
    """So many of each class, without replacement."""
    rng = np.random.Generator(np.random.Philox(key=seed))
    parts = [rng.choice(np.flatnonzero(groups == group), size=n, replace=False) for group, n in needed.items()]
    return np.sort(np.concatenate(parts))
