"""Populations.

The galaxies that lens, the galaxies behind them and those around. Deflectors follow the velocity-dispersion function of
early-type galaxies (Choi, Park & Vogeley 2007) weighted with their cross-section, as in Collett (2015); their light
follows their mass in size, axis ratio and angle. Brightness is drawn as surface brightness over sky noise, so that a
population covers shallow and deep surveys alike: all fluxes are in units of the sky noise of one pixel.

A host is drawn in the same way whether it will be a lens or not. Every difference between the two classes that is not
an arc would be learnt instead of the arcs.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import numpy as np
from astropy.cosmology import FlatLambdaCDM

from ..frame import FINDING
from ..rays.scene import POINT, Lens, Profile
from . import galaxy as morphology
from .galaxy import Galaxy, Morphology

__all__ = [
    "FRAME",
    "SHIFTED",
    "TRAINING",
    "Host",
    "Population",
    "SourceGalaxy",
    "choose",
    "comoving_distance",
    "deflector",
    "draw_field",
    "draw_host",
    "draw_source",
]

FRAME = FINDING

SIGMA_STAR, ALPHA, BETA = 161.0, 2.32, 2.67
"""Velocity dispersions of early types, sigma* in km/s: Choi, Park & Vogeley (2007), ApJ 658, 884."""

THETA_E = (0.3, 3.0)
"""Einstein radii, arcsec. Chosen: smaller ones are not resolved, larger ones leave the frame."""

HUBBLE_CONSTANT, OMEGA_MATTER = 70.0, 0.3  # km/s/Mpc; those of Collett (2015), ApJ 811, 20

NEARBY, NEARBY_Z, DISTANT_Z = 0.25, (0.05, 0.4), (0.1, 1.5)
"""Share and redshifts of the nearby lenses, and redshifts of the others. Chosen: the comoving volume alone would leave
few of the near and large galaxies that surveys show most of."""

EXCESS_SCATTER = 0.08  # dex in theta_E; chosen: the dark halo does not follow the stars exactly

R_AT_220, R_BY_SIGMA, R_BY_REDSHIFT, R_SCATTER = 6.5, 1.3, -0.8, 0.17
"""Sizes of hosts: kpc at 220 km/s and z = 0, powers of sigma_v and 1 + z, dex. Chosen to be like those of massive
early types, which are larger the heavier and the later they are; no paper's fit."""

FADING = -0.4
"""Power of the surface brightness in R. Chosen at half of what Kormendy (1977), ApJ 218, 333 found of ellipticals, as
the brightness is drawn over a wide range already."""

COUNTS, STAR_COUNTS = 0.3, 0.24
"""d log N / d magnitude of field galaxies and of stars. Chosen: what deep counts of galaxies show at 22 to 26 mag;
flatter for stars."""

MAGNITUDE = 2.5  # a power of the flux is so many times a slope per magnitude

LIGHT_SPEED = 299792.458  # km/s
ARCSEC = 206264.806  # per radian

T = TypeVar("T")


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


class SourceGalaxy(NamedTuple):
    """The galaxy behind a lens: centre and half-light radius in the source plane (arcsec), its kind and profiles."""

    x: float
    y: float
    R: float
    kind: str
    profiles: list[Profile]


@dataclass(frozen=True)
class Population:
    """What varies between the populations that networks learn from and those they are judged on.

    Arguments:
        hosts: morphologies of the lens galaxies, with their frequencies.
        sources: morphologies of the sources, with their frequencies.
        neighbours: morphologies of the field galaxies, with their frequencies.
        brightness: range of the host's mean surface brightness within R_e, in sky noise per pixel.
        source_R: median half-light radius of the sources, arcsec, and its scatter in dex.
        companions: mean number of field galaxies in the frame.
        stars: mean number of stars in the frame.
        aligned: share of the sources within a quarter of an Einstein radius of the centre: what makes rings.
    """

    hosts: dict[Morphology, float]
    sources: dict[Morphology, float]
    neighbours: dict[Morphology, float]
    brightness: tuple[float, float]
    source_R: tuple[float, float]
    companions: float
    stars: float
    aligned: float = 0.25


