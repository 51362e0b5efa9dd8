"""Hosts: the massive galaxies that lens, or might have.

Deflectors follow the velocity-dispersion function of early-type galaxies (Choi, Park & Vogeley 2007) weighted with
their cross-section, as in Collett (2015); their light follows their mass in size, axis ratio and angle.

A host is drawn in the same way whether it will be a lens or not. Every difference between the two classes that is not
an arc would be learnt instead of the arcs.
"""

from typing import NamedTuple

import numpy as np

from ..draws import ClippedNormal
from ..rays.scene import Lens
from .cosmology import ARCSEC, comoving_distance, comoving_volume, distance_ratio, isothermal_radius
from .galaxy import Galaxy
from .population import Population

__all__ = ["Host", "Mass", "deflector", "draw_host", "draw_redshifts", "host_of"]

SIGMA_STAR, ALPHA, BETA = 161.0, 2.32, 2.67
"""Velocity dispersions of early types, sigma* in km/s: Choi, Park & Vogeley (2007), ApJ 658, 884."""

CROSS_SECTION = 4
"""Power of the velocity dispersion in the cross-section of an isothermal sphere, pi theta_E^2."""

THETA_E = (0.3, 3.0)
"""Einstein radii, arcsec. Chosen: smaller ones are not resolved, larger ones leave the frame."""

NEARBY, NEARBY_Z, DISTANT_Z = 0.25, (0.05, 0.4), (0.1, 1.5)
"""Share and redshifts of the nearby lenses, and redshifts of the others. Chosen: the comoving volume alone would leave
few of the near and large galaxies that surveys show most of."""

SOURCE_Z, SOURCE_Z_SHAPE, SOURCE_Z_SCALE = 0.3, 3.5, 0.45
"""Redshifts of sources, 0.3 + Gamma(3.5, 0.45). Chosen to peak at 1.4 and to reach 4."""

BEHIND = 0.2  # by so much the redshift of a source is larger than that of its lens, at least; chosen
EXCESS_SCATTER = 0.08  # dex in theta_E; chosen: the dark halo does not follow the stars exactly

SIGMA_PIVOT, R_AT_PIVOT, R_BY_SIGMA, R_BY_REDSHIFT, R_SCATTER = 220.0, 6.5, 1.3, -0.8, 0.17
"""Sizes of hosts: kpc at a velocity dispersion (km/s) and z = 0, powers of sigma_v and 1 + z, dex. Chosen to be like
those of massive early types, which are larger the heavier and the later they are; no paper's fit."""

R_RANGE = (0.15, 3.5)
"""Half-light radii, arcsec. Chosen: smaller ones are stars to most telescopes, larger ones fill the frame."""

FADING, FADING_PIVOT = -0.4, 0.8
"""Power of the mean surface brightness in R, and the radius (arcsec) at which it is the one that is drawn. Chosen to be
weaker than that of ellipticals, which Kormendy (1977), ApJ 218, 333 found, as the brightness is drawn over a wide range
already."""

LIGHT_Q = ClippedNormal(0.78, 0.13, low=0.35, high=1.0)
"""Axis ratio of the light. Chosen: round for the most part, as massive early types are."""

OFFSETS = {0.04: 0.5, 0.12: 0.42, 0.4: 0.08}
"""Distance from the middle of the frame, arcsec along either axis, with its frequency. Chosen: catalogues centre most
cutouts to half a pixel, and some on something else."""

MASS_Q_SCATTER, MASS_Q_RANGE, MASS_PHI_SCATTER = 0.1, (0.4, 0.99), 0.15
"""By how much axis ratio and angle (radians) of the mass differ from those of the light. Chosen."""

SHEAR, LARGEST_SHEAR = 0.035, 0.15
"""Scale of the Rayleigh distribution of the external shear, and its end. Chosen, as wide as lenses are found to be or
a little wider."""

SLOPE = ClippedNormal(1.0, 0.1, low=0.75, high=1.3)
"""Slope of the convergence; 1 is isothermal. Chosen, as wide as lenses are found to be or a little wider."""


class Host(NamedTuple):
    """A massive galaxy: mass, light and line of sight. Lengths in arcsec, angles in radians, sigma_v in km/s.

    Its place is that of its light. Mass and shear are what `rays.scene.Lens` says of them.
    """

    sigma_v: float
    z_l: float
    z_s: float
    theta_E: float
    q: float
    phi: float
    slope: float
    gamma_1: float
    gamma_2: float
    light: Galaxy


class Mass(NamedTuple):
    """Velocity dispersion (km/s), redshifts and Einstein radius (arcsec) of a lens."""

    sigma_v: float
    z_l: float
    z_s: float
    theta_E: float


