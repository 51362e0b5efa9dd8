"""What is random about a cutout but its noise: galaxies, look-alikes, PSF, brightness of the arcs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..brightness import ARCS, Arcs
from ..draws import log_uniform
from ..rays.scene import Lens, Profile
from ..sky.colours import Colours
from ..sky.field import draw_field
from ..sky.host import Host, draw_host
from ..sky.lookalikes import Kind, Lookalikes
from ..sky.population import Population
from ..sky.source import SourceGalaxy, draw_source
from ..sky.stamps import Stamp, StampSource, draw_stamp_source
from ..sky.texture import Texture
from ..telescope.noise import Noise
from ..telescope.psf import Psf
from ..telescope.survey import Survey

__all__ = ["BandExposure", "Cutout", "Distribution", "Field", "alike_for_twins", "behind_namesakes", "draw"]


class BandExposure(NamedTuple):
    """How one band of a survey shows a cutout."""

    psf: Psf
    noise: Noise


class Cutout(NamedTuple):
    """Everything about one cutout but its noise."""

    kind: str
    host: Host
    source: SourceGalaxy | StampSource | None
    profiles: list[Profile]
    psf: Psf
    noise: Noise
    flux_ratio: float
    least_snr: float
    least_contrast: float
    textures: tuple[Texture, ...] = ()
    full_wells: tuple[float, ...] = ()  # what a pixel holds, sky sigma; nothing where no pixel is ever full
    other_bands: tuple[BandExposure, ...] = ()  # `psf` and `noise` are those of the first
    masses: tuple[Lens, ...] = ()  # what lenses in place of the host's mass alone, of about its theta_E; nothing: that


Field = Callable[[np.random.Generator, Population], list[Profile]]
"""Draws the galaxies and stars that have nothing to do with the one in the middle."""

Hosts = Callable[[np.random.Generator, Population], Host]
"""Draws the galaxy in the middle."""


@dataclass(frozen=True)
class Distribution:
    """Which galaxies, look-alikes and telescopes: what a version of a set is composed of, see `versions`.

    Arguments:
        version: stands in the keys of random numbers and of everything that is kept.
        population: hosts and sources.
        lookalikes: what is no lens.
        survey: telescopes and detectors.
        in_front: called with the look-alikes and the source's kind; which of them stands in front of a lens.
        hosts: the galaxies in the middle.
        field: unrelated galaxies and stars.
        arcs: their brightness.
        full_well: range of what a pixel holds, sky sigma; none: pixels are never full.
        stamps: real galaxies, which take the place of half the sources.
        colours: of galaxies, where there are several bands.
        other_surveys: those of the bands after the first, whose noise has the first one's for its unit.
    """

    version: str
    population: Population
    lookalikes: Lookalikes
    survey: Survey
    in_front: Callable[[Lookalikes, str], Kind]
    hosts: Hosts = draw_host
    field: Field = draw_field
    arcs: Arcs = ARCS
    full_well: tuple[float, float] | None = None
    stamps: tuple[Stamp, ...] = ()
    colours: Colours | None = None
    other_surveys: tuple[Survey, ...] = ()


def behind_namesakes(kinds: Lookalikes, source: str) -> Kind:
    """The look-alike that is named as the source, if there is one ("merger"), else a lens galaxy.

    Nobody meant that, but the images of version 1 are made so and stay so.
    """
    return kinds.named(source) or kinds.twin


def alike_for_twins(kinds: Lookalikes, source: str) -> Kind:
    """A lens galaxy, whatever the source: what a twin shows without arcs."""
    return kinds.twin


def draw(rng: np.random.Generator, distribution: Distribution, is_lens: bool) -> Cutout:
    """A lens, or something that is none but might have been.

    >>> from zoo_core.sim.versions import VERSIONS
    >>> cutout = draw(np.random.default_rng(1), VERSIONS[1], is_lens=False)
    >>> cutout.kind, cutout.source
    ('satellites', None)
    """
    host = distribution.hosts(rng, distribution.population)
    psf, noise = distribution.survey.draw_psf(rng, 0.9 * host.theta_E), distribution.survey.draw_noise(rng)
    arcs, population = distribution.arcs, distribution.population
    if distribution.colours:
        population = distribution.colours.population(population, host)
    wanted = [log_uniform(rng, *limits) for limits in (arcs.flux_ratio, arcs.least_snr, arcs.least_contrast)]
    source = _source(rng, distribution, population, host) if is_lens else None
    kind = distribution.in_front(distribution.lookalikes, source.kind) if source else distribution.lookalikes.draw(rng)
    front = kind.build(rng, population, host)
    textures = kind.textures(rng, front)
    profiles = front + (source.profiles if source else []) + distribution.field(rng, population)
    full_wells = (log_uniform(rng, *distribution.full_well),) if distribution.full_well else ()
    if distribution.colours:
        profiles = distribution.colours.completed(rng, profiles, host)
    others = tuple(
        BandExposure(band.draw_psf(rng, np.inf), band.draw_noise(rng)) for band in distribution.other_surveys
    )
    name = source.kind if source else kind.name
    return Cutout(
        name, host, source, profiles, psf, noise, *wanted, textures=textures, full_wells=full_wells, other_bands=others
    )


def _source(
    rng: np.random.Generator, distribution: Distribution, population: Population, host: Host
) -> SourceGalaxy | StampSource:
    if distribution.stamps and rng.random() < 0.5:
        return draw_stamp_source(rng, population, host, len(distribution.stamps))
    return draw_source(rng, population, host)
