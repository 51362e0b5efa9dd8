"""Morphologies.

Each is composed of profiles of light. It takes a `Galaxy`, which says where it lies and how large and bright it is, and
a generator that fills in the rest; so any of them can stand in front, be a neighbour, or be lensed as a source.

The ranges in the functions are chosen and not measured: shares of the flux, radii in units of the half-light radius,
Sersic indices, axis ratios. They are wide, so that a network learns no morphology by heart.
"""

import numpy as np

from ..draws import ClippedNormal
from ..rays.scene import RING, Profile
from .galaxy import Galaxy, Morphology, displaced, on_disc, sersic
from .parts import arms_of, crest, knots

__all__ = [
    "BARRED",
    "CLUMPY",
    "COMPACT",
    "DUSTY",
    "EDGE_ON",
    "ELLIPTICAL",
    "FLOCCULENT",
    "GRAND_DESIGN",
    "IRREGULAR",
    "LENTICULAR",
    "MERGER",
    "RINGED",
    "SHELLS",
    "SMOOTH_DISC",
    "barred",
    "clumpy",
    "compact",
    "dusty",
    "edge_on",
    "elliptical",
    "flocculent",
    "grand_design",
    "irregular",
    "lenticular",
    "merger",
    "ringed",
    "shells",
    "smooth_disc",
]

SPHEROID_N = ClippedNormal(3.3, 1.0, low=1.2, high=6.0)
"""Sersic index of the inner part of ellipticals. Chosen, about the 4 of de Vaucouleurs (1948)."""

GRAND_DESIGN_PITCH, FLOCCULENT_PITCH, BARRED_PITCH = (0.18, 0.5), (0.25, 0.7), (0.2, 0.45)
"""Pitch angles of spiral arms, radians. Chosen: as open as spirals are found to be, Kennicutt (1981), AJ 86, 1847, or a
little more."""

LANE = 3  # a dust lane is so many times thinner than the disc that it crosses, and as many times as deep at its centre


def elliptical(rng: np.random.Generator, galaxy: Galaxy) -> list[Profile]:
    """A spheroid and its envelope; axis ratio and angle drift with radius as isophotes do."""
    share, n = rng.uniform(0.35, 0.8), SPHEROID_N.draw(rng)
    inner = sersic(galaxy, share, rng.uniform(0.45, 0.9), n, galaxy.q + rng.normal(0, 0.06), rng.normal(0, 0.1))
    outer = sersic(galaxy, 1 - share, rng.uniform(1.2, 2.2), rng.uniform(0.8, 2.5), galaxy.q + rng.normal(0, 0.08))
    drift = 0.02 * galaxy.R * rng.normal(size=2)
    return [inner, displaced(outer, *drift)]


def lenticular(rng: np.random.Generator, galaxy: Galaxy) -> list[Profile]:
    """A bulge in a featureless disc."""
    share = rng.uniform(0.3, 0.7)
    bulge = sersic(galaxy, share, rng.uniform(0.3, 0.7), rng.uniform(1.5, 4.0), 0.5 + 0.5 * galaxy.q)
    return [bulge, sersic(galaxy, 1 - share, rng.uniform(1.2, 1.6), rng.uniform(0.7, 1.1))]


def shells(rng: np.random.Generator, galaxy: Galaxy) -> list[Profile]:
    """An elliptical with faint shells on alternating sides."""
    profiles = elliptical(rng, galaxy)
    for k in range(rng.integers(1, 4)):
        crest = galaxy.R * rng.uniform(1.0, 2.8)
        share, phase = rng.uniform(0.004, 0.03), np.pi * k + rng.normal(0, 0.4)
        shell = Profile(
            lensed=galaxy.lensed,
            profile=RING,
            flux=share * galaxy.flux,
            x=galaxy.x,
            y=galaxy.y,
            R=crest,
            n=rng.uniform(0.05, 0.2),
            q=galaxy.q,
            phi=galaxy.phi,
            arms=1,
            contrast=rng.uniform(0.8, 1.0),
            winding=0.0,
            phase=phase,
        )
        profiles.append(shell)
    return profiles


def dusty(rng: np.random.Generator, galaxy: Galaxy) -> list[Profile]:
    """An elliptical crossed by a small disc of dust."""
    profiles = elliptical(rng, galaxy)
    R, q = rng.uniform(0.15, 0.5), rng.uniform(0.1, 0.5)
    dust = sersic(galaxy, -rng.uniform(0.2, 0.6) * R**2, R, 0.5, q, rng.uniform(0, np.pi))
    return [*profiles, displaced(dust, *(0.05 * galaxy.R * rng.normal(size=2)))]


def smooth_disc(rng: np.random.Generator, galaxy: Galaxy) -> list[Profile]:
    """An exponential disc, slightly lopsided, with at most a weak bulge."""
    share = rng.uniform(0.0, 0.25)
    disc = sersic(galaxy, 1 - share, 1.05, rng.uniform(0.5, 1.4))
    disc = disc._replace(arms=1, contrast=rng.uniform(0.0, 0.4), phase=rng.uniform(0, 2 * np.pi))
    return [disc, sersic(galaxy, share, rng.uniform(0.15, 0.4), rng.uniform(1.0, 3.0), 0.5 + 0.5 * galaxy.q)]


