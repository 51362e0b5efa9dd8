"""Raw images."""

from dataclasses import dataclass

import numpy as np

from ..errors import ImageReadError
from .layers import Cards

__all__ = ["RawImage", "to_float32"]


@dataclass(frozen=True, eq=False)
class RawImage:
    """One image as its file gives it: nothing resampled, cropped, filled or scaled.

    Arguments:
        id: what the table calls it: the file's stem, `stem[SCI]`, `stem[17]` or the catalogue's name.
        path: unique key of the row: the path, `path[SCI]`, `path[17]`.
        pixels: (bands, height, width), float32, native byte order, C-contiguous; NaN where the file says blank
            and outside the edges of a mosaic. Infinities are kept: whoever uses the pixels asks `isfinite`.
        mask: (height, width), True where the pixel is bad; None if no mask was given.
        weight: (height, width), inverse variance, 0 where there is no exposure; None if none was given.
        psf: (side, side), float32, image of the PSF in pixels of the image, its centre at pixel side // 2; None if none
            was given.
        pixel_scale: arcsec; None if the file does not say, or if its pixels are not square.
        unit: of the pixels, as the file spells it.
        sky: right ascension and declination of the object, or else of the centre, degrees; None if unknown.
        header: of the layer that it is from; None if it has none.
        corner: column and row of that layer, where the image begins.
        shared: keywords that hold for all layers of its file, see `layers.Layer`.
    """

    id: str
    path: str
    pixels: np.ndarray
    mask: np.ndarray | None = None
    weight: np.ndarray | None = None
    pixel_scale: float | None = None
    unit: str | None = None
    sky: tuple[float, float] | None = None
    header: Cards | None = None
    corner: tuple[int, int] = (0, 0)
    psf: np.ndarray | None = None
    shared: Cards | None = None


def to_float32(array: np.ndarray, where: str) -> np.ndarray:
    """The array in float32, native byte order, C-contiguous.

    Raises:
        ImageReadError: its values are no real numbers, or too small or too large for float32 to hold.
    """
    if array.dtype.kind not in "buif":
        raise ImageReadError(f"{where}: holds {array.dtype}, not real numbers; write it as float32")
    with np.errstate(over="ignore"):
        pixels = np.ascontiguousarray(array, dtype=np.float32)
    if array.dtype.kind == "f":
        _refuse_underflow(array, where)
    if array.dtype.kind == "f" and array.dtype.itemsize > 4:
        _refuse_overflow(array, pixels, where)
    return pixels


# Below this float32 loses digits: its smallest number with all of them is 1.2e-38, and noise is far below the peak.
_SMALLEST_PEAK = 1e-32


def _refuse_underflow(array: np.ndarray, where: str) -> None:
    peak = np.max(np.abs(array), initial=0.0, where=np.isfinite(array))
    if 0 < peak < _SMALLEST_PEAK:
        raise ImageReadError(f"{where}: the brightest pixel is {peak:.3g}, too faint for float32; use a smaller unit")


def _refuse_overflow(array: np.ndarray, pixels: np.ndarray, where: str) -> None:
    """A few numbers that large mark bad pixels; where most are, it is the unit."""
    lost = np.isfinite(array) & ~np.isfinite(pixels)
    if 2 * np.count_nonzero(lost) > np.count_nonzero(np.isfinite(array)):
        raise ImageReadError(f"{where}: most pixels are above 3.4e38, too bright for float32; use a larger unit")
