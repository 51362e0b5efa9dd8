"""Galaxies: where one lies, how large and bright it is, and the profiles of light that it is composed of."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..rays.scene import LIGHT, SERSIC, Profile

__all__ = ["Build", "Galaxy", "Morphology", "displaced", "light_table", "on_disc", "sersic"]

NUMBERS = len(LIGHT.names or ()) - 1  # of a profile, without its colours

SMALLEST_Q = 0.05  # axis ratio of the flattest profile; chosen


class Galaxy(NamedTuple):
    """Position, size and brightness of a galaxy; flux in any linear unit, lengths in arcsec, phi in radians."""

    flux: float
    R: float  # half-light radius of the circularised light
    x: float = 0.0
    y: float = 0.0
    q: float = 0.8
    phi: float = 0.0
    lensed: bool = False


Build = Callable[[np.random.Generator, Galaxy], list[Profile]]
"""Composes a galaxy of profiles."""


@dataclass(frozen=True)
class Morphology:
    """A shape that galaxies have.

    Arguments:
        name: stands in the truth of data sets as the kind of a source, and so never changes.
        build: composes such a galaxy.
    """

    name: str
    build: Build


def light_table(scenes: Sequence[Iterable[Profile]]) -> np.ndarray:
    """The profiles of each scene as one table of dtype LIGHT."""
    rows = [(i, *profile[:NUMBERS]) for i, profiles in enumerate(scenes) for profile in profiles]
    return np.array(rows, dtype=LIGHT)


def sersic(galaxy: Galaxy, share: float, size: float, n: float, q: float | None = None, turn: float = 0.0) -> Profile:
    """A Sersic profile with a share of the galaxy's flux and a multiple of its radius."""
    q = galaxy.q if q is None else float(np.clip(q, SMALLEST_Q, 1.0))
    return Profile(
        lensed=galaxy.lensed,
        profile=SERSIC,
        flux=share * galaxy.flux,
        x=galaxy.x,
        y=galaxy.y,
        R=size * galaxy.R,
        n=n,
        q=q,
        phi=galaxy.phi + turn,
    )


def displaced(profile: Profile, dx: float, dy: float) -> Profile:
    """The profile moved by (dx, dy), arcsec."""
    return profile._replace(x=profile.x + dx, y=profile.y + dy)


def on_disc(galaxy: Galaxy, radius: float, theta: float) -> tuple[float, float]:
    """The sky offset of a point in the galaxy's disc plane, polar coordinates, radius in units of R."""
    u, v = radius * np.cos(theta) / galaxy.q**0.5, radius * np.sin(theta) * galaxy.q**0.5
    c, s = np.cos(galaxy.phi), np.sin(galaxy.phi)
    return float((u * c - v * s) * galaxy.R), float((u * s + v * c) * galaxy.R)
