"""Masks of ground-based surveys: bands that were not observed, and the halos of bright stars."""

import math

import numpy as np
import torch
from torch import Tensor

from .noise import Draw

__all__ = ["draw_mask", "draw_masks", "masked"]

MISSING = 0.06  # share of the images in which a band besides the first was not observed; chosen
HALO = 0.12  # share of the images that the halo of a bright star reaches; chosen
HALO_RADII, HALO_GAP = (3.0, 30.0), 2.5
"""Radii of halos, and how far from the middle of the frame they end, arcsec, at least. Chosen."""


def draw_mask(rng: np.random.Generator, bands: int) -> tuple[float, float, float, int]:
    """Centre and radius (arcsec, 0: none) of a halo, and the number of the band that is missing, 0 for none."""
    halo, missing = rng.random() < HALO, rng.random() < MISSING
    radius, gap, angle = rng.uniform(*HALO_RADII), HALO_GAP + rng.gamma(2.0, 2.5), rng.uniform(0, 2 * np.pi)
    band, distance = int(rng.integers(1, bands)), radius + gap
    x, y = (float(distance * part) for part in (np.cos(angle), np.sin(angle)))
    return x, y, radius * halo, band * missing


def draw_masks(generator: torch.Generator, count: int, bands: int) -> Tensor:
    """As `draw_mask`, of `count` images, on the generator's device, shape (count, 4)."""
    draw = Draw(generator, count)
    halo, missing = draw.uniform() < HALO, draw.uniform() < MISSING
    radius, angle = draw.uniform(*HALO_RADII), draw.uniform(0.0, 2 * math.pi)
    gap = HALO_GAP - 2.5 * (draw.uniform().clamp_min(1e-6) * draw.uniform().clamp_min(1e-6)).log()  # a gamma of shape 2
    band = 1 + (draw.uniform() * (bands - 1)).long().clamp(max=bands - 2)
    distance = radius + gap
    return torch.stack([distance * angle.cos(), distance * angle.sin(), radius * halo, band * missing], 1)


def masked(side: int, pixel_scale: float, masks: Tensor, bands: int) -> Tensor:
    """Which pixels were not measured, (B, bands, side, side): halos in all bands, and all pixels of missing ones.

    Arguments:
        masks: (B, 4), as of `draw_masks`.
    """
    axis = (torch.arange(side, dtype=masks.dtype, device=masks.device) - (side - 1) / 2) * pixel_scale
    x, y, radius, missing = masks[:, :, None, None].unbind(1)
    halo = (axis[None, None, :] - x) ** 2 + (axis[None, :, None] - y) ** 2 < radius**2
    numbers = torch.arange(bands, dtype=masks.dtype, device=masks.device)[None, :, None, None]
    return halo[:, None] | ((numbers == missing[:, None]) & (missing[:, None] > 0))
