"""Bands in separate files or layers, paired by the part of the files' names that `*` matches."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from glob import escape, iglob
from pathlib import Path

import numpy as np

from ..errors import ArgumentError, ImageReadError, ImageShapeError, PixelScaleError
from .image import RawImage
from .readers import SUFFIXES
from .remote import is_remote, joined, list_remote
from .select import Window
from .source import Beside, FileSource, Source, stem
from .wcs import centre_offset

__all__ = ["SAME_PIXEL", "PairedSource", "pair"]

_SAME_SCALE = 0.01
_LAYER = re.compile(rf"(?P<files>.*({'|'.join(map(re.escape, SUFFIXES))}))\[(?P<ext>[^\[\]]+)\]", re.IGNORECASE)
SAME_PIXEL = 0.2
"""Pixels by which the same position may differ between bands that count as one image."""


@dataclass(frozen=True, slots=True)
class PairedSource(Source):
    """One image in several files or layers, one for each band, in the order in which the model takes them."""

    name: str
    names: tuple[str, ...]
    files: tuple[FileSource, ...]

    @property
    def id(self) -> str:
        """What `*` matched."""
        return self.name

    @property
    def key(self) -> str:
        """The path of the first band."""
        return self.files[0].key

    @property
    def paths(self) -> tuple[str, ...]:
        """Paths of all bands."""
        return tuple(path for file in self.files for path in file.paths)

    def load(self, n_bands: int, window: Window | None = None) -> RawImage:
        """The bands (or a window on each) on top of one another; bad in one band is bad in all."""
        if len(self.files) != n_bands:
            raise ImageShapeError(f"{self.key}: {len(self.files)} bands ({', '.join(self.names)}), not {n_bands}")
        images = [file.load(1, window) for file in self.files]
        self._check_alike(images)
        if window is None:  # positions on mosaics are compared when they are found
            self._check_aligned(images[0].pixels.shape[1:])
        return replace(
            images[0],
            id=self.id,
            pixels=np.concatenate([image.pixels for image in images]),
            mask=_any([image.mask for image in images]),
            weight=_least([image.weight for image in images]),
        )

    def _check_aligned(self, shape: tuple[int, int]) -> None:
        first = self.files[0].header()
        for name, file in zip(self.names[1:], self.files[1:], strict=True):
            apart = centre_offset(first, file.header(), shape)
            if not apart <= SAME_PIXEL:
                raise ImageShapeError(
                    f"{self.id}: band {name} lies {apart:.3g} pixels from band {self.names[0]} by their WCS; "
                    "resample them to one grid first"
                )

    def _check_alike(self, images: Sequence[RawImage]) -> None:
        first = images[0]
        for name, image in zip(self.names, images, strict=True):
            if image.pixels.shape != first.pixels.shape:
                sizes = [" x ".join(map(str, i.pixels.shape[:0:-1])) for i in (first, image)]
                raise ImageShapeError(f"{self.id}: band {self.names[0]} is {sizes[0]} pixels, band {name} {sizes[1]}")
            if not _agree(first.pixel_scale, image.pixel_scale):
                raise PixelScaleError(
                    f'{self.id}: band {self.names[0]} has {first.pixel_scale:.4g}" a pixel, band {name} '
                    f'{image.pixel_scale:.4g}"; resample them to one grid first'
                )


def pair(bands: Mapping[str, str], folder: Path, ext: str | int | None, beside: Beside) -> Iterator[PairedSource]:
    """A source for every name that one of the patterns matches; a band that lacks it is found out on reading.

    A pattern may name a layer of its files behind them, `*.fits[SCI_R]`; `ext` is that of those that name none.
    """
    layered = {name: _layered(joined(folder, pattern), ext) for name, pattern in bands.items()}
    patterns = {name: pattern for name, (pattern, _) in layered.items()}
    if len({pattern.count("*") for pattern in patterns.values()}) > 1:
        raise ArgumentError(f"bands= (--bands) {dict(bands)}: every pattern needs the same number of *")
    found = sorted({match for pattern in patterns.values() for match in _matches(pattern)})
    if not found:
        raise ImageReadError(f"no file matches {' or '.join(patterns.values())}; is the folder right?")
    for match in found:
        files = tuple(FileSource(_filled(pattern, match), layer, None, beside) for pattern, layer in layered.values())
        yield PairedSource("-".join(match) or stem(files[0].path), tuple(patterns), files)


def _layered(pattern: str, ext: str | int | None) -> tuple[str, str | int | None]:
    """The pattern of the files, and their layer."""
    found = _LAYER.fullmatch(pattern)
    return (found["files"], found["ext"]) if found else (pattern, ext)


def _matches(pattern: str) -> Iterator[tuple[str, ...]]:
    parts = pattern.split("*")
    regex = re.compile("([^/]*)".join(re.escape(part) for part in parts))
    for path in list_remote(pattern) if is_remote(pattern) else _local(parts):
        if match := regex.fullmatch(path):
            yield match.groups()


def _local(parts: Sequence[str]) -> Iterator[str]:
    return iglob("*".join(escape(part) for part in parts))  # noqa: PTH207 - absolute


def _filled(pattern: str, match: tuple[str, ...]) -> str:
    parts = pattern.split("*")
    return "".join(part + piece for part, piece in zip(parts, (*match, ""), strict=True))


def _agree(a: float | None, b: float | None) -> bool:
    return a is None or b is None or abs(a - b) <= _SAME_SCALE * a


def _any(masks: Sequence[np.ndarray | None]) -> np.ndarray | None:
    """Bad in one band is bad."""
    present = [mask for mask in masks if mask is not None]
    return np.logical_or.reduce(present) if present else None


def _least(weights: Sequence[np.ndarray | None]) -> np.ndarray | None:
    present = [weight for weight in weights if weight is not None]
    return np.minimum.reduce(present) if present else None
