"""The channels of the network's input, made of a batch of prepared images: functions of tensors (B, bands, H, W)."""

import math
from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor

from .sky import sky

__all__ = ["asinh", "asinh_peak", "blur", "clip", "high_pass", "noise_units", "sqrt", "standardise"]


def noise_units(pixels: Tensor) -> Tensor:
    """Sky subtracted, in units of the sky's noise; an image without noise in units of a thousandth of its range."""
    scale = pixels.abs().amax((-2, -1), keepdim=True).clamp(min=torch.finfo(pixels.dtype).tiny)
    pixels = pixels / scale
    level, sigma = sky(pixels)
    noiseless = (pixels.amax((-2, -1), keepdim=True) - level) / 1000
    sigma = torch.where(sigma > 1e-6, sigma, noiseless.clamp(min=1e-6))
    return (pixels - level) / sigma


def sqrt(pixels: Tensor) -> Tensor:
    """Square root of the size of each pixel, with its sign."""
    return pixels.abs().sqrt_().copysign(pixels)


def asinh(pixels: Tensor, softening: float) -> Tensor:
    """Linear below the softening and logarithmic above it (Lupton et al. 1999)."""
    return _asinh(pixels / softening)


def asinh_peak(pixels: Tensor, contrast: float) -> Tensor:
    """asinh(contrast x / peak) / asinh(contrast): 1 at the peak of the slightly blurred central half."""
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
    """Values limited to [low, high]."""
    return pixels.clamp(low, high)


def standardise(pixels: Tensor, mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """(x - mean) / std, one of each a channel."""
    shape = (1, -1, 1, 1)
    level, scale = (_constants(tuple(values), pixels.dtype, pixels.device).view(shape) for values in (mean, std))
    return (pixels - level) / scale


def blur(pixels: Tensor, sigma: float) -> Tensor:
    """Gaussian blur, sigma in pixels, cut at 4 sigma; the border is reflected."""
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
