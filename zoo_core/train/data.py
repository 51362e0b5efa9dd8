"""The data sets of a recipe, as the network's task may use them."""

import hashlib
import logging
from pathlib import Path

import numpy as np
from torch import Generator, Tensor

from ..datasets.opening import dataset as open_dataset
from ..datasets.opening import takes_path
from ..errors import RecipeError
from ..interfaces import Dataset, TrainingView
from ..tasks import Task
from .recipe import DataRecipe, Recipe

__all__ = ["Subset", "open_data", "with_path"]

log = logging.getLogger("zoo")
NEAR = 4  # images between two wanted ones that are read rather than skipped


def with_path(recipe: Recipe, path: str | Path | None) -> Recipe:
    """The recipe with `path` among the arguments of the data sets that take one.

    Raises:
        RecipeError: none of them takes a path, or one needs it and has none.
    """
    takers = {key for key in ("train", "validation") if takes_path(getattr(recipe, key).dataset, _plugin(recipe, key))}
    if path is not None and not takers:
        names = sorted({recipe.train.dataset, recipe.validation.dataset})
        raise RecipeError(f"{recipe.id} learns from {' and '.join(names)}, which takes no path; leave --data away")
    changed = {key: _placed(getattr(recipe, key), path) for key in takers}
    return recipe.model_copy(update=changed)


def open_data(wanted: DataRecipe, task: Task, bands: tuple[str, ...], architecture: str) -> Dataset:
    """Open a data set for training or validation.

    Raises:
        RecipeError: it is for another task, or of other bands.
    """
    found = open_dataset(wanted.dataset, plugin=wanted.plugin, **wanted.arguments)
    if found.task not in task.trains_on:
        raise RecipeError(f"{found.name} is for {found.task}, {architecture} for {task.name}")
    if tuple(found.bands) != bands:
        raise RecipeError(f"{found.name} has the bands {found.bands}, the network takes {bands}")
    return _normal(found) if task.normal_only and found.task == "classification" else found


class Subset(Dataset):
    """Some images of a data set.

    Arguments:
        whole: the data set.
        rows: the images, in rising order.
    """

    def __init__(self, whole: Dataset, rows: np.ndarray):
        self.whole, self.rows = whole, rows
        self.name, self.version, self.task, self.domain = whole.name, whole.version, whole.task, whole.domain
        self.bands, self.pixel_scale, self.heads = whole.bands, whole.pixel_scale, whole.heads

    def __len__(self) -> int:
        return len(self.rows)

    def images(self, start: int, stop: int) -> np.ndarray:
        """Read in the stretches in which they lie together."""
        rows = self.rows[start:stop]
        stretches = np.split(rows, np.flatnonzero(np.diff(rows) > NEAR) + 1)
        return np.concatenate([self.whole.images(near[0], near[-1] + 1)[near - near[0]] for near in stretches])

    def truth(self) -> dict[str, np.ndarray]:
        """Of these images."""
        return {name: column[self.rows] for name, column in self.whole.truth().items()}

    def fingerprint(self) -> str:
        """Of the data set and the rows."""
        return hashlib.sha256(self.whole.fingerprint().encode() + self.rows.astype("<i8").tobytes()).hexdigest()

    def training_view(self, folder: Path) -> TrainingView | None:
        """That of the whole data set, of these rows."""
        view = self.whole.training_view(folder)
        return None if view is None else _SubsetView(view, self.rows)


class _SubsetView(TrainingView):
    def __init__(self, view: TrainingView, rows: np.ndarray):
        self.view, self.rows = view, rows

    @property
    def targets(self) -> np.ndarray:
        return self.view.targets[self.rows]

    def draw(self, rows: np.ndarray, generator: Generator) -> tuple[Tensor, Tensor]:
        return self.view.draw(self.rows[rows], generator)


def _normal(dataset: Dataset) -> Dataset:
    rows = np.flatnonzero(dataset.truth()["label"] == 0)
    name = dataset.heads.classes[0] if dataset.heads.classes else "0"
    if not len(rows):
        raise RecipeError(f"{dataset.name} holds no image of label 0 ({name}), and anomalies are not learned from")
    log.info("%s: only the %d of %d images with label 0 (%s) are used", dataset.name, len(rows), len(dataset), name)
    return Subset(dataset, rows)


def _placed(wanted: DataRecipe, path: str | Path | None) -> DataRecipe:
    if path is None and "path" not in wanted.arguments:
        raise RecipeError(f"{wanted.dataset} is read from files that you have; say where: --data PATH (data=)")
    arguments = wanted.arguments if path is None else {**wanted.arguments, "path": str(path)}
    return wanted.model_copy(update={"arguments": arguments})


def _plugin(recipe: Recipe, key: str) -> str | None:
    return getattr(recipe, key).plugin
