"""Texture of discs: the uneven light between their knots.

Gas and young stars are clumped on all scales at once, and differential rotation draws the clumps out along spirals. A
random field with a power law for its spectrum, drawn in (ln r, azimuth) and wound up, has both properties: its pieces
grow with radius. The light of the disc is multiplied with it.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ..rays.grid import Grid, spans
from ..rays.scene import PROFILES, Profile

__all__ = ["Texture", "texture_of", "textured"]

SERSIC = PROFILES.index("sersic")

AZIMUTHS = 96  # nodes of a field round the circle
RADII = 64  # nodes in ln r, as far apart as those in azimuth
INNERMOST = 0.08  # R at the first node: the last lies at 5 R
CORE, EDGE = 0.15, 4.5  # R: within and beyond these the texture fades
DEEPEST, BRIGHTEST = 0.15, 4.0
"""Limits of the factor: what the darkest dust leaves, and what the brightest knots add."""


class Texture(NamedTuple):
    """One disc's texture; lengths in arcsec, angles in radians."""

    seed: int
    strength: float  # standard deviation of the logarithm of the light
    slope: float  # power ~ k^-slope; 2 to 4: fine to coarse
    winding: float  # of the spirals that it is drawn out along, as in `Profile`
    x: float
    y: float
    R: float
    q: float
    phi: float


def texture_of(rng: np.random.Generator, profiles: Sequence[Profile], strength: tuple[float, float]) -> Texture:
    """A texture for the brightest of the profiles, wound as its arms are.

    Arguments:
        strength: range that its strength is drawn from.
    """
    disc = max((part for part in profiles if part.profile == SERSIC), key=lambda part: part.flux)
    winding = disc.winding if disc.arms > 1 else float(rng.normal(0, 1.0))
    return Texture(
        seed=int(rng.integers(2**31)),
        strength=rng.uniform(*strength),
        slope=rng.uniform(2.2, 3.4),
        winding=float(np.clip(winding, -3, 3)),
        x=disc.x,
        y=disc.y,
        R=disc.R,
        q=disc.q,
        phi=disc.phi,
    )


def textured(images: Tensor, textures: Sequence[tuple[int, Texture]], grid: Grid) -> Tensor:
    """The images with the light about each disc multiplied with its texture; a new tensor.

    Arguments:
        images: (B, width, width).
        textures: each with the row of its image.
        grid: of the images.
    """
    images = images.clone()
    for layer in _layers(textures):
        for span in spans(len(layer), grid.width**2, images.device):
            rows, drawn = zip(*layer[span], strict=True)
            images[grid.index(np.array(rows))] *= _factors(drawn, grid)
    return images


def _layers(textures: Sequence[tuple[int, Texture]]) -> list[list[tuple[int, Texture]]]:
    """The first texture of each image, then the second of those that have two, and so on."""
    layers: list[list[tuple[int, Texture]]] = []
    depth: Counter[int] = Counter()
    for row, texture in textures:
        if depth[row] == len(layers):
            layers.append([])
        layers[depth[row]].append((row, texture))
        depth[row] += 1
    return layers


def _factors(textures: Sequence[Texture], grid: Grid) -> Tensor:
    """What the light is multiplied with, (textures, width, width)."""
    columns = np.array([texture[1:] for texture in textures]).T[..., None, None]
    strength, _, winding, x, y, R, q, phi = torch.as_tensor(columns).to(grid.axis).unbind(0)
    dx, dy = grid.x[..., 1:-1] - x, grid.y[:, 1:-1] - y
    major = (phi.cos() * dx + phi.sin() * dy) * q.sqrt() / R
    minor = (phi.cos() * dy - phi.sin() * dx) / q.sqrt() / R
    radius_2 = (major**2 + minor**2).clamp_min(1e-6)
    depth = 0.5 * (radius_2.log() - 2 * np.log(INNERMOST)) * AZIMUTHS / (2 * np.pi)  # nodes along ln r
    turn = torch.atan2(minor, major) - 0.5 * winding * radius_2.log()
    round_ = torch.remainder(turn / (2 * np.pi), 1) * AZIMUTHS
    places = torch.stack([2 * round_ / AZIMUTHS - 1, 2 * depth / (RADII - 1) - 1], -1)
    fields = torch.as_tensor(np.stack([_field(texture) for texture in textures])).to(grid.axis)
    sampled = functional.grid_sample(fields[:, None], places, align_corners=True, padding_mode="border")[:, 0]
    fading = radius_2 / (radius_2 + CORE**2) * torch.exp(-((radius_2 / EDGE**2) ** 2))
    strength = strength * fading
    return (strength * sampled - 0.5 * strength**2).exp().clamp(DEEPEST, BRIGHTEST)


def _field(texture: Texture) -> np.ndarray:
    """A Gaussian field of unit variance, periodic in azimuth, (RADII, AZIMUTHS + 1)."""
    white = np.random.Generator(np.random.Philox(key=texture.seed)).standard_normal((RADII, AZIMUTHS))
    k_2 = (np.fft.fftfreq(RADII)[:, None] * AZIMUTHS) ** 2 + (np.fft.rfftfreq(AZIMUTHS)[None] * AZIMUTHS) ** 2
    amplitude = (k_2 + 3.0**2) ** (-texture.slope / 4)  # waves longer than a third of the circle are the arms' own
    field = np.fft.irfft2(np.fft.rfft2(white) * amplitude, s=white.shape)
    field = (field - field.mean()) / field.std()
    return np.concatenate([field, field[:, :1]], axis=1)
