"""The training view of maps of the convergence: lenses that are exposed anew for every batch, with their maps."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Generator, Tensor

from ..shards import kept_or_made, read_array, write_array
from ..store import ImageStore
from .modelling_bank import BLOCK, LensBank, Lenses

__all__ = ["MapBank"]


class MappedLenses(Lenses, Protocol):
    """Lenses whose mass has a map."""

    def maps(self, start: int, stop: int, dtype: torch.dtype) -> np.ndarray:
        """log10 of the convergence of these lenses, (B, side, side), computed in this type."""
        ...


class MapBank(LensBank):
    """Lenses as of `LensBank`, and log10 of their convergence in half precision, which is right to 0.001 dex.

    Arguments:
        folder, lenses, device: as of `LensBank`.
    """

    def __init__(self, folder: Path, lenses: MappedLenses, device: torch.device):
        super().__init__(folder, lenses, device)
        self.maps = ImageStore([_block(folder, start, lenses) for start in range(0, len(lenses), BLOCK)], device)
        self._stores = (*self._stores, self.maps)

    def shown(self, rows: np.ndarray, places: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """Images and maps, (B, 1, side, side) each, NaN outside their footprint."""
        images = self.exposed(rows, places, generator)
        return images, self.maps.images(rows)[:, None].masked_fill(images.isnan(), torch.nan)


def _block(folder: Path, start: int, lenses: MappedLenses) -> np.ndarray:
    """The maps of the lenses of a file, made if it is not there."""
    file, stop = folder / f"{start // BLOCK:05d}.maps.npy", min(start + BLOCK, len(lenses))
    return kept_or_made(
        lambda: read_array(file, stop - start, mapped=True),
        lambda: write_array(file, lenses.maps(start, stop, torch.float32).astype(np.float16)),
    )
