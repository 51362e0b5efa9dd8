"""Sources: one row to come, before anything of it is read."""

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

import numpy as np

from ..errors import ArgumentError, ImageError, ImageShapeError
from .image import RawImage, to_float32
from .layers import Cards, Layer
from .readers import SUFFIXES, layers_of
from .remote import is_remote
from .select import Window, bands, choose, labels, n_planes, plane
from .wcs import centre_on_sky, pixel_scale, unit

__all__ = ["NOTHING", "Beside", "FileSource", "Source", "StrPath", "read", "stem"]

StrPath = str | os.PathLike[str]


class Source(ABC):
    """One row to come. Cheap, hashable, and picklable for worker processes; its `repr` says all that was chosen."""

    __slots__ = ()

    @property
    @abstractmethod
    def id(self) -> str:
        """What the table calls the row."""

    @property
    @abstractmethod
    def key(self) -> str:
        """What no other image has: its `path` in the table."""

    @property
    @abstractmethod
    def paths(self) -> tuple[str, ...]:
        """Paths of all files that it is read from."""

    @property
    def position(self) -> tuple[float, float] | None:
        """Right ascension and declination, degrees, if they are known before it is read."""
        return None

    @abstractmethod
    def load(self, n_bands: int) -> RawImage:
        """The image; raises ImageError."""


@dataclass(frozen=True, slots=True)
class Beside:
    """Where the mask, the weight or noise map and the PSF of an image are.

    Each is a layer of the same file (`DQ`); a file with `*` for the image's stem (`masks/*_mask.fits`, beside the image
    unless it names a folder); or one file for all images (`mask.fits`).

    Arguments:
        mask: bad is what is not zero, or NaN.
        weight: inverse variance; bad is what is zero, negative, NaN or infinite.
        noise: standard deviation of the noise, instead of `weight`; bad likewise.
        psf: image of the PSF in pixels of the image.

    Raises:
        ArgumentError: weight and noise are both named.
    """

    mask: str | None = None
    weight: str | None = None
    noise: str | None = None
    psf: str | None = None

    def __post_init__(self) -> None:
        if self.weight is not None and self.noise is not None:
            raise ArgumentError("weight= (--weight) and noise_map= (--noise-map) say the same; give one of them")

    @property
    def named(self) -> tuple[str, ...]:
        """All that is named."""
        return tuple(spec for spec in (self.mask, self.weight, self.noise, self.psf) if spec is not None)


NOTHING = Beside()


