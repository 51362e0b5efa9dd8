"""Vortices of axion dark matter.

A vortex is a straight line of mass (Alexander et al. 2020, ApJ 893, 15), as long as the de Broglie wavelength of the
axion: the lighter the axion, the longer. Masses in solar masses, lengths in arcsec.
"""

import numpy as np
import torch
from torch import Tensor

from ..tables import table
from .subhalos import einstein_radius

__all__ = ["VORTEX", "deflection", "draw_vortex", "vortex_length"]

VORTEX = np.dtype(
    [
        ("mass", "f8"),  # solar masses
        ("theta_E", "f8"),  # Einstein radius of a point of that mass, arcsec
        ("x", "f8"),  # of its middle
        ("y", "f8"),
        ("length", "f8"),
        ("phi", "f8"),  # direction, radians from +x towards +y
        ("axion_mass", "f8"),  # log10 of eV
    ]
)

AXION_MASSES = (-24.0, -22.0)  # log10 of eV
LENGTH, REFERENCE_MASS = 0.06, -22.0
"""Length of a vortex in arcsec, for an axion of so many log10 of eV: the de Broglie wavelength h / (m v) at 330 km/s is
0.37 kpc (Hui, Ostriker, Tremaine & Witten 2017, Phys. Rev. D 95, 043541), at z = 0.5."""

NEARLY_ONE = 1 - 1e-7  # the deflection is infinite, logarithmically, at the two ends


def vortex_length(axion_mass: np.ndarray | float) -> np.ndarray | float:
    """Length of a vortex in arcsec, of an axion of 10^axion_mass eV.

    >>> float(vortex_length(-22.0))
    0.06
    """
    return LENGTH * 10 ** (REFERENCE_MASS - np.asarray(axion_mass))


def draw_vortex(rng: np.random.Generator, mass: float, radius: tuple[float, float]) -> np.ndarray:
    """A table of dtype VORTEX with one row: middle between two radii, axion mass even in the logarithm."""
    axion_mass = rng.uniform(*AXION_MASSES)
    distance, angle = rng.uniform(*radius), rng.uniform(0, 2 * np.pi)
    row = {
        "mass": mass,
        "theta_E": einstein_radius(mass),
        "x": distance * np.cos(angle),
        "y": distance * np.sin(angle),
        "length": vortex_length(axion_mass),
        "phi": rng.uniform(0, np.pi),
        "axion_mass": axion_mass,
    }
    return table([row], VORTEX)


def deflection(vortices: np.ndarray, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Deflection angle of vortices, summed, in the common shape of x and y; arcsec.

    With w the complex position in the frame of a segment of half length h, a point of mass theta_E^2 at s deflects by
    the conjugate of theta_E^2 / (w - s); the mean over the segment is theta_E^2 / (2 h) ln((w + h) / (w - h)), its
    branch cut on the segment itself.
    """
    alpha_x = x.new_zeros(torch.broadcast_shapes(x.shape, y.shape))
    alpha_y = torch.zeros_like(alpha_x)
    for vortex in vortices:
        cos, sin, half = np.cos(vortex["phi"]), np.sin(vortex["phi"]), float(vortex["length"]) / 2
        dx, dy = x - float(vortex["x"]), y - float(vortex["y"])
        u, v = cos * dx + sin * dy, cos * dy - sin * dx
        radius_2, density = u * u + v * v, float(vortex["theta_E"]) ** 2 / (2 * half)
        along = density * torch.atanh((2 * half * u / (radius_2 + half**2)).clamp(-NEARLY_ONE, NEARLY_ONE))
        across = density * torch.atan2(2 * half * v, radius_2 - half**2)
        alpha_x += cos * along - sin * across
        alpha_y += sin * along + cos * across
    return alpha_x, alpha_y
