"""Data sets whose images are files of one shape."""

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from ...errors import DatasetError, ImageError
from ...images import RawImage, Source, read
from ...interfaces import Dataset, Description

__all__ = ["FileDataset", "centred"]


class FileDataset(Dataset):
    """Images in files, with a label each.

    Arguments:
        description: what the set is.
        sources: one for each image.
        labels: index of the class of each image.
        columns: further columns of the truth.
        size: central pixels a side to keep, NaN around smaller images; None: all images have one shape.
    """

    def __init__(
        self,
        description: Description,
        sources: Sequence[Source],
        labels: np.ndarray,
        columns: dict[str, np.ndarray] | None = None,
        size: int | None = None,
    ):
        if not len(sources):
            raise DatasetError(f"{description.name}: no images found")
        self.description, self.sources, self.labels = description, sources, labels
        self.columns, self.size = columns or {}, size

    def __len__(self) -> int:
        return len(self.sources)

    def read(self, rows: np.ndarray) -> np.ndarray:
        """Raw pixels; DatasetError if a file cannot be used or has another shape than the first."""
        return np.stack([self._image(self.sources[row]) for row in rows])

    def truth(self) -> dict[str, np.ndarray]:
        """`id`, `label` and what the catalogue of the set says."""
        ids = np.array([source.id for source in self.sources])
        return {"id": ids, "label": self.labels.astype(np.int64), **self.columns}

    def fingerprint(self) -> str:
        """sha256 of names, sizes and labels."""
        about = self.description
        digest = hashlib.sha256(f"{about.name} {about.version} {about.bands} {self.size}".encode())
        for source, label in zip(self.sources, self.labels, strict=True):
            digest.update(f"{source.id} {_size(source)} {label}\n".encode())
        return digest.hexdigest()

    @property
    def paths(self) -> tuple[str, ...]:
        """Paths of the images."""
        return tuple(dict.fromkeys(path for source in self.sources for path in source.paths))

    @cached_property
    def _shape(self) -> tuple[int, ...]:
        return self._read(self.sources[0]).shape

    def _image(self, source: Source) -> np.ndarray:
        pixels = self._read(source)
        if pixels.shape != self._shape:
            raise DatasetError(
                f"{source.key} has shape {pixels.shape}, {self.sources[0].key} {self._shape}; "
                "pass size=... to crop or pad all images to one size"
            )
        return pixels

    def _read(self, source: Source) -> np.ndarray:
        pixels = self._pixels(self._raw(source))
        return pixels if self.size is None else centred(pixels, self.size)

    def _raw(self, source: Source) -> RawImage:
        try:
            return read(source, n_bands=len(self.description.bands))
        except ImageError as error:
            raise DatasetError(f"{self.description.name}: {error}") from error

    def _pixels(self, raw: RawImage) -> np.ndarray:
        """Pixels of one image, NaN where they are masked."""
        return raw.pixels if raw.mask is None else np.where(raw.mask, np.float32(np.nan), raw.pixels)


def _size(source: Source) -> int:
    """Bytes of the file that the source lies in."""
    path = Path(source.key)
    return path.stat().st_size if path.exists() else 0


def centred(pixels: np.ndarray, size: int) -> np.ndarray:
    """The central size x size pixels, NaN where there are none."""
    framed = np.full((len(pixels), size, size), np.nan, dtype=pixels.dtype)
    height, width = pixels.shape[1:]
    rows, columns = (slice(max(0, (length - size) // 2), (length - size) // 2 + size) for length in (height, width))
    kept = pixels[:, rows, columns]
    top, left = (size - kept.shape[1]) // 2, (size - kept.shape[2]) // 2
    framed[:, top : top + kept.shape[1], left : left + kept.shape[2]] = kept
    return framed
