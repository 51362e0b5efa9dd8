"""The noise of the sky as in `noise`, for batches of images (N, H, W) on any device.

One batch holds images of which different shares were measured, so that the number of lags differs between them: arrays
of lags have the size of the largest number, with zeros beyond each image's own.
"""

import numpy as np
import torch
from torch import Tensor
from torch.fft import irfft2, rfft2

from .noise import CLIP, FAINTEST, LAGS, MEAN_PER_LAG, SIDE_PER_LAG, padded

__all__ = ["autocovariance", "draw", "local_mean", "ordered", "quantile", "variance_of_mean", "white_shape"]

MOST = LAGS[1]


def autocovariance(images: Tensor, valid: Tensor) -> Tensor:
    """As `noise.autocovariance` of each image, (N, 2 MOST + 1, 2 MOST + 1)."""
    images, brightness, valid = _without_centre(images, valid)
    n_lags = (valid.sum((1, 2)).float().sqrt() // SIDE_PER_LAG).clamp(*LAGS)
    width = MEAN_PER_LAG * n_lags + 1
    faint = _faint(torch.where(valid, brightness, 0), valid, width)
    residual = images - local_mean(torch.where(valid, images, 0), faint, width)
    limit = CLIP * 1.4826 * _median(residual.abs(), faint > 0)[:, None, None]
    pairs = _lagged_products(faint).clamp(min=1)
    measured = _lagged_products(torch.where(valid, residual, 0).clamp(-limit, limit) * faint) / pairs
    averaged = width**2 * (_box_mean(faint, *_boxes(faint, width)) * faint).sum((1, 2)) / faint.sum((1, 2))
    taper = _taper(n_lags)
    return _significant(_with_local_mean(measured, averaged, taper), pairs) * taper


def white_shape(height: int, width: int) -> tuple[int, int]:
    """Height and width of the white noise that `draw` takes for images of that size."""
    return padded((height, width), MOST)


def draw(covariance: Tensor, white: Tensor, height: int, width: int) -> Tensor:
    """Gaussian noise (N, height, width) with these autocovariances, made of white noise of the shape `white_shape`."""
    lags = white.new_zeros(white.shape)
    side = covariance.shape[-1]
    lags[:, :side, :side] = covariance
    spectrum = rfft2(lags.roll((-MOST, -MOST), (1, 2))).real.clamp(min=0)
    drawn = irfft2(rfft2(white) * spectrum.sqrt(), s=white.shape[1:])
    sigma = covariance[:, MOST, MOST].sqrt()
    return drawn[:, :height, :width] * (sigma / _rms(spectrum, white.shape[1:]))[:, None, None]


def local_mean(images: Tensor, weight: Tensor, width: Tensor) -> Tensor:
    """Weighted mean in a box around each pixel, whose width is that of the image, (N,); 0 where there is no weight."""
    boxes = _boxes(images, width)
    weights = _box_mean(weight.to(images), *boxes)
    enough = weights > 1e-6 / width[:, None, None] ** 2
    return torch.where(enough, _box_mean(images * weight, *boxes) / torch.where(enough, weights, 1), 0)


def variance_of_mean(covariance: Tensor, width: int) -> Tensor:
    """Variance of the mean over a box of that width, as a fraction of a pixel's; of white noise if there is none."""
    lags = torch.arange(-MOST, MOST + 1, device=covariance.device)
    overlap = (width - lags.abs()).clamp(min=0).to(covariance) / width**2
    variance = covariance[:, MOST, MOST]
    found = covariance @ overlap @ overlap / torch.where(variance > 0, variance, 1)
    return torch.where(variance > 0, found, 1 / width**2)


def ordered(values: Tensor, chosen: Tensor) -> tuple[Tensor, Tensor]:
    """The chosen values of each image in rising order, followed by infinities, and how many they are, (N, 1)."""
    values = torch.where(chosen, values, torch.inf).flatten(1)
    count = chosen.flatten(1).sum(1, keepdim=True)
    if values.is_cpu:
        return torch.from_numpy(np.sort(values.numpy(), axis=-1)), count  # thirty times faster: it keeps no indices
    return values.sort(-1).values, count


def quantile(values: Tensor, count: Tensor, q: float) -> Tensor:
    """Quantile (N, 1) of the first `count` of ordered values, as `numpy.quantile` interpolates it."""
    position = (count - 1).clamp(min=0) * q
    below = position.floor().long()
    low, high = values.gather(1, below), values.gather(1, torch.minimum(below + 1, (count - 1).clamp(min=0)))
    return low + (position - below) * (high - low)


def _median(values: Tensor, chosen: Tensor) -> Tensor:
    return quantile(*ordered(values, chosen), 0.5)[:, 0]


def _faint(brightness: Tensor, valid: Tensor, width: Tensor) -> Tensor:
    brightness = local_mean(brightness, valid, width)
    values, count = ordered(brightness, valid)
    faintest, limit = values[:, :1, None], quantile(values, count, FAINTEST)[:, :, None]
    flat = limit == faintest
    weight = (2 * (limit - brightness) / torch.where(flat, 1, limit - faintest) + 0.5).clamp(0, 1)
    return torch.where(flat, 1, weight) * valid


def _without_centre(images: Tensor, valid: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    places, inside = _half_turn(valid)
    turned, known = (part.flatten(1).gather(1, places).view_as(part) for part in (images, valid))
    both = valid & known & inside
    paired = (4 * both.sum((1, 2)) >= valid.sum((1, 2)))[:, None, None]
    difference, total = (images - turned) / 2**0.5, images + turned
    return torch.where(paired, difference, images), torch.where(paired, total, images), torch.where(paired, both, valid)


def _half_turn(valid: Tensor) -> tuple[Tensor, Tensor]:
    """Where each pixel lands when the box around the valid ones is turned by 180 degrees, and whether within the image.

    Returns:
        Numbers of pixels (N, H W), in rows laid end to end, and booleans (N, H, W).
    """
    height, width = valid.shape[1:]
    rows, columns = _reversed(valid.any(2)), _reversed(valid.any(1))
    inside = ((rows >= 0) & (rows < height))[:, :, None] & ((columns >= 0) & (columns < width))[:, None, :]
    places = rows.clamp(0, height - 1)[:, :, None] * width + columns.clamp(0, width - 1)[:, None, :]
    return places.flatten(1), inside


def _reversed(measured: Tensor) -> Tensor:
    """Positions along an axis (N, length), counted back from the last one that was measured to the first."""
    length = measured.shape[1]
    first = measured.byte().argmax(1)
    last = length - 1 - measured.byte().flip(1).argmax(1)
    return (first + last)[:, None] - torch.arange(length, device=measured.device)


def _lagged_products(images: Tensor) -> Tensor:
    periodic = padded(images.shape[1:], MOST)
    products = irfft2(rfft2(images, s=periodic).abs() ** 2, s=periodic)
    return products.roll((MOST, MOST), (1, 2))[:, : 2 * MOST + 1, : 2 * MOST + 1]


def _with_local_mean(measured: Tensor, averaged: Tensor, taper: Tensor) -> Tensor:
    total = taper.sum((1, 2))
    share = (measured * taper).sum((1, 2)) / torch.maximum(averaged - total, averaged / 2)
    return measured + share[:, None, None]


def _significant(covariance: Tensor, pairs: Tensor) -> Tensor:
    centre = covariance[:, MOST, MOST]
    chance = (centre**2)[:, None, None] * 2 / pairs
    excess = (covariance**2 - chance).clamp(min=0)
    significant = torch.where(excess > 0, excess / torch.where(excess > 0, covariance, 1), 0)
    significant[:, MOST, MOST] = centre.clamp(min=0)
    return significant


def _taper(n_lags: Tensor) -> Tensor:
    lags = torch.arange(-MOST, MOST + 1, device=n_lags.device).to(n_lags)
    radius = torch.hypot(lags[:, None], lags) / (n_lags[:, None, None] + 1)
    inside = torch.maximum(lags.abs()[:, None], lags.abs()) <= n_lags[:, None, None]
    return (0.5 + 0.5 * torch.cos(torch.pi * (2 * radius - 1).clamp(0, 1))) * inside


def _rms(spectrum: Tensor, shape: tuple[int, ...]) -> Tensor:
    total = spectrum.sum((1, 2)) + spectrum[:, :, 1 : (shape[1] + 1) // 2].sum((1, 2))
    rms = (total / (shape[0] * shape[1])).sqrt()
    return torch.where(rms > 0, rms, 1)


def _box_mean(images: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Sum over the box, of which nothing lies beyond the border, divided by its area: two products of matrices."""
    return rows @ images @ columns.mT


def _boxes(images: Tensor, width: Tensor) -> tuple[Tensor, Tensor]:
    """What `_box_mean` multiplies the images with from the left and the right, boxes of a width for each image."""
    height, length = images.shape[1:]
    rows = _box_matrix(height, width, images)
    return rows, rows if height == length else _box_matrix(length, width, images)


def _box_matrix(length: int, width: Tensor, like: Tensor) -> Tensor:
    position = torch.arange(length, device=like.device)
    near = (position[:, None] - position).abs() <= (width // 2)[:, None, None]
    return near.to(like) / width[:, None, None].to(like)
