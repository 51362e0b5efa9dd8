"""Populations.

The galaxies that lens, the galaxies behind them and those around. Deflectors follow the velocity-dispersion function of
early-type galaxies (Choi, Park & Vogeley 2007) weighted with their cross-section, as in Collett (2015); their light
follows their mass in size, axis ratio and angle. Brightness is drawn as surface brightness over sky noise, so that a
population covers shallow and deep surveys alike: all fluxes are in units of the sky noise of one pixel.

A host is drawn in the same way whether it will be a lens or not. Every difference between the two classes that is not
an arc would be learnt instead of the arcs.
"""

import functools
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from astropy.cosmology import FlatLambdaCDM

from . import galaxy as morphology
from .galaxy import POINT, Galaxy, Morphology, Profile

__all__ = ["SHIFTED", "TRAINING", "Host", "Population", "Source", "draw_field", "draw_host", "draw_source"]

SIGMA_STAR, ALPHA, BETA = 161.0, 2.32, 2.67  # km/s; Choi et al. (2007), early types
THETA_E = (0.3, 3.0)  # arcsec
PIXEL_AREA = 0.01  # square arcsec; surface brightness is per pixel of 0.1"
FIELD = 5.05  # arcsec from the centre to the edge of the frame
LIGHT_SPEED = 299792.458  # km/s
ARCSEC = 206264.806  # per radian


class Host(NamedTuple):
    """A massive galaxy: mass, light and line of sight. Lengths in arcsec, angles in radians, sigma_v in km/s."""

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


class Source(NamedTuple):
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
    """

    hosts: dict[Morphology, float]
    sources: dict[Morphology, float]
    neighbours: dict[Morphology, float]
    brightness: tuple[float, float]
    source_R: tuple[float, float]
    companions: float
    stars: float


TRAINING = Population(
    hosts={
        morphology.elliptical: 0.6,
        morphology.lenticular: 0.2,
        morphology.shells: 0.06,
        morphology.smooth_disc: 0.04,
        morphology.grand_design: 0.04,
        morphology.dusty: 0.04,
        morphology.edge_on: 0.02,
    },
    sources={
        morphology.smooth_disc: 0.2,
        morphology.clumpy: 0.26,
        morphology.compact: 0.14,
        morphology.grand_design: 0.1,
        morphology.flocculent: 0.08,
        morphology.irregular: 0.08,
        morphology.merger: 0.08,
        morphology.elliptical: 0.06,
    },
    neighbours={
        morphology.smooth_disc: 0.5,
        morphology.compact: 0.25,
        morphology.elliptical: 0.15,
        morphology.clumpy: 0.1,
    },
    brightness=(2.5, 120.0),
    source_R=(0.13, 0.22),
    companions=2.5,
    stars=0.12,
)
SHIFTED = Population(
    hosts={morphology.elliptical: 0.4, morphology.lenticular: 0.35, morphology.shells: 0.15, morphology.barred: 0.1},
    sources={
        morphology.barred: 0.25,
        morphology.ringed: 0.15,
        morphology.edge_on: 0.15,
        morphology.irregular: 0.2,
        morphology.lenticular: 0.15,
        morphology.merger: 0.1,
    },
    neighbours={morphology.edge_on: 0.3, morphology.lenticular: 0.4, morphology.irregular: 0.3},
    brightness=(4.0, 80.0),
    source_R=(0.16, 0.18),
    companions=4.0,
    stars=0.25,
)


@functools.cache
def cosmology() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Redshifts, comoving distances (Mpc) and comoving volumes per unit redshift; flat LCDM, H0 70, Om 0.3."""
    model: Any = FlatLambdaCDM(70.0, 0.3)  # pyright: ignore[reportCallIssue]  (its dataclass hides the arguments)
    z = np.linspace(0, 8, 801)
    return z, model.comoving_distance(z).value, model.differential_comoving_volume(z).value


def comoving_distance(z: float) -> float:
    """Comoving distance, Mpc."""
    return float(np.interp(z, *cosmology()[:2]))


def choose(rng: np.random.Generator, frequencies: dict[Morphology, float]) -> Morphology:
    """One of the keys, drawn with its frequency."""
    weights = np.cumsum(list(frequencies.values()))
    return list(frequencies)[int(np.searchsorted(weights, rng.random() * weights[-1], side="right"))]


def draw_redshifts(rng: np.random.Generator) -> tuple[float, float]:
    """Lens and source redshifts, weighted with the comoving volume and the cross-section; a quarter of them nearby."""
    z_grid, _, volume = cosmology()
    nearby = rng.random() < 0.25
    while True:
        z_s = 0.3 + rng.gamma(3.5, 0.45)
        z_l = rng.uniform(0.05, 0.4) if nearby else rng.uniform(0.1, 1.5)
        geometry = max(0.0, 1 - comoving_distance(z_l) / comoving_distance(z_s))
        weight = geometry**2 * (1.0 if nearby else float(np.interp(z_l, z_grid, volume)) / volume[150])
        if rng.random() < weight and z_s > z_l + 0.2:
            return z_l, z_s


def draw_mass(rng: np.random.Generator) -> tuple[float, float, float, float]:
    """Velocity dispersion, redshifts and Einstein radius within the range of the survey."""
    while True:
        sigma_v = SIGMA_STAR * rng.gamma((ALPHA + 4) / BETA) ** (1 / BETA)  # weighted with sigma^4, the cross-section
        z_l, z_s = draw_redshifts(rng)
        geometry = 1 - comoving_distance(z_l) / comoving_distance(z_s)
        theta_E = 4 * np.pi * (sigma_v / LIGHT_SPEED) ** 2 * geometry * ARCSEC
        theta_E *= 10 ** (rng.normal(0, 0.08))  # the dark halo does not follow the stars exactly
        if THETA_E[0] < theta_E < THETA_E[1]:
            return float(sigma_v), z_l, z_s, float(theta_E)


