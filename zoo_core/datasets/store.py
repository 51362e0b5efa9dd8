"""Images from which batches are drawn: on the training device where they fit, else in memory-mapped files."""

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np
import torch
from torch import Generator, Tensor

from ..interfaces import TrainingView

__all__ = ["ImageStore", "StoredView"]


class ImageStore:
    """Rows of images, (N, ...), that lie in one or several arrays.

    Arguments:
        blocks: the arrays, one after the other; memory maps are read row by row.
        device: where the images are needed; they are kept there if its memory holds them.
        memory: bytes of the device that they may take; None: half of what is free, as the network needs the rest.
    """

    def __init__(self, blocks: Sequence[np.ndarray], device: torch.device, memory: int | None = None):
        self.blocks, self.device = list(blocks), device
        self._starts = np.cumsum([0, *map(len, self.blocks)])
        size, room = sum(block.nbytes for block in self.blocks), _free_memory(device) // 2 if memory is None else memory
        self._resident = self._moved() if 0 < size <= room else None

    def __len__(self) -> int:
        return int(self._starts[-1])

    @property
    def resident(self) -> bool:
        """Whether the images lie in the memory of the device."""
        return self._resident is not None

    def images(self, rows: np.ndarray) -> Tensor:
        """These rows, float32, on the device."""
        if self._resident is not None:
            return self._resident[torch.from_numpy(rows).to(self.device, non_blocking=True)].float()
        return torch.from_numpy(self._read(rows)).to(self.device).float()

    def release(self) -> bool:
        """Leave the memory of the device to others; returns whether anything was there."""
        held, self._resident = self.resident, None
        return held

    def _moved(self) -> Tensor:
        whole = torch.empty((len(self), *self.blocks[0].shape[1:]), dtype=_dtype(self.blocks[0]), device=self.device)
        for start, block in zip(self._starts, self.blocks, strict=False):
            whole[start : start + len(block)] = torch.from_numpy(np.require(block, requirements=["C", "W"]))
        return whole

    def _read(self, rows: np.ndarray) -> np.ndarray:
        if len(self.blocks) == 1:
            return self.blocks[0][rows]
        at = np.searchsorted(self._starts, rows, side="right") - 1
        found = np.empty((len(rows), *self.blocks[0].shape[1:]), self.blocks[0].dtype)
        for i, (block, row) in enumerate(zip(at, rows - self._starts[at], strict=True)):
            found[i] = self.blocks[block][row]
        return found


class StoredView(TrainingView):
    """A training view of stored images, whose targets are known beforehand.

    Arguments:
        targets: of every row.
        stores: that hold the images.
    """

    def __init__(self, targets: np.ndarray, *stores: ImageStore):
        self._targets, self._stores = targets, stores

    @property
    def targets(self) -> np.ndarray:
        """Targets of every row, as `Dataset.targets`."""
        return self._targets

    def draw(self, rows: np.ndarray, generator: Generator) -> tuple[Tensor, Tensor]:
        """See `TrainingView.draw`."""
        return self.shown(rows, torch.from_numpy(rows).to(generator.device, non_blocking=True), generator)

    @abstractmethod
    def shown(self, rows: np.ndarray, places: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """Images and targets of these rows, whose numbers are `places` on the device."""

    def release(self) -> bool:
        """See `TrainingView.release`."""
        released = [store.release() for store in self._stores]
        return any(released)


def _dtype(block: np.ndarray) -> torch.dtype:
    return torch.from_numpy(np.empty(0, block.dtype)).dtype


def _free_memory(device: torch.device) -> int:
    """Bytes; none on a CPU, where mapped files are as fast."""
    return torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else 0