TRAINING = Population(
    hosts={
        morphology.ELLIPTICAL: 0.6,
        morphology.LENTICULAR: 0.2,
        morphology.SHELLS: 0.06,
        morphology.SMOOTH_DISC: 0.04,
        morphology.GRAND_DESIGN: 0.04,
        morphology.DUSTY: 0.04,
        morphology.EDGE_ON: 0.02,
    },
    sources={
        morphology.SMOOTH_DISC: 0.2,
        morphology.CLUMPY: 0.26,
        morphology.COMPACT: 0.14,
        morphology.GRAND_DESIGN: 0.1,
        morphology.FLOCCULENT: 0.08,
        morphology.IRREGULAR: 0.08,
        morphology.MERGER: 0.08,
        morphology.ELLIPTICAL: 0.06,
    },
    neighbours={
        morphology.SMOOTH_DISC: 0.5,
        morphology.COMPACT: 0.25,
        morphology.ELLIPTICAL: 0.15,
        morphology.CLUMPY: 0.1,
    },
    brightness=(2.5, 120.0),
    source_R=(0.13, 0.22),
    companions=2.5,
    stars=0.12,
)
SHIFTED = Population(
    hosts={morphology.ELLIPTICAL: 0.4, morphology.LENTICULAR: 0.35, morphology.SHELLS: 0.15, morphology.BARRED: 0.1},
    sources={
        morphology.BARRED: 0.25,
        morphology.RINGED: 0.15,
        morphology.EDGE_ON: 0.15,
        morphology.IRREGULAR: 0.2,
        morphology.LENTICULAR: 0.15,
        morphology.MERGER: 0.1,
    },
    neighbours={morphology.EDGE_ON: 0.3, morphology.LENTICULAR: 0.4, morphology.IRREGULAR: 0.3},
    brightness=(4.0, 80.0),
    source_R=(0.16, 0.18),
    companions=4.0,
    stars=0.25,
)


class Cosmology(NamedTuple):
    """A flat LCDM universe, tabulated over redshift."""

    z: np.ndarray
    distance: np.ndarray  # comoving, Mpc
    volume: np.ndarray  # comoving, Mpc^3 per steradian and unit redshift


@functools.cache
def cosmology() -> Cosmology:
    """H0 70 and Omega_m 0.3, in steps of 0.01 up to z = 8."""
    model: Any = FlatLambdaCDM(HUBBLE_CONSTANT, OMEGA_MATTER)  # pyright: ignore[reportCallIssue]  (a hidden signature)
    z = np.linspace(0, 8, 801)
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


def geometry(z_l: float, z_s: float) -> float:
    """D_ls / D_s in angular-diameter distances, which in a flat universe is 1 - chi_l / chi_s in comoving ones."""
    return 1 - comoving_distance(z_l) / comoving_distance(z_s)


def choose(rng: np.random.Generator, frequencies: Mapping[T, float]) -> T:
    """One of the keys, drawn with its frequency; they need not add up to one.

    >>> choose(np.random.default_rng(1), {"spiral": 0.0, "elliptical": 2.0})
    'elliptical'
    """
    weights = np.cumsum(list(frequencies.values()))
    return list(frequencies)[int(np.searchsorted(weights, rng.random() * weights[-1], side="right"))]


def draw_redshifts(rng: np.random.Generator) -> tuple[float, float]:
    """Lens and source redshifts.

    p(z_l, z_s) ~ p(z_s) (D_ls / D_s)^2 dV / dz_l: lenses by the comoving volume, pairs by the cross-section of an
    isothermal sphere, pi theta_E^2, as in Collett (2015), ApJ 811, 20. A quarter of the lenses are nearby and even in
    redshift instead. Sources: z_s = 0.3 + Gamma(3.5, 0.45), chosen to peak at 1.4 and to reach 4.
    """
    nearby = rng.random() < NEARBY
    while True:
        z_s = 0.3 + rng.gamma(3.5, 0.45)
        z_l = rng.uniform(*(NEARBY_Z if nearby else DISTANT_Z))
        volume = 1.0 if nearby else comoving_volume(z_l) / comoving_volume(DISTANT_Z[1])
        weight = max(0.0, geometry(z_l, z_s)) ** 2 * volume
        if rng.random() < weight and z_s > z_l + 0.2:
            return z_l, z_s


class Mass(NamedTuple):
    """Velocity dispersion (km/s), redshifts and Einstein radius (arcsec) of a lens."""

    sigma_v: float
    z_l: float
    z_s: float
    theta_E: float


