"""Images in polar coordinates about the frame's centre, where an arc is a straight bright line."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["ANGLES", "BANDS", "RADII", "harmonics", "in_bands", "polar_grid", "ring_residual", "to_polar"]

RADII, ANGLES = 32, 64
STEP = 1.5  # pixels between radii; the last one is 47.25 pixels from the centre
BANDS = 8  # of radius, four rings each
ORDERS = 6  # of the azimuthal harmonics


def polar_grid(size: int) -> Tensor:
    """Where to sample images of that many pixels a side: (1, RADII, ANGLES, 2), as `grid_sample` takes it."""
    radius = (torch.arange(RADII) + 0.5) * STEP / ((size - 1) / 2)
    angle = (torch.arange(ANGLES) + 0.5) * (2 * math.pi / ANGLES)  # a mirror image permutes them, pairs to pairs
    x, y = radius[:, None] * torch.cos(angle), radius[:, None] * torch.sin(angle)
    return torch.stack([x, y], dim=-1)[None]


def to_polar(images: Tensor, grid: Tensor) -> Tensor:
    """(B, M, RADII, ANGLES) of images (B, M, size, size), bilinear."""
    return F.grid_sample(images, grid.expand(len(images), -1, -1, -1), align_corners=True, padding_mode="border")


def ring_residual(polar: Tensor) -> Tensor:
    """The image less the median of each ring: a round galaxy vanishes and an arc stays."""
    return polar - polar.median(-1, keepdim=True).values


def in_bands(polar: Tensor, bands: int) -> Tensor:
    """(..., RADII, ANGLES) to (..., bands, values of the band); the number of bands divides the rings."""
    *lead, rings, angles = polar.shape
    return polar.reshape(*lead, bands, rings // bands * angles)


def harmonics(polar: Tensor) -> Tensor:
    """Logarithms of the azimuthal amplitudes of orders 1 to ORDERS in each band, (B, M * BANDS * ORDERS)."""
    power = torch.fft.rfft(polar, dim=-1)[..., 1 : ORDERS + 1].abs() / polar.shape[-1]
    return power.unflatten(-2, (BANDS, -1)).mean(-2).clamp(min=1e-6).log().flatten(1)
