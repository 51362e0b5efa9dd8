"""Light profiles.

Surface brightness at a point, normalised to the total flux: flux per square arcsec. `cusp` integrates it over the
pixels at the centre of a Sersic profile, where a point says nothing about a pixel.
"""

import math
from dataclasses import dataclass, fields

import numpy as np
import torch
from scipy.special import erf, gamma, gammaincinv
from torch import Tensor

from .scene import LIGHT, RING

__all__ = [
    "Profiles",
    "brightness",
    "brightness_at",
    "modulation",
    "sersic_b",
    "shaped",
    "squared_radius",
]

DARK = -80.0
"""Least exponent, 1e-35 of the peak: below it numbers are denormal, ten times as slow on a CPU."""

INNERMOST = -12 * math.log(10)
"""Least ln (R / R_e)^2 of spiral arms, which wind ever faster towards the centre: R = 1e-6 R_e."""


def sersic_b(n: np.ndarray) -> np.ndarray:
    """b_n of the Sersic profile, exact: half of the light is within R_e.

    gamma(2 n, b_n) = Gamma(2 n) / 2; Graham & Driver (2005), PASA 22, 118, eq. 4.
    """
    return gammaincinv(2 * n, 0.5)


def shaped(lights: np.ndarray) -> np.ndarray:
    """Rows of LIGHT with two more fields, which take long to compute: `b` and `peak`, see `Profiles`."""
    table = np.empty(len(lights), [*LIGHT.descr, ("b", "f8"), ("peak", "f8")])
    for name in LIGHT.names or ():
        table[name] = lights[name]
    table["b"] = sersic_b(lights["n"])
    table["peak"] = _peak(lights, table["b"])
    return table


