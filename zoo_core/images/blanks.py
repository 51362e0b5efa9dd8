"""Pixels that were not measured: finding them, and filling them."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError
from .background import continued

__all__ = ["fill", "find"]

Image = NDArray[np.floating]
Mask = NDArray[np.bool_]

LEAST_VALID = 0.25  # share of the pixels of a band
CENTRE = 0.2  # share of each side around the centre, where the object is
REPEATED = 0.02  # share of the pixels
SAMPLE = 1024
PICTURE = 255  # steps of 8 bits


def find(pixels: Image, values: tuple[float, ...] = (), repeated: bool = True) -> Mask:
    """Which pixels were measured: finite, and none of the values that mark the others.

    Arguments:
        pixels: (bands, H, W).
        values: mark pixels that were not measured.
        repeated: whether a value that more than 2 % of a band share marks them too, as in a zero-padded stamp of any
            size. Bands whose values repeat everywhere (counts, 8 bits) are left alone.

    Returns:
        A new array, shape of pixels.
    """
    valid = np.isfinite(pixels)
    for value in values:
        valid &= pixels != pixels.dtype.type(value)
    if repeated:
        for band, good in zip(pixels, valid, strict=True):
            for value in _repeated_values(band if good.all() else band[good]):
                good &= band != value
    return valid


def fill(pixels: Image, valid: Mask, absent: bool = False) -> Image:
    """The image with every pixel that is not valid replaced, as `background.continued` does.

    Arguments:
        pixels, valid: (bands, H, W).
        absent: bands without any valid pixel become zero, unless that is all of them.

    Raises:
        ImageError: too few pixels of a band are valid, none at its centre, or all valid ones are equal.
    """
    present = valid.any((1, 2))
    if absent and present.any() and not present.all():
        whole = np.zeros_like(pixels)
        whole[present] = fill(pixels[present], valid[present])
        return whole
    for band, good in enumerate(valid):
        _check(good, band)
        _check_contrast(pixels[band], good, band)
    return pixels if valid.all() else continued(pixels, valid)


def _repeated_values(values: Image) -> Image:
    """Values that too many pixels share. A sample rules most images out: it misses one with probability 1e-7."""
    values = values.ravel()
    if not _repeats(values[_sample(values.size)]):
        return values[:0]
    distinct, counts = np.unique(values, return_counts=True)
    often = counts > max(REPEATED * values.size, 1)
    return distinct[often] if _is_continuous(distinct[~often], counts[~often]) else values[:0]


def _is_continuous(distinct: Image, counts: NDArray[np.intp]) -> bool:
    """Whether most of these values stand alone, and are neither integers nor 8 bits between 0 and 1."""
    whole = (distinct == np.rint(distinct)).all()
    steps = distinct * PICTURE
    picture = (np.abs(steps - np.rint(steps)) < 1e-3).all() and np.abs(distinct).max(initial=0) > 1 / (2 * PICTURE)
    return bool(len(distinct) >= counts.sum() / 2 and not whole and not picture)


def _repeats(sample: Image) -> bool:
    ordered = np.sort(sample)
    return bool((ordered[1:] == ordered[:-1]).any())


@lru_cache(maxsize=16)
def _sample(size: int) -> NDArray[np.intp]:
    """Which of so many pixels are sampled: distinct, and in no pattern."""
    generator = np.random.Generator(np.random.Philox(key=size))
    return generator.choice(size, min(size, SAMPLE), replace=False)


def _check(valid: Mask, band: int) -> None:
    share = np.count_nonzero(valid) / valid.size
    if share < LEAST_VALID:
        raise ImageError(
            f"only {share:.1%} of the pixels of band {band} are valid, at least {LEAST_VALID:.0%} are needed; "
            "the others are NaN, masked or share one fill value"
        )
    height, width = valid.shape
    margin_y, margin_x = (int(side * (1 - CENTRE) / 2) for side in (height, width))
    centre = valid[margin_y : height - margin_y, margin_x : width - margin_x]
    if not centre.any():
        raise ImageError(f"none of the {centre.size} central pixels of band {band} is valid; the object is masked")


def _check_contrast(pixels: Image, valid: Mask, band: int) -> None:
    """An image of one value shows nothing, whatever a network would predict for it."""
    lowest = pixels.min(initial=np.inf, where=valid)
    if lowest == pixels.max(initial=-np.inf, where=valid):
        raise ImageError(f"every pixel of band {band} that is valid is {lowest:g}; the image is empty")
