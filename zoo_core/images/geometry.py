"""Pixel scale and size of an image."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from ..errors import ImageShapeError, PixelScaleError
from .background import continued
from .grid import n_resampled, spans

__all__ = ["bin_mean", "crop", "frame", "placed", "ratio_of", "resample"]

Image = NDArray[np.floating]
Mask = NDArray[np.bool_]

SAME_SCALE = 0.01  # relative difference below which nothing is resampled
LARGEST_RATIO = 10.0
LEAST_SIDE = 8
MARGIN = 8  # pixels of mirror image around the image, so that the spline does not end at its border

NEGLIGIBLE = 1e-8  # weights of a spline, which fall by a factor of four with each pixel


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
    ratio = ratio_of(from_scale, to_scale)
    if ratio == 1:
        return pixels, valid
    height, width = pixels.shape[-2:]
    shares = overlaps(height, ratio), overlaps(width, ratio)
    covered = _on_axes(valid.astype(np.float32), *shares) / ratio**2
    if ratio > 1:
        flux = _on_axes(np.where(valid, pixels, 0), *shares)
        flux = np.divide(flux, covered, out=np.zeros_like(flux), where=covered > 0)
    else:
        flux = _on_axes(continued(pixels, valid), splines(height, ratio), splines(width, ratio))
    return flux.astype(pixels.dtype), covered >= 0.5


def bin_mean(pixels: Image, valid: Mask, factor: int) -> tuple[Image, Mask]:
    """Mean of the measured pixels of each block of factor x factor; what is left over at the borders is dropped.

    Arguments:
        pixels, valid: (bands, H, W).

    Returns:
        Both of (bands, H // factor, W // factor); of a block at least half must be valid.
    """
    blocks, measured = (_blocks(image, factor) for image in (pixels, valid))
    covered = measured.mean((2, 4), dtype=np.float32)
    flux = np.where(measured, blocks, 0).mean((2, 4))
    mean = np.divide(flux, covered, out=np.zeros_like(flux), where=covered > 0)
    return mean.astype(pixels.dtype), covered >= 0.5


def crop(pixels: Image, valid: Mask, size: int) -> tuple[Image, Mask]:
    """The central size x size pixels of both, (bands, H, W) each, as `frame` keeps them."""
    (rows, _), (columns, _) = (spans(length, size) for length in pixels.shape[-2:])
    return pixels[:, rows, columns], valid[:, rows, columns]


def frame(pixels: Image, size: int) -> tuple[Image, int]:
    """The image cropped or padded to size x size; pixel H // 2 lands on size // 2. Padding is `background.continued`.

    Arguments:
        pixels: (bands, H, W), finite.

    Returns:
        The image, (bands, size, size), and how many pixels of each band were added.

    Raises:
        ImageShapeError: fewer than 8 pixels a side, which show no object.
    """
    if pixels.shape[-2:] == (size, size):
        return pixels, 0
    if min(pixels.shape[-2:]) < LEAST_SIDE:
        height, width = pixels.shape[-2:]
        raise ImageShapeError(
            f"{width} x {height} pixels at this model's pixel scale; at least {LEAST_SIDE} are needed"
        )
    (rows, to_rows), (columns, to_columns) = (spans(length, size) for length in pixels.shape[-2:])
    canvas = np.zeros((len(pixels), size, size), pixels.dtype)
    canvas[:, to_rows, to_columns] = pixels[:, rows, columns]
    measured = np.zeros(canvas.shape, bool)
    measured[:, to_rows, to_columns] = True
    return continued(canvas, measured), int(np.count_nonzero(~measured[0]))


def placed(valid: Mask, size: int) -> Mask | None:
    """Which pixels of the frame were measured, (bands, size, size), of a mask that is no larger; None: all were."""
    if valid.shape[-2:] == (size, size) and valid.all():
        return None
    on_frame = np.zeros((len(valid), size, size), bool)
    (rows, to_rows), (columns, to_columns) = (spans(length, size) for length in valid.shape[-2:])
    on_frame[:, to_rows, to_columns] = valid[:, rows, columns]
    return on_frame


def ratio_of(from_scale: float, to_scale: float) -> float:
    """How many times as large the pixels become; 1 where the scales agree to 1 %. Errors as of `resample`."""
    for scale in (from_scale, to_scale):
        if not (np.isfinite(scale) and scale > 0):
            raise PixelScaleError(f"pixel scale {scale} is not a positive number of arcsec")
    ratio = to_scale / from_scale
    if not 1 / LARGEST_RATIO <= ratio <= LARGEST_RATIO:
        raise PixelScaleError(
            f"pixel scale {from_scale:g} arcsec differs from the model's {to_scale:g} by more than a factor of "
            f"{LARGEST_RATIO:g}; {_remedy(from_scale, to_scale)}"
        )
    return 1.0 if abs(ratio - 1) <= SAME_SCALE else ratio


def _remedy(from_scale: float, to_scale: float) -> str:
    """What to pass instead: the same number, where it was degrees for arcsec or the other way round."""
    likely = [scale for scale in (3600 * from_scale, from_scale / 3600) if 1 / 3 < to_scale / scale < 3]
    if likely:
        return f"if its unit is wrong and pixels are of {likely[0]:.4g} arcsec, pass --pixel-scale {likely[0]:.4g}"
    return (
        "if that is wrong, pass the arcsec of a pixel of these images, as in "
        f"--pixel-scale {to_scale:g} (pixel_scale=), else take a model of a nearer scale (zoo models)"
    )


def _blocks(image: np.ndarray, factor: int) -> np.ndarray:
    """(bands, rows, factor, columns, factor), from the central part that whole blocks fill."""
    bands, height, width = image.shape
    rows, columns = height // factor, width // factor
    top, left = (height - rows * factor) // 2, (width - columns * factor) // 2
    whole = image[:, top : top + rows * factor, left : left + columns * factor]
    return whole.reshape(bands, rows, factor, columns, factor)


def _on_axes(pixels: Image, on_rows: csr_array, on_columns: csr_array) -> Image:
    """Each row of pixels through one matrix, each column through the other."""
    return np.stack([(on_columns @ (on_rows @ image).T).T for image in pixels])


@lru_cache(maxsize=32)
def overlaps(length: int, ratio: float) -> csr_array:
    """Share of each old pixel in each new one, (new, old); both rows are centred on one another."""
    edges = _new_edges(length, ratio)
    cumulative = np.clip(edges[:, None] - np.arange(length), 0, 1)
    return csr_array(np.diff(cumulative, axis=0).astype(np.float32))


@lru_cache(maxsize=32)
def splines(length: int, ratio: float) -> csr_array:
    """As `overlaps`, with the flux inside the old pixels smoothly distributed."""
    from scipy.interpolate import make_interp_spline  # takes a while, and few images need it

    mirrored = np.pad(np.eye(length), ((MARGIN, MARGIN), (0, 0)), mode="symmetric")
    cumulative = np.concatenate([np.zeros((1, length)), mirrored.cumsum(axis=0)])
    spline = make_interp_spline(np.arange(-MARGIN, length + MARGIN + 1), cumulative, k=3)
    weights = np.diff(spline(_new_edges(length, ratio)), axis=0)
    return csr_array(np.where(np.abs(weights) > NEGLIGIBLE, weights, 0).astype(np.float32))


def _new_edges(length: int, ratio: float) -> Image:
    n_new = n_resampled(length, ratio)
    return length / 2 + ratio * (np.arange(n_new + 1) - n_new / 2)
