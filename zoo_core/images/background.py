"""The background of an image, continued to where nothing was measured.

The light next to a gap is continued into it and fades; on top lies noise with the level, the standard deviation and the
correlation of the image's own sky. Next to the gap the noise is the mirror image of what lies on the other side of its
border, so that neither a step nor a change of texture marks the border.

Everything is relative to the image's own range: the flux unit does not matter.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import fft
from scipy.ndimage import correlate1d, distance_transform_edt

from .sky import sky

__all__ = ["continued"]

Image = NDArray[np.floating]
Mask = NDArray[np.bool_]

KEY = 0x5A6F6F  # of the noise: the same image is always continued in the same way
LAGS = 3  # the noise is taken to be uncorrelated beyond so many pixels
NEAR, WIDE = 1.0, 2.0  # Gaussian sigmas, pixels, over which the light next to a gap is averaged
MIRRORED = 2.5  # pixels over which the mirrored noise gives way to synthetic noise
FADING = 8  # the light fades within this fraction of the measured part's side ...
SHORTEST_FADING = 4.0  # ... but not faster than in so many pixels


class Gap(NamedTuple):
    """Where nothing was measured and what lies next to it: index arrays of its pixels, all of one length."""

    at: tuple[NDArray[np.intp], NDArray[np.intp]]
    nearest: tuple[NDArray[np.intp], NDArray[np.intp]]
    mirror: tuple[NDArray[np.intp], NDArray[np.intp]]
    distance: Image
    mirrored: Image  # share of the mirrored noise, 0 to 1


def continued(pixels: Image, valid: Mask) -> Image:
    """The image with every pixel that is not valid replaced; valid pixels are the same to the last bit.

    Arguments:
        pixels: (bands, H, W); what stands in pixels that are not valid does not matter.
        valid: (bands, H, W), at least one pixel a band.
    """
    out = pixels.copy()
    for band, (image, good) in enumerate(zip(pixels, valid, strict=True)):
        if not good.all():
            out[band][~good] = _gap_values(image, good, band)
    return out


def _gap_values(image: Image, valid: Mask, band: int) -> Image:
    measured = image[valid].astype(np.float64)
    level, sigma = (float(value) for value in sky(torch.from_numpy(measured)[None]))
    unit = np.abs(measured - level).max()
    if unit == 0:
        return np.full(image.size - measured.size, level, image.dtype)
    signal = np.zeros(image.shape)
    signal[valid] = (measured - level) / unit
    gap = _gap(valid)
    smooth, _ = _smooth(signal, valid, WIDE)
    residual = np.where(valid, signal - smooth, 0)
    fading = max(SHORTEST_FADING, np.sqrt(measured.size) / FADING)
    light = _light(signal, valid, gap, smooth) * np.exp(-0.5 * (gap.distance / fading) ** 2)
    sky_weight = valid * _sky_weight(signal * (unit / sigma)) if sigma > 0 else valid * 0.0
    noise = correlated_noise(residual, sky_weight, band)[gap.at] * (sigma / unit)
    noise = gap.mirrored * residual[gap.mirror] + np.sqrt(1 - gap.mirrored**2) * noise
    return (level + unit * (light + noise)).astype(image.dtype)


def correlated_noise(residual: Image, weight: Image, band: int) -> Image:
    """Gaussian noise of unit variance with the autocorrelation of the residual where it has weight.

    Arguments:
        residual: (H, W), zero mean.
        weight: (H, W), 0 where the residual is more than noise.
        band: bands have independent noise.
    """
    height, width = residual.shape
    spectrum = fft.rfft2(_wrapped_autocorrelation(residual, weight)).real.clip(min=0)
    white = _white_noise(band, height, width)
    mean = (spectrum.sum() + spectrum[:, 1 : (width + 1) // 2].sum()) / (height * width)  # rfft2 keeps half the plane
    if mean <= 0:
        return white
    return fft.irfft2(fft.rfft2(white) * np.sqrt(spectrum / mean), s=residual.shape)


@lru_cache(maxsize=64)
def _white_noise(band: int, height: int, width: int) -> Image:
    noise = np.random.Generator(np.random.Philox(key=[KEY, band])).standard_normal((height, width))
    noise.flags.writeable = False
    return noise


def _wrapped_autocorrelation(residual: Image, weight: Image) -> Image:
    weighted = residual * weight
    wrapped = np.zeros(residual.shape)
    reach = min(LAGS, min(residual.shape) // 4)
    for dy in range(reach + 1):
        for dx in range(-reach if dy else 0, reach + 1):
            pairs = _product_sum(weight, dy, dx)
            if pairs > 0:
                taper = np.exp(-0.5 * (dy**2 + dx**2) / max(reach, 1) ** 2)
                wrapped[dy, dx] = wrapped[-dy, -dx] = taper * _product_sum(weighted, dy, dx) / pairs
    return wrapped


def _product_sum(image: Image, dy: int, dx: int) -> float:
    height, width = image.shape
    left, right = max(0, -dx), width - max(0, dx)
    return float(np.vdot(image[: height - dy, left:right], image[dy:, left + dx : right + dx]))


def _sky_weight(sigmas: Image) -> Image:
    """Fades between 2 and 3 sigma above the sky, so that the last bit of a pixel decides nothing."""
    return np.clip(3 - sigmas, 0, 1) * np.clip(5 + sigmas, 0, 1)


def _gap(valid: Mask) -> Gap:
    distances, nearest = distance_transform_edt(~valid, return_indices=True)
    y, x = np.nonzero(~valid)
    near_y, near_x = nearest[:, y, x]
    mirror_y, mirror_x = 2 * near_y - y, 2 * near_x - x
    height, width = valid.shape
    inside = (mirror_y >= 0) & (mirror_y < height) & (mirror_x >= 0) & (mirror_x < width)
    mirror_y, mirror_x = mirror_y.clip(0, height - 1), mirror_x.clip(0, width - 1)
    distance = distances[y, x]
    share = np.exp(-0.5 * ((distance - 1) / MIRRORED) ** 2) * (inside & valid[mirror_y, mirror_x])
    return Gap((y, x), (near_y, near_x), (mirror_y, mirror_x), distance, share)


def _light(signal: Image, valid: Mask, gap: Gap, wide: Image) -> Image:
    near, weight = _smooth(signal, valid, NEAR)
    share = np.clip(weight[gap.at] / 0.25, 0, 1)
    return share * near[gap.at] + (1 - share) * wide[gap.nearest]


def _smooth(signal: Image, valid: Mask, sigma: float) -> tuple[Image, Image]:
    """Gaussian average of the valid pixels around each pixel, and the share of the Gaussian that they cover."""
    radius = int(np.ceil(3 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    weight = _blur(valid.astype(np.float64), kernel / kernel.sum())
    total = _blur(signal, kernel / kernel.sum())
    return np.divide(total, weight, out=np.zeros_like(total), where=weight > 0), weight


def _blur(image: Image, kernel: Image) -> Image:
    return correlate1d(correlate1d(image, kernel, axis=0, mode="constant"), kernel, axis=1, mode="constant")