def draw_mass(rng: np.random.Generator) -> Mass:
    """A lens whose Einstein radius lies in THETA_E.

    Velocity dispersions follow the modified Schechter function of Choi, Park & Vogeley (2007), ApJ 658, 884,

        dn / dsigma ~ (sigma / sigma*)^alpha exp(-(sigma / sigma*)^beta) / sigma,

    weighted with sigma^4, the cross-section, as in Collett (2015), ApJ 811, 20; (sigma / sigma*)^beta then has a gamma
    distribution of shape (alpha + 4) / beta. Einstein radii are those of isothermal spheres with EXCESS_SCATTER,

        theta_E = 4 pi (sigma_v / c)^2 D_ls / D_s.
    """
    while True:
        sigma_v = SIGMA_STAR * rng.gamma((ALPHA + 4) / BETA) ** (1 / BETA)
        z_l, z_s = draw_redshifts(rng)
        theta_E = 4 * np.pi * (sigma_v / LIGHT_SPEED) ** 2 * geometry(z_l, z_s) * ARCSEC
        theta_E *= 10 ** (rng.normal(0, EXCESS_SCATTER))
        if THETA_E[0] < theta_E < THETA_E[1]:
            return Mass(float(sigma_v), z_l, z_s, float(theta_E))


def draw_light(rng: np.random.Generator, population: Population, mass: Mass) -> Galaxy:
    """The light of a host.

    R_e = 6.5 kpc (sigma_v / 220 km/s)^1.3 (1 + z_l)^-0.8 with 0.17 dex of scatter; the mean surface brightness within
    it is even in the logarithm over the population's range at R_e = 0.8" and falls as R_e^-0.4. Half of the places lie
    0.04" from the middle of the frame, one in twelve 0.4".
    """
    scatter = 10 ** rng.normal(0, R_SCATTER)
    R_kpc = R_AT_220 * (mass.sigma_v / 220) ** R_BY_SIGMA * (1 + mass.z_l) ** R_BY_REDSHIFT * scatter
    kpc = comoving_distance(mass.z_l) / (1 + mass.z_l) * 1e3 / ARCSEC  # kpc per arcsec
    R = float(np.clip(R_kpc / kpc, 0.15, 3.5))
    low, high = np.log(population.brightness)
    brightness = np.exp(rng.uniform(low, high)) * (R / 0.8) ** FADING
    q = float(np.clip(rng.normal(0.78, 0.13), 0.35, 1.0))
    x, y = rng.choice([0.04, 0.12, 0.4], p=[0.5, 0.42, 0.08]) * rng.normal(size=2)
    flux = brightness * 2 * np.pi * R**2 / FRAME.pixel_area
    return Galaxy(flux, R, float(x), float(y), q, rng.uniform(0, np.pi))