def draw_light(rng: np.random.Generator, population: Population, sigma_v: float, z_l: float) -> Galaxy:
    """Size from the dispersion (0.17 dex of scatter) and redshift, brightness over the population's range."""
    R_kpc = 6.5 * (sigma_v / 220) ** 1.3 * (1 + z_l) ** -0.8 * 10 ** rng.normal(0, 0.17)
    kpc = comoving_distance(z_l) / (1 + z_l) * 1e3 / ARCSEC  # kpc per arcsec
    R = float(np.clip(R_kpc / kpc, 0.15, 3.5))
    low, high = np.log(population.brightness)
    brightness = np.exp(rng.uniform(low, high)) * (R / 0.8) ** -0.4
    q = float(np.clip(rng.normal(0.78, 0.13), 0.35, 1.0))
    x, y = rng.choice([0.04, 0.12, 0.4], p=[0.5, 0.42, 0.08]) * rng.normal(size=2)
    return Galaxy(brightness * 2 * np.pi * R**2 / PIXEL_AREA, R, float(x), float(y), q, rng.uniform(0, np.pi))


def draw_host(rng: np.random.Generator, population: Population) -> Host:
    """A massive galaxy, whether or not anything lies behind it."""
    sigma_v, z_l, z_s, theta_E = draw_mass(rng)
    light = draw_light(rng, population, sigma_v, z_l)
    q = float(np.clip(light.q + rng.normal(0, 0.1), 0.4, 0.99))
    shear, angle = min(rng.rayleigh(0.035), 0.15), rng.uniform(0, np.pi)
    return Host(
        sigma_v, z_l, z_s, theta_E, q, light.phi + rng.normal(0, 0.15), float(np.clip(rng.normal(1, 0.1), 0.75, 1.3)),
        shear * np.cos(2 * angle), shear * np.sin(2 * angle), light,
    )  # fmt: skip


def deflector(host: Host) -> tuple[float, ...]:
    """The host as a row of dtype LENS."""
    return (
        host.theta_E, host.q, host.phi, host.slope, host.light.x, host.light.y, host.gamma_1, host.gamma_2
    )  # fmt: skip


def source_plane(host: Host, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where rays land if the host is isothermal (Kormann, Schneider & Bartelmann 1994), relative to its centre."""
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
    """Rough magnification of a Gaussian source; the exact one is measured on the pixels."""
    u, v, area = polar_rays()
    beta_x, beta_y = source_plane(host, host.theta_E * u, host.theta_E * v)
    variance = (R / 1.18) ** 2 + (0.03 * host.theta_E) ** 2
    light = np.exp(-0.5 * ((beta_x - x) ** 2 + (beta_y - y) ** 2) / variance)
    return float((light * area).sum() * host.theta_E**2 / (2 * np.pi * variance))


def draw_position(rng: np.random.Generator, host: Host, R: float) -> tuple[float, float]:
    """A place behind the host, relative to it, magnified twice or more; a quarter near the centre."""
    reach = host.theta_E * (0.25 if rng.random() < 0.25 else 1.0)
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


def draw_source(rng: np.random.Generator, population: Population, host: Host) -> Source:
    """A galaxy behind the host, of unit flux; the survey sets its brightness."""
    R = draw_size(rng, population, host)
    x, y = draw_position(rng, host, R)
    build = choose(rng, population.sources)
    q, phi = float(np.clip(rng.normal(0.65, 0.2), 0.2, 1.0)), rng.uniform(0, np.pi)
    galaxy = Galaxy(1.0, R, host.light.x + x, host.light.y + y, q, phi, lensed=True)
    return Source(x, y, R, build.__name__, build(rng, galaxy))


def draw_flux(rng: np.random.Generator) -> float:
    """Flux of a field galaxy in pixels' noise: counts of slope 0.3 per magnitude above a signal to noise of about 4."""
    return float(min(30 * (rng.pareto(0.75) + 1), 2e4))


def field_galaxy(rng: np.random.Generator, population: Population, x: float, y: float, flux: float) -> list[Profile]:
    """A galaxy at (x, y); the brighter, the larger."""
    R = float(np.clip(0.16 * (flux / 100) ** 0.22 * 10 ** rng.normal(0, 0.18), 0.04, 1.2))
    q = float(np.clip(rng.beta(3, 1.6), 0.15, 1.0))
    build = choose(rng, population.neighbours)
    return build(rng, Galaxy(flux, R, x, y, q, rng.uniform(0, np.pi)))


def star(x: float, y: float, flux: float) -> Profile:
    """An unresolved star."""
    return Profile(False, POINT, flux, x, y, 0.0, 0.0, 1.0, 0.0)


def draw_field(rng: np.random.Generator, population: Population) -> list[Profile]:
    """Unrelated galaxies and stars anywhere in the frame."""
    profiles: list[Profile] = []
    for x, y in rng.uniform(-FIELD, FIELD, (rng.poisson(population.companions), 2)):
        profiles += field_galaxy(rng, population, float(x), float(y), draw_flux(rng))
    for x, y in rng.uniform(-FIELD, FIELD, (rng.poisson(population.stars), 2)):
        profiles.append(star(float(x), float(y), min(200 * (rng.pareto(0.6) + 1), 5e4)))
    return profiles
