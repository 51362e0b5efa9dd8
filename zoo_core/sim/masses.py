"""Lenses whose mass is more than one ellipsoid: two galaxies that lens together, and a galaxy with subhalos.

Each is made of a cutout whose lens is a single ellipsoid, in its place and of about its Einstein radius, so that all
else about the images is alike.
"""

from collections.abc import Callable, Mapping

import numpy as np

from .cutouts import Cutout, Distribution, deflector
from .draws import choose
from .rays.masses import centre_of
from .rays.scene import LENS, Lens, Profile
from .sky.galaxy import Galaxy, displaced
from .sky.host import LIGHT_Q, MASS_PHI_SCATTER, MASS_Q_RANGE, MASS_Q_SCATTER, R_BY_SIGMA, SLOPE
from .sky.source import SourceGalaxy
from .sky.subhalos import power_law
from .tables import table

__all__ = ["MASSES", "Remade", "with_companion", "with_subhalos"]

SHARE = (0.2, 0.5)
"""Of the companion in the sum of both Einstein radii. Chosen: a smaller one is a satellite."""

SEPARATION = (0.4, 1.0)
"""Of the two, in the sum of their Einstein radii. Chosen: nearer ones are hardly two, farther ones hardly lens
together, as the critical curves of both then are two."""

CLUMPED = (0.05, 0.3)
"""Of subhalos, the sum of their Einstein radii over that of the lens. Chosen to be more than simulations of cold dark
matter have, so that a map that shows none of them is seen to be wrong."""

CLUMP, CLUMP_SLOPE = (0.02, 0.15), -2.8
"""Einstein radii of isothermal subhalos over that of the lens, and the power of their frequency: that of dN/dm ~ m^-1.9
(Springel et al. 2008, MNRAS 391, 1685) where m ~ theta_E^2."""

REACH = 1.5  # Einstein radii, out to which subhalos lie evenly on the sky; chosen to hold the arcs

Remade = Callable[[np.random.Generator, Cutout, Distribution], Cutout]
"""Makes the cutout of a lens of one ellipsoid that of another mass."""


def as_drawn(rng: np.random.Generator, cutout: Cutout, distribution: Distribution) -> Cutout:
    """One ellipsoid."""
    return cutout


def with_companion(rng: np.random.Generator, cutout: Cutout, distribution: Distribution) -> Cutout:
    """Two elliptical power laws, each with a galaxy's light in it; the source lies behind the middle of their mass.

    The light of the companion follows its mass as that of hosts does: with theta_E ~ sigma_v^2, flux as sigma_v^4
    (Faber & Jackson 1976, ApJ 204, 668), sizes as sigma_v^R_BY_SIGMA.
    """
    host, share = cutout.host, rng.uniform(*SHARE)
    distance, theta = rng.uniform(*SEPARATION) * host.theta_E, rng.uniform(0, 2 * np.pi)
    ratio = share / (1 - share)
    light = Galaxy(
        flux=host.light.flux * ratio**2,
        R=host.light.R * ratio ** (R_BY_SIGMA / 2),
        x=float(host.light.x + distance * np.cos(theta)),
        y=float(host.light.y + distance * np.sin(theta)),
        q=LIGHT_Q.draw(rng),
        phi=rng.uniform(0, np.pi),
    )
    companion = Lens(
        theta_E=share * host.theta_E,
        q=float(np.clip(light.q + rng.normal(0, MASS_Q_SCATTER), *MASS_Q_RANGE)),
        phi=light.phi + rng.normal(0, MASS_PHI_SCATTER),
        slope=SLOPE.draw(rng),
        x=light.x,
        y=light.y,
    )
    main = deflector(cutout)
    masses = (main._replace(theta_E=(1 - share) * main.theta_E), companion)
    x, y = centre_of(table(masses, LENS))
    profiles = choose(rng, distribution.population.hosts).build(rng, light)
    return _source_moved(cutout, x - main.x, y - main.y)._replace(
        masses=masses, profiles=profiles + _moved(cutout.profiles, x - main.x, y - main.y)
    )


def with_subhalos(rng: np.random.Generator, cutout: Cutout, distribution: Distribution) -> Cutout:
    """An elliptical power law with dark isothermal subhalos, whose mass is taken from it."""
    main, left = deflector(cutout), rng.uniform(*CLUMPED)
    clumps: list[Lens] = []
    while left > CLUMP[0]:
        size = float(power_law(rng.random(1), CLUMP_SLOPE, CLUMP[0], min(CLUMP[1], left))[0])
        radius, theta = REACH * main.theta_E * np.sqrt(rng.random()), rng.uniform(0, 2 * np.pi)
        x, y = float(main.x + radius * np.cos(theta)), float(main.y + radius * np.sin(theta))
        clumps.append(Lens(theta_E=size * main.theta_E, x=x, y=y))
        left -= size
    smooth = main.theta_E - sum(clump.theta_E for clump in clumps)
    return cutout._replace(masses=(main._replace(theta_E=smooth), *clumps))


def _moved(profiles: list[Profile], dx: float, dy: float) -> list[Profile]:
    """With those in the source plane moved."""
    return [displaced(profile, dx, dy) if profile.lensed else profile for profile in profiles]


def _source_moved(cutout: Cutout, dx: float, dy: float) -> Cutout:
    source = cutout.source
    assert isinstance(source, SourceGalaxy)
    moved = source._replace(x=source.x + dx, y=source.y + dy, profiles=_moved(source.profiles, dx, dy))
    return cutout._replace(source=moved)


MASSES: Mapping[str, Remade] = {"ellipsoid": as_drawn, "pair": with_companion, "subhalos": with_subhalos}
"""By name, which users type and which never changes."""
