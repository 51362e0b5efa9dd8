"""Subhalos.

Clumps of dark matter inside the halo of a lens: how many, how heavy and where, and how they deflect light, as point
masses or as truncated NFW profiles. Masses in solar masses, lengths in arcsec.
"""

import functools
from dataclasses import dataclass, replace

import numpy as np
import torch
from caustics.lenses import func
from torch import Tensor

from .cosmology import comoving_distance

__all__ = ["SUBHALO", "Z_LENS", "Z_SOURCE", "MassFunction", "deflection", "draw_subhalos", "einstein_radius"]

Z_LENS, Z_SOURCE = 0.5, 1.0

SUBHALO = np.dtype(
    [
        ("mass", "f8"),  # total, solar masses
        ("theta_E", "f8"),  # Einstein radius of a point of that mass, arcsec
        ("x", "f8"),
        ("y", "f8"),
        ("r_s", "f8"),  # scale radius of the truncated NFW profile, arcsec; 0: a point
    ]
)

TRUNCATION = 5.0
"""Truncation over scale radius: what is left of a halo of 1e9 solar masses some 50 kpc from its host's centre."""

SCALE_RADIUS, SCALE_SLOPE = 1.6, 0.41
"""Scale radius in kpc at 1e9 solar masses, and its power of the mass: concentration 11 at z = 0.5, falling slowly."""

SOLAR_MASS = 1.914166e-19  # 4 G M / c^2 of the sun, Mpc
AT_ONCE = 200_000  # pairs of halo and position, so that they stay in a core's cache
NEAREST = 1e-9  # arcsec; no ray hits a point


@dataclass(frozen=True)
class MassFunction:
    """How subhalos are drawn: dN/dm ~ m^slope from `lightest` to `heaviest`, their number Poisson.

    Arguments:
        mean_number: of subhalos in the field.
        slope: of the differential mass function.
        lightest, heaviest: solar masses.
        extended: truncated NFW profiles; else points.
        nearest, farthest: distance from the frame's centre, arcsec.
        surface_power: density in the radius, dN/dr ~ r^surface_power; 1 is even on the sky, 0 even in the radius.
    """

    mean_number: float
    slope: float
    lightest: float = 1e6
    heaviest: float = 1e10
    extended: bool = False
    nearest: float = 0.0
    farthest: float = 2.0
    surface_power: float = 1.0

    @property
    def mean_mass(self) -> float:
        """Mean mass of one subhalo, solar masses."""
        return self._moment(self.slope + 1) / self._moment(self.slope)

    def of_mass(self, mass: float) -> "MassFunction":
        """The same law with as many subhalos as make up this mass on average, solar masses."""
        return replace(self, mean_number=mass / self.mean_mass)

    def _moment(self, power: float) -> float:
        return (self.heaviest ** (power + 1) - self.lightest ** (power + 1)) / (power + 1)


@functools.cache
def distances() -> tuple[float, float]:
    """Angular-diameter distance of the lens in kpc, and square of the Einstein radius (arcsec) of one solar mass."""
    lens, source = comoving_distance(Z_LENS), comoving_distance(Z_SOURCE)
    square = SOLAR_MASS * (source - lens) * (1 + Z_LENS) / (lens * source)
    return 1e3 * lens / (1 + Z_LENS), square * np.degrees(3600) ** 2


def einstein_radius(mass: np.ndarray | float) -> np.ndarray | float:
    """Einstein radius of a point of that mass between Z_LENS and Z_SOURCE, arcsec.

        theta_E^2 = 4 G M / c^2 D_ls / (D_l D_s)

    >>> round(float(einstein_radius(1e10)), 3)
    0.166
    """
    return np.sqrt(np.asarray(mass) * distances()[1])


