"""Cosmology: distances and volumes of a flat universe with a cosmological constant."""

import functools
from typing import Any, NamedTuple

import numpy as np
from astropy.cosmology import FlatLambdaCDM

__all__ = ["ARCSEC", "LIGHT_SPEED", "comoving_distance", "comoving_volume", "distance_ratio", "isothermal_radius"]

HUBBLE_CONSTANT, OMEGA_MATTER = 70.0, 0.3
"""H0 in km/s/Mpc, and the density of matter over the critical one: those of Collett (2015), ApJ 811, 20."""

LIGHT_SPEED = 299792.458  # km/s, exact
ARCSEC = 206264.806  # per radian: 180 * 3600 / pi, to the digits that the frozen images were made with

LARGEST_Z, STEP_Z = 8.0, 0.01
"""End and step of the table; sources are hardly ever farther away than z = 6."""


class Cosmology(NamedTuple):
    """A flat LCDM universe, tabulated over redshift."""

    z: np.ndarray
    distance: np.ndarray  # comoving, Mpc
    volume: np.ndarray  # comoving, Mpc^3 per steradian and unit redshift


@functools.cache
def cosmology() -> Cosmology:
    """The table of the universe of HUBBLE_CONSTANT and OMEGA_MATTER."""
    model: Any = FlatLambdaCDM(HUBBLE_CONSTANT, OMEGA_MATTER)  # pyright: ignore[reportCallIssue]  (a hidden signature)
    z = np.linspace(0, LARGEST_Z, round(LARGEST_Z / STEP_Z) + 1)
    return Cosmology(z, model.comoving_distance(z).value, model.differential_comoving_volume(z).value)


def comoving_distance(z: float) -> float:
    """Comoving distance, Mpc.

    >>> round(comoving_distance(1.0))
    3304
    """
    return float(np.interp(z, cosmology().z, cosmology().distance))


def comoving_volume(z: float) -> float:
    """Comoving volume, Mpc^3 per steradian and unit redshift."""
    return float(np.interp(z, cosmology().z, cosmology().volume))


def distance_ratio(z_l: float, z_s: float) -> float:
    """D_ls / D_s in angular-diameter distances, which in a flat universe is 1 - chi_l / chi_s in comoving ones.

    >>> round(distance_ratio(0.5, 1.0), 2)
    0.43
    """
    return 1 - comoving_distance(z_l) / comoving_distance(z_s)


def isothermal_radius(sigma_v: float, z_l: float, z_s: float) -> float:
    """Einstein radius of a singular isothermal sphere, arcsec.

        theta_E = 4 pi (sigma_v / c)^2 D_ls / D_s

    Arguments:
        sigma_v: velocity dispersion, km/s.
        z_l, z_s: redshifts of lens and source.

    >>> round(isothermal_radius(220.0, 0.5, 1.0), 2)
    0.6
    """
    return 4 * np.pi * (sigma_v / LIGHT_SPEED) ** 2 * distance_ratio(z_l, z_s) * ARCSEC
