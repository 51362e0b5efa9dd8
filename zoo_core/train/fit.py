"""From a recipe to a folder that `zoo.load` reads."""

import logging
from collections.abc import Iterator
from pathlib import Path

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import EarlyStopping, EMAWeightAveraging, ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger
from safetensors.torch import load_file
from torch.utils.data import DataLoader

from ..datasets.opening import dataset as open_dataset
from ..errors import RecipeError, TrainingError
from ..images.preprocess import Preprocess
from ..interfaces import Architecture, Dataset
from ..models.build import build
from ..models.load import load
from ..plugins import architecture as architecture_named
from ..tasks import Heads, task_named
from .batches import PreparedImages, StepsToCome, TrainingBatches, class_groups, view_of
from .export import export
from .module import BestWeights, TrainedNetwork
from .recipe import DataRecipe, Recipe, read_recipe
from .schedules import AmortisedNorm, ScheduledDropout

__all__ = ["train"]

log = logging.getLogger("zoo")
MONITORS = {"auroc": ("val_auroc", True), "loss": ("val_loss", False)}  # figure, higher is better
EMA_EVERY = 8  # steps; averaging costs as much as a tenth of a step


def train(
    recipe_path: str | Path,
    out: str | Path | None = None,
    *,
    resume: bool = True,
    device: str = "auto",
    max_time: str | None = None,
    steps: int | None = None,
    progress: bool = True,
) -> Path:
    """Train as the recipe says; the folder of the result holds config.json and model.safetensors.

    Arguments:
        recipe_path: YAML file, see `zoo_core.train.recipe`.
        out: folder of the run; by default runs/<model id>. It keeps the checkpoints, the prepared images and the log.
        resume: go on from the last checkpoint in `out`, if there is one.
        device: auto, cpu, cuda or mps.
        max_time: stop after "DD:HH:MM:SS", with the best checkpoint so far.
        steps: instead of the recipe's.
        progress: show a progress bar.

    Raises:
        RecipeError: the recipe cannot be run.
        TrainingError: nothing usable came of it.
    """
    recipe = read_recipe(Path(recipe_path))
    if steps is not None:
        recipe = recipe.model_copy(update={"steps": steps})
    folder = Path(out) if out is not None else Path("runs") / recipe.id
    folder.mkdir(parents=True, exist_ok=True)
    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        return _Run(recipe, folder).result(resume, device, max_time, progress)


