"""Metrics of the validation images, of which one decides what is kept."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..errors import RecipeError, UnknownNameError
from ..interfaces import Dataset
from ..metric import Metric
from ..plugins import metrics as plugin_metrics
from ..tasks import Heads, Task
from .recipe import Recipe

__all__ = ["INFORMATION", "LOSS", "Monitor", "measured", "monitor_of"]


@dataclass(frozen=True)
class Monitor:
    """What decides which weights are kept.

    Arguments:
        name: as the recipe says it; training logs it as `val_<name>`.
        higher_is_better: for that metric.
        metric: computes it from the predictions; None: it is the loss, or among what the task reports.
    """

    name: str
    higher_is_better: bool = False
    metric: Metric | None = None

    @property
    def key(self) -> str:
        """Its name in the log."""
        return f"val_{self.name}"


LOSS = Monitor("loss")

INFORMATION = "information"
"""A monitor of recipes with a target: needs none of its labels."""


def monitor_of(recipe: Recipe, task: Task, heads: Heads, validation: Dataset) -> Monitor:
    """The monitor of a recipe: the loss, what the task reports, or any metric of the core or of the recipe's plugins.

    Raises:
        RecipeError: there is no such metric of the task, it is not defined for these validation images, or poor models
            reach its best value too.
    """
    name = recipe.monitor
    if name == LOSS.name:
        return LOSS
    if name == INFORMATION and recipe.adaptation:
        return Monitor(name, higher_is_better=True)
    if name in task.reported:
        _check_defined(name, task, heads, validation.targets())
        return Monitor(name, task.reported[name])
    plugins = dict.fromkeys(
        filter(None, (recipe.plugin, *(data.plugin for data in (recipe.train, recipe.validation) if data)))
    )
    available = [*task.metrics(validation.description.heads), *plugin_metrics(plugins)]
    known = {metric.name: metric for metric in available if metric.task == task.name}
    if name not in known:
        names = [LOSS.name, *task.reported, *known]
        raise RecipeError(f"monitor: {UnknownNameError.among(f'{task.name} metric', name, names)}")
    if (ideal := known[name].ideal) is not None:
        raise RecipeError(f"monitor: {name} is best at {ideal:.3g}, where poor models are too; choose another metric")
    return Monitor(name, known[name].higher_is_better, known[name])


def measured(outputs: Tensor, targets: Tensor, task: Task, heads: Heads) -> dict[str, float]:
    """The loss and what else the task reports, as `val_<name>`; NaN if an output is not finite."""
    if not outputs.isfinite().all():
        return {f"val_{name}": float("nan") for name in (LOSS.name, *task.reported)}
    found = {LOSS.name: float(task.loss(outputs, targets, heads)), **task.report(outputs, targets, heads)}
    return {f"val_{name}": value for name, value in found.items()}


def _check_defined(name: str, task: Task, heads: Heads, targets: np.ndarray) -> None:
    """Tried with outputs that are all alike."""
    alike = torch.zeros(len(targets), task.outputs(heads))
    if name in task.report(alike, torch.from_numpy(targets), heads):
        return
    missing = [one for label, one in enumerate(heads.classes) if not (targets.round() == label).any()]
    raise RecipeError(
        f"monitor: {name} needs validation images of each class, there is none of {', '.join(missing)}; "
        "add some, or choose monitor: loss"
    )
