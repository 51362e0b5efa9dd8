"""Look-alikes.

Galaxies that are no lenses, drawn on the same hosts: same brightness, size, survey and neighbours. Each kind takes the
host that might have lensed and returns the profiles that stand in its place. The ranges in the functions are chosen, so
that what stands beside a galaxy is as bright and as near as arcs are.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from ..draws import choose, log_uniform
from ..rays.scene import Profile
from . import morphologies
from .field import draw_flux, field_galaxy, star
from .galaxy import Build, Galaxy
from .host import Host
from .population import Population
from .texture import Texture, texture_of

__all__ = [
    "SHIFTED_KINDS",
    "TRAINING_KINDS",
    "TWIN",
    "Kind",
    "Lookalikes",
    "around",
    "centred",
    "close_pair",
    "companion",
    "decorated",
    "double_star",
    "early",
    "group",
    "lens_galaxy",
    "lone_star",
    "satellite_flux",
    "satellites",
    "surroundings",
    "tangential",
    "uneven",
]

TWIN = "twin"
LARGEST = 1.8  # arcsec, half-light radius of discs and mergers: larger ones fill the frame

Place = Callable[[np.random.Generator, Population, Host], list[Profile]]
"""Composes what stands in the place of a host."""


Textures = Callable[[np.random.Generator, list[Profile]], tuple[Texture, ...]]
"""Draws the textures of what a `Place` has composed."""


def smooth(rng: np.random.Generator, profiles: list[Profile]) -> tuple[Texture, ...]:
    """No textures."""
    return ()


def uneven(low: float, high: float, share: float = 1.0) -> Textures:
    """Draws the texture of the brightest disc, of a strength between low and high, in a share of the galaxies."""
    return partial(_uneven, (low, high), share)


def _uneven(
    strength: tuple[float, float], share: float, rng: np.random.Generator, profiles: list[Profile]
) -> tuple[Texture, ...]:
    return (texture_of(rng, profiles, strength),) if rng.random() < share else ()


@dataclass(frozen=True)
class Kind:
    """A kind of look-alike.

    Arguments:
        name: stands in the truth of data sets, and so never changes.
        weight: its frequency among the others; they need not add up to one.
        build: composes one; a function of a module, or a `partial` of one, as it is sent to other processes.
        textures: draws those of its discs.
    """

    name: str
    weight: float
    build: Place
    textures: Textures = smooth


@dataclass(frozen=True)
class Lookalikes:
    """Kinds of non-lenses with their frequencies; a "twin" is a lens shown without its arcs.

    >>> TRAINING_KINDS.draw(np.random.default_rng(1)).name
    'ring'
    """

    kinds: tuple[Kind, ...]

    def draw(self, rng: np.random.Generator) -> Kind:
        """One of the kinds, drawn."""
        return choose(rng, {kind: kind.weight for kind in self.kinds})

    def named(self, name: str) -> Kind | None:
        """The kind of this name, if there is one."""
        return next((kind for kind in self.kinds if kind.name == name), None)

    @property
    def twin(self) -> Kind:
        """A lens without its arcs."""
        return next(kind for kind in self.kinds if kind.name == TWIN)


def centred(build: Build) -> Place:
    """A galaxy of this morphology in the place of the host; it can be sent to other processes."""
    return partial(_in_place_of_host, build)


def _in_place_of_host(build: Build, rng: np.random.Generator, population: Population, host: Host) -> list[Profile]:
    shrink = min(1.0, LARGEST / host.light.R)
    q = float(np.clip(rng.beta(4, 1.8), 0.2, 1.0))
    light = host.light._replace(R=shrink * host.light.R, flux=shrink**2 * host.light.flux, q=q)
    return build(rng, light) + nucleus(rng, light)


def lens_galaxy(rng: np.random.Generator, population: Population, host: Host) -> list[Profile]:
    """What stands in front of a lens: the host and its surroundings."""
    return early(rng, population, host) + surroundings(rng, population, host)


def surroundings(rng: np.random.Generator, population: Population, host: Host) -> list[Profile]:
    """What stands near a massive galaxy, whether or not it lenses: mostly nothing, satellites, seldom an equal."""
    lot = rng.random()
    if lot < 0.65:
        return []
    if lot < 0.92:
        places = around(rng, host, int(rng.integers(1, 4)))
        return [part for x, y, _ in places for part in field_galaxy(rng, population, x, y, satellite_flux(rng, host))]
    return companion(rng, population, host, rng.uniform(0.6, 3.5))


def companion(rng: np.random.Generator, population: Population, host: Host, distance: float) -> list[Profile]:
    """An early-type galaxy of like surface brightness at a distance from the centre of the frame, arcsec."""
    theta, ratio = rng.uniform(0, 2 * np.pi), rng.uniform(0.05, 0.9)
    x, y = (float(distance * t) for t in (np.cos(theta), np.sin(theta)))
    light = host.light._replace(flux=ratio * host.light.flux, R=host.light.R * ratio**0.45, x=x, y=y,
                                q=rng.uniform(0.4, 1.0), phi=rng.uniform(0, np.pi))  # fmt: skip
    return choose(rng, population.hosts).build(rng, light)


def early(rng: np.random.Generator, population: Population, host: Host) -> list[Profile]:
    """A galaxy like those that lens, at times with a bright nucleus."""
    return choose(rng, population.hosts).build(rng, host.light) + nucleus(rng, host.light)


def nucleus(rng: np.random.Generator, light: Galaxy) -> list[Profile]:
    """An unresolved nucleus in one galaxy of ten."""
    share = log_uniform(rng, 0.01, 0.3)
    return [star(light.x, light.y, share * light.flux)] if rng.random() < 0.1 else []


def around(rng: np.random.Generator, host: Host, count: int) -> list[tuple[float, float, float]]:
    """Places about the host at the distances of arcs: x, y and the direction of the tangent."""
    places = []
    for theta in rng.uniform(0, 2 * np.pi, count):
        radius = host.theta_E * rng.uniform(0.7, 1.8) + 0.15
        x, y = host.light.x + radius * np.cos(theta), host.light.y + radius * np.sin(theta)
        places.append((float(x), float(y), float(theta + np.pi / 2)))
    return places


def satellite_flux(rng: np.random.Generator, host: Host) -> float:
    """Flux of a satellite that is as bright against the host as arcs are."""
    return max(draw_flux(rng), host.light.flux * log_uniform(rng, 0.004, 0.15))


def satellites(rng: np.random.Generator, population: Population, host: Host) -> list[Profile]:
    """An early-type galaxy with small galaxies at the distances of arcs."""
    profiles = early(rng, population, host)
    for x, y, _ in around(rng, host, int(rng.integers(1, 6))):
        profiles += field_galaxy(rng, population, x, y, satellite_flux(rng, host))
    return profiles


def tangential(rng: np.random.Generator, population: Population, host: Host) -> list[Profile]:
    """An early-type galaxy with elongated neighbours that happen to lie along the tangent."""
    profiles = early(rng, population, host)
    for x, y, tangent in around(rng, host, int(rng.integers(1, 3))):
        R = float(rng.uniform(0.12, 0.4))
        galaxy = Galaxy(satellite_flux(rng, host), R, x, y, rng.uniform(0.2, 0.5), tangent + rng.normal(0, 0.3))
        profiles += morphologies.smooth_disc(rng, galaxy)
    return profiles


def close_pair(rng: np.random.Generator, population: Population, host: Host) -> list[Profile]:
    """Two galaxies of like brightness, one projected near the other."""
    x, y, _ = around(rng, host, 1)[0]
    ratio = rng.uniform(0.15, 1.0)
    second = Galaxy(ratio * host.light.flux, host.light.R * ratio**0.5 * rng.uniform(0.5, 1.0), x, y,
                    rng.uniform(0.3, 1.0), rng.uniform(0, np.pi))  # fmt: skip
    return early(rng, population, host) + choose(rng, population.neighbours).build(rng, second)


def group(rng: np.random.Generator, population: Population, host: Host) -> list[Profile]:
    """A compact group: several galaxies as bright as the host."""
    profiles = early(rng, population, host)
    for distance in rng.uniform(0.8, 4.0, rng.integers(2, 6)):
        profiles += companion(rng, population, host, distance)
    return profiles


def lone_star(rng: np.random.Generator, population: Population, host: Host) -> list[Profile]:
    """A star, with the spikes of the telescope, and small galaxies near it."""
    profiles = [star(host.light.x, host.light.y, host.light.flux * rng.uniform(0.2, 1.0))]
    for x, y, _ in around(rng, host, int(rng.integers(0, 4))):
        profiles += field_galaxy(rng, population, x, y, draw_flux(rng))
    return profiles


def double_star(rng: np.random.Generator, population: Population, host: Host) -> list[Profile]:
    """A star beside a galaxy."""
    x, y, _ = around(rng, host, 1)[0]
    return [*early(rng, population, host), star(x, y, host.light.flux * rng.uniform(0.03, 0.5))]


def decorated(build: Place) -> Place:
    """The kinds with the small neighbours that lenses' arcs are taken for; it can be sent to other processes."""
    return partial(_with_neighbours, build)


