"""Crowded frames: what stands in and beyond them besides the galaxy in the middle.

Telescopes show hardly a galaxy alone. Fields differ in richness, large neighbours are cut by the frame, clusters fill
it, stars saturate, satellites cross it. All of it is drawn alike for lenses and others.
"""

import numpy as np

from ..draws import choose, log_uniform
from ..frame import FINDING
from ..rays.scene import SERSIC, Profile
from .field import draw_flux, field_galaxy, star
from .galaxy import Galaxy
from .host import Host
from .lookalikes import around, companion, early, lens_galaxy, satellite_flux
from .population import Population

__all__ = ["active", "cluster", "crowded_field", "faint", "lens_galaxy_in_a_crowd", "saturated_star"]

BRIGHTER, RICHER = 0.13, 0.5
"""Share of the frames with a large neighbour at or beyond their edge; and scatter of the richness, e-foldings."""

TRAILED = 0.012
"""Share of the frames that a satellite has crossed."""


def crowded_field(rng: np.random.Generator, population: Population) -> list[Profile]:
    """Galaxies and stars anywhere, with counts that differ from field to field; at times a large one at the edge."""
    mean, profiles = population.companions * float(np.exp(rng.normal(-(RICHER**2) / 2, RICHER))), []
    edge = FINDING.half_width
    for x, y in rng.uniform(-edge, edge, (rng.poisson(mean), 2)):
        profiles += field_galaxy(rng, population, float(x), float(y), 0.5 * draw_flux(rng))
    for x, y in rng.uniform(-edge, edge, (rng.poisson(population.stars), 2)):
        profiles.append(star(float(x), float(y), min(200 * (rng.pareto(0.5) + 1), 1e6)))
    if rng.random() < BRIGHTER:
        profiles += _cut_by_the_frame(rng, population)
    if rng.random() < TRAILED:
        profiles.append(_trail(rng))
    return profiles


def _cut_by_the_frame(rng: np.random.Generator, population: Population) -> list[Profile]:
    """A large bright galaxy 2 to 7 arcsec from the middle, of any kind."""
    R, distance, theta = float(rng.uniform(0.5, 2.2)), rng.uniform(2.0, 7.0), rng.uniform(0, 2 * np.pi)
    brightness = log_uniform(rng, 2, 60)
    flux = brightness * 2 * np.pi * R**2 / FINDING.pixel_area
    shape = choose(rng, {**population.hosts, **population.sources})
    q = float(np.clip(rng.normal(0.7, 0.2), 0.2, 1.0))
    return shape.build(
        rng, Galaxy(flux, R, float(distance * np.cos(theta)), float(distance * np.sin(theta)), q, rng.uniform(0, np.pi))
    )


def _trail(rng: np.random.Generator) -> Profile:
    """The trail of a satellite: a straight line across the frame, 3 to 60 sigma bright."""
    angle, offset, width = rng.uniform(0, np.pi), rng.uniform(-4.5, 4.5), rng.uniform(0.06, 0.25)
    along = 60.0  # arcsec: the centre, which has a cusp, lies far outside
    x, y = along * np.cos(angle) - offset * np.sin(angle), along * np.sin(angle) + offset * np.cos(angle)
    length = 400.0  # arcsec, half-light semi-major axis
    brightness = log_uniform(rng, 3, 60)
    flux = brightness * 4.5 * length * width / FINDING.pixel_area
    return Profile(
        lensed=False,
        profile=SERSIC,
        flux=flux,
        x=float(x),
        y=float(y),
        R=(length * width) ** 0.5,
        n=0.5,
        q=width / length,
        phi=angle,
    )


def lens_galaxy_in_a_crowd(rng: np.random.Generator, population: Population, host: Host) -> list[Profile]:
    """What stands in front of a lens: one in eight lenses lies in a group or the core of a cluster."""
    profiles = lens_galaxy(rng, population, host)
    return profiles + _members(rng, population, host, int(rng.integers(2, 9))) if rng.random() < 0.12 else profiles


def cluster(rng: np.random.Generator, population: Population, host: Host) -> list[Profile]:
    """The core of a cluster: many early-type galaxies about a dominant one, in a common halo of light."""
    profiles = early(rng, population, host)
    halo = host.light._replace(flux=rng.uniform(0.3, 1.5) * host.light.flux, R=rng.uniform(2.0, 3.5) * host.light.R)
    profiles.append(
        Profile(
            lensed=False,
            profile=SERSIC,
            flux=halo.flux,
            x=halo.x,
            y=halo.y,
            R=halo.R,
            n=1.5,
            q=rng.uniform(0.4, 0.9),
            phi=rng.uniform(0, np.pi),
        )
    )
    return profiles + _members(rng, population, host, int(rng.integers(4, 16)))


def _members(rng: np.random.Generator, population: Population, host: Host, count: int) -> list[Profile]:
    """Galaxies of a cluster about the host, most of them small."""
    profiles: list[Profile] = []
    for distance in rng.uniform(0.6, 6.0, count):
        if rng.random() < 0.35:
            profiles += companion(rng, population, host, float(distance))
        else:
            theta = rng.uniform(0, 2 * np.pi)
            x, y = float(distance * np.cos(theta)), float(distance * np.sin(theta))
            profiles += field_galaxy(rng, population, x, y, satellite_flux(rng, host))
    return profiles


def faint(rng: np.random.Generator, population: Population, host: Host) -> list[Profile]:
    """A small faint field galaxy of any kind, as most galaxies on the sky are, and its like beside it."""
    flux, R = (
        log_uniform(rng, 60, 3000),
        float(np.clip(rng.lognormal(-1.35, 0.45), 0.08, 0.9)),
    )
    place = 0.06 * rng.normal(size=2)
    shapes = {**population.sources, **population.neighbours}
    q = float(np.clip(rng.beta(3, 2), 0.15, 1.0))
    galaxy = Galaxy(flux, R, float(place[0]), float(place[1]), q, rng.uniform(0, np.pi))
    profiles = choose(rng, shapes).build(rng, galaxy)
    for x, y, _ in around(rng, host, int(rng.integers(0, 3))):
        profiles += field_galaxy(rng, population, x, y, flux * float(np.exp(rng.uniform(-2.5, 0.5))))
    return profiles


def active(rng: np.random.Generator, population: Population, host: Host) -> list[Profile]:
    """A galaxy of any kind with a bright active nucleus, whose spikes cross it."""
    shape = choose(rng, {**population.hosts, **population.sources})
    share = log_uniform(rng, 0.2, 8.0)
    return [*shape.build(rng, host.light), star(host.light.x, host.light.y, share * host.light.flux)]


def saturated_star(rng: np.random.Generator, population: Population, host: Host) -> list[Profile]:
    """A very bright star in or beside the middle, and small galaxies in its glare."""
    distance, theta = rng.choice([0.0, rng.uniform(0.5, 6.0)], p=[0.4, 0.6]), rng.uniform(0, 2 * np.pi)
    flux = log_uniform(rng, 2e4, 3e6)
    profiles = [star(float(distance * np.cos(theta)), float(distance * np.sin(theta)), flux)]
    if distance > 0:
        profiles += early(rng, population, host)
    for x, y, _ in around(rng, host, int(rng.integers(0, 4))):
        profiles += field_galaxy(rng, population, x, y, draw_flux(rng))
    return profiles
