"""What simulated data sets have in common."""

from abc import abstractmethod
from collections.abc import Iterator

import numpy as np
import torch

from ...interfaces import Dataset

__all__ = ["Simulated"]


class Simulated(Dataset):
    """A data set whose images are made on demand; image i is the same whatever else is made."""

    domain = "simulated"
    pixel_scale: float

    @abstractmethod
    def make(self, start: int, stop: int, device: torch.device | str = "cpu") -> tuple[np.ndarray, np.ndarray]:
        """Images (stop - start, bands, H, W), float32, and their truth, a structured array; nothing is kept.

        Arguments:
            start, stop: rows.
            device: where they are rendered. Images agree to 1e-4 of their noise; frozen ones are made on the CPU.
        """

    @abstractmethod
    def drawn(self) -> Iterator[tuple]:
        """Every number and word that is drawn for each image, a row an image; nothing that is rendered, no pixels.

        Raises:
            DatasetError: images that are kept were drawn otherwise.
        """

    @abstractmethod
    def ids(self, start: int, stop: int) -> list[str]:
        """Names of these images, usable as names of files."""
