"""What simulated data sets have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch

from ...interfaces import Dataset

if TYPE_CHECKING:
    from ...interfaces import Rows

__all__ = ["Simulated"]


class Simulated(Dataset):
    """A data set whose images are made on demand; image i is the same whatever else is made."""

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
    def ids(self, rows: Iterable[int]) -> list[str]:
        """Names of these images, usable as names of files."""

    @abstractmethod
    def truth_of(self, rows: Rows) -> dict[str, np.ndarray]:
        """`id` and what is true of these images; they are made first if they were not."""

    def truth(self) -> dict[str, np.ndarray]:
        """`id` and what is true of all images; they are made first if they were not."""
        return self.truth_of(slice(None))
