"""Sources: the galaxies behind hosts, placed where they are magnified."""

import functools
from typing import NamedTuple

import numpy as np

from ..draws import ClippedNormal, choose
from ..rays.scene import Profile
from .galaxy import Galaxy
from .host import Host
from .population import Population

__all__ = ["SourceGalaxy", "draw_position", "draw_size", "draw_source", "magnification", "source_plane"]

LEAST_MAGNIFICATION = 2.0
"""Chosen: a galaxy that is magnified twice or more has a second image, or a clear arc."""

ALIGNED_WITHIN, INWARDS = 0.25, 0.95
"""Reach of aligned sources, in Einstein radii; and the factor by which any reach shrinks where a source is too large to
be magnified. Chosen."""

SMALLEST_R, LARGEST_R, R_BY_THETA_E = 0.025, 0.5, 0.45
"""Half-light radii of sources, arcsec, and the largest in Einstein radii. Chosen: larger ones make no arcs."""

SOURCE_Q = ClippedNormal(0.65, 0.2, low=0.2, high=1.0)
"""Axis ratio of sources. Chosen, flatter than that of hosts, as discs are."""

RINGS, RAYS_IN_RING, RINGS_PER_THETA_E = 36, 48, 12
"""Of the polar grid of rays that a magnification is estimated on: out to three Einstein radii."""

HALF_LIGHT_SIGMAS = 1.18
"""Radius in sigma that holds half of the light of a Gaussian: sqrt(2 ln 2), to the digits that frozen images have."""

RAY_SPACING = 0.03  # of theta_E: what the light is smoothed with, as rays stand so far apart; chosen
ROUNDEST = 0.999  # a circle divides by zero
TINY = 1e-9  # arcsec; no ray hits the centre


class SourceGalaxy(NamedTuple):
    """The galaxy behind a lens: centre and half-light radius in the source plane (arcsec), its kind and profiles."""

    x: float
    y: float
    R: float
    kind: str
    profiles: list[Profile]


def source_plane(host: Host, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where rays land if the host is isothermal, arcsec relative to its centre, in the shape of x and y.

    In the frame of the major axis, with f = sqrt(1 - q^2) and psi = sqrt(q^2 u^2 + v^2), the deflection is
    theta_E sqrt(q) / f (arctan(f u / psi), artanh(f v / psi)): Kormann, Schneider & Bartelmann (1994), A&A 284, 285,
    in the coordinates of `rays.scene`. The shear adds (gamma_1 x + gamma_2 y, gamma_2 x - gamma_1 y).
    """
    c, s, q = np.cos(host.phi), np.sin(host.phi), min(host.q, ROUNDEST)
    u, v, f = c * x + s * y, c * y - s * x, np.sqrt(1 - q**2)
    psi = np.sqrt(q**2 * u**2 + v**2) + TINY
    scale = host.theta_E * np.sqrt(q) / f
    a, b = scale * np.arctan(f * u / psi), scale * np.arctanh(f * v / (psi + TINY))
    beta_x = x - (c * a - s * b) - host.gamma_1 * x - host.gamma_2 * y
    return beta_x, y - (s * a + c * b) - host.gamma_2 * x + host.gamma_1 * y


@functools.cache
def polar_rays() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A polar grid of rays: x, y and area, in Einstein radii, out to three of them, shape (rings, rays in a ring)."""
    radii = (np.arange(RINGS) + 0.5) / RINGS_PER_THETA_E
    thetas = (np.arange(RAYS_IN_RING) + 0.5) * (2 * np.pi / RAYS_IN_RING)
    x, y = radii[:, None] * np.cos(thetas), radii[:, None] * np.sin(thetas)
    return x, y, np.broadcast_to(radii[:, None] * (2 * np.pi / RAYS_IN_RING) / RINGS_PER_THETA_E, x.shape)


def magnification(host: Host, x: float, y: float, R: float) -> float:
    """Rough magnification of a Gaussian source at (x, y); the exact one is measured on the pixels.

    The integral of its light over the image plane for unit flux, on `polar_rays`.
    """
    u, v, area = polar_rays()
    beta_x, beta_y = source_plane(host, host.theta_E * u, host.theta_E * v)
    variance = (R / HALF_LIGHT_SIGMAS) ** 2 + (RAY_SPACING * host.theta_E) ** 2
    light = np.exp(-0.5 * ((beta_x - x) ** 2 + (beta_y - y) ** 2) / variance)
    return float((light * area).sum() * host.theta_E**2 / (2 * np.pi * variance))


def draw_position(rng: np.random.Generator, host: Host, R: float, aligned: float) -> tuple[float, float]:
    """A place behind the host, relative to it, magnified enough; a share `aligned` near the centre."""
    reach = host.theta_E * (ALIGNED_WITHIN if rng.random() < aligned else 1.0)
    while True:
        radius, theta = reach * np.sqrt(rng.random()), rng.uniform(0, 2 * np.pi)
        x, y = float(radius * np.cos(theta)), float(radius * np.sin(theta))
        if magnification(host, x, y, R) > LEAST_MAGNIFICATION:
            return x, y
        reach *= INWARDS


def draw_size(rng: np.random.Generator, population: Population, host: Host) -> float:
    """Half-light radius of a source, arcsec."""
    median, scatter = population.source_R
    largest = min(LARGEST_R, R_BY_THETA_E * host.theta_E)
    return float(np.clip(median * 10 ** rng.normal(0, scatter), SMALLEST_R, largest))


def draw_source(rng: np.random.Generator, population: Population, host: Host) -> SourceGalaxy:
    """A galaxy behind the host, of unit flux; the survey sets its brightness."""
    R = draw_size(rng, population, host)
    x, y = draw_position(rng, host, R, population.aligned)
    shape = choose(rng, population.sources)
    q, phi = SOURCE_Q.draw(rng), rng.uniform(0, np.pi)
    galaxy = Galaxy(1.0, R, host.light.x + x, host.light.y + y, q, phi, lensed=True)
    return SourceGalaxy(x, y, R, shape.name, shape.build(rng, galaxy))
