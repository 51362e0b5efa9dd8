"""Light profiles.

Surface brightness at a point, normalised to the total flux: flux per square arcsec. `cusp` integrates it over the
pixels at the centre of a Sersic profile, where a point says nothing about a pixel.
"""

import numpy as np
import torch
from scipy.special import erf, gamma, gammaincinv
from torch import Tensor

from .scene import PROFILES

__all__ = [
    "brightness",
    "brightness_at",
    "column",
    "modulation",
    "peak_brightness",
    "scene_index",
    "sersic_b",
    "squared_radius",
]

SERSIC, RING = PROFILES.index("sersic"), PROFILES.index("ring")


def sersic_b(n: np.ndarray) -> np.ndarray:
    """b_n of the Sersic profile, exact: half of the light is within R_e."""
    indices, place = np.unique(n, return_inverse=True)
    return gammaincinv(2 * indices, 0.5)[place]


def peak_brightness(lights: np.ndarray) -> np.ndarray:
    """Brightness at the centre (sersic) or on the crest (ring) of unmodulated profiles, flux per square arcsec."""
    R, n = lights["R"], lights["n"]
    b = sersic_b(n)
    sersic_area = 2 * np.pi * R**2 * n * gamma(2 * n) / b ** (2 * n)
    ring_area = 2 * np.pi * R**2 * (n**2 * np.exp(-0.5 / n**2) + n * np.sqrt(np.pi / 2) * (1 + erf(np.sqrt(0.5) / n)))
    return lights["flux"] / np.where(lights["profile"] == RING, ring_area, sersic_area)


def brightness(lights: np.ndarray, x: Tensor, y: Tensor, pixel: float = 0.0) -> Tensor:
    """Surface brightness of each profile at points, flux per square arcsec, shape (profiles, height, width).

    Arguments:
        lights: dtype LIGHT, sersic or ring, shape (profiles,).
        x, y: arcsec, shapes that broadcast to (profiles, height, width); x constant along height makes it faster.
        pixel: side of the pixels that the points stand for, arcsec. Modulation finer than that is averaged out.
    """
    dx, dy = x - column(lights["x"], x), y - column(lights["y"], y)
    return brightness_at(lights, dx, dy, squared_radius(lights, dx, dy), pixel)


def brightness_at(lights: np.ndarray, dx: Tensor, dy: Tensor, radius_2: Tensor, pixel: float) -> Tensor:
    """The same at offsets from the centre whose `squared_radius` is known."""
    light = _unmodulated(lights, radius_2)
    rows = np.flatnonzero(lights["arms"])
    if len(rows):
        index = torch.as_tensor(rows, device=dx.device)
        light[index] *= modulation(lights[rows], _take(dx, index), _take(dy, index), radius_2[index], pixel)
    return light


def squared_radius(lights: np.ndarray, dx: Tensor, dy: Tensor) -> Tensor:
    """Square of the elliptical radius, over that of R, at offsets from the centre."""
    cos, sin, q = np.cos(lights["phi"]), np.sin(lights["phi"]), lights["q"]
    scale = lights["R"] ** -2
    xx = column((q * cos**2 + sin**2 / q) * scale, dx)
    yy = column((q * sin**2 + cos**2 / q) * scale, dx)
    xy = column(2 * (q - 1 / q) * cos * sin * scale, dx)
    return (xx * dx + xy * dy) * dx + yy * dy * dy


def modulation(lights: np.ndarray, dx: Tensor, dy: Tensor, radius_2: Tensor, pixel: float) -> Tensor:
    """Factor 1 + contrast cos(...) of spiral arms, its mean 1; it fades where a pixel holds many of its waves.

    The azimuth is that in the disc's own plane: of (sqrt(q) x, y / sqrt(q)).
    """
    cos, sin, root = np.cos(lights["phi"]), np.sin(lights["phi"]), np.sqrt(lights["q"])
    major = column(cos * root, dx) * dx + column(sin * root, dx) * dy
    minor = column(cos / root, dx) * dy - column(sin / root, dx) * dx
    radius_2 = radius_2.clamp_min(1e-12)
    arms, winding = column(lights["arms"], dx), column(lights["winding"], dx)
    wave = arms * (torch.atan2(minor, major) - 0.5 * winding * radius_2.log()) - column(lights["phase"], dx)
    # the mean of a wave over a pixel, to the second order in pixel over wavelength
    waves_2 = (pixel / lights["R"] * lights["arms"]) ** 2 * (1 + lights["winding"] ** 2) / lights["q"] / 24
    return 1 + column(lights["contrast"], dx) * torch.exp(-column(waves_2, dx) / radius_2) * wave.cos()


def column(values: np.ndarray, like: Tensor) -> Tensor:
    """One number for each profile, shape (profiles, 1, 1), in the type and on the device of `like`."""
    return torch.as_tensor(np.array(values)).to(like).view(-1, 1, 1)


def scene_index(lights: np.ndarray, like: Tensor) -> Tensor:
    """The scene of each profile, on the device of `like`, shape (profiles,)."""
    return torch.as_tensor(np.array(lights["scene"]), device=like.device)


def _unmodulated(lights: np.ndarray, radius_2: Tensor) -> Tensor:
    if (lights["profile"] == SERSIC).all():
        return _sersic(lights, radius_2)
    light = torch.empty_like(radius_2)
    for kind, law in ((SERSIC, _sersic), (RING, _ring)):
        rows = np.flatnonzero(lights["profile"] == kind)
        index = torch.as_tensor(rows, device=radius_2.device)
        light[index] = law(lights[rows], radius_2[index])
    return light


def _sersic(lights: np.ndarray, radius_2: Tensor) -> Tensor:
    power = radius_2.pow(column(0.5 / lights["n"], radius_2))
    return power.mul_(column(-sersic_b(lights["n"]), radius_2)).exp_().mul_(column(peak_brightness(lights), radius_2))


def _ring(lights: np.ndarray, radius_2: Tensor) -> Tensor:
    height = (radius_2.sqrt() - 1) / column(lights["n"], radius_2)
    return column(peak_brightness(lights), radius_2) * torch.exp(-0.5 * height**2)


def _take(values: Tensor, index: Tensor) -> Tensor:
    return values[index] if len(values) > 1 else values
