"""Pixels at the centre of a Sersic profile.

A steep profile varies by orders of magnitude inside one pixel. Its flux there is taken from the pixel's border instead.
With L(<R) the light inside the ellipse R (an incomplete gamma function), the surface brightness is the divergence of a
field, and the flux of a pixel is what the field carries through its four sides (Gauss's theorem):

    m(R) = L(<R) / (2 pi R^2),    I = div[(x, y) m],    F = sum over sides of  h  integral of m ds,

where h is the distance of the side's line from the centre, negative where the centre lies on its outer side. Sides are
shared by neighbours: no light is lost between pixels.
"""

import torch
from torch import Tensor

from .enclosed import enclosed
from .grid import gauss_legendre
from .light import Profiles, modulation, squared_radius

__all__ = ["window_flux"]

NODES = 8
"""On each side of a pixel."""


def window_flux(profiles: Profiles, left: Tensor, bottom: Tensor, pixel: float, width: int) -> Tensor:
    """Flux of Sersic profiles in windows of square pixels, shape (profiles, width, width).

    Arguments:
        profiles: in float64, for a pixel's sides almost cancel.
        left, bottom: the window's corner, measured from the profile's centre, arcsec, shape (profiles,).
        pixel: side of a pixel, arcsec.
        width: pixels along a side of the window.
    """
    steps = torch.arange(width + 1, dtype=left.dtype, device=left.device) * pixel
    across, up = left[:, None] + steps, bottom[:, None] + steps
    horizontal = up[:, :, None] * _side_integrals(profiles, up, across, transposed=False)
    vertical = across[:, :, None] * _side_integrals(profiles, across, up, transposed=True)
    flux = horizontal.diff(dim=1) + vertical.diff(dim=1).transpose(1, 2)
    if not profiles.arms.any():
        return flux
    dx, dy = across[:, None, :-1] + pixel / 2, up[:, :-1, None] + pixel / 2
    return flux * modulation(profiles, dx, dy, squared_radius(profiles, dx, dy), pixel)


def _side_integrals(profiles: Profiles, lines: Tensor, ends: Tensor, transposed: bool) -> Tensor:
    """Integral of m along every side on every grid line, shape (profiles, lines, sides)."""
    nodes, weights = (torch.as_tensor(part).to(lines) for part in gauss_legendre(NODES))
    nearest = -0.5 * (profiles.xy / (profiles.yy if transposed else profiles.xx))[:, 0] * lines
    # nodes even in the cube root of the distance to the line's innermost point crowd there, where m peaks
    root = _cube_root(ends[:, None, :] - nearest[:, :, None])
    start, half = root[..., :-1, None], root.diff()[..., None] / 2
    root = start + half * (nodes + 1)
    along, across = (root**3 + nearest[..., None, None]).flatten(2), lines[:, :, None]
    radius_2 = squared_radius(profiles, across, along) if transposed else squared_radius(profiles, along, across)
    return (_mean_brightness(profiles, radius_2).view_as(root) * (3 * root**2 * half * weights)).sum(-1)


def _cube_root(x: Tensor) -> Tensor:
    return x.abs().pow(1 / 3).copysign(x)


def _mean_brightness(profiles: Profiles, radius_2: Tensor) -> Tensor:
    """Half the mean brightness inside R, L(<R) / (2 pi R^2), flux per square arcsec."""
    radius_2 = radius_2.clamp_min(1e-24)
    return profiles.mean * enclosed(profiles.n, profiles.b * radius_2.log().mul_(0.5 / profiles.n).exp_()) / radius_2