@dataclass(frozen=True, slots=True)
class FileSource(Source):
    """A layer of a file, or plane `index` of a layer that is a stack."""

    path: str
    ext: str | int | None = None
    index: int | None = None
    beside: Beside = NOTHING

    @property
    def id(self) -> str:
        """The file's stem, with layer and plane: `stem[SCI][3]`."""
        return stem(self.path) + self._suffix

    @property
    def key(self) -> str:
        """The path, with layer and plane."""
        return self.path + self._suffix

    @property
    def paths(self) -> tuple[str, ...]:
        """Paths of the file and of what is beside it."""
        return (self.path, *(_partner(self.path, spec) for spec in self.beside.named if _is_file(spec)))

    @property
    def _suffix(self) -> str:
        return "".join(f"[{part}]" for part in (self.ext, self.index) if part is not None)

    def load(self, n_bands: int, window: Window | None = None) -> RawImage:
        """The image, or a window on it, with its mask, weight map and PSF."""
        keep = window is not None or self.ext is not None or self.index is not None
        with layers_of(self.path, keep=keep) as layers:
            layer = choose(self.path, layers, self.ext)
            pixels = to_float32(bands(plane(layer, self.index, window), n_bands, self.key), self.key)
            scale, flux_unit = pixel_scale(layer.header), unit(layer.header)
            sky = centre_on_sky(layer.header, pixels.shape[-2:]) if window is None else None
        weight = self._weight(window, pixels.shape[1:])
        mask = self._map(self.beside.mask, window, pixels.shape[1:])
        return RawImage(
            self.id,
            self.key,
            pixels,
            mask=_bad(mask, weight),
            weight=None if weight is None else np.where((weight > 0) & np.isfinite(weight), weight, np.float32(0)),
            pixel_scale=scale,
            unit=flux_unit,
            sky=sky,
            header=layer.header,
            shared=layer.shared,
            corner=(0, 0) if window is None else (window.x, window.y),
            psf=self._psf(),
        )

    def header(self) -> Cards:
        """The keywords of the layer."""
        with layers_of(self.path, keep=True) as layers:
            return choose(self.path, layers, self.ext).header

    def expand(self, stack: bool) -> Iterator["FileSource"]:
        """A row for each layer if `ext` is "all", and for each plane if `stack`; itself if it can be none."""
        try:
            with layers_of(self.path) as layers:
                rows = list(self._rows(layers, stack))
        except ImageError:
            rows = []
        yield from rows or [replace(self, ext=None if self.ext == "all" else self.ext)]

    def _rows(self, layers: tuple[Layer, ...], stack: bool) -> Iterator["FileSource"]:
        for ext, layer in self._chosen(layers):
            planes = self._planes(layer) if stack else None
            for index in [None] if planes is None else range(planes):
                yield replace(self, ext=ext, index=index)

    def _planes(self, layer: Layer) -> int | None:
        """Planes of a stack; refused where a header claims more planes than the file has bytes."""
        planes = n_planes(layer)
        if planes is not None and not is_remote(self.path) and planes > Path(self.path).stat().st_size:
            raise ImageShapeError(f"{layer.where}: {planes:,} planes are more than the file can hold")
        return planes

    def _chosen(self, layers: tuple[Layer, ...]) -> Iterator[tuple[str | int | None, Layer]]:
        if self.ext != "all":
            yield self.ext, choose(self.path, layers, self.ext)
            return
        named = len(layers) > 1 or any(layer.name for layer in layers)
        for label, layer in zip(labels(layers), layers, strict=True):
            if label not in self.beside.named:
                yield (label if named else None), layer

    def _map(self, spec: str | None, window: Window | None, shape: tuple[int, ...]) -> np.ndarray | None:
        """The mask or weight map that belongs to the pixels, float32."""
        if spec is None:
            return None
        found, where = self._beside(spec, window)
        if found.shape != shape:
            raise ImageShapeError(f"{where}: shape {found.shape}, the image it belongs to has {shape}")
        return found

    def _weight(self, window: Window | None, shape: tuple[int, ...]) -> np.ndarray | None:
        """Inverse variances, of a weight map or of a noise map."""
        noise = self._map(self.beside.noise, window, shape)
        if noise is None:
            return self._map(self.beside.weight, window, shape)
        known = (noise > 0) & np.isfinite(noise)
        return np.where(known, 1 / np.where(known, noise, 1).astype(np.float64) ** 2, 0)

    def _psf(self) -> np.ndarray | None:
        if self.beside.psf is None:
            return None
        found, where = self._beside(self.beside.psf, None)
        if found.ndim != 2 or found.shape[0] != found.shape[1]:
            raise ImageShapeError(f"{where}: shape {found.shape}, the image of a PSF is a square")
        if not np.isfinite(found).all() or not found.sum() > 0:
            raise ImageShapeError(f"{where}: the image of a PSF is finite, and its sum positive")
        return found

    def _beside(self, spec: str, window: Window | None) -> tuple[np.ndarray, str]:
        """What is named, float32, and where it is."""
        path, ext = (_partner(self.path, spec), None) if _is_file(spec) else (self.path, spec)
        with layers_of(path, keep=True) as layers:
            layer = choose(path, layers, ext)
            stacked = self.index is not None and len(layer.shape) > 2
            return to_float32(plane(layer, self.index if stacked else None, window), layer.where), layer.where


def read(source: Source, *, n_bands: int) -> RawImage:
    """The image of a source, with as many bands as the model takes; raises ImageError and nothing else."""
    return source.load(n_bands)


def stem(path: str) -> str:
    """The file's name without folder and without what says its format, `a.b.fits.gz` -> `a.b`."""
    name = PurePath(path).name
    suffix = max((s for s in SUFFIXES if name.lower().endswith(s)), key=len, default=PurePath(path).suffix)
    return name.removesuffix(name[len(name) - len(suffix) :]) if suffix else name


def _is_file(spec: str) -> bool:
    """Whether it names a file, and no layer."""
    return "*" in spec or spec.lower().endswith(SUFFIXES)


def _partner(path: str, pattern: str) -> str:
    """The file that a pattern, or a name without `*`, names for an image."""
    if "*" not in pattern:
        return pattern
    named = pattern.replace("*", stem(path))
    if PurePath(pattern).name != pattern:
        return named
    return path.rpartition("/")[0] + "/" + named if is_remote(path) else str(PurePath(path).with_name(named))


def _bad(mask: np.ndarray | None, weight: np.ndarray | None) -> np.ndarray | None:
    """True where the mask is not zero, or the weight no positive number; NaN counts as bad in both."""
    parts = ([] if mask is None else [mask != 0]) + ([] if weight is None else [~((weight > 0) & np.isfinite(weight))])
    return np.logical_or.reduce(parts) if parts else None