def grand_design(rng: np.random.Generator, galaxy: Galaxy) -> list[Profile]:
    """A spiral of two or three broad arms, a bulge and a few knots."""
    bulge, clumps = rng.uniform(0.08, 0.4), rng.uniform(0.0, 0.12)
    disc = sersic(galaxy, 1 - bulge - clumps, 1.15, rng.uniform(0.6, 1.1))
    pitch = rng.uniform(*GRAND_DESIGN_PITCH)
    arms = arms_of(rng, disc, int(rng.choice([2, 2, 3])), rng.uniform(0.4, 1.0), rng.choice([-1, 1]) / np.tan(pitch))
    core = sersic(galaxy, bulge, rng.uniform(0.12, 0.35), rng.uniform(1.0, 4.0), 0.6 + 0.4 * galaxy.q)
    return [*arms, core, *knots(rng, galaxy, int(rng.integers(3, 9)), clumps)]


def flocculent(rng: np.random.Generator, galaxy: Galaxy) -> list[Profile]:
    """A spiral of many short arms: three wave trains that beat."""
    bulge, clumps = rng.uniform(0.03, 0.25), rng.uniform(0.03, 0.2)
    disc = sersic(galaxy, (1 - bulge - clumps) / 3, 1.1, rng.uniform(0.6, 1.2))
    sense = rng.choice([-1, 1])
    trains = [
        disc._replace(arms=arms, contrast=rng.uniform(0.3, 0.9), winding=sense / np.tan(rng.uniform(*FLOCCULENT_PITCH)),
                      phase=rng.uniform(0, 2 * np.pi))
        for arms in rng.choice([2, 3, 4, 5, 6], 3, replace=False)
    ]  # fmt: skip
    core = sersic(galaxy, bulge, rng.uniform(0.1, 0.3), rng.uniform(0.8, 2.5), 0.6 + 0.4 * galaxy.q)
    return [*trains, core, *knots(rng, galaxy, int(rng.integers(4, 12)), clumps)]


def barred(rng: np.random.Generator, galaxy: Galaxy) -> list[Profile]:
    """A bar, arms that start at its ends, sometimes an inner ring."""
    turn, length, bar = rng.uniform(0, np.pi), rng.uniform(0.5, 0.9), rng.uniform(0.1, 0.3)
    ring = rng.uniform(0.05, 0.2) * (rng.random() < 0.5)
    disc = sersic(galaxy, 1 - bar - ring - 0.08, 1.2, rng.uniform(0.5, 1.0))
    winding = rng.choice([-1, 1]) / np.tan(rng.uniform(*BARRED_PITCH))
    arms = arms_of(rng, disc, 2, rng.uniform(0.4, 1.0), winding)
    profiles = [*arms, sersic(galaxy, bar, length, rng.uniform(0.4, 0.8), rng.uniform(0.2, 0.4), turn)]
    profiles.append(sersic(galaxy, 0.08, rng.uniform(0.1, 0.2), rng.uniform(1.0, 3.0), 0.9))
    return [*profiles, *crest(rng, galaxy, ring, length * rng.uniform(1.2, 1.6))]


def ringed(rng: np.random.Generator, galaxy: Galaxy) -> list[Profile]:
    """A ring galaxy: bulge, faint disc, a bright and uneven ring, knots on it."""
    ring, bulge = rng.uniform(0.1, 0.5), rng.uniform(0.2, 0.5)
    disc, radius = max(1 - ring - bulge, 0.02), rng.uniform(1.0, 2.0)
    core = sersic(galaxy, bulge, rng.uniform(0.2, 0.5), rng.uniform(1.0, 4.0), 0.5 + 0.5 * galaxy.q)
    profiles = [core, sersic(galaxy, disc, 1.2, 1.0), *crest(rng, galaxy, 0.8 * ring, radius)]
    share = 0.2 * ring * galaxy.flux / 3
    for theta in rng.uniform(0, 2 * np.pi, 3):
        dx, dy = on_disc(galaxy, radius * rng.normal(1, 0.05), theta)
        profiles.append(displaced(sersic(galaxy, 1, rng.uniform(0.08, 0.2), 1.0, 0.8), dx, dy)._replace(flux=share))
    return profiles