def scale_radius(mass: np.ndarray) -> np.ndarray:
    """Scale radius of the truncated NFW profile of a subhalo, arcsec.

    SCALE_RADIUS kpc (mass / 10^9 solar masses)^SCALE_SLOPE
    """
    kpc = SCALE_RADIUS * (mass / 1e9) ** SCALE_SLOPE
    return np.degrees(kpc / distances()[0]) * 3600


def draw_subhalos(rng: np.random.Generator, population: MassFunction) -> np.ndarray:
    """A table of dtype SUBHALO, heaviest first; at least one."""
    count = max(1, rng.poisson(population.mean_number))
    halos = np.zeros(count, SUBHALO)
    limits = (population.lightest, population.heaviest)
    halos["mass"] = np.sort(power_law(rng.random(count), population.slope, *limits))[::-1]
    halos["theta_E"] = einstein_radius(halos["mass"])
    radius = power_law(rng.random(count), population.surface_power, population.nearest, population.farthest)
    angle = rng.uniform(0, 2 * np.pi, count)
    halos["x"], halos["y"] = radius * np.cos(angle), radius * np.sin(angle)
    if population.extended:
        halos["r_s"] = scale_radius(halos["mass"])
    return halos


def power_law(u: np.ndarray, slope: float, low: float, high: float) -> np.ndarray:
    """Quantiles u of the density x^slope between low and high; slope is not -1.

        x = (low^p + (high^p - low^p) u)^(1 / p) with p = slope + 1

    >>> power_law(np.array([0.0, 0.5, 1.0]), 0.0, 2.0, 4.0)
    array([2., 3., 4.])
    """
    power = slope + 1
    return (low**power + (high**power - low**power) * u) ** (1 / power)


def deflection(halos: np.ndarray, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Deflection angle of all subhalos of one lens together, arcsec.

    Arguments:
        halos: dtype SUBHALO.
        x, y: positions, arcsec, shapes that broadcast to each other.
    """
    shape = torch.broadcast_shapes(x.shape, y.shape)
    alpha_x, alpha_y = x.new_zeros(shape), x.new_zeros(shape)
    step = max(1, AT_ONCE // max(1, alpha_x.numel()))
    for kind, mass_within in ((halos["r_s"] == 0, _point_mass), (halos["r_s"] > 0, _truncated_nfw_mass)):
        for start in range(0, int(kind.sum()), step):
            chunk = halos[kind][start : start + step]
            dx, dy, radius_2 = _offsets(chunk, x, y)
            weight = mass_within(chunk, radius_2) / radius_2
            alpha_x += (weight * dx).sum(0)
            alpha_y += (weight * dy).sum(0)
    return alpha_x, alpha_y


def _offsets(halos: np.ndarray, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    dx, dy = x - _column(halos["x"], x, x.ndim), y - _column(halos["y"], y, y.ndim)
    return dx, dy, torch.clamp_min(dx * dx + dy * dy, NEAREST**2)


def _point_mass(halos: np.ndarray, radius_2: Tensor) -> Tensor:
    """All of the mass, as the square of its Einstein radius."""
    return _column(halos["theta_E"] ** 2, radius_2, radius_2.ndim - 1)


def _truncated_nfw_mass(halos: np.ndarray, radius_2: Tensor) -> Tensor:
    """Projected mass within a radius, as the square of the Einstein radius of a point of that mass.

    Source: Baltz, Marshall & Oguri (2009), JCAP 01, 015, equation A.11.
    """
    r_s, theta_E_2 = (_column(values, radius_2, radius_2.ndim - 1) for values in (halos["r_s"], halos["theta_E"] ** 2))
    tau = radius_2.new_tensor(TRUNCATION)
    return func.mass_enclosed_2d_tnfw(radius_2.sqrt(), r_s, tau, theta_E_2 * func.M0_totmass_tnfw(1.0, tau))


def _column(values: np.ndarray, like: Tensor, ndim: int) -> Tensor:
    """One number a halo, before positions of that many dimensions."""
    return torch.as_tensor(values.copy()).to(like).view(-1, *[1] * ndim)
