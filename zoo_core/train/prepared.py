"""Images of a data set as the network takes them, prepared once and kept in a memory map."""

import logging
import os
from pathlib import Path

import numpy as np
import torch
from torch import Generator, Tensor
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from ..datasets.shards import kept_or_made, read_array
from ..datasets.store import ImageStore, StoredView
from ..files import whole
from ..images.preprocess import Preprocess
from ..interfaces import Dataset, TrainingView

__all__ = ["PreparedImages", "PreparedView", "made_by", "prepared", "prepared_images", "view_of"]

log = logging.getLogger("zoo")

CHUNK = 256


class PreparedView(StoredView):
    """The images of a data set as they are, prepared once and kept on the device or in a memory map."""

    prepared = True

    def __init__(self, dataset: Dataset, preprocess: Preprocess, path: Path, device: torch.device):
        self.store = ImageStore([prepared_images(dataset, preprocess, path)], device)
        super().__init__(dataset.targets(), self.store)
        self._device_targets = torch.from_numpy(self.targets).to(device)

    def shown(self, rows: np.ndarray, places: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """The rows, as they are."""
        return self.store.images(rows), self._device_targets[places]


def prepared_images(dataset: Dataset, preprocess: Preprocess, path: Path) -> np.ndarray:
    """All images prepared, (N, bands, size, size), in a memory map that is made once and named for what it holds."""
    file = path / f"{dataset.description.name}-{dataset.identity()[:16]}-{made_by(preprocess)}.npy"

    def make() -> None:
        log.info("preparing %d images of %s, which are kept in %s", len(dataset), dataset.description.name, path)
        scale = dataset.description.pixel_scale
        shape = (len(dataset), len(preprocess.bands), preprocess.size, preprocess.size)
        with whole(file) as part:
            stored = _reserved(part, shape)
            for start in range(0, len(dataset), CHUNK):
                stop = min(start + CHUNK, len(dataset))
                stored[start:stop] = prepared(dataset.images(slice(start, stop)), preprocess, scale)
                _say_each_tenth(start, stop, len(dataset))
            stored.flush()

    return kept_or_made(lambda: read_array(file, len(dataset), mapped=True), make)


def _say_each_tenth(start: int, stop: int, total: int) -> None:
    if stop < total and 10 * start // total < 10 * stop // total:
        log.info("%s of %s prepared", f"{stop:,}", f"{total:,}")


def made_by(preprocess: Preprocess) -> str:
    """What identifies how pixels are prepared: the operations, and the scale at which they arrive."""
    scale = "" if preprocess.trained_at is None else f"-{preprocess.trained_at:g}"
    return f"{preprocess.digest[:16]}{scale}"


def _reserved(path: Path, shape: tuple[int, ...]) -> np.memmap:
    """A memory map whose space on the disk is there: a full disk would otherwise kill the process as it fills it."""
    stored = np.lib.format.open_memmap(path, "w+", dtype=np.float32, shape=shape)
    if hasattr(os, "posix_fallocate"):
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    return stored


def prepared(images: np.ndarray, preprocess: Preprocess, pixel_scale: float | None) -> np.ndarray:
    """Images (N, bands, H, W) filled, resampled and framed."""
    return np.stack([preprocess.prepare_array(image, pixel_scale).pixels for image in images])


def view_of(dataset: Dataset, preprocess: Preprocess, folder: Path, device: torch.device) -> TrainingView:
    """The data set's own training view, or its images stored as they are."""
    return dataset.training_view(folder, device) or PreparedView(dataset, preprocess, folder, device)


class PreparedImages:
    """Channels and target of each image of a data set, prepared once.

    Arguments:
        dataset, preprocess: what is prepared, and how.
        folder: where it is stored.
        device: where channels are computed.
    """

    def __init__(self, dataset: Dataset, preprocess: Preprocess, folder: Path, device: torch.device):
        self.store = ImageStore([prepared_images(dataset, preprocess, folder)], device)
        self.dataset, self.targets, self.preprocess = dataset, dataset.targets(), preprocess
        self.identity = dataset.identity()

    def __len__(self) -> int:
        return len(self.targets)

    def channels(self, rows: np.ndarray | slice) -> Tensor:
        """What the network sees of these images, on the device."""
        rows = np.arange(len(self))[rows]
        parts = np.split(rows, range(CHUNK, len(rows), CHUNK))
        return torch.cat([self.preprocess.channels(self.store.images(part)) for part in parts])

    def batches(self, size: int) -> DataLoader:
        """All images in their order, as channels and targets of `size` images, on the device."""
        return DataLoader(_InOrder(self, size), batch_size=None)


class _InOrder(TorchDataset):
    def __init__(self, images: PreparedImages, size: int):
        self.images, self.size = images, size

    def __len__(self) -> int:
        return -(-len(self.images) // self.size)

    def __getitem__(self, number: int) -> tuple[Tensor, Tensor]:
        rows = slice(number * self.size, (number + 1) * self.size)
        if number >= len(self):
            raise IndexError(number)
        channels = self.images.channels(rows)
        return channels, torch.from_numpy(self.images.targets[rows]).to(channels.device)