def edge_on(rng: np.random.Generator, galaxy: Galaxy) -> list[Profile]:
    """A disc in edge-on view, with a bulge, a thick disc and perhaps a dust lane."""
    q, bulge, thick = rng.uniform(0.08, 0.22), rng.uniform(0.03, 0.4), rng.uniform(0.1, 0.35)
    thin = sersic(galaxy, 1 - bulge - thick, 1.0, rng.uniform(0.5, 1.0), q)
    core = sersic(galaxy, bulge, rng.uniform(0.2, 0.45), rng.uniform(1.0, 3.0), rng.uniform(0.5, 0.9))
    profiles = [thin, core, sersic(galaxy, thick, 1.3, 1.0, min(0.45, 2.2 * q))]
    if rng.random() < 0.4:
        lane = rng.uniform(0.1, 0.5) / LANE
        dust = thin._replace(flux=-lane * thin.flux, R=thin.R / LANE**0.5, q=max(q / LANE, 0.03))
        profiles.append(displaced(dust, *(0.05 * galaxy.R * rng.normal(size=2))))
    return profiles


def clumpy(rng: np.random.Generator, galaxy: Galaxy) -> list[Profile]:
    """A young disc broken into knots."""
    share = rng.uniform(0.2, 0.7)
    disc = sersic(galaxy, 1 - share, 1.1, rng.uniform(0.4, 1.2))
    disc = disc._replace(arms=int(rng.integers(1, 4)), contrast=rng.uniform(0, 0.7), winding=rng.normal(0, 2),
                         phase=rng.uniform(0, 2 * np.pi))  # fmt: skip
    return [disc, *knots(rng, galaxy, int(rng.integers(3, 9)), share)]


def irregular(rng: np.random.Generator, galaxy: Galaxy) -> list[Profile]:
    """Overlapping patches without a common centre."""
    count = rng.integers(3, 6)
    shares = rng.dirichlet(np.full(count, 1.5))
    patches = []
    for share in shares:
        patch = sersic(galaxy, share, rng.uniform(0.35, 0.9), rng.uniform(0.4, 1.3), rng.uniform(0.3, 0.95),
                       rng.uniform(0, np.pi))  # fmt: skip
        patches.append(displaced(patch, *on_disc(galaxy, rng.uniform(0, 1.1), rng.uniform(0, 2 * np.pi))))
    return patches + knots(rng, galaxy._replace(flux=0.15 * galaxy.flux), 3, 1.0)


def compact(rng: np.random.Generator, galaxy: Galaxy) -> list[Profile]:
    """A small dense galaxy with a little light around it."""
    share = rng.uniform(0.6, 1.0)
    core = sersic(galaxy, share, rng.uniform(0.3, 0.7), rng.uniform(0.8, 3.5))
    return [core, sersic(galaxy, 1 - share, 2.0, 1.0, rng.uniform(0.4, 1.0), rng.uniform(0, np.pi))]


def merger(rng: np.random.Generator, galaxy: Galaxy) -> list[Profile]:
    """Two galaxies in contact, a common envelope and a tidal tail."""
    share, distance, theta = rng.uniform(0.3, 0.65), rng.uniform(0.5, 2.0), rng.uniform(0, 2 * np.pi)
    dx, dy = (float(distance * galaxy.R * t) for t in (np.cos(theta), np.sin(theta)))
    one = galaxy._replace(flux=0.85 * share * galaxy.flux, R=0.7 * galaxy.R, x=galaxy.x - dx / 2, y=galaxy.y - dy / 2)
    two = galaxy._replace(flux=0.85 * (1 - share) * galaxy.flux, R=rng.uniform(0.3, 0.7) * galaxy.R,
                          x=galaxy.x + dx / 2, y=galaxy.y + dy / 2, q=rng.uniform(0.3, 0.95),
                          phi=rng.uniform(0, np.pi))  # fmt: skip
    body = [smooth_disc, elliptical, clumpy]
    pair = [part for half in (one, two) for part in body[rng.integers(len(body))](rng, half)]
    halo = sersic(galaxy, 0.1, 2.0, 0.8, rng.uniform(0.4, 0.9), theta)
    tail = Profile(
        lensed=galaxy.lensed,
        profile=RING,
        flux=0.05 * galaxy.flux,
        x=galaxy.x + dx,
        y=galaxy.y + dy,
        R=galaxy.R * rng.uniform(1.0, 2.5),
        n=rng.uniform(0.1, 0.3),
        q=rng.uniform(0.4, 0.9),
        phi=rng.uniform(0, np.pi),
        arms=1,
        contrast=1.0,
        winding=rng.normal(0, 0.8),
        phase=rng.uniform(0, 2 * np.pi),
    )
    return [*pair, halo, tail]


ELLIPTICAL = Morphology("elliptical", elliptical)
LENTICULAR = Morphology("lenticular", lenticular)
SHELLS = Morphology("shells", shells)
DUSTY = Morphology("dusty", dusty)
SMOOTH_DISC = Morphology("smooth_disc", smooth_disc)
GRAND_DESIGN = Morphology("grand_design", grand_design)
FLOCCULENT = Morphology("flocculent", flocculent)
BARRED = Morphology("barred", barred)
RINGED = Morphology("ringed", ringed)
EDGE_ON = Morphology("edge_on", edge_on)
CLUMPY = Morphology("clumpy", clumpy)
IRREGULAR = Morphology("irregular", irregular)
COMPACT = Morphology("compact", compact)
MERGER = Morphology("merger", merger)
