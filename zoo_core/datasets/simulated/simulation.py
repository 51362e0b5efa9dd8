"""What simulated data sets have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import platformdirs
import torch

from ...interfaces import Dataset
from ...remembered import code_sha256
from ..shards import ImageShards

if TYPE_CHECKING:
    from ...interfaces import Rows

__all__ = ["Simulated", "kept_under"]

DRAWING, LIBRARIES = ("sim", "datasets"), ("numpy", "scipy", "torch")  # what decides the numbers that are drawn


class Simulated(Dataset):
    """A data set whose images are made on demand; image i is the same whatever else is made.

    Attributes:
        n: number of images.
        seed: of everything that is drawn.
        columns: dtype of the truth.
    """

    n: int
    seed: int
    columns: ClassVar[np.dtype]

    def __len__(self) -> int:
        return self.n

    def read(self, rows: np.ndarray) -> np.ndarray:
        """Images (B, bands, side, side), float32; NaN where nothing was measured."""
        return self._shards.images(rows)

    @property
    @abstractmethod
    def _shards(self) -> ImageShards:
        """The images that are kept, each made when it is first asked for."""

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

    def state(self) -> str:
        """Changes with the code that draws these images, and with what is kept of them."""
        return repr((code_sha256(*DRAWING), *map(version, LIBRARIES), self._shards.state()))

    def ids(self, rows: Iterable[int]) -> list[str]:
        """Names of these images, usable as names of files: data set, seed and number."""
        return [f"{self.description.name}-{self.seed}-{row:06d}" for row in rows]

    def truth_of(self, rows: Rows) -> dict[str, np.ndarray]:
        """`id` and what is true of these images, by the names of `columns`; they are made first if they were not."""
        numbers = self.numbers(rows)
        table = self._shards.truth(numbers)
        return {"id": np.array(self.ids(numbers)), **{name: table[name] for name in self.columns.names or ()}}

    def truth(self) -> dict[str, np.ndarray]:
        """`id` and what is true of all images; they are made first if they were not."""
        return self.truth_of(slice(None))


def kept_under(cache: Path | str | None) -> Path:
    """The folder of all images of data sets that are kept; None: in the user's cache."""
    return Path(cache or platformdirs.user_cache_dir("zoo")) / "datasets"
