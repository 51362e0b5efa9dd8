"""One stage of gradient descent in a training that a plugin drives."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor, nn

from ..interfaces import Batch, Training
from .metrics import Monitor
from .module import TrainingModule
from .recipe import Recipe

__all__ = ["MONITOR", "Aim", "Loss", "StageMetric", "StageNetwork"]

Loss = Callable[[nn.Module, Batch], Tensor]
StageMetric = Callable[[nn.Module, Training], float]

MONITOR = Monitor("metric")


@dataclass(frozen=True)
class Aim:
    """What a stage is for; arguments as of `Training.descend`."""

    stage: str
    loss: Loss
    metric: StageMetric | None

    def seed(self, seed: int) -> int:
        """Seed of the stage, in a run of that seed: another for each name, whatever stages came before."""
        return int.from_bytes(hashlib.sha256(f"{seed} {self.stage}".encode()).digest()[:7])


class StageNetwork(TrainingModule):
    """The network under the plugin's loss and metric.

    Arguments:
        network, recipe, rates: as of `TrainingModule`; the recipe is that of the stage.
        aim: loss and metric.
        training: what the metric is given.
    """

    def __init__(self, network: nn.Module, recipe: Recipe, rates: Mapping[str, float], aim: Aim, training: Training):
        super().__init__(network, recipe, rates)
        self.aim, self.training_data, self.seed = aim, training, aim.seed(training.seed)
        self.losses: list[tuple[float, int]] = []

    def transfer_batch_to_device(self, batch: Any, device: torch.device, dataloader_idx: int) -> Any:
        """Images are there already, and rows stay on the CPU, so that looking at them waits for nothing."""
        return batch

    def training_step(self, batch: tuple[Tensor, Tensor, Tensor], step: int) -> Tensor:
        """Loss of one batch."""
        images, rows, targets = batch
        loss = self._loss(images, rows, targets, 2 * self.global_step)
        self.log("train_loss", loss, prog_bar=True)
        return loss

    def validation_step(self, batch: tuple[Tensor, Tensor], step: int) -> None:
        """The loss of one batch of validation images, where no metric is given."""
        if self.aim.metric is None:
            images, targets = batch
            first = len(self.training_data.targets()) + sum(count for _, count in self.losses)
            loss = self._loss(images, torch.arange(first, first + len(images)), targets, 2 * step + 1)
            self.losses.append((float(loss), len(images)))

    def metrics(self) -> dict[str, float]:
        """The plugin's metric, or the mean loss."""
        if self.aim.metric is not None:
            return {MONITOR.key: float(self.aim.metric(self.network, self.training_data))}
        losses, counts = zip(*self.losses, strict=True)
        self.losses.clear()
        return {MONITOR.key: float(np.average(losses, weights=counts))}

    def _loss(self, images: Tensor, rows: Tensor, targets: Tensor, key: int) -> Tensor:
        images = images.contiguous(memory_format=torch.channels_last)
        return self.aim.loss(self.network, Batch(images, rows, _generator(self.seed, key), targets))


def _generator(seed: int, key: int) -> Generator:
    chooser = np.random.Generator(np.random.Philox(key=[seed, key]))
    return Generator().manual_seed(int(chooser.integers(2**63)))
