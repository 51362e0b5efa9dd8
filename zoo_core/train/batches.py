"""Training batches: each is a function of the seed and its step alone, so that a resumed run draws the same ones."""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import lightning.pytorch as pl
import numpy as np
import torch
from torch import Generator, Tensor
from torch.utils.data import Dataset as TorchDataset
from torch.utils.data import Sampler

from ..images.augmentation import distorted, photometric, random_dihedral
from ..images.preprocess import Preprocess
from ..interfaces import TrainingView
from .recipe import Augmentation

__all__ = ["Augmented", "BalancedBatches", "Batches", "EpochBatches", "FreshBatches", "StepsToCome", "class_groups"]

AT_ONCE = {"cuda": 2048}  # images that are drawn together, by the kind of device


@dataclass(frozen=True)
class Augmented:
    """Training images as the network takes them, drawn at random.

    Arguments:
        view: where images are drawn from.
        preprocess: of the network.
        pixel_scale: arcsec of the view's images, or None.
        augmentation: what is varied besides.
        device: where all of it is done.
        turn: `turn(targets, elements)`, the targets of turned images; None: turning does not change them.
    """

    view: TrainingView
    preprocess: Preprocess
    pixel_scale: float | None
    augmentation: Augmentation
    device: torch.device
    turn: Callable[[Tensor, Tensor], Tensor] | None = None

    def draw(self, rows: np.ndarray, seed: int) -> tuple[Tensor, Tensor]:
        """Channels (B, C, size, size) and targets of these rows, a function of the seed on each device."""
        generator = Generator(self.device).manual_seed(seed)
        images, targets = self.view.draw(rows, generator)
        if not self.view.prepared:
            images = self.preprocess.prepare_batch(images, self.pixel_scale, generator)
        images = self.preprocess.channels(images)
        if self.augmentation.dihedral:
            images, elements = random_dihedral(images, generator)
            targets = targets if self.turn is None else self.turn(targets, elements)
        images = distorted(images, self.augmentation.distortion, generator)
        return photometric(images, self.augmentation.gain, self.augmentation.offset, generator), targets


class Batches(TorchDataset):
    """Batch number `step`, on the training device: channels (B, C, size, size) and targets.

    Several batches are drawn at once where starting a computation takes longer than doing it.

    Arguments:
        images: that are drawn from.
        batch_size, steps, seed: of the run.
    """

    def __init__(self, images: Augmented, batch_size: int, steps: int, seed: int):
        self.images, self.batch_size, self.steps, self.seed = images, batch_size, steps, seed
        self._drawn: tuple[int, int, list[tuple[Tensor, Tensor]]] | None = None

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, step: int) -> tuple[Tensor, Tensor]:
        if not 0 <= step < self.steps:
            raise IndexError(step)
        first, place = step - step % self.together, step % self.together
        if self._drawn is None or self._drawn[:2] != (first, self.batch_size):
            self._drawn = None  # its memory is free for the next ones
            self._drawn = first, self.batch_size, self._draw(first)
        return self._drawn[2][place]

    @property
    def together(self) -> int:
        """Batches that are drawn at once."""
        return max(1, AT_ONCE.get(self.images.device.type, 1) // self.batch_size)

    @abstractmethod
    def rows(self, step: int) -> np.ndarray:
        """Rows of the training set, (B,), int64."""

    def _draw(self, first: int) -> list[tuple[Tensor, Tensor]]:
        rows = np.concatenate([self.rows(step) for step in range(first, first + self.together)])
        seed = np.random.Generator(np.random.Philox(key=[self.seed, 2 * first + 1])).integers(2**63)
        images, targets = self.images.draw(rows, int(seed))
        return list(zip(images.split(self.batch_size), targets.split(self.batch_size), strict=True))


class BalancedBatches(Batches):
    """Batches that hold as many of each group.

    Arguments:
        images, batch_size, steps, seed: as of `Batches`.
        groups: rows of each class, drawn equally often; one group: all rows alike.
    """

    def __init__(self, images: Augmented, groups: Sequence[np.ndarray], batch_size: int, steps: int, seed: int):
        super().__init__(images, batch_size, steps, seed)
        self.groups = groups

    def rows(self, step: int) -> np.ndarray:
        """Every class in turn."""
        chooser = np.random.Generator(np.random.Philox(key=[self.seed, 2 * step]))
        rows = np.empty(self.batch_size, np.int64)
        for number, group in enumerate(self.groups):
            places = slice(number, None, len(self.groups))
            rows[places] = group[chooser.integers(len(group), size=len(rows[places]))]
        return rows


class FreshBatches(Batches):
    """Batches of images that follow one another and never come again."""

    def rows(self, step: int) -> np.ndarray:
        """The next rows."""
        return np.arange(step * self.batch_size, (step + 1) * self.batch_size)


class EpochBatches(Batches):
    """Batches in which each row comes once an epoch."""

    def rows(self, step: int) -> np.ndarray:
        """The next rows of the epoch, or the first of the one after it."""
        count = len(self.images.view.targets)
        places = np.arange(step * self.batch_size, (step + 1) * self.batch_size)
        epochs = places // count
        orders = {epoch: self._order(int(epoch), count) for epoch in np.unique(epochs)}
        return np.array([orders[epoch][place % count] for epoch, place in zip(epochs, places, strict=True)])

    def __getitem__(self, step: int) -> tuple[Tensor, Tensor, Tensor]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Channels, rows (B,), int64 on the CPU, and targets."""
        images, targets = super().__getitem__(step)
        return images, torch.from_numpy(self.rows(step)), targets

    def _order(self, epoch: int, count: int) -> np.ndarray:
        return np.random.default_rng([self.seed, epoch]).permutation(count)


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
