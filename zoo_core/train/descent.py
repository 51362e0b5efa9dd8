"""Gradient descent with checkpoints: what the task's own loss and the stages of a plugin have in common."""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import EarlyStopping, EMAWeightAveraging, ModelCheckpoint, TQDMProgressBar
from lightning.pytorch.loggers import CSVLogger
from safetensors.torch import load_file
from torch.utils.data import DataLoader

from ..errors import ArgumentError, TrainingError
from ..models.devices import device_named
from .batches import Batches, StepsToCome
from .layers import Frozen
from .module import BestWeights, Measured
from .quiet import quietly
from .recipe import Recipe
from .schedules import AmortisedNorm, ScheduledDropout

__all__ = ["Session", "descend"]

log = logging.getLogger("zoo")
EMA_EVERY = 8  # steps; averaging costs as much as a tenth of a step


@dataclass(frozen=True)
class Session:
    """How a run is run, which does not decide what comes of it.

    Arguments:
        device: auto, cpu, cuda or mps.
        resume: go on from what an interrupted run has left.
        progress: show a progress bar.
        deadline: stop then (`time.monotonic`), None: never.
    """

    device: str
    resume: bool
    progress: bool
    deadline: float | None

    @classmethod
    def starting(cls, device: str, resume: bool, progress: bool, max_time: str | None) -> "Session":
        """One that begins now and lasts "DD:HH:MM:SS", or as long as it takes."""
        return cls(device, resume, progress, None if max_time is None else time.monotonic() + _seconds(max_time))

    @property
    def over(self) -> bool:
        """Whether the time is up."""
        return self.deadline is not None and time.monotonic() >= self.deadline


def descend(
    module: Measured,
    batches: Batches,
    validation: DataLoader,
    monitor: tuple[str, bool],
    folder: Path,
    session: Session,
) -> bool:
    """Train the module's network as its recipe says and give it its best weights.

    Arguments:
        module: the network, its loss and its figures.
        batches: batch number `step` for each step.
        validation: batches for the module's validation step.
        monitor: the figure that decides what is kept, and whether higher is better.
        folder: of checkpoints/, log/ and best.safetensors.
        session: device, time and so on.

    Returns:
        Whether it went to its end, and was not stopped by the clock.
    """
    recipe, best = module.recipe, folder / "best.safetensors"
    first = {name: tensor.cpu().clone() for name, tensor in module.network.state_dict().items()}
    resume = session.resume
    while True:
        try:
            step = _fit(module, batches, validation, monitor, folder, replace(session, resume=resume))
            break
        except torch.cuda.OutOfMemoryError:
            if not relieve(batches):
                raise
            resume = (folder / "checkpoints" / "last.ckpt").exists()
            module.network.load_state_dict(first, strict=True)
    if not best.exists():
        raise TrainingError(f"no validation gave a finite figure in {recipe.steps} steps; lower lr")
    module.network.load_state_dict(load_file(best), strict=True)
    module.network.to(device_named(session.device))  # Lightning has moved it away
    return step >= recipe.steps or not session.over


def relieve(batches: Batches) -> bool:
    """Need less memory of the device, if possible: its images first, then half of each batch."""
    torch.cuda.empty_cache()
    if batches.images.view.release():
        log.warning("the memory of the device is full: the images move to the host's memory")
        return True
    if batches.batch_size < 2:
        return False
    batches.batch_size //= 2
    log.warning("the memory of the device is full: from here on a batch has %d images", batches.batch_size)
    return True


def _fit(
    module: Measured,
    batches: Batches,
    validation: DataLoader,
    monitor: tuple[str, bool],
    folder: Path,
    session: Session,
) -> int:
    """Go on from the last checkpoint, if there is one; returns the step that was reached."""
    recipe = module.recipe
    callbacks = list(_callbacks(recipe, monitor, folder / "best.safetensors", folder, session))
    with quietly():
        trainer = _trainer(recipe, callbacks, folder, session)
    loader = DataLoader(batches, batch_size=None, sampler=StepsToCome(trainer, recipe.steps))
    last = folder / "checkpoints" / "last.ckpt"
    start = last if session.resume and last.exists() else None
    if start:
        log.info("resuming from %s", start)
    with quietly():
        trainer.fit(module, loader, validation, ckpt_path=start, weights_only=True)
    return trainer.global_step


class _Deadline(pl.Callback):
    """Stops when the time is up; Lightning's own clock would count the time before an interruption as well."""

    def __init__(self, session: Session):
        self.session = session

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *batch: Any) -> None:
        trainer.should_stop = trainer.should_stop or self.session.over


def _trainer(recipe: Recipe, callbacks: list[pl.Callback], folder: Path, session: Session) -> pl.Trainer:
    device = device_named(session.device)
    return pl.Trainer(
        accelerator="gpu" if device.type == "cuda" else device.type,
        devices=[device.index or 0] if device.type == "cuda" else 1,
        max_steps=recipe.steps,
        precision="bf16-mixed" if recipe.precision == "bf16" else "32-true",
        val_check_interval=min(recipe.validate_every, recipe.steps),
        check_val_every_n_epoch=None,
        num_sanity_val_steps=0,
        log_every_n_steps=50,
        callbacks=callbacks,
        logger=CSVLogger(folder, name="log"),
        enable_progress_bar=session.progress,
        enable_model_summary=False,
    )


def _callbacks(
    recipe: Recipe, monitor: tuple[str, bool], best: Path, folder: Path, session: Session
) -> Iterator[pl.Callback]:
    figure, higher_is_better = monitor
    if recipe.amortised_norm:
        yield AmortisedNorm(recipe.amortised_norm)
    if recipe.dropout_schedule:
        yield ScheduledDropout(recipe.dropout_schedule)
    yield BestWeights(best, figure, higher_is_better)
    if recipe.ema:
        yield EMAWeightAveraging(decay=recipe.ema**EMA_EVERY, update_every_n_steps=EMA_EVERY)
    yield Frozen()
    yield _Deadline(session)
    if session.progress:
        yield TQDMProgressBar(refresh_rate=20)  # each refresh waits for the device
    yield EarlyStopping(figure, mode="max" if higher_is_better else "min", patience=recipe.patience)
    yield ModelCheckpoint(folder / "checkpoints", "last", every_n_train_steps=recipe.validate_every // 2 or 1)


def _seconds(max_time: str) -> int:
    parts = max_time.split(":")
    if len(parts) != 4 or not all(part.isdigit() for part in parts):
        raise ArgumentError(
            f"max_time= (--max-time) is {max_time!r}; days, hours, minutes and seconds, as in 00:01:30:00"
        )
    days, hours, minutes, seconds = map(int, parts)
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
