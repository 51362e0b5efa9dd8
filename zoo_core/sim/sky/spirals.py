"""Spirals as telescopes resolve them: knots strung along the arms, spurs, lanes of dust, faint outer arms."""

import numpy as np

from ..draws import log_uniform
from ..rays.scene import Profile
from .galaxy import Galaxy, Morphology, displaced, on_disc, sersic
from .parts import arms_of, crest, knots

__all__ = ["BEADED", "DUST_LANE", "PATCHY", "beaded", "dust_lane", "patchy"]


def beaded(rng: np.random.Generator, galaxy: Galaxy) -> list[Profile]:
    """A grand-design or barred spiral whose arms are strung with knots.

    The knots lie on the crests of the disc's own wave, cos(arms (theta - winding ln r) - phase) = 1, with scatter.
    """
    bulge, clumps, bar = rng.uniform(0.03, 0.35), rng.uniform(0.05, 0.25), rng.uniform(0.05, 0.2) * (rng.random() < 0.3)
    disc = sersic(galaxy, 1 - bulge - clumps - bar, 1.15, rng.uniform(0.6, 1.1))
    winding = rng.choice([-1, 1]) / np.tan(rng.uniform(0.2, 0.6))
    arms = arms_of(rng, disc, int(rng.choice([2, 2, 3, 4])), rng.uniform(0.3, 1.0), winding)
    core = sersic(galaxy, bulge, rng.uniform(0.1, 0.35), rng.uniform(1.0, 4.0), 0.6 + 0.4 * galaxy.q)
    profiles = [*arms, core, *_strung(rng, galaxy, arms[0], int(rng.integers(6, 22)), clumps)]
    if bar:
        profiles.append(sersic(galaxy, bar, rng.uniform(0.4, 0.8), 0.5, rng.uniform(0.2, 0.4), rng.uniform(0, np.pi)))
    return profiles


def _strung(rng: np.random.Generator, galaxy: Galaxy, arms: Profile, count: int, share: float) -> list[Profile]:
    """Knots along the arms, with a share of the flux in all."""
    fluxes = rng.pareto(1.5, count) + 0.3
    fluxes *= share * galaxy.flux / fluxes.sum()
    profiles = []
    for flux in fluxes:
        radius = float(np.exp(rng.normal(0.1, 0.45)))
        arm = 2 * np.pi * rng.integers(arms.arms) / arms.arms
        theta = arms.winding * np.log(radius) + arms.phase / arms.arms + arm + rng.normal(0, 0.12)
        knot = sersic(galaxy, 1, log_uniform(rng, 0.03, 0.14), 1.0, rng.uniform(0.5, 1.0))
        profiles.append(displaced(knot, *on_disc(galaxy, radius, theta))._replace(flux=float(flux)))
    return profiles


def patchy(rng: np.random.Generator, galaxy: Galaxy) -> list[Profile]:
    """A late disc of many patches and knots, lopsided, with hardly a bulge, at times with a broken ring."""
    bulge, clumps, ring = rng.uniform(0.0, 0.12), rng.uniform(0.1, 0.45), rng.uniform(0.05, 0.2) * (rng.random() < 0.3)
    disc = sersic(galaxy, 1 - bulge - clumps - ring, 1.1, rng.uniform(0.4, 1.0))
    disc = disc._replace(arms=int(rng.choice([1, 1, 2, 3])), contrast=rng.uniform(0.2, 0.8),
                         winding=rng.normal(0, 2), phase=rng.uniform(0, 2 * np.pi))  # fmt: skip
    core = sersic(galaxy, bulge, rng.uniform(0.1, 0.3), rng.uniform(0.8, 2.0), 0.6 + 0.4 * galaxy.q)
    parts = [disc, core, *crest(rng, galaxy, ring, rng.uniform(0.6, 1.6))]
    return parts + knots(rng, galaxy, int(rng.integers(6, 20)), clumps)


def dust_lane(rng: np.random.Generator, galaxy: Galaxy) -> list[Profile]:
    """An inclined or edge-on disc with a bulge and a lane of dust off its middle."""
    q, bulge = rng.uniform(0.1, 0.4), rng.uniform(0.15, 0.5)
    disc = sersic(galaxy, 1 - bulge, 1.1, rng.uniform(0.7, 1.1), q)
    core = sersic(galaxy, bulge, rng.uniform(0.25, 0.6), rng.uniform(1.5, 4.0), rng.uniform(0.5, 0.9))
    lane = disc._replace(flux=-rng.uniform(0.08, 0.25) * disc.flux, R=0.6 * disc.R, n=0.5, q=max(q / 3, 0.04))
    offset = 0.15 * q * galaxy.R * float(rng.choice([-1, 1]))
    return [disc, core, displaced(lane, -offset * np.sin(galaxy.phi), offset * np.cos(galaxy.phi))]


BEADED = Morphology("beaded", beaded)
PATCHY = Morphology("patchy", patchy)
DUST_LANE = Morphology("dust_lane", dust_lane)
