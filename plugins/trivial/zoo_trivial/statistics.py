"""Trivial statistics of images in units of the noise."""

import torch
from torch import Tensor

__all__ = ["NAMES", "statistics"]

DETECTION = 2.0  # sigma
LEVELS = (3.0, 10.0, 30.0)  # sigma, of the footprints
FRACTIONS = (0.2, 0.5, 0.8)  # of the light, whose radii are measured
NAMES = ("peak", "total", "footprint_3", "footprint_10", "footprint_30", "r20", "r50", "r80", "concentration", "spread")


def statistics(images: Tensor) -> Tensor:
    """Brightness and size of what is in the frame, (B, channels * len(NAMES)).

    Arguments:
        images: (B, channels, size, size), sky subtracted, in units of the noise.

    Returns:
        For each channel logarithms of the peak S/N, of the total S/N of all pixels above 2 sigma, of the numbers of
        pixels above 3, 10 and 30 sigma, of the radii (pixels, about the frame's centre) that hold 20, 50 and 80 % of
        the light, of r80 / r20, and the root mean square radius in pixels.
    """
    light = images.where(images > DETECTION, 0)
    lit = (light > 0).sum((-2, -1)).clamp(min=1)
    total = light.sum((-2, -1)) / lit.sqrt()
    footprints = [(images > level).sum((-2, -1)).log1p() for level in LEVELS]
    radii = radii_that_hold(light).log1p()
    concentration = radii[..., 2] - radii[..., 0]
    columns = [images.amax((-2, -1)).clamp(min=0).log1p(), total.log1p(), *footprints, *radii.unbind(-1)]
    return torch.stack([*columns, concentration, spread(light)], dim=-1).flatten(1)


def radii_that_hold(light: Tensor) -> Tensor:
    """Radii, pixels, within which the FRACTIONS of the light lie, (..., len(FRACTIONS))."""
    rings = _radius(light).round().long().flatten()
    sums = light.new_zeros(*light.shape[:-2], int(rings.max()) + 1).index_add_(-1, rings, light.flatten(-2))
    within = sums.cumsum(-1) / sums.sum(-1, keepdim=True).clamp(min=1e-6)
    return torch.stack([(within < fraction).sum(-1) for fraction in FRACTIONS], dim=-1).to(light.dtype)


def spread(light: Tensor) -> Tensor:
    """Root mean square distance of the light from the frame's centre, pixels."""
    second_moment = (light * _radius(light) ** 2).sum((-2, -1)) / light.sum((-2, -1)).clamp(min=1e-6)
    return second_moment.sqrt()


def _radius(images: Tensor) -> Tensor:
    rows, columns = (torch.arange(side, device=images.device) - (side - 1) / 2 for side in images.shape[-2:])
    return torch.hypot(rows[:, None], columns).to(images.dtype)
