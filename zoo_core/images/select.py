"""What one image is: which layer of a file, which plane of a stack, which axis the bands."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import ImageShapeError, SeveralImagesError
from .layers import Key, Layer, check_size

__all__ = ["Window", "bands", "choose", "labels", "n_planes", "plane", "several"]

_NAMED = 12  # layers that an error message lists
_BESIDE = re.compile(
    r"psf|err|errors?|rms|noise|sigma|std|unc|uncertainty|i?var|variance|wht|weights?|exp|exposure|mask|dq|flags?|flg|"
    r"segm?|segmentation|con|ctx|context|bkg|background|model"
)  # words in names of layers that stand beside an image in its file


@dataclass(frozen=True, slots=True)
class Window:
    """A square of pixels on a mosaic, which may reach over its edges: columns x to x + size, rows y to y + size."""

    x: int
    y: int
    size: int


def choose(path: str, layers: Sequence[Layer], ext: str | int | None) -> Layer:
    """The layer that `ext` names, by name (any case) or number; the only one if `ext` is None."""
    if not layers:
        raise ImageShapeError(f"{path}: holds no image (no array of numbers with two axes or more)")
    if ext is None:
        return _only(path, layers)
    found = [layer for layer in layers if layer.name and layer.name.lower() == str(ext).strip().lower()]
    found = found or [layer for layer in layers if str(layer.number) == str(ext).strip()]
    if not found:
        raise ImageShapeError(f"{path}: no image is called {ext!r}; it holds {_listed([one.label for one in layers])}")
    if len(found) > 1:
        numbers = ", ".join(str(layer.number) for layer in found)
        raise ImageShapeError(f"{path}: {len(found)} images are called {ext!r}; choose by number: {numbers}")
    return found[0]


def several(path: str, names: Sequence[str], bands: Sequence[str] = ()) -> str:
    """What is said of a file of several images of which none is chosen.

    The suggested one is named after the band, if one is, and not after an error, a mask or a PSF.

    Arguments:
        path: of the file.
        names: what `--ext` takes for each image.
        bands: of the model that takes one; empty: nothing is known of it.

    Example:
        >>> several("a.fits", ["VIS_PSF", "VIS_BGSUB", "NIR_H_BGSUB"], ["VIS"])
        'a.fits: 3 images (VIS_PSF, VIS_BGSUB, NIR_H_BGSUB); choose one with --ext VIS_BGSUB or take ...'
    """
    found = f"{path}: {len(names)} images ({_listed(names)})"
    if len(bands) > 1:
        return (
            f"{found}, and the model takes {len(bands)} bands ({', '.join(bands)}) as one image (bands, height, "
            f"width), chosen with --ext, or as a file or a layer each (--bands '{bands[0]}=*.fits[{names[0]}]' ...)"
        )
    science = [name for name in names if not any(map(_BESIDE.fullmatch, _words(name)))] or names
    of_band = [name for name in science if _words(name) & {band.lower() for band in bands}] or science
    return f"{found}; choose one with --ext {of_band[0]} or take a row each with --ext all"


def _words(name: str) -> set[str]:
    return set(re.split(r"[^a-z0-9]+", name.lower()))


def _only(path: str, layers: Sequence[Layer]) -> Layer:
    if len(layers) > 1:
        names = [layer.label for layer in layers]
        raise SeveralImagesError(several(path, names), path, names)
    return layers[0]


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def labels(layers: Sequence[Layer]) -> Iterator[str]:
    """What `--ext` calls each layer: its name where that is unique, else its number."""
    times = Counter(layer.name for layer in layers)
    for layer in layers:
        yield layer.name if layer.name and times[layer.name] == 1 else str(layer.number)


def n_planes(layer: Layer) -> int | None:
    """Images in a stack (N, H, W) or (N, bands, H, W); None for a layer that is no stack."""
    return layer.shape[0] if len(layer.shape) > 2 else None


def plane(layer: Layer, index: int | None, window: Window | None = None) -> np.ndarray:
    """A layer, or plane `index` of a stack, without its leading axes of length one: (H, W) or (bands, H, W).

    Outside the edges of the layer a window holds NaN.
    """
    lead: tuple[int, ...] = () if index is None else (index,)
    while len(layer.shape) - len(lead) > 2 and layer.shape[len(lead)] == 1:
        lead = (*lead, 0)
    shape = layer.shape[len(lead) :]
    if len(shape) > 3:
        raise ImageShapeError(f"{layer.where}: {len(shape)} axes {shape}; --stack takes a row each of the first")
    everything = tuple(slice(0, n) for n in shape)
    if window is None:
        return layer.read((*lead, *everything))
    return _windowed(layer, (*lead, *everything[:-2]), window)


def _windowed(layer: Layer, lead: Key, window: Window) -> np.ndarray:
    height, width = layer.shape[-2:]
    check_size(layer.where, (window.size, window.size))
    rows, columns = _overlap(window.y, window.size, height), _overlap(window.x, window.size, width)
    if not (_holds_centre(window.x, window.size, width) and _holds_centre(window.y, window.size, height)):
        raise ImageShapeError(f"{layer.where}: the position is outside the image of {width} x {height} pixels")
    part = layer.read((*lead, slice(rows.start, rows.stop), slice(columns.start, columns.stop)))
    framed = np.full((*part.shape[:-2], window.size, window.size), np.nan, np.float64 if part.itemsize > 4 else "f4")
    framed[..., rows.start - window.y : rows.stop - window.y, columns.start - window.x : columns.stop - window.x] = part
    return framed


def _holds_centre(start: int, size: int, length: int) -> bool:
    """Whether an axis holds the central pixel of a window, or one of the two of an even one."""
    return start + (size - 1) // 2 < length and start + size // 2 >= 0


def _overlap(start: int, size: int, length: int) -> range:
    return range(max(start, 0), min(start + size, length))


def bands(image: np.ndarray, n_bands: int, where: str) -> np.ndarray:
    """The image as (bands, H, W), if it has as many bands as the model takes."""
    stacked = image if image.ndim == 3 else image[np.newaxis]
    if len(stacked) != n_bands:
        raise ImageShapeError(f"{where}: {_mismatch(image, n_bands)}")
    return stacked


def _mismatch(image: np.ndarray, n_bands: int) -> str:
    if image.ndim == 2:
        return f"one band, the model takes {n_bands}; name the files of each with --bands, as in 'r=*_r.fits'"
    if image.shape[-1] == n_bands:
        return f"shape {image.shape}; the bands must be the first axis: np.moveaxis(image, -1, 0)"
    if n_bands == 1 and image.shape[-1] < min(image.shape[:2]) / 2:
        last = f"shape {image.shape}, whose last axis looks like {image.shape[-1]} bands, the model takes one"
        return f"{last}; write image[..., k] of the one that it knows to a file"
    if n_bands == 1:
        found = f"shape {image.shape}, {len(image)} planes, the model takes one band"
        return f"{found}; --stack gives each plane a row of its own; for one band alone, write its plane to a file"
    return f"shape {image.shape}, {len(image)} bands, the model takes {n_bands}; --stack takes them as a row each"