def draw_host(rng: np.random.Generator, population: Population) -> Host:
    """A massive galaxy, whether or not anything lies behind it.

    Axis ratio and angle of the mass scatter about those of the light by 0.1 and 0.15 rad. The slope is N(1, 0.1), the
    shear Rayleigh 0.035: both chosen, as wide as lenses are found to be or a little wider.

    >>> host = draw_host(np.random.default_rng(1), TRAINING)
    >>> 0.3 < host.theta_E < 3.0
    True
    """
    mass = draw_mass(rng)
    light = draw_light(rng, population, mass)
    q = float(np.clip(light.q + rng.normal(0, 0.1), 0.4, 0.99))
    shear, angle = min(rng.rayleigh(0.035), 0.15), rng.uniform(0, np.pi)
    return Host(
        *mass,
        q=q,
        phi=light.phi + rng.normal(0, 0.15),
        slope=float(np.clip(rng.normal(1, 0.1), 0.75, 1.3)),
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


def source_plane(host: Host, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where rays land if the host is isothermal, relative to its centre.

    In the frame of the major axis, with f = sqrt(1 - q^2) and psi = sqrt(q^2 u^2 + v^2), the deflection is
    theta_E sqrt(q) / f (arctan(f u / psi), artanh(f v / psi)): Kormann, Schneider & Bartelmann (1994), A&A 284, 285,
    in the coordinates of `rays.scene`. The shear adds (gamma_1 x + gamma_2 y, gamma_2 x - gamma_1 y).
    """
    c, s, q = np.cos(host.phi), np.sin(host.phi), min(host.q, 0.999)
    u, v, f = c * x + s * y, c * y - s * x, np.sqrt(1 - q**2)
    psi = np.sqrt(q**2 * u**2 + v**2) + 1e-9
    scale = host.theta_E * np.sqrt(q) / f
    a, b = scale * np.arctan(f * u / psi), scale * np.arctanh(f * v / (psi + 1e-9))
    beta_x = x - (c * a - s * b) - host.gamma_1 * x - host.gamma_2 * y
    return beta_x, y - (s * a + c * b) - host.gamma_2 * x + host.gamma_1 * y


@functools.cache
def polar_rays() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A polar grid of rays: x, y and area, in Einstein radii, out to three of them."""
    radii = (np.arange(36) + 0.5) / 12
    thetas = (np.arange(48) + 0.5) * (2 * np.pi / 48)
    x, y = radii[:, None] * np.cos(thetas), radii[:, None] * np.sin(thetas)
    return x, y, np.broadcast_to(radii[:, None] * (2 * np.pi / 48) / 12, x.shape)


def magnification(host: Host, x: float, y: float, R: float) -> float:
    """Rough magnification of a Gaussian source; the exact one is measured on the pixels.

    The integral of its light over the image plane for unit flux, on `polar_rays`; 1.18 sigma hold half of the light.
    """
    u, v, area = polar_rays()
    beta_x, beta_y = source_plane(host, host.theta_E * u, host.theta_E * v)
    variance = (R / 1.18) ** 2 + (0.03 * host.theta_E) ** 2
    light = np.exp(-0.5 * ((beta_x - x) ** 2 + (beta_y - y) ** 2) / variance)
    return float((light * area).sum() * host.theta_E**2 / (2 * np.pi * variance))


def draw_position(rng: np.random.Generator, host: Host, R: float, aligned: float) -> tuple[float, float]:
    """A place behind the host, relative to it, magnified twice or more; a share `aligned` near the centre."""
    reach = host.theta_E * (0.25 if rng.random() < aligned else 1.0)
    while True:
        radius, theta = reach * np.sqrt(rng.random()), rng.uniform(0, 2 * np.pi)
        x, y = float(radius * np.cos(theta)), float(radius * np.sin(theta))
        if magnification(host, x, y, R) > 2.0:
            return x, y
        reach *= 0.95  # a source too large to be magnified where it lies moves inwards


def draw_size(rng: np.random.Generator, population: Population, host: Host) -> float:
    """Half-light radius of a source, arcsec; at most about half the Einstein radius, or there would be no arcs."""
    median, scatter = population.source_R
    return float(np.clip(median * 10 ** rng.normal(0, scatter), 0.025, min(0.5, 0.45 * host.theta_E)))


def draw_source(rng: np.random.Generator, population: Population, host: Host) -> SourceGalaxy:
    """A galaxy behind the host, of unit flux; the survey sets its brightness."""
    R = draw_size(rng, population, host)
    x, y = draw_position(rng, host, R, population.aligned)
    shape = choose(rng, population.sources)
    q, phi = float(np.clip(rng.normal(0.65, 0.2), 0.2, 1.0)), rng.uniform(0, np.pi)
    galaxy = Galaxy(1.0, R, host.light.x + x, host.light.y + y, q, phi, lensed=True)
    return SourceGalaxy(x, y, R, shape.name, shape.build(rng, galaxy))


def draw_flux(rng: np.random.Generator) -> float:
    """Flux of a field galaxy in pixels' noise: counts N(>F) ~ F^(-2.5 COUNTS) above a signal to noise of about 4."""
    return float(min(30 * (rng.pareto(MAGNITUDE * COUNTS) + 1), 2e4))


def field_galaxy(rng: np.random.Generator, population: Population, x: float, y: float, flux: float) -> list[Profile]:
    """A galaxy at (x, y); the brighter, the larger: R = 0.16" (flux / 100)^0.22 with 0.18 dex of scatter, chosen."""
    R = float(np.clip(0.16 * (flux / 100) ** 0.22 * 10 ** rng.normal(0, 0.18), 0.04, 1.2))
    q = float(np.clip(rng.beta(3, 1.6), 0.15, 1.0))
    shape = choose(rng, population.neighbours)
    return shape.build(rng, Galaxy(flux, R, x, y, q, rng.uniform(0, np.pi)))


def draw_star_flux(rng: np.random.Generator) -> float:
    """Flux of a star in pixels' noise: as `draw_flux`, with STAR_COUNTS."""
    return min(200 * (rng.pareto(MAGNITUDE * STAR_COUNTS) + 1), 5e4)


def star(x: float, y: float, flux: float) -> Profile:
    """An unresolved star."""
    return Profile(lensed=False, profile=POINT, flux=flux, x=x, y=y, R=0.0, n=0.0, q=1.0, phi=0.0)


def draw_field(rng: np.random.Generator, population: Population) -> list[Profile]:
    """Unrelated galaxies and stars anywhere in the frame."""
    profiles: list[Profile] = []
    edge = FRAME.half_width
    for x, y in rng.uniform(-edge, edge, (rng.poisson(population.companions), 2)):
        profiles += field_galaxy(rng, population, float(x), float(y), draw_flux(rng))
    for x, y in rng.uniform(-edge, edge, (rng.poisson(population.stars), 2)):
        profiles.append(star(float(x), float(y), draw_star_flux(rng)))
    return profiles
