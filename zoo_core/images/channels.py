"""The channels of the network's input, made of a batch of prepared images: functions of tensors (B, bands, H, W)."""

import math
from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor

from .sky import sky

__all__ = ["asinh", "asinh_peak", "blur", "clip", "high_pass", "noise_units", "sqrt", "standardise"]


def noise_units(pixels: Tensor, noise: Tensor | None = None) -> Tensor:
    """Sky subtracted, in units of the sky's noise: (x - sky) / sigma, of each band of each image by itself.

    Arguments:
        pixels: (B, bands, H, W), in any linear unit. In an image without noise, sigma is a thousandth of its range.
        noise: sigma, (B, bands, 1, 1), where it is known; None: it is measured in the pixels.
    """
    if noise is not None:
        return (pixels - sky(pixels)[0]) / noise.to(pixels)
    scale = pixels.abs().amax((-2, -1), keepdim=True).clamp(min=torch.finfo(pixels.dtype).tiny)
    pixels = pixels / scale
    level, sigma = sky(pixels)
    noiseless = (pixels.amax((-2, -1), keepdim=True) - level) / 1000
    sigma = torch.where(sigma > 1e-6, sigma, noiseless.clamp(min=1e-6))
    return (pixels - level) / sigma


def sqrt(pixels: Tensor) -> Tensor:
    """|x|^(1/2) with the sign of x, (B, channels, H, W).

    >>> sqrt(torch.tensor([-4.0, 9.0]))
    tensor([-2.,  3.])
    """
    return pixels.abs().sqrt_().copysign(pixels)


def asinh(pixels: Tensor, softening: float) -> Tensor:
    """The stretch asinh of x / softening: linear below the softening and logarithmic above it.

    Arguments:
        pixels: (B, channels, H, W).
        softening: in the unit of the pixels.

    Source: Lupton, Gunn & Szalay (1999), AJ 118, 1406.

    >>> asinh(torch.tensor([0.01, 1000.0]), softening=1.0)
    tensor([0.0100, 7.6009])
    """
    return _asinh(pixels / softening)


def asinh_peak(pixels: Tensor, contrast: float) -> Tensor:
    """asinh(contrast x / peak) / asinh(contrast): 1 at the peak.

    Arguments:
        pixels: (B, channels, H, W), in units of the noise. The peak is that of the central half of each channel,
            blurred by one pixel, and no less than 1.
        contrast: of the peak to the brightness where the stretch begins to be logarithmic.
    """
    rows, columns = (_blur_matrix(side, 1.0, pixels)[side // 4 : side - side // 4] for side in pixels.shape[-2:])
    peak = (rows @ pixels @ columns.mT).amax((-2, -1), keepdim=True).clamp(min=1.0)
    return _asinh(contrast * pixels / peak) / math.asinh(contrast)


def high_pass(pixels: Tensor, sigma: float, relative: float) -> Tensor:
    """asinh((x - b) / (1 + relative |b|)) with b = x blurred: arcs stand out on any lens galaxy.

    Arguments:
        pixels: in units of the noise.
        sigma: of the Gaussian blur, pixels.
        relative: how much the light of the galaxy itself counts as noise.
    """
    smooth = blur(pixels, sigma)
    return _asinh((pixels - smooth) / (1 + relative * smooth.abs()))


def clip(pixels: Tensor, low: float, high: float) -> Tensor:
    """Values (B, channels, H, W) limited to [low, high].

    >>> clip(torch.tensor([-1.0, 0.5, 7.0]), 0.0, 1.0)
    tensor([0.0000, 0.5000, 1.0000])
    """
    return pixels.clamp(low, high)


def standardise(pixels: Tensor, mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """(x - mean) / std of pixels (B, channels, H, W), with one mean and one std a channel.

    >>> standardise(torch.full((1, 2, 1, 1), 6.0), mean=[2.0, 4.0], std=[4.0, 1.0]).flatten()
    tensor([1., 2.])
    """
    shape = (1, -1, 1, 1)
    level, scale = (_constants(tuple(values), pixels.dtype, pixels.device).view(shape) for values in (mean, std))
    return (pixels - level) / scale


def blur(pixels: Tensor, sigma: float) -> Tensor:
    """Images (..., H, W) convolved with exp(-r^2 / (2 sigma^2)), cut at 4 sigma on each axis; borders are reflected.

    >>> blur(torch.ones(1, 1, 8, 8), sigma=1.5).std() < 1e-6
    tensor(True)
    """
    rows, columns = (_blur_matrix(length, sigma, pixels) for length in pixels.shape[-2:])
    return rows @ pixels @ columns.mT


def _blur_matrix(length: int, sigma: float, like: Tensor) -> Tensor:
    """(length, length): a product of matrices is several times faster here than a convolution of one channel."""
    return _reflecting(length, sigma, like.dtype, like.device)


@lru_cache(maxsize=64)
def _reflecting(length: int, sigma: float, dtype: torch.dtype, device: torch.device) -> Tensor:
    radius = min(math.ceil(4 * sigma), length - 1)
    offsets = torch.arange(-radius, radius + 1)
    kernel = torch.exp(-0.5 * (offsets.to(dtype) / sigma) ** 2)
    position = torch.arange(length)[:, None] + offsets
    reflected = length - 1 - (length - 1 - position.abs()).abs()
    matrix = torch.zeros(length, length, dtype=dtype)
    return matrix.scatter_add_(1, reflected, (kernel / kernel.sum()).expand(length, -1).contiguous()).to(device)


@lru_cache(maxsize=64)
def _constants(values: tuple[float, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    return torch.tensor(values, dtype=dtype).to(device)


def _asinh(x: Tensor) -> Tensor:
    """torch.asinh to the last bits for |x| < 1e18; that one is not vectorised on CPUs and takes five times as long."""
    if x.requires_grad or not x.is_cpu:
        return x.asinh()  # what follows overwrites what a derivative needs
    x = x.clamp(-1e18, 1e18)  # whose square float32 can hold
    square = x * x
    return square.div_((square + 1).sqrt_().add_(1)).add_(x.abs()).log1p_().copysign_(x)
