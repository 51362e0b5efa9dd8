"""Images of a data set as the network takes them, prepared once and kept in a memory map."""

from pathlib import Path

import numpy as np
import torch
from torch import Generator, Tensor
from torch.utils.data import Dataset as TorchDataset

from ..images.preprocess import Preprocess
from ..interfaces import Dataset, TrainingView

__all__ = ["PreparedImages", "StoredView", "prepared", "prepared_images", "view_of"]

CHUNK = 256


class StoredView(TrainingView):
    """The images of a data set as they are, prepared once and kept in a memory map."""

    def __init__(self, dataset: Dataset, preprocess: Preprocess, path: Path):
        self.pixels = prepared_images(dataset, preprocess, path)
        self._targets = dataset.targets()

    @property
    def targets(self) -> np.ndarray:
        """Of every image."""
        return self._targets

    def draw(self, rows: np.ndarray, generator: Generator) -> tuple[Tensor, Tensor]:
        """The rows, as they are."""
        return torch.from_numpy(self.pixels[rows]), torch.from_numpy(self._targets[rows])


def prepared_images(dataset: Dataset, preprocess: Preprocess, path: Path) -> np.ndarray:
    """All images prepared, (N, bands, size, size), in a memory map that is made once and named for what it holds."""
    file = path / f"{dataset.name}-{dataset.fingerprint()[:16]}-{preprocess.digest[:16]}.npy"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part")
        shape = (len(dataset), len(preprocess.bands), preprocess.size, preprocess.size)
        stored = np.lib.format.open_memmap(part, "w+", dtype=np.float32, shape=shape)
        for start in range(0, len(dataset), CHUNK):
            stop = min(start + CHUNK, len(dataset))
            stored[start:stop] = prepared(dataset.images(start, stop), preprocess, dataset.pixel_scale)
        stored.flush()
        part.replace(file)
    return np.load(file, mmap_mode="r")


def prepared(images: np.ndarray, preprocess: Preprocess, pixel_scale: float | None) -> np.ndarray:
    """Images (N, bands, H, W) filled, resampled and framed."""
    return np.stack([preprocess.prepare_array(image, pixel_scale).pixels for image in images])


def view_of(dataset: Dataset, preprocess: Preprocess, folder: Path) -> TrainingView:
    """The data set's own training view, or its images stored as they are."""
    return dataset.training_view(folder) or StoredView(dataset, preprocess, folder)


class PreparedImages(TorchDataset):
    """Channels and target of each image of a data set, prepared once."""

    def __init__(self, dataset: Dataset, preprocess: Preprocess, folder: Path):
        self.pixels = prepared_images(dataset, preprocess, folder)
        self.targets, self.preprocess = dataset.targets(), preprocess
        self.fingerprint = dataset.fingerprint()

    def __len__(self) -> int:
        return len(self.targets)

    def channels(self, rows: np.ndarray | slice) -> Tensor:
        """What the network sees of these images."""
        return self.preprocess.channels(torch.from_numpy(np.require(self.pixels[rows], requirements=["C", "W"])))

    def __getitems__(self, rows: list[int]) -> list[tuple[Tensor, Tensor]]:
        """Several at once, which is much faster than one by one."""
        return list(zip(self.channels(np.array(rows)), torch.from_numpy(self.targets[rows]), strict=True))
