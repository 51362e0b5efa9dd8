"""The noise of an image's own sky: measured where the image is faintest, and drawn anew."""

from functools import lru_cache
from typing import cast

import numpy as np
from numpy.fft import irfft2, rfft2
from numpy.typing import NDArray
from scipy.fft import next_fast_len
from scipy.ndimage import uniform_filter

__all__ = ["autocovariance", "draw", "local_mean", "padded", "variance_of_mean"]

Image = NDArray[np.floating]
Mask = NDArray[np.bool_]

KEY = 0x5A6F6F  # of the generator: the same image always gets the same noise
FAINTEST = 1 / 3  # share of the pixels in which the noise is measured
CLIP = 4.0  # sigmas
SIDE_PER_LAG = 10  # pixels along each axis for each lag, to measure the autocovariance well enough
LAGS = 2, 6
MEAN_PER_LAG = 4  # pixels of the box in which the local mean is taken


def autocovariance(image: Image, valid: Mask) -> Image:
    """Autocovariance of the noise for lags from -L to L along both axes, 0 beyond; its centre is the variance.

    Light is kept out by using the faintest pixels, by turning the image (see `_without_centre`), by subtracting a local
    mean and by clipping.

    Arguments:
        image: (H, W), finite, with the object at the centre.
        valid: (H, W).
    """
    image, brightness, valid = _without_centre(image, valid)
    n_lags = int(np.clip(np.sqrt(np.count_nonzero(valid)) // SIDE_PER_LAG, *LAGS))
    width = MEAN_PER_LAG * n_lags + 1
    faint = _faint(np.where(valid, brightness, 0), valid, width)
    residual = image - local_mean(np.where(valid, image, 0), faint, width)
    limit = CLIP * 1.4826 * np.median(np.abs(residual[faint > 0]))
    pairs = _lagged_products(faint, n_lags).clip(min=1)
    measured = _lagged_products(np.where(valid, residual, 0).clip(-limit, limit) * faint, n_lags) / pairs
    averaged = width**2 * np.average(uniform_filter(faint, width, mode="constant"), weights=faint)
    return _significant(_with_local_mean(measured, averaged), pairs) * _taper(n_lags)


def draw(covariance: Image, shape: tuple[int, int], band: int) -> Image:
    """Gaussian noise of that shape: white noise filtered by the square root of the power spectrum.

    Arguments:
        covariance: at lags from -n to n along both axes, (2 n + 1, 2 n + 1).
        shape: of the noise, pixels.
        band: its number; each band has noise of its own.

    Source: the spectrum is the Fourier transform of the covariance (Wiener 1930, Acta Math. 55, 117; Khinchin 1934,
    Math. Ann. 109, 604).
    """
    n_lags = len(covariance) // 2
    periodic = padded(shape, n_lags)
    lags = np.zeros(periodic)
    lags[: 2 * n_lags + 1, : 2 * n_lags + 1] = covariance
    spectrum = rfft2(np.roll(lags, (-n_lags, -n_lags), axis=(0, 1))).real.clip(min=0)
    drawn = irfft2(_white(band, periodic) * np.sqrt(spectrum), s=periodic)
    sigma = np.sqrt(covariance[n_lags, n_lags])
    return drawn[: shape[0], : shape[1]] * (sigma / _rms(spectrum, periodic))


def local_mean(image: Image, weight: Image | Mask, width: int) -> Image:
    """Weighted mean in a box around each pixel; 0 where there is no weight."""
    weights = uniform_filter(np.asarray(weight, np.float64), width, mode="constant")
    total = uniform_filter(image * weight, width, mode="constant")
    return np.divide(total, weights, out=np.zeros(image.shape), where=weights > 1e-6 / width**2)


def variance_of_mean(covariance: Image, width: int) -> float:
    """Variance of the mean over a box of that width, as a fraction of a pixel's; of white noise if there is none."""
    n_lags = len(covariance) // 2
    overlap = (width - np.abs(np.arange(-n_lags, n_lags + 1))).clip(min=0) / width**2
    variance = covariance[n_lags, n_lags]
    return float(overlap @ covariance @ overlap / variance) if variance > 0 else 1 / width**2


def _faint(brightness: Image, valid: Mask, width: int) -> Image:
    """Weight of each pixel: 1 for the faint, 0 for the bright, between them no step: the last bit decides nothing."""
    brightness = local_mean(brightness, valid, width)
    faintest, limit = np.quantile(brightness[valid], [0, FAINTEST])
    if limit == faintest:
        return valid.astype(np.float64)
    return np.clip(2 * (limit - brightness) / (limit - faintest) + 0.5, 0, 1) * valid


def _without_centre(image: Image, valid: Mask) -> tuple[Image, Image, Mask]:
    """The image less itself turned by 180 degrees, over sqrt(2): the galaxy at the centre is gone, the noise remains.

    Also the sum of the two, which is bright where either is, and where both are valid. Where the valid pixels have no
    counterparts, the image itself.
    """
    both = valid & valid[::-1, ::-1]
    if 4 * np.count_nonzero(both) < np.count_nonzero(valid):
        return image, image, valid
    turned = image[::-1, ::-1]
    return (image - turned) / np.sqrt(2), image + turned, both


def _lagged_products(image: Image, n_lags: int) -> Image:
    periodic = padded(image.shape, n_lags)
    products = irfft2(np.abs(rfft2(image, periodic)) ** 2, s=periodic)
    return np.roll(products, (n_lags, n_lags), axis=(0, 1))[: 2 * n_lags + 1, : 2 * n_lags + 1]


def padded(shape: tuple[int, ...], reach: int) -> tuple[int, int]:
    """Large enough that opposite borders are further than `reach` apart when it is periodic; quick to transform."""
    lengths = (max(length + reach, 2 * reach + 1) for length in shape)
    height, width = (cast(int, next_fast_len(length, real=True)) for length in lengths)
    return height, width


def _with_local_mean(measured: Image, averaged: float) -> Image:
    """Puts back what subtracting a mean of so many pixels took from each lag: the sum over all lags / that number."""
    taper = _taper(len(measured) // 2)
    return measured + (measured * taper).sum() / max(averaged - taper.sum(), averaged / 2)


def _significant(covariance: Image, pairs: Image) -> Image:
    """Each lag less what chance adds to it; of the pairs half are independent, in a difference of turned images."""
    centre = len(covariance) // 2, len(covariance) // 2
    chance = covariance[centre] ** 2 * 2 / pairs
    excess = (covariance**2 - chance).clip(min=0)
    significant = np.divide(excess, covariance, out=np.zeros(covariance.shape), where=excess > 0)
    significant[centre] = max(covariance[centre], 0)
    return significant


def _taper(n_lags: int) -> Image:
    """1 up to half of the lags, smoothly to 0 beyond the last."""
    lags = np.arange(-n_lags, n_lags + 1)
    radius = np.hypot(lags[:, None], lags) / (n_lags + 1)
    return 0.5 + 0.5 * np.cos(np.pi * np.clip(2 * radius - 1, 0, 1))


def _rms(spectrum: Image, shape: tuple[int, int]) -> float:
    """Root mean square of noise with this power spectrum, given as rfft2 gives it: half of the plane; 1 for none."""
    total = spectrum.sum() + spectrum[:, 1 : (shape[1] + 1) // 2].sum()
    return float(np.sqrt(total / (shape[0] * shape[1]))) or 1.0


@lru_cache(maxsize=64)
def _white(band: int, shape: tuple[int, int]) -> NDArray[np.complexfloating]:
    """Transform of white noise of unit variance."""
    generator = np.random.Generator(np.random.Philox(key=[KEY, band]))
    return rfft2(generator.standard_normal(shape))
