"""Schedules of the LASTRO recipe, as Lightning callbacks for any network (Schaefer et al. 2018)."""

from typing import Any

import lightning.pytorch as pl
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from .recipe import Amortised, DropoutSchedule

__all__ = ["AmortisedNorm", "ScheduledDropout"]


class AmortisedNorm(pl.Callback):
    """Batch normalisation by its running moments in training too; they follow the batches ever more slowly."""

    def __init__(self, schedule: Amortised):
        self.schedule = schedule
        self.rate = 0.0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Watch the input of every normalisation."""
        for layer in _layers(pl_module, _BatchNorm):
            layer.register_forward_pre_hook(self._update)

    def on_train_batch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *batch: Any) -> None:
        """Set the rate of this step, and normalise by the running moments."""
        self.rate = self.schedule.decay ** (trainer.global_step / self.schedule.every)
        for layer in _layers(pl_module, _BatchNorm):
            layer.eval()

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *batch: Any) -> None:
        """Nothing but training moves the moments."""
        self.rate = 0.0

    @torch.no_grad()
    def _update(self, layer: _BatchNorm, inputs: tuple[Tensor]) -> None:
        if self.rate > 0:
            assert layer.running_mean is not None and layer.running_var is not None
            variance, mean = torch.var_mean(inputs[0].float(), [0, *range(2, inputs[0].ndim)], correction=0)
            layer.running_mean.lerp_(mean, self.rate)
            layer.running_var.lerp_(variance, self.rate)


class ScheduledDropout(pl.Callback):
    """Dropout that starts at none and tends to its final rate."""

    def __init__(self, schedule: DropoutSchedule):
        self.schedule = schedule

    def on_train_batch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *batch: Any) -> None:
        """Set the rate of this step."""
        rate = self.schedule.final * (1 - 0.5 ** (trainer.global_step / self.schedule.every))
        for layer in _layers(pl_module, nn.Dropout):
            layer.p = rate


def _layers(module: nn.Module, kind: type) -> list[Any]:
    return [layer for layer in module.modules() if isinstance(layer, kind)]
