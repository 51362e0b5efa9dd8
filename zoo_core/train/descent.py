"""Gradient descent with checkpoints: what the task's own loss and the stages of a plugin have in common."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import EarlyStopping, TQDMProgressBar
from lightning.pytorch.loggers import CSVLogger
from safetensors.torch import load_file
from torch.utils.data import DataLoader

from ..errors import ArgumentError, TrainingError
from ..models.devices import device_named, precision_on
from .averaging import MovingAverage
from .batches import Batches, StepsToCome
from .checkpoints import LastCheckpoint, WholeCheckpoints
from .layers import Frozen
from .metrics import Monitor
from .module import BestWeights, TrainingModule
from .quiet import quietly
from .recipe import Recipe
from .schedules import AmortisedNorm, ScheduledDropout

__all__ = ["Descent", "Plan", "Session"]

log = logging.getLogger("zoo")


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
        """A timer that begins now and lasts "DD:HH:MM:SS", or as long as it takes."""
        return cls(device, resume, progress, None if max_time is None else time.monotonic() + _seconds(max_time))

    @property
    def over(self) -> bool:
        """Whether the time is up."""
        return self.deadline is not None and time.monotonic() >= self.deadline


@dataclass(frozen=True)
class Plan:
    """A recipe, and where and how it is run.

    Arguments:
        recipe: what decides the result.
        folder: of checkpoints/, log/, data/ and best.safetensors.
        session: device, time and so on.
    """

    recipe: Recipe
    folder: Path
    session: Session

    @property
    def device(self) -> torch.device:
        """Where the network is trained."""
        return device_named(self.session.device)


@dataclass(frozen=True)
class Descent:
    """Gradient descent that keeps the best weights.

    Arguments:
        module: the network, its loss and its metrics.
        batches: batch number `step` for each step.
        validation: batches for the module's validation step.
        monitor: the metric that decides what is kept.
        plan: the recipe, the folder and the session.
    """

    module: TrainingModule
    batches: Batches
    validation: DataLoader
    monitor: Monitor
    plan: Plan

    def run(self) -> bool:
        """Train the module's network as the recipe says and give it its best weights.

        Returns:
            Whether it went to its end, and was not stopped by the clock.
        """
        network, recipe, session = self.module.network, self.plan.recipe, self.plan.session
        first = {name: tensor.cpu().clone() for name, tensor in network.state_dict().items()}
        resume = session.resume
        if not resume:
            self._forget()
        while True:
            try:
                step = self._fit(resume)
                break
            except torch.cuda.OutOfMemoryError:
                if not relieve(self.batches):
                    raise
                resume = self._last.exists()
                network.load_state_dict(first, strict=True)
        if not self._best.exists():
            raise TrainingError(f"steps is {recipe.steps}, and nothing was validated; train for a step at least")
        network.load_state_dict(load_file(self._best), strict=True)
        network.to(self.plan.device)  # Lightning has moved it away
        return step >= recipe.steps or not session.over

    def _fit(self, resume: bool) -> int:
        """Go on from the last checkpoint, if there is one and it is wanted; returns the step that was reached."""
        with quietly():
            trainer = self._trainer()
        loader = DataLoader(self.batches, batch_size=None, sampler=StepsToCome(trainer, self.plan.recipe.steps))
        start = self._last if resume and self._last.exists() else None
        if start:
            log.info("resuming from %s", start)
        with quietly(), self._interruptible():
            trainer.fit(self.module, loader, self.validation, ckpt_path=start, weights_only=True)
        return trainer.global_step

    def _forget(self) -> None:
        """Remove what an earlier run left, so that nothing goes on from it."""
        for path in (self._best, *self._last.parent.glob("*.ckpt")):
            path.unlink(missing_ok=True)

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        """Ctrl-C and SIGTERM stay what they are: Lightning would end the whole process, without a word."""
        try:
            yield
        except SystemExit as end:
            if not isinstance(end.__context__, KeyboardInterrupt):
                raise
            if self._last.exists():
                log.info("interrupted; the same call goes on from %s", self._last)
            raise end.__context__ from None

    def _trainer(self) -> pl.Trainer:
        recipe, device = self.plan.recipe, self.plan.device
        return pl.Trainer(
            accelerator="gpu" if device.type == "cuda" else device.type,
            devices=[device.index or 0] if device.type == "cuda" else 1,
            max_steps=recipe.steps,
            precision="bf16-mixed" if precision_on(device, recipe.precision) == "bf16" else "32-true",
            val_check_interval=self._validate_every,
            check_val_every_n_epoch=None,
            num_sanity_val_steps=0,
            log_every_n_steps=50,
            callbacks=list(self._callbacks()),
            plugins=[WholeCheckpoints()],
            logger=CSVLogger(self.plan.folder, name="log"),
            enable_progress_bar=self.plan.session.progress,
            enable_model_summary=False,
        )

    def _callbacks(self) -> Iterator[pl.Callback]:
        recipe, session, monitor = self.plan.recipe, self.plan.session, self.monitor
        if recipe.amortised_norm:
            yield AmortisedNorm(recipe.amortised_norm)
        if recipe.dropout_schedule:
            yield ScheduledDropout(recipe.dropout_schedule)
        yield BestWeights(self._best, monitor)
        if recipe.ema:
            yield MovingAverage(recipe.ema)
        yield Frozen()
        yield _Deadline(session)
        if session.progress:
            yield TQDMProgressBar(refresh_rate=20)  # each refresh waits for the device
        yield EarlyStopping(monitor.key, mode="max" if monitor.higher_is_better else "min", patience=recipe.patience)
        yield LastCheckpoint(self._last, recipe.validate_every // 2 or 1, self._validate_every)

    @property
    def _validate_every(self) -> int:
        return min(self.plan.recipe.validate_every, self.plan.recipe.steps)

    @property
    def _best(self) -> Path:
        return self.plan.folder / "best.safetensors"

    @property
    def _last(self) -> Path:
        return self.plan.folder / "checkpoints" / "last.ckpt"


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


class _Deadline(pl.Callback):
    """Stops when the time is up; Lightning's own clock would count the time before an interruption as well."""

    def __init__(self, session: Session):
        self.session = session

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *batch: Any) -> None:
        trainer.should_stop = trainer.should_stop or self.session.over


def _seconds(max_time: str) -> int:
    parts = max_time.split(":")
    if len(parts) != 4 or not all(part.isdigit() for part in parts):
        raise ArgumentError(
            f"max_time= (--max-time) is {max_time!r}; days, hours, minutes and seconds, as in 00:01:30:00"
        )
    days, hours, minutes, seconds = map(int, parts)
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
