"""Pixels at the centre of a Sersic profile.

A steep profile varies by orders of magnitude inside one pixel. Its flux there is taken from the pixel's border instead:
with m(R) = L(<R) / (2 pi R^2), L(<R) the light inside the ellipse R (an incomplete gamma function), the field (x, y) m
has the surface brightness as its divergence, so that a pixel's flux is the sum of its four sides' integrals of m times
their distance from the centre (Gauss's theorem). Sides are shared by neighbours: no light is lost between pixels.
"""

import numpy as np
import torch
from torch import Tensor

from .light import modulation, sersic_b, squared_radius

__all__ = ["window_flux"]

NODES = 6


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
    horizontal = up[:, :, None] * _side_integrals(lights, up, across, pixel, transposed=False)
    vertical = across[:, :, None] * _side_integrals(lights, across, up, pixel, transposed=True)
    flux = horizontal.diff(dim=1) + vertical.diff(dim=1).transpose(1, 2)
    if not lights["arms"].any():
        return flux
    dx, dy = (across[:, None, :-1] + pixel / 2, up[:, :-1, None] + pixel / 2)
    return flux * modulation(lights, dx, dy, squared_radius(lights, dx, dy), pixel)


def _side_integrals(lights: np.ndarray, lines: Tensor, ends: Tensor, pixel: float, transposed: bool) -> Tensor:
    """Integral of m along every side on every grid line, shape (profiles, lines, sides)."""
    nodes, weights = (torch.as_tensor(part).to(lines) for part in np.polynomial.legendre.leggauss(NODES))
    # in the cube of the distance along the line, where the nodes crowd at the point nearest to the centre
    start, stop = ends[:, :-1].abs().pow(1 / 3) * ends[:, :-1].sign(), ends[:, 1:].abs().pow(1 / 3) * ends[:, 1:].sign()
    root = (start + stop)[..., None] / 2 + (stop - start)[..., None] / 2 * nodes
    along = (root**3).flatten(1)[:, None, :]
    across = lines[:, :, None]
    radius_2 = squared_radius(lights, across, along) if transposed else squared_radius(lights, along, across)
    mean = _mean_brightness(lights, radius_2).unflatten(2, (-1, NODES))
    return (mean * (3 * root**2 * weights * (stop - start)[..., None] / 2)[:, None]).sum(-1)


def _mean_brightness(lights: np.ndarray, radius_2: Tensor) -> Tensor:
    """m = L(<R) / (2 pi R^2), flux per square arcsec."""
    n = lights["n"]
    exponent, order, scale = (
        torch.as_tensor(part).to(radius_2).view(-1, 1, 1) for part in (0.5 / n, 2 * n, sersic_b(n))
    )
    amplitude = torch.as_tensor(lights["flux"] / (2 * np.pi * lights["R"] ** 2)).to(radius_2).view(-1, 1, 1)
    radius_2 = radius_2.clamp_min(1e-24)
    return amplitude * torch.special.gammainc(order, scale * radius_2**exponent) / radius_2
