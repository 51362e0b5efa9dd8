"""Training that a plugin drives: what it is given."""

import hashlib
import json
import logging
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save
from torch import Tensor
from torch.utils.data import DataLoader

from ..errors import TrainingError
from ..files import whole
from ..interfaces import Dataset, Training, TrainingView
from ..models.model import Model
from .batches import Augmented, BalancedBatches, EpochBatches, class_groups
from .descent import Descent, Plan
from .layers import rates
from .prepared import PreparedImages, made_by, view_of
from .recipe import Recipe
from .stage import MONITOR, Aim, Loss, StageMetric, StageNetwork
from .turning import turn_of

__all__ = ["DrivenTraining"]

log = logging.getLogger("zoo")
TAKEN = ("checkpoints", "data", "log", "model")  # folders of a run that are not a stage's
_ONCE: Any = [0]  # what a validation loops over if the metric reads the images itself


class DrivenTraining(Training):
    """What a recipe gives to a plugin that trains in its own way.

    Arguments:
        model: its network is moved to the training device.
        plan: recipe, folder of the run, in which each stage has a folder, and session.
        settings: what the recipe says to the plugin, read.
        data: the training images.
        held_out: the validation images.
    """

    def __init__(self, model: Model, plan: Plan, settings: Any, data: Dataset, held_out: PreparedImages):
        self.seed, self.settings, self.heads = plan.recipe.seed, settings, model.heads
        self._model, self._plan, self._data, self._held_out = model, plan, data, held_out
        self._network = model.network.to(plan.device, memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        self._begun: dict[str, Any] = {}  # settings of each stage, in order

    def images(self, rows: np.ndarray | Tensor | slice | None = None) -> Tensor:
        """See `Training.images`."""
        return self._stored.channels(_index(rows))

    def targets(self) -> np.ndarray:
        """See `Training.targets`."""
        return self._data.targets()

    def validation_images(self, rows: np.ndarray | Tensor | slice | None = None) -> Tensor:
        """See `Training.validation_images`."""
        return self._held_out.channels(_index(rows))

    def validation_targets(self) -> np.ndarray:
        """See `Training.validation_targets`."""
        return self._held_out.targets

    def sample(self, count: int) -> tuple[Tensor, Tensor]:
        """See `Training.sample`."""
        size = min(256, count)
        groups = class_groups(self._view.targets, self._plan.recipe.balanced and self._model.task.balances_classes)
        batches = BalancedBatches(self._augmented(self._plan.recipe), groups, size, -(-count // size), self.seed)
        drawn = [batches[step] for step in range(len(batches))]
        images, targets = (torch.cat(parts)[:count] for parts in zip(*drawn, strict=True))
        return images, targets

    def cached(self, name: str, compute: Callable[[], Tensor]) -> Tensor:
        """See `Training.cached`."""
        file = self._plan.folder / "data" / f"{name}-{self._fingerprint[:16]}.safetensors"
        if not file.exists():
            computed = compute().contiguous()
            with whole(file) as part:
                part.write_bytes(save({name: computed}))
        return load_file(file, device=str(self._plan.device))[name]

    def descend(self, stage: str, loss: Loss, metric: StageMetric | None = None) -> None:
        """See `Training.descend`."""
        if stage in self._begun or stage in TAKEN or not stage.isidentifier():
            raise TrainingError(f"stage {stage!r}: every stage needs a name of its own, of letters, digits and _")
        recipe = self._plan.recipe.in_stage(stage)
        folder = self._stage_folder(stage, recipe)
        if (folder / "done").exists():
            log.info("stage %s is finished, its weights are loaded", stage)
            self._network.load_state_dict(load_file(folder / "best.safetensors"), strict=True)
        else:
            self._run(Aim(stage, loss, metric), replace(self._plan, recipe=recipe, folder=folder))
            (folder / "done").touch()
        self._network.to(self._plan.device).eval()  # Lightning has moved it away

    def unused_stages(self) -> set[str]:
        """Stages that the recipe describes and nobody ran."""
        return set(self._plan.recipe.stages) - set(self._begun)

    def _run(self, aim: Aim, plan: Plan) -> None:
        recipe, seed = plan.recipe, aim.seed(self.seed)
        log.info("stage %s: %d steps", aim.stage, recipe.steps)
        torch.manual_seed(seed)  # the caller has forked the global state
        batches = EpochBatches(self._augmented(recipe), recipe.batch_size, recipe.steps, seed)
        factors = rates(self._network, self._held_out.channels(slice(1)), recipe.optimiser.layer_decay)
        module = StageNetwork(self._network, recipe, factors, aim, self)
        images = self._held_out.batches(128) if aim.metric is None else DataLoader(_ONCE)
        if not Descent(module, batches, images, MONITOR, plan).run():
            raise TrainingError(f"the time is up in stage {aim.stage}; run the same command again to go on from there")

    def _stage_folder(self, stage: str, recipe: Recipe) -> Path:
        """The stage's folder; emptied unless it is resumed, and images and all stages until now were what they are."""
        folder, begun = self._plan.folder / stage, self._plan.folder / stage / "settings.json"
        self._begun[stage] = recipe.model_dump(mode="json", exclude={"stages", "publish"})
        settings = json.dumps({"images": self._fingerprint, "stages": self._begun}, indent=1)
        if folder.exists() and not (self._plan.session.resume and begun.exists() and begun.read_text() == settings):
            log.info("stage %s begins anew", stage)
            shutil.rmtree(folder)
        folder.mkdir(exist_ok=True)
        begun.write_text(settings)
        return folder

    def _augmented(self, recipe: Recipe) -> Augmented:
        return Augmented(
            self._view,
            self._model.preprocess,
            self._data.description.pixel_scale,
            recipe.augmentation,
            self._plan.device,
            turn_of(self._data, recipe),
        )

    @cached_property
    def _fingerprint(self) -> str:
        """sha256 of all images, as the network is given them."""
        parts = (self._data.identity(), self._held_out.identity, made_by(self._model.preprocess))
        return hashlib.sha256(" ".join(parts).encode()).hexdigest()

    @cached_property
    def _view(self) -> TrainingView:
        return view_of(self._data, self._model.preprocess, self._plan.folder / "data", self._plan.device)

    @cached_property
    def _stored(self) -> PreparedImages:
        return PreparedImages(self._data, self._model.preprocess, self._plan.folder / "data", self._plan.device)


def _index(rows: np.ndarray | Tensor | slice | None) -> np.ndarray | slice:
    if rows is None:
        return slice(None)
    return rows.cpu().numpy() if isinstance(rows, Tensor) else rows
