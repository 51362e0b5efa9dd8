"""One stage of gradient descent in a training that a plugin drives."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor, nn

from ..interfaces import Batch, Training
from .module import Measured
from .recipe import Recipe

__all__ = ["Figure", "Loss", "StageNetwork", "stage_seed"]

Loss = Callable[[nn.Module, Batch], Tensor]
Figure = Callable[[nn.Module, Training], float]


class StageNetwork(Measured):
    """The network under the plugin's loss and figure; arguments as of `Training.descend`."""

    def __init__(
        self,
        network: nn.Module,
        recipe: Recipe,
        rates: Mapping[str, float],
        loss: Loss,
        figure: Figure | None,
        training: Training,
        seed: int,
    ):
        super().__init__(network, recipe, rates)
        self.loss, self.figure, self.training_data, self.seed = loss, figure, training, seed
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
        """The loss of one batch of validation images, where no figure is given."""
        if self.figure is None:
            images, targets = batch
            first = len(self.training_data.targets()) + sum(count for _, count in self.losses)
            loss = self._loss(images, torch.arange(first, first + len(images)), targets, 2 * step + 1)
            self.losses.append((float(loss), len(images)))

    def figures(self) -> dict[str, float]:
        """The plugin's figure, or the mean loss."""
        if self.figure is not None:
            return {"val_figure": float(self.figure(self.network, self.training_data))}
        losses, counts = zip(*self.losses, strict=True)
        self.losses.clear()
        return {"val_figure": float(np.average(losses, weights=counts))}

    def _loss(self, images: Tensor, rows: Tensor, targets: Tensor, key: int) -> Tensor:
        images = images.contiguous(memory_format=torch.channels_last)
        return self.loss(self.network, Batch(images, rows, _generator(self.seed, key), targets))


def stage_seed(seed: int, stage: str) -> int:
    """Of a stage: another for each name, whatever stages came before."""
    return int.from_bytes(hashlib.sha256(f"{seed} {stage}".encode()).digest()[:7])


def _generator(seed: int, key: int) -> Generator:
    chooser = np.random.Generator(np.random.Philox(key=[seed, key]))
    return Generator().manual_seed(int(chooser.integers(2**63)))
