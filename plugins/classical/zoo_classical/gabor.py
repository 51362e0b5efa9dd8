"""A bank of Gabor filters on polar images, and statistics of its responses.

Source: Hartley et al. (2017), MNRAS 471, 3378; the bank and the statistics are our own choice.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["COUNT", "filter_bank", "gabor_statistics"]

SIDE = 13  # pixels
WAVELENGTHS = (3.5, 6.0)  # polar pixels
ORIENTATIONS = 8
ELONGATION = 1.8  # of the envelope, along the line
OCTAVES = 3  # each on an image of half the size
BANDS = 4  # of radius
STATISTICS = 3
# Orientations k and ORIENTATIONS - k are mirror images: their mean and the larger of the two are kept.
FOLDED = 2 + 2 * (ORIENTATIONS // 2 - 1)
COUNT = OCTAVES * len(WAVELENGTHS) * FOLDED * BANDS * STATISTICS


def filter_bank() -> Tensor:
    """Even and odd filters without mean, (2 * len(WAVELENGTHS) * ORIENTATIONS, SIDE * SIDE), of unit norm.

    Orientation 0 is a line along the angle, that is a tangential arc.
    """
    half = SIDE // 2
    axis = torch.arange(-half, half + 1, dtype=torch.float32)
    across, along = axis[:, None], axis[None, :]  # radius down the rows, angle along the columns
    filters = []
    for phase in (0.0, math.pi / 2):
        for wavelength in WAVELENGTHS:
            for k in range(ORIENTATIONS):
                turn = math.pi * k / ORIENTATIONS
                u = across * math.cos(turn) - along * math.sin(turn)
                v = across * math.sin(turn) + along * math.cos(turn)
                sigma = wavelength / 2
                envelope = torch.exp(-0.5 * ((u / sigma) ** 2 + (v / (ELONGATION * sigma)) ** 2))
                wave = envelope * torch.cos(2 * math.pi * u / wavelength - phase)
                wave = wave - envelope * wave.sum() / envelope.sum()
                filters.append((wave / wave.norm()).flatten())
    return torch.stack(filters)


def gabor_statistics(polar: Tensor, bank: Tensor) -> Tensor:
    """Statistics of every filter, octave and band of radius, (B, M * COUNT), of polar images (B, M, RADII, ANGLES)."""
    batch, maps = polar.shape[:2]
    octave, parts = polar.flatten(0, 1)[:, None], []
    for _ in range(OCTAVES):
        parts.append(_in_octave(octave, bank))
        octave = F.avg_pool2d(octave, 2)
    return torch.cat(parts, dim=1).view(batch, maps * COUNT)


def _in_octave(polar: Tensor, bank: Tensor) -> Tensor:
    even, odd = _responses(polar, bank).unflatten(1, (2, len(WAVELENGTHS), ORIENTATIONS)).unbind(1)
    energy = (even**2 + odd**2 + 1e-6).sqrt()
    banded = [response.unflatten(-2, (BANDS, -1)).flatten(-2) for response in (energy, even)]
    statistics = torch.stack([banded[0].mean(-1), banded[0].amax(-1), banded[1].amax(-1)], dim=-1)
    return _folded(statistics).flatten(1)


def _responses(polar: Tensor, bank: Tensor) -> Tensor:
    """Correlation with every filter; the angle is periodic, the first and last ring are repeated.

    The rows of a filter are the channels of a convolution along the angle: in two dimensions it takes twice as long.
    """
    half, rings = SIDE // 2, polar.shape[-2]
    padded = F.pad(F.pad(polar, (half, half, 0, 0), mode="circular"), (0, 0, half, half), mode="replicate")
    rows = torch.cat([padded[:, :, row : row + rings] for row in range(SIDE)], dim=1)
    return F.conv2d(rows, bank.view(-1, SIDE, 1, SIDE))


def _folded(statistics: Tensor) -> Tensor:
    """Orientations (dimension 2) so that a mirror image has the same statistics."""
    middle = ORIENTATIONS // 2
    plus, minus = statistics[:, :, 1:middle], statistics[:, :, middle + 1 :].flip(2)
    straight = statistics[:, :, [0, middle]]
    return torch.cat([straight, (plus + minus) / 2, torch.maximum(plus, minus)], dim=2)
