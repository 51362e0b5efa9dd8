"""Images for a golden file: some of each kind, of the data set that a model was trained on, from another seed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..catalog.specs import ModelSpec
from ..datasets.opening import needs_path, open_dataset
from ..errors import PublishError
from ..interfaces import Dataset
from ..testing.golden import Samples

__all__ = ["samples_of"]

SEED = 20_260_101  # of no training set and no benchmark
DRAWN = 64  # images of a simulated set, of which a few are taken
BLANK = 5  # columns of the edge case that were not measured


def samples_of(spec: ModelSpec, data: Path | str | None = None) -> Samples:
    """Five images: two positive and two negative ones, or four typical ones, and one that was measured in part.

    Arguments:
        spec: whose last training set is taken.
        data: where its images are, if they are read from files.

    Raises:
        PublishError: it says nothing of its training, or the data set has too few images of a kind.
        DatasetError: the images are on files, and `data` does not say where.
    """
    if not spec.trained_on:
        raise PublishError(f"{spec.id}: trained_on is empty; write down what it was trained on")
    last = spec.trained_on[-1]
    dataset = open_dataset(last.dataset, **_arguments(last.dataset, last.arguments, data))
    kinds = _kinds(dataset, spec)
    rows = np.array(list(kinds))
    images = dataset.images(rows)
    images[-1, :, :, :BLANK] = np.nan
    scale = dataset.description.pixel_scale
    ids = tuple(str(name) for name in dataset.truth_of(rows)["id"])
    return Samples(tuple(images), (scale,) * len(rows), ids, tuple(kinds.values()))


def _arguments(dataset: str, trained: Mapping[str, Any], data: Path | str | None) -> dict[str, Any]:
    if data is not None:
        return {**trained, "path": str(data)}
    if needs_path(dataset):
        raise PublishError(f"{dataset} is read from files that you have; say where: --data PATH (data=)")
    return {**trained, "n": DRAWN, "seed": SEED}


def _kinds(dataset: Dataset, spec: ModelSpec) -> dict[int, str]:
    """Row of each image with its kind, the edge case last."""
    if len(spec.heads.classes) != 2:
        return _first(dataset, 4, "typical", np.arange(len(dataset) - 1)) | {len(dataset) - 1: "edge"}
    label = dataset.truth()["label"]
    negative, positive = np.flatnonzero(label == 0), np.flatnonzero(label == 1)
    pairs = _first(dataset, 2, "negative", negative) | _first(dataset, 2, "positive", positive)
    return pairs | _first(dataset, 1, "edge", positive[2:])


def _first(dataset: Dataset, count: int, kind: str, rows: np.ndarray) -> dict[int, str]:
    if len(rows) < count:
        name = dataset.description.name
        raise PublishError(f"{name} has too few images for a golden file, which takes {count} that are {kind}")
    return dict.fromkeys(rows[:count].tolist(), kind)
