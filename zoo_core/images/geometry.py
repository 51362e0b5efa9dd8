"""Pixel scale and size of an image."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import make_interp_spline

from ..errors import PixelScaleError
from .background import continued

__all__ = ["frame", "resample"]

Image = NDArray[np.floating]
Mask = NDArray[np.bool_]

SAME_SCALE = 0.01  # relative difference below which nothing is resampled
LARGEST_RATIO = 10.0
MARGIN = 8  # pixels of mirror image around the image, so that the spline does not end at its border


def resample(pixels: Image, valid: Mask, from_scale: float, to_scale: float) -> tuple[Image, Mask]:
    """The image on pixels of another size; its centre and its flux stay.

    Along each axis the cumulative flux is interpolated at the edges of the new pixels: linearly for larger pixels,
    which adds up the overlaps, by a cubic spline for smaller ones. So constants stay constant, no flux is lost, and
    smaller pixels add up to the original ones.

    Arguments:
        pixels: (bands, H, W), flux per pixel.
        valid: (bands, H, W).
        from_scale, to_scale: arcsec.

    Returns:
        Both on the new pixels, of which at least half the area must be valid. Unchanged if the scales agree to 1 %.

    Raises:
        PixelScaleError: the scale is no positive number, or differs by more than a factor of ten.
    """
    ratio = _ratio(from_scale, to_scale)
    if abs(ratio - 1) <= SAME_SCALE:
        return pixels, valid
    height, width = pixels.shape[-2:]
    rows, columns = _overlaps(height, ratio), _overlaps(width, ratio)
    all_valid = valid.all()
    covered = rows @ valid.astype(rows.dtype) @ columns.T / ratio**2
    if ratio > 1:
        flux = rows @ np.where(valid, pixels, 0).astype(rows.dtype) @ columns.T
        flux = np.divide(flux, covered, out=np.zeros_like(flux), where=covered > 0)
    else:
        flux = _splines(height, ratio) @ (pixels if all_valid else continued(pixels, valid)) @ _splines(width, ratio).T
    return flux.astype(pixels.dtype), covered >= 0.5


def frame(pixels: Image, size: int) -> tuple[Image, int]:
    """The image cropped or padded to size x size; pixel H // 2 lands on size // 2. Padding is `background.continued`.

    Arguments:
        pixels: (bands, H, W), finite.

    Returns:
        The image, (bands, size, size), and how many pixels of each band were added.
    """
    height, width = pixels.shape[-2:]
    if height == width == size:
        return pixels, 0
    from_y, to_y = _spans(height, size)
    from_x, to_x = _spans(width, size)
    canvas = np.zeros((len(pixels), size, size), pixels.dtype)
    canvas[:, to_y, to_x] = pixels[:, from_y, from_x]
    if height >= size and width >= size:
        return canvas, 0
    valid = np.zeros(canvas.shape, bool)
    valid[:, to_y, to_x] = True
    return continued(canvas, valid), int(np.count_nonzero(~valid[0]))


def _ratio(from_scale: float, to_scale: float) -> float:
    for scale in (from_scale, to_scale):
        if not (np.isfinite(scale) and scale > 0):
            raise PixelScaleError(f"pixel scale {scale} is not a positive number of arcsec")
    ratio = to_scale / from_scale
    if not 1 / LARGEST_RATIO <= ratio <= LARGEST_RATIO:
        raise PixelScaleError(
            f"pixel scale {from_scale:g} arcsec differs from the model's {to_scale:g} by more than a factor of "
            f"{LARGEST_RATIO:g}; if the header is wrong, pass --pixel-scale (pixel_scale=) in arcsec"
        )
    return ratio


@lru_cache(maxsize=32)
def _overlaps(length: int, ratio: float) -> Image:
    """Share of each old pixel in each new one, (new, old); both rows are centred on one another."""
    edges = _new_edges(length, ratio)
    cumulative = np.clip(edges[:, None] - np.arange(length), 0, 1)
    return np.diff(cumulative, axis=0).astype(np.float32)


@lru_cache(maxsize=32)
def _splines(length: int, ratio: float) -> Image:
    """As `_overlaps`, with the flux inside the old pixels smoothly distributed."""
    mirrored = np.pad(np.eye(length), ((MARGIN, MARGIN), (0, 0)), mode="symmetric")
    cumulative = np.concatenate([np.zeros((1, length)), mirrored.cumsum(axis=0)])
    spline = make_interp_spline(np.arange(-MARGIN, length + MARGIN + 1), cumulative, k=3)
    return np.diff(spline(_new_edges(length, ratio)), axis=0).astype(np.float32)


def _new_edges(length: int, ratio: float) -> Image:
    n_new = max(1, int(length / ratio + 0.5))
    return length / 2 + ratio * (np.arange(n_new + 1) - n_new / 2)


def _spans(length: int, size: int) -> tuple[slice, slice]:
    """What is taken of an axis, and where it goes."""
    shift = size // 2 - length // 2
    return slice(max(0, -shift), min(length, size - shift)), slice(max(0, shift), min(size, length + shift))
