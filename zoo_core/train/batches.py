"""Training batches: each is a function of the seed and its step alone, so that a resumed run sees the same ones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import lightning.pytorch as pl
import numpy as np
import torch
from torch import Generator, Tensor
from torch.utils.data import Dataset as TorchDataset
from torch.utils.data import Sampler

from ..images.augmentation import photometric, random_dihedral
from ..images.preprocess import Preprocess
from ..interfaces import TrainingView
from .prepared import prepared
from .recipe import Augmentation

__all__ = ["BalancedBatches", "EpochBatches", "Looks", "StepsToCome", "class_groups"]


@dataclass(frozen=True)
class Looks:
    """Random looks at training images, as the network sees them.

    Arguments:
        view: where images are drawn from.
        preprocess: of the network; images that are not prepared yet (another size, or NaN) are.
        pixel_scale: arcsec of the view's images, or None.
        augmentation: what is varied besides.
    """

    view: TrainingView
    preprocess: Preprocess
    pixel_scale: float | None
    augmentation: Augmentation

    def draw(self, rows: np.ndarray, generator: Generator) -> tuple[Tensor, Tensor]:
        """Channels (B, C, size, size) and targets of these rows."""
        images, targets = self.view.draw(rows, generator)
        return self._augmented(self.preprocess.channels(self._prepared(images)), generator), targets

    def _prepared(self, images: Tensor) -> Tensor:
        """The images that are not finite, or all if their size or scale does not fit, prepared as for prediction."""
        if not self._fits(images):
            return torch.from_numpy(prepared(images.numpy(), self.preprocess, self.pixel_scale))
        for row in (~images.isfinite().flatten(1).all(1)).nonzero()[:, 0].tolist():
            whole = self.preprocess.prepare_array(images[row].numpy(), self.pixel_scale)
            images[row] = torch.from_numpy(whole.pixels)
        return images

    def _fits(self, images: Tensor) -> bool:
        size, scale = self.preprocess.size, self.preprocess.pixel_scale
        return images.shape[-2:] == (size, size) and scale in (None, self.pixel_scale)

    def _augmented(self, images: Tensor, generator: Generator) -> Tensor:
        if self.augmentation.dihedral:
            images = random_dihedral(images, generator)
        return photometric(images, self.augmentation.gain, self.augmentation.offset, generator)


class BalancedBatches(TorchDataset):
    """Batch number `step`: channels (B, C, size, size) and targets.

    Arguments:
        looks: at the training images.
        groups: rows of each class, drawn equally often; one group: all rows alike.
        batch_size, steps, seed: of the run.
    """

    def __init__(self, looks: Looks, groups: Sequence[np.ndarray], batch_size: int, steps: int, seed: int):
        self.looks, self.groups = looks, groups
        self.batch_size, self.steps, self.seed = batch_size, steps, seed

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, step: int) -> tuple[Tensor, Tensor]:
        if not 0 <= step < self.steps:
            raise IndexError(step)
        chooser = np.random.Generator(np.random.Philox(key=[self.seed, step]))
        generator = Generator().manual_seed(int(chooser.integers(2**63)))
        rows = np.array([chooser.choice(self.groups[k % len(self.groups)]) for k in range(self.batch_size)])
        return self.looks.draw(rows, generator)


class EpochBatches(TorchDataset):
    """Batch number `step`: channels (B, C, size, size) and their rows (B,); each row comes once an epoch.

    Arguments:
        looks: at the training images.
        batch_size, steps, seed: of the stage.
    """

    def __init__(self, looks: Looks, batch_size: int, steps: int, seed: int):
        self.looks, self.batch_size, self.steps, self.seed = looks, batch_size, steps, seed
        self.count = len(looks.view.targets)

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, step: int) -> tuple[Tensor, Tensor]:
        if not 0 <= step < self.steps:
            raise IndexError(step)
        rows = self._rows(step)
        chooser = np.random.Generator(np.random.Philox(key=[self.seed, 2 * step]))
        images, _ = self.looks.draw(rows, Generator().manual_seed(int(chooser.integers(2**63))))
        return images, torch.from_numpy(rows)

    def _rows(self, step: int) -> np.ndarray:
        places = np.arange(step * self.batch_size, (step + 1) * self.batch_size)
        epochs = places // self.count
        orders = {epoch: self._order(int(epoch)) for epoch in np.unique(epochs)}
        return np.array([orders[epoch][place % self.count] for epoch, place in zip(epochs, places, strict=True)])

    def _order(self, epoch: int) -> np.ndarray:
        return np.random.Generator(np.random.Philox(key=[self.seed, 2 * epoch + 1])).permutation(self.count)


def class_groups(targets: np.ndarray, balanced: bool) -> list[np.ndarray]:
    """Rows of each class, or all rows in one group."""
    if not balanced or targets.ndim > 1:
        return [np.arange(len(targets))]
    return [np.flatnonzero(targets == label) for label in np.unique(targets)]


class StepsToCome(Sampler[int]):
    """The steps that a trainer has still to do."""

    def __init__(self, trainer: pl.Trainer, steps: int):
        self.trainer, self.steps = trainer, steps

    def __len__(self) -> int:
        return max(0, self.steps - self.trainer.global_step)

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.trainer.global_step, self.steps))
