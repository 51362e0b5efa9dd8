"""Packs: cutouts of one shape in the HDF5 files of a folder, each image a chunk with its checksum.

`pack.json` names the bands and the shape (bands, height, width). A file holds up to a thousand images: `images`
(N, bands, height, width), float32, NaN where a pixel is bad, one image a chunk, Fletcher-32; and for each of them
`id`, `path`, `message` (why it could not be read; empty if it could), `pixel_scale` (arcsec), `ra` and `dec` (degrees),
NaN where unknown, and `unit`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from ..errors import ImageReadError, ImageShapeError
from ..files import whole
from .image import RawImage
from .layers import reading
from .source import FileSource, Source, StrPath

__all__ = ["PackManifest", "PackedImage", "PackedSource", "is_pack", "packed_sources", "write_packed"]

MANIFEST = "pack.json"
PIXELS = "images"
FORMAT = 1
_FAILURES = (OSError, RuntimeError, ValueError, TypeError, KeyError, AttributeError)
_TEXTS = ("id", "path", "message", "unit")
_NUMBERS = ("pixel_scale", "ra", "dec")


@dataclass(frozen=True)
class PackManifest:
    """What all images of a pack have in common.

    Arguments:
        bands: physical bands, in order.
        shape: of one image, (bands, height, width).
    """

    bands: tuple[str, ...]
    shape: tuple[int, ...]

    @classmethod
    def of(cls, folder: Path) -> PackManifest:
        """The index of a pack; ImageReadError if it cannot be read."""
        path = folder / MANIFEST
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            if stored["format"] != FORMAT:
                raise ImageReadError(f"{path}: format {stored['format']}; this version of the zoo reads {FORMAT}")
            return cls(tuple(stored["bands"]), tuple(stored["shape"]))
        except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
            raise ImageReadError(f"{path}: cannot be read ({' '.join(str(error).split())})") from error

    def write(self, folder: Path) -> None:
        """Writes it into a pack."""
        with whole(folder / MANIFEST) as partial:
            partial.write_text(json.dumps({"format": FORMAT, **asdict(self)}) + "\n", encoding="utf-8")


@dataclass(frozen=True, eq=False)
class PackedImage:
    """One image to be packed, or the reason why it could not be read."""

    id: str
    path: str
    pixels: np.ndarray | None
    message: str = ""
    unit: str = ""
    pixel_scale: float = math.nan
    ra: float = math.nan
    dec: float = math.nan


@dataclass(frozen=True, slots=True)
class PackedSource(Source):
    """An image of a pack, known by the path that it was cut from.

    Arguments:
        file: the plane of the pack's file.
        name: its id.
        path: its key.
        message: why it could not be read when the pack was made; empty if it could.
        pixel_scale: arcsec; None if unknown.
        unit: of the pixels; None if unknown.
        sky: right ascension and declination, degrees; None if unknown.
    """

    file: FileSource
    name: str
    path: str
    message: str
    pixel_scale: float | None
    unit: str | None
    sky: tuple[float, float] | None

    @property
    def id(self) -> str:
        """The id that the image had when it was packed."""
        return self.name

    @property
    def key(self) -> str:
        """The path that it was cut from."""
        return self.path

    @property
    def paths(self) -> tuple[str, ...]:
        """Path of the pack's file."""
        return self.file.paths

    @property
    def position(self) -> tuple[float, float] | None:
        """The position that the pack has."""
        return self.sky

    def load(self, n_bands: int) -> RawImage:
        """The image, its checksum verified."""
        if self.message:
            raise ImageReadError(self.message)
        image = self.file.load(n_bands)
        return replace(image, id=self.name, path=self.path, pixel_scale=self.pixel_scale, unit=self.unit, sky=self.sky)


def is_pack(folder: StrPath) -> bool:
    """Whether a folder is a pack."""
    return (Path(folder) / MANIFEST).is_file()


def packed_sources(folder: StrPath) -> Iterator[PackedSource]:
    """The images of a pack, in the order in which they were added.

    Raises:
        ImageReadError: a file of the pack is damaged beyond its images.
    """
    PackManifest.of(Path(folder))
    for path in sorted(Path(folder).glob("*.h5")):
        yield from _sources_in(path)


def write_packed(path: Path, images: Sequence[PackedImage], shape: tuple[int, ...]) -> None:
    """A file of a pack, whole or not there.

    Raises:
        FileError: the operating system refuses.
        ImageShapeError: an image of another shape.
    """
    strange = next((one for one in images if one.pixels is not None and one.pixels.shape != shape), None)
    if strange is not None:
        raise ImageShapeError(f"{strange.path}: is not of the pack's shape {shape}")
    with whole(path) as partial, h5py.File(partial, "w") as file:
        chunks = (1, *shape)
        stored = file.create_dataset(PIXELS, (len(images), *shape), np.float32, chunks=chunks, fletcher32=True)
        for row, image in enumerate(images):
            if image.pixels is not None:
                stored[row] = image.pixels
        for name in _TEXTS:
            file.create_dataset(name, data=[getattr(one, name) for one in images], dtype=h5py.string_dtype())
        for name in _NUMBERS:
            file.create_dataset(name, data=np.array([getattr(one, name) for one in images], np.float64))


def _sources_in(path: Path) -> Iterator[PackedSource]:
    with reading(str(path), _FAILURES), h5py.File(path, "r", locking=False) as file:
        columns: Any = file
        texts = {name: columns[name].asstr("utf-8", "surrogateescape")[:] for name in _TEXTS}
        numbers = {name: columns[name][:].tolist() for name in _NUMBERS}
        rows = list(zip(*texts.values(), *numbers.values(), strict=True))
    for row, (id, key, message, unit, scale, ra, dec) in enumerate(rows):
        file_source = FileSource(str(path), PIXELS, row)
        sky = None if math.isnan(ra) else (ra, dec)
        yield PackedSource(
            file=file_source,
            name=id,
            path=key,
            message=message,
            pixel_scale=None if math.isnan(scale) else scale,
            unit=unit or None,
            sky=sky,
        )
