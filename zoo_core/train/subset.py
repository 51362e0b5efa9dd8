"""Some images of a data set: which ones, and as a data set of their own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Generator, Tensor

from ..errors import DatasetError
from ..interfaces import Dataset, TrainingView
from ..tasks import task_named

if TYPE_CHECKING:
    from ..interfaces import Rows

__all__ = ["Subset", "chosen", "split", "whole_of"]

HELD_OUT = 5  # one in so many


class Subset(Dataset):
    """Some images of a data set.

    Arguments:
        whole: the data set.
        rows: the images, in rising order.
        redrawn: training images are drawn by the training view of the whole set; otherwise they are as they are.
    """

    def __init__(self, whole: Dataset, rows: np.ndarray, redrawn: bool):
        self.whole, self.rows, self.redrawn, self.description = whole, rows, redrawn, whole.description

    def __len__(self) -> int:
        return len(self.rows)

    def read(self, rows: np.ndarray) -> np.ndarray:
        """Images of the data set."""
        return self.whole.read(self.rows[rows])

    def truth(self) -> dict[str, np.ndarray]:
        """Truth of these images."""
        return self.whole.truth_of(self.rows)

    def truth_of(self, rows: Rows) -> dict[str, np.ndarray]:
        """Truth of some of these images."""
        return self.whole.truth_of(self.rows[self.numbers(rows)])

    def fingerprint(self) -> str:
        """sha256 of the data set and the rows."""
        return hashlib.sha256(self.whole.fingerprint().encode() + self.rows.astype("<i8").tobytes()).hexdigest()

    @property
    def paths(self) -> tuple[str, ...]:
        """Paths of the whole data set."""
        return self.whole.paths

    def training_view(self, folder: Path, device: torch.device) -> TrainingView | None:
        """The training view of the whole data set, of these rows."""
        view = self.whole.training_view(folder, device) if self.redrawn else None
        return None if view is None else _SubsetView(view, self.rows)


class _SubsetView(TrainingView):
    def __init__(self, view: TrainingView, rows: np.ndarray):
        self.view, self.rows, self.prepared = view, rows, view.prepared

    @property
    def targets(self) -> np.ndarray:
        return self.view.targets[self.rows]

    def draw(self, rows: np.ndarray, generator: Generator) -> tuple[Tensor, Tensor]:
        return self.view.draw(self.rows[rows], generator)

    def release(self) -> bool:
        return self.view.release()

    def close(self) -> None:
        self.view.close()


def whole_of(dataset: Dataset) -> Dataset:
    """The data set that these images are some of; itself if it is no subset."""
    while isinstance(dataset, Subset):
        dataset = dataset.whole
    return dataset


def chosen(dataset: Dataset, per_class: int | None, fraction: float | None, seed: int) -> np.ndarray:
    """Rows of a few images of each class, drawn by their ids: fewer are a part of more.

    Arguments:
        per_class: images of each class, or
        fraction: of the images of each class, at least two.
        seed: another one chooses others.

    Raises:
        DatasetError: a class has too few.
    """
    few = []
    for name, rows in _classes(dataset):
        count = per_class if per_class is not None else max(2, round((fraction or 1) * len(rows)))
        if count > len(rows):
            raise DatasetError(f"{dataset.description.name} has {len(rows)} images of {name}, {count} are asked for")
        few.append(rows[np.argsort(_hashes(dataset, rows, f"{seed} "), kind="stable")[:count]])
    return np.sort(np.concatenate(few))


def split(dataset: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Rows to learn from and rows held out: a fifth by their ids, at least one of each class.

    Raises:
        DatasetError: a class has but one image.
    """
    held_out = []
    for name, rows in _classes(dataset):
        if len(rows) < 2:
            raise DatasetError(
                f"{dataset.description.name} has {len(rows)} image of {name}; one to learn from and one to hold out"
            )
        hashes = _hashes(dataset, rows, "")
        out = hashes % HELD_OUT == 0
        if not out.any() or out.all():
            out = hashes == hashes.min()
        held_out.append(rows[out])
    rows = np.sort(np.concatenate(held_out))
    return np.setdiff1d(np.arange(len(dataset)), rows), rows


def _classes(dataset: Dataset) -> Iterator[tuple[str, np.ndarray]]:
    """Name and rows of each class; one class where there are none."""
    if dataset.description.heads.parameters or not task_named(dataset.description.task).balances_classes:
        yield dataset.description.name, np.arange(len(dataset))
        return
    labels = dataset.truth()["label"]
    for label in np.unique(labels):
        yield dataset.description.heads.classes[int(label)], np.flatnonzero(labels == label)


def _hashes(dataset: Dataset, rows: np.ndarray, prefix: str) -> np.ndarray:
    """A number of each image that its id decides."""
    ids = dataset.truth()["id"][rows]
    return np.array([int.from_bytes(hashlib.sha256(f"{prefix}{name}".encode()).digest()[:6]) for name in ids])
