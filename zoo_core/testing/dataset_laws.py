"""The laws of a data set: the same images and the same truth, whenever and in whatever order they are asked for.

A law is a generator of faults, as in `laws`. Each opens the data set anew, of few images where it takes `n`.
"""

from __future__ import annotations

import inspect
import random
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch

from ..errors import SpecError
from ..interfaces import Dataset, DatasetFactory
from ..tasks import task_named

__all__ = ["DATASET_LAWS", "DatasetLaw", "asks_for_files"]

DatasetLaw = Callable[[DatasetFactory], Iterator[str]]

IMAGES = 12  # of a data set that takes `n`
TRIED = 5  # of which the pixels are asked for
SHA256 = re.compile(r"[0-9a-f]{64}")
RESERVED = ("path", "status", "message")  # columns of the table of predictions


def described(factory: DatasetFactory) -> Iterator[str]:
    """It says of itself what its factory says: name and task, with the classes or parameters that the task needs."""
    about = _opened(factory).description
    if about.name != factory.name:
        yield f"it calls itself {about.name!r}, its factory {factory.name!r}"
    if about.task != factory.task:
        yield f"its task is {about.task!r}, that of its factory {factory.task!r}"
    if not about.bands or len(set(about.bands)) < len(about.bands):
        yield f"its bands are {about.bands}; name each once"
    try:
        task_named(about.task).outputs(about.heads)
    except SpecError as error:
        yield str(error)
    if not about.version:
        yield "it has no version, which must change whenever a pixel or a truth does"


def image_shapes(factory: DatasetFactory) -> Iterator[str]:
    """Images are (rows, bands, H, W) in float32, as many as were asked for, of one size, and measured somewhere."""
    dataset = _opened(factory)
    if not len(dataset):
        yield "it has no images"
        return
    rows, bands = _rows(dataset), len(dataset.description.bands)
    images = dataset.images(rows)
    if not isinstance(images, np.ndarray) or images.dtype != np.float32:
        yield f"images are {getattr(images, 'dtype', type(images).__name__)}, not an array of float32"
        return
    if images.ndim != 4 or images.shape[:2] != (len(rows), bands):
        yield f"{len(rows)} images of {bands} band(s) have shape {images.shape}, not ({len(rows)}, {bands}, H, W)"
        return
    blank = [int(row) for row, image in zip(rows, images, strict=True) if not np.isfinite(image).any()]
    yield from (f"image {row} has no pixel that was measured" for row in blank)


def same_images(factory: DatasetFactory) -> Iterator[str]:
    """An image has the same bits alone and in a batch, in any order, twice, opened anew; nothing random is touched."""
    before = _random_state()
    dataset, again = _opened(factory), _opened(factory)
    rows = _rows(dataset)
    together = dataset.images(rows)
    asked = {
        "asked for twice": lambda: dataset.images(rows),
        "alone": lambda: np.concatenate([dataset.images([row]) for row in rows]),
        "in another order": lambda: dataset.images(rows[::-1])[::-1],
        "opened anew": lambda: again.images(rows),
    }
    for how, images in asked.items():
        if (found := images()).shape != together.shape or not np.array_equal(found, together, equal_nan=True):
            yield f"images differ when they are {how}: draw image k from a generator keyed by the seed and k"
    together[...] = 0
    if not np.array_equal(dataset.images(rows), again.images(rows), equal_nan=True):
        yield "what is done to the images that it gave changes those that it gives next; return a copy"
    if _random_state() != before:
        yield "it draws from a global random generator, of torch, NumPy or Python"


def consistent_truth(factory: DatasetFactory) -> Iterator[str]:
    """Truth is one row an image: a unique `id`, and a label that is a class, or a number for each parameter."""
    dataset = _opened(factory)
    truth, again, count = dataset.truth(), _opened(factory).truth(), len(dataset)
    for name, column in truth.items():
        if not isinstance(column, np.ndarray) or column.shape != (count,) or column.dtype.hasobject:
            yield f"column {name} is no array of {count} numbers or words"
            return
    yield from (f"column {name} is one of the table of predictions" for name in RESERVED if name in truth)
    if set(again) != set(truth) or any(not _same(truth[name], again[name]) for name in truth):
        yield "the truth differs when it is opened anew"
    if "id" not in truth:
        yield "there is no column `id`"
    elif len(set(truth["id"].tolist())) < count:
        yield f"only {len(set(truth['id'].tolist()))} of {count} ids are distinct"
    yield from _unlike_heads(dataset, truth)


def stable_fingerprint(factory: DatasetFactory) -> Iterator[str]:
    """The fingerprint is a sha256, the same when it is opened anew, and another one with another seed or number."""
    first = _opened(factory).fingerprint()
    if not isinstance(first, str) or not SHA256.fullmatch(first):
        yield f"the fingerprint is {first!r}, not the 64 hexadecimal digits of a sha256"
    if _opened(factory).fingerprint() != first:
        yield "the fingerprint differs when it is opened anew"
    for key, value in {"n": IMAGES + 1, "seed": 987_654_321}.items():
        if key in _parameters(factory) and _opened(factory, **{key: value}).fingerprint() == first:
            yield f"the fingerprint is the same with another {key}"


DATASET_LAWS: dict[str, DatasetLaw] = {
    "description": described,
    "images": image_shapes,
    "same images": same_images,
    "truth": consistent_truth,
    "fingerprint": stable_fingerprint,
}


def asks_for_files(factory: DatasetFactory) -> bool:
    """Whether it cannot be opened without files that the user has."""
    path = _parameters(factory).get("path")
    return path is not None and path.default is path.empty


def _opened(factory: DatasetFactory, **arguments: Any) -> Dataset:
    few = {"n": IMAGES} if "n" in _parameters(factory) else {}
    return factory.open(**(few | arguments))


def _parameters(factory: DatasetFactory) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(getattr(factory.open, "target", factory.open)).parameters


def _rows(dataset: Dataset) -> list[int]:
    """Some rows, the first and the last among them."""
    return np.unique(np.linspace(0, len(dataset) - 1, min(TRIED, len(dataset))).astype(int)).tolist()


def _unlike_heads(dataset: Dataset, truth: dict[str, np.ndarray]) -> Iterator[str]:
    heads = dataset.description.heads
    if heads.classes:
        label = truth.get("label")
        if label is None or label.dtype.kind not in "iu":
            yield "there is no column `label` of whole numbers"
        elif len(label) and not 0 <= label.min() <= label.max() < len(heads.classes):
            yield f"labels are {label.min()} to {label.max()}, of the {len(heads.classes)} classes counted from 0"
    for name in heads.parameters:
        if name not in truth or truth[name].dtype.kind not in "iuf":
            yield f"there is no column `{name}` of numbers"
        elif np.isinf(truth[name]).any():
            yield f"{name} is infinite; write NaN where it is not defined"


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    return one.shape == other.shape and np.array_equal(one, other, equal_nan=one.dtype.kind == "f")


def _random_state() -> tuple[bytes, str, str]:
    """State of the global generators of torch, NumPy and Python."""
    return torch.random.get_rng_state().numpy().tobytes(), repr(np.random.get_state()), repr(random.getstate())  # noqa: NPY002
