"""The background of an image, continued to where nothing was measured.

The light next to a gap is continued into it and fades; on top lies noise with the level, the standard deviation and the
correlation of the image's own sky. Next to the gap the noise is the mirror image of what lies on the other side of its
border, so that neither a step nor a change of texture marks the border.

Everything is relative to the image's own range: the flux unit does not matter.
"""

from functools import lru_cache
from typing import NamedTuple, cast

import numpy as np
from numpy.fft import irfft2, rfft2
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from . import noise

__all__ = ["continued"]

Image = NDArray[np.floating]
Mask = NDArray[np.bool_]
Where = tuple[NDArray[np.intp], NDArray[np.intp]]

FAINT_QUANTILE, FAINT_SIGMAS = 0.02, 2.054  # that quantile of a Gaussian is so many sigmas below its mean
ABOVE_FAINTEST = 0.3  # sigmas, more than the error of that quantile
BOX = 3  # pixels a side, whose mean is light and the rest noise ...
CLIP = 3.0  # ... unless it is more sigmas than that
NEIGHBOURS = 4  # pixels beyond the border that light is taken from at least
FADING = 8  # light fades within this fraction of the measured part's side ...
FADING_RANGE = 4.0, 12.0  # ... but within these many pixels
MIRRORED = 2.5  # pixels over which the mirrored noise gives way to drawn noise


class Gap(NamedTuple):
    """The pixels where nothing was measured, and what lies across the border: arrays of one length."""

    at: Where
    distance: Image  # to the nearest measured pixel
    mirror: Where  # the pixel as far on the other side of that one
    mirrored: Image  # weight of the noise there, 0 to 1
    faded: Image  # weight of the light, 0 to 1


def continued(pixels: Image, valid: Mask) -> Image:
    """The image with every pixel that is not valid replaced; valid pixels are the same to the last bit.

    Arguments:
        pixels: (bands, H, W); what stands in pixels that are not valid does not matter.
        valid: (bands, H, W); a band without valid pixels is left as it is.
    """
    out = pixels.copy()
    for band, (image, good) in enumerate(zip(pixels, valid, strict=True)):
        if good.any() and not good.all():
            out[band][~good] = _across(image, good, band)
    return out


def _across(image: Image, valid: Mask, band: int) -> Image:
    """What stands in the pixels that are not valid, in the order of a boolean index."""
    measured = image[valid].astype(np.float64)
    unit = np.ptp(measured)
    if unit == 0:
        return np.full(image.size - measured.size, measured[0], image.dtype)
    signal = np.zeros(image.shape)
    signal[valid] = (measured - measured.min()) / unit
    box = _bounding_box(valid)
    covariance = noise.autocovariance(signal[box], valid[box])
    sigma = float(np.sqrt(covariance[len(covariance) // 2, len(covariance) // 2]))
    level = _level(signal[valid], sigma)
    smooth = noise.local_mean(signal, valid, BOX)
    gap = _gap(valid)
    light = _light(np.where(valid, smooth - level, 0), valid, gap)
    mirrored = (signal - smooth)[gap.mirror].clip(-CLIP * sigma, CLIP * sigma)
    drawn = noise.draw(covariance, image.shape, band)[gap.at]
    values = level + gap.faded * light + gap.mirrored * mirrored + _share_of_drawn(gap, covariance) * drawn
    return (values * unit + measured.min()).astype(image.dtype)


def _share_of_drawn(gap: Gap, covariance: Image) -> Image:
    """So that the variances of the three add up to the noise's: the light carries some, less with the distance."""
    in_light = noise.variance_of_mean(covariance, BOX)
    variance = 1 - gap.mirrored**2 * (1 - in_light) - gap.faded**2 * in_light * 2 / (1 + gap.distance)
    return np.sqrt(variance.clip(min=0))


def _level(values: Image, sigma: float) -> float:
    """Level of the sky: the median of its symmetric part; near the faintest pixels where light is everywhere."""
    low = float(np.quantile(values, FAINT_QUANTILE))
    half_width = FAINT_SIGMAS * sigma
    median = float(np.quantile(values[values <= low + 2 * half_width], 0.5 / (1 - FAINT_QUANTILE)))
    return min(median, low + half_width + ABOVE_FAINTEST * sigma)


def _light(smooth: Image, valid: Mask, gap: Gap) -> Image:
    """Mean of the measured pixels, the nearest ones by far the heaviest."""
    reach = int(min(gap.distance.max() + NEIGHBOURS, 4 * FADING_RANGE[1]))
    shape = noise.padded(valid.shape, reach)
    nearness = _nearness(reach, *shape)
    total, weight = (irfft2(rfft2(part, shape) * nearness, s=shape)[gap.at] for part in (smooth, valid))
    return np.divide(total, weight, out=np.zeros(len(total)), where=gap.distance <= reach)


@lru_cache(maxsize=16)
def _nearness(reach: int, height: int, width: int) -> NDArray[np.complexfloating]:
    """Weights of pixels up to `reach` away, as a transform for periodic images of that height and width."""
    y, x = (np.minimum(np.arange(length), length - np.arange(length)) for length in (height, width))
    weights = (1.0 + y[:, None] ** 2 + x**2) ** -3
    weights[np.maximum(y[:, None], x) > reach] = 0
    return rfft2(weights)


def _bounding_box(valid: Mask) -> tuple[slice, slice]:
    rows, columns = (np.flatnonzero(valid.any(axis=axis)) for axis in (1, 0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _gap(valid: Mask) -> Gap:
    distances, nearest = cast("tuple[Image, Image]", distance_transform_edt(~valid, return_indices=True))
    y, x = np.nonzero(~valid)
    near_y, near_x = nearest[:, y, x]
    mirror_y, mirror_x = 2 * near_y - y, 2 * near_x - x
    height, width = valid.shape
    inside = (mirror_y >= 0) & (mirror_y < height) & (mirror_x >= 0) & (mirror_x < width)
    mirror = mirror_y.clip(0, height - 1), mirror_x.clip(0, width - 1)
    distance = distances[y, x]
    mirrored = np.exp(-0.5 * ((distance - 1) / MIRRORED) ** 2) * (inside & valid[mirror])
    fading = np.clip(np.sqrt(np.count_nonzero(valid)) / FADING, *FADING_RANGE)
    return Gap((y, x), distance, mirror, mirrored, np.exp(-0.5 * ((distance - 1) / fading) ** 2))
