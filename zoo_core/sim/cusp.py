"""Pixels at the centre of a Sersic profile.

A steep profile varies by orders of magnitude inside one pixel. Its flux there is taken from the pixel's border instead:
with m(R) = L(<R) / (2 pi R^2), L(<R) the light inside the ellipse R (an incomplete gamma function), the field (x, y) m
has the surface brightness as its divergence, so that a pixel's flux is the sum of its four sides' integrals of m times
their distance from the centre (Gauss's theorem). Sides are shared by neighbours: no light is lost between pixels.
"""

import numpy as np
import torch
from torch import Tensor

from .grid import gauss_legendre
from .light import modulation, sersic_b, squared_radius

__all__ = ["window_flux"]

NODES = 8


def window_flux(lights: np.ndarray, left: Tensor, bottom: Tensor, pixel: float, width: int) -> Tensor:
    """Flux of Sersic profiles in windows of square pixels, shape (profiles, width, width).

    Arguments:
        lights: dtype LIGHT, shape (profiles,).
        left, bottom: the window's corner, measured from the profile's centre, arcsec, float64, shape (profiles,).
        pixel: side of a pixel, arcsec.
        width: pixels along a side of the window.
    """
    steps = torch.arange(width + 1, dtype=torch.float64, device=left.device) * pixel
    across, up = left[:, None] + steps, bottom[:, None] + steps
    horizontal = up[:, :, None] * _side_integrals(lights, up, across, transposed=False)
    vertical = across[:, :, None] * _side_integrals(lights, across, up, transposed=True)
    flux = horizontal.diff(dim=1) + vertical.diff(dim=1).transpose(1, 2)
    if not lights["arms"].any():
        return flux
    dx, dy = (across[:, None, :-1] + pixel / 2, up[:, :-1, None] + pixel / 2)
    return flux * modulation(lights, dx, dy, squared_radius(lights, dx, dy), pixel)


def _side_integrals(lights: np.ndarray, lines: Tensor, ends: Tensor, transposed: bool) -> Tensor:
    """Integral of m along every side on every grid line, shape (profiles, lines, sides)."""
    nodes, weights = (torch.as_tensor(part).to(lines) for part in gauss_legendre(NODES))
    nearest = _slope_of_nearest(lights, lines, transposed) * lines
    # nodes even in the cube root of the distance to the line's innermost point crowd there, where m peaks
    root = _cube_root(ends[:, None, :] - nearest[:, :, None])
    start, half = root[..., :-1, None], root.diff()[..., None] / 2
    root = start + half * (nodes + 1)
    along, across = (root**3 + nearest[..., None, None]).flatten(2), lines[:, :, None]
    radius_2 = squared_radius(lights, across, along) if transposed else squared_radius(lights, along, across)
    return (_mean_brightness(lights, radius_2).view_as(root) * (3 * root**2 * half * weights)).sum(-1)


def _slope_of_nearest(lights: np.ndarray, like: Tensor, transposed: bool) -> Tensor:
    """Along-line position of the innermost point over the distance of the line, shape (profiles, 1)."""
    cos, sin, q = np.cos(lights["phi"]), np.sin(lights["phi"]), lights["q"]
    major, minor = (sin, cos) if transposed else (cos, sin)
    slope = (1 / q - q) * cos * sin / (q * major**2 + minor**2 / q)
    return torch.as_tensor(slope).to(like)[:, None]


def _cube_root(x: Tensor) -> Tensor:
    return x.abs().pow(1 / 3).copysign(x)


def _mean_brightness(lights: np.ndarray, radius_2: Tensor) -> Tensor:
    """Mean brightness m = L(<R) / (2 pi R^2), flux per square arcsec."""
    n = lights["n"]
    exponent, order, scale = (
        torch.as_tensor(part).to(radius_2).view(-1, 1, 1) for part in (0.5 / n, 2 * n, sersic_b(n))
    )
    amplitude = torch.as_tensor(lights["flux"] / (2 * np.pi * lights["R"] ** 2)).to(radius_2).view(-1, 1, 1)
    radius_2 = radius_2.clamp_min(1e-24)
    return amplitude * torch.special.gammainc(order, scale * radius_2**exponent) / radius_2
