"""Hand-made features of images in units of the noise; a rotation or mirror image hardly changes them."""

from itertools import pairwise

import torch
from torch import Tensor

from zoo_core.images.channels import asinh, asinh_peak, blur, high_pass

from . import gabor, polar

__all__ = ["count", "features"]

SCALES = (0.8, 1.2, 1.8, 2.7, 4.0)  # Gaussian sigmas, pixels; neighbours differ by a band
ANNULI = (0.0, 4.0, 8.0, 14.0, 22.0, 34.0)  # pixels
APERTURES = (8.0, 16.0, 32.0)  # pixels
LEVELS = (2.0, 3.0, 5.0, 10.0, 30.0, 100.0)  # sigma
FRACTIONS = (0.2, 0.35, 0.5, 0.65, 0.8, 0.9)
MAPS = 3
_RING = 5  # statistics
_PER_CHANNEL = (
    MAPS * gabor.COUNT
    + MAPS * polar.BANDS * polar.ORDERS
    + MAPS * polar.BANDS * _RING
    + (len(SCALES) - 1) * (len(ANNULI) - 1) * 3
    + 2 * len(APERTURES) * 2
    + 2
    + len(LEVELS)
    + len(FRACTIONS)
)


def count(channels: int) -> int:
    """Number of features."""
    return channels * _PER_CHANNEL


def features(images: Tensor, grid: Tensor, bank: Tensor) -> Tensor:
    """(B, count(channels)) of images (B, channels, size, size).

    Arguments:
        images: sky subtracted, in units of the noise.
        grid, bank: of `polar.polar_grid` and `gabor.filter_bank`.
    """
    batch, channels = images.shape[:2]
    single = images.flatten(0, 1)[:, None]
    parts = [*_polar(single, grid, bank), *_plain(single)]
    return torch.cat(parts, dim=1).view(batch, channels * _PER_CHANNEL)


def _polar(images: Tensor, grid: Tensor, bank: Tensor) -> list[Tensor]:
    maps = torch.cat([asinh(images, 1.0), asinh_peak(images, 50.0), high_pass(images, 3.0, 0.05)], dim=1)
    around = polar.to_polar(maps, grid)
    residual = polar.ring_residual(around)
    return [gabor.gabor_statistics(residual, bank), polar.harmonics(residual), _rings(around, residual)]


def _rings(around: Tensor, residual: Tensor) -> Tensor:
    """Mean, scatter, skewness, maximum and highest mean over an eighth of the circle, of each band of radius."""
    mean = polar.in_bands(around, polar.BANDS).mean(-1)
    values = polar.in_bands(residual, polar.BANDS)
    centred = values - values.mean(-1, keepdim=True)
    scatter = centred.square().mean(-1).clamp(min=1e-8).sqrt()
    skewness = centred.pow(3).mean(-1) / scatter**3
    eighth = residual.shape[-1] // 8
    sums = torch.cat([residual, residual[..., : eighth - 1]], dim=-1).unfold(-1, eighth, 2).mean(-1)
    arcs = sums.unflatten(-2, (polar.BANDS, -1)).mean(-2).amax(-1)
    return torch.stack([mean, scatter, skewness, values.amax(-1), arcs], dim=-1).flatten(1)


def _plain(images: Tensor) -> list[Tensor]:
    radius = _radius(images)
    return [_scales(images, radius), _symmetry(images, radius), *_brightness(images, radius)]


def _scales(images: Tensor, radius: Tensor) -> Tensor:
    """Differences of neighbouring Gaussian blurs: in each annulus the scatter, the largest and the smallest."""
    smooth = [blur(images, sigma) for sigma in SCALES]
    bands = torch.cat([fine - coarse for fine, coarse in pairwise(smooth)], dim=1)
    bands = asinh(bands / (1 + 0.05 * smooth[-1].abs()), 1.0).flatten(-2)
    parts = []
    for inner, outer in pairwise(ANNULI):
        inside = bands[..., ((radius >= inner) & (radius < outer)).flatten()]
        parts += [inside.square().mean(-1).clamp(min=1e-8).sqrt(), inside.amax(-1), inside.amin(-1)]
    return torch.cat(parts, dim=1)


def _symmetry(images: Tensor, radius: Tensor) -> Tensor:
    """Correlation with the image turned by 180 and by 90 degrees, in apertures, of two maps."""
    parts = []
    for aperture in APERTURES:
        inside = (radius < aperture).flatten()
        for values in (asinh(images, 1.0), high_pass(images, 3.0, 0.05)):
            parts += [_correlation(values, values.rot90(turns, (-2, -1)), inside) for turns in (2, 1)]
    return torch.cat(parts, dim=1)


def _correlation(first: Tensor, second: Tensor, inside: Tensor) -> Tensor:
    a, b = (values.flatten(-2)[..., inside] for values in (first, second))
    a, b = a - a.mean(-1, keepdim=True), b - b.mean(-1, keepdim=True)
    return (a * b).sum(-1) / (a.norm(dim=-1) * b.norm(dim=-1)).clamp(min=1e-6)


def _brightness(images: Tensor, radius: Tensor) -> list[Tensor]:
    """Logarithms of the peak, the total, the footprints above several levels, and the radii that hold the light."""
    light = images.where(images > LEVELS[0], 0).flatten(-2)
    rings = radius.round().long().flatten()
    sums = light.new_zeros(*light.shape[:-1], int(rings.max()) + 1).index_add_(-1, rings, light)
    within = sums.cumsum(-1) / sums.sum(-1, keepdim=True).clamp(min=1e-6)
    radii = torch.cat([(within < fraction).sum(-1) for fraction in FRACTIONS], dim=1)
    footprints = torch.cat([(images > level).sum((-2, -1)) for level in LEVELS], dim=1)
    peak, total = images.amax((-2, -1)).clamp(min=0), light.sum(-1)
    return [peak.log1p(), total.log1p(), footprints.log1p(), radii.to(images.dtype).log1p()]


def _radius(images: Tensor) -> Tensor:
    rows, columns = (torch.arange(side, device=images.device) - (side - 1) / 2 for side in images.shape[-2:])
    return torch.hypot(rows[:, None], columns).to(images.dtype)
