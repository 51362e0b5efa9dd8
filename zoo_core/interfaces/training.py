"""What an architecture that trains in its own way is given."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..tasks import Heads

if TYPE_CHECKING:
    import numpy as np
    from torch import Generator, Tensor, nn

    from .dataset import Rows

__all__ = ["Batch", "Training"]


@dataclass(frozen=True)
class Batch:
    """What the loss of a stage is given.

    Arguments:
        images: augmented as the recipe says, (B, channels, size, size), on the training device.
        rows: their numbers in the training set, (B,), int64 on the CPU.
        generator: of the CPU, new for every step.
        targets: what is true of these images, (B,) or (B, P), on the training device; turned with the image.

    Example:
        >>> import torch
        >>> import zoo_core as zoo
        >>> images, rows = torch.ones(2, 1, 9, 9), torch.tensor([7, 3])
        >>> batch = zoo.Batch(images, rows, torch.Generator(), targets=torch.zeros(2))
        >>> def loss(network, batch):
        ...     noisy = batch.images + torch.randn(batch.images.shape, generator=batch.generator)
        ...     return (network(noisy) - batch.images).square().mean()
        >>> loss(torch.nn.Identity(), batch).shape
        torch.Size([])
    """

    images: Tensor
    rows: Tensor
    generator: Generator
    targets: Tensor


class Training(ABC):
    """What a plugin that trains in its own way is given: images, targets, and gradient descent in resumable stages.

    Images are the network's input, (B, channels, size, size), on the device that it is on; they come in the order of
    the data set. Of anomaly detectors both sets hold nothing but label 0.

    Attributes:
        seed: of the recipe.
        settings: the architecture's `settings` dataclass, read from the recipe; None where it has none.
        heads: classes or parameters.

    Example:
        The mean of all training images, which a network remembers in a buffer; a stand-in has two of them.

        >>> from types import SimpleNamespace
        >>> import torch
        >>> import zoo_core as zoo
        >>> def train(network: torch.nn.Module, training: zoo.Training) -> None:
        ...     network.mean.copy_(training.cached("mean", lambda: training.images().mean(0)))
        >>> network = torch.nn.Module()
        >>> network.register_buffer("mean", torch.zeros(1, 2, 2))
        >>> images = torch.stack([torch.zeros(1, 2, 2), torch.ones(1, 2, 2)])
        >>> train(network, SimpleNamespace(images=lambda: images, cached=lambda name, compute: compute()))
        >>> network.mean
        tensor([[[0.5000, 0.5000],
                 [0.5000, 0.5000]]])
    """

    seed: int
    settings: Any
    heads: Heads

    @abstractmethod
    def images(self, rows: Rows | None = None) -> Tensor:
        """Training images of these rows, not augmented; None: all, which must fit into memory."""

    @abstractmethod
    def targets(self) -> np.ndarray:
        """Targets of the training images, (N,) or (N, P), see `Dataset.targets`."""

    @abstractmethod
    def validation_images(self, rows: Rows | None = None) -> Tensor:
        """Validation images of these rows, as `images`."""

    @abstractmethod
    def validation_targets(self) -> np.ndarray:
        """Targets of the validation images, as `targets`."""

    def validation_mean(self, measure: Callable[[Tensor, Tensor], Tensor], at_once: int = 64) -> float:
        """The mean over the validation images of what is measured of batches of them, without gradients.

        Arguments:
            measure: `measure(images, targets)`, a scalar of a batch, which counts as often as it has images.
            at_once: images of a batch.

        Example:
            >>> from types import SimpleNamespace
            >>> import torch
            >>> import zoo_core as zoo
            >>> images = torch.tensor([1.0, 2.0, 6.0])
            >>> stand_in = SimpleNamespace(validation_images=lambda rows: images[rows])
            >>> stand_in.validation_targets = lambda: torch.zeros(3).numpy()
            >>> zoo.Training.validation_mean(stand_in, lambda images, targets: (images - targets).mean(), at_once=2)
            3.0
        """
        import torch

        targets, total = torch.from_numpy(self.validation_targets()), 0.0
        with torch.no_grad():
            for rows in torch.arange(len(targets)).split(at_once):
                images = self.validation_images(rows)
                total += float(measure(images, targets[rows].to(images))) * len(rows)
        return total / len(targets)

    @abstractmethod
    def sample(self, count: int) -> tuple[Tensor, Tensor]:
        """Random training images, augmented and balanced as the recipe says, and their targets."""

    @abstractmethod
    def cached(self, name: str, compute: Callable[[], Tensor]) -> Tensor:
        """A tensor that is computed once for these images, and stored in the folder of the run.

        Arguments:
            name: of what is computed; what it depends on besides the images must be part of the name.
            compute: called if it is not there yet.
        """

    @abstractmethod
    def descend(
        self,
        stage: str,
        loss: Callable[[nn.Module, Batch], Tensor],
        metric: Callable[[nn.Module, Training], float] | None = None,
    ) -> None:
        """One stage of gradient descent; leaves the network with its best weights and buffers, in eval mode.

        A stage that is finished is not run again when a run is resumed, one that was interrupted goes on.

        Arguments:
            stage: its name; `stages: {<stage>: {...}}` in the recipe may give it steps, batch_size, optimiser,
                augmentation ... of its own, otherwise those of the recipe hold.
            loss: `loss(network, batch)`, what is minimised, a scalar; each row comes once an epoch.
            metric: `metric(network, training)`, measured on the network in eval mode every `validate_every` steps; the
                weights with the lowest are kept. None: the mean of `loss` over the validation images, whose rows are
                numbered from `len(training.targets())` on, so that looking them up in the training set fails.
        """
