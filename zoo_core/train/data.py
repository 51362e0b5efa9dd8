"""The data sets of a recipe, as the network's task may use them."""

import logging
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets.opening import needs_path, open_dataset, takes_path
from ..errors import RecipeError
from ..interfaces import Dataset
from ..tasks import Task
from .recipe import DataRecipe, Recipe
from .subset import Subset, chosen, split

__all__ = ["learning_from", "open_both", "open_data", "placed", "with_path"]

log = logging.getLogger("zoo")


def with_path(recipe: Recipe, path: str | Path | None) -> Recipe:
    """The recipe with `path` among the arguments of the data sets that take one; errors as of `placed`."""
    wanted = {"train": recipe.train} | ({"validation": recipe.validation} if recipe.validation else {})
    adaptation = recipe.adaptation
    there = placed([*wanted.values(), *([adaptation.target] if adaptation else [])], path)
    changes: dict[str, Any] = dict(zip(wanted, there, strict=False))
    if adaptation:
        changes["adaptation"] = adaptation.model_copy(update={"target": there[-1]})
    return recipe.model_copy(update=changes)


def learning_from(recipe: Recipe, name: str, path: str | Path | None) -> Recipe:
    """The recipe with another data set, whose bands and classes the network gets; a fifth of it is held out.

    Raises:
        RecipeError: as of `placed`.
        DatasetError: the data set cannot be opened.
    """
    (train,) = placed([DataRecipe(dataset=name)], path)
    about = open_dataset(name, **train.arguments).description
    changes: dict[str, Any] = {"train": train, "validation": None, "fresh": False, "bands": about.bands}
    if about.heads.classes:
        changes["classes"] = about.heads.classes
    return recipe.model_copy(update={**changes, "id": f"{recipe.architecture}.{name}"})


def placed(wanted: Sequence[DataRecipe], path: str | Path | None) -> list[DataRecipe]:
    """Data sets with `path` among the arguments of those that take one.

    Where an argument of another names one of them, as `hosts: sky` does, it becomes that path too.

    Raises:
        RecipeError: none of them takes a path, or one needs it and has none.
    """
    takers = [takes_path(one.dataset, one.plugin) for one in wanted]
    if path is not None and not any(takers):
        names = " and ".join(sorted({one.dataset for one in wanted}))
        raise RecipeError(f"{names}: read from no files, so it takes no path; leave out --data (data=)")
    named = {one.dataset for one, takes in zip(wanted, takers, strict=True) if takes}
    return [_at(one, path) if takes else _beside(one, path, named) for one, takes in zip(wanted, takers, strict=True)]


def open_data(wanted: DataRecipe, task: Task, bands: tuple[str, ...], architecture: str) -> Dataset:
    """Open a data set for training or validation.

    Raises:
        RecipeError: it is for another task, or of other bands.
    """
    found = open_dataset(wanted.dataset, plugin=wanted.plugin, **wanted.arguments)
    about = found.description
    if about.task not in task.trains_on:
        raise RecipeError(f"{about.name} is for {about.task}, {architecture} for {task.name}")
    if tuple(about.bands) != bands:
        raise RecipeError(
            f"{about.name} has the bands {', '.join(about.bands)}, {architecture} takes {', '.join(bands)}; write "
            "those of the data set as `bands`"
        )
    return _normal(found) if task.normal_only and about.task != task.name else found


def open_both(recipe: Recipe, task: Task, bands: tuple[str, ...]) -> tuple[Dataset, Dataset]:
    """The training and the validation images; errors as of `open_data`."""
    training = open_data(recipe.train, task, bands, recipe.architecture)
    few = recipe.labels_per_class is not None or recipe.fraction is not None
    if few:  # so many images and no more: no other noise, no other orientation of the arcs
        rows = chosen(training, recipe.labels_per_class, recipe.fraction, recipe.seed)
        training = Subset(training, rows, redrawn=False)
        log.info("%s: %d of its images are used", training.description.name, len(rows))
    if recipe.validation is not None:
        return training, open_data(recipe.validation, task, bands, recipe.architecture)
    learned, held_out = split(training)
    log.info("%s: %d images to learn from, %d held out", training.description.name, len(learned), len(held_out))
    return Subset(training, learned, redrawn=not few), Subset(training, held_out, redrawn=False)


def _normal(dataset: Dataset) -> Dataset:
    rows = np.flatnonzero(dataset.truth()["label"] == 0)
    about = dataset.description
    name = about.heads.classes[0] if about.heads.classes else "0"
    if not len(rows):
        raise RecipeError(f"{about.name} holds no image of label 0 ({name}), and anomalies are not learned from")
    log.info("%s: only the %d of %d images with label 0 (%s) are used", about.name, len(rows), len(dataset), name)
    return Subset(dataset, rows, redrawn=True)


def _beside(wanted: DataRecipe, path: str | Path | None, named: Collection[str]) -> DataRecipe:
    """The data set with `path` for each argument that is the name of one of those that are read from there."""
    if path is None:
        return wanted
    there = str(Path(path).expanduser().absolute())
    arguments = {key: there if value in named else value for key, value in wanted.arguments.items()}
    return wanted.model_copy(update={"arguments": arguments})


def _at(wanted: DataRecipe, path: str | Path | None) -> DataRecipe:
    if path is None:
        if "path" not in wanted.arguments and needs_path(wanted.dataset, wanted.plugin):
            raise RecipeError(f"{wanted.dataset} is read from files that you have; say where: --data PATH (data=)")
        return wanted
    arguments = {**wanted.arguments, "path": str(Path(path).expanduser().absolute())}
    return wanted.model_copy(update={"arguments": arguments})
