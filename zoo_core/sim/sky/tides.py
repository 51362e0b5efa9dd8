"""What tides leave: tails, streams, bridges and shells about galaxies that meet."""

import numpy as np

from ..draws import log_uniform
from ..rays.scene import RING, Profile
from .galaxy import Galaxy, Morphology, displaced, sersic
from .morphologies import clumpy, elliptical, smooth_disc

__all__ = ["STEEP", "STREAMED", "TAILED", "steep", "streamed", "tailed"]


def steep(rng: np.random.Generator, galaxy: Galaxy) -> list[Profile]:
    """A massive elliptical with a steep centre and a wide envelope, as lens galaxies are; half have faint shells."""
    share, n = rng.uniform(0.5, 1.0), rng.uniform(3.0, 6.0)
    inner = sersic(galaxy, share, rng.uniform(0.6, 1.1), n, galaxy.q + rng.normal(0, 0.04), rng.normal(0, 0.06))
    outer = sersic(galaxy, 1 - share, rng.uniform(1.4, 2.6), rng.uniform(1.0, 3.0), galaxy.q + rng.normal(0, 0.08))
    waves = [_shell(rng, galaxy) for _ in range(int(rng.integers(1, 4)))] if rng.random() < 0.5 else []
    return [inner, outer, *waves]


def _shell(rng: np.random.Generator, galaxy: Galaxy) -> Profile:
    """A faint arc of stars about the galaxy, on one side of it."""
    share = log_uniform(rng, 0.002, 0.02)
    return Profile(
        lensed=galaxy.lensed,
        profile=RING,
        flux=share * galaxy.flux,
        x=galaxy.x,
        y=galaxy.y,
        R=galaxy.R * rng.uniform(0.7, 2.5),
        n=rng.uniform(0.05, 0.25),
        q=galaxy.q,
        phi=galaxy.phi,
        arms=1,
        contrast=rng.uniform(0.7, 1.0),
        winding=0.0,
        phase=rng.uniform(0, 2 * np.pi),
    )


def _tail(rng: np.random.Generator, galaxy: Galaxy, share: float, reach: float) -> list[Profile]:
    """Light strewn along a curve that leaves the galaxy, thinner and fainter outwards."""
    theta, bend, count = rng.uniform(0, 2 * np.pi), rng.normal(0, 1.0), 5
    x, y, step = galaxy.x, galaxy.y, reach * galaxy.R / count
    shares = share * 0.75 ** np.arange(count)
    profiles = []
    for part in shares / shares.sum() * share:
        theta += bend / count
        x, y = x + step * np.cos(theta), y + step * np.sin(theta)
        R = 0.55 * step + 0.05 * galaxy.R
        profiles.append(
            sersic(galaxy, part, 1.0, 0.6, rng.uniform(0.25, 0.45))._replace(x=x, y=y, R=R, phi=float(theta))
        )
    return profiles


def streamed(rng: np.random.Generator, galaxy: Galaxy) -> list[Profile]:
    """An early-type galaxy that swallows a smaller one: a stream, an off-centre halo, the companion's core."""
    dx, dy = galaxy.R * rng.normal(0, 0.3, 2)
    halo = displaced(sersic(galaxy, 0.15, rng.uniform(1.8, 2.6), 0.8, rng.uniform(0.5, 0.9), 1.0), float(dx), float(dy))
    tails = [part for _ in range(int(rng.integers(1, 3)))
             for part in _tail(rng, galaxy, rng.uniform(0.02, 0.1), rng.uniform(1.5, 4.0))]  # fmt: skip
    return [*elliptical(rng, galaxy._replace(flux=0.8 * galaxy.flux)), halo, *tails]


def tailed(rng: np.random.Generator, galaxy: Galaxy) -> list[Profile]:
    """Two galaxies in contact, each with a tidal tail, and knots of young stars between them."""
    share, distance, theta = rng.uniform(0.3, 0.8), rng.uniform(0.3, 2.2), rng.uniform(0, 2 * np.pi)
    dx, dy = (float(distance * galaxy.R * t) for t in (np.cos(theta), np.sin(theta)))
    body, profiles = [smooth_disc, elliptical, clumpy], []
    for part, sign in ((share, -0.5), (1 - share, 0.5)):
        half = galaxy._replace(flux=0.85 * part * galaxy.flux, R=galaxy.R * rng.uniform(0.35, 0.7),
                               x=galaxy.x + sign * dx, y=galaxy.y + sign * dy, q=rng.uniform(0.3, 0.95),
                               phi=rng.uniform(0, np.pi))  # fmt: skip
        profiles += body[rng.integers(len(body))](rng, half)
        profiles += _tail(rng, half, rng.uniform(0.05, 0.25), rng.uniform(2.0, 5.0))
    return [*profiles, sersic(galaxy, 0.1, 1.8, 0.8, rng.uniform(0.4, 0.9), theta)]


STEEP = Morphology("steep", steep)
STREAMED = Morphology("streamed", streamed)
TAILED = Morphology("tailed", tailed)