def _with_neighbours(build: Place, rng: np.random.Generator, population: Population, host: Host) -> list[Profile]:
    profiles = build(rng, population, host)
    for x, y, _ in around(rng, host, int(rng.integers(0, 3))):
        profiles += field_galaxy(rng, population, x, y, satellite_flux(rng, host))
    return profiles


TRAINING_KINDS = Lookalikes(
    (
        Kind(TWIN, 0.2, lens_galaxy),
        Kind("elliptical", 0.1, early),
        Kind("spiral", 0.13, centred(morphologies.grand_design)),
        Kind("flocculent", 0.12, centred(morphologies.flocculent)),
        Kind("barred", 0.07, centred(morphologies.barred)),
        Kind("ring", 0.06, centred(morphologies.ringed)),
        Kind("disc", 0.09, centred(morphologies.smooth_disc)),
        Kind("edge_on", 0.07, centred(morphologies.edge_on)),
        Kind("merger", 0.07, decorated(centred(morphologies.merger))),
        Kind("irregular", 0.07, centred(morphologies.clumpy)),
        Kind("satellites", 0.1, satellites),
        Kind("tangential", 0.05, tangential),
        Kind("pair", 0.05, close_pair),
        Kind("group", 0.04, group),
        Kind("star", 0.02, lone_star),
        Kind("star_pair", 0.02, double_star),
    )
)
SHIFTED_KINDS = Lookalikes(
    (
        Kind(TWIN, 0.25, lens_galaxy),
        Kind("elliptical", 0.1, centred(morphologies.shells)),
        Kind("spiral", 0.15, decorated(centred(morphologies.flocculent))),
        Kind("barred", 0.12, decorated(centred(morphologies.barred))),
        Kind("ring", 0.08, decorated(centred(morphologies.ringed))),
        Kind("irregular", 0.1, decorated(centred(morphologies.irregular))),
        Kind("merger", 0.08, centred(morphologies.merger)),
        Kind("edge_on", 0.07, decorated(centred(morphologies.edge_on))),
        Kind("satellites", 0.1, satellites),
        Kind("group", 0.05, group),
        Kind("star_pair", 0.02, double_star),
    )
)
