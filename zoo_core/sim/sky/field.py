"""The field: galaxies and stars that have nothing to do with the host."""

import numpy as np

from ..draws import choose
from ..rays.scene import POINT, Profile
from .galaxy import Galaxy
from .population import Population

__all__ = ["draw_field", "draw_flux", "draw_star_flux", "field_galaxy", "star"]

COUNTS, STAR_COUNTS = 0.3, 0.24
"""d log N / d magnitude of field galaxies and of stars. Chosen: what deep counts of galaxies show at 22 to 26 mag;
flatter for stars."""

MAGNITUDE = 2.5  # a power of the flux is so many times a slope per magnitude

FLUXES, STAR_FLUXES = (30.0, 2e4), (200.0, 5e4)
"""Least and largest flux of a field galaxy and of a star, in the sky noise of one pixel. Chosen: a galaxy of the least
flux has a signal to noise of about 4."""

FLUX_PIVOT, R_BY_FLUX, R_SCATTER = 100.0, 0.22, 0.18
"""Sizes of field galaxies: the flux at which they are those of the population, power of the flux, dex. Chosen: the
brighter, the larger."""

R_RANGE = (0.04, 1.2)  # arcsec; chosen
Q_SHAPE, Q_RANGE = (3.0, 1.6), (0.15, 1.0)
"""Axis ratios of field galaxies: a beta distribution, cut. Chosen: that of discs in all directions."""


def draw_flux(rng: np.random.Generator) -> float:
    """Flux of a field galaxy in the sky noise of one pixel: counts N(> F) ~ F^(-2.5 COUNTS)."""
    return float(_pareto(rng, COUNTS, *FLUXES))


def draw_star_flux(rng: np.random.Generator) -> float:
    """Flux of a star in the sky noise of one pixel: as `draw_flux`, with STAR_COUNTS."""
    return _pareto(rng, STAR_COUNTS, *STAR_FLUXES)


def _pareto(rng: np.random.Generator, counts: float, least: float, largest: float) -> float:
    return min(least * (rng.pareto(MAGNITUDE * counts) + 1), largest)


def field_galaxy(rng: np.random.Generator, population: Population, x: float, y: float, flux: float) -> list[Profile]:
    """A galaxy at (x, y); R = field_R (flux / 100)^0.22, scattered."""
    R = population.field_R * (flux / FLUX_PIVOT) ** R_BY_FLUX * 10 ** rng.normal(0, R_SCATTER)
    q = float(np.clip(rng.beta(*Q_SHAPE), *Q_RANGE))
    shape = choose(rng, population.neighbours)
    return shape.build(rng, Galaxy(flux, float(np.clip(R, *R_RANGE)), x, y, q, rng.uniform(0, np.pi)))


def star(x: float, y: float, flux: float) -> Profile:
    """An unresolved star."""
    return Profile(lensed=False, profile=POINT, flux=flux, x=x, y=y, R=0.0, n=0.0, q=1.0, phi=0.0)


def draw_field(rng: np.random.Generator, population: Population) -> list[Profile]:
    """Unrelated galaxies and stars anywhere in the frame."""
    profiles: list[Profile] = []
    edge = population.frame.half_width
    for x, y in rng.uniform(-edge, edge, (rng.poisson(population.companions), 2)):
        profiles += field_galaxy(rng, population, float(x), float(y), draw_flux(rng))
    for x, y in rng.uniform(-edge, edge, (rng.poisson(population.stars), 2)):
        profiles.append(star(float(x), float(y), draw_star_flux(rng)))
    return profiles