def draw_redshifts(rng: np.random.Generator) -> tuple[float, float]:
    """Lens and source redshifts.

    p(z_l, z_s) ~ p(z_s) (D_ls / D_s)^2 dV / dz_l: lenses by the comoving volume, pairs by the cross-section of an
    isothermal sphere, pi theta_E^2, as in Collett (2015), ApJ 811, 20. A quarter of the lenses are nearby and even in
    redshift instead.
    """
    nearby = rng.random() < NEARBY
    while True:
        z_s = SOURCE_Z + rng.gamma(SOURCE_Z_SHAPE, SOURCE_Z_SCALE)
        z_l = rng.uniform(*(NEARBY_Z if nearby else DISTANT_Z))
        volume = 1.0 if nearby else comoving_volume(z_l) / comoving_volume(DISTANT_Z[1])
        weight = max(0.0, distance_ratio(z_l, z_s)) ** 2 * volume
        if rng.random() < weight and z_s > z_l + BEHIND:
            return z_l, z_s


def draw_velocity_dispersion(rng: np.random.Generator) -> float:
    """Velocity dispersion of a lens, km/s.

    The modified Schechter function of Choi, Park & Vogeley (2007), ApJ 658, 884,

        dn / dsigma ~ (sigma / sigma*)^alpha exp(-(sigma / sigma*)^beta) / sigma,

    weighted with sigma^4, the cross-section, as in Collett (2015), ApJ 811, 20; (sigma / sigma*)^beta then has a gamma
    distribution of shape (alpha + 4) / beta.
    """
    return float(SIGMA_STAR * rng.gamma((ALPHA + CROSS_SECTION) / BETA) ** (1 / BETA))


def draw_mass(rng: np.random.Generator) -> Mass:
    """A lens whose Einstein radius, that of an isothermal sphere with EXCESS_SCATTER, lies in THETA_E."""
    while True:
        sigma_v = draw_velocity_dispersion(rng)
        z_l, z_s = draw_redshifts(rng)
        theta_E = isothermal_radius(sigma_v, z_l, z_s)
        theta_E *= 10 ** (rng.normal(0, EXCESS_SCATTER))
        if THETA_E[0] < theta_E < THETA_E[1]:
            return Mass(sigma_v, z_l, z_s, float(theta_E))


def draw_light_radius(rng: np.random.Generator, mass: Mass) -> float:
    """Half-light radius of a host, arcsec: R_e = 6.5 kpc (sigma_v / 220 km/s)^1.3 (1 + z_l)^-0.8, scattered."""
    scatter = 10 ** rng.normal(0, R_SCATTER)
    R_kpc = R_AT_PIVOT * (mass.sigma_v / SIGMA_PIVOT) ** R_BY_SIGMA * (1 + mass.z_l) ** R_BY_REDSHIFT * scatter
    kpc = comoving_distance(mass.z_l) / (1 + mass.z_l) * 1e3 / ARCSEC  # kpc per arcsec
    return float(np.clip(R_kpc / kpc, *R_RANGE))


def draw_light(rng: np.random.Generator, population: Population, mass: Mass) -> Galaxy:
    """The light of a host.

    The mean surface brightness within R_e is even in the logarithm over the population's range at R_e = 0.8" and falls
    as R_e^-0.4.
    """
    R = draw_light_radius(rng, mass)
    low, high = np.log(population.brightness)
    brightness = np.exp(rng.uniform(low, high)) * (R / FADING_PIVOT) ** FADING
    q = LIGHT_Q.draw(rng)
    x, y = rng.choice(list(OFFSETS), p=list(OFFSETS.values())) * rng.normal(size=2)
    flux = brightness * 2 * np.pi * R**2 / population.frame.pixel_area
    return Galaxy(flux, R, float(x), float(y), q, rng.uniform(0, np.pi))


def draw_host(rng: np.random.Generator, population: Population) -> Host:
    """A massive galaxy, whether or not anything lies behind it.

    >>> from .population import TRAINING
    >>> host = draw_host(np.random.default_rng(1), TRAINING)
    >>> 0.3 < host.theta_E < 3.0
    True
    """
    return host_of(rng, population, draw_mass(rng))


def host_of(rng: np.random.Generator, population: Population, mass: Mass) -> Host:
    """A galaxy of this mass, which scatters about its light."""
    light = draw_light(rng, population, mass)
    q = float(np.clip(light.q + rng.normal(0, MASS_Q_SCATTER), *MASS_Q_RANGE))
    shear, angle = min(rng.rayleigh(SHEAR), LARGEST_SHEAR), rng.uniform(0, np.pi)
    return Host(
        *mass,
        q=q,
        phi=light.phi + rng.normal(0, MASS_PHI_SCATTER),
        slope=SLOPE.draw(rng),
        gamma_1=shear * np.cos(2 * angle),
        gamma_2=shear * np.sin(2 * angle),
        light=light,
    )


def deflector(host: Host) -> Lens:
    """The mass of the host."""
    return Lens(
        theta_E=host.theta_E,
        q=host.q,
        phi=host.phi,
        slope=host.slope,
        x=host.light.x,
        y=host.light.y,
        gamma_1=host.gamma_1,
        gamma_2=host.gamma_2,
    )