class _Run:
    """One run of a recipe in its folder."""

    def __init__(self, recipe: Recipe, folder: Path):
        self.recipe, self.folder = recipe, folder
        self.architecture = architecture_named(recipe.architecture, recipe.plugin)
        self.task = task_named(self.architecture.task)
        self.heads = _heads(recipe, self.architecture)
        self.preprocess = Preprocess.from_operations(
            recipe.preprocess or self.architecture.preprocess, recipe.bands or self.architecture.bands
        )
        self.network = build(
            self.architecture,
            self.preprocess.n_channels,
            self.task.outputs(self.heads),
            {**self.architecture.arguments, **recipe.arguments},
        )
        if recipe.warm_start:
            self.network.load_state_dict(load(recipe.warm_start, pretrained=True).network.state_dict(), strict=True)

    def result(self, resume: bool, device: str, max_time: str | None, progress: bool) -> Path:
        """Train, calibrate, write."""
        training, validation = self._dataset(self.recipe.train), self._dataset(self.recipe.validation)
        held_out = PreparedImages(validation, self.preprocess, self.folder / "data")
        if self.architecture.fit is not None:
            self._fit_without_gradient(training)
        else:
            self._descend(training, held_out, resume, device, max_time, progress)
        return export(
            self.network,
            self.architecture,
            self.recipe,
            self.heads,
            self.preprocess,
            held_out,
            self.folder,
        )

    def _dataset(self, wanted: DataRecipe) -> Dataset:
        found = open_dataset(wanted.dataset, plugin=wanted.plugin, **wanted.arguments)
        if found.task != self.architecture.task:
            raise RecipeError(
                f"{found.name} is for {found.task}, {self.architecture.name} for {self.architecture.task}"
            )
        if tuple(found.bands) != self.preprocess.bands:
            raise RecipeError(f"{found.name} has the bands {found.bands}, the network takes {self.preprocess.bands}")
        return found

    def _batches(self, training: Dataset, batch_size: int, steps: int) -> TrainingBatches:
        view = view_of(training, self.preprocess, self.folder / "data")
        groups = class_groups(view.targets, self.recipe.balanced and self.task.name == "classification")
        return TrainingBatches(
            view,
            self.preprocess,
            training.pixel_scale,
            groups,
            batch_size,
            steps,
            self.recipe.seed,
            self.recipe.augmentation,
        )

    def _fit_without_gradient(self, training: Dataset) -> None:
        size = min(256, self.recipe.fit_images)
        batches = self._batches(training, size, -(-self.recipe.fit_images // size))
        drawn = [batches[step] for step in range(len(batches))]
        images, targets = (torch.cat(parts)[: self.recipe.fit_images] for parts in zip(*drawn, strict=True))
        assert self.architecture.fit is not None
        self.architecture.fit(self.network, images, targets, self.recipe.seed)

    def _descend(
        self,
        training: Dataset,
        held_out: PreparedImages,
        resume: bool,
        device: str,
        max_time: str | None,
        progress: bool,
    ) -> None:
        network = self.network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        module = TrainedNetwork(network, self.task, self.heads, self.recipe)
        trainer = self._trainer(device, max_time, progress)
        batches = self._batches(training, self.recipe.batch_size, self.recipe.steps)
        loader = DataLoader(
            batches,
            batch_size=None,
            sampler=StepsToCome(trainer, self.recipe.steps),
            num_workers=1,
            prefetch_factor=8,
        )
        last = self.folder / "checkpoints" / "last.ckpt"
        start = last if resume and last.exists() else None
        if start:
            log.info("resuming from %s", start)
        trainer.fit(module, loader, DataLoader(held_out, batch_size=128), ckpt_path=start, weights_only=True)
        if not self._best.exists():
            raise TrainingError(f"no validation was reached in {self.recipe.steps} steps; lower validate_every")
        self.network.load_state_dict(load_file(self._best), strict=True)

    def _trainer(self, device: str, max_time: str | None, progress: bool) -> pl.Trainer:
        return pl.Trainer(
            accelerator="gpu" if device == "cuda" else device,
            devices=1,
            max_steps=self.recipe.steps,
            max_time=max_time,
            precision="bf16-mixed" if self.recipe.precision == "bf16" else "32-true",
            gradient_clip_val=self.recipe.optimiser.clip or None,
            val_check_interval=self.recipe.validate_every,
            check_val_every_n_epoch=None,
            num_sanity_val_steps=0,
            log_every_n_steps=50,
            callbacks=list(self._callbacks()),
            logger=CSVLogger(self.folder, name="log"),
            enable_progress_bar=progress,
            enable_model_summary=False,
        )

    @property
    def _best(self) -> Path:
        return self.folder / "best.safetensors"

    def _callbacks(self) -> Iterator[pl.Callback]:
        monitor, higher_is_better = MONITORS[self.recipe.monitor]
        if self.recipe.amortised_norm:
            yield AmortisedNorm(self.recipe.amortised_norm)
        if self.recipe.dropout_schedule:
            yield ScheduledDropout(self.recipe.dropout_schedule)
        yield BestWeights(self._best, monitor, higher_is_better)
        if self.recipe.ema:
            yield EMAWeightAveraging(decay=self.recipe.ema**EMA_EVERY, update_every_n_steps=EMA_EVERY)
        yield EarlyStopping(monitor, mode="max" if higher_is_better else "min", patience=self.recipe.patience)
        yield ModelCheckpoint(
            self.folder / "checkpoints", "last", every_n_train_steps=self.recipe.validate_every // 2 or 1
        )


def _heads(recipe: Recipe, architecture: Architecture) -> Heads:
    return Heads(
        classes=recipe.classes or architecture.heads.classes,
        parameters=recipe.parameters or architecture.heads.parameters,
        units=recipe.units or architecture.heads.units,
    )
