"""Footprints.

Cutouts are published as stamps of any size, often hardly larger than the galaxy. What lies outside was not measured.
"""

import math

import numpy as np
import torch
from torch import Tensor

from .noise import Draw

__all__ = ["draw_footprint", "draw_footprints", "outside"]

CHANCE = 0.35  # of a stamp smaller than the frame
SMALLEST, LARGEST = 8.0, 50.0  # half a side, pixels
RADII, MARGIN = 1.3, 0.4  # half a side is at least so many Einstein radii, and so many arcsec more
OBLONG, STRETCH = 0.3, 0.2  # share of the stamps that are no squares; they are higher by STRETCH a, a below OBLONG


def draw_footprint(rng: np.random.Generator, theta_E: float, pixel_scale: float) -> tuple[float, float]:
    """Half the width and height of the stamp, pixels, infinite for the whole frame.

    Arguments:
        theta_E: of the lens, or of the galaxy if it were one, arcsec: stamps are cut so as to hold the arcs.
        pixel_scale: arcsec.
    """
    least = max(SMALLEST, (RADII * theta_E + MARGIN) / pixel_scale)
    drawn, half, aspect = rng.random(), np.exp(rng.uniform(np.log(least), np.log(max(LARGEST, least)))), rng.random()
    if drawn > CHANCE:
        return np.inf, np.inf
    return float(half), float(half * (1 + STRETCH * aspect) if aspect < OBLONG else half)


def draw_footprints(generator: torch.Generator, theta_E: Tensor, pixel_scale: float) -> Tensor:
    """As `draw_footprint`, for a batch, on the generator's device.

    Arguments:
        theta_E: as there, shape (B,).
        pixel_scale: arcsec.

    Returns:
        Half the widths and heights of the stamps, pixels, shape (B, 2).
    """
    draw = Draw(generator, len(theta_E))
    least = ((RADII * theta_E + MARGIN) / pixel_scale).clamp_min(SMALLEST)
    width = draw.uniform(least.log(), least.clamp_min(LARGEST).log()).exp()
    aspect = draw.uniform()
    height = width * (1 + STRETCH * aspect * (aspect < OBLONG))
    return torch.stack([width, height], dim=1).masked_fill(draw.uniform()[:, None] > CHANCE, math.inf)


def outside(side: int, half: Tensor) -> Tensor:
    """Which pixels of a frame the stamps do not cover, shape (B, side, side).

    Arguments:
        side: of the frame, pixels.
        half: half the widths and heights of the stamps, pixels, shape (B, 2).
    """
    distance = (torch.arange(side, dtype=half.dtype, device=half.device) - (side - 1) / 2).abs()
    width, height = half[:, :, None, None].unbind(1)
    return (distance[None, None, :] > width) | (distance[None, :, None] > height)
