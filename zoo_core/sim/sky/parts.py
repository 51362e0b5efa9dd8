"""Parts that galaxies of several morphologies have: spiral arms, star-forming knots, rings.

The ranges are chosen and not measured, as those of `morphologies`.
"""

import numpy as np

from ..rays.scene import RING, SERSIC, Profile
from .galaxy import Galaxy, on_disc

__all__ = ["arms_of", "crest", "knots"]

KNOT_COUNTS, FAINTEST_KNOT = 1.5, 0.3
"""Power of the counts of star-forming knots, and the flux of the faintest where they begin to fall at 1; chosen."""

KNOT_SHAPE, KNOT_SCALE = 2.5, 0.45
"""Distances of knots from the centre, in half-light radii: a gamma distribution. Chosen, as that of the light of an
exponential disc (shape 2, scale 0.6) but for fewer near the centre."""

KNOT_SIZES = (0.03, 0.2)  # half-light radii of the galaxy; chosen


def arms_of(rng: np.random.Generator, disc: Profile, arms: int, contrast: float, winding: float) -> list[Profile]:
    """The disc with spiral arms; a second harmonic in phase with the first makes them narrow."""
    phase, sharp = rng.uniform(0, 2 * np.pi), rng.uniform(0.25, 0.5)
    first = disc._replace(flux=(1 - sharp) * disc.flux, arms=arms, contrast=contrast, winding=winding, phase=phase)
    second = disc._replace(flux=sharp * disc.flux, arms=2 * arms, contrast=contrast, winding=winding, phase=2 * phase)
    return [first, second]


def knots(rng: np.random.Generator, galaxy: Galaxy, count: int, share: float, spread: float = 1.0) -> list[Profile]:
    """Star-forming knots scattered over the disc, with a share of the flux in all."""
    fluxes = rng.pareto(KNOT_COUNTS, count) + FAINTEST_KNOT
    fluxes *= share * galaxy.flux / fluxes.sum()
    radii, thetas = spread * rng.gamma(KNOT_SHAPE, KNOT_SCALE, count), rng.uniform(0, 2 * np.pi, count)
    sizes = galaxy.R * np.exp(rng.uniform(np.log(KNOT_SIZES[0]), np.log(KNOT_SIZES[1]), count))
    ratios = rng.uniform(0.4, 1.0, count)
    profiles = []
    for flux, radius, theta, size, q in zip(fluxes, radii, thetas, sizes, ratios, strict=True):
        dx, dy = on_disc(galaxy, radius, theta)
        profiles.append(
            Profile(
                lensed=galaxy.lensed,
                profile=SERSIC,
                flux=flux,
                x=galaxy.x + dx,
                y=galaxy.y + dy,
                R=size,
                n=1.0,
                q=q,
                phi=theta + galaxy.phi,
            )
        )
    return profiles


def crest(rng: np.random.Generator, galaxy: Galaxy, share: float, radius: float) -> list[Profile]:
    """A ring in the disc plane; none if it holds no light."""
    if share <= 0:
        return []
    arms, contrast, phase = int(rng.choice([1, 2, 3, 5])), rng.uniform(0.0, 0.8), rng.uniform(0, 2 * np.pi)
    return [
        Profile(
            lensed=galaxy.lensed,
            profile=RING,
            flux=share * galaxy.flux,
            x=galaxy.x,
            y=galaxy.y,
            R=radius * galaxy.R,
            n=rng.uniform(0.06, 0.25),
            q=galaxy.q,
            phi=galaxy.phi,
            arms=arms,
            contrast=contrast,
            winding=0.0,
            phase=phase,
        )
    ]
