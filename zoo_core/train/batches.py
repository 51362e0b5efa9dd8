"""Training batches: each is a function of the seed and its step alone, so that a resumed run sees the same ones."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import lightning.pytorch as pl
import numpy as np
import torch
from torch import Generator, Tensor
from torch.utils.data import Dataset as TorchDataset
from torch.utils.data import Sampler

from ..images.augmentation import photometric, random_dihedral
from ..images.preprocess import Preprocess
from ..interfaces import Dataset, TrainingView
from .recipe import Augmentation

__all__ = [
    "PreparedImages",
    "StepsToCome",
    "StoredView",
    "TrainingBatches",
    "class_groups",
    "prepared_images",
    "view_of",
]

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
            stored[start:stop] = _prepared(dataset.images(start, stop), preprocess, dataset.pixel_scale)
        stored.flush()
        part.replace(file)
    return np.load(file, mmap_mode="r")


def _prepared(images: np.ndarray, preprocess: Preprocess, pixel_scale: float | None) -> np.ndarray:
    return np.stack([preprocess.prepare_array(image, pixel_scale).pixels for image in images])


def view_of(dataset: Dataset, preprocess: Preprocess, folder: Path) -> TrainingView:
    """The data set's own training view, or its images stored as they are."""
    return dataset.training_view(folder) or StoredView(dataset, preprocess, folder)


class TrainingBatches(TorchDataset):
    """Batch number `step`: channels (B, C, size, size) and targets.

    Arguments:
        view: where images are drawn from.
        preprocess: of the network; images that are not prepared yet (another size, or NaN) are.
        pixel_scale: arcsec of the view's images, or None.
        groups: rows of each class, drawn equally often; one group: all rows alike.
        batch_size, steps, seed: of the run.
        augmentation: what is varied besides.
    """

    def __init__(
        self,
        view: TrainingView,
        preprocess: Preprocess,
        pixel_scale: float | None,
        groups: Sequence[np.ndarray],
        batch_size: int,
        steps: int,
        seed: int,
        augmentation: Augmentation,
    ):
        self.view, self.preprocess, self.pixel_scale, self.groups = view, preprocess, pixel_scale, groups
        self.batch_size, self.steps, self.seed, self.augmentation = batch_size, steps, seed, augmentation

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, step: int) -> tuple[Tensor, Tensor]:
        if not 0 <= step < self.steps:
            raise IndexError(step)
        chooser = np.random.Generator(np.random.Philox(key=[self.seed, step]))
        generator = Generator().manual_seed(int(chooser.integers(2**63)))
        rows = np.array([chooser.choice(self.groups[k % len(self.groups)]) for k in range(self.batch_size)])
        images, targets = self.view.draw(rows, generator)
        return self._augmented(self.preprocess.channels(self._prepared(images)), generator), targets

    def _prepared(self, images: Tensor) -> Tensor:
        """The images that are not finite, or all if their size or scale does not fit, prepared as for prediction."""
        if not self._fits(images):
            return torch.from_numpy(_prepared(images.numpy(), self.preprocess, self.pixel_scale))
        for row in (~images.isfinite().flatten(1).all(1)).nonzero()[:, 0].tolist():
            prepared = self.preprocess.prepare_array(images[row].numpy(), self.pixel_scale)
            images[row] = torch.from_numpy(prepared.pixels)
        return images

    def _fits(self, images: Tensor) -> bool:
        size, scale = self.preprocess.size, self.preprocess.pixel_scale
        return images.shape[-2:] == (size, size) and scale in (None, self.pixel_scale)

    def _augmented(self, images: Tensor, generator: Generator) -> Tensor:
        if self.augmentation.dihedral:
            images = random_dihedral(images, generator)
        return photometric(images, self.augmentation.gain, self.augmentation.offset, generator)


def class_groups(targets: np.ndarray, balanced: bool) -> list[np.ndarray]:
    """Rows of each class, or all rows in one group."""
    if not balanced or targets.ndim > 1:
        return [np.arange(len(targets))]
    return [np.flatnonzero(targets == label) for label in np.unique(targets)]


class PreparedImages(TorchDataset):
    """Channels and target of each image of a data set, prepared once."""

    def __init__(self, dataset: Dataset, preprocess: Preprocess, folder: Path):
        self.pixels = prepared_images(dataset, preprocess, folder)
        self.targets, self.preprocess = dataset.targets(), preprocess

    def __len__(self) -> int:
        return len(self.targets)

    def __getitems__(self, rows: list[int]) -> list[tuple[Tensor, Tensor]]:
        """Several at once, which is much faster than one by one."""
        channels = self.preprocess.channels(torch.from_numpy(self.pixels[rows]))
        return list(zip(channels, torch.from_numpy(self.targets[rows]), strict=True))


class StepsToCome(Sampler[int]):
    """The steps that a trainer has still to do."""

    def __init__(self, trainer: pl.Trainer, steps: int):
        self.trainer, self.steps = trainer, steps

    def __len__(self) -> int:
        return max(0, self.steps - self.trainer.global_step)

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.trainer.global_step, self.steps))