def _peak(lights: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Brightness at the centre (sersic) or on the crest (ring) of unmodulated profiles, flux per square arcsec.

    flux / (2 pi R^2 n b^(-2 n) Gamma(2 n)) of a Sersic profile: Graham & Driver (2005), PASA 22, 118, at R = 0.
    """
    R, n = lights["R"], lights["n"]
    sersic_area = 2 * np.pi * R**2 * n * gamma(2 * n) / b ** (2 * n)
    ring_area = 2 * np.pi * R**2 * (n**2 * np.exp(-0.5 / n**2) + n * np.sqrt(np.pi / 2) * (1 + erf(np.sqrt(0.5) / n)))
    return lights["flux"] / np.where(lights["profile"] == RING, ring_area, sersic_area)


@dataclass(frozen=True)
class Profiles:
    """The numbers that brightness is made of, one of each for every sersic or ring profile, shape (profiles, 1, 1).

    Arguments:
        scene: row of the scene, shape (profiles,).
        x, y: centre, arcsec.
        xx, xy, yy: (elliptical radius / R)^2 = xx dx^2 + xy dx dy + yy dy^2.
        minor_2: square of the semi-minor axis of the ellipse R; infinite for rings.
        n, b, peak: Sersic index, its b_n, brightness at the centre or on the crest.
        mean: flux over 2 pi R^2.
        ring: width of a ring over its radius, 0 for other profiles.
        arms, contrast, winding, phase: as in LIGHT.
        major_x, major_y, minor_x, minor_y: rows of the matrix from sky to the plane of the disc.
        fineness: square of the wave number of the arms at R, over 24, per arcsec^2.
        table: all of these but the scene, shape (profiles, numbers).
    """

    scene: Tensor
    x: Tensor
    y: Tensor
    xx: Tensor
    xy: Tensor
    yy: Tensor
    minor_2: Tensor
    n: Tensor
    b: Tensor
    peak: Tensor
    mean: Tensor
    ring: Tensor
    arms: Tensor
    contrast: Tensor
    winding: Tensor
    phase: Tensor
    major_x: Tensor
    major_y: Tensor
    minor_x: Tensor
    minor_y: Tensor
    fineness: Tensor
    table: Tensor

    @classmethod
    def of(cls, lights: np.ndarray, like: Tensor) -> "Profiles":
        """The profiles of rows of LIGHT, or of `shaped` ones, in the type and on the device of `like`."""
        lights = lights if "peak" in (lights.dtype.names or ()) else shaped(lights)
        R, n, q, is_ring = lights["R"], lights["n"], lights["q"], lights["profile"] == RING
        cos, sin = np.cos(lights["phi"]), np.sin(lights["phi"])
        columns = {
            "x": lights["x"],
            "y": lights["y"],
            "xx": (q * cos**2 + sin**2 / q) / R**2,
            "xy": 2 * (q - 1 / q) * cos * sin / R**2,
            "yy": (q * sin**2 + cos**2 / q) / R**2,
            "minor_2": np.where(is_ring, np.inf, q * R**2),
            "n": n,
            "b": lights["b"],
            "peak": lights["peak"],
            "mean": lights["flux"] / (2 * np.pi * R**2),
            "ring": np.where(is_ring, n, 0.0),
            "arms": lights["arms"],
            "contrast": lights["contrast"],
            "winding": lights["winding"],
            "phase": lights["phase"],
            "major_x": cos * np.sqrt(q),
            "major_y": sin * np.sqrt(q),
            "minor_x": -sin / np.sqrt(q),
            "minor_y": cos / np.sqrt(q),
            "fineness": (lights["arms"] / R) ** 2 * (1 + lights["winding"] ** 2) / (24 * q),
        }
        table = torch.as_tensor(np.stack([columns[name] for name in NUMBERS], axis=1)).to(like)
        return cls._of_table(torch.as_tensor(lights["scene"].astype(np.int64), device=like.device), table)

    @classmethod
    def _of_table(cls, scene: Tensor, table: Tensor) -> "Profiles":
        return cls(scene, *table[:, :, None, None].unbind(1), table)  # pyright: ignore[reportCallIssue]

    def __getitem__(self, rows: Tensor | slice) -> "Profiles":
        """The profiles of some rows."""
        return self._of_table(self.scene[rows], self.table[rows])

    def to(self, like: Tensor) -> "Profiles":
        """The same profiles in the type of `like`."""
        return self._of_table(self.scene, self.table.to(like))

    def __len__(self) -> int:
        return len(self.scene)


NUMBERS = tuple(field.name for field in fields(Profiles) if field.name not in ("scene", "table"))


def brightness(profiles: Profiles, x: Tensor, y: Tensor, pixel: float = 0.0) -> Tensor:
    """Surface brightness of each profile at points, flux per square arcsec, shape (profiles, height, width).

    Sersic: peak exp(-b (R / R_e)^(1 / n)) with R^2 = q x^2 + y^2 / q in the frame of the major axis; Sersic (1963);
    Graham & Driver (2005), PASA 22, 118, eq. 1. Ring: peak exp(-(R / R_ring - 1)^2 / (2 n^2)).

    Arguments:
        x, y: arcsec, shapes that broadcast to (profiles, height, width).
        pixel: side of the pixels that the points stand for, arcsec. Modulation finer than that is averaged out.
    """
    dx, dy = x - profiles.x, y - profiles.y
    return brightness_at(profiles, dx, dy, squared_radius(profiles, dx, dy), pixel)


def brightness_at(profiles: Profiles, dx: Tensor, dy: Tensor, radius_2: Tensor, pixel: float) -> Tensor:
    """Surface brightness at offsets from the centre whose `squared_radius` is known."""
    log_radius_2 = radius_2.log()
    light = (log_radius_2 * (0.5 / profiles.n)).exp_().mul_(-profiles.b)  # faster than a power
    light = light.clamp_min_(DARK).exp_().mul_(profiles.peak)
    rings = profiles.ring.flatten().nonzero().flatten()
    if len(rings):
        light[rings] = _ring(profiles[rings], radius_2[rings])
    spirals = profiles.arms.flatten().nonzero().flatten()
    if len(spirals) == len(profiles):
        return light.mul_(_modulation(profiles, dx, dy, log_radius_2, pixel))
    if len(spirals):
        light[spirals] *= _modulation(profiles[spirals], dx[spirals], dy[spirals], log_radius_2[spirals], pixel)
    return light


def squared_radius(profiles: Profiles, dx: Tensor, dy: Tensor) -> Tensor:
    """Square of the elliptical radius, over that of R: xx dx^2 + xy dx dy + yy dy^2 at offsets from the centre.

    Rounding can make it negative along the crest of a line as thin as a satellite's trail; it is 0 there.
    """
    return torch.addcmul(profiles.yy * dy * dy, profiles.xx * dx + profiles.xy * dy, dx).clamp_min_(0)


def modulation(profiles: Profiles, dx: Tensor, dy: Tensor, radius_2: Tensor, pixel: float) -> Tensor:
    """Factor 1 + contrast cos(...) of spiral arms, its mean 1; it fades where a pixel holds many of its waves.

    1 + contrast exp(-fineness pixel^2 / r^2) cos(arms (azimuth - winding ln r) - phase) with r = R / R_e: logarithmic
    spirals. The azimuth is that in the disc's own plane: of (sqrt(q) x, y / sqrt(q)).
    """
    return _modulation(profiles, dx, dy, radius_2.log(), pixel)


def _modulation(profiles: Profiles, dx: Tensor, dy: Tensor, log_radius_2: Tensor, pixel: float) -> Tensor:
    """As `modulation`, of ln r^2, in place wherever that is new: it is the most expensive part of a spiral."""
    log_radius_2 = log_radius_2.clamp_min(INNERMOST)
    major = profiles.major_x * dx + profiles.major_y * dy
    wave = torch.atan2(profiles.minor_x * dx + profiles.minor_y * dy, major)
    wave.addcmul_(log_radius_2, -0.5 * profiles.winding).mul_(profiles.arms).sub_(profiles.phase).cos_()
    # the mean of a wave over a pixel, to the second order in pixel over wavelength
    fading = log_radius_2.neg_().exp_().mul_(-profiles.fineness * pixel**2).exp_()
    return wave.mul_(fading).mul_(profiles.contrast).add_(1)


def _ring(profiles: Profiles, radius_2: Tensor) -> Tensor:
    """Brightness of a ring, a Gaussian in radius: peak exp(-(r - 1)^2 / (2 ring^2))."""
    exponent = -0.5 * ((radius_2.sqrt() - 1) / profiles.ring) ** 2
    return profiles.peak * exponent.clamp_min_(DARK).exp_()
