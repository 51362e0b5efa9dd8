"""Training images that are drawn anew each time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from torch import Generator, Tensor

__all__ = ["TrainingView"]


class TrainingView(ABC):
    """Training images drawn at random: whatever may differ between two exposures of a scene does differ.

    Attributes:
        prepared: its images are filled, resampled and framed already, as the network's preprocessing says.

    Example:
        >>> import numpy as np
        >>> import torch
        >>> import zoo_core as zoo
        >>> class Noise(zoo.TrainingView):
        ...     targets = np.zeros(100, "float32")
        ...
        ...     def draw(self, rows, generator):
        ...         images = torch.randn(len(rows), 1, 9, 9, generator=generator)
        ...         return images, torch.from_numpy(self.targets[rows])
        >>> images, targets = Noise().draw(np.array([3, 5]), torch.Generator().manual_seed(0))
        >>> images.shape, targets
        (torch.Size([2, 1, 9, 9]), tensor([0., 0.]))
    """

    prepared: bool = False

    @property
    @abstractmethod
    def targets(self) -> np.ndarray:
        """Targets of every row, as `Dataset.targets`."""

    @abstractmethod
    def draw(self, rows: np.ndarray, generator: Generator) -> tuple[Tensor, Tensor]:
        """Raw images (len(rows), bands, H, W) and their targets, which may be changed with the images.

        Both lie on the device of the generator, which decides all that is random.
        """

    def release(self) -> bool:
        """Leave the memory of the device to others, as far as that is possible; returns whether any was freed."""
        return False

    def close(self) -> None:  # noqa: B027 (most have nothing to end)
        """End whatever works in the background."""
