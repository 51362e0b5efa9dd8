"""Images in a fixed order, from files, arrays or a data set, whichever a model predicts on."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
import pyarrow as pa
from torch import Tensor

from ..errors import ImageError, ImageShapeError, SeveralImagesError
from ..files import stamp
from ..images.catalog_sources import Cutouts
from ..images.given import as_array
from ..images.held import raw_image
from ..images.image import RawImage
from ..images.remote import is_remote, stamp_remote
from ..images.select import several
from ..images.source import Source, read
from ..interfaces import Dataset
from .reading import Job, Unreadable

__all__ = ["ArrayImages", "DatasetImages", "HeldImages", "Images", "SourceImages"]


class Images(ABC):
    """Images in a fixed order.

    Attributes:
        in_workers: reading them can be left to other processes.
        on_sky: rows have columns for right ascension and declination.
        margin: of the catalogue of the sky that they are from, arcsec; None: it has none.
    """

    in_workers: bool = False
    on_sky: bool = False
    margin: float | None = None

    @abstractmethod
    def __len__(self) -> int:
        """How many."""

    @abstractmethod
    def keys(self, start: int, stop: int) -> list[str]:
        """What images `start` to `stop` are known by: the `path` of their rows."""

    @abstractmethod
    def identity(self, start: int, stop: int) -> str:
        """Changes with whatever decides the pixels of images `start` to `stop`, and with their order."""

    @abstractmethod
    def job(self, start: int, stop: int) -> Job:
        """Reads images `start` to `stop`, one result each."""

    def carried(self, start: int, stop: int) -> pa.Table | None:
        """Columns of a catalogue that the rows keep; None: there are none."""
        return None

    def part(self, start: int, stop: int) -> Images:
        """Images `start` to `stop` alone, with their keys and identity; only where `in_workers`."""
        raise NotImplementedError


@dataclass(frozen=True)
class SourceImages(Images):
    """Images in files, read with as many bands as the model takes.

    Arguments:
        sources: in order.
        bands: of each image.
        on_sky: rows have columns for right ascension and declination.
        columns: of the catalogue, a row a source, that the rows keep; or None.
        margin: of the catalogue that they are from, arcsec; None: it has none.
    """

    sources: Sequence[Source]
    bands: tuple[str, ...]
    on_sky: bool = False
    columns: pa.Table | None = None
    margin: float | None = None
    in_workers = True

    def __len__(self) -> int:
        return len(self.sources)

    def keys(self, start: int, stop: int) -> list[str]:
        """The paths, with layer and plane."""
        return [source.key for source in self.sources[start:stop]]

    def identity(self, start: int, stop: int) -> str:
        """sha256 of what was chosen, and of the paths, sizes and modification times of the files."""
        chosen = tuple(self.sources[start:stop])
        paths = dict.fromkeys(path for source in chosen for path in source.paths)
        columns = self.carried(start, stop)
        kept = () if columns is None else (columns.to_pydict(),)
        elsewhere = tuple(stamp_remote(path) for path in paths if is_remote(path))
        return _sha256(repr((chosen, len(self.bands), stamp(paths), *kept, *elsewhere)).encode())

    def job(self, start: int, stop: int) -> Job:
        """A function that can be sent to another process."""
        return partial(_read_all, tuple(self.sources[start:stop]), self.bands)

    def carried(self, start: int, stop: int) -> pa.Table | None:
        """The columns that were chosen."""
        return None if self.columns is None else self.columns.slice(start, stop - start)

    def part(self, start: int, stop: int) -> SourceImages:
        """The images of those sources."""
        columns = self.carried(start, stop)
        own = None if columns is None else columns.combine_chunks()
        if isinstance(self.sources, Cutouts):  # which travel faster than the objects that they stand for
            return replace(self, sources=self.sources.part(start, stop), columns=own)
        return replace(self, sources=tuple(self.sources[start:stop]), columns=own)

    def chosen(self, rows: Sequence[int] | np.ndarray) -> SourceImages:
        """The images of these rows, in their order."""
        places = [int(row) for row in rows]
        kept = None if self.columns is None else self.columns.take(places)
        return replace(self, sources=tuple(self.sources[place] for place in places), columns=kept)


@dataclass(frozen=True, eq=False)
class ArrayImages(Images):
    """Images in memory, (N, bands, H, W), float32."""

    pixels: np.ndarray

    @classmethod
    def of(cls, pixels: np.ndarray | Tensor) -> ArrayImages:
        """The images with an axis of bands, which images of one band may lack.

        Raises:
            ImageShapeError: it is not a batch of images.
        """
        array = as_array(pixels)
        if array.ndim not in (3, 4):
            raise ImageShapeError(
                f"shape {array.shape} is not (images, bands, height, width) or (images, height, width)"
            )
        return cls(array if array.ndim == 4 else array[:, None])

    def __len__(self) -> int:
        return len(self.pixels)

    def keys(self, start: int, stop: int) -> list[str]:
        """`array[0]`, `array[1]` ..."""
        return [f"array[{index}]" for index in range(start, stop)]

    def identity(self, start: int, stop: int) -> str:
        """sha256 of the pixels."""
        part = np.ascontiguousarray(self.pixels[start:stop])
        return _sha256(repr((start, part.shape)).encode() + part.tobytes())

    def job(self, start: int, stop: int) -> Job:
        """Takes them from the array."""
        return lambda: [
            RawImage(str(index), key, self.pixels[index]) for index, key in enumerate(self.keys(start, stop), start)
        ]


@dataclass(frozen=True, eq=False)
class HeldImages(Images):
    """Images that the caller holds one by one, of whatever size: arrays, and objects of astropy.

    Arguments:
        read: their pixels, or why they have none.
    """

    read: Sequence[RawImage | Unreadable]

    @classmethod
    def of(cls, images: Sequence[Any], n_bands: int) -> HeldImages:
        """The images with as many bands as the model takes."""
        return cls([_taken(image, n_bands, number) for number, image in enumerate(images)])

    def __len__(self) -> int:
        return len(self.read)

    def keys(self, start: int, stop: int) -> list[str]:
        """`inputs[0]`, `inputs[1]` ..."""
        return [image.path for image in self.read[start:stop]]

    def identity(self, start: int, stop: int) -> str:
        """sha256 of the pixels and their scale."""
        return _sha256("".join(_identity(image) for image in self.read[start:stop]).encode())

    def job(self, start: int, stop: int) -> Job:
        """Takes them from the list."""
        return lambda: self.read[start:stop]


@dataclass(frozen=True, eq=False)
class DatasetImages(Images):
    """The images of a data set."""

    dataset: Dataset

    def __len__(self) -> int:
        return len(self.dataset)

    def keys(self, start: int, stop: int) -> list[str]:
        """`finding_space[0]`, `finding_space[1]` ..."""
        return [f"{self.dataset.description.name}[{index}]" for index in range(start, stop)]

    def identity(self, start: int, stop: int) -> str:
        """sha256 of the data set and its files."""
        return _sha256(repr((self._dataset_identity, start, stop)).encode())

    @cached_property
    def _dataset_identity(self) -> str:
        return self.dataset.identity()

    def job(self, start: int, stop: int) -> Job:
        """Asks the data set for its images; their ids are those of its truth."""
        return partial(self._read, start, stop)

    def _read(self, start: int, stop: int) -> list[RawImage]:
        rows = slice(start, stop)
        pixels, ids = self.dataset.images(rows), self.dataset.truth_of(rows)["id"]
        return [
            RawImage(str(id), key, image, pixel_scale=self.dataset.description.pixel_scale)
            for id, key, image in zip(ids, self.keys(start, stop), pixels, strict=True)
        ]


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _taken(image: Any, n_bands: int, number: int) -> RawImage | Unreadable:
    key = f"inputs[{number}]"
    try:
        return replace(raw_image(image, n_bands, key), id=str(number))
    except ImageError as error:
        return Unreadable(str(number), key, str(error))


def _identity(image: RawImage | Unreadable) -> str:
    if isinstance(image, Unreadable):
        return repr(image)
    return repr((image.path, image.pixels.shape, image.pixel_scale, _sha256(image.pixels.tobytes())))


def _read_all(sources: Iterable[Source], bands: Sequence[str]) -> list[RawImage | Unreadable]:
    return [_read(source, bands) for source in sources]


def _read(source: Source, bands: Sequence[str]) -> RawImage | Unreadable:
    try:
        return read(source, n_bands=len(bands))
    except SeveralImagesError as error:
        return Unreadable(source.id, source.key, several(error.path, error.names, bands), source.position)
    except ImageError as error:
        return Unreadable(source.id, source.key, str(error), source.position)
